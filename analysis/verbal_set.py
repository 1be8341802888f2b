"""A laboratory's verbal scale as a frozen reference of kind «verbal.scale»: signed off before reports use it."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.canonical import Json
from analysis.signed_table import SignedTable
from analysis.verbal import VerbalScale, scales


def _read(text: str, name: str) -> Mapping[str, VerbalScale]:
    return scales(text, name=name)


def _bands(scale: VerbalScale) -> dict[str, Json]:
    bands: list[Json] = [[f"{band.start:.17g}", band.words] for band in scale.bands]
    return {"source": scale.source, "bands": bands}


VERBAL_SCALES = SignedTable(kind="verbal.scale", table="scale.csv", word="scale", read=_read, more=_bands)
