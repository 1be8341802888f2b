"""Contamination screen: is the query the sequence of somebody or something that was in the laboratory?

What a query is compared with is handed in as FASTA, or drawn by the laboratory itself and frozen as a list:
identifiers, salted digests and dates stand in the record, the bases beside them are read and never written.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from analysis.canonical import Json
from analysis.errors import InputRefused
from analysis.outcome import Diagnostic
from analysis.species.bases import reverse_complement
from analysis.species.distance import edits_within

ALIKE: Final = 0.99
SHORTEST: Final = 100
"""Bases below which two sequences are not compared."""

GROUPS: Final[Mapping[str, str]] = {
    "handed_in": "handed in with the item's files",
    "batch_own": "of other samples of the same batch and case",
    "batch_other": "of samples of other cases of the same batch",
    "negative": "of the batch's negative controls",
    "positive": "of the batch's positive controls",
    "staff": "of the staff",
    "earlier": "of earlier runs",
}
GRAVE: Final = frozenset({"negative", "staff"})
"""Groups of which nothing may be alike: a blank holds nothing, and people are not the exhibit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A sequence to compare with: what it is called in the record, its group, its bases."""

    name: str
    group: str
    bases: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """What a run is screened against.

    `drawn` is what the laboratory says of its list (when, since when, of which batches, who had no sequence yet, each
    entry without its bases), None where it drew none; `gone` counts entries whose bases are no longer there.
    """

    others: tuple[Other, ...] = ()
    drawn: Mapping[str, Json] | None = None
    gone: int = 0


NOTHING: Final = Screen()


def screen_read(content: bytes, *, file: str) -> Screen:
    """The laboratory's list: `drawn` as it is printed, and `sequences` of id, group, name and bases.

    Raises:
        InputRefused: it is not of this form.
    """
    try:
        read = json.loads(content)
        others = tuple(_other(one) for one in read["sequences"] if one["bases"])
        return Screen(others=others, drawn=dict(read["drawn"]), gone=sum(not one["bases"] for one in read["sequences"]))
    except (ValueError, KeyError, TypeError) as error:
        raise InputRefused(
            f"The list of sequences to screen against cannot be read: {error}.",
            file=file,
            remedy="Give the list as the laboratory draws it.",
        ) from error


def _other(one: Mapping[str, Any]) -> Other:
    if one["group"] not in GROUPS:
        raise ValueError(f"«{one['group']}» is no group")
    return Other(name=str(one["name"]), group=str(one["group"]), bases=str(one["bases"]).encode("ascii"))


def contamination_screen(bases: bytes, screen: Screen) -> Diagnostic:
    """Compare a query with the other sequences of its batch, its controls, the staff and earlier runs.

    At 99 % identity over 100 bases and more the other is named. Alike with a blank or with staff is failed; anything
    else alike is a warning, since two animals of one species look like this too.
    """
    if not screen.others:
        return Diagnostic(code="contamination", state="not_done", text=_nothing(screen), value=[])
    alike = [(one, share) for one in screen.others if (share := identity(bases, one.bases)) >= ALIKE]
    told = f"Screened against {len(screen.others)}: {_counted(screen.others)}.{_missing(screen)}"
    if not alike:
        return Diagnostic(code="contamination", state="passed", text=f"{told} None is {ALIKE:.0%} alike.", value=[])
    grave = any(one.group in GRAVE for one, _share in alike)
    return Diagnostic(
        code="contamination",
        state="failed" if grave else "warning",
        text=f"{told} Alike: {_named(alike)}. {_meaning(grave=grave)}",
        value=[{"name": one.name, "group": one.group, "identity": round(share, 6)} for one, share in alike],
    )


def identity(one: bytes, other: bytes) -> float:
    """Identity over the shorter of the two, on the better strand; 0 for fewer than 100 bases."""
    inner, outer = sorted((one, other), key=len)
    if len(inner) < SHORTEST:
        return 0.0
    return 1.0 - min(edits_within(turned, outer) for turned in (inner, reverse_complement(inner))) / len(inner)


def screen_json(screen: Screen) -> dict[str, Json] | None:
    """What the decision record keeps: counts by group and the laboratory's list; None where nothing was drawn or given.

    No bases stand in it: they may be another case's or a person's.
    """
    if screen.drawn is None and not screen.others:
        return None
    counts: Counter[str] = Counter(one.group for one in screen.others)
    return {
        "compared": {group: counts[group] for group in GROUPS if counts[group]},
        "gone": screen.gone,
        "alike_from": ALIKE,
        "shortest": SHORTEST,
        **({} if screen.drawn is None else {"drawn": dict(screen.drawn)}),
    }


def _nothing(screen: Screen) -> str:
    if screen.drawn is None:
        return "No other sequence of the batch was given."
    where = "" if screen.drawn.get("batches") else " The run belongs to no batch."
    return (
        "There was nothing to screen against: the laboratory held no other sequence of this batch, of its controls, of "
        f"the staff or of earlier runs.{where}{_missing(screen)}"
    )


def _counted(others: Sequence[Other]) -> str:
    counts = Counter(one.group for one in others)
    return ", ".join(f"{counts[group]} {words}" for group, words in GROUPS.items() if counts[group])


def _missing(screen: Screen) -> str:
    """Who might have been compared and had no sequence."""
    drawn = screen.drawn or {}
    parts = []
    if waiting := drawn.get("samples_without"):
        parts.append(f" Samples of the batch without a sequence yet: {waiting}.")
    if silent := drawn.get("controls_without"):
        parts.append(f" Controls of the batch without a readable sequence: {silent}.")
    if screen.gone:
        parts.append(f" Withdrawn since the list was drawn, and not compared: {screen.gone}.")
    return "".join(parts)


def _named(alike: Sequence[tuple[Other, float]]) -> str:
    shown = ", ".join(f"{one.name} ({share:.2%})" for one, share in alike[:12])
    return shown if len(alike) <= 12 else f"{shown} and {len(alike) - 12} more"


def _meaning(*, grave: bool) -> str:
    if grave:
        return "A blank holds no animal and people are no exhibit: the sequence may not be the sample's."
    return "The same species, the same individual, or a contamination."
