"""A species reference set on disk: distinct sequences, the records that carry them, their names."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from analysis.canonical import Json, canonical_json
from analysis.errors import InputRefused
from analysis.inputs import Progress, no_progress
from analysis.reference import ReferenceSet, freeze, open_reference
from analysis.species.bases import has_ambiguity
from analysis.species.index import KmerIndex, index_build, index_open
from analysis.species.records import Record, Taxonomy

KIND: Final = "species"
SAMPLING: Final = 2
SHORTEST: Final = 60
"""References and queries below 60 bases are not used: too few k-mers and too little to tell species apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Species:
    """A species in the set: its name, ranks, and whether the name settles the species."""

    name: str
    genus: str | None
    family: str | None
    verified: bool


class Library:
    """An opened species reference set; everything large stays memory-mapped.

    Records are numbered by accession order, distinct sequences and species by first record.
    """

    def __init__(self, reference: ReferenceSet) -> None:
        folder = reference.folder
        self.reference = reference
        self.loci: list[str] = _strings(folder / "loci.json")
        self._accessions = _Texts(folder, "accessions")
        self._names = _Texts(folder, "names")
        self._notes = _Texts(folder, "notes")
        self._bases = np.memmap(folder / "sequences.bin", np.uint8, "r")
        self._starts = _array(folder / "sequence_offsets.npy")
        self.record_sequence = _array(folder / "record_sequence.npy")
        self.record_species = _array(folder / "record_species.npy")
        self.record_locus = _array(folder / "record_locus.npy")
        self._by_sequence = _array(folder / "records_by_sequence.npy")
        self._by_sequence_offsets = _array(folder / "records_by_sequence_offsets.npy")
        self._ambiguous = _array(folder / "sequence_ambiguous.npy")
        self.index: KmerIndex = index_open(
            folder, size=len(self._starts) - 1, sampling=int(str(reference.facts["sampling"]))
        )

    @cached_property
    def species(self) -> list[Species]:
        """All species of the set, absent ones (no record) last."""
        rows = json.loads((self.reference.folder / "species.json").read_bytes())
        return [Species(**row) for row in rows]

    @cached_property
    def species_records(self) -> npt.NDArray[np.int64]:
        """How many records each species has, shape (species,)."""
        return np.bincount(self.record_species, minlength=len(self.species))

    @cached_property
    def genus_members(self) -> Mapping[str, tuple[int, ...]]:
        """Verified species of each genus, with and without records."""
        members: dict[str, list[int]] = {}
        for number, species in enumerate(self.species):
            if species.genus and species.verified:
                members.setdefault(species.genus, []).append(number)
        return {genus: tuple(numbers) for genus, numbers in members.items()}

    @cached_property
    def _numbers(self) -> Mapping[str, int]:
        return {species.name: number for number, species in enumerate(self.species)}

    def species_number(self, name: str) -> int | None:
        """The number of a species by its name, None where the set does not know it."""
        return self._numbers.get(name)

    @property
    def size(self) -> int:
        """Number of records."""
        return len(self.record_sequence)

    def accession(self, record: int) -> str:
        """Accession of a record."""
        return self._accessions[record]

    def record_number(self, accession: str) -> int:
        """The number of a record by its accession; raises `KeyError` where the set has none."""
        low, high = 0, self.size
        while low < high:
            middle = (low + high) // 2
            if self._accessions[middle] < accession:
                low = middle + 1
            else:
                high = middle
        if low == self.size or self._accessions[low] != accession:
            raise KeyError(accession)
        return low

    def name(self, record: int) -> str:
        """Taxon name of a record, as found."""
        return self._names[record]

    def note(self, record: int) -> str:
        """Whatever else the record's header said."""
        return self._notes[record]

    def sequence(self, number: int) -> bytes:
        """A distinct sequence."""
        return self._bases[int(self._starts[number]) : int(self._starts[number + 1])].tobytes()

    def is_ambiguous(self, number: int) -> bool:
        """Whether a distinct sequence holds IUPAC codes."""
        return bool(self._ambiguous[number])

    def records_of(self, number: int) -> npt.NDArray[np.int64]:
        """The records that carry a distinct sequence, in accession order."""
        low, high = self._by_sequence_offsets[number], self._by_sequence_offsets[number + 1]
        return self._by_sequence[int(low) : int(high)]

    def records_of_species(self, species: int) -> npt.NDArray[np.int64]:
        """The records of a species, in accession order."""
        low, high = np.searchsorted(self._species_sorted[0], [species, species + 1])
        return self._species_sorted[1][low:high]

    @cached_property
    def _species_sorted(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        order = np.argsort(self.record_species, kind="stable")
        return self.record_species[order], order


class _Texts:
    """Many short texts in one memory-mapped file."""

    def __init__(self, folder: Path, name: str) -> None:
        path = folder / f"{name}.bin"
        self._blob = np.memmap(path, np.uint8, "r") if path.stat().st_size else np.zeros(0, np.uint8)
        self._offsets = _array(folder / f"{name}_offsets.npy")

    def __getitem__(self, number: int) -> str:
        return self._blob[int(self._offsets[number]) : int(self._offsets[number + 1])].tobytes().decode()

    @staticmethod
    def write(folder: Path, name: str, texts: Iterable[str]) -> None:
        encoded = [text.encode() for text in texts]
        (folder / f"{name}.bin").write_bytes(b"".join(encoded))
        np.save(folder / f"{name}_offsets.npy", _offsets(encoded))


def library_open(folder: Path) -> Library:
    """Open a frozen species reference set; raises `InputRefused` where a byte of it changed."""
    return Library(open_reference(folder, kind=KIND))


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    """What went into a set and what was left out, each with its reason."""

    records: int
    distinct_sequences: int
    species: int
    species_without_record: int
    left_out: tuple[tuple[str, str], ...]


def library_build(
    folder: Path,
    records: Iterable[Record],
    *,
    name: str,
    version: str,
    taxonomy: Taxonomy | None = None,
    sampling: int = SAMPLING,
    progress: Progress = no_progress,
) -> tuple[Library, BuildReport]:
    """Build and freeze a set in `folder`, which must be new or empty.

    The order of `records` changes nothing. Raises `InputRefused` when no record can be used.
    """
    if folder.exists() and any(folder.iterdir()):
        raise InputRefused("The folder for the new set is not empty.", file=str(folder), remedy="Give a new folder.")
    progress(0.0, "reading records")
    used, left_out = _usable(records)
    species = _species_table(used, taxonomy)
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        facts = _write(scratch, used, species, sampling, progress)
        freeze(scratch, kind=KIND, name=name, version=version, facts=facts)
        if folder.exists():
            folder.rmdir()
        scratch.chmod(0o755)
        scratch.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    progress(1.0, "reference set frozen")
    library = library_open(folder)
    with_record = len({record.species for record in used})
    return library, BuildReport(
        records=len(used),
        distinct_sequences=library.index.size,
        species=with_record,
        species_without_record=len(species) - with_record,
        left_out=left_out,
    )


def _usable(records: Iterable[Record]) -> tuple[list[Record], tuple[tuple[str, str], ...]]:
    """The records long enough, by accession, and those left out with the reason."""
    every = sorted(records, key=lambda record: record.accession)
    used = [record for record in every if len(record.sequence) >= SHORTEST]
    if not used:
        raise InputRefused("No record can be used.", remedy=f"Give sequences of {SHORTEST} bases or more.")
    left_out = tuple(
        (record.accession, f"{len(record.sequence)} bases, fewer than {SHORTEST}")
        for record in every
        if len(record.sequence) < SHORTEST
    )
    return used, left_out


def _write(
    folder: Path, used: list[Record], species: list[Species], sampling: int, progress: Progress
) -> dict[str, Json]:
    sequences = list(dict.fromkeys(record.sequence for record in used))
    number_of = {sequence: number for number, sequence in enumerate(sequences)}
    loci = sorted({record.locus for record in used})
    species_number = {entry.name: number for number, entry in enumerate(species)}
    record_sequence = np.array([number_of[record.sequence] for record in used], np.int64)
    _Texts.write(folder, "accessions", (record.accession for record in used))
    _Texts.write(folder, "names", (record.name for record in used))
    _Texts.write(folder, "notes", (record.note for record in used))
    (folder / "sequences.bin").write_bytes(b"".join(sequences))
    arrays = {
        "sequence_offsets": _offsets(sequences),
        "sequence_ambiguous": np.array([has_ambiguity(sequence) for sequence in sequences], bool),
        "record_sequence": record_sequence,
        "record_species": np.array([species_number[record.species] for record in used], np.int64),
        "record_locus": np.array([loci.index(record.locus) for record in used], np.int64),
        "records_by_sequence": np.argsort(record_sequence, kind="stable"),
        "records_by_sequence_offsets": np.searchsorted(np.sort(record_sequence), np.arange(len(sequences) + 1)),
    }
    for array_name, values in arrays.items():
        np.save(folder / f"{array_name}.npy", values)
    (folder / "species.json").write_bytes(canonical_json(species))
    (folder / "loci.json").write_bytes(canonical_json(loci))
    index_build(folder, sequences, sampling=sampling, progress=progress)
    return {
        "records": len(used),
        "distinct_sequences": len(sequences),
        "species": len({record.species for record in used}),
        "loci": loci,
        "sampling": sampling,
    }


def _species_table(used: list[Record], taxonomy: Taxonomy | None) -> list[Species]:
    ranks = taxonomy.ranks if taxonomy else {}
    verified = {record.species: record.verified for record in used}
    absent = sorted(set(ranks) - set(verified))
    return [
        Species(
            name=name,
            genus=ranks.get(name, {}).get("genus") or _genus_of(name),
            family=ranks.get(name, {}).get("family"),
            verified=verified.get(name, len(name.split()) == 2),
        )
        for name in [*sorted(verified), *absent]
    ]


def _genus_of(name: str) -> str | None:
    """The first word of a name, which is the genus by the rules of nomenclature (ICZN art. 5, ICN art. 23).

    None for hybrids between genera, whose first word is only one of the parents.
    """
    first, *rest = name.split()
    if "x" in rest:
        parents = {word for word in [first, *rest] if word[:1].isupper()}
        return first if len(parents) == 1 else None
    return first if first[:1].isupper() and len(first) > 1 else None


def _offsets(items: list[bytes]) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum([len(item) for item in items])]).astype(np.int64)


def _array(path: Path) -> npt.NDArray[np.int64]:
    return np.load(path, mmap_mode="r").view(np.ndarray)  # type: ignore[no-any-return]


def _strings(path: Path) -> list[str]:
    return [str(item) for item in json.loads(path.read_bytes())]
