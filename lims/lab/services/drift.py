"""The drift check: which answers of reported or closed cases a new edition of a reference set would change.

The runs are computed again from their stored files; what they said then is neither changed nor hidden. Each change
is kept with its old answer and enters the ledger: in the stream of the reference as a count, in the stream of the run
by name. Quality decides on each line what follows.
"""

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from lims.accounts.actors import Actor, require
from lims.accounts.services import system_actor
from lims.casework.models import Case
from lims.casework.selectors.access import case_scope
from lims.common.bell import ring
from lims.common.checks import text_clean
from lims.common.errors import BadInput, RuleViolation
from lims.lab.enums import DriftDecision, DriftKind, JobState, ReferenceState
from lims.lab.execution import RunDrift
from lims.lab.ledger import DRIFT
from lims.lab.models import DriftCheck, DriftLine, ReferenceSet, Run
from lims.lab.services.jobs import job_cancel, job_finish, job_take

TASK = "lims.lab.drift_execute"


def drift_ask(*, actor: Actor, reference: ReferenceSet) -> DriftCheck:
    """Queue a check of what an approved edition would change.

    Raises:
        NotAllowed: without `reference.manage`.
        RuleViolation: the edition is not approved, or a check of it is under way.
    """
    require(actor, "reference.manage")
    return drift_queue(actor=actor, reference=reference)


def drift_queue(*, actor: Actor, reference: ReferenceSet) -> DriftCheck:
    """Queue the check; the caller has asked for the capability (approving an edition queues one by itself)."""
    if reference.state != ReferenceState.APPROVED:
        raise RuleViolation(_("Only an approved edition is checked."), code="not-approved", field="reference")
    try:
        with transaction.atomic():
            check = DriftCheck.objects.create(reference=reference, asked_by_id=actor.party_id)
            values: dict[str, Json] = {"check": str(check.uuid), "reference": reference.digest}
            act_append(actor=actor, drafts=[_reference_draft(check, "queued", values)])
            ring(TASK, check.pk)
    except IntegrityError as error:
        if "drift_check_one_at_a_time" not in str(error):
            raise
        raise RuleViolation(_("A check of this edition is under way."), code="under-way", field="reference") from error
    return check


def drift_start(*, pk: int, worker: str) -> DriftCheck | None:
    """Take the check for this worker; None when somebody else has it or it is over."""
    return job_take(jobs=DriftCheck.objects, pk=pk, worker=worker)


def drift_finish(*, check: DriftCheck, found: Sequence[RunDrift]) -> None:
    """Write every change once, with its entries; the old results stay as they are.

    Raises:
        LeaseLost: another worker has the check now; nothing was written.
    """
    lines = [line for one in found for line in _lines(check, one)]
    answers = sum(one.answers for one in found)
    with transaction.atomic():
        job_finish(jobs=DriftCheck.objects, job=check, state=JobState.DONE, runs=len(found), answers=answers)
        DriftLine.objects.bulk_create(lines)
        changed = sum(line.kind == DriftKind.CHANGED for line in lines)
        values: dict[str, Json] = {
            "check": str(check.uuid),
            "runs": len(found),
            "answers": answers,
            "changed": changed,
            "not_computed": len(lines) - changed,
        }
        drafts = [_reference_draft(check, "finished", values), *(_line_draft(line, "would_change") for line in lines)]
        act_append(actor=system_actor(), drafts=_one_per_stream(drafts))


def drift_fail(*, check: DriftCheck, error: str, state: str = JobState.FAILED) -> None:
    """End the check without lines, with the reason."""
    with transaction.atomic():
        job_finish(jobs=DriftCheck.objects, job=check, state=state, error=error)
        verb = "cancelled" if state == JobState.CANCELLED else "failed"
        draft = _reference_draft(check, verb, {"check": str(check.uuid)}, {"error": error[:2000]})
        act_append(actor=system_actor(), drafts=[draft])


def drift_give_up(check: DriftCheck) -> None:
    """A check whose workers died three times is failed; it can be asked for again."""
    drift_fail(
        check=check, error=_("The worker stopped %(n)s times in the middle of this check.") % {"n": check.attempt}
    )


def drift_cancel(*, actor: Actor, check: DriftCheck) -> None:
    """Ask a check to stop. One that waits is cancelled at once, one that runs at its next step.

    Raises:
        NotAllowed: without `reference.manage`.
        RuleViolation: it is over.
    """
    require(actor, "reference.manage")
    with transaction.atomic():
        over = RuleViolation(_("This check is over already."), code="check-over")
        row = job_cancel(jobs=DriftCheck.objects, job=check, over=over)
        if row is not None:
            act_append(actor=actor, drafts=[_reference_draft(row, "cancelled", {"check": str(row.uuid)})])


def drift_decide(*, actor: Actor, line: DriftLine, decision: str, note: str) -> DriftLine:
    """Say what follows from a change: the case is examined again, or nothing, with the reason.

    Raises:
        NotAllowed: without `quality.manage` in the case.
        BadInput: no decision, or no reason.
        RuleViolation: it is decided already.
    """
    case = Case.objects.select_related("agency").get(runs__pk=line.run_id)
    require(actor, "quality.manage", case_scope(case))
    if decision not in {DriftDecision.EXAMINE, DriftDecision.NOTHING}:
        raise BadInput(_("Choose what follows."), code="unknown-decision", field="decision", found=decision)
    note = text_clean(note, field="note", required=True)
    with transaction.atomic():
        row = DriftLine.objects.select_for_update(no_key=True, of=("self",)).get(pk=line.pk)
        if row.decision != DriftDecision.OPEN:
            raise RuleViolation(_("This is decided already."), code="decided")
        row.decision, row.note = decision, note
        row.decided_by_id, row.decided_at = actor.party_id, timezone.now()
        row.save(update_fields=["decision", "note", "decided_by", "decided_at"])
        act_append(actor=actor, drafts=[_line_draft(row, "decided", {"decision": decision})], reason=note)
    return row


def _lines(check: DriftCheck, one: RunDrift) -> list[DriftLine]:
    version = one.method_version
    if one.error:
        kind = DriftKind.NOT_COMPUTED
        return [DriftLine(check_of=check, run=one.run, kind=kind, method_version=version, statement=one.error[:4000])]
    return [
        DriftLine(
            check_of=check,
            run=one.run,
            outcome=outcome,
            kind=DriftKind.CHANGED,
            identification=now.identification if now else "",
            name=now.name[:160] if now else "",
            method_version=version,
            statement=now.statement[:4000] if now else "",
        )
        for outcome, now in one.changed
    ]


def _one_per_stream(drafts: Sequence[EntryDraft]) -> list[EntryDraft]:
    """One entry a stream: a run with several changes names them in one."""
    joined: dict[StreamKey, EntryDraft] = {}
    for draft in drafts:
        first = joined.get(draft.stream)
        if first is None:
            joined[draft.stream] = draft
            continue
        rows = [*_rows(first), *_rows(draft)]
        joined[draft.stream] = EntryDraft(
            stream=draft.stream, schema=draft.schema, verb=draft.verb, values={"changes": rows[:_MOST_NAMED]}
        )
    return list(joined.values())


_MOST_NAMED = 50


def _rows(draft: EntryDraft) -> list[Json]:
    rows = draft.values.get("changes")
    return list(rows) if isinstance(rows, list) else []


def _line_draft(line: DriftLine, verb: str, more: dict[str, Json] | None = None) -> EntryDraft:
    run: Run = line.run
    row: dict[str, Json] = {
        "check": str(line.check_of.uuid),
        "kind": line.kind,
        "outcome": line.outcome.number if line.outcome else None,
        "reported": f"{line.outcome.identification} {line.outcome.name}".strip() if line.outcome else None,
        "now": f"{line.identification} {line.name}".strip(),
        **(more or {}),
    }
    return EntryDraft(stream=StreamKey(kind="run", id=run.uuid), schema=DRIFT, verb=verb, values={"changes": [row]})


def _reference_draft(
    check: DriftCheck, verb: str, values: dict[str, Json], committed: dict[str, Json] | None = None
) -> EntryDraft:
    stream = StreamKey(kind="reference", id=check.reference.uuid)
    return EntryDraft(stream=stream, schema=DRIFT, verb=verb, values=values, committed=committed or {})
