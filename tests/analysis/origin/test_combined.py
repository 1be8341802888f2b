"""Genetic and isotopic surface together: a product by hand, narrower than either, and a disagreement that is said."""

import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.__main__ import main
from analysis.errors import InputRefused
from analysis.origin.combined import combined, combined_json, statement
from analysis.origin.isotope.calibration import Known, TissueModel, tissue_fit
from analysis.origin.isotope.raster import Raster, raster_read
from analysis.origin.isotope.scales import Measured
from analysis.origin.isotope.surface import surface_posterior
from analysis.origin.spatial.locate import MapRun, locate
from analysis.origin.spatial.model import MapModel
from analysis.origin.spatial.priors import Prior
from analysis.origin.synthetic_map import MapDesign, SyntheticMap, synthetic_map
from tests.analysis.origin.map_support import model_of, table_of
from tests.analysis.origin.test_isotope import geotiff

DESIGN = MapDesign(seed=8, side=6, generations=60, loci=6, alleles=6, sites=12, animals=8, sampled=3, unsampled=1)


def isoscape() -> bytes:
    """One degree a cell over the made map, rising eastwards by 4 per mil a degree."""
    values = np.tile(-100.0 + 4.0 * np.arange(20), (20, 1))
    content = geotiff(values).replace(struct.pack("<3d", 10.0, 10.0, 0.0), struct.pack("<3d", 1.0, 1.0, 0.0))
    return content.replace(struct.pack("<6d", 0, 0, 0, -20.0, 60.0, 0), struct.pack("<6d", 0, 0, 0, 4.0, -2.0, 0))


def value(found: float) -> Measured:
    return Measured(element="H", value=found, deviation=0.0, scale="lab")


@pytest.fixture(scope="module")
def data() -> SyntheticMap:
    return synthetic_map(DESIGN)


@pytest.fixture(scope="module")
def placed(data: SyntheticMap) -> MapRun:
    model = model_of(data.baseline_csv, calibrated=False)
    return locate(model, table_of(data.sampled_csv))


@pytest.fixture(scope="module")
def raster() -> Raster:
    return raster_read(isoscape(), name="d2h.tif")


def birds(raster: Raster) -> list[Known]:
    random = np.random.default_rng(3)
    found = []
    for number in range(40):
        lat, lon = float(random.uniform(-21.5, -2.5)), float(random.uniform(4.5, 23.5))
        cell = raster.cell(lat, lon)
        assert cell is not None
        tissue = float(raster.bands[0][cell] - 20 + random.normal(0, 4))
        found.append(Known(id=str(number), latitude=lat, longitude=lon, value=value(tissue)))
    return found


@pytest.fixture(scope="module")
def tissue(raster: Raster) -> TissueModel:
    return tissue_fit(raster, birds(raster))


def test_the_product_is_that_of_the_cells(placed: MapRun, raster: Raster, tissue: TissueModel) -> None:
    """By hand: each cell's genetic posterior times the isotopic density where it lies, made to add to one."""
    model: MapModel = placed.model
    answer = placed.samples[0]
    measured = value(-60.0)
    (found,) = combined(placed, raster, tissue, {answer.id: measured})
    surface = surface_posterior(raster, [tissue], [measured])
    product = []
    for lat, lon, share in zip(
        model.grid.latitudes, model.grid.longitudes, answer.by_prior[Prior.FLAT].share, strict=True
    ):
        cell = raster.cell(float(lat), float(lon))
        product.append(0.0 if cell is None else share * surface[cell] / raster.areas[cell[0]])
    assert found.share == pytest.approx(np.array(product) / sum(product))
    assert found.share is not None
    assert found.share[found.regions[-1].cells].sum() >= 0.95
    assert 0 < found.overlap <= 1


def test_evidence_of_the_same_place_narrows_the_region(placed: MapRun, raster: Raster, tissue: TissueModel) -> None:
    """Where the tissue says what the isoscape has at the genetic middle, the region together is the smaller one."""
    narrower = 0
    for answer in placed.samples:
        point = answer.by_prior[Prior.FLAT].point
        cell = raster.cell(point.latitude, point.longitude)
        assert cell is not None
        mean, _ = tissue.predict(raster.bands[0])
        (found,) = combined(placed, raster, tissue, {answer.id: value(float(mean[cell]))})
        narrower += found.regions[-1].area_km2 < answer.by_prior[Prior.FLAT].regions[-1].area_km2
    assert narrower == len(placed.samples)


def test_a_disagreement_is_said(placed: MapRun, raster: Raster, tissue: TissueModel) -> None:
    """The genetic region lies wholly at one side, the isotope value at the other."""
    answer = placed.samples[0]
    model = placed.model
    flat = answer.by_prior[Prior.FLAT]
    west = model.grid.longitudes < 8.5
    share = np.where(west, 1.0, 0.0) / west.sum()
    moved = replace(flat, share=share, regions=tuple(replace(one, cells=west) for one in flat.regions))
    run = replace(placed, samples=(replace(answer, by_prior={**answer.by_prior, Prior.FLAT: moved}),))
    (found,) = combined(run, raster, tissue, {answer.id: value(-45.0)})
    assert found.overlap < 0.05
    assert statement(found).startswith("The two hardly agree.")
    nowhere = replace(moved, share=np.zeros_like(share))
    run = replace(placed, samples=(replace(answer, by_prior={**answer.by_prior, Prior.FLAT: nowhere}),))
    (found,) = combined(run, raster, tissue, {answer.id: value(-45.0)})
    values = combined_json(found, model, "bone")
    assert (values["outcome"], values["point"], values["regions"]) == ("disagreement", None, {})


def test_no_sample_with_both(placed: MapRun, raster: Raster, tissue: TissueModel) -> None:
    with pytest.raises(InputRefused, match="both"):
        combined(placed, raster, tissue, {"another": value(-60.0)})


def test_the_command(tmp_path: Path, data: SyntheticMap, raster: Raster, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "base.csv").write_text(data.baseline_csv)
    (tmp_path / "samples.csv").write_text(data.sampled_csv)
    (tmp_path / "d2h.tif").write_bytes(isoscape())
    rows = [f"{one.id},{one.value.value},lab,{one.latitude},{one.longitude}" for one in birds(raster)]
    (tmp_path / "known.csv").write_text("\n".join(["id,d2H,scale,latitude,longitude", *rows]))
    (tmp_path / "values.csv").write_text("id,d2H,scale\nSYN-S0001,-60.0,lab\n")
    words = ["origin", "combined", str(tmp_path / "samples.csv"), "--baseline", str(tmp_path / "base.csv")]
    words += ["--id-column", "id", "--population-column", "population", "--latitude-column", "latitude"]
    words += ["--longitude-column", "longitude", "--ignore-column", "synthetic", "--element", "H"]
    words += ["--isoscape", str(tmp_path / "d2h.tif"), "--known", str(tmp_path / "known.csv")]
    words += ["--values", str(tmp_path / "values.csv"), "--value-column", "d2H", "--scale-column", "scale"]
    assert main([*words, "--independent", "bone of a sedentary species", "--format", "jsonl"]) == 0
    (line,) = [json.loads(one) for one in capsys.readouterr().out.splitlines()]
    assert (line["id"], line["independence"]) == ("SYN-S0001", "bone of a sedentary species")
    assert line["regions"]["0.5"]["area_km2"] <= line["regions"]["0.95"]["area_km2"]
    assert line["regions"]["0.95"]["countries"]
    assert main([*words, "--independent", "bone"]) == 0
    assert "taken as independent: bone" in capsys.readouterr().out
    assert main([*words, "--independent", " "]) == 1
    assert "apart" in capsys.readouterr().err


def test_the_haplotype_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        "id,where,plot,mt",
        *(f"a{one},west,s{one % 2},A" for one in range(4)),
        *(f"b{one},east,s9,B" for one in range(10)),
    ]
    (tmp_path / "ref.csv").write_text("\n".join(rows))
    words = ["origin", "haplotype", str(tmp_path / "ref.csv"), "--haplotype", "A", "--region-column", "where"]
    words += ["--site-column", "plot", "--haplotype-column", "mt"]
    assert main([*words, "--format", "jsonl"]) == 0
    west, east = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (west["region"], west["seen"], west["sites_seen"], east["seen"]) == ("west", 4, 2, 0)
    assert east["interval_95"][1] == pytest.approx(1 - 0.025**0.1, abs=1e-5)
    assert main(words) == 0
    assert "statement about the sampling" in capsys.readouterr().out


def test_a_value_that_fits_nowhere_is_not_multiplied(placed: MapRun, raster: Raster) -> None:
    """The isoscape holds -100 to -24, the birds five more: +150 is at home at no place of it."""
    tissue = tissue_fit(raster, birds(raster))
    name = placed.samples[0].id
    (one,) = combined(placed, raster, tissue, {name: value(150.0)})
    assert (one.regions, one.point, one.share, one.overlap) == ((), None, None, 0.0)
    assert one.isotope_p < 0.01
    assert "at home nowhere on the isoscape" in statement(one)
