"""A tested pedigree as a drawing: squares are fathers, circles mothers, a row for each generation.

The line of a claim says in its form what was found, never in its colour alone: drawn through where it is not excluded,
broken and crossed out where it is, dotted with a question mark where it was not tested.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from analysis.individual.pedigree import Link, PedigreeTest
from analysis.individual.pedigree_wording import verdict_words

MOST_DRAWN: Final = 120
_COLUMN, _ROW, _SIDE, _TOP = 104.0, 124.0, 64.0, 30.0
_HALF: Final = 12.0
_LONGEST: Final = 14
_SWEEPS: Final = 6
_FONT: Final = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif"
_NAMED: Final = 'role="img" aria-labelledby="pedigree-t pedigree-d"'
_INK: Final = "#46514b"
_LEGEND: Final = (
    "Squares are fathers, circles mothers, diamonds neither; a broken frame: not typed. Lines drawn through: not "
    "excluded; broken and crossed out: excluded; dotted with a question mark: not tested."
)
Place = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """What is drawn: links, and each animal's kind ("mother", "father" or "") and row."""

    links: tuple[Link, ...]
    kinds: Mapping[str, str]
    rows: tuple[tuple[str, ...], ...]


def pedigree_svg(found: PedigreeTest) -> str:
    """The drawing, without style or script. Of a large pedigree the excluded links come first, up to 120 animals."""
    drawn = _drawn(found)
    width = max(640.0, 2 * _SIDE + _COLUMN * (max(map(len, drawn.rows)) - 1))
    height = _TOP + _ROW * (len(drawn.rows) - 1) + 70
    places = _places(drawn, width)
    untyped = {name for link in found.links for name in link.untyped}
    generations = {one.animal: (one.generation, one.supported) for one in found.descents}
    body = [part for link in drawn.links for part in _lines(link, places)]
    for name, place in places.items():
        body += _animal(name, drawn.kinds[name], place, generations.get(name), untyped=name in untyped)
    box = f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {box} {_NAMED} font-family="{_FONT}">',
            '<title id="pedigree-t">The claimed pedigree, as tested</title>',
            f'<desc id="pedigree-d">{escape(_description(found, drawn))}</desc>',
            *body,
            "</svg>",
            "",
        ]
    )


def _description(found: PedigreeTest, drawn: _Drawn) -> str:
    animals = {name for link in found.links for _, name in link.claim.animals}
    out = [link.claim.young for link in found.links if link.excluded]
    parts = [
        f"{verdict_words(found)}.",
        _LEGEND,
        f"Excluded: {', '.join(out[:20])}{' and more' if len(out) > 20 else ''}." if out else "",
        f"{len(drawn.kinds)} of {len(animals)} animals are drawn." if len(drawn.kinds) < len(animals) else "",
    ]
    return " ".join(filter(None, parts))


def _drawn(found: PedigreeTest) -> _Drawn:
    kept: list[Link] = []
    kinds: dict[str, str] = {}
    for link in sorted(found.links, key=lambda one: not one.excluded):
        names = [name for _, name in link.claim.animals]
        if len({*kinds, *names}) > MOST_DRAWN:
            continue
        kept.append(link)
        kinds |= {name: kinds.get(name, "") for name in names}
        kinds |= {name: kind for kind, name in link.claim.parents}
    order = {link.claim.young: place for place, link in enumerate(found.links)}
    kept.sort(key=lambda one: order[one.claim.young])
    return _Drawn(links=tuple(kept), kinds=kinds, rows=_rows(kept))


def _rows(links: Sequence[Link]) -> tuple[tuple[str, ...], ...]:
    """Animals by row: each young one below its lower parent, a founder one above its first young."""
    parents = {link.claim.young: [name for _, name in link.claim.parents] for link in links}
    depth: dict[str, int] = {}
    waiting = list(parents)
    while waiting:
        ready = [name for name in waiting if all(one in depth or one not in parents for one in parents[name])]
        depth |= {name: 1 + max(depth.get(one, 0) for one in parents[name]) for name in ready}
        waiting = [name for name in waiting if name not in depth]
    for young, names in parents.items():
        for name in names:
            if name not in parents:
                depth[name] = min(depth.get(name, depth[young] - 1), depth[young] - 1)
    rows: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for name in dict.fromkeys(one for link in links for _, one in reversed(link.claim.animals)):
        rows[depth[name]].append(name)
    return tuple(map(tuple, _untangled(rows, parents)))


def _untangled(rows: list[list[str]], parents: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """The rows, each in the order of the mean place of its relatives, so that fewer lines cross."""
    near: dict[str, list[str]] = {name: [] for row in rows for name in row}
    for young, names in parents.items():
        for name in names:
            near[young].append(name)
            near[name].append(young)
    at = {name: place - (len(row) - 1) / 2 for row in rows for place, name in enumerate(row)}
    for _ in range(_SWEEPS):
        for row in rows:
            row.sort(key=lambda name: (sum(at[one] for one in near[name]) / len(near[name]), at[name]))
            at |= {name: place - (len(row) - 1) / 2 for place, name in enumerate(row)}
    return rows


def _places(drawn: _Drawn, width: float) -> dict[str, Place]:
    return {
        name: (width / 2 + _COLUMN * (place - (len(row) - 1) / 2), _TOP + _ROW * number)
        for number, row in enumerate(drawn.rows)
        for place, name in enumerate(row)
    }


def _lines(link: Link, places: Mapping[str, Place]) -> list[str]:
    below = places[link.claim.young]
    parts = []
    for kind, name in link.claim.parents:
        if kind in link.broken:
            line, mark = 'class="claim out" fill="none" stroke="#a3261b" stroke-width="2.5" stroke-dasharray="7 4"', "×"
        elif "pair" in link.tests or kind in link.tests:
            line, mark = 'class="claim" fill="none" stroke="#7d7c72" stroke-width="1.5"', ""
        else:
            line, mark = (
                'class="claim open" fill="none" stroke="#7d7c72" stroke-width="1.5" stroke-dasharray="2 4"',
                "?",
            )
        above = places[name]
        start, end = above[1] + _HALF + 32, below[1] - _HALF
        parts.append(f'<path {line} d="M{above[0]:.1f} {start:g}L{below[0]:.1f} {end:g}"/>')
        if mark:
            # Nearer to the young, where lines of other claims cross less.
            x, y = above[0] + 0.68 * (below[0] - above[0]), start + 0.68 * (end - start)
            parts.append(_text(mark, x, y + 6, size=18, css="strong halo sign"))
    return parts


def _animal(name: str, kind: str, place: Place, generation: tuple[int, int] | None, *, untyped: bool) -> list[str]:
    x, y = place
    css, dashes = ("site out", ' stroke-dasharray="2 2"') if untyped else ("site", "")
    look = f'class="{css}" fill="#ffffff" stroke="#18211d" stroke-width="1.2"{dashes}'
    if kind == "mother":
        shape = f'<circle {look} cx="{x:.1f}" cy="{y:g}" r="{_HALF:g}"/>'
    elif kind == "father":
        box = f'x="{x - _HALF:.1f}" y="{y - _HALF:g}" width="{2 * _HALF:g}" height="{2 * _HALF:g}"'
        shape = f"<rect {look} {box}/>"
    else:
        up, down = y - _HALF - 2, y + _HALF + 2
        shape = (
            f'<path {look} d="M{x:.1f} {up:g}L{x + _HALF + 2:.1f} {y:g}L{x:.1f} {down:g}L{x - _HALF - 2:.1f} {y:g}Z"/>'
        )
    short = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    below = [_text(_generations(*generation), x, y + 41, size=10, css="tiny halo")] if generation else []
    return [shape, _text(short, x, y + 28, css="strong halo"), *below]


def _generations(claimed: int, supported: int) -> str:
    return f"F{claimed}" if claimed == supported else f"F{claimed}, supported F{supported}"


def _text(words: str, x: float, y: float, *, size: int = 12, css: str) -> str:
    weight = ' font-weight="650"' if css.startswith("strong") else ""
    return (
        f'<text class="{css}" x="{x:.1f}" y="{y:g}" text-anchor="middle" fill="{_INK}" font-size="{size}"{weight}>'
        f"{escape(words)}</text>"
    )
