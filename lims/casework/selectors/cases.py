"""Cases, seizures, exhibits and samples as lists and single rows."""

from typing import TypeVar
from uuid import UUID

from django.db.models import Count, Model, Q, QuerySet
from django.utils.translation import gettext as _

from chain_of_custody.models import Item
from lims.accounts.actors import Actor
from lims.casework.models import (
    Case,
    CaseAssignment,
    Discrepancy,
    Exhibit,
    ExhibitComponent,
    ExternalReference,
    Intake,
    LiveEvent,
    Photograph,
    QuantityStep,
    Sample,
    SamplingPlan,
    Seizure,
)
from lims.casework.selectors.access import case_scope, visible
from lims.casework.selectors.items import RELATED
from lims.common.errors import NotFound

Row = TypeVar("Row", bound=Model)
ITEM_RELATED = ("item__custodian", "item__container", "item__sealed_by", "item__quantity")


def case_list(
    *, actor: Actor, search: str = "", state: str = "", kind: str = "", agency: UUID | None = None
) -> QuerySet[Case]:
    """Cases the actor may read, newest first, with the number of their exhibits and open discrepancies."""
    cases = visible(Case.objects.select_related("agency"), actor, "case.read", path="")
    if search:
        found = Q(reference__icontains=search) | Q(title__icontains=search)
        found |= Q(pk__in=Case.objects.filter(external_references__value__iexact=search).values("pk"))
        cases = cases.filter(found)
    if state:
        cases = cases.filter(state=state)
    if kind:
        cases = cases.filter(kind=kind)
    if agency is not None:
        cases = cases.filter(agency__uuid=agency)
    return cases.annotate(
        exhibit_count=Count("exhibits", distinct=True),
        open_discrepancies=Count("discrepancies", filter=~Q(discrepancies__state="explained"), distinct=True),
    ).order_by("-id")


def case_get(*, actor: Actor, key: str | UUID, capability: str = "case.read") -> Case:
    """One case by UUID or reference.

    Raises:
        NotFound: the same answer whether it does not exist or may not be seen.
    """
    query = visible(Case.objects.select_related("agency", "opened_by"), actor, capability, path="")
    found = query.filter(uuid=key).first() if _is_uuid(key) else query.filter(reference=str(key).upper()).first()
    if found is None:
        raise NotFound(_("There is no such case, or it is not yours to see."), code="case-not-found")
    return found


def seizure_list(*, actor: Actor, case: Case) -> QuerySet[Seizure]:
    """Seizures of a case in order."""
    return visible(Seizure.objects.filter(case=case).select_related("agency", "case"), actor, "case.read").order_by(
        "number"
    )


def exhibit_list(*, actor: Actor, case: Case | None = None, search: str = "", kind: str = "") -> QuerySet[Exhibit]:
    """Exhibits with their items, in order of case and number."""
    rows = visible(Exhibit.objects.select_related("case", "seizure", *ITEM_RELATED), actor, "case.read")
    if case:
        rows = rows.filter(case=case)
    if kind:
        rows = rows.filter(kind=kind)
    if search:
        found = Q(item__reference__icontains=search) | Q(description__icontains=search)
        rows = rows.filter(found | Q(declared_taxon__icontains=search))
    return rows.order_by("case_id", "number")


def sample_list(*, actor: Actor, case: Case | None = None) -> QuerySet[Sample]:
    """Samples with their items, in order of case and number."""
    rows = visible(
        Sample.objects.select_related("case", "exhibit__item", "taken_by", *ITEM_RELATED), actor, "case.read"
    )
    return (rows.filter(case=case) if case else rows).order_by("case_id", "exhibit__number", "number", "id")


def item_get(*, actor: Actor, key: str | UUID, capability: str = "case.read") -> Item:
    """One item by UUID, reference or scan code, when the actor may see its case.

    Raises:
        NotFound: the same answer whether it does not exist or may not be seen.
    """
    rows = Item.objects.select_related(*RELATED)
    text = str(key).upper()
    found = (
        rows.filter(uuid=key).first() if _is_uuid(key) else rows.filter(Q(reference=text) | Q(scan_code=text)).first()
    )
    if found is None or not item_visible(found, actor, capability):
        raise NotFound(_("There is no such item, or it is not yours to see."), code="item-not-found")
    return found


def item_case(item: Item) -> Case | None:
    """The case an item belongs to; None for the laboratory's own boxes and plates."""
    for name in ("exhibit", "sample", "container_of"):
        owner = getattr(item, name, None)
        if owner is not None:
            case: Case | None = owner.case
            return case
    return None


def item_visible(item: Item, actor: Actor, capability: str) -> bool:
    """Whether the actor's grants cover the item's case; the laboratory's own containers are for its staff."""
    case = item_case(item)
    return actor.may(capability, case_scope(case)) if case else actor.in_laboratory


def seizure_get(*, actor: Actor, uuid: UUID) -> Seizure:
    """One seizure.

    Raises:
        NotFound: the same answer whether it does not exist or may not be seen.
    """
    return _one(visible(Seizure.objects.select_related("agency", "case__agency"), actor, "case.read").filter(uuid=uuid))


def exhibit_get(*, actor: Actor, key: str | UUID) -> Exhibit:
    """One exhibit by the UUID or reference of its item; raises `NotFound` as `case_get` does."""
    related = ("case__agency", "seizure__agency", *ITEM_RELATED)
    rows = visible(Exhibit.objects.select_related(*related), actor, "case.read")
    return _one(rows.filter(item__uuid=key) if _is_uuid(key) else rows.filter(item__reference=str(key).upper()))


def sample_get(*, actor: Actor, key: str | UUID) -> Sample:
    """One sample by the UUID or reference of its item; raises `NotFound` as `case_get` does."""
    related = ("case__agency", "exhibit__item", "taken_by", *ITEM_RELATED)
    rows = visible(Sample.objects.select_related(*related).prefetch_related("parents__parent"), actor, "case.read")
    return _one(rows.filter(item__uuid=key) if _is_uuid(key) else rows.filter(item__reference=str(key).upper()))


def component_list(*, exhibit: Exhibit) -> QuerySet[ExhibitComponent]:
    """The components of an exhibit already seen, in order of their letters."""
    return exhibit.components.order_by("id")


def live_event_list(*, exhibit: Exhibit) -> QuerySet[LiveEvent]:
    """What happened to the live animals of an exhibit already seen, newest first."""
    return exhibit.live_events.select_related("recorded_by").order_by("-id")


def quantity_step_list(*, item: Item) -> QuerySet[QuantityStep]:
    """Every change of the amount of an item already seen, newest first."""
    return QuantityStep.objects.filter(quantity__item=item).select_related("quantity", "child", "by").order_by("-id")


def external_reference_list(*, actor: Actor, case: Case) -> QuerySet[ExternalReference]:
    """Other people's numbers for a case and its items."""
    rows = ExternalReference.objects.filter(case=case).select_related("issuer", "item")
    return visible(rows, actor, "case.read").order_by("id")


def assignment_list(*, actor: Actor, case: Case) -> QuerySet[CaseAssignment]:
    """Who outside the laboratory follows the case, and who did."""
    rows = CaseAssignment.objects.filter(case=case).select_related("user__party")
    return visible(rows, actor, "case.read").order_by("-id")


def assignment_open(*, case: Case, account: UUID, role: str) -> CaseAssignment:
    """The assignment of this account in this role that holds now; raises `NotFound` where there is none."""
    return _one(CaseAssignment.objects.filter(case=case, user__uuid=account, role=role, until__isnull=True))


def sampling_plan_list(*, exhibit: Exhibit) -> QuerySet[SamplingPlan]:
    """The sampling plans of a lot already seen, newest first."""
    return exhibit.sampling_plans.select_related("lot__item", "lot__case__agency", "drawn_by").order_by("-id")


def sampling_plan_get(*, actor: Actor, uuid: UUID) -> SamplingPlan:
    """One sampling plan; raises `NotFound` as `case_get` does."""
    rows = SamplingPlan.objects.select_related("lot__item", "lot__case__agency", "drawn_by")
    return _one(visible(rows, actor, "case.read", path="lot__case__").filter(uuid=uuid))


def discrepancy_get(*, actor: Actor, uuid: UUID) -> Discrepancy:
    """One custody discrepancy; raises `NotFound` as `case_get` does."""
    return _one(discrepancy_list(actor=actor).filter(uuid=uuid))


def intake_get(*, actor: Actor, uuid: UUID) -> Intake:
    """One intake with its containers; raises `NotFound` as `case_get` does."""
    rows = intake_list(actor=actor).select_related("case__agency", "submission", "delivered_by", "received_by")
    return _one(rows.prefetch_related("containers__item__sealed_by").filter(uuid=uuid))


def photograph_list(*, intake: Intake) -> QuerySet[Photograph]:
    """The photographs of an intake already seen."""
    return intake.photographs.select_related("file", "item").order_by("id")


def discrepancy_list(
    *, actor: Actor, case: Case | None = None, intake: Intake | None = None, open_only: bool = False
) -> QuerySet[Discrepancy]:
    """Custody discrepancies, newest first."""
    rows = visible(
        Discrepancy.objects.select_related("case", "item", "recorded_by", "countersigned_by"),
        actor,
        "case.read",
    )
    if case:
        rows = rows.filter(case=case)
    if intake:
        rows = rows.filter(intake=intake)
    if open_only:
        rows = rows.exclude(state="explained")
    return rows.order_by("-id")


def intake_list(*, actor: Actor, case: Case | None = None) -> QuerySet[Intake]:
    """Intakes, newest first."""
    rows = visible(Intake.objects.select_related("case", "delivered_by", "received_by"), actor, "case.read")
    return (rows.filter(case=case) if case else rows).order_by("-id")


def _one(rows: QuerySet[Row]) -> Row:
    found = rows.first()
    if found is None:
        raise NotFound(_("There is nothing at this address, or it is not yours to see."))
    return found


def _is_uuid(key: str | UUID) -> bool:
    if isinstance(key, UUID):
        return True
    try:
        UUID(key)
    except ValueError:
        return False
    return True
