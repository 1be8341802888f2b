"""Custody discrepancies: recorded by one person, countersigned by another, explained at last."""

from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.models import Item
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from lims.accounts.actors import Actor, require
from lims.casework.enums import DiscrepancyKind, DiscrepancyState
from lims.casework.ledger import DISCREPANCY
from lims.casework.models import Case, Discrepancy, Exhibit, Intake
from lims.casework.selectors.access import case_scope
from lims.casework.services.belonging import case_pk_check, item_of_case_check
from lims.casework.services.cases import case_lock
from lims.common.checks import text_clean
from lims.common.errors import BadInput, NotAllowed, RuleViolation


def discrepancy_record(
    *,
    actor: Actor,
    case: Case,
    kind: str,
    stated: str,
    found: str,
    intake: Intake | None = None,
    item: Item | None = None,
    exhibit: Exhibit | None = None,
) -> Discrepancy:
    """Record a difference between what was stated and what was found.

    Raises:
        NotAllowed: without `item.register`.
        BadInput: unknown kind, stated and found are the same, or something of another case.
    """
    require(actor, "item.register", case_scope(case))
    if kind not in DiscrepancyKind.values:
        raise BadInput(_("Choose what differs."), code="unknown-kind", field="kind", found=kind)
    item_of_case_check(item, case, field="item")
    case_pk_check(intake.case_id if intake else None, case, field="intake")
    case_pk_check(exhibit.case_id if exhibit else None, case, field="exhibit")
    stated = text_clean(stated, field="stated", required=True, limit=200)
    found = text_clean(found, field="found", required=True, limit=200)
    if stated == found:
        raise BadInput(
            _("Stated and found are the same: nothing differs."),
            code="no-difference",
            field="found",
            found=found,
        )
    with transaction.atomic():
        row = Discrepancy.objects.create(
            uuid=uuid4(),
            case=case,
            intake=intake,
            item=item,
            exhibit=exhibit,
            kind=kind,
            stated=stated,
            found=found,
            recorded_by_id=actor.party_id,
            recorded_at=timezone.now(),
        )
        values: dict[str, Json] = {
            "case": str(case.uuid),
            "kind": kind,
            "item": str(item.uuid) if item else None,
            "intake": str(intake.uuid) if intake else None,
        }
        act_append(actor=actor, drafts=[_draft(row, "recorded", values, {"stated": stated, "found": found})])
    return row


def discrepancy_countersign(*, actor: Actor, discrepancy: Discrepancy) -> Discrepancy:
    """A second person confirms what was found.

    Raises:
        NotAllowed: without the capability, or the same person who recorded it.
        RuleViolation: countersigned already.
    """
    row = _allowed(actor, discrepancy)
    with transaction.atomic():
        case_lock(row.case)
        row = Discrepancy.objects.select_for_update(no_key=True, of=("self",)).select_related("case").get(pk=row.pk)
        if row.recorded_by_id == actor.party_id:
            raise NotAllowed(
                _("You recorded this difference. A second person countersigns it."),
                code="own-work",
                field="actor",
            )
        if row.state != DiscrepancyState.RECORDED:
            raise RuleViolation(_("This difference is countersigned already."), code="already")
        row.state = DiscrepancyState.COUNTERSIGNED
        row.countersigned_by_id, row.countersigned_at = actor.party_id, timezone.now()
        row.version += 1
        row.save()
        act_append(actor=actor, drafts=[_draft(row, "countersigned", {}, {})])
    return row


def discrepancy_explain(
    *, actor: Actor, discrepancy: Discrepancy, explanation: str, customer_told: bool = False
) -> Discrepancy:
    """Say what explains the difference; the record of it stays.

    Raises:
        NotAllowed: without the capability.
        RuleViolation: not countersigned yet, or explained already.
    """
    row = _allowed(actor, discrepancy)
    explanation = text_clean(explanation, field="explanation", required=True)
    with transaction.atomic():
        case_lock(row.case)
        row = Discrepancy.objects.select_for_update(no_key=True, of=("self",)).select_related("case").get(pk=row.pk)
        if row.state != DiscrepancyState.COUNTERSIGNED:
            raise RuleViolation(
                _("A difference is explained after a second person has countersigned it, and once."),
                code="wrong-state",
            )
        row.state, row.explanation = DiscrepancyState.EXPLAINED, explanation
        row.customer_told_at = timezone.now() if customer_told else None
        row.version += 1
        row.save()
        act_append(
            actor=actor,
            drafts=[_draft(row, "explained", {"customer_told": customer_told}, {"explanation": explanation})],
        )
    return row


def _allowed(actor: Actor, discrepancy: Discrepancy) -> Discrepancy:
    row = Discrepancy.objects.select_related("case__agency").get(pk=discrepancy.pk)
    require(actor, "discrepancy.countersign", case_scope(row.case))
    return row


def _draft(row: Discrepancy, verb: str, values: dict[str, Json], committed: dict[str, Json]) -> EntryDraft:
    stream = StreamKey(kind="discrepancy", id=row.uuid)
    return EntryDraft(stream=stream, schema=DISCREPANCY, verb=verb, values=values, committed=committed)
