"""Law beside science: which listing a name had on a day, by the approved lists, as plain values that can be frozen."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from lims.accounts.actors import Actor, require
from lims.casework.models import Case
from lims.common.errors import NotFound
from lims.lab.enums import JobState, LegalScheme, NameKind, ReferenceState
from lims.lab.models import LegalList, LegalListing, LegalName, LegalTaxon
from lims.lab.rules.listing import Answer, Change, Coverage, Kind, Listing, Part, Taxon, Why, listing_at
from lims.lab.rules.names import genus_of, name_bare
from lims.lab.selectors.lawwords import ruling_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A name as found, and what is known of its origin (ISO code) and of the specimen (CITES term)."""

    name: str
    population: str = ""
    specimen: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The day asked, and why that day: that of the offence, or of the seizure where none is recorded."""

    on: date | None
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What one list says of one name on one day. Plain values: a report keeps them as they were when it was frozen."""

    scheme: str
    jurisdiction: str
    list_name: str
    edition: str
    as_of: str
    history_since: str
    digest: str
    list_uuid: str
    synthetic: bool
    asked_on: str
    asked_because: str
    population: str
    specimen: str
    name_found: str
    name_in_list: str
    name_kind: str
    name_in_law: str
    kind: str
    why: str
    covered_by: str
    categories: tuple[str, ...]
    parts: tuple[dict[str, Any], ...]
    reservations: tuple[str, ...]
    statement: str

    def frozen(self) -> dict[str, Any]:
        """As kept in a report under review."""
        return asdict(self)


def law_list(*, actor: Actor, scheme: str = "", standing: str = "") -> QuerySet[LegalList]:
    """Lists of listings, newest first."""
    require(actor, "run.read")
    rows = LegalList.objects.select_related("added_by", "approved_by", "file")
    if scheme:
        rows = rows.filter(scheme=scheme)
    if standing:
        rows = rows.filter(standing=standing)
    return rows.order_by("-as_of", "-id")


def law_get(*, actor: Actor, uuid: UUID) -> LegalList:
    """One list.

    Raises:
        NotFound: none.
    """
    row = law_list(actor=actor).filter(uuid=uuid).first()
    if row is None:
        raise NotFound(_("There is no such list."), code="law-list-not-found")
    return row


def laws_to_approve(*, actor: Actor) -> QuerySet[LegalList]:
    """Lists that were read and wait for somebody else than their proposer, who is this person not."""
    rows = law_list(actor=actor, standing=ReferenceState.PROPOSED).filter(state=JobState.DONE)
    return rows.exclude(added_by_id=actor.party_id)


def law_day(case: Case) -> Day:
    """The day whose law counts in a case: that of the offence, else of the first seizure, in the seizure's zone."""
    if case.offence_date:
        return Day(on=case.offence_date, because="offence")
    first = case.seizures.order_by("seized_at").first()
    if first is None:
        return Day(on=None)
    return Day(on=first.seized_at.astimezone(ZoneInfo(first.zone)).date(), because="seizure")


def law_jurisdictions(case: Case) -> tuple[str, ...]:
    """Countries whose law a case asks after: where its seizures were."""
    return tuple(sorted(set(case.seizures.values_list("country", flat=True))))


def listing_ask(*, actor: Actor, question: Question, day: date | None, jurisdictions: Sequence[str]) -> list[Ruling]:
    """What the approved lists say of one name, for a person who asks."""
    require(actor, "run.read")
    return rulings([question], Day(on=day, because="asked"), jurisdictions)[0]


def rulings(questions: Sequence[Question], day: Day, jurisdictions: Collection[str]) -> list[list[Ruling]]:
    """What each approved list says of each name on a day: CITES first, then the countries. Empty without lists.

    A constant number of statements per list, however many names.
    """
    found: list[list[Ruling]] = [[] for _question in questions]
    if not questions:
        return found
    for chosen in _lists(day.on, jurisdictions):
        book = _Book(chosen, [question.name for question in questions])
        for place, question in enumerate(questions):
            found[place].append(book.ruling(question, day))
    return found


def _lists(day: date | None, jurisdictions: Collection[str]) -> list[LegalList]:
    """Of each law the approved edition that speaks of the day; the newest where none does."""
    wanted = Q(scheme=LegalScheme.CITES) | Q(scheme=LegalScheme.NATIONAL, jurisdiction__in=list(jurisdictions))
    rows = LegalList.objects.filter(wanted, standing=ReferenceState.APPROVED, state=JobState.DONE)
    groups: dict[tuple[str, str, str], LegalList] = {}
    for row in rows.select_related("file").order_by("as_of", "id"):
        name = row.name if row.scheme == LegalScheme.NATIONAL else ""
        key = (row.scheme, row.jurisdiction, name)
        if key not in groups or _speaks(row, day) or not _speaks(groups[key], day):
            groups[key] = row
    return [groups[key] for key in sorted(groups)]


def _speaks(row: LegalList, day: date | None) -> bool:
    if day is None or day > row.as_of:
        return False
    return day == row.as_of or (row.history_since is not None and row.history_since <= day)


class _Book:
    """One list, with what these names need of it loaded in four statements."""

    def __init__(self, row: LegalList, names: Iterable[str]) -> None:
        self.row = row
        self.coverage = Coverage(as_of=row.as_of, history_since=row.history_since)
        cleaned = {_cleaned(name) for name in names} - {""}
        self.names = self._names(cleaned)
        own = {taxon.pk: taxon for found in self.names.values() for taxon, _kind in found}
        self.higher = self._higher(cleaned, own.values())
        self.below = self._below(cleaned | {taxon.name for taxon in own.values()})
        taxa = [*own.values(), *self.higher.values(), *(one for found in self.below.values() for one in found)]
        self.listings = self._listings({taxon.pk for taxon in taxa})

    def ruling(self, question: Question, day: Day) -> Ruling:
        """What the list says of one name."""
        name = _cleaned(question.name)
        found = self.names.get(name, [])
        taxa = [taxon for taxon, _kind in found]
        answer = self._answer(name, taxa, question, day.on)
        kind = found[0][1] if found else ""
        ruling = Ruling(
            scheme=self.row.scheme,
            jurisdiction=self.row.jurisdiction,
            list_name=self.row.name,
            edition=self.row.edition,
            as_of=self.row.as_of.isoformat(),
            history_since=self.row.history_since.isoformat() if self.row.history_since else "",
            digest=self.row.file.digest,
            list_uuid=str(self.row.uuid),
            synthetic=self.row.synthetic,
            asked_on=day.on.isoformat() if day.on else "",
            asked_because=day.because,
            population=question.population,
            specimen=question.specimen,
            name_found=question.name,
            name_in_list=taxa[0].name if len(taxa) == 1 else "",
            name_kind=kind,
            name_in_law=taxa[0].national_name if len(taxa) == 1 else "",
            kind=answer.kind,
            why=answer.why,
            covered_by=answer.covered_by,
            categories=answer.categories,
            parts=tuple(_part(part) for part in answer.parts),
            reservations=answer.reservations,
            statement="",
        )
        return _worded(ruling)

    def _answer(self, name: str, taxa: Sequence[LegalTaxon], question: Question, day: date | None) -> Answer:
        if not taxa:
            lineage = self._lineage(name, None)
            if not lineage:
                return Answer(kind=Kind.UNKNOWN_NAME)
            return self._ask(lineage, [], question, day)
        answers = [
            (taxon, self._ask(self._lineage(taxon.name, taxon), self.below.get(taxon.name, []), question, day))
            for taxon in taxa
        ]
        first = answers[0][1]
        if all((one.kind, one.categories) == (first.kind, first.categories) for _taxon, one in answers):
            return first
        parts = tuple(Part(categories=one.categories, taxon=taxon.name) for taxon, one in answers)
        unknown = any(one.kind == Kind.UNKNOWN_AT_DATE for _taxon, one in answers)
        return Answer(kind=Kind.UNKNOWN_AT_DATE if unknown else Kind.CONDITIONAL, why=Why.NAMES, parts=parts)

    def _ask(
        self, lineage: Sequence[Taxon], below: Sequence[LegalTaxon], question: Question, day: date | None
    ) -> Answer:
        return listing_at(
            lineage,
            self.coverage,
            asked_on=day,
            population=question.population,
            specimen=question.specimen,
            below=[self._plain(taxon) for taxon in below],
        )

    def _lineage(self, name: str, taxon: LegalTaxon | None) -> list[Taxon]:
        rows = [taxon] if taxon is not None else []
        rows += [self.higher[one] for one in _above(name) if one in self.higher]
        top = rows[0] if rows else None
        if top is not None:
            rows += [self.higher[one] for one in (top.family, top.order, top.class_name) if one in self.higher]
        return [self._plain(one) for one in {row.pk: row for row in rows}.values()]

    def _plain(self, taxon: LegalTaxon) -> Taxon:
        return Taxon(
            name=taxon.name,
            rank=taxon.rank,
            listings=tuple(self.listings.get(taxon.pk, ())),
            incomplete=taxon.incomplete,
        )

    def _names(self, wanted: set[str]) -> dict[str, list[tuple[LegalTaxon, str]]]:
        """The taxa a name stands for; as an accepted name it stands for one, whatever else it is a synonym of."""
        found: dict[str, list[tuple[LegalTaxon, str]]] = defaultdict(list)
        rows = LegalName.objects.filter(list=self.row, name__in=wanted).select_related("taxon")
        for row in sorted(rows, key=lambda one: (one.kind != NameKind.ACCEPTED, one.taxon.name)):
            known = found[row.name]
            if not (known and known[0][1] == NameKind.ACCEPTED):
                known.append((row.taxon, row.kind))
        return dict(found)

    def _higher(self, names: Iterable[str], taxa: Iterable[LegalTaxon]) -> dict[str, LegalTaxon]:
        taxa = list(taxa)
        genera = {one for name in [*names, *(taxon.name for taxon in taxa)] for one in _above(name)}
        first = {row.name: row for row in LegalTaxon.objects.filter(list=self.row, name__in=genera)}
        tops = {one for row in [*taxa, *first.values()] for one in (row.family, row.order, row.class_name) if one}
        tops = {variant for one in tops for variant in (one, one.upper(), one.capitalize())}
        more = LegalTaxon.objects.filter(list=self.row, name__in=tops - set(first))
        return first | {row.name: row for row in more}

    def _below(self, names: Iterable[str]) -> dict[str, list[LegalTaxon]]:
        """Taxa under a genus or a species; what stands above a genus is not gone through."""
        wanted = sorted(name for name in names if len(name.split()) <= 2)
        under = Q(pk__in=[])
        for name in wanted:
            under |= Q(name__startswith=f"{name} ")
        found: dict[str, list[LegalTaxon]] = defaultdict(list)
        for row in LegalTaxon.objects.filter(under, list=self.row).order_by("name"):
            words = row.name.split()
            for depth in range(1, len(words)):
                found[" ".join(words[:depth])].append(row)
        return found

    def _listings(self, taxa: Collection[int]) -> dict[int, list[Listing]]:
        found: dict[int, list[Listing]] = defaultdict(list)
        for row in LegalListing.objects.filter(taxon_id__in=taxa).order_by("row", "id"):
            found[row.taxon_id].append(_listing(row))
        return found


def _cleaned(name: str) -> str:
    """A name as lists write it: as given where it has no author, else without."""
    tidy = " ".join(name.split())
    return name_bare(tidy) or tidy


def _above(name: str) -> list[str]:
    """The species of a subspecies, and the genus."""
    words = name.split()
    return [*([" ".join(words[:2])] if len(words) > 2 else []), *([genus_of(name)] if len(words) > 1 else [])]


def _listing(row: LegalListing) -> Listing:
    return Listing(
        category=row.category,
        change=Change(row.change),
        effective_on=row.effective_on,
        ended_on=row.ended_on,
        party=row.party,
        populations=frozenset(row.populations),
        populations_except=frozenset(row.populations_except),
        specimens=frozenset(row.specimens),
        specimens_except=frozenset(row.specimens_except),
        annotation=row.annotation,
    )


def _part(part: Part) -> dict[str, Any]:
    return {
        "categories": list(part.categories),
        "populations": list(part.populations),
        "elsewhere": part.elsewhere,
        "specimens": list(part.specimens),
        "other_specimens": part.other_specimens,
        "taxon": part.taxon,
        "annotations": list(part.annotations),
        "since": part.since.isoformat() if part.since else "",
    }


def _worded(ruling: Ruling) -> Ruling:
    data = {name: getattr(ruling, name) for name in ruling.__slots__}
    return Ruling(**data | {"statement": ruling_words(data)})


def rulings_of(frozen: Iterable[dict[str, Any]]) -> list[Ruling]:
    """Rulings as a frozen report keeps them, word for word."""
    return [Ruling(**{name: one[name] for name in Ruling.__slots__}) for one in frozen]
