"""Dates by radiocarbon as a method: both limbs, a second increment, what is refused."""

import re
from pathlib import Path

import pytest

from analysis.age.cli import chance_text
from analysis.age.figure import round_steps
from analysis.age.reference import curve_freeze
from analysis.errors import InputRefused
from tests.analysis.methods import numbers, run


@pytest.fixture
def tent(tmp_path: Path) -> Path:
    """A curve that rises 0.1 a year from 1955 to 1965, and falls 0.025 a year to 2005."""
    folder = tmp_path / "curve"
    content = b"year_ad,F14C,F14C_sd,zone\n1955,1.0,0.0,NH1\n1965,2.0,0.0,NH1\n2005,1.0,0.0,NH1\n"
    curve_freeze(folder, [("tent.csv", content)], zone="NH1", name="Tent", version="1")
    return folder


def test_both_limbs_are_dated_and_the_law_is_asked(tmp_path: Path, tent: Path) -> None:
    table = "id,f14c,sigma\nT,1.5,0.01\n"
    cutoffs = "code,date,taxon,jurisdiction,instrument,verified\nmade,1970-01-01,Any,Nowhere,Made up,day\n"
    result = run("age.radiocarbon", tmp_path, {"measurements": table, "cutoffs": cutoffs}, tent)
    values = numbers(result)
    assert {"range 1", "range 2"} <= set(values)
    # The falling limb takes four times as long over the same values: 4/5 of the probability lies after 1970.
    assert values["formed after 1970-01-01"] == pytest.approx(0.8, abs=0.01)
    assert "1960" in result.outcomes[0].finding.statement
    assert any(one.code == "one_range" and one.state == "warning" for one in result.outcomes[0].diagnostics)


def test_a_second_increment_tells_the_limb(tmp_path: Path, tent: Path) -> None:
    """1.5 below 1.9 on the younger side: rising (1960, 1964); the falling dates would contradict the order."""
    table = "id,f14c,sigma,tissue,position\nTip,1.5,0.01,T1,older\nBase,1.9,0.01,T1,younger\n"
    result = run("age.radiocarbon", tmp_path, {"measurements": table}, tent, longest=8)
    statements = [one.finding.statement for one in result.outcomes]
    assert "Dated together with Base" in statements[0]
    details = result.outcomes[0].details
    intervals = details["intervals"]
    assert isinstance(intervals, list)
    assert len(intervals) == 1
    assert intervals[0]["from"] < 1960 < intervals[0]["to"]  # type: ignore[index,call-overload,operator]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("id,f14c,sigma,zone\nT,1.5,0.01,SH3\n", "zone"),
        ("id,f14c,sigma\nT,2.6,0.01\n", "not reached"),
        ("id,f14c,sigma\nT,abc,0.01\n", "row 2.*no number"),
        ("id,value\nT,1.5\n", "lacks the columns f14c"),
        ("id,f14c,sigma,tissue,position\nA,1.5,0.01,T,older\nB,1.6,0.01,T,older\n", "older and one younger"),
    ],
)
def test_measurements_that_are_refused(tmp_path: Path, tent: Path, table: str, words: str) -> None:
    with pytest.raises(InputRefused) as refused:
        run("age.radiocarbon", tmp_path, {"measurements": table}, tent)
    assert re.search(words, str(refused.value)), str(refused.value)


@pytest.mark.parametrize(
    ("low", "high", "least", "steps"),
    [
        (1970.0, 1980.0, 1.0, [1970, 1972, 1974, 1976, 1978, 1980]),
        (1954.3, 1966.1, 1.0, [1956, 1958, 1960, 1962, 1964, 1966]),
        (1.336, 1.592, 0.0, [1.35, 1.4, 1.45, 1.5, 1.55]),
        (-12000.0, 1950.0, 1.0, [-12000, -10000, -8000, -6000, -4000, -2000, 0]),
        (2001.2, 2003.9, 1.0, [2002, 2003]),
    ],
)
def test_axes_carry_round_numbers_where_they_are(low: float, high: float, least: float, steps: list[float]) -> None:
    """Years are whole: half-way between 1970 and 1975 no year is written that is not there."""
    assert round_steps(low, high, least=least) == pytest.approx(steps)


def test_no_date_of_the_law_is_certain() -> None:
    assert [chance_text(value) for value in (1.0, 0.9994, 0.5, 0.0004, 0.0)] == [
        "> 99.9%", "99.9%", "50.0%", "< 0.1%", "< 0.1%",
    ]  # fmt: skip
