"""Reports: drafted, submitted for review, signed with re-authentication, replaced by a newer number."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.models import Item, Party, StoredFile
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from chain_of_custody.vault.services import file_store, retention_default
from lims.accounts.actors import Actor, require
from lims.accounts.services import ReAuthentication
from lims.casework.models import Case
from lims.casework.selectors.access import case_scope
from lims.casework.selectors.laboratory import laboratory_get
from lims.casework.services.belonging import case_pk_check, item_of_case_check
from lims.casework.services.cases import case_lock, part_reference
from lims.casework.services.numbering import number_next
from lims.common.checks import text_clean
from lims.common.errors import BadInput, NotAllowed, RuleViolation, StaleVersion
from lims.documents.credentials import credentials_create
from lims.documents.data.parts import SignatureSlot
from lims.documents.render import report_render
from lims.documents.signing import SignatureRequest, document_sign
from lims.lab.enums import ReportState, Side
from lims.lab.ledger import REPORT
from lims.lab.models import ExaminationRequest, Finding, Report, ReportItem, ReportPerson
from lims.lab.selectors.caselaw import law_frozen
from lims.lab.selectors.marks import document_marks
from lims.lab.selectors.report_data import Kind, report_data, report_digest
from lims.lab.selectors.reports import report_contested
from lims.lab.services.blocking import report_usable_check
from lims.lab.services.involved import people_of_work


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFacts:
    """What an author writes: the rest of a report comes from records."""

    title: str
    question: str
    findings: Sequence[Finding]
    limits: str = ""
    declaration: str = ""
    recipients: Sequence[str] = ()
    not_examined: Sequence[tuple[Item, str]] = ()
    language: str = "en"


def report_draft(
    *,
    actor: Actor,
    case: Case,
    facts: ReportFacts,
    request: ExaminationRequest | None = None,
    replaces: Report | None = None,
    replace_reason: str = "",
) -> Report:
    """A new draft with its own number. The author, and whoever analysed, stand on the side of the work from now on.

    Raises:
        NotAllowed: without `report.write`.
        BadInput: no title or question, an amended report without a reason; a finding, an item or an examination request
            of another case.
        RuleViolation: the report to replace is not issued, or is being replaced already.
    """
    require(actor, "report.write", case_scope(case))
    _facts_check(case, facts)
    case_pk_check(request.case_id if request else None, case, field="request")
    if replaces is not None:
        replace_reason = text_clean(replace_reason, field="replace_reason", required=True)
        if replaces.case_id != case.pk or replaces.state != ReportState.ISSUED:
            raise RuleViolation(
                _("Only an issued report of this case can be replaced."), code="not-issued", field="replaces"
            )
        if Report.objects.filter(replaces=replaces).exists():
            raise RuleViolation(_("This report is being replaced already."), code="already-replaced", field="replaces")
    with transaction.atomic():
        locked = case_lock(case)
        number = number_next(f"report-{case.pk}")
        report = Report.objects.create(
            uuid=uuid4(),
            number=part_reference(locked, f"R{number:02d}"),
            case=locked,
            request=request,
            replaces=replaces,
            replace_reason=replace_reason,
            created_by_id=actor.party_id,
            created_at=timezone.now(),
            **_columns(facts),
        )
        _contents_set(actor, report, facts)
        values: dict[str, Json] = {
            "number": report.number,
            "case": str(case.uuid),
            "findings": [str(one.uuid) for one in facts.findings],
            "replaces": replaces.number if replaces else None,
        }
        act_append(actor=actor, drafts=[report_draft_entry(report, "drafted", values)], reason=replace_reason)
    return report


def report_change(*, actor: Actor, report: Report, version: int, facts: ReportFacts) -> Report:
    """Change a draft.

    Raises:
        NotAllowed: without `report.write`, or by its reviewer.
        RuleViolation: it is not a draft.
        StaleVersion: somebody else changed it since.
    """
    case = Case.objects.select_related("agency").get(pk=report.case_id)
    require(actor, "report.write", case_scope(case))
    _facts_check(case, facts)
    with transaction.atomic():
        case_lock(case)
        row = report_lock(report, version)
        report_state_check(row, ReportState.DRAFT)
        for name, value in _columns(facts).items():
            setattr(row, name, value)
        row.version += 1
        row.save()
        _contents_set(actor, row, facts)
        values: dict[str, Json] = {"findings": [str(one.uuid) for one in facts.findings]}
        act_append(actor=actor, drafts=[report_draft_entry(row, "changed", values)])
    return row


def report_submit(*, actor: Actor, report: Report, version: int) -> Report:
    """Freeze the draft and send it to technical review: its content is known by digest from here on.

    The file is made under the report's lock, so that a second click stores none.

    Raises:
        NotAllowed: without `report.write`, or by somebody who is not its author.
        RuleViolation: it is not a draft, says nothing, or rests on a blocked batch.
        StaleVersion: somebody else changed it since.
    """
    case = Case.objects.select_related("agency").get(pk=report.case_id)
    require(actor, "report.write", case_scope(case))
    _author_check(actor, report)
    with transaction.atomic():
        case_lock(case)
        row = report_lock(report, version)
        report_state_check(row, ReportState.DRAFT)
        _findings_check(row)
        draft = _load(row)
        row.frozen = draft.frozen = law_frozen(draft)
        digest = report_digest(draft)
        stored = _file_store(actor, draft, _rendered(draft, "draft"), "draft")
        row.state, row.frozen_digest, row.draft_file = ReportState.TECHNICAL_REVIEW, digest, stored
        row.version += 1
        row.save()
        values: dict[str, Json] = {"content": digest, "draft": stored.digest}
        act_append(actor=actor, drafts=[report_draft_entry(row, "submitted", values)])
    return row


def report_sign(*, actor: Actor, report: Report, version: int, proof: ReAuthentication) -> Report:
    """Sign and issue a reviewed report: PDF/A with a PAdES signature, kept under retention.

    The signer is one of its authors or its reviewer and has just entered the password again. What is signed is looked
    at under the locks of case and report, so that no finding changes meanwhile and a second click signs nothing. A
    report that replaces another makes that one «replaced».

    Raises:
        NotAllowed: without `report.sign`, without a fresh password, or a stranger to the report.
        RuleViolation: not reviewed, a record it rests on has changed since the review, or a control failed since.
        StaleVersion: signed or changed meanwhile (a second click).
    """
    case = Case.objects.select_related("agency").get(pk=report.case_id)
    require(actor, "report.sign", case_scope(case))
    proof.check(actor)
    if not ReportPerson.objects.filter(report=report, party_id=actor.party_id).exists():
        raise NotAllowed(_("A report is signed by one of its authors or its reviewer."), code="not-involved")
    with transaction.atomic():
        case_lock(case)
        old = _replaced_lock(report)
        row = report_lock(report, version)
        report_state_check(row, ReportState.REVIEWED)
        draft = _load(row)
        _unchanged_check(draft)
        stored = _file_store(actor, draft, _signed(actor, draft), "report")
        row.state, row.signed_file, row.issued_at = ReportState.ISSUED, stored, timezone.now()
        row.signed_by_id = actor.party_id
        row.version += 1
        row.save()
        values: dict[str, Json] = {"number": row.number, "content": row.frozen_digest, "sha256": stored.digest}
        drafts = [report_draft_entry(row, "signed", values)]
        if old is not None:
            drafts.append(_replaced(old, row))
        act_append(actor=actor, drafts=drafts)
    return row


def report_withdraw(*, actor: Actor, report: Report, version: int, reason: str) -> Report:
    """Give a draft up, or a report that a reviewer disagrees with; its number is not used again.

    Raises:
        NotAllowed: without `report.write`.
        RuleViolation: it is neither a draft, nor waiting for a second reviewer after a disagreement.
    """
    case = Case.objects.select_related("agency").get(pk=report.case_id)
    require(actor, "report.write", case_scope(case))
    reason = text_clean(reason, field="reason", required=True)
    with transaction.atomic():
        case_lock(case)
        row = report_lock(report, version)
        if not report_contested(report=row):
            report_state_check(row, ReportState.DRAFT)
        row.state = ReportState.WITHDRAWN
        row.version += 1
        row.save(update_fields=["state", "version"])
        act_append(actor=actor, drafts=[report_draft_entry(row, "withdrawn", {})], reason=reason)
    return row


def report_lock(report: Report, version: int | None = None) -> Report:
    """The report's row under lock.

    Raises:
        StaleVersion: `version` is not the row's.
    """
    row = Report.objects.select_for_update(no_key=True, of=("self",)).select_related("case").get(pk=report.pk)
    if version is not None and row.version != version:
        raise _stale(row, version)
    return row


def report_draft_entry(report: Report, verb: str, values: dict[str, Json]) -> EntryDraft:
    """An entry in the report's stream."""
    return EntryDraft(stream=StreamKey(kind="report", id=report.uuid), schema=REPORT, verb=verb, values=values)


def _stale(row: Report, version: int) -> StaleVersion:
    return StaleVersion(
        _("%(number)s was changed meanwhile. Look at it again.") % {"number": row.number},
        field="version",
        found=version,
    )


def report_state_check(row: Report, wanted: str) -> None:
    """Raises `RuleViolation` unless the report is in this state."""
    if row.state != wanted:
        raise RuleViolation(
            _("%(number)s is «%(state)s»; this needs «%(wanted)s».")
            % {"number": row.number, "state": row.get_state_display(), "wanted": ReportState(wanted).label},
            code="wrong-state",
            field="state",
            found=row.state,
        )


def _facts_check(case: Case, facts: ReportFacts) -> None:
    text_clean(facts.title, field="title", required=True, limit=200)
    text_clean(facts.question, field="question", required=True)
    if facts.language not in dict(settings.LANGUAGES):
        raise BadInput(_("Choose a language."), code="unknown-language", field="language", found=facts.language)
    for row, one in enumerate(facts.findings):
        if one.case_id != case.pk or one.replaced_by_id is not None:
            raise BadInput(
                _("A finding of another case, or one that was replaced."), code="bad-finding", field="findings", row=row
            )
    for item, _reason in facts.not_examined:
        item_of_case_check(item, case, field="not_examined")


def _findings_check(row: Report) -> None:
    if not row.findings.exists():
        raise RuleViolation(
            _("The report has no finding yet. Add one before you send it to review."),
            code="no-findings",
            field="findings",
        )
    if row.findings.filter(replaced_by__isnull=False).exists():
        raise RuleViolation(
            _("A finding of this report was replaced. Take the new one in before you send it to review."),
            code="finding-replaced",
            field="findings",
        )
    report_usable_check(row)


def _unchanged_check(row: Report) -> None:
    if report_digest(row) != row.frozen_digest or row.findings.filter(replaced_by__isnull=False).exists():
        raise RuleViolation(
            _("A record this report rests on has changed since the review. Send it back and review it again."),
            code="changed-since-review",
        )
    report_usable_check(row)


def _author_check(actor: Actor, report: Report) -> None:
    if not ReportPerson.objects.filter(report=report, party_id=actor.party_id, side=Side.WORK).exists():
        raise NotAllowed(_("A report is sent to review by one who worked on it."), code="not-involved")


def _columns(facts: ReportFacts) -> dict[str, object]:
    return {
        "title": facts.title.strip(),
        "question": facts.question.strip(),
        "limits": text_clean(facts.limits, field="limits", limit=8000),
        "declaration": text_clean(facts.declaration, field="declaration", limit=8000),
        "recipients": [name.strip() for name in facts.recipients if name.strip()],
        "language": facts.language,
    }


def _contents_set(actor: Actor, report: Report, facts: ReportFacts) -> None:
    """Findings, items, people of the work. Who worked on it stays on that side even if a finding is dropped."""
    report.findings.set(facts.findings)
    report.items.all().delete()
    examined = {one.item_id for one in facts.findings}
    ReportItem.objects.bulk_create(
        [ReportItem(report=report, item_id=pk, examined=True) for pk in sorted(examined)]
        + [
            ReportItem(report=report, item=item, examined=False, reason=reason[:200])
            for item, reason in facts.not_examined
            if item.pk not in examined
        ]
    )
    parts: dict[int, str] = {actor.party_id: "author"}
    for party_id in people_of_work(facts.findings):
        parts.setdefault(party_id, "analyst")
    known = dict(ReportPerson.objects.filter(report=report).values_list("party_id", "side"))
    for party_id, part in parts.items():
        if known.get(party_id) == Side.REVIEW:
            raise NotAllowed(
                _("%(name)s has reviewed this report and cannot work on it.")
                % {"name": Party.objects.get(pk=party_id).name},
                code="reviewer-cannot-work",
            )
        if party_id not in known:
            ReportPerson.objects.create(report=report, party_id=party_id, side=Side.WORK, part=part)


def _load(report: Report) -> Report:
    return Report.objects.select_related("case__agency", "request__customer", "replaces").get(pk=report.pk)


def _rendered(report: Report, kind: Kind, slot: SignatureSlot | None = None) -> bytes:
    marks = document_marks(synthetic=report.case.synthetic)
    data = report_data(report, kind=kind, issued_at=timezone.localtime(), marks=marks, signer=slot)
    return report_render(data)


def _signed(actor: Actor, report: Report) -> bytes:
    side = ReportPerson.objects.get(report=report, party_id=actor.party_id)
    slot = SignatureSlot(name=actor.name, role=actor.role, meaning=side.part)
    now = timezone.localtime()
    credentials = credentials_create(
        settings.SPOOR_SIGNING_FOLDER,
        laboratory=laboratory_get().name or "Spoor",
        person_id=str(actor.party),
        name=actor.name,
        at=now,
    )
    request = SignatureRequest(
        signed_at=now, role=actor.role, meaning=f"approval ({side.part})", reason=report.number, slot=0, slots=1
    )
    return document_sign(_rendered(report, "final", slot), request, credentials=credentials)


def _file_store(actor: Actor, report: Report, content: bytes, role: str) -> StoredFile:
    suffix = "-draft" if role == "draft" else ""
    return file_store(
        actor=actor,
        stream=StreamKey(kind="report", id=report.uuid),
        source=io.BytesIO(content),
        name=f"{report.number}{suffix}.pdf",
        media_type="application/pdf",
        role=role,
        retention=retention_default(draft=role == "draft"),
    )


def _replaced_lock(report: Report) -> Report | None:
    """The report that this one replaces, under lock: the older one first, as ids ascend."""
    rows = Report.objects.select_for_update(no_key=True, of=("self",))
    return rows.get(pk=report.replaces_id) if report.replaces_id is not None else None


def _replaced(old: Report, new: Report) -> EntryDraft:
    old.state = ReportState.REPLACED
    old.version += 1
    old.save(update_fields=["state", "version"])
    return report_draft_entry(old, "replaced", {"by": new.number})
