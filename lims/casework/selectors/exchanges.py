"""Hand-overs: offered to me, offered by me, one with its lines."""

from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from chain_of_custody.models import HandOver, HandOverLine, Party
from lims.accounts.actors import Actor
from lims.casework.models import Case
from lims.casework.selectors.cases import item_case, item_visible
from lims.common.errors import NotFound

_ITEM = (
    "item__quantity",
    "item__custodian",
    "item__sealed_by",
    "item__exhibit__case__agency",
    "item__sample__case__agency",
    "item__sample__exhibit",
    "item__container_of__case__agency",
    "carried_in",
    "seal_released",
    "settled_by",
)


def sides(actor: Actor) -> list[int]:
    """The parties the actor can act for: the person, and the organisation they belong to."""
    own = Party.objects.filter(pk=actor.party_id).values_list("organisation_id", flat=True).first()
    return [actor.party_id, own] if own else [actor.party_id]


def handover_list(*, actor: Actor, side: str, waiting: bool = True) -> QuerySet[HandOver]:
    """Hand-overs offered `to` the actor or `by` the actor, newest first, with the number of items and of open ones."""
    rows = HandOver.objects.select_related("giver", "receiver")
    rows = rows.filter(receiver__in=sides(actor)) if side == "to" else rows.filter(giver__in=sides(actor))
    rows = rows.filter(state="open") if waiting else rows.exclude(state="open")
    single = Q(lines__carried_in__isnull=True)
    return rows.annotate(
        number=Count("lines", filter=single), open_lines=Count("lines", filter=single & Q(lines__state="offered"))
    ).order_by("-pk")


def case_handovers(*, case: Case) -> QuerySet[HandOver]:
    """Open hand-overs that touch items of a case."""
    lines = HandOverLine.objects.filter(
        hand_over=OuterRef("pk"), state="offered", item__reference__startswith=f"{case.reference}-"
    )
    rows = HandOver.objects.filter(Exists(lines), state="open").select_related("giver", "receiver")
    return rows.annotate(open_lines=Count("lines", filter=Q(lines__state="offered"))).order_by("-pk")


def handover_get(*, actor: Actor, uuid: UUID) -> HandOver:
    """One hand-over with its lines: for both sides, and for those who may see every item in it.

    Raises:
        NotFound: none, or not the actor's to see.
    """
    lines = HandOverLine.objects.select_related(*_ITEM).order_by("carried_in_id", "item__reference")
    row = (
        HandOver.objects.filter(uuid=uuid)
        .select_related("giver", "receiver", "giver__organisation", "receiver__organisation")
        .prefetch_related(Prefetch("lines", queryset=lines))
        .first()
    )
    if row is None or not _may_see(actor, row):
        raise NotFound(_("There is no such hand-over, or it is not yours to see."), code="handover-not-found")
    return row


def _may_see(actor: Actor, row: HandOver) -> bool:
    if {row.giver_id, row.receiver_id} & set(sides(actor)):
        return True
    items = [line.item for line in row.lines.all()]
    return bool(items) and all(item_visible(item, actor, "case.read") for item in items)


def handover_cases(row: HandOver) -> list[Case]:
    """The cases a hand-over's items belong to, each once."""
    cases = {case.pk: case for line in row.lines.all() if (case := item_case(line.item)) is not None}
    return list(cases.values())
