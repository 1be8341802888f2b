"""Second samples, legal dates, zones and the figure."""

import json
import xml.etree.ElementTree as ET
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from analysis.__main__ import main
from analysis.age.calibrate import calibrate
from analysis.age.curve import curve_read
from analysis.age.cutoffs import cutoffs, decimal_year
from analysis.age.figure import calibration_figure
from analysis.age.pairs import sequence
from analysis.errors import InputRefused
from tests.analysis.age.test_radiocarbon import REAL, TENT, curve


def test_an_older_neighbour_tells_the_limb() -> None:
    """On the tent the older increment has the lower value on the rising limb, the higher one on the falling limb:
    1.5 with an older 1.4 within ten years is 1960, with an older 1.6 within ten years 1985."""
    own = calibrate(curve(TENT), f14c=1.5, sigma=0.005)
    for other, year in ((1.4, 1960.0), (1.6, 1985.0)):
        found = sequence(calibrate(curve(TENT), f14c=other, sigma=0.005), own, longest=10.0).younger
        (only,) = found.ranges[0.954]
        assert (only.start + only.end) / 2 == pytest.approx(year, abs=0.3)


def test_joint_probabilities_by_enumeration() -> None:
    """All pairs of years on a coarse sum, written with loops: the same marginals and the same agreement."""
    one, two = (calibrate(curve(TENT), f14c=value, sigma=0.05) for value in (1.5, 1.52))
    found = sequence(one, two, longest=8.0)
    step = 40
    years = one.years
    older = np.zeros(len(years))
    total = 0.0
    for place in range(0, len(years), step):
        allowed = (years >= years[place]) & (years <= years[place] + 8.0)
        older[place] = one.probabilities[place] * two.probabilities[allowed].sum()
    total = older.sum() * step
    assert found.agreement == pytest.approx(total, rel=0.05)
    assert found.older.probabilities[::step] / found.older.probabilities[::step].sum() == pytest.approx(
        older[::step] / older[::step].sum(), abs=1e-12
    )


def test_sequences_that_cannot_be() -> None:
    low, high = (calibrate(curve([(1950.0, 1.0), (2010.0, 1.6)]), f14c=value, sigma=0.002) for value in (1.2, 1.5))
    with pytest.raises(InputRefused, match="contradict"):
        sequence(high, low)
    with pytest.raises(InputRefused, match="span"):
        sequence(low, high, longest=0)
    other = calibrate(curve(TENT), f14c=1.5, sigma=0.01)
    with pytest.raises(InputRefused, match="same curve"):
        sequence(other, low)


def test_legal_dates() -> None:
    found = {item.code: item for item in cutoffs()}
    assert found["elephant-africa-app1"].date == date(1990, 1, 18)
    assert found["cites-in-force"].decimal_year == pytest.approx(1975 + 181 / 365)
    assert decimal_year(date(2000, 12, 31)) == pytest.approx(2000 + 365 / 366)
    with pytest.raises(InputRefused, match="no date") as caught:
        cutoffs("code,date,taxon,jurisdiction,instrument,verified\nx,18.1.1990,a,b,c,day\n", name="own.csv")
    assert caught.value.row == 2
    with pytest.raises(InputRefused, match="head"):
        cutoffs("a,b\n")


def plain(tmp_path: Path, name: str = "made_NH1.14c") -> Path:
    """A rising curve in the .14c form: calendar age, radiocarbon age, error."""
    rows = [f"{1950 - year},{-8033 * np.log(1 + (year - 1950) / 100):.4f},1" for year in range(1950, 2011)]
    path = tmp_path / name
    path.write_text("\n".join(rows))
    return path


def test_the_command_with_dates_second_sample_and_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figure = tmp_path / "age.svg"
    words = ["age", "radiocarbon", "--f14c", "1.4", "--sigma", "0.005", "--curve", str(plain(tmp_path))]
    second = ["--second-f14c", "1.45", "--second-sigma", "0.005", "--second-is", "younger", "--figure", str(figure)]
    assert main([*words, *second]) == 0
    found = json.loads(capsys.readouterr().out)
    chances = {item["code"]: item["formed_after"] for item in found["cutoffs"]}
    assert chances["cites-in-force"] == pytest.approx(1.0)
    assert 0.4 < chances["elephant-africa-app1"] < 0.6
    assert found["second"]["agreement"] > 0.99
    assert {"from", "to", "probability"} <= set(found["intervals"][0])
    root = ET.fromstring(figure.read_text())  # noqa: S314 – our own bytes
    assert root.tag.endswith("svg")
    assert main([*words, *second, "--format", "table"]) == 0
    assert "1990-01-18" in capsys.readouterr().out
    assert main([*words, "--second-f14c", "1.45"]) == 1


def test_a_curve_of_the_wrong_zone_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["age", "radiocarbon", "--f14c", "1.4", "--sigma", "0.005", "--curve", str(plain(tmp_path))]
    assert main([*words, "--zone", "NH1"]) == 0
    assert main([*words, "--zone", "SH3"]) == 1
    assert "zone NH1" in capsys.readouterr().err
    old = plain(tmp_path, "intcal_made.14c")
    assert curve_read(old.read_bytes(), name=old.name, zone="NH2").hemisphere == "north"
    with pytest.raises(InputRefused, match="zone INTCAL"):
        curve_read(old.read_bytes(), name=old.name, zone="SH3")


@pytest.mark.skipif(not REAL.is_dir(), reason="the real curves are not beside this repository")
def test_an_older_increment_decides_between_the_two_dates_of_nh1() -> None:
    """1.25 on NH1 is 1959.42 or 1982.06; a younger increment of 1.15 within twelve years leaves 1982 (in 1959 it
    would have to lie on a limb that never fell so low again)."""
    path = next(REAL.glob("postbomb_NH1*"))
    made = curve_read(path.read_bytes(), name=path.name)
    first, second = (calibrate(made, f14c=value, sigma=0.002) for value in (1.25, 1.15))
    assert len(first.ranges[0.954]) >= 2
    found = sequence(first, second, longest=12.0).older
    assert all(item.limb == "falling" for item in found.ranges[0.954])
    assert calibration_figure(made, found, key="k").count("<path") == 4
