"""Synthetic material of the demonstration: genotypes, barcodes and traces, all from our own generators.

Names of real species stand on sequences that were never theirs; everything says SYNTHETIC.
"""

import csv
import io
from dataclasses import dataclass
from datetime import date

import numpy as np

from analysis.age.synthetic import synthetic_curve, synthetic_f14c
from analysis.origin.synthetic import Design as Genotypes
from analysis.origin.synthetic import SyntheticData, synthetic_data
from analysis.origin.synthetic_isoscape import IsoscapeDesign, synthetic_isoscape, tissue_value
from analysis.origin.synthetic_map import MapDesign, SyntheticMap, synthetic_map
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


def mapped() -> SyntheticMap:
    """Populations on a map, grown with isolation by distance, and two tusks from among them."""
    return synthetic_map(
        MapDesign(
            seed=_SEED,
            side=6,
            size=60,
            generations=120,
            loci=12,
            alleles=8,
            sites=20,
            animals=10,
            sampled=2,
            unsampled=1,
            south=-16.0,
            west=16.0,
        )
    )


def mapped_baseline() -> bytes:
    """The populations on the map."""
    return mapped().baseline_csv.encode()


def mapped_samples() -> bytes:
    """Two tusks from among them."""
    return mapped().sampled_csv.encode()


ISOSCAPE = IsoscapeDesign(seed=_SEED, north=-3.0, west=14.0, rows=16, columns=16)
"""Over the frame of the populations on the map."""


def isoscape_raster() -> bytes:
    """Oxygen in rain over that frame."""
    return synthetic_isoscape(ISOSCAPE).geotiff


def isoscape_known() -> bytes:
    """Tusks of known origin."""
    return synthetic_isoscape(ISOSCAPE).known_csv.encode()


def tusk_oxygen() -> bytes:
    """δ18O of the two tusks, each as the place it came from gives it."""
    rows = ["id,value,scale"]
    for tusk in csv.DictReader(io.StringIO(mapped().sampled_csv)):
        value = tissue_value(ISOSCAPE, float(tusk["latitude"]), float(tusk["longitude"]))
        rows.append(f"{tusk['id']},{value:.2f},{ISOSCAPE.scale}")
    return ("\n".join(rows) + "\n").encode()


def registered() -> SyntheticData:
    """Registered animals to compare profiles with."""
    return synthetic_data(
        Genotypes(seed=_SEED + 1, groups=1, populations_per_group=2, animals=40, loci=16, samples=1, outside_samples=1)
    )


def registered_profiles() -> bytes:
    """The registered animals as a table."""
    return registered().baseline_csv.encode()


def horn_profile() -> bytes:
    """The profile of a registered animal, typed again from a horn with one allele dropped out, and a stranger's."""
    head, *rows = registered().baseline_csv.splitlines()
    known, stranger = rows[11].split(","), registered().samples_csv.splitlines()[-1].split(",")
    places = range(4, len(known), 2)
    dropped = next(place for place in places if known[place] and known[place] != known[place + 1])
    known[dropped + 1] = known[dropped]
    lines = [",".join(["id", *head.split(",")[4:]]), ",".join(["SYN-HORN-1", *known[4:]])]
    return ("\n".join([*lines, ",".join(["SYN-HORN-2", *stranger[2:]])]) + "\n").encode()


def curve() -> bytes:
    """A made-up calibration curve of one zone."""
    return synthetic_curve("SH3")


def increments() -> bytes:
    """Two increments of one tusk, formed 1975 (tip) and 1996 (base)."""
    rows = ["id,f14c,sigma,tissue,position,zone"]
    for name, year, position in (("SYN-TIP", 1975.0, "older"), ("SYN-BASE", 1996.0, "younger")):
        rows.append(f"{name},{synthetic_f14c(year) + 0.001:.4f},0.003,SYN-TUSK-1,{position},SH3")
    return ("\n".join(rows) + "\n").encode()


def verbal_scale() -> bytes:
    """The laboratory's words beside likelihood ratios: bounds and words of its own."""
    bands = ((1, "no support"), (10, "some support"), (1000, "strong support"), (1_000_000, "very strong support"))
    rows = [
        "scale,version,from,words,source",
        *(f"DEMO,1,{start},{words},SYNTHETIC house rules" for start, words in bands),
    ]
    return ("\n".join(rows) + "\n").encode()


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


Animal = list[tuple[str, str]]
"""Two alleles at each of sixteen loci."""


def herd(count: int) -> list[Animal]:
    """Animals that are not related, of one invented population."""
    random = np.random.default_rng(_SEED)
    frequencies = [random.dirichlet(np.full(9, 2.0)) for _locus in range(16)]
    drawn = [[random.choice(9, 2, p=p) for p in frequencies] for _animal in range(count)]
    return [[(str(120 + 2 * int(a)), str(120 + 2 * int(b))) for a, b in animal] for animal in drawn]


def young(mother: Animal, father: Animal, number: int) -> Animal:
    """Their young: one allele of each at every locus."""
    random = np.random.default_rng(_SEED + 1 + number)
    return [(m[random.integers(2)], f[random.integers(2)]) for m, f in zip(mother, father, strict=True)]


def parrots() -> SyntheticData:
    """Wild parrots of two regions, and animals that are none of them."""
    return synthetic_data(
        Genotypes(seed=_SEED + 2, groups=2, populations_per_group=1, animals=40, loci=16, samples=8, outside_samples=1)
    )


def wild_parrots() -> bytes:
    """The wild parrots as a table."""
    return parrots().baseline_csv.encode()


_DEAD = "SYN-SIRE-2"
PARROT_CLAIMS = (
    ("SYN-F1A", "SYN-DAM-1", "SYN-SIRE-1"),
    ("SYN-F1B", "SYN-DAM-2", _DEAD),
    ("SYN-RING-0407", "SYN-DAM-1", _DEAD),
    ("SYN-F2A", "SYN-F1A", "SYN-F1B"),
    ("SYN-F2B", "SYN-F1A", "SYN-F1B"),
)
"""What a breeder states: young, mother, father. The ringed bird is wild; the second sire died without a sample."""


def bred_parrots() -> bytes:
    """The breeder's birds, typed: true families but for one bird that was caught in the wild."""
    head, *rows = parrots().samples_csv.splitlines()
    founders = [_alleles(row) for row in rows[:5]]
    birds = dict(zip(("SYN-DAM-1", "SYN-SIRE-1", "SYN-DAM-2", _DEAD, "SYN-RING-0407"), founders, strict=True))
    for number, (name, mother, father) in enumerate(PARROT_CLAIMS):
        if name not in birds:
            bred = young(birds[mother], birds[father], 100 + number)
            birds[name] = [pair if all(pair) else ("", "") for pair in bred]
    lines = [",".join([name, *(one for pair in animal for one in pair)]) for name, animal in birds.items()]
    kept = [line for line in lines if not line.startswith(f"{_DEAD},")]
    return ("\n".join([",".join(["id", *head.split(",")[2:]]), *kept]) + "\n").encode()


def parrot_claims() -> bytes:
    """The breeder's pedigree."""
    rows = [",".join([*claim, _DEAD if _DEAD in claim else ""]) for claim in PARROT_CLAIMS]
    return ("\n".join(["offspring,dam,sire,untyped", *rows]) + "\n").encode()


def _alleles(row: str) -> Animal:
    cells = row.split(",")[2:]
    return list(zip(cells[::2], cells[1::2], strict=True))
