"""Synthetic barcodes: a coding stretch that evolves along an invented tree. Names are marked synthetic throughout.

The names of real species may be asked for as labels of a demonstration; the sequences never are theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

LENGTH: Final = 657
_STOPS: Final = frozenset({"TAA", "TAG", "AGA", "AGG"})
_WEIGHTS: Final = (0.12, 0.05, 0.83)
"""Share of substitutions at first, second and third codon positions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """How synthetic sequences differ, in shares of bases: within species, between species, between genera."""

    within: float = 0.002
    species: float = 0.06
    genus: float = 0.16
    each: int = 4
    length: int = LENGTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Barcode:
    """A synthetic sequence with the label it stands under."""

    accession: str
    species: str
    sequence: str

    @property
    def fasta(self) -> str:
        """The record as FASTA, marked synthetic."""
        return f">{self.accession}|{self.species}|SYNTHETIC\n{self.sequence}\n"


def barcodes(species: Sequence[str], *, seed: int, design: Design = Design()) -> list[Barcode]:
    """`design.each` synthetic individuals of each species; the same seed gives the same sequences."""
    random = np.random.Generator(np.random.PCG64(seed))
    root = _open_frame(random, design.length)
    genera: dict[str, str] = {}
    found: list[Barcode] = []
    for name in species:
        genus = name.split()[0]
        if genus not in genera:
            genera[genus] = mutate(root, design.genus, random)
        typical = mutate(genera[genus], design.species / 2, random)
        for number in range(1, design.each + 1):
            accession = f"SYN-{len(found) + 1:04d}"
            found.append(
                Barcode(
                    accession=accession, species=name, sequence=mutate(typical, design.within * (number > 1), random)
                )
            )
    return found


def mutate(sequence: str, share: float, random: np.random.Generator) -> str:
    """The sequence with about `share` of its bases changed, mostly at third positions, never to a stop codon."""
    letters = list(sequence)
    weights = np.tile(_WEIGHTS, len(letters) // 3 + 1)[: len(letters)]
    count = int(random.poisson(share * len(letters)))
    for at in random.choice(len(letters), size=min(count, len(letters)), replace=False, p=weights / weights.sum()):
        before = letters[at]
        letters[at] = str(random.choice([base for base in "ACGT" if base != before]))
        codon = "".join(letters[at - at % 3 : at - at % 3 + 3])
        if codon in _STOPS:
            letters[at] = before
    return "".join(letters)


def _open_frame(random: np.random.Generator, length: int) -> str:
    """A stretch without stop codons of the vertebrate mitochondrial code (NCBI table 2)."""
    codons: list[str] = []
    while len(codons) < length // 3:
        codon = "".join(random.choice(list("ACGT"), size=3, p=(0.27, 0.26, 0.17, 0.30)))
        if codon not in _STOPS:
            codons.append(codon)
    return "".join(codons).ljust(length, "A")[:length]
