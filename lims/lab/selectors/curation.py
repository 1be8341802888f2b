"""The tables of a set of reference sequences, and the decisions on its records."""

import csv
import io
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from chain_of_custody.vault.services import file_content
from lims.accounts.actors import Actor, require
from lims.common.errors import NotFound, RuleViolation
from lims.lab.enums import CurationChoice
from lims.lab.models import CurationDecision, ReferenceSet
from lims.lab.rules.curation import MUST_DECIDE, EditionChange, editions_compare

TABLES = ("report", "records", "curation", "coverage")
Row = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFindings:
    """A record to look at: what was seen, whether a decision is needed, which one holds, how many were made."""

    accession: str
    taxon: str
    seen: tuple[tuple[str, str], ...]
    needed: bool
    decision: CurationDecision | None
    decisions: int = 0


def table_rows(*, actor: Actor, reference: ReferenceSet, name: str) -> list[Row]:
    """A table of the build, row by row in its order.

    Raises:
        NotFound: the set has no such table (population data, or built by an earlier version).
        DigestMismatch: the stored bytes are not those that were written.
    """
    require(actor, "run.read")
    return _rows(reference, name)


def _rows(reference: ReferenceSet, name: str) -> list[Row]:
    table = reference.tables.select_related("file").filter(name=f"{name}.csv").first()
    if table is None:
        raise NotFound(_("%(set)s has no such table.") % {"set": reference}, code="table-not-found", found=name)
    return list(csv.DictReader(io.StringIO(file_content(table.file).decode())))


def accessions_known(*, actor: Actor, reference: ReferenceSet) -> frozenset[str]:
    """The records of the set, for somebody who decides on them.

    Raises:
        NotAllowed: without `reference.manage`.
        NotFound: the set was built without its table of records.
    """
    require(actor, "reference.manage")
    return frozenset(row["accession"] for row in _rows(reference, "records"))


def decisions_of(reference: ReferenceSet) -> dict[str, CurationDecision]:
    """The decision that holds for each record: the latest."""
    return {row.accession: row for row in _decisions(reference)}


def _decisions(reference: ReferenceSet) -> QuerySet[CurationDecision]:
    return CurationDecision.objects.filter(reference=reference).select_related("decided_by").order_by("pk")


def decisions_on(reference: ReferenceSet, accession: str) -> list[CurationDecision]:
    """Every decision on one record, the first one first; the last one holds."""
    return list(_decisions(reference).filter(accession=accession))


def findings_by_record(*, actor: Actor, reference: ReferenceSet) -> list[RecordFindings]:
    """Records to look at: those that need a decision and have none first, then by accession."""
    require(actor, "run.read")
    return _findings(reference)


def _findings(reference: ReferenceSet) -> list[RecordFindings]:
    made = list(_decisions(reference))
    decided, counted = {row.accession: row for row in made}, Counter(row.accession for row in made)
    seen: dict[str, list[Row]] = {}
    for row in _rows(reference, "curation"):
        seen.setdefault(row["accession"], []).append(row)
    taxa = {} if decided.keys() <= seen.keys() else {r["accession"]: r["name"] for r in _rows(reference, "records")}
    found = [
        RecordFindings(
            accession=accession,
            taxon=rows[0]["taxon"] if (rows := seen.get(accession, [])) else taxa.get(accession, ""),
            seen=tuple((row["code"], row["text"]) for row in rows),
            needed=any(row["code"] in MUST_DECIDE for row in rows),
            decision=decided.get(accession),
            decisions=counted[accession],
        )
        for accession in sorted(seen.keys() | decided.keys())
    ]
    return sorted(found, key=lambda one: (not (one.needed and one.decision is None), not one.needed, one.accession))


def records_doubted(*, actor: Actor, reference: ReferenceSet, accessions: Collection[str]) -> list[RecordFindings]:
    """What speaks against some records of a set, and what was decided on them; duplicates are no such thing.

    Empty where the set was built without its tables.
    """
    require(actor, "run.read")
    if not reference.tables.filter(name="curation.csv").exists():
        return []
    found = [one for one in _findings(reference) if one.accession in accessions]
    return [one for one in found if one.seen and {code for code, _text in one.seen} != {"duplicate"}]


def approval_problem(reference: ReferenceSet) -> str:
    """Why the set cannot be approved yet, empty where it can."""
    if not reference.tables.filter(name="curation.csv").exists():
        return ""
    found = _findings(reference)
    open_ones = sum(one.needed and one.decision is None for one in found)
    if open_ones:
        return _("%(n)s records contradict their name or frame and nobody has decided on them.") % {"n": open_ones}
    left = sum(one.decision is not None and one.decision.choice == CurationChoice.EXCLUDE for one in found)
    if left:
        return _("%(n)s records are to be left out: build the next edition without them.") % {"n": left}
    return ""


def editions_difference(*, actor: Actor, reference: ReferenceSet, older: ReferenceSet) -> EditionChange:
    """What `reference` has, lacks and says otherwise beside `older`.

    Raises:
        RuleViolation: they answer different questions.
        NotFound: one of them was built without its table of records.
    """
    require(actor, "run.read")
    if reference.kind != older.kind:
        raise RuleViolation(_("These two sets answer different questions."), code="other-kind", field="other")
    return editions_compare(_rows(older, "records"), _rows(reference, "records"))
