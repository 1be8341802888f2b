"""Evidence requests: asked by a prosecutor, decided by the laboratory, with a schedule of what is withheld."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from lims.accounts.actors import Actor, require
from lims.casework.models import Case
from lims.casework.selectors.access import case_scope
from lims.casework.services.cases import case_lock
from lims.casework.services.numbering import number_next
from lims.common.checks import text_clean
from lims.common.errors import BadInput, RuleViolation, StaleVersion
from lims.disclosure.enums import EvidenceRequestState
from lims.disclosure.ledger import REQUEST
from lims.disclosure.models import EvidenceRequest, WithheldItem
from lims.disclosure.rules import FIELDS, fields_closed, report_tells
from lims.disclosure.selectors.contents import files_withholdable, request_telling
from lims.lab.enums import ReportState
from lims.lab.models import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Withholding:
    """One line of the schedule: a committed field of the ledger, or a thing, that the pack does not show.

    `kind` is "field" (a committed ledger field, one of `lims.disclosure.rules.FIELDS`; places and names of persons are
    closed whole) or "file" (a stored file of the pack by UUID).
    """

    kind: str
    description: str
    rule: str
    decided_by: str
    field: str = ""
    subject: UUID | None = None


def evidence_request(
    *,
    actor: Actor,
    case: Case,
    legal_basis: str,
    scope: str,
    reports: Sequence[Report] = (),
    needed_on: date | None = None,
) -> EvidenceRequest:
    """Ask the laboratory to disclose its record of a case, or some of its reports.

    Raises:
        NotAllowed: without `pack.request` in this case.
        BadInput: no legal basis or scope, a report of another case or not issued.
    """
    require(actor, "pack.request", case_scope(case))
    legal_basis = text_clean(legal_basis, field="legal_basis", required=True, limit=300)
    scope = text_clean(scope, field="scope", required=True)
    for row, report in enumerate(reports):
        if report.case_id != case.pk or report.state not in {ReportState.ISSUED, ReportState.REPLACED}:
            raise BadInput(_("Choose issued reports of this case."), code="bad-report", field="reports", row=row)
    with transaction.atomic():
        locked = case_lock(case)
        year = timezone.localdate().year
        request = EvidenceRequest.objects.create(
            uuid=uuid4(),
            reference=f"DR-{year}-{number_next(f'evidence-{year}'):05d}",
            case=locked,
            requested_by_id=actor.user_id,
            requested_at=timezone.now(),
            legal_basis=legal_basis,
            scope=scope,
            needed_on=needed_on,
        )
        request.reports.set(reports)
        values: dict[str, Json] = {
            "reference": request.reference,
            "case": str(case.uuid),
            "reports": [report.number for report in reports],
        }
        committed: dict[str, Json] = {"legal_basis": legal_basis, "scope": scope}
        act_append(actor=actor, drafts=[_draft(request, "requested", values, committed)])
    return request


def evidence_decide(
    *,
    actor: Actor,
    request: EvidenceRequest,
    version: int,
    approve: bool,
    note: str = "",
    withheld: Sequence[Withholding] = (),
) -> EvidenceRequest:
    """Approve a request with its schedule of withheld material, or decline it with the reason.

    Raises:
        NotAllowed: without `pack.approve`.
        BadInput: declined without a note; a line of the schedule without rule or decider, or one that would withhold
            nothing because no such field is ever written or the case has no such file.
        RuleViolation: decided already, or a disclosed report says what is withheld.
        StaleVersion: changed since it was read.
    """
    case = Case.objects.select_related("agency").get(pk=request.case_id)
    require(actor, "pack.approve", case_scope(case))
    note = text_clean(note, field="note", required=not approve)
    files = files_withholdable(request) if any(line.kind == "file" for line in withheld) else set()
    for row, line in enumerate(withheld):
        _withholding_check(line, row, files)
    if approve:
        _reports_check(request, withheld)
    with transaction.atomic():
        case_lock(case)
        row_request = EvidenceRequest.objects.select_for_update(no_key=True, of=("self",)).get(pk=request.pk)
        if row_request.version != version:
            raise StaleVersion(_("Somebody else decided meanwhile."), field="version", found=version)
        if row_request.state != EvidenceRequestState.REQUESTED:
            raise RuleViolation(_("%(ref)s has been decided already.") % {"ref": row_request.reference}, code="decided")
        row_request.state = EvidenceRequestState.APPROVED if approve else EvidenceRequestState.DECLINED
        row_request.decided_by_id, row_request.decided_at = actor.party_id, timezone.now()
        row_request.decision_note = note
        row_request.version += 1
        row_request.save()
        WithheldItem.objects.bulk_create([_withheld_row(row_request, line) for line in withheld])
        act_append(actor=actor, drafts=[_draft(row_request, row_request.state, *_schedule(withheld))], reason=note)
    return row_request


def _reports_check(request: EvidenceRequest, withheld: Sequence[Withholding]) -> None:
    """A value closed in the ledger must not stand in a report beside it; the builder asks again."""
    fields = fields_closed({line.field for line in withheld if line.kind == "field"})
    telling = request_telling(request, fields, {line.subject for line in withheld if line.kind == "file"})
    for report, said in telling:
        raise report_tells(report.number, said)


def _withholding_check(line: Withholding, row: int, files: set[UUID]) -> None:
    if line.kind not in {"field", "file"} or (line.kind == "field") != bool(line.field):
        raise BadInput(
            _("Name the field or the file that is withheld."), code="bad-withholding", field="withheld", row=row
        )
    if line.kind == "field" and line.field not in FIELDS:
        raise BadInput(
            _("«%(found)s» is no field of the record, so nothing would be withheld. Use one of %(fields)s.")
            % {"found": line.field, "fields": ", ".join(sorted(FIELDS))},
            code="unknown-field",
            field="field",
            found=line.field,
            row=row,
        )
    if line.kind == "file" and line.subject not in files:
        raise BadInput(
            _("The case has no such file, so nothing would be withheld. Choose a file of this case."),
            code="unknown-file",
            field="subject",
            found=str(line.subject),
            row=row,
        )
    for name in ("description", "rule", "decided_by"):
        if not getattr(line, name).strip():
            raise BadInput(
                _("Every line of the schedule names what is withheld, the rule, and who decided."),
                code="required",
                field=name,
                row=row,
            )


def _schedule(withheld: Sequence[Withholding]) -> tuple[dict[str, Json], dict[str, Json]]:
    """The schedule for the ledger: what is withheld in the open, the words of rule and decider committed."""
    lines: list[Json] = [
        {"kind": line.kind, "field": line.field, "subject": str(line.subject) if line.subject else None}
        for line in withheld
    ]
    words: list[Json] = [
        {"description": line.description, "rule": line.rule, "decided_by": line.decided_by} for line in withheld
    ]
    return {"withheld": lines}, {"schedule": words} if words else {}


def _withheld_row(request: EvidenceRequest, line: Withholding) -> WithheldItem:
    return WithheldItem(
        request=request,
        kind=line.kind,
        subject=line.subject,
        field=line.field,
        description=line.description.strip()[:300],
        rule=line.rule.strip()[:300],
        decided_by=line.decided_by.strip()[:200],
    )


def _draft(request: EvidenceRequest, verb: str, values: dict[str, Json], committed: dict[str, Json]) -> EntryDraft:
    stream = StreamKey(kind="evidence_request", id=request.uuid)
    return EntryDraft(stream=stream, schema=REQUEST, verb=verb, values=values, committed=committed)
