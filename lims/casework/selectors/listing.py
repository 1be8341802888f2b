"""Items as the pages list them: what they are, who holds them, how they are sealed, what was made from them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery

from chain_of_custody.models import HandOverLine, Item, Seal
from chain_of_custody.selectors import HistoryRow, item_history
from lims.accounts.actors import Actor
from lims.casework.enums import StepKind
from lims.casework.models import Case, Container, Discrepancy, LabelPrint, Quantity, SampleParent
from lims.casework.rules import convert
from lims.casework.selectors.access import visible
from lims.casework.selectors.cases import case_list, item_visible

OPEN_STATES = ("held", "offered")
HISTORY_AT_MOST = 2000
_ROW = (
    "custodian",
    "container",
    "sealed_by",
    "quantity",
    "exhibit__case",
    "sample__case",
    "sample__exhibit",
    "container_of__case",
)


def item_rows(rows: QuerySet[Item]) -> QuerySet[Item]:
    """Items with everything a line of a list says, in one statement.

    Adds `ever_sealed`, and `offered_to` and `offered_uuid` of the hand-over an item waits in.
    """
    waiting = HandOverLine.objects.filter(item=OuterRef("pk"), state="offered")
    return rows.select_related(*_ROW).annotate(
        ever_sealed=Exists(Seal.objects.filter(item=OuterRef("pk"))),
        offered_to=Subquery(waiting.values("hand_over__receiver__name")[:1]),
        offered_uuid=Subquery(waiting.values("hand_over__uuid")[:1]),
    )


def case_items(*, actor: Actor, case: Case) -> QuerySet[Item]:
    """Everything that can be held in a case: exhibits, samples, and its own bags and crates."""
    known = visible(Case.objects.filter(pk=case.pk), actor, "case.read", path="").exists()
    if not known:
        return Item.objects.none()
    own = list(Container.objects.filter(case=case).values_list("item_id", flat=True))
    return Item.objects.filter(Q(reference__startswith=f"{case.reference}-") | Q(pk__in=own))


def case_item_search(
    *,
    actor: Actor,
    case: Case,
    words: Sequence[str] = (),
    held: str | None = None,
    seal: str | None = None,
    kind: str | None = None,
    state: str | None = None,
) -> QuerySet[Item]:
    """Items of a case by words in their reference or description, holder, seal (`open`, `sealed` or a number), kind."""
    rows = case_items(actor=actor, case=case)
    for word in words:
        rows = rows.filter(
            Q(reference__icontains=word)
            | Q(exhibit__description__icontains=word)
            | Q(sample__description__icontains=word)
            | Q(exhibit__declared_taxon__icontains=word)
            | Q(container_of__description__icontains=word)
        )
    if held:
        rows = rows.filter(custodian__name__icontains=held)
    if seal:
        rows = rows.filter(_seal_filter(seal))
    if kind:
        rows = rows.filter(Q(kind=kind) | Q(exhibit__kind=kind) | Q(sample__kind=kind))
    if state:
        rows = rows.filter(state=state)
    return item_rows(rows).order_by("reference")


def _seal_filter(seal: str) -> Q:
    if seal.lower() in {"open", "none"}:
        return Q(sealed_by__isnull=True)
    if seal.lower() in {"sealed", "closed"}:
        return Q(sealed_by__isnull=False)
    return Q(seals__number__iexact=seal)


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeRow:
    """One line of a case's tree: the item and how deep it lies (1 for what came in, 2 for a sample of it…)."""

    item: Item
    depth: int


def case_roots(*, actor: Actor, case: Case) -> QuerySet[Item]:
    """Exhibits of a case in order, the roots of its tree; page it."""
    return item_rows(case_items(actor=actor, case=case).filter(kind="exhibit")).order_by("exhibit__number")


def case_tree(roots: Sequence[Item]) -> list[TreeRow]:
    """The roots, each followed by its samples below what they were made from: two statements whatever their number.

    A pool stands below its first parent.
    """
    exhibits = [root.exhibit.pk for root in roots]
    samples = list(item_rows(Item.objects.filter(sample__exhibit__in=exhibits)).order_by("sample__number", "pk"))
    children = _children(samples)
    rows: list[TreeRow] = []
    for root in roots:
        _grow(root, 1, children, rows)
    return rows


def _children(samples: Sequence[Item]) -> dict[int, list[Item]]:
    edges = SampleParent.objects.filter(sample__item__in=samples).order_by("-pk").values_list("sample__item", "parent")
    parent_of = dict(edges)
    children: dict[int, list[Item]] = {}
    for sample in samples:
        children.setdefault(parent_of.get(sample.pk, 0), []).append(sample)
    return children


def _grow(item: Item, depth: int, children: dict[int, list[Item]], rows: list[TreeRow]) -> None:
    rows.append(TreeRow(item=item, depth=depth))
    for child in children.get(item.pk, ()):
        _grow(child, depth + 1, children, rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """How many items of a case one party holds; `final` counts those that have left for good."""

    name: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCustody:
    """Who holds a case's items now."""

    total: int
    final: int
    offered: int
    holders: tuple[Held, ...]


def case_custody(*, actor: Actor, case: Case) -> CaseCustody:
    """Counts of a case's items by custodian and state."""
    rows = case_items(actor=actor, case=case).values("state", "custodian__name").annotate(number=Count("pk"))
    held: dict[str, int] = {}
    final = offered = 0
    for row in rows:
        if row["state"] in OPEN_STATES:
            held[row["custodian__name"]] = held.get(row["custodian__name"], 0) + row["number"]
            offered += row["number"] if row["state"] == "offered" else 0
        else:
            final += row["number"]
    holders = tuple(Held(name=name, number=number) for name, number in sorted(held.items(), key=lambda one: -one[1]))
    return CaseCustody(total=final + sum(held.values()), final=final, offered=offered, holders=holders)


def items_held(*, actor: Actor) -> QuerySet[Item]:
    """What the actor has in hand: not inside a box or bag, longest held first."""
    rows = Item.objects.filter(custodian_id=actor.party_id, state__in=OPEN_STATES, container__isnull=True)
    return item_rows(rows).order_by("last_act_at")


def items_by_reference(*, actor: Actor, references: Iterable[str]) -> list[Item]:
    """Items by reference, in the order given, those that the actor may not see left out."""
    wanted = [text.strip().upper() for text in references if text.strip()]
    found = {
        item.reference: item
        for item in Item.objects.filter(reference__in=wanted).select_related(
            *_ROW, "exhibit__case__agency", "sample__case__agency", "container_of__case__agency"
        )
        if item_visible(item, actor, "case.read")
    }
    return [found[text] for text in dict.fromkeys(wanted) if text in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Where the amount of an item went, in its own unit."""

    unit: str
    initial: Decimal
    left: Decimal
    children: Decimal
    used: Decimal
    waste: Decimal
    other: Decimal


def quantity_shares(item: Item) -> Whereabouts | None:
    """What became of an item's amount; None while it was never weighed. `other` is what re-weighings changed."""
    quantity = Quantity.objects.filter(item=item).first()
    if quantity is None:
        return None
    spent: dict[str, Decimal] = {}
    before, last = quantity.initial, ""
    for step in quantity.steps.order_by("pk").values("kind", "left", "amount", "note"):
        kind = step["kind"]
        if kind == StepKind.WASTE:
            # The taking before it wrote the balance after both; its own amount is in the unit it was measured in.
            lost = convert(-step["amount"], step["note"], quantity.unit)
            spent[last] = spent.get(last, Decimal(0)) - lost
            spent[kind] = spent.get(kind, Decimal(0)) + lost
        elif kind != StepKind.INITIAL:
            spent[kind] = spent.get(kind, Decimal(0)) + before - step["left"]
        before, last = step["left"], kind
    return Whereabouts(
        unit=quantity.get_unit_display(),
        initial=quantity.initial,
        left=quantity.left,
        children=spent.get(StepKind.TAKEN, Decimal(0)),
        used=spent.get(StepKind.CONSUMED, Decimal(0)),
        waste=spent.get(StepKind.WASTE, Decimal(0)),
        other=spent.get(StepKind.REWEIGHED, Decimal(0)),
    )


def item_descendants(item: Item) -> list[TreeRow]:
    """What was made from an item, and from that, at most eight steps down."""
    rows: list[TreeRow] = []
    layer = [item.pk]
    edges: dict[int, list[int]] = {}
    for _step in range(8):
        found = list(SampleParent.objects.filter(parent__in=layer).order_by("pk").values_list("parent", "sample__item"))
        for parent, child in found:
            edges.setdefault(parent, []).append(child)
        layer = [child for _parent, child in found]
        if not layer:
            break
    wanted = {child for children in edges.values() for child in children}
    items = {row.pk: row for row in item_rows(Item.objects.filter(pk__in=wanted))}
    _down(item.pk, 1, edges, items, rows, set())
    return rows


def _down(
    key: int,
    depth: int,
    edges: dict[int, list[int]],
    items: dict[int, Item],
    rows: list[TreeRow],
    seen: set[int],
) -> None:
    for child in edges.get(key, ()):
        if child in items and child not in seen:
            seen.add(child)
            rows.append(TreeRow(item=items[child], depth=depth))
            _down(child, depth + 1, edges, items, rows, seen)


def item_parents(item: Item) -> list[SampleParent]:
    """From what an item was made, with the amounts; empty for exhibits."""
    rows = SampleParent.objects.filter(sample__item=item)
    return list(rows.select_related("parent__exhibit", "parent__sample").order_by("pk"))


def item_lineage(item: Item) -> list[Item]:
    """The item's first parent, that one's first parent and so on: its line back to the exhibit, at most eight steps."""
    line: list[Item] = []
    key = item.pk
    for _step in range(8):
        edge = SampleParent.objects.filter(sample__item=key).select_related("parent").order_by("pk").first()
        if edge is None:
            break
        line.append(edge.parent)
        key = edge.parent_id
    return line


def item_acts(item: Item) -> list[HistoryRow]:
    """The item's whole history in order, at most two thousand acts."""
    rows: list[HistoryRow] = []
    while len(rows) < HISTORY_AT_MOST:
        page = item_history(item, after=rows[-1].sequence if rows else 0)
        rows += page
        if len(page) < 200:
            break
    return rows


def items_named(uuids: Iterable[UUID]) -> dict[UUID, str]:
    """References of items by UUID, for words about containers in a history."""
    return dict(Item.objects.filter(uuid__in=set(uuids)).values_list("uuid", "reference"))


def label_prints(item: Item) -> tuple[int, int]:
    """How often labels of an item were printed, and how many of those prints belong to codes since made void."""
    counts = LabelPrint.objects.filter(label__item=item).aggregate(
        printed=Count("pk"), void=Count("pk", filter=Q(label__state="void"))
    )
    return counts["printed"], counts["void"]


def contents(*, box: Item) -> QuerySet[Item]:
    """What lies in a box or bag, by position."""
    return item_rows(Item.objects.filter(container=box)).order_by(F("position").asc(), "reference")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCounts:
    """What the list of cases says first."""

    open: int
    late: int
    differing: int
    next_due: date | None
    next_case: str


def case_counts(*, actor: Actor, today: date) -> CaseCounts:
    """How many of the actor's cases are open, late, or have differences nobody explained; the next date."""
    rows = visible(Case.objects.filter(state="open"), actor, "case.read", path="")
    differing = Discrepancy.objects.filter(case=OuterRef("pk")).exclude(state="explained")
    counts = rows.aggregate(
        number=Count("pk"),
        late=Count("pk", filter=Q(due_on__lt=today)),
        differing=Count("pk", filter=Q(Exists(differing))),
    )
    first = rows.filter(due_on__gte=today).order_by("due_on", "pk").first()
    return CaseCounts(
        open=counts["number"],
        late=counts["late"],
        differing=counts["differing"],
        next_due=first.due_on if first else None,
        next_case=first.reference if first else "",
    )


def case_search(
    *, actor: Actor, words: Sequence[str] = (), state: str = "", kind: str = "", agency: str = ""
) -> QuerySet[Case]:
    """Cases by words, state, kind and the agency's name."""
    rows = case_list(actor=actor, search=" ".join(words), state=state, kind=kind)
    return rows.filter(agency__name__icontains=agency) if agency else rows
