"""STRUCTURE files (Pritchard, Stephens & Donnelly 2000; documentation of version 2.3, section 2) and
SCAT genotype files (Wasser et al. 2004), which are STRUCTURE files of two lines per animal without a head.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.errors import InputRefused
from analysis.genotypes.grid import Grid

_MISSING = {"-9": "", "-999": ""}
_Line = tuple[int, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    loci: tuple[str, ...]
    leading: int
    two_lines: bool
    named: bool = True


def read_structure(text: str, *, name: str, id_column: str, population_column: str) -> Grid:
    """Read individuals of two lines, or of one line with two columns per locus.

    A head of locus names is told by having fewer words than the lines below it. The first leading column
    is the label, the second the population; further leading columns are not read. Without a head, label
    and population are assumed and the loci are numbered. Missing is -9 or -999. Raises `InputRefused`
    where lines have different lengths or the two lines of an animal differ in label or population.
    """
    _form_check(text, name)
    lines = [(number, line.split()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    shape, body = _shape(lines, name)
    width = shape.leading + len(shape.loci) * (1 if shape.two_lines else 2)
    for number, words in body:
        if len(words) != width:
            raise InputRefused(
                f"The line has {len(words)} words, {width} were expected.",
                file=name,
                row=number,
                remedy="Columns may be shifted: write -9 for an untyped allele.",
            )
    animals = _pairs(body, shape, name) if shape.two_lines else body
    header = [id_column, population_column][: min(shape.leading, 2)]
    header += [f"{locus}_{half}" for locus in shape.loci for half in (1, 2)]
    rows = [
        words[: min(shape.leading, 2)] + [_MISSING.get(word, word) for word in words[shape.leading :]]
        for _, words in animals
    ]
    numbers = [number for number, _ in animals]
    return Grid(name=name, header=tuple(header), rows=rows, lines=numbers, notices=_notices(shape))


def _notices(shape: _Shape) -> tuple[str, ...]:
    found = [f"{shape.leading - 2} leading columns were not read."] if shape.leading > 2 else []
    if not shape.named:
        found.append("The file names no loci: they were numbered, and are those of another file that numbers them so.")
    return tuple(found)


def _form_check(text: str, name: str) -> None:
    """A table with commas read as words gives errors that say nothing."""
    number, line = next((number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip())
    if max(line.count(","), line.count(";")) > 2:
        raise InputRefused(
            "The first line has commas or semicolons: this is a table, not a STRUCTURE file.",
            file=name,
            row=number,
            remedy="Read it as a table: samples and baseline may each have their own format (--baseline-format).",
        )


def _lone_check(body: Sequence[_Line], name: str) -> None:
    """Where most lines come in pairs, one without its partner is a line that is missing."""
    labels = [words[0] for _number, words in body]
    twice = sum(one == other for one, other in itertools.pairwise(labels))
    if len(body) < 3 or 3 * twice < len(body):
        return
    lone = next(place for place in range(0, len(body), 2) if labels[place : place + 2] != [labels[place]] * 2)
    raise InputRefused(
        f"«{labels[lone]}» has one line, other animals have two.",
        file=name,
        row=body[lone][0],
        remedy="Give each animal both its lines, one after the other.",
    )


def _shape(lines: Sequence[_Line], name: str) -> tuple[_Shape, Sequence[_Line]]:
    if len(lines) < 2:
        raise InputRefused("The file has fewer than two lines.", file=name, remedy="Export it again.")
    head, first = lines[0][1], lines[1][1]
    headed = len(head) < len(first)
    body = lines[1:] if headed else lines
    labels = [words[0] for _, words in body]
    two_lines = len(body) % 2 == 0 and labels[0::2] == labels[1::2]
    if headed:
        leading = len(first) - len(head) * (1 if two_lines else 2)
        if leading < 1:
            _lone_check(body, name)
            raise InputRefused(
                f"{len(head)} locus names do not fit lines of {len(first)} words.",
                file=name,
                row=lines[1][0],
                remedy="Each line needs a label, then one word per locus (two lines per animal) or two.",
            )
        return _Shape(loci=tuple(head), leading=leading, two_lines=two_lines), body
    if not two_lines:
        _lone_check(body, name)
    columns = len(first) - 2
    count = columns if two_lines else columns // 2
    if count < 1 or (not two_lines and columns % 2):
        raise InputRefused(
            f"Lines of {len(first)} words without a head are not label, population and alleles.",
            file=name,
            row=lines[0][0],
            remedy="Add a first line of locus names.",
        )
    loci = tuple(f"locus{number:02d}" for number in range(1, count + 1))
    return _Shape(loci=loci, leading=2, two_lines=two_lines, named=False), body


def _pairs(body: Sequence[_Line], shape: _Shape, name: str) -> list[_Line]:
    animals: list[_Line] = []
    for (number, upper), (below, lower) in zip(body[0::2], body[1::2], strict=True):
        if upper[: min(shape.leading, 2)] != lower[: min(shape.leading, 2)]:
            raise InputRefused(
                f"The second line of «{upper[0]}» says «{' '.join(lower[:2])}», its first «{' '.join(upper[:2])}».",
                file=name,
                row=below,
                remedy="Both lines of an animal carry the same label and population.",
            )
        alleles = [word for pair in zip(upper[shape.leading :], lower[shape.leading :], strict=True) for word in pair]
        animals.append((number, upper[: shape.leading] + alleles))
    return animals
