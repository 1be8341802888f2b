"""Calibration: closed forms on straight curves, published peaks and dates, refusals."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from analysis.__main__ import main
from analysis.age.calibrate import calibrate
from analysis.age.curve import Curve, curve_join, curve_read
from analysis.errors import InputRefused

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "radiocarbon"


@pytest.fixture(scope="session")
def radiocarbon_data() -> Path:
    if not REAL.is_dir():
        pytest.skip("the real curves are not beside this repository (../shared/data/radiocarbon)")
    return REAL


def curve(points: list[tuple[float, float]], deviation: float = 0.0, hemisphere: str = "north") -> Curve:
    years, means = map(np.array, zip(*points, strict=True))
    return Curve(
        name="made", hemisphere=hemisphere, years=years, means=means, deviations=np.full(len(years), deviation)
    )


TENT = [(1955.0, 1.0), (1965.0, 2.0), (2005.0, 1.0)]
"""Rises 0.1 a year, falls 0.025 a year."""


def test_on_a_straight_curve_the_range_is_the_normal_interval() -> None:
    """F14C rises 0.01 a year: 0.02 of error is 2 years, 95.4 % is two standard errors either side."""
    found = calibrate(curve([(1950.0, 1.0), (2010.0, 1.6)]), f14c=1.3, sigma=0.02)
    (only,) = found.ranges[0.954]
    assert (only.start, only.end) == pytest.approx((1976.0, 1984.0), abs=0.1)
    assert only.probability == pytest.approx(0.954, abs=0.005)
    assert found.crossings == pytest.approx((1980.0,))
    assert found.formed_after(1980.0) == pytest.approx(0.5, abs=1e-3)
    assert found.formed_after(1982.0) == pytest.approx(0.5 * math.erfc(1 / math.sqrt(2)), abs=2e-3)


def test_the_error_of_the_curve_is_added() -> None:
    """Errors 0.03 and 0.04 make 0.05, five years on this curve."""
    found = calibrate(curve([(1950.0, 1.0), (2050.0, 2.0)], deviation=0.04), f14c=1.5, sigma=0.03)
    (only,) = found.ranges[0.683]
    assert only.end - only.start == pytest.approx(10.0, abs=0.2)


def test_both_limbs_are_reported_in_proportion_to_the_time_spent() -> None:
    """The falling limb passes every value four times as slowly: four fifths of the probability."""
    found = calibrate(curve(TENT), f14c=1.5, sigma=0.01)
    rising, falling = found.ranges[0.954]
    assert (rising.limb, falling.limb) == ("rising", "falling")
    assert found.crossings == pytest.approx((1960.0, 1985.0))
    assert falling.probability / (rising.probability + falling.probability) == pytest.approx(0.8, abs=0.01)
    assert rising.start < 1960.0 < rising.end
    assert falling.start < 1985.0 < falling.end


def test_probabilities_add_to_one_and_ranges_hold_what_they_say() -> None:
    found = calibrate(curve(TENT, 0.005), f14c=1.2, sigma=0.01)
    assert found.probabilities.sum() == pytest.approx(1.0)
    for level, ranges in found.ranges.items():
        held = sum(item.probability for item in ranges)
        assert level <= held <= level + 0.005


def test_a_range_at_the_end_of_the_curve_says_so() -> None:
    found = calibrate(curve(TENT), f14c=1.0, sigma=0.01)
    assert all(item.at_edge for item in found.ranges[0.954])


@pytest.mark.parametrize(("f14c", "sigma"), [(0.5, 0.01), (2.5, 0.01)])
def test_nothing_is_invented_outside_the_curve(f14c: float, sigma: float) -> None:
    with pytest.raises(InputRefused, match="is not reached by «made»"):
        calibrate(curve(TENT), f14c=f14c, sigma=sigma)


@pytest.mark.parametrize(
    ("f14c", "sigma", "field"),
    [(0.0, 0.01, "f14c"), (125.0, 0.3, "f14c"), (math.nan, 0.1, "f14c"), (1.2, 0.0, "sigma"), (1.2, 3.0, "sigma")],
)
def test_values_that_are_no_measurement(f14c: float, sigma: float, field: str) -> None:
    with pytest.raises(InputRefused) as caught:
        calibrate(curve(TENT), f14c=f14c, sigma=sigma)
    assert caught.value.field == field


def test_radiocarbon_ages_become_f14c() -> None:
    """By definition a conventional age of 8033 ln 2 years is half of the standard's activity."""
    age = 8033 * math.log(2)
    read = curve_read(f"# made\n10 {age} 80.33\n0,0,8.033\n".encode(), name="x.14c")
    assert read.years == pytest.approx([1940.0, 1950.0])
    assert read.means == pytest.approx([0.5, 1.0])
    assert read.deviations == pytest.approx([0.005, 0.001])


def test_years_that_a_table_rounds_together_are_averaged() -> None:
    text = "zone,year_ad,F14C,F14C_sd\nNH1,1960.1,1.2,0.01\nNH1,1960.1,1.3,0.03\nNH1,1960.2,1.4,0.01\n"
    read = curve_read(text.encode(), name="c.csv")
    assert read.years.tolist() == [1960.1, 1960.2]
    assert read.means == pytest.approx([1.25, 1.4])
    assert read.hemisphere == "north"


@pytest.mark.parametrize(
    ("content", "zone", "words"),
    [
        (b"a b c\n1 2 3\n", None, "not three numbers"),
        (b"1 2\n3 4 5\n", None, "not three numbers"),
        (b"1 2 -3\n3 4 5\n", None, "cannot be"),
        (b"# nothing\n1 2 3\n", None, "fewer than two points"),
        (b"year_ad,F14C\n1960,1.2\n", None, "lacks the columns F14C_sd"),
        (b"zone,year_ad,F14C,F14C_sd\nNH1,1960,1,1\nSH3,1960,1,1\n", None, "zones NH1, SH3"),
        (b"zone,year_ad,F14C,F14C_sd\nNH1,1960,1,1\nNH1,1961,1,1\n", "SH3", "not «SH3»"),
    ],
)
def test_files_that_are_no_curve(content: bytes, zone: str | None, words: str) -> None:
    with pytest.raises(InputRefused, match=words):
        curve_read(content, name="c", zone=zone)


@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_tables_as_spreadsheets_write_them(between: str) -> None:
    text = "Zone,Year_AD,F14c,F14C_SD\nnh1,1960,1.2,0.01\nnh1,1961,1.3,0.01\nsh3,1960,1.1,0.01\n"
    read = curve_read(text.replace(",", between).encode(), name="c.csv", zone="NH1")
    assert (read.zone, read.years.tolist(), read.means.tolist()) == ("NH1", [1960.0, 1961.0], [1.2, 1.3])


def test_a_table_without_zones_is_of_the_one_in_its_name() -> None:
    text = b"year_ad,F14C,F14C_sd\n1960,1.2,0.01\n1961,1.3,0.01\n"
    assert curve_read(text, name="bomb.csv", zone="SH3").zone == ""
    assert curve_read(text, name="bomb_NH2.csv", zone="NH2").zone == "NH2"
    with pytest.raises(InputRefused, match="zone NH2, the sample of zone SH3"):
        curve_read(text, name="bomb_NH2.csv", zone="SH3")


def test_curves_of_two_zones_are_refused() -> None:
    text = b"year_ad,F14C,F14C_sd\n1960,1.2,0.01\n1961,1.3,0.01\n"
    first, second, old = (curve_read(text, name=name) for name in ("NH1.csv", "NH2.csv", "intcal20.csv"))
    assert curve_join([first, old]).zone == "NH1"
    with pytest.raises(InputRefused, match="different zones, NH1 and NH2"):
        curve_join([first, old, second])


def test_curves_join_with_the_first_in_front() -> None:
    late, early = curve([(1950.0, 1.0), (1960.0, 1.5)]), curve([(1900.0, 0.98), (1955.0, 9.0)])
    joined = curve_join([late, early])
    assert joined.years.tolist() == [1900.0, 1950.0, 1960.0]
    assert joined.means.tolist() == [0.98, 1.0, 1.5]


def test_curves_of_two_hemispheres_or_with_a_gap_are_refused() -> None:
    late = curve([(1950.0, 1.0), (1960.0, 1.5)])
    with pytest.raises(InputRefused, match="different hemispheres"):
        curve_join([late, curve([(1900.0, 1.0), (1949.0, 1.0)], hemisphere="south")])
    with pytest.raises(InputRefused, match="50 years lie between"):
        curve_join([late, curve([(1800.0, 1.0), (1900.0, 1.0)])])


@pytest.mark.parametrize(("zone", "year", "value"), [("NH1", 1963.6, 1.948), ("SH3", 1965.0, 1.670)])
def test_peaks_of_the_published_curves(radiocarbon_data: Path, zone: str, year: float, value: float) -> None:
    content = (radiocarbon_data / "bomb_curves_F14C_monthly.csv").read_bytes()
    read = curve_read(content, name="bomb.csv", zone=zone)
    place = int(read.means.argmax())
    assert read.years[place] == pytest.approx(year, abs=0.05)
    assert read.means[place] == pytest.approx(value, abs=5e-4)


def test_both_dates_of_an_ivory_value(radiocarbon_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """1.25 on NH1: 1959.42 and 1982.06, with the moratorium's dip between the first rises.

    The table rounds its months to tenths of a year, so the crossing is known to about 0.02 years.
    """
    path = radiocarbon_data / "bomb_curves_F14C_monthly.csv"
    command = ["age", "radiocarbon", "--f14c", "1.25", "--sigma", "0.004", "--curve", str(path), "--zone", "NH1"]
    assert main([*command, "--after", "1975.5"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["crossings"][0], found["crossings"][-1]) == pytest.approx((1959.42, 1982.06), abs=0.02)
    for year in (1959.42, 1982.06):
        assert any(item["from"] <= year <= item["to"] for item in found["intervals"])
    falling = sum(item["probability"] for item in found["intervals"] if item["limb"] == "falling")
    assert found["formed_after"]["1975.5"] == pytest.approx(falling, abs=0.05)
    assert len(found["caveats"]) == 2


def test_old_tissue_needs_the_older_curve(radiocarbon_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new, old, wrong = (str(radiocarbon_data / name) for name in ("postbomb_NH1.14C", "intcal20.14c", "shcal20.14c"))
    command = ["age", "radiocarbon", "--f14c", "0.9", "--sigma", "0.002", "--curve"]
    assert main([*command, new]) == 1
    assert "is not reached" in capsys.readouterr().err
    assert main([*command, new, wrong]) == 1
    assert "different hemispheres" in capsys.readouterr().err
    assert main([*command, new, old, "--after", "1950", "--format", "table"]) == 0
    assert "formed after 1950: < 0.1%" in capsys.readouterr().out
