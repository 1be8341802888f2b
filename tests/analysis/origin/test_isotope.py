"""Isotopes: the raster reader against files written here, scales by hand, calibration and coverage."""

import csv
import json
import math
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.__main__ import main
from analysis.errors import InputRefused
from analysis.origin.haplotypes import haplotype_regions
from analysis.origin.isotope import quality as quality_module
from analysis.origin.isotope.calibration import Known, tissue_fit
from analysis.origin.isotope.quality import calibrated_regions, coverage, quality
from analysis.origin.isotope.raster import lzw_unpack, raster_read
from analysis.origin.isotope.scales import Measured, Scale, transform
from analysis.origin.isotope.surface import combine, grid_of, on_grid, region, surface_posterior

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "isotopes"


def geotiff(values: np.ndarray, *, end: str = "<", deflate: bool = False, keys: tuple[int, ...] | None = None) -> bytes:
    """A GeoTIFF of one strip, written from the TIFF 6.0 and GeoTIFF specifications; 10 degrees a cell, north-west
    corner at 60 N, 20 W."""
    rows, columns = values.shape
    data = values.astype(f"{end}f4").tobytes()
    packed = zlib.compress(data) if deflate else data
    keys = keys or (1, 1, 0, 2, 1024, 0, 1, 2, 2048, 0, 1, 4326)
    scale = struct.pack(f"{end}3d", 10.0, 10.0, 0.0)
    tie = struct.pack(f"{end}6d", 0, 0, 0, -20.0, 60.0, 0)
    geo = struct.pack(f"{end}{len(keys)}H", *keys)
    at = 8
    blobs = {}
    body = b""
    for name, blob in (("data", packed), ("scale", scale), ("tie", tie), ("geo", geo), ("nodata", b"-9999\0")):
        blobs[name] = at
        body += blob
        at += len(blob)
    entries = [
        *((256, 3, 1, columns), (257, 3, 1, rows), (258, 3, 1, 32), (259, 3, 1, 8 if deflate else 1)),
        *((273, 4, 1, blobs["data"]), (277, 3, 1, 1), (278, 3, 1, rows), (279, 4, 1, len(packed)), (339, 3, 1, 3)),
        *((33550, 12, 3, blobs["scale"]), (33922, 12, 6, blobs["tie"]), (34735, 3, len(keys), blobs["geo"])),
        (42113, 2, 6, blobs["nodata"]),
    ]
    head = (b"II" if end == "<" else b"MM") + struct.pack(f"{end}HI", 42, at)
    directory = struct.pack(f"{end}H", len(entries))
    for tag, kind, count, value in entries:
        short = kind == 3 and count == 1
        directory += struct.pack(f"{end}HHI", tag, kind, count)
        directory += struct.pack(f"{end}HH", value, 0) if short else struct.pack(f"{end}I", value)
    return head + body + directory + struct.pack(f"{end}I", 0)


GRADIENT = np.linspace(-160, -20, 12).reshape(3, 4)


@pytest.mark.parametrize("end", ["<", ">"])
@pytest.mark.parametrize("deflate", [False, True])
def test_floats_come_back_where_they_belong(end: str, deflate: bool) -> None:
    values = GRADIENT.copy()
    values[1, 2] = -9999
    raster = raster_read(geotiff(values, end=end, deflate=deflate), name="d2h.tif")
    expected = values.copy()
    expected[1, 2] = np.nan
    assert raster.bands[0] == pytest.approx(expected, abs=1e-4, nan_ok=True)
    assert raster.cell(59.0, -19.0) == (0, 0)
    assert raster.cell(31.0, 19.0) == (2, 3)
    assert raster.cell(61.0, 0.0) is None
    surface = np.arange(1.0, raster.bands[0].size + 1).reshape(raster.bands[0].shape)
    places = np.array([[59.0, -19.0], [31.0, 19.0], [61.0, 0.0], [31.0, 21.0], [29.0, 0.0], [31.0, -21.0]])
    assert raster.at(surface, places[:, 0], places[:, 1]).tolist() == [1.0, surface[2, 3], 0.0, 0.0, 0.0, 0.0]
    assert raster.latitudes.tolist() == [55.0, 45.0, 35.0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"GIF89a" + bytes(20), "no TIFF"),
        (geotiff(GRADIENT, keys=(1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 32633)), "wrong projection"),
        (geotiff(GRADIENT, keys=(1, 1, 0, 2, 1024, 0, 1, 2, 2048, 0, 1, 4267)), "wrong projection"),
        (geotiff(GRADIENT)[:60], "cannot be read"),
    ],
)
def test_rasters_that_are_refused(content: bytes, words: str) -> None:
    with pytest.raises(InputRefused, match=words):
        raster_read(content, name="d2h.tif")


def test_lzw_by_the_example_of_the_specification() -> None:
    """TIFF 6.0, section 13: 7 7 7 8 8 7 7 6 6 is written 256 7 258 8 8 258 6 6 257."""
    bits = "".join(f"{code:09b}" for code in (256, 7, 258, 8, 8, 258, 6, 6, 257))
    packed = bytes(int(bits[at : at + 8].ljust(8, "0"), 2) for at in range(0, len(bits), 8))
    assert lzw_unpack(packed, 9) == bytes([7, 7, 7, 8, 8, 7, 7, 6, 6])


# Scales

OLD = Scale(
    name="old",
    element="H",
    low_standard="CBS",
    low=-187.0,
    low_error=1.0,
    high_standard="KHS",
    high=-35.0,
    high_error=1.0,
)
NEW = Scale(
    name="new",
    element="H",
    low_standard="CBS",
    low=-197.0,
    low_error=1.0,
    high_standard="KHS",
    high=-54.0,
    high_error=2.0,
)
APART = Scale(
    name="apart",
    element="H",
    low_standard="ORX",
    low=-90.0,
    low_error=1.0,
    high_standard="DS",
    high=-34.0,
    high_error=1.0,
)


def keratin(value: float, scale: str = "old", deviation: float = 0.0) -> Measured:
    return Measured(element="H", value=value, deviation=deviation, scale=scale)


def test_two_standards_make_a_line() -> None:
    """By hand: the middle of the old standards becomes the middle of the new; the errors halve there."""
    found = transform(keratin(-111.0), scales=[OLD, NEW], to="new")
    assert found.value == pytest.approx(-125.5)
    assert found.deviation == pytest.approx(math.hypot(0.5 * 1.0, 0.5 * 2.0))
    at_low = transform(keratin(-187.0, deviation=2.0), scales=[OLD, NEW], to="new")
    assert at_low.value == pytest.approx(-197.0)
    assert at_low.deviation == pytest.approx(math.hypot(143 / 152 * 2.0, 1.0))
    assert transform(keratin(-100.0), scales=[], to="old") == keratin(-100.0)


@pytest.mark.parametrize("to", ["apart", "never heard"])
def test_unharmonised_values_are_not_compared(to: str) -> None:
    with pytest.raises(InputRefused, match="compared"):
        transform(keratin(-100.0), scales=[OLD, NEW, APART], to=to)


@pytest.mark.parametrize(
    ("element", "value", "scale"),
    [("H", 900.0, "old"), ("H", float("nan"), "old"), ("Sr", 70.9, "x"), ("H", -80.0, "")],
)
def test_values_that_cannot_be(element: str, value: float, scale: str) -> None:
    with pytest.raises(InputRefused):
        Measured(element=element, value=value, deviation=0.1, scale=scale)


# Calibration


def wide_raster() -> bytes:
    return geotiff(np.tile(np.linspace(-150, -30, 20)[:, None], (1, 30)) + np.linspace(0, 15, 30))


def made(seed: int, sites: int = 60, per_site: int = 3) -> tuple[object, list[Known]]:
    """Animals of random places: tissue = -20 + 0.9 isoscape + site deviation (6) + animal's own (8)."""
    small = np.tile(np.linspace(-150, -30, 20)[:, None], (1, 30)) + np.linspace(0, 15, 30)
    content = geotiff(small)
    # Twenty rows of ten degrees would leave the globe: make the cells two degrees.
    content = content.replace(struct.pack("<3d", 10.0, 10.0, 0.0), struct.pack("<3d", 2.0, 2.0, 0.0))
    raster = raster_read(content, name="d2h.tif")
    random = np.random.default_rng(seed)
    known = []
    for site in range(sites):
        lat, lon = float(random.uniform(20.1, 59.9)), float(random.uniform(-19.9, 39.9))
        cell = raster.cell(lat, lon)
        assert cell is not None
        level = -20 + 0.9 * raster.bands[0][cell] + random.normal(0, 6)
        for number in range(per_site):
            value = keratin(float(level + random.normal(0, 8)))
            known.append(Known(id=f"{site}-{number}", latitude=lat, longitude=lon, value=value))
    return raster, known


def test_the_line_is_found_again() -> None:
    raster, known = made(1, sites=200)
    model = tissue_fit(raster, known)  # type: ignore[arg-type]  # a Raster
    assert model.slope == pytest.approx(0.9, abs=0.06)
    assert model.intercept == pytest.approx(-20, abs=6)
    assert model.scatter == pytest.approx(10, abs=1.2)
    assert model.between == pytest.approx(6, abs=1.5)


def test_regions_hold_left_out_sites_as_often_as_stated() -> None:
    raster, known = made(2, sites=150, per_site=1)
    for found in coverage(raster, known):  # type: ignore[arg-type]  # a Raster
        low, high = found.interval
        assert low <= found.level <= high


def test_scatter_that_is_not_normal_is_made_up_for() -> None:
    """One animal in ten strays by five times as much: a normal line makes regions of 50 % that hold far more.
    By hand: of 150 left-out animals the region must hold as much as covered the 76th (half of 151, rounded up)."""
    raster, known = made(6, sites=150, per_site=1)
    random = np.random.default_rng(9)
    wild = [
        replace(one, value=keratin(one.value.value + float(random.normal(0, 45)))) if place % 10 == 0 else one
        for place, one in enumerate(known)
    ]
    found = coverage(raster, wild)  # type: ignore[arg-type]  # a Raster
    half = found[0]
    assert half.plain > half.interval[1] * half.animals * 0.95
    assert half.mass < 0.5
    for one in found:
        assert one.interval[0] <= one.level <= one.interval[1]
    ranks = np.linspace(0.004, 0.6, 150)
    assert quality_module._mass(np.arange(150), ranks, 0.5) == pytest.approx(ranks[75])
    assert quality_module._mass(np.arange(150), ranks, 0.999) == 1.0
    assert quality_module._mass(np.zeros(150, dtype=np.intp), ranks, 0.5) == 0.5


def test_regions_hold_what_was_found_to_be_needed() -> None:
    raster, known = made(7, sites=60, per_site=1)
    checked = coverage(raster, known)  # type: ignore[arg-type]  # a Raster
    grid = grid_of(raster)  # type: ignore[arg-type]  # a Raster
    model = tissue_fit(raster, known)  # type: ignore[arg-type]  # a Raster
    share = on_grid(grid, surface_posterior(raster, [model], [keratin(-90.0)]))  # type: ignore[arg-type]  # a Raster
    drawn = calibrated_regions(grid, share, checked)
    assert [one.level for one in drawn] == [0.5, 0.75, 0.9, 0.95]
    for one, held in zip(drawn, checked, strict=True):
        inside = share[one.cells]
        assert inside.sum() >= held.mass - 1e-9
        assert inside.sum() - inside.min() < held.mass + 1e-9


def test_precision_and_odds_are_those_of_the_left_out_surfaces() -> None:
    """One site after the other by hand: the mean part of the area in the regions, and how much denser than the mean
    density the posterior is at the true site."""
    raster, known = made(7, sites=30, per_site=1)
    found = quality(raster, known)  # type: ignore[arg-type]  # a Raster
    total = float(raster.areas.sum() * raster.bands[0].shape[1])  # type: ignore[attr-defined]  # a Raster
    odds, areas = [], []
    for one in known:
        rest = [other for other in known if other is not one]
        model = tissue_fit(raster, rest)  # type: ignore[arg-type]  # a Raster
        share = surface_posterior(raster, [model], [one.value])  # type: ignore[arg-type]  # a Raster
        cell = raster.cell(one.latitude, one.longitude)  # type: ignore[attr-defined]  # a Raster
        odds.append(share[cell] / raster.areas[cell[0]] * total)  # type: ignore[attr-defined]  # a Raster
        cells = region(raster, share, found.coverage[0].mass)  # type: ignore[arg-type]  # a Raster
        areas.append((cells * raster.areas[:, None]).sum() / total)  # type: ignore[attr-defined]  # a Raster
    assert found.odds is not None
    assert found.odds.median == pytest.approx(np.median(odds))
    assert found.odds.better == sum(value > 1 for value in odds)
    assert found.odds.interval[0] < found.odds.median < found.odds.interval[1]
    # Regions end between two cells; the mean is over 30 of them.
    assert found.coverage[0].area == pytest.approx(np.mean(areas), abs=0.01)


def test_posterior_adds_to_one_and_combines_by_product() -> None:
    raster, known = made(3)
    model = tissue_fit(raster, known)  # type: ignore[arg-type]  # a Raster
    share = surface_posterior(raster, [model], [keratin(-90.0)])  # type: ignore[arg-type]  # a Raster
    assert share.sum() == pytest.approx(1.0)
    assert share[region(raster, share, 0.9)].sum() >= 0.9  # type: ignore[arg-type]  # a Raster
    grid = grid_of(raster)  # type: ignore[arg-type]  # a Raster
    flat = grid.areas / grid.areas.sum()
    assert combine(grid, flat, raster, share) == pytest.approx(on_grid(grid, share))  # type: ignore[arg-type]  # a Raster
    nowhere = np.zeros_like(flat)
    with pytest.raises(InputRefused, match="share no place"):
        combine(grid, nowhere, raster, share)  # type: ignore[arg-type]  # a Raster


def test_the_error_of_a_value_widens_its_density() -> None:
    """With very many sites the density is normal: its variance is scatter, line and the value's own error together."""
    raster, known = made(8, sites=400, per_site=1)
    model = tissue_fit(raster, known)  # type: ignore[arg-type]  # a Raster
    at = np.array([-90.0])
    mean, spread = model.predict(at)
    for deviation in (0.0, 7.0, 30.0):
        wide = math.hypot(float(spread[0]), deviation)
        for far in (0.0, 1.0, 2.0):
            found = model.log_density(at, keratin(float(mean[0] + far * wide), deviation=deviation))[0]
            normal = -0.5 * far**2 - math.log(wide) - 0.5 * math.log(2 * math.pi)
            assert found == pytest.approx(normal, abs=0.02)


def test_mixed_scales_and_too_few_animals() -> None:
    raster, known = made(4)
    other = Known(id="x", latitude=40.0, longitude=0.0, value=keratin(-80.0, "new"))
    with pytest.raises(InputRefused, match="several scales"):
        tissue_fit(raster, [*known, other])  # type: ignore[arg-type]  # a Raster
    with pytest.raises(InputRefused, match="8 are needed"):
        tissue_fit(raster, known[:5])  # type: ignore[arg-type]  # a Raster
    model = tissue_fit(raster, known)  # type: ignore[arg-type]  # a Raster
    with pytest.raises(InputRefused, match="scale of the calibration"):
        surface_posterior(raster, [model], [keratin(-80.0, "new")])  # type: ignore[arg-type]  # a Raster


# Real birds

BIRDS = [
    ("Lanius ludovicianus", "21"),
    ("Charadrius montanus", "11"),
    ("Falco sparverius", "6"),
    ("Charadrius montanus", "22"),
    ("Catharus ustulatus", "2"),
    ("Seiurus aurocapilla", "2"),
    ("Geothlypis trichas", "2"),
]


@pytest.mark.skipif(not REAL.is_dir(), reason="the real isotope data are not beside this repository")
@pytest.mark.parametrize(("taxon", "dataset"), BIRDS)
def test_known_birds_lie_in_their_regions(taxon: str, dataset: str) -> None:
    """One laboratory's values each (the table names no scales); sites left out; binomial 99 % interval."""
    raster = raster_read((REAL / "d2h_lrNA.tif").read_bytes(), name="d2h")
    # The extremes as GDAL wrote them into the file's own metadata.
    assert np.nanmax(raster.bands[0]) == pytest.approx(-7.9667868614197)
    assert np.nanmin(raster.bands[0]) == pytest.approx(-163.63485717773)
    with (REAL / "known_origin_wildlife.tsv").open() as table:
        rows = [
            row
            for row in csv.DictReader(table, delimiter="\t")
            if (row["taxon"], row["dataset_id"]) == (taxon, dataset) and row["d2H"] not in ("", "NA")
        ]
    known = [
        Known(
            id=row["sample_id"],
            latitude=float(row["lat"]),
            longitude=float(row["lon"]),
            value=keratin(float(row["d2H"])),
        )
        for row in rows
    ]
    for found in coverage(raster, known):
        assert found.animals >= 40
        low, high = found.interval
        assert low <= found.level <= high, found


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, known = made(5)
    small = geotiff(np.tile(np.linspace(-150, -30, 20)[:, None], (1, 30)) + np.linspace(0, 15, 30))
    small = small.replace(struct.pack("<3d", 10.0, 10.0, 0.0), struct.pack("<3d", 2.0, 2.0, 0.0))
    (tmp_path / "d2h.tif").write_bytes(small)
    lines = ["id,d2H,scale,lat,lon"] + [
        f"{one.id},{one.value.value},old,{one.latitude},{one.longitude}" for one in known
    ]
    (tmp_path / "known.csv").write_text("\n".join(lines))
    (tmp_path / "samples.csv").write_text("id,d2H,scale\nclaw,-95.0,old\n")
    words = ["origin", "isotope", str(tmp_path / "samples.csv"), "--isoscape", str(tmp_path / "d2h.tif")]
    words += ["--known", str(tmp_path / "known.csv"), "--element", "H", "--id-column", "id", "--value-column", "d2H"]
    words += ["--scale-column", "scale", "--latitude-column", "lat", "--longitude-column", "lon"]
    assert main([*words, "--format", "jsonl"]) == 0
    found = json.loads(capsys.readouterr().out)
    areas = [found["regions"][level]["area_km2"] for level in ("0.5", "0.75", "0.9", "0.95")]
    assert areas == sorted(areas)
    assert main(words) == 0
    assert "claw" in capsys.readouterr().out
    (tmp_path / "samples.csv").write_text("id,d2H,scale,sd\nclaw,-95.0,old,25\n")
    (tmp_path / "known.csv").write_text(
        "\n".join(f"{line},{'sd' if not row else 'NA'}" for row, line in enumerate(lines))
    )
    assert main([*words, "--deviation-column", "sd", "--format", "jsonl"]) == 0
    wider = json.loads(capsys.readouterr().out)
    assert wider["deviation"] == 25
    assert wider["regions"]["0.95"]["area_km2"] > areas[-1]
    (tmp_path / "samples.csv").write_text("id,d2H,scale,sd\nclaw,-95.0,old,-1\n")
    assert main([*words, "--deviation-column", "sd"]) == 1
    assert "row 2" in capsys.readouterr().err
    (tmp_path / "samples.csv").write_text("id,d2H,scale\nclaw,-95.0,\n")
    assert main(words) == 1
    assert "row 2" in capsys.readouterr().err


# Haplotypes


def test_haplotypes_by_region() -> None:
    """Exact intervals: none of 10 leaves up to 1 - 0.025^(1/10) = 0.308; all of 4 at least 0.025^(1/4) = 0.398."""
    records = [("west", f"site{number % 2}", "A") for number in range(4)] + [("east", "site9", "B")] * 10
    west, east = haplotype_regions("A", records)
    assert (west.region, west.seen, west.sites_seen, west.sites) == ("west", 4, 2, 2)
    assert west.interval[0] == pytest.approx(0.025**0.25, abs=1e-6)
    assert (east.seen, east.sites_seen) == (0, 0)
    assert east.interval[1] == pytest.approx(1 - 0.025**0.1, abs=1e-6)
    with pytest.raises(InputRefused):
        haplotype_regions("", records)
