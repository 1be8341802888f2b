"""Checks of new editions, and what they would change, filtered to the cases the actor may see."""

from typing import TypeVar
from uuid import UUID

from django.db.models import Count, Model, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from lims.accounts.actors import Actor, require
from lims.casework.enums import CaseState
from lims.casework.selectors.access import visible
from lims.common.errors import NotFound
from lims.lab.enums import DriftDecision, DriftKind, JobState, ReportState
from lims.lab.models import DriftCheck, DriftLine, Finding, ReferenceSet, Report, Run
from lims.lab.selectors.referenceaccess import references_seen

_Row = TypeVar("_Row", bound=Model)


def drift_runs(reference: ReferenceSet) -> QuerySet[Run]:
    """Runs that a new edition is tried on, oldest first: finished, on another edition of the same set, with a finding
    that holds in an issued report or in a closed case."""
    holds = Finding.objects.filter(replaced_by__isnull=True, run__isnull=False)
    final = holds.filter(Q(case__state=CaseState.CLOSED) | Q(reports__state=ReportState.ISSUED))
    others = ReferenceSet.objects.filter(kind=reference.kind, name=reference.name).exclude(pk=reference.pk)
    rows = Run.objects.filter(Q(reference_set__in=others) | Q(second_set__in=others), state=JobState.DONE)
    rows = rows.filter(pk__in=final.values("run_id"))
    return (
        rows.select_related("case", "reference_set", "second_set")
        .prefetch_related("outcomes", "findings")
        .order_by("pk")
    )


def _seen(rows: QuerySet[_Row], actor: Actor, path: str) -> QuerySet[_Row]:
    """Of these, the rows whose reference set is not hidden from the actor: a restricted set does not exist for most."""
    return rows.filter(**{f"{path}__in": references_seen(ReferenceSet.objects.all(), actor)})


def drift_list(*, actor: Actor, reference: ReferenceSet | None = None) -> QuerySet[DriftCheck]:
    """Checks of sets the actor may see, newest first; the counts are of the whole laboratory and name no case."""
    require(actor, "run.read")
    rows = _seen(DriftCheck.objects.all(), actor, "reference").select_related("reference", "asked_by")
    if reference is not None:
        rows = rows.filter(reference=reference)
    return rows.annotate(
        changed=Count("lines", filter=Q(lines__kind=DriftKind.CHANGED)),
        undecided=Count("lines", filter=Q(lines__decision=DriftDecision.OPEN)),
    ).order_by("-id")


def drift_get(*, actor: Actor, uuid: UUID) -> DriftCheck:
    """One check.

    Raises:
        NotFound: none.
    """
    row = drift_list(actor=actor).filter(uuid=uuid).first()
    if row is None:
        raise NotFound(_("There is no such check."), code="drift-check-not-found")
    return row


def drift_lines(*, actor: Actor, check: DriftCheck | None = None) -> QuerySet[DriftLine]:
    """What would change, in cases and by sets the actor may see: undecided first, then by run."""
    rows = visible(_seen(DriftLine.objects.all(), actor, "check_of__reference"), actor, "run.read", path="run__case__")
    if check is not None:
        rows = rows.filter(check_of=check)
    issued = Report.objects.filter(state__in=[ReportState.ISSUED, ReportState.REPLACED])
    return (
        rows.select_related(
            "check_of__reference", "run__case__agency", "run__item", "run__reference_set", "run__second_set"
        )
        .select_related("outcome", "decided_by")
        .prefetch_related(Prefetch("run__findings__reports", queryset=issued, to_attr="issued"))
        .order_by("-check_of_id", "run_id", "outcome__number", "id")
    )


def drift_line_get(*, actor: Actor, uuid: UUID) -> DriftLine:
    """One change.

    Raises:
        NotFound: none, or not the actor's to see.
    """
    row = drift_lines(actor=actor).filter(uuid=uuid).first()
    if row is None:
        raise NotFound(_("There is no such change, or it is not yours to see."), code="drift-line-not-found")
    return row


def drift_undecided(*, actor: Actor) -> QuerySet[DriftLine]:
    """Changes of which nobody has said what follows, for quality."""
    if not actor.may("quality.manage"):
        return DriftLine.objects.none()
    return drift_lines(actor=actor).filter(decision=DriftDecision.OPEN)
