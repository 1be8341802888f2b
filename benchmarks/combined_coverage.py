"""How often regions of genotype and isotope value together hold the true place: made animals, whole sites left out.

``python -m benchmarks.combined_coverage > docs/validation/origin-combined.md``. Genotypes and the map are those of
`synthetic_map`; the isoscape is a made surface, and each animal's tissue value is drawn from its own place alone, so
that the two are independent given the place. The tissue's line is fitted to other made animals of known origin.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.genotypes.table import GenotypeTable
from analysis.origin.combined import combined
from analysis.origin.combined_floors import reach_of
from analysis.origin.intervals import wilson
from analysis.origin.isotope.calibration import Known, TissueModel, tissue_fit
from analysis.origin.isotope.raster import Raster
from analysis.origin.isotope.scales import Measured
from analysis.origin.isotope.surface import LEVELS, combine, surface_posterior
from analysis.origin.spatial.geography import Bools, Floats
from analysis.origin.spatial.locate import locate
from analysis.origin.spatial.model import MapModel
from analysis.origin.spatial.priors import Prior
from analysis.origin.spatial.regions import regions
from analysis.origin.synthetic_map import MapDesign, synthetic_map
from tests.analysis.origin.map_support import model_of, table_of
from tests.analysis.origin.test_map_coverage import thinned

SIZES = ((40, "0.13"), (120, "0.05"), (400, "0.015"))
SEEDS = (1, 2, 3)
_KNOWN, _SPREAD = 40, 6.0
_LINE = (-20.0, 0.9)
_HEAD = """# Validation: genotype and isotope value together

Printed by `python -m benchmarks.combined_coverage > docs/validation/origin-combined.md`; nothing here is typed by hand.
Made animals (stepping-stone demes, 60 sites of 33 animals, 16 loci), a made isoscape of one-degree cells, tissue values
drawn from the animal's own cell alone: independent given the place, as `origin combined` asks. Combined regions reach
as far as left-out animals of the baseline need, with tissue values drawn for their places (`combined_floors`). In
brackets Wilson's intervals of 95 %. Genetic and isotopic: what regions of the same share of each posterior alone, not
calibrated, held of the same animals. One made set has one tissue line of forty animals: where its scatter came out
small, isotopic regions are small for all its animals. Area: median of the combined 95 % region over the median of the
genetic one.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Whether regions of each of `LEVELS` held the place, (A, 4) of bools, and areas in km² of the 95 % ones (A,)."""

    together: Bools
    genetic: Bools
    isotopic: Bools
    area: Floats
    genetic_area: Floats


def isoscape() -> Raster:
    """A slope to the east with two waves over the frame of `synthetic_map`."""
    latitudes, longitudes = 11.5 - np.arange(33.0), 5.0 + np.arange(33.0)
    rise = 2.0 * (longitudes[None] - 20) + 12 * np.sin(latitudes[:, None] / 6)
    band = -80 + rise + 3 * np.cos(longitudes[None] / 3) * np.sin(latitudes[:, None] / 4)
    return Raster(name="made", bands=band[None], north=12.0, west=4.5, height=1.0, width=1.0)


def drawn(raster: Raster, random: np.random.RandomState, latitude: float, longitude: float) -> Measured:
    """A tissue value of an animal of this place."""
    cell = raster.cell(latitude, longitude)
    assert cell is not None
    value = _LINE[0] + _LINE[1] * float(raster.bands[0][cell]) + random.normal(0, _SPREAD)
    return Measured(element="H", value=float(value), deviation=0.0, scale="made")


def tissue_of(raster: Raster, random: np.random.RandomState) -> TissueModel:
    """The line fitted to animals of forty random places."""
    places = zip(random.uniform(-18, 8, _KNOWN).tolist(), random.uniform(8, 34, _KNOWN).tolist(), strict=True)
    return tissue_fit(
        raster,
        [
            Known(id=str(number), latitude=lat, longitude=lon, value=drawn(raster, random, lat, lon))
            for number, (lat, lon) in enumerate(places)
        ],
    )


def kept(model: MapModel, table: GenotypeTable, seed: int, *, leave: bool) -> Kept:
    """Place every animal by both kinds of evidence and look where it came from."""
    random, raster = np.random.RandomState(seed + 100), isoscape()
    tissue = tissue_of(raster, random)
    run = locate(model, table, leave_out=table.columns["population"] if leave else None)
    truths = list(zip(*(map(float, table.columns[name]) for name in ("latitude", "longitude")), strict=True))
    values = {name: drawn(raster, random, *truth) for name, truth in zip(table.ids, truths, strict=True)}
    flat = model.grid.areas / model.grid.areas.sum()
    reach = reach_of(model, raster, tissue, 0.0, LEVELS)
    hits, areas = [], []
    for one, truth in zip(combined(run, raster, tissue, values), truths, strict=True):
        assert one.share is not None
        cell, own = model.grid.cell_of(*truth), one.genetic.by_prior[Prior.FLAT].share
        assert reach is not None
        floors = reach.of(model, one.genetic.without)
        isotopic = combine(model.grid, flat, raster, surface_posterior(raster, [tissue], [one.value]))
        found = [
            regions(model.grid, one.share, LEVELS, floors),
            *(regions(model.grid, share, LEVELS) for share in (own, isotopic)),
        ]
        hits.append([[bool(region.cells[cell]) for region in three] for three in found])
        areas.append([three[-1].area_km2 for three in found])
    together, genetic, alone = np.array(hits).transpose(1, 0, 2)
    size = np.array(areas)
    return Kept(together=together, genetic=genetic, isotopic=alone, area=size[:, 0], genetic_area=size[:, 1])


def measured(size: int, seeds: Sequence[int] = SEEDS, *, animals: int = 120) -> dict[str, Kept]:
    """Of several made sets: animals of left-out, never sampled and sampled sites."""
    parts: dict[str, list[Kept]] = {}
    for seed in seeds:
        data = synthetic_map(MapDesign(seed=seed, size=size, sampled=animals, unsampled=130))
        model = model_of(data.baseline_csv)
        for name, text, step in (
            ("own site left out", data.baseline_csv, 11),
            ("never sampled", data.unsampled_csv, 1),
            ("sampled sites", data.sampled_csv, 1),
        ):
            found = kept(model, thinned(table_of(text), step), seed, leave=step > 1)
            parts.setdefault(name, []).append(found)
    return {name: _joined(found) for name, found in parts.items()}


def _joined(parts: Sequence[Kept]) -> Kept:
    return Kept(
        **{
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("together", "genetic", "isotopic", "area", "genetic_area")
        }
    )


def rows(size: int, fst: str) -> list[str]:
    """Lines of the table."""
    found = []
    for name, one in measured(size).items():
        cells = []
        for place in range(len(LEVELS)):
            hits, animals = int(one.together[:, place].sum()), len(one.together)
            low, high = wilson(hits, animals)
            alone = f"{one.genetic[:, place].mean():.1%}; {one.isotopic[:, place].mean():.1%}"
            cells.append(f"{hits / animals:.1%} ({low:.0%}–{high:.0%}); {alone}")
        share = float(np.median(one.area) / np.median(one.genetic_area))
        found.append(f"| F_ST {fst}, {name} | {len(one.together)} | {' | '.join(cells)} | {share:.0%} |")
    return found


def main() -> None:
    """Print the page."""
    lines = [_HEAD, "Each cell: together (interval); genetic; isotopic.\n"]
    lines += ["| animals, three seeds | number | 50 % | 75 % | 90 % | 95 % | area |", "|---|---|---|---|---|---|---|"]
    for size, fst in SIZES:
        lines += rows(size, fst)
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
