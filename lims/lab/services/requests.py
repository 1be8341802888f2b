"""Examination requests: one question per item, accepted or declined in contract review (ISO/IEC 17025 7.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.models import Item, Party
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from lims.accounts.actors import Actor, require
from lims.casework.models import Case, ExhibitComponent
from lims.casework.selectors.access import case_scope
from lims.casework.selectors.cases import item_case
from lims.casework.services.belonging import component_of_item_check
from lims.casework.services.cases import case_lock, case_open_required
from lims.casework.services.numbering import number_next
from lims.common.checks import text_clean
from lims.common.errors import BadInput, RuleViolation, StaleVersion
from lims.lab.enums import Question, RequestState
from lims.lab.ledger import REQUEST
from lims.lab.models import ExaminationRequest, RequestLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question about one item, or about one component of it."""

    item: Item
    question: str
    component: ExhibitComponent | None = None
    note: str = ""


def examination_request(
    *,
    actor: Actor,
    case: Case,
    lines: Sequence[Asked],
    customer: Party | None = None,
    propositions: str = "",
    destructive_allowed: bool = False,
    due_on: date | None = None,
) -> ExaminationRequest:
    """Ask the laboratory to examine items of a case.

    Raises:
        NotAllowed: without `examination.request` in this case.
        BadInput: no lines, an unknown question, an item of another case, a component of another exhibit; `row` names
            the line.
    """
    require(actor, "examination.request", case_scope(case))
    if not lines:
        raise BadInput(_("Ask at least one question about one item."), code="required", field="lines")
    for row, line in enumerate(lines):
        _line_check(case, line, row)
    with transaction.atomic():
        locked = case_lock(case)
        case_open_required(locked)
        year = timezone.localdate().year
        request = ExaminationRequest.objects.create(
            uuid=uuid4(),
            reference=f"Q-{year}-{number_next(f'question-{year}'):05d}",
            case=locked,
            requested_by_id=actor.party_id,
            requested_at=timezone.now(),
            customer=customer or locked.agency,
            propositions=text_clean(propositions, field="propositions"),
            destructive_allowed=destructive_allowed,
            due_on=due_on,
        )
        RequestLine.objects.bulk_create(
            [
                RequestLine(
                    request=request, item=line.item, component=line.component, question=line.question, note=line.note
                )
                for line in lines
            ]
        )
        asked: list[Json] = [{"item": str(line.item.uuid), "question": line.question} for line in lines]
        values: dict[str, Json] = {
            "reference": request.reference,
            "case": str(case.uuid),
            "lines": asked,
            "destructive_allowed": destructive_allowed,
        }
        act_append(actor=actor, drafts=[_draft(request, "submitted", values)])
    return request


def examination_decide(
    *, actor: Actor, request: ExaminationRequest, version: int, accept: bool, note: str = "", due_on: date | None = None
) -> ExaminationRequest:
    """Contract review: is the question answerable, the method in scope, the destruction allowed.

    Raises:
        NotAllowed: without `examination.accept`.
        BadInput: declined without a reason.
        RuleViolation: decided already.
        StaleVersion: changed since it was read.
    """
    case = Case.objects.select_related("agency").get(pk=request.case_id)
    require(actor, "examination.accept", case_scope(case))
    note = text_clean(note, field="note", required=not accept)
    with transaction.atomic():
        case_lock(case)
        row = ExaminationRequest.objects.select_for_update(no_key=True).get(pk=request.pk)
        if row.version != version:
            raise StaleVersion(_("Somebody else decided meanwhile."), field="version", found=version)
        if row.state != RequestState.SUBMITTED:
            raise RuleViolation(_("%(ref)s has been decided already.") % {"ref": row.reference}, code="already-decided")
        row.state = RequestState.ACCEPTED if accept else RequestState.DECLINED
        row.decided_by_id, row.decided_at, row.decision_note = actor.party_id, timezone.now(), note
        row.due_on = due_on or row.due_on
        row.version += 1
        row.save()
        act_append(actor=actor, drafts=[_draft(row, row.state, {})], reason=note)
    return row


def _line_check(case: Case, line: Asked, row: int) -> None:
    if line.question not in Question.values:
        raise BadInput(
            _("Choose what is asked."), code="unknown-question", field="question", found=line.question, row=row
        )
    owner = item_case(line.item)
    if owner is None or owner.pk != case.pk:
        raise BadInput(
            _("%(item)s is not an item of %(case)s.") % {"item": line.item.reference, "case": case.reference},
            code="other-case",
            field="item",
            found=line.item.reference,
            row=row,
        )
    try:
        component_of_item_check(line.component, line.item)
    except BadInput as error:
        error.row = row
        raise


def _draft(request: ExaminationRequest, verb: str, values: dict[str, Json]) -> EntryDraft:
    stream = StreamKey(kind="request", id=request.uuid)
    return EntryDraft(stream=stream, schema=REQUEST, verb=verb, values=values)
