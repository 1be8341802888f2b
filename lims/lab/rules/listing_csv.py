"""Checklists of listings as CSV: Species+ and the Checklist of CITES Species, and national lists in the same columns.

Two layouts are told apart by their columns. The *history* has a date of effect (`EffectiveAt`) and what happened
(`ChangeType`) in every row: it answers for any day since its first. The *index* has the listing of one day
(`CurrentListing`), often several Appendices in one cell (`I/II`): it answers for that day alone, or, where a row gives
its date of effect, since then. Column names follow the exports of UNEP-WCMC (github.com/unepwcmc/SAPI,
app/models/checklist/column_display_name_mapping.rb); case, spaces and underlines in them do not matter. Populations,
specimens and dates of end are columns of our own, for laboratories that split a listing as its annotation says.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from lims.lab.rules.listing import Change, Listing
from lims.lab.rules.names import LONGEST, name_bare, names_split

_COLUMNS = {
    "name": "scientificname fullname taxon name",
    "key": "taxonid taxonconceptid id",
    "rank": "rank rankname",
    "class_name": "class classname",
    "order": "order ordername",
    "family": "family familyname",
    "author": "author authoryear",
    "category": "currentlisting listing appendix annex category schedule specieslistingname",
    "change": "changetype changetypename change",
    "effective_on": "effectiveat effectiveon effectivedate dateeffective startdate",
    "ended_on": "endedon enddate",
    "current": "iscurrent",
    "party": "party partyisocode partyname listingparty",
    "annotation": "fullannotationenglish annotationenglish annotationen fullnoteen fullnote englishfullnote annotation",
    "symbol": "annotationsymbol hashannsymbol",
    "synonyms": "synonyms synonymswithauthors",
    "populations": "populations populationisocodes",
    "populations_except": "populationsexcept excludedpopulationisocodes",
    "specimens": "specimens terms",
    "specimens_except": "specimensexcept termsexcept",
    "national_name": "nationalname nameinlaw",
}
_APPENDICES = frozenset(("I", "II", "III", "NC"))
_MAIN = frozenset(("I", "II"))
_TRUE = frozenset(("t", "true", "1", "yes"))
BESIDE = "[The list calls two Appendices current: this row is about some populations or specimens only.]"
"""Added to the annotation of a row that does not end the one before it."""
_CHANGES = {
    "addition": Change.ADDITION,
    "": Change.ADDITION,
    "deletion": Change.DELETION,
    "reservation": Change.RESERVATION,
    "reservationwithdrawal": Change.WITHDRAWAL,
}
_TAG = re.compile(r"<[^>]{1,40}>")
_BY_APPENDIX = re.compile(r"Appendix (I{1,3}|NC):")
_MOST_ROWS = 500_000
_CITES_BEGAN = date(1975, 7, 1)
"""The Convention entered into force (Art. XXII); no listing took effect before."""
_LAW_BEGAN = date(1800, 1, 1)
"""No law on wildlife of today is older: an earlier day is a slip of the pen, and would open the history too early."""


class ListRefused(ValueError):
    """The file as a whole cannot be used; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A row that cannot be read: its number in the file (the head is row 1), the column, what stood there, why."""

    row: int
    column: str
    found: str
    why: str
    name: str = ""


@dataclass(slots=True, kw_only=True)
class TaxonRows:
    """A taxon with all its listings."""

    name: str
    key: str
    rank: str
    class_name: str
    order: str
    family: str
    author: str
    national_name: str
    synonyms: tuple[str, ...]
    listings: list[tuple[int, Listing]] = field(default_factory=list)
    incomplete: bool = False
    current: set[int] = field(default_factory=set)
    """Numbers of the rows that the file calls current."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A whole file: its taxa in order, the rows that could not be read, and since when its history is whole."""

    taxa: tuple[TaxonRows, ...]
    refused: tuple[Refused, ...]
    rows: int
    history_since: date | None
    unlisted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """What populations and specimens may be called, and whether the categories are the Appendices of CITES."""

    countries: frozenset[str]
    terms: frozenset[str]
    cites: bool


class _Bad(ValueError):
    def __init__(self, column: str, found: str, why: str) -> None:
        super().__init__(why)
        self.column, self.found, self.why = column, found, why


def listings_parse(content: bytes, codes: Codes, progress: Callable[[float], None] = lambda _share: None) -> Parsed:
    """Read a checklist.

    Args:
        content: the CSV, UTF-8 (with or without byte-order mark), parted by commas, semicolons or tabs.
        codes: lists that populations and specimens are checked against.
        progress: called with the share that is read.

    Raises:
        ListRefused: no CSV with the columns of a checklist, or no row in it can be read.
    """
    try:
        return _parsed(_reader(content), max(1, content.count(b"\n")), codes, progress)
    except csv.Error as error:
        raise ListRefused(f"This is not a CSV: {error}.") from error


def _parsed(reader: Iterator[list[str]], lines: int, codes: Codes, progress: Callable[[float], None]) -> Parsed:
    columns = _columns(next(reader, []))
    history = "change" in columns and "effective_on" in columns
    taxa: dict[str, TaxonRows] = {}
    refused: list[Refused] = []
    unlisted = number = 0
    for number, cells in enumerate(reader, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if number > _MOST_ROWS:
            raise ListRefused(f"The file has more than {_MOST_ROWS} rows. Split it by kingdom.")
        if number % 2000 == 0:
            progress(min(1.0, number / lines))
        row = {name: cells[place].strip() if place < len(cells) else "" for name, place in columns.items()}
        unlisted += _take(row, number, history, codes, taxa, refused)
    if not any(taxon.listings for taxon in taxa.values()):
        first = f" Row {refused[0].row}, {refused[0].column}: {refused[0].why}" if refused else ""
        raise ListRefused(f"No row of this file holds a listing.{first}")
    for taxon in taxa.values():
        _beside(taxon)
    days = [one.effective_on for taxon in taxa.values() for _row, one in taxon.listings if one.effective_on]
    return Parsed(
        taxa=tuple(taxa.values()),
        refused=tuple(refused),
        rows=max(0, number - 1),
        history_since=min(days) if history and days else None,
        unlisted=unlisted,
    )


def _reader(content: bytes) -> Iterator[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ListRefused(f"Line {line} is not UTF-8. Save the file as «CSV UTF-8».") from error
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    csv.field_size_limit(1_000_000)
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _columns(head: Sequence[str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, title in enumerate(head):
        places.setdefault(re.sub(r"[^a-z]", "", title.lower()), place)
    found = {
        name: next(places[alias] for alias in aliases.split() if alias in places)
        for name, aliases in _COLUMNS.items()
        if any(alias in places for alias in aliases.split())
    }
    for needed, words in (("name", "scientific_name"), ("category", "current_listing or Appendix")):
        if needed not in found:
            raise ListRefused(
                f"The first row names no column {words}. Choose the CSV of Species+ or of the Checklist of CITES "
                "Species, or the layout of docs/law.md."
            )
    return found


def _take(
    row: Mapping[str, str],
    number: int,
    history: bool,
    codes: Codes,
    taxa: dict[str, TaxonRows],
    refused: list[Refused],
) -> int:
    """Put one row where it belongs; 1 when it names a taxon without a listing."""
    name = " ".join(row["name"].split())
    if not name_bare(name) or len(name) > LONGEST:
        why = "no scientific name" if len(name) <= LONGEST else f"a name longer than {LONGEST} signs"
        refused.append(Refused(row=number, column="scientific_name", found=name[:80], why=why))
        return 0
    taxon = taxa.get(name)
    if taxon is None:
        taxon = taxa[name] = _taxon(name, row)
    try:
        listings = list(_listings(row, history, codes))
    except _Bad as bad:
        taxon.incomplete = True
        refused.append(Refused(row=number, column=bad.column, found=bad.found[:80], why=bad.why, name=name))
        return 0
    taxon.listings += [(number, one) for one in listings]
    if row.get("current", "").lower() in _TRUE:
        taxon.current.add(number)
    return int(not listings)


def _beside(taxon: TaxonRows) -> None:
    """Where the file calls two Appendices current the later row ended nothing: its annotation says so."""
    current = [(number, one) for number, one in taxon.listings if number in taxon.current]
    current = [(number, one) for number, one in current if one.change == Change.ADDITION and one.category in _MAIN]
    if len({one.category for _number, one in current}) < 2:
        return
    first = min(one.effective_on or date.min for _number, one in current)
    later = {number for number, one in current if (one.effective_on or date.min) > first and not one.limited_by_words}
    taxon.listings = [
        (number, replace(one, annotation=f"{one.annotation} {BESIDE}".strip()) if number in later else one)
        for number, one in taxon.listings
    ]


def _taxon(name: str, row: Mapping[str, str]) -> TaxonRows:
    synonyms = tuple(one for one in names_split(row.get("synonyms", "")) if one != name)
    rank = row.get("rank", "").lower()[:20] or _rank_of(name)
    return TaxonRows(
        name=name,
        key=row.get("key", "")[:160],
        rank=rank,
        class_name=row.get("class_name", "")[:160],
        order=row.get("order", "")[:160],
        family=row.get("family", "")[:160],
        author=row.get("author", "")[:160],
        national_name=row.get("national_name", "")[:160],
        synonyms=synonyms,
    )


def _rank_of(name: str) -> str:
    words = len(name_bare(name).split())
    return {1: "genus", 2: "species"}.get(words, "subspecies")


def _listings(row: Mapping[str, str], history: bool, codes: Codes) -> Iterable[Listing]:
    cell = row["category"]
    change = _CHANGES.get(re.sub(r"[^a-z]", "", row.get("change", "").lower()))
    if change is None:
        raise _Bad("change_type", row["change"], "is not ADDITION, DELETION, RESERVATION or RESERVATION_WITHDRAWAL")
    if not cell:
        if history:
            raise _Bad("appendix", "", "is empty: every row of a history names what was listed or deleted")
        return
    effective, ended = _days(row, codes.cites)
    if history and effective is None:
        raise _Bad("effective_at", "", "is empty: every row of a history has its day")
    notes = _notes(_plain(row.get("annotation", "")))
    for category in _categories(cell, codes.cites):
        symbol = row.get("symbol", "")
        note = " ".join(one for one in (symbol, notes.get(category, notes.get("", ""))) if one)
        yield Listing(
            category=category,
            change=change,
            effective_on=effective,
            ended_on=ended,
            party=row.get("party", "")[:80],
            populations=_codes(row, "populations", codes.countries, "country code"),
            populations_except=_codes(row, "populations_except", codes.countries, "country code"),
            specimens=_codes(row, "specimens", codes.terms, "CITES term"),
            specimens_except=_codes(row, "specimens_except", codes.terms, "CITES term"),
            annotation=note,
        )


def _categories(cell: str, cites: bool) -> tuple[str, ...]:
    if not cites:
        return (cell[:80],)
    found = tuple(dict.fromkeys(part.strip().upper() for part in cell.split("/")))
    wrong = [part for part in found if part not in _APPENDICES]
    if wrong:
        raise _Bad("appendix", cell, "is not made of I, II, III and NC")
    return found


def _plain(text: str) -> str:
    return " ".join(_TAG.sub(" ", text).split())[:8000]


def _notes(text: str) -> dict[str, str]:
    """The annotation of each Appendix, where one cell holds those of several."""
    pieces = _BY_APPENDIX.split(text)
    if len(pieces) < 3:
        return {"": text}
    return dict(zip(pieces[1::2], (piece.strip() for piece in pieces[2::2]), strict=True))


def _codes(row: Mapping[str, str], column: str, known: frozenset[str], what: str) -> frozenset[str]:
    found = frozenset(re.split(r"[\s,;|]+", row[column].upper())) - {""} if row.get(column) else frozenset()
    for one in sorted(found - known):
        raise _Bad(column, one, f"is not a {what}")
    return found


def _days(row: Mapping[str, str], cites: bool) -> tuple[date | None, date | None]:
    """When a row took effect and when it was over, in this order and neither before there was such a law."""
    effective, ended = _day(row, "effective_on"), _day(row, "ended_on")
    first = _CITES_BEGAN if cites else _LAW_BEGAN
    for column, day in (("effective_at", effective), ("ended_on", ended)):
        if day is not None and day < first:
            raise _Bad(column, day.isoformat(), f"is before {first.isoformat()}, when there was no such law")
    if effective is not None and ended is not None and ended <= effective:
        raise _Bad("ended_on", ended.isoformat(), f"is not after {effective.isoformat()}, when the row took effect")
    return effective, ended


def _day(row: Mapping[str, str], column: str) -> date | None:
    text = row.get(column, "").split("T")[0].split(" ")[0]
    if not text:
        return None
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day of the law has no zone
        except ValueError:
            continue
    raise _Bad(
        {"effective_on": "effective_at"}.get(column, column), text, "is not a day written as 2019-11-26 or 26/11/2019"
    )
