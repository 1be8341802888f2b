"""Words for likelihood ratios: a versioned table, never code, and never words without the number.

The scale used is named in every conclusion and its bounds are printed with it, because published scales
differ. Bounds are [lower, upper); a ratio is looked up unrounded; a ratio below 1 is mirrored, as support for the
second proposition. A laboratory signs its own table off; the tables that come along are those of ENFSI (2015,
Guideline for evaluative reporting), AFSP (2009, Sci. Justice 49: 161-164) and SWGDAM (2018).
"""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from analysis.canonical import canonical_json, sha256_hex
from analysis.errors import InputRefused

TABLE = "verbal_scales.csv"
COLUMNS = ("scale", "version", "from", "words", "source")
DEFAULT = "ENFSI"


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """From a likelihood ratio on (up to the next band) these words."""

    start: float
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerbalScale:
    """A table of words. `sha256` is over name, version and bands: what a sign-off names."""

    name: str
    version: str
    source: str
    bands: tuple[Band, ...]

    @property
    def sha256(self) -> str:
        """Digest of the content."""
        rows = [[f"{band.start:.17g}", band.words] for band in self.bands]
        return sha256_hex(canonical_json({"scale": self.name, "version": self.version, "bands": rows}))

    def annex(self) -> tuple[str, ...]:
        """The bounds as a report's annex prints them."""
        ends = [*(band.start for band in self.bands[1:]), math.inf]
        return tuple(
            f"{bound_text(band.start)} to below {bound_text(end)}: {band.words}"
            if end < math.inf
            else f"{bound_text(band.start)} or more: {band.words}"
            for band, end in zip(self.bands, ends, strict=True)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verbal:
    """The words for one ratio: `for_first` tells which proposition they support; `scale` names the table."""

    log10: float
    words: str
    for_first: bool | None
    scale: str
    version: str
    sha256: str


def bound_text(bound: float) -> str:
    """A bound in full, never rounded: «1,000,000», «31.6»."""
    return f"{bound:,.0f}" if bound == math.floor(bound) else repr(bound)


def verbal(log10_lr: float, scale: VerbalScale) -> Verbal:
    """Words for log10 of a likelihood ratio. Raises `InputRefused` for a ratio that is no number."""
    if math.isnan(log10_lr):
        raise InputRefused("The likelihood ratio is no number.", field="log10_lr", remedy="Compute it again.")
    strength = abs(log10_lr)
    band = next(band for band in reversed(scale.bands) if strength >= math.log10(band.start))
    return Verbal(
        log10=log10_lr,
        words=band.words,
        for_first=None if log10_lr == 0 else log10_lr > 0,
        scale=scale.name,
        version=scale.version,
        sha256=scale.sha256,
    )


def scales(text: str | None = None, *, name: str = TABLE) -> dict[str, VerbalScale]:
    """The tables that come with the program, or those of a CSV, by name.

    Raises `InputRefused` for another head, a bound that is no number of 1 or more, bounds that do not rise, and a
    scale that does not start at 1.
    """
    content = files("analysis").joinpath(TABLE).read_text(encoding="utf-8") if text is None else text
    reader = csv.DictReader(io.StringIO(content, newline=""))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise InputRefused(
            "The head is not that of verbal scales.", file=name, row=1, remedy=f"Its columns are {', '.join(COLUMNS)}."
        )
    rows: dict[tuple[str, str, str], list[Band]] = {}
    for row in reader:
        bands = rows.setdefault((row["scale"], row["version"], row["source"]), [])
        bands.append(_band(row, bands, name, reader.line_num))
    twice = [scale for scale, times in Counter(scale for scale, _version, _source in rows).items() if times > 1]
    if twice:
        raise InputRefused(
            f"«{twice[0]}» stands with several versions or sources.",
            file=name,
            field="version",
            remedy="Give all bands of a scale one version and one source.",
        )
    found = {
        scale: VerbalScale(name=scale, version=version, source=source, bands=tuple(bands))
        for (scale, version, source), bands in rows.items()
    }
    if not found:
        raise InputRefused("The table holds no scale.", file=name, remedy="Add the laboratory's scale.")
    return found


def _band(row: dict[str, str], before: Sequence[Band], name: str, line: int) -> Band:
    try:
        start = float(row["from"])
    except ValueError:
        start = math.nan
    least = before[-1].start if before else 0.999999
    if not math.isfinite(start) or not start > least or (not before and start != 1.0) or not row["words"].strip():
        raise InputRefused(
            f"«{row['from']}» is no bound here: a scale starts at 1 and its bounds rise.",
            file=name,
            row=line,
            field="from",
            remedy="Order the bands from 1 upwards, each with words.",
        )
    return Band(start=start, words=row["words"].strip())
