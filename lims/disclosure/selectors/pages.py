"""What the pages of disclosure need besides single rows."""

from uuid import UUID

from django.db.models import Count, Q, QuerySet

from chain_of_custody.models import Party
from lims.accounts.actors import Actor
from lims.casework.models import Case, Photograph
from lims.casework.selectors.access import case_scope, visible
from lims.disclosure.enums import EvidenceRequestState
from lims.disclosure.models import Delivery, DisclosurePack, EvidenceRequest, WithheldItem
from lims.lab.enums import JobState
from lims.lab.models import Report, RunInput, RunOutput


def cases_followed(*, actor: Actor) -> QuerySet[Case]:
    """Cases whose record the person may ask for, newest first, with the number of issued reports."""
    rows = visible(Case.objects.select_related("agency"), actor, "pack.request", path="")
    return rows.annotate(pack_count=Count("packs", distinct=True)).order_by("-id")


def evidence_waiting(*, actor: Actor) -> QuerySet[EvidenceRequest]:
    """Requests that wait for a decision, the most urgent first."""
    rows = EvidenceRequest.objects.filter(state=EvidenceRequestState.REQUESTED)
    rows = visible(rows, actor, "pack.approve").select_related("case", "requested_by__party")
    return rows.order_by("needed_on", "id")


def evidence_to_order(*, actor: Actor) -> QuerySet[EvidenceRequest]:
    """Approved requests whose pack nobody has ordered yet."""
    rows = EvidenceRequest.objects.filter(state=EvidenceRequestState.APPROVED)
    rows = visible(rows, actor, "pack.approve").select_related("case", "requested_by__party")
    return rows.exclude(packs__state__in=[JobState.QUEUED, JobState.RUNNING, JobState.DONE]).order_by("id")


def packs_undelivered(*, actor: Actor) -> QuerySet[DisclosurePack]:
    """Built packs that nobody has received yet."""
    rows = visible(DisclosurePack.objects.filter(state=JobState.DONE), actor, "pack.approve")
    return rows.filter(deliveries__isnull=True).select_related("case", "request__requested_by__party").order_by("id")


def packs_new(*, actor: Actor) -> QuerySet[DisclosurePack]:
    """Built packs of the person's own requests that they have not fetched yet."""
    rows = DisclosurePack.objects.filter(state=JobState.DONE, request__requested_by_id=actor.user_id)
    rows = rows.exclude(deliveries__recipient_id=actor.party_id)
    return visible(rows, actor, "pack.read").select_related("case", "request").order_by("-id")


def withheld_list(*, request: EvidenceRequest) -> QuerySet[WithheldItem]:
    """The schedule of a request already seen."""
    return request.withheld.order_by("id")


def delivery_list(*, pack: DisclosurePack) -> QuerySet[Delivery]:
    """To whom a pack already seen was handed, newest first."""
    return pack.deliveries.select_related("recipient", "delivered_by", "receipt").order_by("-id")


def packs_of(*, request: EvidenceRequest) -> QuerySet[DisclosurePack]:
    """The packs of a request already seen, newest first."""
    return request.packs.select_related("file").order_by("-id")


def recipients(*, actor: Actor) -> QuerySet[Party]:
    """Persons to whom a pack can be handed.

    Raises:
        NotAllowed: without `pack.approve` in any scope.
    """
    rows = Party.objects.filter(kind="person", active=True).select_related("organisation")
    return rows.order_by("name", "id") if actor.may_somewhere("pack.approve") else rows.none()


def withholdable_files(*, actor: Actor, case: Case) -> list[tuple[UUID, str]]:
    """Files a pack of the case would hold, each once, with where it comes from; for whoever decides.

    Four statements whatever the number of files.
    """
    if not actor.may("pack.approve", case_scope(case)):
        return []
    given = RunInput.objects.filter(run__case=case).values_list("file__uuid", "run__reference", "file__name")
    made = RunOutput.objects.filter(run__case=case).values_list("file__uuid", "run__reference", "file__name")
    about = Q(intake__case=case) | Q(item__exhibit__case=case) | Q(item__sample__case=case)
    photographs = Photograph.objects.filter(about).values_list("file__uuid", "caption", "file__name")
    issued = Report.objects.filter(case=case, signed_file__isnull=False)
    reports = issued.values_list("signed_file__uuid", "number", "signed_file__name")
    every = [*reports, *given, *made, *photographs]
    found = {uuid: f"{whence}: {name}" if whence else name for uuid, whence, name in every}
    return sorted(found.items(), key=lambda pair: pair[1])
