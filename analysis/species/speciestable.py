"""The species of a set, memory-mapped: names, ranks, and who shares a genus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis.species.packing import PackedTexts, array_open


@dataclass(frozen=True, slots=True, kw_only=True)
class Species:
    """A species in the set: its name, ranks, and whether the name settles the species."""

    name: str
    genus: str | None
    family: str | None
    verified: bool


class SpeciesTable:
    """All species of a set by number: those with records by name, then those known to be absent, by name."""

    def __init__(self, folder: Path, *, synonyms: bool = False) -> None:
        self._names = PackedTexts(folder, "species_names")
        self._synonyms = PackedTexts(folder, "synonyms") if synonyms else None
        self._accepted = PackedTexts(folder, "accepted_names") if synonyms else None
        self._genera = PackedTexts(folder, "genera")
        self._families = PackedTexts(folder, "families")
        self._ranks = array_open(folder / "species_ranks.npy")
        self._by_genus = array_open(folder / "species_by_genus.npy")
        self._by_genus_offsets = array_open(folder / "species_by_genus_offsets.npy")
        self._absent_from = int(self._ranks[-1, 0])
        self._known: dict[int, Species] = {}
        self._genus_places: dict[str, int] = {}
        """Where the genera of the species known stand among all."""

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, number: int) -> Species:
        known = self._known.get(number)
        if known is None:
            known = self._known[int(number)] = self._read(number)
        return known

    def __iter__(self) -> Iterator[Species]:
        return (self[number] for number in range(len(self)))

    def _read(self, number: int) -> Species:
        place, family, verified = self._ranks[number].tolist()
        genus = None if place < 0 else self._genera[place]
        if genus is not None:
            self._genus_places[genus] = place
        return Species(
            name=self._names[number],
            genus=genus,
            family=None if family < 0 else self._families[family],
            verified=bool(verified),
        )

    def name(self, number: int) -> str:
        """The name of a species; nothing else of it is read."""
        known = self._known.get(number)
        return self._names[number] if known is None else known.name

    def number(self, name: str) -> int | None:
        """The number of a species, None where the set does not know it."""
        for low, high in ((0, self._absent_from), (self._absent_from, len(self))):
            found = _bisect(self._names, name, low, high)
            if found is not None:
                return found
        return None

    def accepted(self, name: str) -> str:
        """The accepted name of a synonym by the set's table of names; any other name as it is."""
        place = _bisect(self._synonyms, name, 0, len(self._synonyms)) if self._synonyms is not None else None
        return name if place is None or self._accepted is None else self._accepted[place]

    def congeners(self, genus: str | None) -> tuple[int, ...]:
        """Verified species of a genus, with and without records; () where the set does not know it."""
        if genus is None:
            return ()
        place = self._genus_places.get(genus)
        if place is None:
            place = _bisect(self._genera, genus, 0, len(self._genera))
        if place is None:
            return ()
        start, end = int(self._by_genus_offsets[place]), int(self._by_genus_offsets[place + 1])
        return tuple(self._by_genus[start:end].tolist())

    @staticmethod
    def write(folder: Path, species: Sequence[Species], *, absent_from: int) -> None:
        """Write the table; species with records come first, those from `absent_from` on have none."""
        genera = sorted({item.genus for item in species if item.genus})
        families = sorted({item.family for item in species if item.family})
        genus_number = {name: number for number, name in enumerate(genera)}
        family_number = {name: number for number, name in enumerate(families)}
        ranks = [
            (genus_number.get(item.genus or "", -1), family_number.get(item.family or "", -1), int(item.verified))
            for item in species
        ]
        members = [(row[0], number) for number, row in enumerate(ranks) if row[0] >= 0 and row[2]]
        members.sort()
        PackedTexts.write(folder, "species_names", (item.name for item in species))
        PackedTexts.write(folder, "genera", genera)
        PackedTexts.write(folder, "families", families)
        np.save(folder / "species_ranks.npy", np.array([*ranks, (absent_from, 0, 0)], np.int32))
        np.save(folder / "species_by_genus.npy", np.array([number for _, number in members], np.int32))
        starts = np.searchsorted([genus for genus, _ in members], np.arange(len(genera) + 1))
        np.save(folder / "species_by_genus_offsets.npy", starts.astype(np.int32))


def synonyms_write(folder: Path, accepted: Mapping[str, str]) -> None:
    """Write synonyms in their order, each with its accepted name."""
    PackedTexts.write(folder, "synonyms", sorted(accepted))
    PackedTexts.write(folder, "accepted_names", (accepted[name] for name in sorted(accepted)))


def _bisect(texts: PackedTexts, name: str, low: int, high: int) -> int | None:
    """Where `name` stands among sorted texts, None where it does not."""
    end = high
    while low < high:
        middle = (low + high) // 2
        if texts[middle] < name:
            low = middle + 1
        else:
            high = middle
    return low if low < end and texts[low] == name else None
