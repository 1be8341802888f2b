"""Analysis runs: queued, taken by a worker, finished once. The row is the truth; the broker only rings."""

import hashlib
import io
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from analysis.inputs import Artefact
from analysis.registry import METHODS
from chain_of_custody.core.canonical import Json
from chain_of_custody.models import Item, StoredFile
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from chain_of_custody.vault.services import file_store
from lims.accounts.actors import Actor, require
from lims.accounts.services import system_actor
from lims.casework.models import Case, ExhibitComponent
from lims.casework.selectors.access import case_scope
from lims.casework.services.numbering import number_next
from lims.common.bell import ring
from lims.common.errors import RuleViolation
from lims.lab.enums import JobState
from lims.lab.execution import Answer
from lims.lab.ledger import RUN
from lims.lab.models import Batch, ReferenceSet, Run, RunInput, RunOutcome, RunOutput
from lims.lab.rules.methods import METHOD_SHAPES, squared
from lims.lab.services.blocking import batch_usable_check, item_usable_check
from lims.lab.services.jobs import job_cancel, job_finish, job_take
from lims.lab.services.runchecks import (
    inputs_check,
    ledger_value,
    parameters_check,
    references_check,
    region_check,
    roles_check,
    shape_of,
)
from lims.lab.services.screens import screen_freeze, screen_repeat, sequences_keep

TASK = "lims.lab.run_execute"


def run_queue(
    *,
    actor: Actor,
    case: Case,
    method: str,
    inputs: Sequence[tuple[str, StoredFile]],
    item: Item | None = None,
    component: ExhibitComponent | None = None,
    batch: Batch | None = None,
    reference: ReferenceSet | None = None,
    second: ReferenceSet | None = None,
    parameters: dict[str, Json] | None = None,
    seed: int = 1,
    rerun_of: Run | None = None,
) -> Run:
    """Queue a run of a method over stored files. It starts as soon as a worker is free.

    `second` is the second reference of a method that joins two kinds.

    Raises:
        NotAllowed: without `run.start`.
        BadInput: unknown method, role or parameter, no files, a file that is missing, an item or files of another case,
            a component of another exhibit.
        RuleViolation: a reference is not approved, of another kind than the method needs or not the actor's to use,
            or a failed control blocks the batch.
    """
    require(actor, "run.start", case_scope(case))
    shape = shape_of(method)
    inputs_check(case, item, component, inputs)
    roles_check(shape, inputs)
    references_check(actor, shape, reference, second, repeats=rerun_of is not None)
    parameters = squared(method, reference.coarse_km if reference else 0, parameters or {})
    parameters_check(shape, parameters)
    region_check(reference, str(parameters.get("frequencies_of") or "").strip())
    with transaction.atomic():
        _usable_check(item, batch)
        run = Run.objects.create(
            reference=_number(),
            case=case,
            item=item,
            component=component,
            batch=batch,
            method=method,
            method_version=METHODS[method].version,
            parameters=parameters,
            seed=seed,
            reference_set=reference,
            second_set=second,
            rerun_of=rerun_of,
            started_by_id=actor.party_id,
        )
        RunInput.objects.bulk_create([RunInput(run=run, role=role, file=file) for role, file in inputs])
        if rerun_of is not None:
            screen_repeat(run=run, earlier=rerun_of)
        committed = {"parameters": ledger_value(parameters)}
        act_append(actor=actor, drafts=[run_draft(run, "queued", _queued(run, inputs), committed)])
        ring(TASK, run.pk)
    return run


def _number() -> str:
    year = timezone.localdate().year
    return f"R-{year}-{number_next(f'run-{year}'):06d}"


def _usable_check(item: Item | None, batch: Batch | None) -> None:
    """No failed control stands against what the run is about."""
    if batch is None:
        item_usable_check(item)
    else:
        batch_usable_check(Batch.objects.select_for_update(no_key=True).get(pk=batch.pk))


def _queued(run: Run, inputs: Sequence[tuple[str, StoredFile]]) -> dict[str, Json]:
    values: dict[str, Json] = {
        "reference": run.reference,
        "case": str(run.case.uuid),
        "item": str(run.item.uuid) if run.item else None,
        "method": run.method,
        "method_version": run.method_version,
        "seed": run.seed,
        "inputs": [{"role": role, "sha256": file.digest} for role, file in inputs],
        "reference_set": run.reference_set.digest if run.reference_set else None,
        "rerun_of": str(run.rerun_of.uuid) if run.rerun_of else None,
    }
    return values | ({"second_set": run.second_set.digest} if run.second_set else {})


def run_rerun(*, actor: Actor, run: Run) -> Run:
    """Compute a finished run again from the same files, reference, parameters and seed, to compare the results.

    The reference may have been retired since, and the method may have a newer version, which computes it then.

    Raises:
        NotAllowed: without `run.start`.
        RuleViolation: it is not finished.
    """
    case = Case.objects.select_related("agency").get(pk=run.case_id)
    require(actor, "run.start", case_scope(case))
    if run.state != JobState.DONE:
        raise RuleViolation(_("Only a finished run can be computed again."), code="not-done", field="run")
    inputs = [(row.role, row.file) for row in run.inputs.select_related("file").order_by("pk")]
    return run_queue(
        actor=actor,
        case=case,
        method=run.method,
        inputs=inputs,
        item=run.item,
        component=run.component,
        batch=run.batch,
        reference=run.reference_set,
        second=run.second_set,
        parameters=run.parameters,
        seed=run.seed,
        rerun_of=run,
    )


def run_cancel(*, actor: Actor, run: Run) -> None:
    """Ask a run to stop. One that waits is cancelled at once, one that runs at its next step.

    Raises:
        NotAllowed: without `run.start`.
        RuleViolation: it is over.
    """
    case = Case.objects.select_related("agency").get(pk=run.case_id)
    require(actor, "run.start", case_scope(case))
    with transaction.atomic():
        over = RuleViolation(_("%(run)s is over already.") % {"run": run.reference}, code="run-over")
        row = job_cancel(jobs=Run.objects, job=run, over=over)
        if row is not None:
            act_append(actor=actor, drafts=[run_draft(row, "cancelled", {})])


def run_start(*, pk: int, worker: str) -> Run | None:
    """Take the run for this worker; None when somebody else has it or it is over."""
    with transaction.atomic():
        run = job_take(jobs=Run.objects, pk=pk, worker=worker)
        if run is not None:
            values: dict[str, Json] = {"attempt": run.attempt, "worker": worker[:120], **_screened(run)}
            act_append(actor=system_actor(), drafts=[run_draft(run, "started", values)])
    return run


def _screened(run: Run) -> dict[str, Json]:
    """The digest of the list the run is screened against, drawn now unless it repeats another."""
    if not METHOD_SHAPES[run.method].screened or run.rerun_of_id is not None:
        return {}
    return {"screen": screen_freeze(run=run).digest}


def run_finish(*, run: Run, answers: Sequence[Answer], artefacts: Sequence[Artefact]) -> None:
    """Write the result once: state, files, outcomes and entries in one transaction.

    The run's row is taken first, so that a late worker stops before its first byte, and nobody takes the run while its
    files go into the vault. A crash in between leaves objects that no row names, which `vault_audit` reports.

    Raises:
        LeaseLost: the run is another worker's now; nothing was written.
    """
    actor = system_actor()
    digest = _result_digest(artefacts)
    with transaction.atomic():
        earlier = run.rerun_of.result_digest if run.rerun_of else ""
        identical = earlier == digest if run.rerun_of else None
        job_finish(jobs=Run.objects, job=run, state=JobState.DONE, result_digest=digest, identical=identical)
        stored = [(artefact, _artefact_store(actor, run, artefact)) for artefact in artefacts]
        RunOutput.objects.bulk_create([RunOutput(run=run, name=artefact.name, file=file) for artefact, file in stored])
        RunOutcome.objects.bulk_create(
            [
                RunOutcome(
                    run=run,
                    number=number,
                    subject=answer.subject[:120],
                    identification=answer.identification,
                    name=answer.name[:160],
                    summary=answer.summary,
                )
                for number, answer in enumerate(answers, start=1)
            ]
        )
        sequences_keep(run=run, answers=answers)
        values: dict[str, Json] = {
            "attempt": run.attempt,
            "result": digest,
            "identical": identical,
            "outputs": [{"name": artefact.name, "sha256": file.digest} for artefact, file in stored],
            "outcomes": [{"identification": answer.identification, "name": answer.name} for answer in answers[:100]],
        }
        act_append(actor=actor, drafts=[run_draft(run, "finished", values)])


def run_fail(*, run: Run, error: str, state: str = JobState.FAILED) -> None:
    """End the run without a result, with the reason."""
    with transaction.atomic():
        job_finish(jobs=Run.objects, job=run, state=state, error=error)
        verb = "cancelled" if state == JobState.CANCELLED else "failed"
        act_append(
            actor=system_actor(), drafts=[run_draft(run, verb, {"attempt": run.attempt}, {"error": error[:2000]})]
        )


def run_give_up(run: Run) -> None:
    """A run whose workers died three times is failed; nothing is lost, a re-run starts it afresh."""
    run_fail(run=run, error=_("The worker stopped %(n)s times in the middle of this run.") % {"n": run.attempt})


def run_draft(run: Run, verb: str, values: dict[str, Json], committed: dict[str, Json] | None = None) -> EntryDraft:
    """An entry in the run's stream."""
    stream = StreamKey(kind="run", id=run.uuid)
    return EntryDraft(stream=stream, schema=RUN, verb=verb, values=values, committed=committed or {})


def _artefact_store(actor: Actor, run: Run, artefact: Artefact) -> StoredFile:
    stream = StreamKey(kind="run", id=run.uuid)
    return file_store(
        actor=actor,
        stream=stream,
        source=io.BytesIO(artefact.content),
        name=artefact.name,
        media_type=artefact.media_type,
        role="result",
    )


def _result_digest(artefacts: Sequence[Artefact]) -> str:
    """SHA-256 over names and contents in order of names: what a re-run is compared by."""
    whole = hashlib.sha256()
    for artefact in sorted(artefacts, key=lambda one: one.name):
        whole.update(artefact.name.encode() + b"\0" + hashlib.sha256(artefact.content).digest())
    return whole.hexdigest()
