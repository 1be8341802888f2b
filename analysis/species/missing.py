"""What a set lacks: species of a list that have no record at a locus, for whoever fills it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.errors import InputRefused
from analysis.species.records import species_name
from analysis.species.texts import text_open


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Records of a species of a list at a locus; `under` is the name the set has them by where it is another one."""

    species: str
    locus: str
    records: int
    under: str = ""


def species_list(lines: Iterable[str], *, file: str = "") -> list[str]:
    """Two-word species of a list, one a line, each once, in order; «#» begins a comment, subspecies give their species.

    Raises `InputRefused` for a line that names no species, and for an empty list.
    """
    found: dict[str, None] = {}
    for row, line in enumerate(lines, start=1):
        text = " ".join(line.partition("#")[0].replace("_", " ").split())
        if not text or (row == 1 and text.lower() in {"species", "name", "scientific name", "scientificname"}):
            continue
        name, settled = species_name(text)
        if not settled:
            raise InputRefused(
                f"«{text[:60]}» names no species.",
                file=file or None,
                row=row,
                field="species",
                remedy="Write genus and species, one a line, such as Panthera leo.",
            )
        found[name] = None
    if not found:
        raise InputRefused("The list names no species.", file=file or None, remedy="Write one species a line.")
    return list(found)


def species_list_read(path: Path) -> list[str]:
    """The species of a file; see `species_list`."""
    with text_open(path) as source:
        return species_list(source, file=path.name)


def species_held(
    wanted: Sequence[str],
    counted: Mapping[tuple[str, str], int],
    *,
    loci: Sequence[str] = (),
    synonyms: Mapping[str, Collection[str]] | None = None,
) -> Iterator[Held]:
    """Each species of a list at each locus, with how many records a set has of it.

    `counted` is the set's `coverage`; without `loci` all of its loci are asked. `synonyms[species]` are names a list
    knows the species by too: records under one of them count, and the line says under which.
    """
    asked = list(loci) or sorted({locus for _species, locus in counted})
    for species in wanted:
        names = (species, *sorted(set((synonyms or {}).get(species, ())) - {species}))
        for locus in asked:
            found = [(name, number) for name in names if (number := counted.get((name, locus), 0))]
            other = [name for name, _number in found if name != species]
            yield Held(
                species=species,
                locus=locus,
                records=sum(number for _name, number in found),
                under=", ".join(other),
            )
