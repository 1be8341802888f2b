"""Cases: opening, changing, closing, assignments, external references, legal hold."""

from datetime import date, datetime
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.models import Item, Party
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from labels.reference import reference_compose
from lims.accounts.actors import Actor, require
from lims.accounts.models import User
from lims.casework.enums import AssignmentRole, CaseKind, CaseState, ReferenceScheme
from lims.casework.ledger import CASE
from lims.casework.models import Case, CaseAssignment, ExternalReference
from lims.casework.selectors.access import case_scope
from lims.casework.services.belonging import item_of_case_check
from lims.casework.services.laboratory import laboratory_code_locked
from lims.casework.services.numbering import number_next
from lims.common.bell import ring
from lims.common.checks import text_clean
from lims.common.errors import BadInput, RuleViolation, StaleVersion


def case_open(
    *,
    actor: Actor,
    kind: str,
    title: str,
    agency: Party,
    synthetic: bool = False,
    offence_date: date | None = None,
    due_on: date | None = None,
    opened_at: datetime | None = None,
) -> Case:
    """A new case with the next number of the year.

    Raises:
        NotAllowed: without `case.open`.
        BadInput: unknown kind, no title, an agency that is not an organisation, an offence in the future.
    """
    require(actor, "case.open")
    if kind not in CaseKind.values:
        raise BadInput(_("Choose what kind of case this is."), code="unknown-kind", field="kind", found=kind)
    if agency.kind != "organisation":
        raise BadInput(_("The submitting agency must be an organisation."), field="agency", found=agency.name)
    if offence_date and offence_date > timezone.localdate():
        raise BadInput(
            _("The offence cannot lie in the future."),
            code="in-the-future",
            field="offence_date",
            found=offence_date.isoformat(),
        )
    title = text_clean(title, field="title", required=True, limit=200)
    with transaction.atomic():
        code, year = laboratory_code_locked(), timezone.localdate().year
        number = number_next(f"case-{year}")
        case = Case.objects.create(
            uuid=uuid4(),
            reference=f"{code}-{year}-{number:06d}",
            kind=kind,
            title=title,
            agency=agency,
            synthetic=synthetic or settings.SPOOR_MODE == "demo",
            offence_date=offence_date,
            due_on=due_on,
            opened_by_id=actor.party_id,
            opened_at=opened_at or timezone.now(),
        )
        values: dict[str, Json] = {
            "reference": case.reference,
            "kind": kind,
            "agency": str(agency.uuid),
            "synthetic": case.synthetic,
            "offence_date": offence_date.isoformat() if offence_date else None,
        }
        act_append(actor=actor, drafts=[case_draft(case, "opened", values, {"title": title})])
    return case


def case_change(
    *,
    actor: Actor,
    case: Case,
    version: int,
    title: str | None = None,
    due_on: date | None = None,
    offence_date: date | None = None,
    reason: str,
) -> Case:
    """Correct a case's title or dates; the old values stay in the ledger.

    Raises:
        NotAllowed: without `case.edit`.
        StaleVersion: somebody else changed it since.
    """
    require(actor, "case.edit", case_scope(case))
    reason = text_clean(reason, field="reason", required=True)
    with transaction.atomic():
        row = case_lock(case, version)
        changed: dict[str, Json] = {}
        if title is not None:
            row.title = text_clean(title, field="title", required=True, limit=200)
        for name, value in (("due_on", due_on), ("offence_date", offence_date)):
            if value is not None and value != getattr(row, name):
                changed[name] = {"old": str(getattr(row, name) or ""), "new": value.isoformat()}
                setattr(row, name, value)
        row.version += 1
        row.save(update_fields=["title", "due_on", "offence_date", "version"])
        committed: dict[str, Json] = {"title": row.title} if title is not None else {}
        act_append(actor=actor, drafts=[case_draft(row, "changed", {"changed": changed}, committed)], reason=reason)
    return row


def case_close(*, actor: Actor, case: Case, version: int, reason: str) -> Case:
    """Close a case: nothing new is registered in it until it is opened again.

    Raises:
        NotAllowed: without `case.edit`.
        RuleViolation: it is closed already.
    """
    return _state_change(actor, case, version, CaseState.CLOSED, "closed", reason)


def case_reopen(*, actor: Actor, case: Case, version: int, reason: str) -> Case:
    """Open a closed case again.

    Raises:
        NotAllowed: without `case.edit`.
        RuleViolation: it is open.
    """
    return _state_change(actor, case, version, CaseState.OPEN, "reopened", reason)


def _state_change(actor: Actor, case: Case, version: int, state: str, verb: str, reason: str) -> Case:
    require(actor, "case.edit", case_scope(case))
    reason = text_clean(reason, field="reason", required=True)
    with transaction.atomic():
        row = case_lock(case, version)
        if row.state == state:
            raise RuleViolation(_("The case is in this state already."), code="already", field="state", found=state)
        row.state = state
        row.version += 1
        row.save(update_fields=["state", "version"])
        act_append(actor=actor, drafts=[case_draft(row, verb, {})], reason=reason)
    return row


def case_assign(*, actor: Actor, case: Case, user: User, role: str, since: datetime | None = None) -> CaseAssignment:
    """Let somebody outside the laboratory follow the case from now on.

    Raises:
        NotAllowed: without `case.assign`.
        RuleViolation: already assigned in this role.
    """
    require(actor, "case.assign", case_scope(case))
    if role not in AssignmentRole.values:
        raise BadInput(_("Somebody is assigned as investigator or as prosecutor."), field="role", found=role)
    with transaction.atomic():
        case_lock(case)
        if CaseAssignment.objects.filter(case=case, user=user, role=role, until__isnull=True).exists():
            raise RuleViolation(_("This person is assigned in this role already."), code="already", field="user")
        row = CaseAssignment.objects.create(case=case, user=user, role=role, since=since or timezone.now())
        values: dict[str, Json] = {"account": str(user.uuid), "role": role}
        act_append(actor=actor, drafts=[case_draft(case, "assigned", values)])
    return row


def case_unassign(*, actor: Actor, assignment: CaseAssignment, reason: str) -> None:
    """End an assignment now; the row stays.

    Raises:
        NotAllowed: without `case.assign`.
        RuleViolation: it has ended.
    """
    case = Case.objects.select_related("agency").get(pk=assignment.case_id)
    require(actor, "case.assign", case_scope(case))
    with transaction.atomic():
        case_lock(case)
        updated = CaseAssignment.objects.filter(pk=assignment.pk, until__isnull=True).update(until=timezone.now())
        if not updated:
            raise RuleViolation(_("This assignment has ended already."), code="already-ended")
        user = User.objects.get(pk=assignment.user_id)
        values: dict[str, Json] = {"account": str(user.uuid), "role": assignment.role}
        reason = text_clean(reason, field="reason", required=True)
        act_append(actor=actor, drafts=[case_draft(case, "unassigned", values)], reason=reason)


def external_reference_add(
    *,
    actor: Actor,
    case: Case,
    scheme: str,
    value: str,
    issuer: Party | None = None,
    item: Item | None = None,
) -> ExternalReference:
    """Record somebody else's number for the case or one of its items; it is found by search and printed beside ours.

    Raises:
        NotAllowed: without `case.edit`.
        BadInput: an unknown scheme, no number, or an item of another case.
        RuleViolation: the barcode is registered for another item.
    """
    require(actor, "case.edit", case_scope(case))
    if scheme not in ReferenceScheme.values:
        raise BadInput(_("Choose whose number this is."), code="unknown-scheme", field="scheme", found=scheme)
    value = text_clean(value, field="value", required=True, limit=80)
    item_of_case_check(item, case, field="item")
    with transaction.atomic():
        case_lock(case)
        if (
            scheme == ReferenceScheme.BARCODE
            and ExternalReference.objects.filter(scheme=scheme, issuer=issuer, value=value).exists()
        ):
            raise RuleViolation(_("This barcode is registered already."), code="already", field="value", found=value)
        row = ExternalReference.objects.create(case=case, item=item, scheme=scheme, issuer=issuer, value=value)
        values: dict[str, Json] = {"scheme": scheme, "value": value, "item": str(item.uuid) if item else None}
        act_append(actor=actor, drafts=[case_draft(case, "referenced", values)])
    return row


def case_hold(*, actor: Actor, case: Case, hold: bool, reason: str, authority: str = "") -> Case:
    """Set or lift the legal hold: while it stands nothing of the case is returned or disposed of, and no file deleted.

    The evidence store follows after the commit (`services.retention.holds_settle`). Whose decision it was (`authority`:
    the court, its order and date) is asked for when the hold is lifted.

    Raises:
        NotAllowed: without `hold.set`.
        BadInput: no reason, or no authority to lift it.
        RuleViolation: it is so already.
    """
    require(actor, "hold.set", case_scope(case))
    reason = text_clean(reason, field="reason", required=True)
    authority = text_clean(authority, field="authority", required=not hold)
    with transaction.atomic():
        row = case_lock(case)
        if row.legal_hold == hold:
            raise RuleViolation(_("The hold is in this state already."), code="already", field="hold")
        row.legal_hold = hold
        row.version += 1
        row.save(update_fields=["legal_hold", "version"])
        committed: dict[str, Json] = {"authority": authority} if authority else {}
        act_append(actor=actor, drafts=[case_draft(row, "held" if hold else "released", {}, committed)], reason=reason)
        ring("lims.casework.holds_settle")
    return row


def case_lock(case: Case, version: int | None = None) -> Case:
    """The case's row under lock, first in the global lock order.

    Raises:
        StaleVersion: `version` is not the row's.
    """
    row = Case.objects.select_for_update(no_key=True, of=("self",)).select_related("agency").get(pk=case.pk)
    if version is not None and row.version != version:
        raise StaleVersion(
            _("Somebody else changed %(reference)s meanwhile. Look at the change, then save again.")
            % {"reference": row.reference},
            field="version",
            found=version,
        )
    return row


def case_open_required(case: Case) -> None:
    """Refuse new evidence in a closed case.

    Raises:
        RuleViolation: the case is closed.
    """
    if case.state != CaseState.OPEN:
        raise RuleViolation(
            _("%(reference)s is closed. Open it again first.") % {"reference": case.reference},
            code="case-closed",
        )


def case_stream(case: Case) -> StreamKey:
    """The ledger stream of a case."""
    return StreamKey(kind="case", id=case.uuid)


def case_draft(case: Case, verb: str, values: dict[str, Json], committed: dict[str, Json] | None = None) -> EntryDraft:
    """An entry in the case's stream."""
    return EntryDraft(stream=case_stream(case), schema=CASE, verb=verb, values=values, committed=committed or {})


def part_reference(case: Case, *parts: str) -> str:
    """The human reference of something in the case, with its check character (ISO 7064)."""
    return reference_compose(case.reference, *parts)
