"""Two increments of one tissue: which limb of the bomb curve each lies on.

If it is known which increment is the younger (the base of a tusk is younger than its tip), the two formation years
x (older) and y (younger) obey x <= y, and y - x does not exceed what the tissue can span. Both dates are
taken over all pairs of years that obey this, with the probabilities of the single calibrations as
weights (a sequence in the sense of Bronk Ramsey 2009, Radiocarbon 51: 337-360).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from analysis.age.calibrate import LEVELS, Calibration, ranges_of
from analysis.age.curve import Floats
from analysis.errors import InputRefused

FEWEST = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """Both calibrations after each has heard of the other; `agreement` is the probability that two independent
    dates would obey the order and the span: small where the measurements contradict what is held known."""

    older: Calibration
    younger: Calibration
    agreement: float


def sequence(older: Calibration, younger: Calibration, *, longest: float = math.inf) -> Sequence:
    """Join two calibrations on one curve; `longest` is the largest span in years between the increments.

    Raises `InputRefused` for calibrations on different curves, a span that is none, and measurements that
    contradict the order (agreement below 0.0001).
    """
    if older.curve != younger.curve or len(older.years) != len(younger.years):
        raise InputRefused(
            f"The two samples are calibrated on «{older.curve}» and «{younger.curve}».",
            field="curve",
            remedy="Calibrate both increments of one animal on the same curve.",
        )
    if not longest > 0:
        raise InputRefused(f"The longest span is {longest} years.", field="longest", remedy="Give years above 0.")
    x, y = older.probabilities, younger.probabilities
    after = _mass(y, older.years, younger.years, 0.0, longest)
    before = _mass(x, younger.years, older.years, -longest, 0.0)
    agreement = float((x * after).sum())
    if agreement < FEWEST:
        raise InputRefused(
            f"The two measurements contradict the order of the increments (agreement {agreement:.1g}).",
            field="second_f14c",
            remedy="Exchange the samples? Or two animals, contamination, or a longer span than was stated.",
        )
    return Sequence(older=_updated(older, x * after), younger=_updated(younger, y * before), agreement=agreement)


def _mass(weights: Floats, at: Floats, years: Floats, low: float, high: float) -> Floats:
    """For each year in `at`: the weight of `years` from low to high years later."""
    cumulated = np.concatenate([[0.0], np.cumsum(weights)])
    first = np.searchsorted(years, at + low, side="left")
    last = np.searchsorted(years, at + high, side="right")
    found: Floats = cumulated[last] - cumulated[first]
    return found


def _updated(calibration: Calibration, weights: Floats) -> Calibration:
    probabilities = weights / weights.sum()
    found = replace(calibration, probabilities=probabilities)
    return replace(found, ranges={level: ranges_of(found, level) for level in LEVELS})
