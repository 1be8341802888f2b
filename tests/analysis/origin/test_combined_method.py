"""Genotype and isotope value together as a method: from two frozen references to region, figures and refusals."""

import json
from pathlib import Path
from typing import Any

import pytest

from analysis.errors import InputRefused
from analysis.inputs import InputFile, RunInputs, RunResult, no_progress
from analysis.origin.baseline import baseline_freeze
from analysis.origin.isotope.raster import Raster, raster_read
from analysis.origin.isotope.reference import isoscape_freeze
from analysis.origin.synthetic_map import SyntheticMap, synthetic_map
from analysis.registry import METHODS
from tests.analysis.origin.test_combined import DESIGN, birds, isoscape


@pytest.fixture(scope="module")
def data() -> SyntheticMap:
    return synthetic_map(DESIGN)


@pytest.fixture(scope="module")
def raster() -> Raster:
    return raster_read(isoscape(), name="d2h.tif")


@pytest.fixture(scope="module")
def references(tmp_path_factory: pytest.TempPathFactory, data: SyntheticMap, raster: Raster) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("references")
    baseline_freeze(
        folder / "mapped",
        data.baseline_csv.encode(),
        name="Mapped",
        version="1",
        id_column="id",
        population_column="population",
        others={"latitude_column": "latitude", "longitude_column": "longitude"},
    )
    rows = [f"{one.id},{one.value.value},lab,{one.latitude},{one.longitude}" for one in birds(raster)]
    known = "\n".join(["id,value,scale,latitude,longitude", *rows]).encode()
    isoscape_freeze(
        folder / "rain",
        {"d2h.tif": isoscape(), "known.csv": known},
        element="H",
        scale=None,
        name="Rain",
        version="1",
    )
    return folder / "mapped", folder / "rain"


def placed(
    folder: Path, data: SyntheticMap, references: tuple[Path, Path | None], values: str, **parameters: Any
) -> RunResult:
    files = []
    for role, text in (("genotypes", data.sampled_csv), ("measurements", values)):
        path = folder / f"{role}.csv"
        path.write_text(text)
        files.append(InputFile.from_path(role, path))
    inputs = RunInputs(
        files=tuple(files),
        parameters={"calibrated": False, "independent": "bone of a sedentary species", **parameters},
        reference=references[0],
        second_reference=references[1],
    )
    return METHODS["origin.combined"].run(inputs, no_progress)


def test_the_region_together_with_its_figures_and_both_references(
    tmp_path: Path, data: SyntheticMap, references: tuple[Path, Path]
) -> None:
    found = placed(tmp_path, data, references, "id,value,scale\nSYN-S0001,-80,lab\nSTRANGER,-60,lab\n")
    (outcome,) = found.outcomes
    assert outcome.finding.outcome == "region"
    assert outcome.reference is not None
    assert (outcome.reference.name, outcome.details["isoscape"]["name"]) == ("Mapped", "Rain")  # type: ignore[index,call-overload]  # its shape
    numbers = {one.name: one for one in outcome.numbers}
    assert 0 < numbers["area_50_flat"].value <= numbers["area_95_flat"].value
    assert numbers["coverage_rate_95_isotope"].interval is not None, (
        "the coverage of the isotopes alone stands beside it"
    )
    assert outcome.caveats[0] == "Taken as independent: bone of a sedentary species"
    told = [one.text for one in outcome.diagnostics if one.code == "notice"]
    assert any("STRANGER" in words and "SYN-S0002" in words for words in told)
    files = {one.name: one.content for one in found.artefacts}
    assert set(files) == {"answers.json", "combined-0001.svg", "combined-0001.png", "regions-0001.geojson"}
    assert b"genotype and isotope value together, flat prior" in files["combined-0001.svg"]
    assert files["combined-0001.png"].startswith(b"\x89PNG")
    drawn = json.loads(files["regions-0001.geojson"])
    areas = {str(one["properties"]["level"]): one["properties"]["area_km2"] for one in drawn["features"]}
    assert areas == {"0.5": numbers["area_50_flat"].value, "0.95": numbers["area_95_flat"].value}


@pytest.mark.parametrize("why", [None, "", "  "])
def test_without_a_reason_for_independence_nothing_is_joined(
    tmp_path: Path, data: SyntheticMap, references: tuple[Path, Path], why: str | None
) -> None:
    with pytest.raises(InputRefused, match="independence") as refused:
        placed(tmp_path, data, references, "id,value,scale\nSYN-S0001,-80,lab\n", independent=why)
    assert refused.value.field == "independent"


def test_both_references_are_needed_and_values_on_the_scale_of_the_calibration(
    tmp_path: Path, data: SyntheticMap, references: tuple[Path, Path]
) -> None:
    mapped, rain = references
    with pytest.raises(InputRefused, match="No reference set was given") as refused:
        placed(tmp_path, data, (mapped, None), "id,value,scale\nSYN-S0001,-80,lab\n")
    assert refused.value.field == "second_reference"
    with pytest.raises(InputRefused, match="elsewhere"):
        placed(tmp_path, data, (mapped, rain), "id,value,scale\nSYN-S0001,-80,elsewhere\n")
    with pytest.raises(InputRefused, match="has a value already") as twice:
        placed(tmp_path, data, (mapped, rain), "id,value,scale\nSYN-S0001,-80,lab\nSYN-S0001,-60,lab\n")
    assert twice.value.row == 3
    with pytest.raises(InputRefused, match="both a genotype"):
        placed(tmp_path, data, (mapped, rain), "id,value,scale\nSTRANGER,-80,lab\n")
