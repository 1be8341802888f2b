"""Countries: places of the gazetteer, parity by hand, shares that add up, and pictures that show them."""

import io
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from analysis.origin.borders import NOBODY, Borders, Country, borders, borders_path, country_grid, outlines_read, unpack
from analysis.origin.spatial import countries as countries_module
from analysis.origin.spatial.borderlines import border_lines, label_places
from analysis.origin.spatial.countries import countries_of
from analysis.origin.spatial.figure import Projection, map_figure
from analysis.origin.spatial.geography import Grid, grid_build
from analysis.origin.spatial.locate import LocatedSample, MapRun, locate
from analysis.origin.spatial.model import MapModel
from analysis.origin.spatial.picture import map_png
from analysis.origin.spatial.priors import Prior
from analysis.origin.spatial.regions import Region
from analysis.origin.spatial.sampling import Sampled, sampling_map
from analysis.origin.spatial.wording import answer_json, caveats, readable
from analysis.origin.synthetic_map import MapDesign, synthetic_map
from tests.analysis.origin.map_support import model_of, table_of

NAMES = dict.fromkeys(("en", "fr", "es"), "Made")


def made(*rings: tuple[int, list[tuple[float, float]]]) -> Borders:
    """Borders of made countries 0, 1, …"""
    shapes = [np.array([*ring, ring[0]], dtype=float) for _, ring in rings]
    owner = np.array([country for country, _ in rings])
    return Borders(
        countries=tuple(Country(code=f"X{place}", names=NAMES) for place in range(int(owner.max()) + 1)),
        rings=tuple(shapes),
        owner=owner,
        boxes=np.array([[*shape.min(axis=0), *shape.max(axis=0)] for shape in shapes]),
        version="made",
        sha256="0" * 64,
    )


def square(west: float, south: float, side: float) -> list[tuple[float, float]]:
    return [(west, south), (west + side, south), (west + side, south + side), (west, south + side)]


@pytest.fixture(scope="module")
def known() -> Borders:
    found = borders()
    assert found is not None, "the package that carries the borders is installed with the others"
    return found


@pytest.mark.parametrize(
    ("latitude", "longitude", "code"),
    [
        (-1.29, 36.82, "KE"),  # Nairobi
        (-1.95, 30.06, "RW"),  # Kigali
        (13.45, -16.00, "GM"),  # on the river Gambia, inside Senegal's arms
        (-29.6, 28.2, "LS"),  # Lesotho, wholly inside South Africa
        (48.85, 2.35, "FR"),  # Natural Earth itself has no two letters for France; ISO has
        (60.17, 24.94, "FI"),  # Helsinki
        (-33.45, -70.66, "CL"),  # Santiago
        (21.03, 105.85, "VN"),  # Hanoi
        (0.0, -30.0, None),  # the Atlantic
    ],
)
def test_places_of_the_gazetteer(known: Borders, latitude: float, longitude: float, code: str | None) -> None:
    found = country_grid(
        known, south=latitude - 0.005, west=longitude - 0.005, height=0.01, width=0.01, rows=1, columns=1
    )[0, 0]
    assert (None if found == NOBODY else known.countries[found].code) == code


def test_countries_have_names_in_three_languages(known: Borders) -> None:
    names = {country.code: country.names for country in known.countries}
    assert names["ES"] == {"en": "Spain", "fr": "Espagne", "es": "España"}
    assert all(all(country.names.values()) and country.code.isalpha() for country in known.countries)
    assert len(known.countries) > 200


def test_parity_holds_in_holes_and_for_islands() -> None:
    """A country of 6 by 6 with a hole of 2 by 2, in which lies another; and an island east of both."""
    found = made((0, square(0, 0, 6)), (0, square(2, 2, 2)), (1, square(2, 2, 2)), (1, square(8, 0, 1)))
    grid = country_grid(found, south=-1, west=-1, height=1, width=1, rows=8, columns=12)
    assert (grid == 0).sum() == 36 - 4
    assert (grid == 1).sum() == 4 + 1
    assert grid[3:5, 3:5].tolist() == [[1, 1], [1, 1]]
    assert grid[1, 9] == 1
    assert (grid[0] == NOBODY).all()


def test_a_frame_inside_a_country_is_all_of_it() -> None:
    grid = country_grid(made((0, square(-50, -50, 100))), south=0, west=0, height=1, width=1, rows=3, columns=4)
    assert (grid == 0).all()


def test_borders_of_a_frame_are_those_that_reach_into_it(known: Borders) -> None:
    """East Africa: the same countries in every cell as all borders of the world give."""
    frame = {"south": -4.0, "west": 28.0, "height": 0.25, "width": 0.25, "rows": 40, "columns": 60}
    near = borders((28.0, -4.0, 43.0, 6.0))
    assert near is not None
    assert len(near.rings) < len(known.rings) / 10
    assert (country_grid(near, **frame) == country_grid(known, **frame)).all()  # type: ignore[arg-type]  # two types
    nowhere = borders((-140.0, -58.0, -139.0, -57.0))
    assert nowhere is not None
    assert nowhere.within(-180.0, -90.0, 180.0, 90.0) == []


def test_shapes_unpacked_beforehand_are_used_only_if_they_are_the_same(tmp_path: Path) -> None:
    path = borders_path()
    assert path is not None
    unpacked = unpack(tmp_path)
    assert unpacked is not None
    packed = outlines_read(path.read_bytes())
    assert isinstance(packed.shapes, bytes)
    assert unpacked.read_bytes() == packed.shapes
    again = outlines_read(path.read_bytes(), unpacked)
    assert not isinstance(again.shapes, bytes)
    assert (again.sha256, again.shapes[:]) == (packed.sha256, packed.shapes)
    spoilt = bytearray(packed.shapes)
    spoilt[5000] ^= 1
    for content in (bytes(spoilt), packed.shapes[:-1], b""):
        unpacked.write_bytes(content)
        assert outlines_read(path.read_bytes(), unpacked).shapes == packed.shapes
    assert isinstance(outlines_read(path.read_bytes(), tmp_path / "none").shapes, bytes)


def test_other_files_are_refused() -> None:
    with pytest.raises(Exception, match="not a zip"):
        outlines_read(b"no borders")


@pytest.fixture
def grid() -> Grid:
    return grid_build(np.array([-2.0, 2.0]), np.array([30.0, 40.0]), cells=200)


def test_shares_and_areas_of_a_region_add_up(grid: Grid) -> None:
    """Two countries that fill the map between them: every cell's share goes to one or is divided."""
    world = made((0, [(0, -80), (35, -80), (35, 80), (0, 80)]), (1, [(35, -80), (90, -80), (90, 80), (35, 80)]))
    found = countries_of(grid, world)
    assert found is not None
    share = np.random.default_rng(1).dirichlet(np.ones(len(grid.areas)))
    cells = np.arange(len(share)) % 3 > 0
    region = Region(level=0.95, cells=cells, area_km2=float(grid.areas[cells].sum()), share=float(share[cells].sum()))
    parts = found.inside(grid, region, share)
    assert sum(one.share for one in parts) == pytest.approx(share[cells].sum())
    assert sum(one.area_km2 for one in parts) == pytest.approx(region.area_km2)
    east = grid.longitudes > 35 + grid.width
    assert next(one for one in parts if one.country.code == "X1").share >= share[cells & east].sum()


def test_a_country_smaller_than_a_cell_is_not_overlooked(grid: Grid) -> None:
    small = made((0, square(34.0, 0.0, 0.4 * grid.width)))
    found = countries_of(grid, small)
    assert found is not None
    cell = grid.cell_of(0.1 * grid.width, 34.0 + 0.1 * grid.width)
    assert cell is not None
    assert 0 < found.parts[cell, 0] < 0.5
    assert found.parts[:, 0].sum() < 1


def test_lines_are_cut_at_the_frame() -> None:
    frame = grid_build(np.array([0.0, 10.0]), np.array([0.0, 10.0]), cells=100)
    lines = border_lines(made((0, [(5, 5), (50, 5), (50, 50), (5, 50)])), frame, finest=0.01)
    points = np.concatenate(lines)
    rows, columns = frame.inside.shape
    east, north = frame.west + columns * frame.width, frame.south + rows * frame.height
    assert points[:, 0].max() == pytest.approx(east)
    assert points[:, 1].max() == pytest.approx(north)
    length = sum(float(np.hypot(*np.diff(line, axis=0).T).sum()) for line in lines)
    assert length == pytest.approx((east - 5) + (north - 5))


def test_a_label_stands_in_its_country(known: Borders, grid: Grid) -> None:
    found = countries_of(grid, known)
    assert found is not None
    places = label_places(found, grid)
    assert {"KE", "UG", "TZ"} <= {code for code, _, _ in places}
    for code, longitude, latitude in places:
        here = country_grid(
            known, south=latitude - 0.001, west=longitude - 0.001, height=0.002, width=0.002, rows=1, columns=1
        )[0, 0]
        assert known.countries[here].code == code


@pytest.fixture(scope="module")
def placed() -> tuple[MapModel, LocatedSample]:
    data = synthetic_map(MapDesign(seed=2, side=6, generations=60, loci=6, sites=12, animals=8, sampled=1, unsampled=1))
    model = model_of(data.baseline_csv, calibrated=False)
    return model, locate(model, table_of(data.unsampled_csv)).samples[0]


def test_answers_name_countries_with_shares(placed: tuple[MapModel, LocatedSample]) -> None:
    model, answer = placed
    values = answer_json(answer, model)
    wide = values["regions"]["0.95"]  # type: ignore[index,call-overload]  # JSON
    listed = wide["countries"]  # type: ignore[index,call-overload]  # JSON
    shares = [one["share"] for one in listed]  # type: ignore[index,union-attr,call-overload]  # JSON
    assert shares == sorted(shares, reverse=True)  # type: ignore[type-var]  # numbers
    assert 0 < sum(shares) <= 1  # type: ignore[arg-type]  # numbers
    assert {one["code"] for one in listed} & {"AO", "NA", "BW", "ZM"}  # type: ignore[index,union-attr,call-overload]
    assert values["borders"]["sha256"]  # type: ignore[index,call-overload]  # JSON
    assert any("sovereignty" in words for words in caveats(answer, model))


def test_without_borders_the_answer_says_so(
    placed: tuple[MapModel, LocatedSample], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(countries_module, "borders", lambda _frame: None)
    assert countries_of(placed[0].grid) is None
    model = replace(placed[0], countries=None)
    values = answer_json(placed[1], model)
    assert values["borders"] is None
    assert "countries" not in values["regions"]["0.95"]  # type: ignore[operator,index,call-overload]  # JSON
    assert "No country borders were at hand." in caveats(placed[1], model)
    assert "not at hand" in map_figure(model, placed[1], key="m")


def test_the_drawing_holds_borders_and_codes(placed: tuple[MapModel, LocatedSample]) -> None:
    model, answer = placed
    tree = ET.fromstring(map_figure(model, answer, key="m"))  # noqa: S314  (our own drawing)  # noqa: S314  (our own drawing)
    classes = [one.get("class") for one in tree.iter()]
    assert {"frontier", "r50", "r95", "cross", "query"} <= set(classes)
    codes = {one.text for one in tree.iter("{http://www.w3.org/2000/svg}text")}
    assert "AO" in codes
    assert not [one for one in tree.iter() if one.get("style")]


@pytest.mark.parametrize("prior", list(Prior))
def test_the_picture_shows_the_region_where_it_is(placed: tuple[MapModel, LocatedSample], prior: Prior) -> None:
    """Colours at the middles of the cells are those of the regions, but for the few under a line, a cross or a word."""
    model, answer = placed
    content = map_png(model, answer, prior=prior)
    assert content == map_png(model, answer, prior=prior)
    image = np.asarray(Image.open(io.BytesIO(content)))
    projection = Projection(model.grid)
    half, wide = answer.by_prior[prior].regions
    right = []
    for cell in range(len(model.grid.areas)):
        x, y = projection.place(float(model.grid.longitudes[cell]), float(model.grid.latitudes[cell]))
        green = tuple(image[round(2 * y), round(2 * x)].tolist())
        seen = 2 if green[0] < 60 else 1 if green[0] < 200 else 0
        right.append(seen == int(half.cells[cell]) + int(wide.cells[cell]))
    assert np.mean(right) > 0.85
    assert np.mean(np.array(right)[half.cells]) > 0.8


def test_the_table_for_people_lists_countries(placed: tuple[MapModel, LocatedSample]) -> None:
    lines = readable(MapRun(model=placed[0], samples=(placed[1],), notices=()))
    assert sum("countries in the 95 % region" in line for line in lines) == len(Prior)


def test_the_map_of_sampling_shows_borders_and_every_place() -> None:
    places = [
        Sampled(latitude=-1.3, longitude=36.8, population="a", animals=9),
        Sampled(latitude=0.3, longitude=32.6, population="b", animals=1),
    ]
    tree = ET.fromstring(sampling_map(places, key="s", title="Sampling"))  # noqa: S314  (our own drawing)
    classes = [one.get("class") for one in tree.iter()]
    assert classes.count("query") == 2
    assert classes.count("frontier") == 1
    codes = {one.text for one in tree.iter("{http://www.w3.org/2000/svg}text")}
    assert {"KE", "UG"} <= codes
