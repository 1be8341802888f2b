"""From an isoscape of water or food to one of a tissue: a regression on animals of known origin.

tissue = a + b x isoscape, by weighted least squares over sites, as calRaster of assignR does over animals (Ma et
al. 2020, Methods Ecol. Evol. 11: 996-1001). The tissue of a new animal has the line's prediction as its mean and a
variance of two parts: scatter of animals about the line, which holds what the isoscape errs, and uncertainty
of the line. Because scatter is estimated from few sites, the prediction is a t distribution with two
degrees of freedom fewer than there are sites.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.errors import InputRefused
from analysis.origin.isotope.raster import Raster
from analysis.origin.isotope.scales import Measured
from analysis.origin.spatial.geography import Floats
from analysis.statistics import beta_share

FEWEST = 8
_FAR, _STEPS = 12.0, 1000
POOR_FIT = 0.01
"""A value is at home nowhere where even the best place has so few animals as far from its line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An animal of known origin."""

    id: str
    latitude: float
    longitude: float
    value: Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class TissueModel:
    """The fitted line and its uncertainty. `scatter` is the residual standard deviation, `covariance` (2, 2) of
    intercept and slope, `degrees` of freedom; `r_squared` of the fit; `outside` animals fell off the isoscape.
    `between` is the part of the scatter that animals of one site share."""

    element: str
    scale: str
    animals: int
    sites: int
    outside: int
    intercept: float
    slope: float
    covariance: Floats
    scatter: float
    between: float
    degrees: int
    r_squared: float

    def predict(self, isoscape: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of a new animal's tissue where the isoscape has these values."""
        mean = self.intercept + self.slope * isoscape
        line = self.covariance[0, 0] + 2 * isoscape * self.covariance[0, 1] + isoscape**2 * self.covariance[1, 1]
        variance = self.scatter**2 + line
        return mean, np.sqrt(variance)

    def log_density(self, isoscape: Floats, value: Measured) -> Floats:
        """Log density of a value at each place; -inf where the isoscape has no data.

        The value's own deviation (of its measurement, and of bringing it to this scale) widens the density. The
        scatter of the known animals holds an ordinary error of measurement already: this errs on the wide side.
        Raises `InputRefused` for a value of another element or scale.
        """
        if (value.element, value.scale) != (self.element, self.scale):
            raise InputRefused(
                f"The value is {value.element} on «{value.scale}», the calibration {self.element} on «{self.scale}».",
                field="scale",
                remedy="Bring the value to the scale of the calibration first.",
            )
        return self.log_densities(isoscape, np.array(value.value), value.deviation)

    def log_densities(self, isoscape: Floats, values: Floats, deviation: float) -> Floats:
        """As `log_density`, of values on the calibration's scale that broadcast with the places."""
        mean, spread = self.predict(isoscape)
        spread = np.hypot(spread, deviation)
        n = self.degrees
        distance = (values - mean) / spread
        constant = math.lgamma((n + 1) / 2) - math.lgamma(n / 2) - 0.5 * math.log(n * math.pi)
        density = constant - np.log(spread) - (n + 1) / 2 * np.log1p(distance**2 / n)
        found: Floats = np.where(np.isfinite(density), density, -np.inf)
        return found

    def drawn(self, isoscape: Floats, chances: Floats, deviation: float) -> Floats:
        """The values that new animals of these places stay below with these chances; the arrays broadcast.

        Quantiles of the t distribution of `log_density`, between 2,001 steps; none lies beyond the outermost.
        """
        mean, spread = self.predict(isoscape)
        steps = np.linspace(-_FAR, _FAR, 2 * _STEPS + 1)
        tails = [0.5 * beta_share(self.degrees / 2, 0.5, self.degrees / (self.degrees + x * x)) for x in steps.tolist()]
        below = np.where(steps < 0, tails, 1 - np.array(tails))
        found: Floats = mean + np.hypot(spread, deviation) * np.interp(chances, below, steps)
        return found

    def fit(self, isoscape: Floats, value: Measured) -> float:
        """How often an animal of the place that fits best has a value as far from what is expected there: 1 for a value
        between the lowest and the highest that are expected somewhere (a surface has no gaps, its cells have), small
        for one far beyond. Two-sided tail of the t distribution of `log_density` (Abramowitz & Stegun 26.7.1)."""
        mean, spread = self.predict(isoscape)
        if np.nanmin(mean) <= value.value <= np.nanmax(mean):
            return 1.0
        nearest = float(np.nanmin(np.abs(value.value - mean) / np.hypot(spread, value.deviation)))
        return beta_share(self.degrees / 2, 0.5, self.degrees / (self.degrees + nearest**2))


def tissue_fit(raster: Raster, known: Sequence[Known]) -> TissueModel:
    """Calibrate an isoscape's first band to tissue.

    Animals of one site share what is particular to it: the line is fitted to site means, each weighted by how much
    it tells (variance between sites plus variance within over the number of animals, by moments), so that a site
    of forty does not count as forty sites. Raises `InputRefused` for values on different scales, for fewer than eight
    animals on the isoscape and for sites that all have one isoscape value.
    """
    scales = {(one.value.element, one.value.scale) for one in known}
    if len(scales) > 1:
        raise InputRefused(
            f"The known animals are on several scales: {', '.join(sorted(scale for _, scale in scales))}.",
            field="scale",
            remedy="Harmonise the values first; unharmonised values are not compared.",
        )
    cells = [raster.cell(one.latitude, one.longitude) for one in known]
    x = np.array([np.nan if cell is None else raster.bands[0][cell] for cell in cells])
    usable = np.isfinite(x)
    if int(usable.sum()) < FEWEST:
        raise InputRefused(
            f"{int(usable.sum())} known animals lie on the isoscape; {FEWEST} are needed.",
            file=raster.name,
            remedy="Check coordinates and projection, or use an isoscape that covers them.",
        )
    y = np.array([one.value.value for one in known])[usable]
    sites = np.array([f"{one.latitude:.4f} {one.longitude:.4f}" for one in known])[usable]
    element, scale = next(iter(scales))
    return _fitted(x[usable], y, sites, element, scale, outside=int((~usable).sum()))


def _fitted(x: Floats, y: Floats, labels: np.ndarray, element: str, scale: str, *, outside: int) -> TissueModel:
    _, member = np.unique(labels, return_inverse=True)
    size = np.bincount(member).astype(float)
    mean_x = np.bincount(member, weights=x) / size
    mean_y = np.bincount(member, weights=y) / size
    if len(size) < 4 or float(np.ptp(mean_x)) == 0.0:
        raise InputRefused(
            f"The known animals come from {len(size)} sites with {len(np.unique(mean_x))} isoscape values.",
            remedy="A calibration needs four or more sites of different isoscape values.",
        )
    within = _within(y - mean_y[member], len(y) - len(size))
    between = 0.0
    for _ in range(50):
        weight = 1 / (between + within / size + 1e-9)
        line, covariance = _line(mean_x, mean_y, weight)
        residual = mean_y - line[0] - line[1] * mean_x
        excess = float((weight * (residual**2 - within / size * (len(size) - 2) / len(size))).sum() / weight.sum())
        moved = max(excess * len(size) / (len(size) - 2), 0.0)
        if abs(moved - between) < 1e-6:
            break
        between = moved
    total = between + within
    explained = 1 - float(((y - line[0] - line[1] * x) ** 2).sum()) / float(((y - y.mean()) ** 2).sum())
    return TissueModel(
        element=element, scale=scale, animals=len(y), sites=len(size), outside=outside,
        intercept=float(line[0]), slope=float(line[1]), covariance=covariance, scatter=math.sqrt(total),
        between=math.sqrt(between), degrees=len(size) - 2, r_squared=explained,
    )  # fmt: skip


def _within(residual: Floats, degrees: int) -> float:
    return float((residual**2).sum()) / degrees if degrees > 0 else 0.0


def _line(x: Floats, y: Floats, weight: Floats) -> tuple[Floats, Floats]:
    design = np.stack([np.ones_like(x), x], axis=1)
    inverse: Floats = np.linalg.inv(design.T @ (weight[:, None] * design)).astype(np.float64)
    return inverse @ design.T @ (weight * y), inverse
