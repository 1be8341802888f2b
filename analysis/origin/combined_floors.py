"""How far a combined region must reach: left-out animals of the baseline, each with tissue values drawn for its place.

The animals that calibrate the map's own regions (`spatial.calibration`) have genotypes and places but no tissue value.
If genotype and value are independent given the place, as the method demands, a value may be drawn for each: from what
the isoscape's calibration expects of an animal where this one was sampled. So each is placed by both, and the floors of
combined regions follow by the same split-conformal rule, for sampled cells and for others. What the draw cannot show is
an error of the isoscape itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.draws import Draws
from analysis.origin.isotope.calibration import TissueModel
from analysis.origin.isotope.raster import Raster
from analysis.origin.spatial.calibration import Floor, Held, crossed, floor_of, tails_of
from analysis.origin.spatial.geography import Bools, Floats, Indexes
from analysis.origin.spatial.model import MapModel
from analysis.origin.spatial.regions import LEVELS
from analysis.origin.spatial.sites import cells_sampled

VALUES = 8
"""Values drawn for each animal, one in each eighth of what is expected."""
_SEED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Floors of combined regions, one for each level, and how the 95 % regions did with animals whose site was out."""

    floors: tuple[Floor, ...]
    held: Held

    def of(self, model: MapModel, without: Sequence[int]) -> list[Floats]:
        """For each level (G,) what decides whether a cell lies in a region, some sites left out."""
        sampled = cells_sampled(model.cells, model.sites, len(model.grid.areas), without)
        return [np.where(sampled, one.sampled, one.elsewhere) for one in self.floors]


def reach_of(
    model: MapModel, raster: Raster, tissue: TissueModel, deviation: float, levels: Sequence[float] = LEVELS
) -> Reach | None:
    """What animals with drawn values teach of samples whose own value has this `deviation`; None where the map was not
    calibrated. Animals of cells without isoscape data are not asked."""
    if model.calibration is None:
        return None
    trials = model.calibration.trials
    isoscape = _isoscape(model, raster)[trials.cells]
    asked = np.isfinite(isoscape[trials.truth])
    scores, truth, sampled = trials.scores[asked], trials.truth[asked], trials.sampled[asked]
    chances = (np.arange(VALUES) + Draws(_SEED, 23).uniform((len(truth), VALUES))) / VALUES
    values = tissue.drawn(isoscape[truth][:, None], chances, deviation)
    tails = np.stack(
        [
            tails_of(
                model.power * scores + tissue.log_densities(isoscape, values[:, place : place + 1], deviation),
                truth,
                trials.areas,
            )
            for place in range(VALUES)
        ],
        axis=1,
    )
    return Reach(
        floors=tuple(floor_of(tails, sampled, 1 - level) for level in levels),
        held=_held(tails, sampled, trials.unit[asked]),
    )


def _isoscape(model: MapModel, raster: Raster) -> Floats:
    """(G,): the isoscape in the map's cells, NaN where it has no data."""
    known = np.isfinite(raster.bands[0])
    places = model.grid.latitudes, model.grid.longitudes
    values = raster.at(np.where(known, raster.bands[0], 0.0), *places)
    return np.where(raster.at(known.astype(float), *places) > 0, values, np.nan)


def _held(tails: Floats, sampled: Bools, unit: Indexes) -> Held:
    """Of animals whose site was out, how many 95 % regions held the place; the values of one are one animal."""
    missed, out = 1 - LEVELS[-1], ~sampled
    inside = crossed(tails, sampled, unit, missed)[out].mean(axis=1) if out.any() else np.zeros(0)
    plain = (tails[out] > missed).mean(axis=1)
    return Held(animals=int(out.sum()), covered=round(float(inside.sum())), plain=round(float(plain.sum())))
