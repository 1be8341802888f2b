"""Made-up animals on a map, with isolation by distance that grew by itself: every identifier says so.

A square of demes exchanges migrants with its four neighbours (the stepping-stone model of Kimura & Weiss 1964)
under drift for some hundred generations, starting from one ancestral population. Nothing of the
Gaussian process that is fitted later goes into it, so it may serve to judge that process.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.errors import InputRefused
from analysis.origin.synthetic import MARK

_Numbers = npt.NDArray[np.float64]
_RENEWAL = 0.001
"""Share of each deme that comes from the ancestral population in each generation: no allele is lost for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapDesign:
    """What to make. `size`: animals per deme; the smaller, the stronger the differentiation (F_ST about 0.13,
    0.05 and 0.015 for 40, 120 and 400). `step`: degrees between demes."""

    seed: int
    side: int = 14
    size: int = 120
    migration: float = 0.1
    generations: int = 400
    loci: int = 16
    alleles: int = 12
    sites: int = 60
    animals: int = 33
    sampled: int = 60
    unsampled: int = 60
    south: float = -18.0
    west: float = 8.0
    step: float = 2.0

    def __post_init__(self) -> None:
        demes = self.side**2
        if not 1 <= self.sites <= demes or self.unsampled > demes - self.sites:
            raise InputRefused(
                f"{self.sites} sites and {self.unsampled} others do not fit into {demes} demes.",
                field="sites",
                remedy="Make the square larger.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticMap:
    """CSV texts with the columns synthetic, id, population, latitude, longitude and the loci.

    `sampled` are other animals of the baseline's demes, `unsampled` one of each of further demes.
    """

    baseline_csv: str
    sampled_csv: str
    unsampled_csv: str


def synthetic_map(design: MapDesign) -> SyntheticMap:
    """Make a baseline and samples; the same design gives the same text."""
    random = np.random.RandomState(design.seed)
    frequencies = _drifted(random, design)
    order = random.permutation(design.side**2)
    sites = order[: design.sites]
    others = order[design.sites : design.sites + design.unsampled]
    again = sites[random.randint(design.sites, size=design.sampled)]
    make = _Maker(random, design, frequencies)
    return SyntheticMap(
        baseline_csv=make.table("R", np.repeat(sites, design.animals)),
        sampled_csv=make.table("S", again),
        unsampled_csv=make.table("U", others),
    )


def _drifted(random: np.random.RandomState, design: MapDesign) -> _Numbers:
    """(demes, loci, alleles) after the generations."""
    side = design.side
    ancestral = random.dirichlet(np.ones(design.alleles), design.loci)
    frequencies = np.repeat(ancestral[None], side * side, axis=0)
    for _ in range(design.generations):
        square = frequencies.reshape(side, side, design.loci, design.alleles)
        edged = np.pad(square, ((1, 1), (1, 1), (0, 0), (0, 0)), mode="edge")
        beside = (edged[:-2, 1:-1] + edged[2:, 1:-1] + edged[1:-1, :-2] + edged[1:-1, 2:]) / 4
        mixed = (1 - design.migration) * square + design.migration * beside
        mixed = (1 - _RENEWAL) * mixed.reshape(frequencies.shape) + _RENEWAL * ancestral
        frequencies = _bred(random, mixed, 2 * design.size)
    return frequencies


def _bred(random: np.random.RandomState, frequencies: _Numbers, copies: int) -> _Numbers:
    """One generation: multinomial draws, as binomials of what is left, allele after allele."""
    drawn = np.zeros_like(frequencies)
    left = np.full(frequencies.shape[:-1], copies)
    rest = np.ones(frequencies.shape[:-1])
    for allele in range(frequencies.shape[-1] - 1):
        share = np.clip(frequencies[..., allele] / np.maximum(rest, 1e-12), 0.0, 1.0)
        drawn[..., allele] = random.binomial(left, share)
        left = left - drawn[..., allele].astype(np.int64)
        rest = rest - frequencies[..., allele]
    drawn[..., -1] = left
    return drawn / copies


class _Maker:
    def __init__(self, random: np.random.RandomState, design: MapDesign, frequencies: _Numbers) -> None:
        self._random, self._design = random, design
        steps = frequencies.cumsum(axis=2)
        steps[..., -1] = 1.0
        self._steps = steps

    def table(self, letter: str, demes: npt.NDArray[np.integer]) -> str:
        design = self._design
        head = [f"SYN{locus:02d}_{half}" for locus in range(1, design.loci + 1) for half in (1, 2)]
        rows: list[Sequence[object]] = [["synthetic", "id", "population", "latitude", "longitude", *head]]
        for number, deme in enumerate(demes.tolist(), start=1):
            row, column = divmod(deme, design.side)
            latitude, longitude = design.south + row * design.step, design.west + column * design.step
            name = f"SYN-{letter}{number:04d}"
            rows.append([MARK, name, f"Synthetic deme {deme:03d}", latitude, longitude, *self._animal(deme)])
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(rows)
        return out.getvalue()

    def _animal(self, deme: int) -> list[int]:
        drawn = self._random.random_sample((self._design.loci, 2, 1)) > self._steps[deme][:, None, :]
        lengths: list[int] = (100 + 2 * drawn.sum(axis=2)).ravel().tolist()
        return lengths
