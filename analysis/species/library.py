"""A species reference set on disk: distinct sequences, the records that carry them, their names."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.canonical import Json, canonical_json
from analysis.errors import InputRefused
from analysis.inputs import Progress, no_progress
from analysis.reference import ReferenceSet, freeze, open_reference
from analysis.species.index import KmerIndex, index_build, index_open
from analysis.species.packing import PackedSequences, PackedTexts, array_open
from analysis.species.records import Record, Taxonomy
from analysis.species.speciestable import Species, SpeciesTable, synonyms_write
from analysis.species.within import within_largest

KIND: Final = "species"
SAMPLING: Final = 4
SHORTEST: Final = 60
"""References and queries below 60 bases are not used: too few k-mers and too little to tell species apart."""
LONGEST: Final = 100_000
"""Bases of a record: a locus or an organelle. Whole chromosomes would fill the memory and answer nothing."""


class Congener(NamedTuple):
    """A species of a genus and how many records the set has of it (0: known to be absent).

    `at` counts them at each locus of the set, in the order of `Library.loci`.
    """

    name: str
    records: int
    at: tuple[int, ...]


class Library:
    """An opened species reference set; everything large stays memory-mapped.

    Records are numbered by accession and locus, distinct sequences and species by first record.
    """

    def __init__(self, reference: ReferenceSet) -> None:
        folder = reference.folder
        self.reference = reference
        self.loci: list[str] = _strings(folder / "loci.json")
        self._accessions = PackedTexts(folder, "accessions")
        self._names = PackedTexts(folder, "names")
        self._notes = PackedTexts(folder, "notes")
        self.sequences = PackedSequences(folder)
        self.species = SpeciesTable(folder, synonyms=bool(reference.facts.get("synonyms")))
        self.record_sequence = array_open(folder / "record_sequence.npy")
        self.record_species = array_open(folder / "record_species.npy")
        self.record_locus = array_open(folder / "record_locus.npy")
        self.species_records = array_open(folder / "species_records.npy")
        self.sequence_species = array_open(folder / "sequence_species.npy")
        """Species of each distinct sequence, shape (sequences,); −1 where its records are of several."""
        self._by_sequence = array_open(folder / "records_by_sequence.npy")
        self._carriers = self._by_sequence.data
        self._by_sequence_offsets = array_open(folder / "records_by_sequence_offsets.npy")
        self._by_species = array_open(folder / "records_by_species.npy")
        self._by_species_offsets = array_open(folder / "records_by_species_offsets.npy")
        self._within = array_open(folder / "species_within.npy")
        self.index: KmerIndex = index_open(
            folder, size=len(self.sequences), sampling=int(str(reference.facts["sampling"]))
        )
        self.labels = lru_cache(maxsize=1 << 14)(self._labels)
        """Accession, name, locus and note of a record."""
        self.congeners = lru_cache(maxsize=1 << 12)(self._congeners)
        """Verified species of a genus with their numbers of records; () where the set does not know it."""

    def species_number(self, name: str) -> int | None:
        """The number of a species by its name, None where the set does not know it."""
        return self.species.number(name)

    def within(self, species: int, locus: int) -> float | None:
        """Largest distance between records of a species at a locus (30 sequences at most), None for one record."""
        value = float(self._within[species, locus])
        return None if np.isnan(value) else value

    @property
    def size(self) -> int:
        """Number of records."""
        return len(self.record_sequence)

    def accession(self, record: int) -> str:
        """Accession of a record."""
        return self._accessions[record]

    def record_number(self, accession: str, locus: str | None = None) -> int:
        """The number of a record by accession and locus (the first one by default).

        Raises `KeyError` where the set has none.
        """
        low, high = 0, self.size
        while low < high:
            middle = (low + high) // 2
            if self._accessions[middle] < accession:
                low = middle + 1
            else:
                high = middle
        while low < self.size and self._accessions[low] == accession:
            if locus in (None, self.loci[int(self.record_locus[low])]):
                return low
            low += 1
        raise KeyError(accession)

    def name(self, record: int) -> str:
        """Taxon name of a record, as found."""
        return self._names[record]

    def note(self, record: int) -> str:
        """Whatever else the record's header said."""
        return self._notes[record]

    def sequence(self, number: int) -> bytes:
        """A distinct sequence."""
        return self.sequences.letters(number)

    def records_of(self, number: int) -> npt.NDArray[np.int64]:
        """The records that carry a distinct sequence, in accession order."""
        offsets = self._by_sequence_offsets
        return self._by_sequence[offsets.item(number) : offsets.item(number + 1)]

    def carriers(self, number: int) -> list[int]:
        """`records_of` as a list."""
        offsets = self._by_sequence_offsets
        return self._carriers[offsets.item(number) : offsets.item(number + 1)].tolist()

    def first_record(self, number: int) -> int:
        """The first of the records that carry a distinct sequence."""
        return self._carriers[self._by_sequence_offsets.item(number)]

    def congener(self, species: int) -> Congener:
        """A species with its number of records, in all and at each locus."""
        records = self.species_records.item(species)
        at = (records,) if len(self.loci) == 1 else self._at_loci(species)
        return Congener(self.species.name(species), records, at)

    def _congeners(self, genus: str | None) -> tuple[Congener, ...]:
        return tuple(map(self.congener, self.species.congeners(genus)))

    def _at_loci(self, species: int) -> tuple[int, ...]:
        """How many records a species has at each locus of the set."""
        loci = self.record_locus[self.records_of_species(species)]
        return tuple(np.bincount(loci, minlength=len(self.loci)).tolist())

    def _labels(self, record: int) -> tuple[str, str, str, str]:
        locus = self.loci[self.record_locus.item(record)]
        return self._accessions[record], self._names[record], locus, self._notes[record]

    def records_of_species(self, species: int) -> npt.NDArray[np.int64]:
        """The records of a species, in accession order."""
        low, high = self._by_species_offsets[species], self._by_species_offsets[species + 1]
        return self._by_species[int(low) : int(high)]


def library_open(folder: Path) -> Library:
    """Open a frozen species reference set; raises `InputRefused` where a byte of it changed."""
    reference = open_reference(folder, kind=KIND)
    try:
        return Library(reference)
    except (OSError, ValueError, EOFError) as error:
        raise InputRefused(
            f"The reference set «{folder.name}» changed while it was opened: {error}.",
            file=folder.name,
            remedy="Restore the set from its original, and let nothing write to it.",
        ) from error


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
        facts = _write(scratch, used, species, sampling, progress) | _taxonomy_facts(taxonomy)
        if taxonomy and taxonomy.accepted:
            synonyms_write(scratch, taxonomy.accepted)
            facts["synonyms"] = len(taxonomy.accepted)
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
    used: list[Record] = []
    left_out: list[tuple[str, str]] = []
    for record in sorted(records, key=lambda record: (record.accession, record.locus, record.name, record.note)):
        if len(record.sequence) < SHORTEST:
            left_out.append((record.accession, f"{len(record.sequence)} bases, fewer than {SHORTEST}"))
        elif len(record.sequence) > LONGEST:
            left_out.append((record.accession, f"{len(record.sequence)} bases, more than {LONGEST}: give the locus"))
        elif used and (used[-1].accession, used[-1].locus) == (record.accession, record.locus):
            if (used[-1].species, used[-1].sequence) != (record.species, record.sequence):
                raise InputRefused(
                    f"The accession «{record.accession}» occurs twice with different content.",
                    remedy="Give every record an accession of its own.",
                )
            left_out.append((record.accession, "the same record again"))
        else:
            used.append(record)
    if not used:
        why = f": {left_out[0][0]}: {left_out[0][1]}" if left_out else ""
        raise InputRefused(
            f"No record can be used{why}.",
            remedy=f"Give sequences of {SHORTEST} to {LONGEST} bases that name a species.",
        )
    return used, tuple(left_out)


def _write(
    folder: Path, used: list[Record], species: list[Species], sampling: int, progress: Progress
) -> dict[str, Json]:
    sequences = list(dict.fromkeys(record.sequence for record in used))
    number_of = {sequence: number for number, sequence in enumerate(sequences)}
    loci = sorted({record.locus for record in used})
    species_number = {entry.name: number for number, entry in enumerate(species)}
    record_sequence = np.array([number_of[record.sequence] for record in used], np.int64)
    record_species = np.array([species_number[record.species] for record in used], np.int64)
    record_locus = np.array([loci.index(record.locus) for record in used], np.int64)
    PackedTexts.write(folder, "accessions", (record.accession for record in used))
    PackedTexts.write(folder, "names", (record.name for record in used))
    PackedTexts.write(folder, "notes", (record.note for record in used))
    PackedSequences.write(folder, sequences)
    SpeciesTable.write(folder, species, absent_from=len({record.species for record in used}))
    arrays = {
        "record_sequence": record_sequence.astype(np.int32),
        "record_species": record_species.astype(np.int32),
        "record_locus": record_locus.astype(np.int32),
        "species_records": np.bincount(record_species, minlength=len(species)).astype(np.int32),
        "sequence_species": _species_of_sequences(record_sequence, record_species, len(sequences)),
        **_grouped("records_by_sequence", record_sequence, len(sequences)),
        **_grouped("records_by_species", record_species, len(species)),
        "species_within": within_largest(sequences, record_sequence, record_species, record_locus),
    }
    for array_name, values in arrays.items():
        np.save(folder / f"{array_name}.npy", values)
    (folder / "loci.json").write_bytes(canonical_json(loci))
    index_build(folder, sequences, sampling=sampling, progress=progress)
    return {
        "records": len(used),
        "distinct_sequences": len(sequences),
        "species": len({record.species for record in used}),
        "loci": loci,
        "sampling": sampling,
    }


def _taxonomy_facts(taxonomy: Taxonomy | None) -> dict[str, Json]:
    """Whose names the set uses; nothing where names are the records' own."""
    if taxonomy is None or not (taxonomy.tables or taxonomy.name):
        return {}
    tables: list[Json] = [{"file": one.file, "sha256": one.sha256, "species": one.species} for one in taxonomy.tables]
    return {"taxonomy": {"name": taxonomy.name or None, "tables": tables}}


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


def _grouped(name: str, group: npt.NDArray[np.int64], groups: int) -> dict[str, npt.NDArray[np.int32]]:
    """Records by group, in accession order, and where each group begins."""
    return {
        name: np.argsort(group, kind="stable").astype(np.int32),
        f"{name}_offsets": np.searchsorted(np.sort(group), np.arange(groups + 1)).astype(np.int32),
    }


def _species_of_sequences(
    record_sequence: npt.NDArray[np.int64], record_species: npt.NDArray[np.int64], count: int
) -> npt.NDArray[np.int32]:
    lowest, highest = np.full(count, np.iinfo(np.int32).max, np.int64), np.full(count, -1, np.int64)
    np.minimum.at(lowest, record_sequence, record_species)
    np.maximum.at(highest, record_sequence, record_species)
    return np.where(lowest == highest, lowest, -1).astype(np.int32)


def _strings(path: Path) -> list[str]:
    return [str(item) for item in json.loads(path.read_bytes())]
