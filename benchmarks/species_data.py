"""Simulated barcodes of many species, for benchmarks only: a Yule tree, codon-aware change, individuals.

The rates by codon position are those of a mitochondrial coding gene (third positions fast, second nearly fixed,
a gamma share among sites), transitions outnumber transversions. Nothing here is anyone's sequence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.uint8]
LETTERS = np.frombuffer(b"ACGT", np.uint8)
IUPAC = {frozenset("AG"): "R", frozenset("CT"): "Y", frozenset("CG"): "S", frozenset("AT"): "W",
         frozenset("GT"): "K", frozenset("AC"): "M"}  # fmt: skip
_STOPS = np.array([48, 50, 8, 10])  # TAA TAG AGA AGG as 16a + 4b + c with A C G T = 0 1 2 3
_TRANSITION = {"A": "G", "G": "A", "C": "T", "T": "C"}
_SCALE = 0.135
_WITHIN = 0.004


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """`bases` (individuals, length) as 0–3 for ACGT, `species` (individuals,); the first of each is held out."""

    bases: Matrix
    species: npt.NDArray[np.int64]

    def text(self, number: int) -> str:
        """An individual's sequence."""
        text: str = LETTERS[self.bases[number]].tobytes().decode()
        return text

    @property
    def first(self) -> npt.NDArray[np.bool_]:
        """Whether an individual is the first of its species."""
        return np.concatenate([[True], self.species[1:] != self.species[:-1]])


def simulate(species: int, *, seed: int, length: int = 657, each: tuple[int, int] = (4, 6)) -> Simulated:
    """`species` species with `each[0]` to `each[1]` individuals of a coding locus; the same seed, the same data."""
    random = np.random.Generator(np.random.PCG64(seed))
    cumulative = _site_rates(random, length)
    parents, branches, tips = _yule(species, random)
    nodes = _evolve(parents, branches, _root(random, length), cumulative, random)
    typical = nodes[tips]
    counts = random.integers(each[0], each[1] + 1, species)
    depth = np.minimum(random.exponential(_WITHIN, species), 0.02)
    clades = [_mutate(typical, random.poisson(depth * 0.5 * length), cumulative, random) for _ in range(2)]
    of = np.repeat(np.arange(species), counts)
    second = random.random(len(of)) < 0.5
    bases = np.where(second[:, None], clades[1][of], clades[0][of])
    bases = _mutate(bases, random.poisson(depth[of] * 0.35 * length), cumulative, random)
    return Simulated(bases=bases, species=of)


def _site_rates(random: np.random.Generator, length: int) -> npt.NDArray[np.float64]:
    place = np.arange(length) % 3
    slow_thirds = random.random(length) < 0.25
    rate = np.where(place == 0, 0.10, np.where(place == 1, 0.015, np.where(slow_thirds, 0.15, 2.9)))
    rate = rate * random.gamma(2.0, 0.5, length)
    return np.cumsum(rate / rate.sum())


def _yule(tips: int, random: np.random.Generator) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], Matrix]:
    """Parent and branch length of every node (parents first), and the nodes that are tips."""
    parents, born, died = [-1], [0.0], [0.0]
    alive, now = [0], 0.0
    while len(alive) < tips:
        now += random.exponential(1.0 / len(alive))
        at = int(random.integers(len(alive)))
        parent = alive[at]
        died[parent] = now
        alive[at] = len(parents)
        alive.append(len(parents) + 1)
        parents += [parent, parent]
        born += [now, now]
        died += [0.0, 0.0]
    now += random.exponential(1.0 / len(alive))
    for node in alive:
        died[node] = now
    return np.array(parents), np.array(died) - np.array(born), np.array(alive)


def _evolve(
    parents: npt.NDArray[np.int64],
    branches: npt.NDArray[np.float64],
    root: Matrix,
    cumulative: npt.NDArray[np.float64],
    random: np.random.Generator,
) -> Matrix:
    level = np.zeros(len(parents), np.int64)
    for node in range(1, len(parents)):
        level[node] = level[parents[node]] + 1
    nodes = np.empty((len(parents), len(root)), np.uint8)
    nodes[0] = root
    order = np.argsort(level, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(level[order])) + 1)[1:]:
        count = random.poisson(branches[members] * _SCALE * len(root))
        nodes[members] = _mutate(nodes[parents[members]], count, cumulative, random)
    return nodes


def _mutate(
    bases: Matrix, counts: npt.NDArray[np.int64], cumulative: npt.NDArray[np.float64], random: np.random.Generator
) -> Matrix:
    """Copies with `counts[i]` changes in row i; a change that makes a stop codon is taken back."""
    rows = np.repeat(np.arange(len(bases)), counts)
    sites = np.minimum(np.searchsorted(cumulative, random.random(len(rows)) * cumulative[-1]), len(cumulative) - 1)
    before = bases[rows, sites]
    flip = np.where(random.random(len(rows)) < 0.82, 2, np.where(random.random(len(rows)) < 0.5, 1, 3))
    changed = bases.copy()
    changed[rows, sites] = before ^ flip.astype(np.uint8)
    starts = sites - sites % 3
    inside = starts + 2 < bases.shape[1]
    rows, starts = rows[inside], starts[inside]
    codon = changed[rows, starts] * 16 + changed[rows, starts + 1] * 4 + changed[rows, starts + 2]
    stops = np.isin(codon, _STOPS)
    for step in range(3):
        changed[rows[stops], starts[stops] + step] = bases[rows[stops], starts[stops] + step]
    return changed


def _root(random: np.random.Generator, length: int) -> Matrix:
    root = random.choice(4, length, p=[0.28, 0.26, 0.16, 0.30]).astype(np.uint8)
    for start in range(0, length - 2, 3):
        while root[start] * 16 + root[start + 1] * 4 + root[start + 2] in _STOPS:
            root[start : start + 3] = random.choice(4, 3)
    return root


def ambiguous(sequence: str, share: float, random: np.random.Generator) -> str:
    """The sequence with about `share` of its letters unsettled: seven in ten N, the others two-base codes."""
    letters = list(sequence)
    for at in random.integers(0, len(letters), random.binomial(len(letters), share)):
        letters[at] = "N" if random.random() < 0.7 else "RYSWKM"[int(random.integers(6))]
    return "".join(letters)


def unsettled(sequence: str, share: float, random: np.random.Generator) -> str:
    """The sequence with `share` of its bases replaced by codes that hold them: three in ten N, the others of two."""
    letters = list(sequence)
    for at in np.flatnonzero(random.random(len(letters)) < share).tolist():
        others = [base for base in "ACGT" if base != letters[at]]
        if len(others) == 3:
            pair = IUPAC[frozenset((letters[at], others[int(random.integers(3))]))]
            letters[at] = "N" if random.random() < 0.3 else pair
    return "".join(letters)


def with_errors(sequence: str, share: float, random: np.random.Generator) -> str:
    """The sequence with sequencing errors, 15 % of them insertions and deletions."""
    out: list[str] = []
    for letter in sequence:
        if random.random() >= share:
            out.append(letter)
            continue
        kind = random.random()
        if kind < 0.075:
            continue
        if kind < 0.15:
            out.append(letter)
        out.append(str(random.choice([base for base in "ACGT" if base != letter])))
    return "".join(out)


def fragment(bases: str, length: int, draw: np.random.Generator) -> str:
    """A stretch of `length` bases at random."""
    start = int(draw.integers(0, len(bases) - length + 1))
    return bases[start : start + length]


def relative(bases: str, draw: np.random.Generator) -> str:
    """Another animal of the same species: up to five substitutions, three of four of them transitions."""
    letters = list(bases)
    for at in draw.integers(0, len(letters), int(draw.choice([0, 1, 1, 2, 3, 5]))).tolist():
        if (before := letters[at].upper()) in _TRANSITION:
            others = [base for base in "ACGT" if base not in (before, _TRANSITION[before])]
            letters[at] = _TRANSITION[before] if draw.random() < 0.75 else others[int(draw.integers(2))]
    return "".join(letters)
