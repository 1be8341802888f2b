"""Plates of traces, and how far the runs of their rows are."""

from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from lims.accounts.actors import Actor, require
from lims.casework.selectors.access import visible
from lims.common.errors import NotFound
from lims.lab.enums import JobState
from lims.lab.models import Batch, Plate, PlateSample, ReferenceSet
from lims.lab.selectors.referenceaccess import references_seen


def plate_list(*, actor: Actor, batch: Batch | None = None) -> QuerySet[Plate]:
    """Plates handed in, newest first; `set_seen` tells whether the actor may know the set they were handed in for."""
    require(actor, "run.read")
    rows = Plate.objects.select_related("batch", "reference_set", "handed_in_by")
    if batch is not None:
        rows = rows.filter(batch=batch)
    going = Q(samples__run__state__in=[JobState.QUEUED, JobState.RUNNING])
    seen = references_seen(ReferenceSet.objects.filter(pk=OuterRef("reference_set_id")), actor)
    return rows.annotate(
        set_seen=Exists(seen),
        rows=Count("samples"),
        queued=Count("samples__run"),
        going=Count("samples__run", filter=going),
    ).order_by("-id")


def plate_get(*, actor: Actor, uuid: UUID) -> Plate:
    """One plate.

    Raises:
        NotFound: none.
    """
    row = plate_list(actor=actor).filter(uuid=uuid).first()
    if row is None:
        raise NotFound(_("There is no such plate."), code="plate-not-found")
    return row


def plate_samples(*, actor: Actor, plate: Plate) -> QuerySet[PlateSample]:
    """Rows of a plate: those whose case the actor may see, and those refused, which are of no case."""
    mine = visible(PlateSample.objects.filter(plate=plate), actor, "run.read", path="run__case__")
    rows = PlateSample.objects.filter(Q(pk__in=mine.values("pk")) | Q(plate=plate, run__isnull=True))
    related = ("item", "run__case", "forward", "reverse", "control")
    return rows.select_related(*related).prefetch_related("run__outcomes").order_by("number")
