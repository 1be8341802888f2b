"""Examination requests, batches, runs, findings and reference sets, filtered to what the actor may see."""

from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from lims.accounts.actors import Actor, require
from lims.casework.models import Case
from lims.casework.selectors.access import visible
from lims.common.errors import NotFound
from lims.lab.models import Batch, BatchControl, ExaminationRequest, Finding, ReferenceSet, RequestLine, Run, RunOutcome
from lims.lab.selectors.referenceaccess import references_seen


def request_list(*, actor: Actor, case: Case | None = None, state: str = "") -> QuerySet[ExaminationRequest]:
    """Examination requests, newest first. Whoever may ask in a case sees its requests."""
    capability = "run.read" if actor.may_somewhere("run.read") else "examination.request"
    rows = visible(
        ExaminationRequest.objects.select_related("case__agency", "requested_by", "customer"), actor, capability
    )
    if case:
        rows = rows.filter(case=case)
    if state:
        rows = rows.filter(state=state)
    return rows.annotate(line_count=Count("lines")).order_by("-id")


def request_get(*, actor: Actor, uuid: UUID) -> ExaminationRequest:
    """One examination request.

    Raises:
        NotFound: none, or not the actor's to see.
    """
    row = request_list(actor=actor).filter(uuid=uuid).first()
    if row is None:
        raise NotFound(_("There is no such request, or it is not yours to see."), code="request-not-found")
    return row


def request_lines(*, request: ExaminationRequest) -> QuerySet[RequestLine]:
    """The questions of a request in order."""
    return request.lines.select_related("item", "component").order_by("id")


def batch_list(*, actor: Actor, state: str = "") -> QuerySet[Batch]:
    """Bench batches, newest first; for laboratory staff and auditors."""
    require(actor, "run.read")
    rows = Batch.objects.select_related("opened_by", "plate").annotate(
        item_count=Count("items", distinct=True),
        control_count=Count("controls", distinct=True),
        unread_count=Count("controls", filter=Q(controls__outcome="pending"), distinct=True),
        failed_count=Count("controls", filter=Q(controls__outcome="failed"), distinct=True),
    )
    return (rows.filter(state=state) if state else rows).order_by("-id")


def batch_get(*, actor: Actor, key: UUID | str) -> Batch:
    """One batch by UUID or reference.

    Raises:
        NotFound: none, or not the actor's to see.
    """
    rows = batch_list(actor=actor)
    row = rows.filter(uuid=key).first() if isinstance(key, UUID) else rows.filter(reference=key.upper()).first()
    if row is None:
        raise NotFound(_("There is no such batch, or it is not yours to see."), code="batch-not-found")
    return row


def batch_cases(batch: Batch) -> list[Case]:
    """The cases whose items are in a batch."""
    mine = Q(exhibits__item__batch_items__batch=batch) | Q(samples__item__batch_items__batch=batch)
    return list(Case.objects.filter(mine).select_related("agency").distinct().order_by("pk"))


def control_get(*, actor: Actor, batch: Batch, pk: int) -> BatchControl:
    """One control of a batch.

    Raises:
        NotFound: none.
    """
    require(actor, "run.read")
    row = batch.controls.filter(pk=pk).first()
    if row is None:
        raise NotFound(_("There is no such control."), code="control-not-found")
    return row


def run_list(*, actor: Actor, case: Case | None = None, state: str = "", method: str = "") -> QuerySet[Run]:
    """Analysis runs, newest first."""
    rows = visible(
        Run.objects.select_related("case", "item", "batch", "reference_set", "second_set", "started_by"),
        actor,
        "run.read",
    )
    if case:
        rows = rows.filter(case=case)
    if state:
        rows = rows.filter(state=state)
    if method:
        rows = rows.filter(method=method)
    return rows.prefetch_related("outcomes").order_by("-id")


def run_get(*, actor: Actor, key: UUID | str) -> Run:
    """One run by UUID or reference, with inputs, outputs and outcomes.

    Raises:
        NotFound: none, or not the actor's to see.
    """
    rows = (
        visible(Run.objects.all(), actor, "run.read")
        .select_related(
            "case__agency", "item", "component", "batch", "reference_set", "second_set", "started_by", "rerun_of"
        )
        .prefetch_related("inputs__file", "outputs__file", "outcomes", "findings")
    )
    row = rows.filter(uuid=key).first() if isinstance(key, UUID) else rows.filter(reference=key.upper()).first()
    if row is None:
        raise NotFound(_("There is no such run, or it is not yours to see."), code="run-not-found")
    return row


def outcome_get(*, actor: Actor, run: Run, number: int) -> RunOutcome:
    """One outcome of a run the actor has been given.

    Raises:
        NotFound: none.
    """
    row = RunOutcome.objects.select_related("run__case").filter(run=run, number=number).first()
    if row is None or not actor.may_somewhere("run.read"):
        raise NotFound(_("This run has no such outcome."), code="outcome-not-found")
    return row


def finding_list(*, actor: Actor, case: Case, current_only: bool = True) -> QuerySet[Finding]:
    """Findings and opinions of a case, oldest first."""
    rows = visible(
        Finding.objects.filter(case=case).select_related(
            "case__agency", "item", "component", "run", "outcome", "analyst"
        ),
        actor,
        "run.read",
    )
    return (rows.filter(replaced_by__isnull=True) if current_only else rows).order_by("id")


def finding_get(*, actor: Actor, uuid: UUID) -> Finding:
    """One finding.

    Raises:
        NotFound: none, or not the actor's to see.
    """
    rows = visible(Finding.objects.select_related("case__agency", "item", "analyst"), actor, "run.read")
    row = rows.filter(uuid=uuid).first()
    if row is None:
        raise NotFound(_("There is no such finding, or it is not yours to see."), code="finding-not-found")
    return row


def reference_list(*, actor: Actor, kind: str = "", state: str = "") -> QuerySet[ReferenceSet]:
    """Reference sets that the actor may see, newest first: a restricted one is for those with a grant."""
    require(actor, "run.read")
    every = ReferenceSet.objects.select_related("added_by", "approved_by", "file").prefetch_related("builds")
    rows = references_seen(every, actor)
    if kind:
        rows = rows.filter(kind=kind)
    if state:
        rows = rows.filter(state=state)
    return rows.order_by("-id")


def reference_get(*, actor: Actor, uuid: UUID) -> ReferenceSet:
    """One reference set.

    Raises:
        NotFound: none.
    """
    row = reference_list(actor=actor).filter(uuid=uuid).first()
    if row is None:
        raise NotFound(_("There is no such reference set."), code="reference-not-found")
    return row
