"""What is held of a place before the genotype is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from analysis.origin.spatial.geography import EARTH_KM, Floats, chord_km

_EVERYWHERE = 0.1


class Prior(StrEnum):
    """`flat`: every km² of the map is as likely. `density`: in proportion to how densely the baseline was sampled
    there."""

    FLAT = "flat"
    DENSITY = "density"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How densely the map was sampled: the kernel (G, J) of each site in each cell."""

    kernels: Floats

    def log_density(self, without: Sequence[int] = ()) -> Floats:
        """(G,): log of the density per km² up to a constant, some sites left out.

        A tenth of the highest density is added everywhere, for animals also live where nobody sampled.
        """
        density = self.kernels.sum(axis=1)
        if len(without):
            density -= self.kernels[:, list(without)].sum(axis=1)
        found: Floats = np.log(np.maximum(density / density.max(), 0.0) + _EVERYWHERE)
        return found

    def log_prior(self, prior: Prior, without: Sequence[int] = ()) -> Floats:
        """(G,): log of a prior's density per km², up to a constant."""
        return np.zeros(len(self.kernels)) if prior is Prior.FLAT else self.log_density(without)


def sampling_of(cells: Floats, sites: Floats) -> Sampling:
    """A normal kernel per site (J, 3), twice as wide as the median distance to the next site and no narrower than
    Silverman's (1986) rule."""
    between = chord_km(sites, sites)
    np.fill_diagonal(between, np.inf)
    spread = EARTH_KM * float(np.sqrt(sites.var(axis=0).sum() / 2))
    nearest = np.sort(between.min(axis=1))
    # Their median; NumPy's own first loads all of its masked arrays.
    middle = float(nearest[(len(nearest) - 1) // 2] + nearest[len(nearest) // 2]) / 2
    width = max(2.0 * middle, spread * len(sites) ** (-1 / 6), 1e-3)
    return Sampling(kernels=np.exp(-0.5 * (chord_km(cells, sites) / width) ** 2))
