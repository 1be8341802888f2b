"""Which copies leave which sites when animals are taken out of a baseline."""

from __future__ import annotations

import numpy as np

from analysis.origin.baseline import Baseline
from analysis.origin.spatial.geography import Bools, Indexes, distinct
from analysis.origin.spatial.sites import FEWEST_SITES, Sites, removal_copies
from analysis.origin.spatial.surface import Removal

_FEWEST_POPULATIONS = 8


def site_removal(baseline: Baseline, sites: Sites, members: Bools) -> Removal:
    """Take chosen animals (N,) out of their sites."""
    touched = distinct(sites.member[members])
    copies, totals = [], []
    for site in touched:
        animals = np.flatnonzero(members & (sites.member == site)).tolist()
        gone, typed = removal_copies(baseline, animals, sites.counts)
        copies.append(gone)
        totals.append(typed)
    return Removal(sites=touched, copies=np.stack(copies, axis=1), totals=np.stack(totals, axis=1))


def animal_removal(baseline: Baseline, sites: Sites, animal: int) -> Removal:
    """Take one animal out of its site."""
    copies, totals = removal_copies(baseline, [animal], sites.counts)
    return Removal(sites=sites.member[animal : animal + 1], copies=copies[:, None], totals=totals[:, None])


def units_of(baseline: Baseline, sites: Sites) -> Indexes:
    """(N,): what is left out as a whole with each animal, -1 where too little would remain.

    Its population, which may have several sites; its site where there are fewer than eight populations.
    """
    unit = baseline.member if len(baseline.populations) >= _FEWEST_POPULATIONS else sites.member
    found = unit.astype(np.intp)
    if unit is sites.member:
        return found
    for population in distinct(found):
        touched = len(distinct(sites.member[found == population]))
        if len(sites.latitudes) - touched < FEWEST_SITES:
            found[found == population] = -1
    return found
