"""Which listing a taxon had on a day: the rule that law and science meet in, over plain values.

A listing is about (taxon, population, type of specimen, day), not about a name alone: split listings put populations of
one species into two Appendices (CITES Art. I (a), VII; Res. Conf. 9.24 (Rev.) Annex 3; Species+ gives effective dates).
The rule: of the listings that cover a population and a type of specimen, the one that took effect last on or before
the day is in force; one that words alone limit to some populations leaves what stood before it standing beside it. A
species with listings of its own is covered by them, otherwise by the nearest taxon above it. A checklist without
history says nothing of earlier days, and nobody knows what comes after its own day.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import groupby

NOT_COVERED = "NC"
"""Species+ marks populations and taxa left out of the Appendices so."""
APPENDIX_III = "III"
_MOST_PARTS = 40
_POPULATIONS = re.compile(r"\b(?:sub-?)?populations?\b", re.IGNORECASE)


class Change(StrEnum):
    """What a row of a checklist's history does."""

    ADDITION = "addition"
    DELETION = "deletion"
    RESERVATION = "reservation"
    WITHDRAWAL = "reservation_withdrawal"


class Kind(StrEnum):
    """What can be said of a listing on a day. Values are kept in frozen reports and never renamed."""

    LISTED = "listed"
    NOT_LISTED = "not_listed"
    CONDITIONAL = "conditional"
    UNKNOWN_AT_DATE = "unknown_at_date"
    UNKNOWN_NAME = "unknown_name"
    NO_DATE = "no_date"


class Why(StrEnum):
    """The reason beside a kind."""

    NONE = ""
    POPULATION = "population"
    SPECIMEN = "specimen"
    POPULATION_AND_SPECIMEN = "population_and_specimen"
    ANNOTATION = "annotation"
    SPECIES = "species"
    NAMES = "names"
    NO_HISTORY = "no_history"
    BEFORE_HISTORY = "before_history"
    AFTER_STATE = "after_state"
    ROW_REFUSED = "row_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One row about a taxon. Empty `populations` and `specimens` mean all; `ended_on` is the first day it is over."""

    category: str
    change: Change = Change.ADDITION
    effective_on: date | None = None
    ended_on: date | None = None
    party: str = ""
    populations: frozenset[str] = frozenset()
    populations_except: frozenset[str] = frozenset()
    specimens: frozenset[str] = frozenset()
    specimens_except: frozenset[str] = frozenset()
    annotation: str = ""

    @property
    def limited_by_words(self) -> bool:
        """Whether its annotation speaks of populations that no code names: what stood before may stand beside it.

        Species+ gives the populations of split listings in words only.
        """
        coded = self.populations or self.populations_except or self.specimens or self.specimens_except
        return self.effective_on is not None and not coded and bool(_POPULATIONS.search(self.annotation))

    def covers(self, population: str, specimen: str) -> bool:
        """Whether it is about this population (ISO code, empty: any other) and type of specimen (CITES term)."""
        return (
            (not self.populations or population in self.populations)
            and population not in self.populations_except
            and (not self.specimens or specimen in self.specimens)
            and specimen not in self.specimens_except
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxon:
    """A taxon of a checklist with its rows; `incomplete` when a row about it could not be read."""

    name: str
    rank: str
    listings: tuple[Listing, ...] = ()
    incomplete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What days a checklist speaks of: its own state, and since when its history is whole (None: no history)."""

    as_of: date
    history_since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One branch of a conditional answer: for these populations, specimens or this taxon, these categories.

    An empty `categories` means not listed. `elsewhere` stands for every population (specimen) that no row names.
    """

    categories: tuple[str, ...]
    populations: tuple[str, ...] = ()
    elsewhere: bool = False
    specimens: tuple[str, ...] = ()
    other_specimens: bool = False
    taxon: str = ""
    annotations: tuple[str, ...] = ()
    since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the listing was: `covered_by` is the taxon whose rows decide, the called one or one above it."""

    kind: Kind
    why: Why = Why.NONE
    parts: tuple[Part, ...] = ()
    covered_by: str = ""
    reservations: tuple[str, ...] = ()

    @property
    def categories(self) -> tuple[str, ...]:
        """Every category that comes into question, in order."""
        return tuple(sorted({one for part in self.parts for one in part.categories}))


@dataclass(frozen=True, slots=True)
class _State:
    """What is in force in one cell: categories with annotations, and since when."""

    categories: tuple[str, ...]
    annotations: tuple[str, ...] = ()
    since: date | None = None
    known: bool = True


@dataclass(slots=True)
class _Group:
    populations: set[str] = field(default_factory=set)
    specimens: set[str] = field(default_factory=set)


def listing_at(
    lineage: Sequence[Taxon],
    coverage: Coverage,
    *,
    asked_on: date | None,
    population: str = "",
    specimen: str = "",
    below: Sequence[Taxon] = (),
) -> Answer:
    """The listing on a day.

    Args:
        lineage: the called taxon first, then those above it that the checklist names.
        coverage: what days the checklist speaks of.
        asked_on: the day of the offence; without one nothing can be said.
        population: ISO code of the country the animal or plant came from, empty while unknown.
        specimen: CITES term code, empty while unknown.
        below: taxa under the called one, when the identification stops above the rank that is listed.
    """
    if asked_on is None:
        return Answer(kind=Kind.NO_DATE)
    if asked_on > coverage.as_of:
        return Answer(kind=Kind.UNKNOWN_AT_DATE, why=Why.AFTER_STATE)
    if coverage.history_since is not None and asked_on < coverage.history_since:
        return Answer(kind=Kind.UNKNOWN_AT_DATE, why=Why.BEFORE_HISTORY)
    own = _climb(lineage, coverage, asked_on, population, specimen)
    return _with_below(own, lineage, below, coverage, asked_on, population, specimen) if below else own


def _climb(lineage: Sequence[Taxon], coverage: Coverage, day: date, population: str, specimen: str) -> Answer:
    """The nearest taxon with a word of its own; a deletion is that word unless something above took effect since.

    On its very day too: a species that goes as its genus comes is listed with the genus. What a genus that comes leaves
    out stands as a row «not covered».
    """
    after: date | None = None
    for taxon in lineage:
        if taxon.incomplete:
            return Answer(kind=Kind.UNKNOWN_AT_DATE, why=Why.ROW_REFUSED, covered_by=taxon.name)
        if coverage.history_since is None and any(not _dated(row, coverage, day) for row in taxon.listings):
            return Answer(kind=Kind.UNKNOWN_AT_DATE, why=Why.NO_HISTORY, covered_by=taxon.name)
        begun = [row for row in taxon.listings if row.effective_on is None or row.effective_on <= day]
        if after is not None:
            begun = [row for row in begun if row.effective_on is not None and row.effective_on >= after]
        if not begun:
            continue
        answer = _of_taxon(taxon, begun, day, population, specimen)
        if answer.kind != Kind.NOT_LISTED or any(row.category == NOT_COVERED for row in begun):
            return answer
        days = [one for row in begun for one in (row.effective_on, row.ended_on) if one is not None and one <= day]
        after = max(days, default=after)
    if coverage.history_since is None and day != coverage.as_of:
        return Answer(kind=Kind.UNKNOWN_AT_DATE, why=Why.NO_HISTORY)
    return Answer(kind=Kind.NOT_LISTED, parts=(Part(categories=()),), covered_by=lineage[0].name if lineage else "")


def _dated(row: Listing, coverage: Coverage, day: date) -> bool:
    """Whether a row of a checklist without history speaks of the day: on its own day, or since it took effect."""
    return day == coverage.as_of or (row.effective_on is not None and row.effective_on <= day)


def _of_taxon(taxon: Taxon, rows: Sequence[Listing], day: date, population: str, specimen: str) -> Answer:
    cells = {
        (where, what): _in_force(rows, day, where, what)
        for where in _universe(rows, population, "populations")
        for what in _universe(rows, specimen, "specimens")
    }
    groups: dict[_State, _Group] = {}
    for (where, what), state in cells.items():
        group = groups.setdefault(state, _Group())
        group.populations.add(where)
        group.specimens.add(what)
    parts = tuple(_part(state, group, len(groups) > 1) for state, group in groups.items())
    kind, why = _kind(groups, cells)
    return Answer(kind=kind, why=why, parts=parts, covered_by=taxon.name, reservations=_reservations(rows, day))


def _universe(rows: Iterable[Listing], asked: str, side: str) -> list[str]:
    """The populations (specimens) that rows tell apart, and "" for all others; one alone when it is known."""
    named: set[str] = set()
    for row in rows:
        named |= getattr(row, side) | getattr(row, f"{side}_except")
    if asked:
        return [asked if asked in named else ""]
    return [*sorted(named), ""]


def _in_force(rows: Sequence[Listing], day: date, population: str, specimen: str) -> _State:
    """Appendices I and II first; III, which each Party asks for by itself, only where neither covers."""
    mine = [row for row in rows if row.covers(population, specimen) and (row.ended_on is None or row.ended_on > day)]
    main = [row for row in mine if row.category != APPENDIX_III and row.change in (Change.ADDITION, Change.DELETION)]
    state = _latest(main)
    if state.categories and state.categories != (NOT_COVERED,):
        return state
    third = [row for row in mine if row.category == APPENDIX_III and row.change in (Change.ADDITION, Change.DELETION)]
    standing = [_latest([row for row in third if row.party == party]) for party in sorted({row.party for row in third})]
    standing = [one for one in standing if one.categories]
    if not standing:
        return _State((), state.annotations, state.since)
    notes = tuple(dict.fromkeys(note for one in standing for note in one.annotations))
    return _State((APPENDIX_III,), notes, min((one.since for one in standing if one.since), default=None))


def _latest(rows: Sequence[Listing]) -> _State:
    """What stands after the last row: it ends what stood before, unless words alone limit it to some populations."""
    standing: list[Listing] = []
    open_rest = False
    ordered = sorted(rows, key=lambda row: row.effective_on or date.min)
    for _day, group in groupby(ordered, key=lambda row: row.effective_on or date.min):
        of_day = list(group)
        added = [row for row in of_day if row.change == Change.ADDITION]
        if all(row.limited_by_words for row in of_day):
            renewed = {row.category for row in added}
            open_rest = open_rest or len(added) < len(of_day) or not standing
            standing = [row for row in standing if row.category not in renewed] + added
        else:
            standing, open_rest = added, False
    if not ordered:
        return _State(())
    notes = tuple(dict.fromkeys(row.annotation for row in standing if row.annotation))
    categories = {row.category for row in standing}
    if open_rest and len(categories) == 1:
        categories |= {NOT_COVERED}
    return _State(tuple(sorted(categories)), notes, ordered[-1].effective_on)


def _kind(groups: Mapping[_State, _Group], cells: Mapping[tuple[str, str], _State]) -> tuple[Kind, Why]:
    answers = {state.categories for state in groups}
    if len(answers) > 1:
        by_place = _differs(cells, 0)
        by_thing = _differs(cells, 1)
        both = Why.POPULATION_AND_SPECIMEN
        return Kind.CONDITIONAL, both if by_place and by_thing else Why.POPULATION if by_place else Why.SPECIMEN
    only = next(iter(answers))
    if len(only) > 1:
        return Kind.CONDITIONAL, Why.ANNOTATION
    return (Kind.LISTED if only and only != (NOT_COVERED,) else Kind.NOT_LISTED), Why.NONE


def _differs(cells: Mapping[tuple[str, str], _State], side: int) -> bool:
    """Whether the answer changes along one side (0: population, 1: specimen) with the other held."""
    seen: dict[str, set[tuple[str, ...]]] = {}
    for cell, state in cells.items():
        seen.setdefault(cell[1 - side], set()).add(state.categories)
    return any(len(found) > 1 for found in seen.values())


def _part(state: _State, group: _Group, several: bool) -> Part:
    categories = tuple(one for one in state.categories if one != NOT_COVERED or len(state.categories) > 1)
    if not several:
        return Part(categories=categories, annotations=state.annotations, since=state.since)
    return Part(
        categories=categories,
        populations=tuple(sorted(group.populations - {""})),
        elsewhere="" in group.populations,
        specimens=tuple(sorted(group.specimens - {""})),
        other_specimens="" in group.specimens,
        annotations=state.annotations,
        since=state.since,
    )


def _reservations(rows: Iterable[Listing], day: date) -> tuple[str, ...]:
    """Parties with a reservation standing on the day (CITES Art. XXIII)."""
    last: dict[str, Listing] = {}
    for row in rows:
        if row.party and row.change in (Change.RESERVATION, Change.WITHDRAWAL):
            known = last.get(row.party)
            if known is None or (row.effective_on or date.min) >= (known.effective_on or date.min):
                last[row.party] = row
    return tuple(
        sorted(
            party
            for party, row in last.items()
            if row.change == Change.RESERVATION and (row.ended_on is None or row.ended_on > day)
        )
    )


def _with_below(
    own: Answer,
    lineage: Sequence[Taxon],
    below: Sequence[Taxon],
    coverage: Coverage,
    day: date,
    population: str,
    specimen: str,
) -> Answer:
    """An identification above the listed rank: one answer only when every taxon under it has that answer."""
    named = [taxon for taxon in below if taxon.listings or taxon.incomplete]
    found = [(taxon, _climb([taxon, *lineage], coverage, day, population, specimen)) for taxon in named]
    other = [(taxon, one) for taxon, one in found if (one.kind, one.categories) != (own.kind, own.categories)]
    if not other or own.kind == Kind.UNKNOWN_AT_DATE:
        return own
    if any(one.kind == Kind.UNKNOWN_AT_DATE for _taxon, one in other):
        return Answer(kind=Kind.UNKNOWN_AT_DATE, why=Why.NO_HISTORY, covered_by=own.covered_by)
    parts = [Part(categories=one.categories, taxon=taxon.name) for taxon, one in other[:_MOST_PARTS]]
    return Answer(
        kind=Kind.CONDITIONAL,
        why=Why.SPECIES,
        parts=(*own.parts, *parts),
        covered_by=own.covered_by,
        reservations=own.reservations,
    )
