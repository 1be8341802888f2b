"""What the pages of the laboratory's work need besides single rows: choices for forms, counts, what waits for whom."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet

from chain_of_custody.models import Item, StoredFile
from lims.accounts.actors import Actor
from lims.casework.models import Case, ExhibitComponent, Sample
from lims.casework.selectors.access import case_scope, visible
from lims.lab.enums import (
    BatchState,
    JobState,
    ReferenceState,
    ReportState,
    RequestState,
    ReviewDecision,
    ReviewKind,
)
from lims.lab.models import Batch, ExaminationRequest, Finding, ReferenceSet, Report, ReportPerson, Review, Run
from lims.lab.selectors.referenceaccess import references_used
from lims.lab.selectors.reports import disagreements_open

RELATED = ("exhibit__case__agency", "sample__case__agency", "custodian")
MORE_RAW_ROLES = ("measurements", "claims", "cutoffs", "range_map", "genotypes_source", "genotype_runs")
RAW_ROLES = (
    "trace_forward",
    "trace_reverse",
    "sequence",
    "screen",
    "amplicons",
    "blank",
    "positive",
    "genotypes",
    *MORE_RAW_ROLES,
)


def examinable_items(*, actor: Actor, case: Case) -> QuerySet[Item]:
    """Exhibits and samples of a case in order of their references, for whoever may ask or work there."""
    mine = Q(exhibit__case=case) | Q(sample__case=case)
    asked = actor.may("examination.request", case_scope(case)) or actor.may("case.read", case_scope(case))
    rows = Item.objects.select_related(*RELATED).filter(mine) if asked or actor.system else Item.objects.none()
    return rows.order_by("reference")


def components_of(items: Iterable[Item]) -> QuerySet[ExhibitComponent]:
    """The components of the exhibits among the items, in order."""
    rows = ExhibitComponent.objects.filter(exhibit__item__in=list(items)).select_related("exhibit__item")
    return rows.order_by("exhibit_id", "id")


def declared_taxon(item: Item) -> str:
    """What the papers say the item is: its exhibit's declared taxon, through the samples it was made from."""
    exhibit = getattr(item, "exhibit", None)
    if exhibit is None:
        sample: Sample | None = getattr(item, "sample", None)
        exhibit = sample.exhibit if sample is not None and sample.exhibit_id else None
    return str(exhibit.declared_taxon) if exhibit is not None else ""


def item_raw_files(*, actor: Actor, item: Item, case: Case) -> QuerySet[StoredFile]:
    """Files about an item that an analysis can read, newest first; nothing without `file.read`."""
    if not actor.may("file.read", case_scope(case)):
        return StoredFile.objects.none()
    rows = StoredFile.objects.filter(stream__kind="item", stream__uuid=item.uuid, role__in=RAW_ROLES)
    return rows.select_related("uploaded_by", "stream").order_by("-id")


def item_runs(*, actor: Actor, item: Item) -> QuerySet[Run]:
    """Runs about an item, newest first."""
    rows = visible(Run.objects.filter(item=item), actor, "run.read")
    return (
        rows.select_related("case", "item", "started_by", "reference_set", "second_set")
        .prefetch_related("outcomes")
        .order_by("-id")
    )


def item_batches(*, actor: Actor, item: Item) -> QuerySet[Batch]:
    """Batches an item went through, newest first: its own and those of what it was made from or into."""
    if not actor.may("run.read"):
        return Batch.objects.none()
    return Batch.objects.filter(items__item=item).distinct().order_by("-id")


def reference_usable(*, actor: Actor, kind: str) -> QuerySet[ReferenceSet]:
    """Approved reference sets of a kind, newest first."""
    if not actor.may_somewhere("run.read"):
        return ReferenceSet.objects.none()
    rows = ReferenceSet.objects.filter(kind=kind, state=ReferenceState.APPROVED)
    return references_used(rows, actor).order_by("-id")


def runs_waiting(*, actor: Actor) -> QuerySet[Run]:
    """Finished runs on which no finding rests yet, oldest first."""
    done = visible(Run.objects.filter(state=JobState.DONE, rerun_of__isnull=True), actor, "finding.write")
    found = Finding.objects.filter(run=OuterRef("pk"))
    rows = done.filter(~Exists(found)).select_related("case", "item").prefetch_related("outcomes")
    return rows.order_by("id")


def runs_failed(*, actor: Actor) -> QuerySet[Run]:
    """The person's own runs that ended without a result and were not started again since."""
    later = Run.objects.filter(item=OuterRef("item"), method=OuterRef("method"), pk__gt=OuterRef("pk"))
    rows = Run.objects.filter(started_by_id=actor.party_id, state=JobState.FAILED)
    return rows.filter(~Exists(later)).select_related("case", "item").order_by("-id")


def batches_in(*, actor: Actor, state: str) -> QuerySet[Batch]:
    """Batches in a state, oldest first, for whoever reads runs."""
    if not actor.may("run.read"):
        return Batch.objects.none()
    return Batch.objects.filter(state=state).select_related("opened_by").order_by("id")


def batches_blocked(*, actor: Actor) -> QuerySet[Batch]:
    """Batches that a failed control blocks."""
    return batches_in(actor=actor, state=BatchState.BLOCKED)


def requests_waiting(*, actor: Actor) -> QuerySet[ExaminationRequest]:
    """Examination requests that wait for contract review, oldest first."""
    rows = ExaminationRequest.objects.filter(state=RequestState.SUBMITTED)
    return visible(rows, actor, "examination.accept").select_related("case", "requested_by", "customer").order_by("id")


def references_waiting(*, actor: Actor) -> QuerySet[ReferenceSet]:
    """Proposed reference sets that this person may approve: never their own."""
    rows = ReferenceSet.objects.filter(state=ReferenceState.PROPOSED).select_related("added_by")
    if not actor.may("quality.manage"):
        return rows.none()
    return rows.exclude(added_by_id=actor.party_id).order_by("id")


def reports_sent_back(*, actor: Actor) -> QuerySet[Report]:
    """The person's drafts that a reviewer sent back, oldest first."""
    back = Review.objects.filter(report=OuterRef("pk"), decision=ReviewDecision.SENT_BACK)
    mine = ReportPerson.objects.filter(report=OuterRef("pk"), party_id=actor.party_id, side="work")
    rows = Report.objects.filter(Exists(back), Exists(mine), state=ReportState.DRAFT)
    return rows.select_related("case").order_by("id")


def reviews_of(*, actor: Actor, decision: str) -> QuerySet[Review]:
    """The person's own reviews that ended so, newest first."""
    rows = Review.objects.filter(reviewer_id=actor.party_id, decision=decision)
    return rows.select_related("report__case", "report__created_by").order_by("-id")


def reports_signed(*, actor: Actor) -> QuerySet[Report]:
    """Reports the person signed or reviewed that are issued, newest first."""
    mine = ReportPerson.objects.filter(report=OuterRef("pk"), party_id=actor.party_id)
    rows = Report.objects.filter(Exists(mine), state__in=[ReportState.ISSUED, ReportState.REPLACED])
    return rows.select_related("case", "created_by", "signed_by").order_by("-id")


def report_reviews(*, report: Report) -> QuerySet[Review]:
    """Every review of a report already seen, newest first, with its points."""
    return report.reviews.select_related("reviewer").prefetch_related("points").order_by("-id")


def report_findings(*, report: Report) -> list[Finding]:
    """What a report rests on, in order, with the runs behind it."""
    rows = report.findings.select_related(
        "item", "component", "analyst", "outcome", "run__batch", "run__reference_set", "run__second_set"
    )
    return list(rows.prefetch_related("run__outputs__file", "run__inputs__file", "run__batch__controls").order_by("pk"))


def may_review(*, actor: Actor, report: Report) -> bool:
    """Whether the review that is due is this person's to take: never of their own work, nor after disagreeing."""
    kinds = {
        ReportState.TECHNICAL_REVIEW: ReviewKind.TECHNICAL,
        ReportState.ADMINISTRATIVE_REVIEW: ReviewKind.ADMINISTRATIVE,
    }
    kind = kinds.get(ReportState(report.state))
    if kind is None or not actor.may(f"review.{kind.value}", case_scope(report.case)):
        return False
    if any(one.party_id == actor.party_id and one.side == "work" for one in report.people.all()):
        return False
    return not disagreements_open().filter(report=report, reviewer_id=actor.party_id).exists()


def findings_citable(*, actor: Actor, case: Case) -> QuerySet[Finding]:
    """Findings and opinions of a case that hold now, with what a list prints."""
    rows = Finding.objects.filter(case=case, replaced_by__isnull=True)
    related = ("item", "component", "run", "analyst", "outcome")
    return visible(rows, actor, "run.read").select_related(*related).order_by("item__reference", "id")
