"""Trace files of a plate to pairs: by a map of the plate, by the item's reference in the names, by the well.

Directions are read from the names: a part that is `F`, `FWD`, `FORWARD` (or `R`, `REV`, `REVERSE`), a primer whose name
ends so (`M13F`), or a primer that is known (`LCO1490` forward, `HCO2198` reverse).
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from labels.errors import BadReference
from labels.reference import reference_parse

_PARTS = re.compile(r"[^A-Za-z0-9]+")
_WELL = re.compile(r"^([A-P])0?([1-9]|1[0-9]|2[0-4])$")
_FORWARD = frozenset({"F", "FW", "FWD", "FOR", "FORWARD"})
_REVERSE = frozenset({"R", "RV", "REV", "REVERSE"})
_ENDING = re.compile(r"^[A-Z0-9]*[0-9A-Z]([FR])$")
_PRIMERS = {
    **dict.fromkeys(("LCO1490", "MLCOIINTF", "L14841", "MCB398", "16SAR", "12SV5F", "RBCLAF"), "F"),
    **dict.fromkeys(("HCO2198", "JGHCO2198", "H15149", "MCB869", "16SBR", "12SV5R", "RBCLAR"), "R"),
}
MAP_COLUMNS = ("forward", "reverse", "item")
MOST_ROWS = 400
LARGEST_MAP = 1 << 20
LONGEST_CELL = 10_000
"""Characters; a quote that is never closed swallows the rest of a file. The limit of `csv` is the whole process's."""


class MapRefused(ValueError):
    """A map of a plate that cannot be read; the words name row, column and remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateRow:
    """A sample of the plate: the item named, its two files (empty for none), what its papers say, what is wrong."""

    place: str
    item: str
    forward: str
    reverse: str
    declared: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRead:
    """What a file's name says: the item or well, and the direction («F», «R» or «»)."""

    key: str
    direction: str


def well_of(text: str) -> str:
    """`a1` and `A01` as `A01`; empty for what is no well."""
    found = _WELL.match(text.strip().upper())
    return f"{found[1]}{int(found[2]):02d}" if found else ""


def name_read(name: str, known: Mapping[str, str]) -> NameRead:
    """What a name says. `known` maps spellings (letters and digits, upper case) of items and wells to their keys."""
    parts = [part.upper() for part in _PARTS.split(name.rsplit(".", 1)[0]) if part]
    direction, rest = "", []
    for part in reversed(parts):
        found = "" if direction else _direction(part)
        if found:
            direction = found
        else:
            rest.append(part)
    rest.reverse()
    for size in range(len(rest), 0, -1):
        for start in range(len(rest) - size + 1):
            spelling = "".join(rest[start : start + size])
            key = known.get(spelling) or (known.get(well_of(spelling)) if size == 1 and well_of(spelling) else None)
            if key:
                return NameRead(key=key, direction=direction)
    return NameRead(key="", direction=direction)


def references_in(name: str) -> set[str]:
    """References of items that a file's name spells, check characters right; hyphens may be other signs or none."""
    parts = [part for part in _PARTS.split(name.rsplit(".", 1)[0]) if part]
    found = set()
    for start in range(len(parts)):
        for end in range(start + 1, len(parts) + 1):
            try:
                found.add(str(reference_parse("-".join(parts[start:end]))))
            except BadReference:
                continue
    return found


def _direction(part: str) -> str:
    if part in _FORWARD:
        return "F"
    if part in _REVERSE:
        return "R"
    if part in _PRIMERS:
        return _PRIMERS[part]
    if part.startswith(("M13", "T7", "SP6", "T3")) and (found := _ENDING.match(part)):
        return found[1]
    return ""


def pairs_by_name(names: Sequence[str], known: Mapping[str, str]) -> list[PlateRow]:
    """Files to samples by their names; every file is in one row, those that cannot be placed with the reason."""
    taken: dict[str, dict[str, str]] = {}
    odd: list[PlateRow] = []
    for name in sorted(names):
        read = name_read(name, known)
        if not read.key:
            odd.append(_odd(name, read, "no item and no well of the batch is in this name"))
        elif not read.direction:
            odd.append(_odd(name, read, "the name says neither forward nor reverse"))
        elif read.direction in taken.setdefault(read.key, {}):
            odd.append(_odd(name, read, f"«{taken[read.key][read.direction]}» is the same read of the same sample"))
        else:
            taken[read.key][read.direction] = name
    rows = [
        PlateRow(place=key, item=key, forward=files.get("F", ""), reverse=files.get("R", ""))
        for key, files in sorted(taken.items())
        if files
    ]
    return [*rows, *odd]


def _odd(name: str, read: NameRead, problem: str) -> PlateRow:
    forward, reverse = ("", name) if read.direction == "R" else (name, "")
    return PlateRow(place=read.key, item=read.key, forward=forward, reverse=reverse, problem=problem)


def pairs_by_map(content: bytes, names: Iterable[str]) -> list[PlateRow]:
    """Files to samples by a table with the columns forward, reverse, item and, where wanted, well and declared.

    Raises:
        MapRefused: no table, a column is missing or there twice, or too many rows.
    """
    if len(content) > LARGEST_MAP:
        raise MapRefused(f"The map is larger than {LARGEST_MAP:,} bytes. Give forward, reverse and item alone.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MapRefused("The map is not text in UTF-8. Save it as CSV.") from error
    if "\0" in text:
        raise MapRefused("The map holds zero bytes: it is no plain text. Save it as CSV.")
    lines = io.StringIO(text, newline=None).read()
    head = lines.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(lines), delimiter=max(",;\t", key=head.count))
    names_given = _head(reader)
    _not_endless(names_given, 1)
    columns = [name.strip().lower() for name in names_given]
    if twice := next((column for column in columns if column and columns.count(column) > 1), ""):
        raise MapRefused(f"The map has two columns «{twice}». Leave one.")
    fields = dict(zip(columns, names_given, strict=True))
    missing = [column for column in MAP_COLUMNS if column not in fields]
    if missing:
        raise MapRefused(f"The map has no column «{missing[0]}». It needs forward, reverse and item.")
    rest, rows = set(names), list[PlateRow]()
    for number, cells in enumerate(_read(reader), start=2):
        values = {key: (cells.get(field) or "").strip() for key, field in fields.items()}
        if not any(values.values()):
            continue
        _not_endless(values.values(), number)
        if len(rows) >= MOST_ROWS:
            raise MapRefused(f"The map has more than {MOST_ROWS} rows.")
        rows.append(_mapped(values, number, rest))
    return [
        *rows,
        *(_odd(name, NameRead(key="", direction=""), "the map does not name this file") for name in sorted(rest)),
    ]


def _head(reader: "csv.DictReader[str]") -> Sequence[str]:
    try:
        return reader.fieldnames or ()
    except csv.Error as error:
        raise _unreadable(reader, error) from error


def _read(reader: "csv.DictReader[str]") -> Iterator[dict[str, str]]:
    try:
        yield from reader
    except csv.Error as error:
        raise _unreadable(reader, error) from error


def _not_endless(cells: Iterable[str], line: int) -> None:
    if any(len(cell) > LONGEST_CELL for cell in cells):
        raise MapRefused(f"Line {line} of the map has a cell of over {LONGEST_CELL:,} characters. Is a quote open?")


def _unreadable(reader: "csv.DictReader[str]", error: csv.Error) -> MapRefused:
    return MapRefused(f"The map cannot be read at line {reader.reader.line_num}: {error}. Save it as CSV again.")


def _mapped(values: Mapping[str, str], number: int, rest: set[str]) -> PlateRow:
    forward, reverse = values["forward"], values["reverse"]
    absent = [name for name in (forward, reverse) if name and name not in rest]
    rest -= {forward, reverse}
    problem = ""
    if not values["item"]:
        problem = f"row {number} of the map names no item"
    elif absent:
        problem = f"row {number} of the map names «{absent[0]}», which was not handed in or is named twice"
    elif forward and forward == reverse:
        problem = f"row {number} of the map names «{forward}» as forward and as reverse"
    elif not forward and not reverse:
        problem = f"row {number} of the map names no file"
    place = well_of(values.get("well", "")) or values.get("well", "") or f"row {number}"
    return PlateRow(
        place=place,
        item=values["item"],
        forward=forward,
        reverse=reverse,
        declared=values.get("declared", ""),
        problem=problem,
    )
