"""GENEPOP files (Raymond & Rousset 1995; format of GENEPOP 4, section «Input file»).

A title line; locus names, one per line or separated by commas; then blocks headed by ``POP`` of
``label, 0101 0204 …`` with two or three digits per allele, zeros where not typed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from analysis.errors import InputRefused
from analysis.genotypes.grid import Grid


def is_genepop(text: str) -> bool:
    """Whether a line holds the word POP alone and the individuals have the comma of the format."""
    lines = text.splitlines()
    heads = [number for number, line in enumerate(lines) if line.strip().upper() == "POP"]
    return bool(heads) and any("," in line for line in lines[heads[0] + 1 : heads[0] + 3])


@dataclass(slots=True)
class _Blocks:
    labels: list[str] = field(default_factory=list)
    blocks: list[int] = field(default_factory=list)
    cells: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)


def read_genepop(text: str, *, name: str, id_column: str, population_column: str) -> Grid:
    """Read a GENEPOP file of diploid loci into a grid with one column pair per locus.

    A population is called by the label of its last individual, as GENEPOP itself does. Labels that
    occur more than once are numbered (`label#1`). Raises `InputRefused` for a missing part, a genotype
    that is not 4 or 6 digits and an individual with another number of loci than the head.
    """
    lines = text.splitlines()
    start = next((number for number, line in enumerate(lines) if line.strip().upper() == "POP"), None)
    if start is None or start < 2:
        raise InputRefused(
            "No title, locus names and POP line were found.",
            file=name,
            remedy="Check that this is a GENEPOP file.",
        )
    loci = [locus.strip() for line in lines[1:start] for locus in line.split(",") if locus.strip()]
    _loci_check(loci, name)
    found = _blocks(lines, start, loci, name)
    ids, notices = _unique(found.labels)
    last = dict(zip(found.blocks, found.labels, strict=True))
    populations = _unique_names(last)
    header = (id_column, population_column, *(f"{locus}_{half}" for locus in loci for half in (1, 2)))
    rows = [
        [label, populations[block], *cells] for label, block, cells in zip(ids, found.blocks, found.cells, strict=True)
    ]
    return Grid(name=name, header=header, rows=rows, lines=found.lines, notices=notices)


def _blocks(lines: Sequence[str], start: int, loci: Sequence[str], name: str) -> _Blocks:
    found = _Blocks()
    block = 0
    for number, line in enumerate(lines[start:], start=start + 1):
        if line.strip().upper() == "POP":
            block += 1
        elif line.strip():
            label, comma, rest = line.partition(",")
            genotypes = rest.split()
            if not comma or len(genotypes) != len(loci):
                raise InputRefused(
                    f"The individual has {len(genotypes)} genotypes after its comma, the head names {len(loci)} loci.",
                    file=name,
                    row=number,
                    remedy="Write «label, genotype genotype …»; an untyped locus is 0000 or 000000.",
                )
            found.labels.append(label.strip() or f"line {number}")
            found.blocks.append(block)
            found.cells.append(_cells(genotypes, loci, name, number))
            found.lines.append(number)
    if not found.labels:
        raise InputRefused("The file has no individuals.", file=name, remedy="Export it again.")
    return found


def _cells(genotypes: Sequence[str], loci: Sequence[str], name: str, row: int) -> list[str]:
    cells: list[str] = []
    for genotype, locus in zip(genotypes, loci, strict=True):
        half, odd = divmod(len(genotype), 2)
        if odd or half not in (2, 3) or not genotype.isascii() or not genotype.isdigit():
            raise InputRefused(
                f"«{genotype}» is not a diploid genotype of 4 or 6 digits.",
                file=name,
                row=row,
                field=locus,
                remedy="Write two or three digits per allele; haploid loci are not read.",
            )
        cells += [genotype[:half], genotype[half:]]
    return cells


def _unique(labels: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    times = Counter(labels)
    if max(times.values()) == 1:
        return list(labels), ()
    seen: Counter[str] = Counter()
    numbered: list[str] = []
    for label in labels:
        seen[label] += 1
        numbered.append(label if times[label] == 1 else f"{label}#{seen[label]}")
    return numbered, ("Individuals with one label were numbered: label#1, label#2, ….",)


def _unique_names(last: dict[int, str]) -> dict[int, str]:
    times = Counter(last.values())
    return {block: label if times[label] == 1 else f"{label} (POP {block})" for block, label in last.items()}


def _loci_check(loci: Sequence[str], name: str) -> None:
    if not loci:
        raise InputRefused("No locus names stand before the first POP.", file=name, remedy="Add them.")
    locus, times = Counter(loci).most_common(1)[0]
    if times > 1:
        raise InputRefused(f"The locus «{locus}» is named {times} times.", file=name, field=locus, remedy="Rename one.")
