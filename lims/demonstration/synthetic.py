"""Synthetic material of the demonstration: genotypes, barcodes and traces, all from our own generators.

Names of real species stand on sequences that were never theirs; everything says SYNTHETIC.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from analysis.origin.synthetic import Design as Genotypes
from analysis.origin.synthetic import SyntheticData, synthetic_data
from analysis.species.abif import abif_bytes, trace_synthesise
from analysis.species.bases import reverse_complement
from analysis.species.synthetic import Barcode, barcodes, mutate

ABSENT = "Phataginus tetradactyla"
"""In no reference set, though its genus is: what comes from it can be called to the genus at most."""

_NAMED = (
    "Loxodonta africana",
    "Loxodonta cyclotis",
    "Elephas maximus",
    "Manis javanica",
    "Manis pentadactyla",
    "Phataginus tricuspis",
    ABSENT,
    "Smutsia gigantea",
    "Smutsia temminckii",
    "Ceratotherium simum",
    "Diceros bicornis",
    "Rhinoceros unicornis",
    "Rhinoceros sondaicus",
    "Bos taurus",
    "Bos indicus",
    "Bubalus bubalis",
    "Panthera tigris",
    "Panthera leo",
    "Panthera pardus",
    "Psittacus erithacus",
    "Psittacus timneh",
    "Sus scrofa",
    "Gallus gallus",
)
_GENERA = ("Fictus", "Ignotus", "Inanis", "Novus", "Pictus", "Probatus", "Quaesitus", "Simulatus", "Vagus")
_EPITHETS = ("primus", "secundus", "tertius")
_SEED = 20261121


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """A pair of trace files as a sequencer writes them."""

    forward: bytes
    reverse: bytes


def genotypes() -> SyntheticData:
    """A baseline of six populations in three groups, thirteen samples from it and three from none of them."""
    return synthetic_data(
        Genotypes(
            seed=_SEED,
            groups=3,
            populations_per_group=2,
            animals=40,
            loci=16,
            fst_groups=0.12,
            fst_populations=0.08,
            fst_outside=0.5,
            samples=13,
            outside_samples=3,
        )
    )


def library() -> list[Barcode]:
    """Synthetic barcodes, four animals of each species; the absent species is among them."""
    invented = [f"{genus} {epithet}" for genus in _GENERA for epithet in _EPITHETS]
    return barcodes([*_NAMED, *invented], seed=_SEED)


def reference_fasta() -> bytes:
    """The reference set as FASTA: all but the absent species."""
    return "".join(one.fasta for one in library() if one.species != ABSENT).encode()


def query(species: str, *, number: int) -> str:
    """Another animal of a species: its first barcode with a few bases changed."""
    base = next(one for one in library() if one.species == species)
    return mutate(base.sequence, 0.001, np.random.Generator(np.random.PCG64(_SEED + number)))


def stranger(*, number: int) -> str:
    """A coding sequence that is like nothing in the reference set."""
    base = library()[0]
    return mutate(base.sequence, 0.55, np.random.Generator(np.random.PCG64(_SEED - number)))


def traces(sequence: str, *, sample: str, number: int, run_on: date, error: float = 0.002) -> Traces:
    """Forward and reverse trace of a sequence."""
    pair = (sequence, reverse_complement(sequence.encode()).decode())
    written = [
        abif_bytes(
            trace_synthesise(text, sample=f"SYNTHETIC {sample} {way}", seed=number * 2 + at, run_on=run_on, error=error)
        )
        for at, (text, way) in enumerate(zip(pair, ("F", "R"), strict=True))
    ]
    return Traces(forward=written[0], reverse=written[1])
