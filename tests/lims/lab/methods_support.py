"""References of every kind and runs against them, all from made-up data."""

import io
import struct
from typing import Any

import numpy as np

from analysis.origin.synthetic_map import MapDesign, SyntheticMap, synthetic_map
from lims.demonstration.synthetic import bred_parrots, parrot_claims, wild_parrots
from lims.lab.models import ReferenceSet, Run
from lims.lab.services.references import reference_approve, reference_propose
from lims.lab.services.runs import run_queue
from lims.lab.tasks import run_execute
from tests.analysis.origin.test_isotope import geotiff
from tests.lims.lab.support import Bench, built, upload

DESIGN = MapDesign(
    seed=3, side=5, size=60, generations=60, loci=10, alleles=8, sites=12, animals=8, sampled=2, unsampled=1
)
SCALE = "scale,version,from,words,source\nHouse,1,1,weak,House rules\nHouse,1,1000,strong,House rules\n"
TENT = b"year_ad,F14C,F14C_sd,zone\n1955,1.0,0.0,NH1\n1965,2.0,0.0,NH1\n2005,1.0,0.0,NH1\n"


def isolated() -> SyntheticMap:
    """Animals on a small map."""
    return synthetic_map(DESIGN)


def reference(
    bench: Bench, kind: str, name: str, files: dict[str, bytes], *, approved: bool = True, **given: Any
) -> ReferenceSet:
    """A set of a kind: proposed by the analyst, built, and approved by the manager."""
    access = {key: given.pop(key) for key in ("restricted", "coarse_km") if key in given}
    row = reference_propose(
        actor=bench.lab.analyst,
        kind=kind,
        name=name,
        edition=given.pop("edition", "1"),
        files=[(file, io.BytesIO(content)) for file, content in files.items()],
        parameters=given,
        provenance="Made up.",
        synthetic=True,
        **access,
    )
    row = built(row)
    if approved:
        row = reference_approve(actor=bench.lab.manager, reference=row, note="Read.")
    return row


def mapped(bench: Bench, data: SyntheticMap, **access: Any) -> ReferenceSet:
    """Reference population data with coordinates."""
    return reference(
        bench,
        "origin",
        "Mapped populations",
        {"mapped.csv": data.baseline_csv.encode()},
        id_column="id",
        population_column="population",
        latitude_column="latitude",
        longitude_column="longitude",
        **access,
    )


def run(
    bench: Bench,
    method: str,
    files: dict[str, str],
    used: ReferenceSet | None,
    *,
    second: ReferenceSet | None = None,
    actor: Any = None,
    **given: Any,
) -> Run:
    """A run over files by role, executed in process."""
    inputs = [(role, upload(bench, text.encode(), f"{role}.csv", role)) for role, text in files.items()]
    made = run_queue(
        actor=actor or bench.lab.analyst,
        case=bench.case,
        item=bench.item,
        method=method,
        inputs=inputs,
        reference=used,
        second=second,
        parameters=given,
    )
    run_execute(made.pk)
    made.refresh_from_db()
    return made


def parrots(bench: Bench) -> ReferenceSet:
    """Wild parrots of two regions."""
    given = {"id_column": "id", "population_column": "population", "group_column": "group"}
    return reference(bench, "origin", "Wild parrots", {"wild.csv": wild_parrots()}, **given)


def pedigree(bench: Bench, wild: ReferenceSet, **given: Any) -> Run:
    """A breeder's pedigree with one bird that was caught in the wild."""
    files = {"genotypes": bred_parrots().decode(), "claims": parrot_claims().decode()}
    return run(bench, "individual.parentage", files, wild, **given)


def training_csv() -> bytes:
    """Thirty animals each of two classes, well apart."""
    random = np.random.default_rng(8)
    rows = ["id,keeping,d13C,d15N"]
    for number in range(60):
        kind, shift = ("captive", 5.0) if number % 2 else ("wild", 0.0)
        c, n = random.normal(size=2)
        rows.append(f"T{number},{kind},{-20 + shift + c:.3f},{8 + n:.3f}")
    return "\n".join(rows).encode()


def isoscape() -> dict[str, bytes]:
    """A raster that rises from west to east, and animals known to differ from it by five."""
    raster = np.tile(np.linspace(-110, 0, 12), (3, 1))
    random = np.random.default_rng(2)
    rows = ["id,value,scale,latitude,longitude"]
    for number in range(36):
        column, row = number % 12, number // 12
        value = raster[row, column] + 5 + random.normal() * 2
        rows.append(f"K{number},{value:.2f},LAB,{55 - 10 * row},{-15 + 10 * column}")
    return {"d2h.tif": geotiff(raster), "known.csv": "\n".join(rows).encode()}


def isoscape_for(data: SyntheticMap) -> dict[str, bytes]:
    """A raster of one degree a cell over the made map, rising eastwards, and animals that differ from it by five."""
    rows = [line.split(",") for line in data.baseline_csv.splitlines()]
    at = [rows[0].index(name) for name in ("latitude", "longitude")]
    places = [[float(row[place]) for place in at] for row in rows[1:]]
    north = max(latitude for latitude, _longitude in places) + 3
    west = min(longitude for _latitude, longitude in places) - 3
    high = round(north - min(latitude for latitude, _longitude in places)) + 4
    wide = round(max(longitude for _latitude, longitude in places) - west) + 4
    raster = np.tile(-100.0 + 4.0 * np.arange(wide), (high, 1))
    content = geotiff(raster).replace(struct.pack("<3d", 10.0, 10.0, 0.0), struct.pack("<3d", 1.0, 1.0, 0.0))
    content = content.replace(struct.pack("<6d", 0, 0, 0, -20.0, 60.0, 0), struct.pack("<6d", 0, 0, 0, west, north, 0))
    random = np.random.default_rng(4)
    known = ["id,value,scale,latitude,longitude"]
    for number in range(40):
        column, row = int(random.integers(wide)), int(random.integers(high))
        value = raster[row, column] + 5 + random.normal() * 2
        known.append(f"K{number},{value:.2f},LAB,{north - row - 0.5},{west + column + 0.5}")
    return {"d2h.tif": content, "known.csv": "\n".join(known).encode()}


LOCI = [f"L{number:02}" for number in range(12)]


def typings(runs: int = 4) -> str:
    """A tusk and another, heterozygous at every locus; in one typing of the tusk an allele is lost."""
    rows = [",".join(["id", *(f"{locus}_{half}" for locus in LOCI for half in (1, 2))])]
    for name in ("TUSK", "OTHER"):
        for number in range(runs):
            lost = name == "TUSK" and number == 0
            pair = "100,100" if lost else "100,104"
            rows.append(",".join([name, *([pair] * len(LOCI))]))
    return "\n".join(rows)
