"""Exhibit submission forms: announced by an investigator before the seizure arrives, with labels to print."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.models import Party
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from lims.accounts.actors import Actor, Scope, require
from lims.casework.enums import SubmissionState
from lims.casework.ledger import SUBMISSION
from lims.casework.models import Submission, SubmissionLine
from lims.casework.services.labels import labels_reserve
from lims.casework.services.numbering import number_next
from lims.common.checks import not_in_future, text_clean
from lims.common.errors import BadInput, RuleViolation


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFacts:
    """One bag or item that will come."""

    description: str
    pieces: int = 1
    seal_number: str = ""
    declared_taxon: str = ""


def submission_create(
    *,
    actor: Actor,
    agency: Party,
    place: str,
    seized_at: datetime,
    lines: Sequence[LineFacts],
    agency_reference: str = "",
    expected_on: date | None = None,
    question: str = "",
    note: str = "",
) -> Submission:
    """Announce exhibits. Each line gets a scan code whose label can be printed and stuck on before transport.

    Raises:
        NotAllowed: without `submission.create` for this agency.
        BadInput: no lines, a line without description, a seizure in the future; `row` names the line.
    """
    require(actor, "submission.create", Scope(agency=agency.uuid))
    not_in_future(seized_at, field="seized_at")
    _lines_check(lines)
    with transaction.atomic():
        year = timezone.localdate().year
        submission = Submission.objects.create(
            uuid=uuid4(),
            reference=f"SF-{year}-{number_next(f'submission-{year}'):05d}",
            agency=agency,
            submitted_by_id=actor.user_id,
            submitted_at=timezone.now(),
            agency_reference=text_clean(agency_reference, field="agency_reference", limit=80),
            place=text_clean(place, field="place", required=True, limit=300),
            seized_at=seized_at,
            expected_on=expected_on,
            question=text_clean(question, field="question"),
            note=text_clean(note, field="note"),
        )
        codes: list[Json] = [label.code for label in labels_reserve(lines=_lines_create(submission, lines))]
        values: dict[str, Json] = {
            "reference": submission.reference,
            "agency": str(agency.uuid),
            "lines": len(lines),
            "codes": codes,
        }
        act_append(actor=actor, drafts=[_draft(submission, "submitted", values)])
    return submission


def _lines_check(lines: Sequence[LineFacts]) -> None:
    if not 1 <= len(lines) <= 500:
        raise BadInput(
            _("Announce between 1 and 500 bags or items."), code="bad-count", field="lines", found=len(lines)
        )
    for row, line in enumerate(lines):
        if not line.description.strip() or not 1 <= line.pieces <= 1_000_000:
            raise BadInput(
                _("Describe the bag and give its number of pieces, from 1."),
                code="required",
                field="description",
                row=row,
            )


def _lines_create(submission: Submission, lines: Sequence[LineFacts]) -> list[SubmissionLine]:
    return SubmissionLine.objects.bulk_create(
        [
            SubmissionLine(
                submission=submission,
                number=number,
                description=line.description.strip()[:300],
                pieces=line.pieces,
                seal_number=line.seal_number.strip()[:60],
                declared_taxon=line.declared_taxon.strip()[:120],
            )
            for number, line in enumerate(lines, start=1)
        ]
    )


def submission_withdraw(*, actor: Actor, submission: Submission, reason: str) -> Submission:
    """Take an announcement back before it has arrived.

    Raises:
        NotAllowed: without `submission.create` for its agency.
        RuleViolation: received or withdrawn already.
    """
    require(actor, "submission.create", Scope(agency=submission.agency.uuid))
    reason = text_clean(reason, field="reason", required=True)
    with transaction.atomic():
        row = Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
        if row.state != SubmissionState.SUBMITTED:
            raise RuleViolation(_("%(ref)s is not waiting any more.") % {"ref": row.reference}, code="wrong-state")
        row.state = SubmissionState.WITHDRAWN
        row.save(update_fields=["state"])
        act_append(actor=actor, drafts=[_draft(row, "withdrawn", {})], reason=reason)
    return row


def _draft(submission: Submission, verb: str, values: dict[str, Json]) -> EntryDraft:
    stream = StreamKey(kind="submission", id=submission.uuid)
    return EntryDraft(stream=stream, schema=SUBMISSION, verb=verb, values=values)
