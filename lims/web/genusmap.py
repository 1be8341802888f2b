"""The map of what is missing: the species of a genus by the loci of the set, drawn, and as a table beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from lims.web.figures import svg_inline

_WIDE, _ROW, _NAME, _CELL, _HEAD = 780, 18, 210, 44, 30
MOST_LOCI = 12
IN_A_BLOCK = 40
"""Species below each other before the next column of species begins, where there is room for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenusLine:
    """A species of the genus: its records at each locus, and whether it is the one named."""

    taxon: str
    at: tuple[int, ...]
    records: int
    named: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GenusMap:
    """The species of a genus by locus; `here` is the place of the locus of the query among `loci`, -1 where unknown."""

    loci: tuple[str, ...]
    here: int
    lines: tuple[GenusLine, ...]
    note: str
    missing: tuple[str, ...]
    drawing: SafeString

    @property
    def columns(self) -> tuple[tuple[str, bool], ...]:
        """Each locus, and whether it is that of the query."""
        return tuple((locus, place == self.here) for place, locus in enumerate(self.loci))


def genus_map(details: Mapping[str, Any]) -> GenusMap | None:
    """The map of an outcome; None where it names no species of the genus.

    Results of earlier versions count records of all loci together: they stand in one column.
    """
    found = [one for one in details.get("congeners") or () if isinstance(one, Mapping)]
    if not found:
        return None
    loci = tuple(map(str, details.get("loci") or ()))[:MOST_LOCI]
    told = bool(loci) and all(len(one.get("at") or ()) >= len(loci) for one in found)
    loci = loci if told else (_("all loci"),)
    named = str((details.get("found") or {}).get("taxon") or "")
    lines = tuple(_line(one, loci if told else (), named) for one in found)
    locus = str(details.get("locus") or "")
    here = loci.index(locus) if locus in loci else (0 if len(loci) == 1 else -1)
    missing = tuple(one.taxon for one in lines if not (one.at[here] if here >= 0 else one.records))
    note = _note(len(lines), len(missing), loci[here] if here >= 0 else "")
    drawing = _drawing(loci, here, lines, note)
    return GenusMap(loci=loci, here=here, lines=lines, note=note, missing=missing, drawing=drawing)


def _line(one: Mapping[str, Any], loci: Sequence[str], named: str) -> GenusLine:
    records = int(one.get("records") or 0)
    at = tuple(int(number) for number in one["at"])[: len(loci)] if loci else (records,)
    taxon = str(one.get("name", ""))
    return GenusLine(taxon=taxon, at=at, records=records, named=taxon == named)


def _note(every: int, missing: int, locus: str) -> str:
    words = {"n": every - missing, "all": every, "locus": locus}
    if not locus:
        return _("%(n)s of %(all)s with reference data") % words
    return _("records at %(locus)s: %(n)s of %(all)s species") % words


def _drawing(loci: Sequence[str], here: int, lines: Sequence[GenusLine], note: str) -> SafeString:
    """A filled square with the number of records where there are any, a cross where there are none."""
    block = _NAME + _CELL * len(loci) + 24
    across = max(1, min(_WIDE // block, -(-len(lines) // IN_A_BLOCK)))
    deep = -(-len(lines) // across)
    wide, height = max(block * across, _WIDE), _HEAD + deep * _ROW + 8
    body = []
    for column in range(across):
        shown = lines[column * deep : (column + 1) * deep]
        if shown:
            body += _block(loci, here, shown, column * block)
    words = escape(note)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{height}" viewBox="0 0 {wide} {height}" '
        f'role="img" aria-labelledby="genus-t genus-d"><title id="genus-t">'
        f'{escape(_("Species of the genus by locus"))}</title><desc id="genus-d">{words}</desc>'
    )
    return svg_inline(f"{head}{''.join(body)}</svg>".encode())


def _block(loci: Sequence[str], here: int, lines: Sequence[GenusLine], left: int) -> list[str]:
    drawn = []
    for place, locus in enumerate(loci):
        x = left + _NAME + place * _CELL + _CELL / 2
        kind = "strong" if place == here else "tiny"
        drawn.append(f'<text class="{kind}" x="{x:.0f}" y="18" text-anchor="middle">{escape(locus[:7])}</text>')
    for row, line in enumerate(lines):
        y = _HEAD + row * _ROW
        kind = ' class="query"' if line.named else ""
        name = escape(line.taxon[:34])
        drawn.append(f'<text{kind} x="{left + _NAME - 8}" y="{y + 13}" text-anchor="end">{name}</text>')
        for place, records in enumerate(line.at):
            drawn += _cell(left + _NAME + place * _CELL, y, records, strong=place == here)
    return drawn


def _cell(x: int, y: int, records: int, *, strong: bool) -> list[str]:
    if not records:
        path = f'<path class="cross" d="M{x + 16} {y + 3}l12 12m0 -12l-12 12"/>'
        return [f'<rect class="site out" x="{x + 6}" y="{y + 1}" width="{_CELL - 12}" height="16"/>', path]
    kind = "r95" if strong else "q-bar"
    return [
        f'<rect class="{kind}" x="{x + 6}" y="{y + 1}" width="{_CELL - 12}" height="16"/>',
        f'<text class="strong tiny" x="{x + _CELL / 2:.0f}" y="{y + 13}" text-anchor="middle">{records}</text>',
    ]
