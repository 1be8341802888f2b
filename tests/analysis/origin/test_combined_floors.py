"""How far combined regions reach: the split-conformal rule by hand, values as a t distribution draws them."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.origin.combined import combined, combined_json, statement
from analysis.origin.combined_floors import VALUES, reach_of
from analysis.origin.isotope.calibration import TissueModel, tissue_fit
from analysis.origin.isotope.raster import Raster, raster_read
from analysis.origin.spatial.calibration import crossed, floor_of, tails_of
from analysis.origin.spatial.locate import locate
from analysis.origin.spatial.model import MapModel
from analysis.origin.spatial.priors import Prior
from analysis.origin.synthetic_map import SyntheticMap, synthetic_map
from tests.analysis.origin.map_support import model_of, table_of
from tests.analysis.origin.test_combined import DESIGN, birds, isoscape, value


@pytest.fixture(scope="module")
def data() -> SyntheticMap:
    return synthetic_map(DESIGN)


@pytest.fixture(scope="module")
def model(data: SyntheticMap) -> MapModel:
    return model_of(data.baseline_csv)


@pytest.fixture(scope="module")
def raster() -> Raster:
    return raster_read(isoscape(), name="d2h.tif")


@pytest.fixture(scope="module")
def tissue(raster: Raster) -> TissueModel:
    return tissue_fit(raster, birds(raster))


def test_tails_by_hand() -> None:
    """Two animals, three cells: densities 1, 2, 4 over areas 1, 1, 2 make shares 1/11, 2/11, 8/11."""
    density = np.log(np.array([[1.0, 2.0, 4.0], [4.0, 1.0, 1.0]]))
    found = tails_of(density, np.array([1, 2]), np.array([1.0, 1.0, 2.0]))
    assert found == pytest.approx([3 / 11, 3 / 7])


def test_the_floor_leaves_the_stated_share_out_however_many_values_an_animal_has() -> None:
    """Of 99 animals in order the 50th of 100 places: with three equal values each, the same."""
    tails = np.random.default_rng(1).permutation(np.arange(1, 100) / 100)
    sampled = np.zeros(99, dtype=np.bool_)
    one = floor_of(tails, sampled, 0.5)
    several = floor_of(np.repeat(tails[:, None], 3, axis=1), sampled, 0.5)
    assert one.elsewhere == pytest.approx(0.5)
    assert several.elsewhere == one.elsewhere
    assert (one.sampled, several.sampled) == (0.5, 0.5), "no animal of that kind: the posterior's own share"
    inside = crossed(np.repeat(tails[:, None], 3, axis=1), sampled, np.arange(99), 0.5)
    assert inside.shape == (99, 3)
    assert (inside == crossed(tails, sampled, np.arange(99), 0.5)[:, None]).all()


def test_values_are_drawn_as_a_t_distribution_has_them(tissue: TissueModel) -> None:
    """Quantiles of Student's t from printed tables: 95 % and 97.5 % points for 5, 10 and 38 degrees of freedom."""
    for degrees, wanted in ((5, (2.0150, 2.5706)), (10, (1.8125, 2.2281)), (38, (1.6860, 2.0244))):
        line = replace(tissue, intercept=0.0, slope=0.0, covariance=np.zeros((2, 2)), scatter=1.0, degrees=degrees)
        found = line.drawn(np.zeros(1), np.array([0.5, 0.95, 0.975, 0.025]), 0.0)
        assert found == pytest.approx([0.0, *wanted, -wanted[1]], abs=2e-4)
        wide = line.drawn(np.zeros(1), np.array([0.95]), 0.75)
        assert wide == pytest.approx([wanted[0] * 1.25], abs=3e-4)


def test_an_isoscape_that_says_nothing_leaves_the_regions_of_the_map(
    data: SyntheticMap, model: MapModel, raster: Raster, tissue: TissueModel
) -> None:
    """The same value expected everywhere: combined floors and regions are those of the genotype alone."""
    level = replace(raster, bands=np.full_like(raster.bands, -60.0))
    reach = reach_of(model, level, tissue, 0.0)
    assert reach is not None
    assert model.calibration is not None
    for found, own in zip(reach.floors, model.calibration.floors[Prior.FLAT], strict=True):
        assert (found.sampled, found.elsewhere) == pytest.approx((own.sampled, own.elsewhere))
    assert reach.held.animals == model.calibration.left_out[Prior.FLAT].animals
    assert reach.held.covered == model.calibration.left_out[Prior.FLAT].covered
    run = locate(model, table_of(data.sampled_csv))
    for one in combined(run, level, tissue, {answer.id: value(-80.0) for answer in run.samples}):
        for together, alone in zip(one.regions, one.genetic.by_prior[Prior.FLAT].regions, strict=True):
            assert (together.cells == alone.cells).all()


def test_a_region_says_what_its_reach_rests_on(
    data: SyntheticMap, model: MapModel, raster: Raster, tissue: TissueModel
) -> None:
    run = locate(model, table_of(data.sampled_csv))
    answer = run.samples[0]
    (found,) = combined(run, raster, tissue, {answer.id: value(-60.0)})
    assert statement(found).startswith(("Together, the 95 % region has ", "The two hardly agree. Together, the 95"))
    values = combined_json(found, model, "bone")
    assert values["calibration"]["values_drawn"] == VALUES  # type: ignore[index,call-overload]
    assert set(values["regions"]["0.5"]) >= {"share", "area_km2"}  # type: ignore[index,call-overload,arg-type]
    assert any("drawn, not measured" in words for words in values["caveats"])  # type: ignore[union-attr,operator]
    again = combined(run, raster, tissue, {answer.id: value(-60.0)})[0]
    assert combined_json(again, model, "bone") == values, "the same draws every time"


def test_animals_off_the_isoscape_are_not_asked(model: MapModel, raster: Raster, tissue: TissueModel) -> None:
    assert model.calibration is not None
    bands = raster.bands.copy()
    bands[:, :, :10] = np.nan
    reach, whole = (reach_of(model, one, tissue, 0.0) for one in (replace(raster, bands=bands), raster))
    assert reach is not None
    assert whole is not None
    assert 0 < reach.held.animals < whole.held.animals
    assert reach_of(replace(model, calibration=None), raster, tissue, 0.0) is None
