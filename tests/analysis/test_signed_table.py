"""Tables that a laboratory signs off: one entry each, the same bytes back, and none that was touched."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from analysis.errors import AnalysisError, InputRefused
from analysis.individual.linkrule_set import LINK_RULES
from analysis.signed_table import SignedTable
from analysis.verbal_set import VERBAL_SCALES

SCALE = "scale,version,from,words,source\nHouse,1,1,weak,House rules\nHouse,1,1000,strong,House rules\n"
RULES = files("analysis.individual").joinpath("link_rules.csv").read_text(encoding="utf-8")
TABLES: list[tuple[SignedTable[Any], str]] = [(VERBAL_SCALES, SCALE), (LINK_RULES, RULES)]


@pytest.mark.parametrize(("signed", "text"), TABLES, ids=["scale", "rule"])
def test_what_is_frozen_is_opened_again_and_its_digest_is_stated(
    tmp_path: Path, signed: SignedTable[Any], text: str
) -> None:
    folder = tmp_path / "set"
    frozen = signed.freeze(folder, text.encode(), file="ours.csv", name="Ours", version="3")
    (own,) = signed.read(text, "ours.csv").values()
    assert (frozen.name, frozen.version) == ("Ours", "3")
    assert (frozen.facts[signed.word], frozen.facts[f"{signed.word}_version"]) == (own.name, own.version)
    assert frozen.facts["content_sha256"] == own.sha256
    assert signed.open(folder) == own
    path = folder / signed.table
    path.chmod(0o600)
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(AnalysisError):
        signed.open(folder)


@pytest.mark.parametrize(("signed", "text"), TABLES, ids=["scale", "rule"])
def test_a_table_of_several_is_refused_and_nothing_is_written(
    tmp_path: Path, signed: SignedTable[Any], text: str
) -> None:
    head, *lines = text.strip().splitlines()
    other = [",".join(["Other", *line.split(",")[1:]]) for line in lines]
    with pytest.raises(InputRefused, match=rf"holds the {signed.word}s .*Other") as refused:
        signed.freeze(
            tmp_path / "set", "\n".join([head, *lines, *other]).encode(), file="two.csv", name="n", version="1"
        )
    assert (refused.value.file, refused.value.remedy) == ("two.csv", f"Propose one {signed.word} at a time.")
    assert not (tmp_path / "set").exists()
