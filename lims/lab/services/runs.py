"""Analysis runs: queued, taken by a worker, finished once. The row is the truth; the broker only rings."""

import hashlib
import io
from collections.abc import Sequence
from uuid import uuid4

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
from lims.casework.selectors.cases import item_case
from lims.casework.selectors.parts import case_files
from lims.casework.services.belonging import component_of_item_check
from lims.casework.services.numbering import number_next
from lims.common.bell import ring
from lims.common.errors import BadInput, RuleViolation
from lims.lab.enums import JobState, ReferenceState
from lims.lab.execution import Answer
from lims.lab.ledger import RUN
from lims.lab.models import Batch, EditLayer, ReferenceSet, Run, RunInput, RunOutcome, RunOutput
from lims.lab.rules.methods import METHOD_KINDS, PLACES_SHOWN
from lims.lab.selectors.referenceaccess import reference_usable_by
from lims.lab.services.blocking import batch_usable_check, item_usable_check
from lims.lab.services.jobs import job_cancel, job_finish, job_take

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
    parameters: dict[str, Json] | None = None,
    seed: int = 1,
    rerun_of: Run | None = None,
) -> Run:
    """Queue a run of a method over stored files. It starts as soon as a worker is free.

    Raises:
        NotAllowed: without `run.start`.
        BadInput: unknown method, no files, an item or files of another case, a component of another exhibit.
        RuleViolation: the reference is not approved, of another kind than the method needs or not the actor's to use,
            or a failed control blocks the batch.
    """
    require(actor, "run.start", case_scope(case))
    if method not in METHODS:
        raise BadInput(
            _("«%(found)s» is not a method here. Use one of %(methods)s.")
            % {"found": method, "methods": ", ".join(METHODS)},
            code="unknown-method",
            field="method",
            found=method,
        )
    _inputs_check(case, item, component, inputs)
    _layer_check(inputs)
    _reference_check(actor, method, reference)
    parameters = _coarse(method, reference, parameters or {})
    with transaction.atomic():
        if batch is None:
            item_usable_check(item)
        else:
            batch_usable_check(Batch.objects.select_for_update(no_key=True).get(pk=batch.pk))
        year = timezone.localdate().year
        run = Run.objects.create(
            uuid=uuid4(),
            reference=f"R-{year}-{number_next(f'run-{year}'):06d}",
            case=case,
            item=item,
            component=component,
            batch=batch,
            method=method,
            method_version=METHODS[method].version,
            parameters=parameters,
            seed=seed,
            reference_set=reference,
            rerun_of=rerun_of,
            started_by_id=actor.party_id,
        )
        RunInput.objects.bulk_create([RunInput(run=run, role=role, file=file) for role, file in inputs])
        values: dict[str, Json] = {
            "reference": run.reference,
            "case": str(case.uuid),
            "item": str(item.uuid) if item else None,
            "method": method,
            "method_version": run.method_version,
            "seed": seed,
            "inputs": [{"role": role, "sha256": file.digest} for role, file in inputs],
            "reference_set": reference.digest if reference else None,
            "rerun_of": str(rerun_of.uuid) if rerun_of else None,
        }
        act_append(actor=actor, drafts=[run_draft(run, "queued", values, {"parameters": _written(parameters)})])
        ring(TASK, run.pk)
    return run


def run_rerun(*, actor: Actor, run: Run) -> Run:
    """Compute a finished run again from the same files, reference, parameters and seed, to compare the results.

    Raises:
        NotAllowed: without `run.start`.
        RuleViolation: it is not finished.
    """
    if run.state != JobState.DONE:
        raise RuleViolation(_("Only a finished run can be computed again."), code="not-done", field="run")
    case = Case.objects.select_related("agency").get(pk=run.case_id)
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
        row = Run.objects.select_for_update(no_key=True, of=("self",)).get(pk=run.pk)
        if row.over:
            raise RuleViolation(_("%(run)s is over already.") % {"run": row.reference}, code="run-over")
        if job_cancel(jobs=Run.objects, job=row):
            act_append(actor=actor, drafts=[run_draft(row, "cancelled", {})])


def run_start(*, pk: int, worker: str) -> Run | None:
    """Take the run for this worker; None when somebody else has it or it is over."""
    with transaction.atomic():
        run = job_take(jobs=Run.objects, pk=pk, worker=worker)
        if run is not None:
            values: dict[str, Json] = {"attempt": run.attempt, "worker": worker[:120]}
            act_append(actor=system_actor(), drafts=[run_draft(run, "started", values)])
    return run


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


def _inputs_check(
    case: Case, item: Item | None, component: ExhibitComponent | None, inputs: Sequence[tuple[str, StoredFile]]
) -> None:
    if not inputs:
        raise BadInput(_("Choose the files to analyse."), code="required", field="inputs")
    if item is not None:
        owner = item_case(item)
        if owner is None or owner.pk != case.pk:
            raise BadInput(
                _("%(item)s is not an item of %(case)s.") % {"item": item.reference, "case": case.reference},
                code="other-case",
                field="item",
                found=item.reference,
            )
        component_of_item_check(component, item)
    elif component is not None:
        raise BadInput(_("Name the item that the component is part of."), code="required", field="item")
    known = set(case_files(case).filter(pk__in=[file.pk for _role, file in inputs]).values_list("pk", flat=True))
    for row, (_role, file) in enumerate(inputs):
        if file.pk not in known:
            raise BadInput(
                _("There is no such file in %(case)s.") % {"case": case.reference},
                code="unknown-file",
                field="file",
                found=str(file.uuid),
                row=row,
            )


def _layer_check(inputs: Sequence[tuple[str, StoredFile]]) -> None:
    """Edits come from a layer whose edits a second person agreed to, made over the very traces of this run."""
    traces = {file.digest for role, file in inputs if role.startswith("trace_")}
    for _role, file in (pair for pair in inputs if pair[0] == "edits"):
        layer = EditLayer.objects.filter(file=file).first()
        rows = RunInput.objects.filter(run=layer.run_id if layer else None, role__startswith="trace_")
        if layer is None or set(rows.values_list("file__digest", flat=True)) != traces:
            raise BadInput(
                _("«%(file)s» is no layer of agreed edits over these traces.") % {"file": file.name},
                code="no-edit-layer",
                field="file",
                found=file.name,
            )


def _reference_check(actor: Actor, method: str, reference: ReferenceSet | None) -> None:
    if reference is None:
        return
    kinds = METHOD_KINDS.get(method, ())
    if kinds and reference.kind not in kinds:
        raise RuleViolation(
            _("%(name)s is «%(kind)s»; this method needs «%(wanted)s».")
            % {
                "name": str(reference),
                "kind": reference.get_kind_display(),
                "wanted": " / ".join(str(kind.label) for kind in kinds),
            },
            code="other-kind",
            field="reference",
        )
    if not reference_usable_by(actor=actor, reference=reference):
        raise RuleViolation(
            _("%(name)s is restricted. Ask quality for a grant.") % {"name": str(reference)},
            code="not-granted",
            field="reference",
        )
    if reference.state != ReferenceState.APPROVED:
        raise RuleViolation(
            _("%(name)s is not approved for casework. Ask quality to approve it.") % {"name": str(reference)},
            code="not-approved",
            field="reference",
        )


def _coarse(method: str, reference: ReferenceSet | None, parameters: dict[str, Json]) -> dict[str, Json]:
    """The parameters; a method that shows places makes them squares of the set's size, and no caller can undo it."""
    if reference is None or method not in PLACES_SHOWN or not reference.coarse_km:
        return parameters
    asked = parameters.get("generalise_km")
    wanted = asked if isinstance(asked, int | float) and not isinstance(asked, bool) else 0
    return {**parameters, "generalise_km": max(wanted, reference.coarse_km)}


def _written(value: Json) -> Json:
    """A parameter as the ledger keeps it: decimals as text, as everywhere in it."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        return {key: _written(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_written(one) for one in value]
    return value


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
