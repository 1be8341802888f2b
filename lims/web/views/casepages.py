"""One case: the page that says whether all is accounted for, its items, its custody, its log."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.urls import NoReverseMatch, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from chain_of_custody.selectors import stream_entries
from lims.accounts.actors import Actor
from lims.casework.models import Case, Discrepancy, Intake, Seizure
from lims.casework.selectors.access import case_scope
from lims.casework.selectors.cases import (
    assignment_list,
    discrepancy_list,
    external_reference_list,
    intake_list,
    seizure_list,
)
from lims.casework.selectors.exchanges import case_handovers
from lims.casework.selectors.listing import CaseCustody, case_custody, case_item_search, case_roots, case_tree
from lims.web.access import PageRequest
from lims.web.acts import act_words, event_of
from lims.web.casefile import case_context, case_page
from lims.web.describing import Badge, ItemLine, item_line
from lims.web.forms import page
from lims.web.listing import Column, Listing, ListRequest
from lims.web.parts import Event, Fact, Share, Slice, Tab, Tone, slices
from lims.web.views.seizures import seizure_lines

FIRST_ROOTS = 12
_TABS = (
    ("case", "overview"),
    ("case_items", "items"),
    ("case_custody", "custody"),
    ("case_requests", "requests"),
    ("case_reports", "reports"),
    ("case_packs", "packs"),
    ("case_log", "log"),
)
_SHADES = ("left", "child", "used", "waste")


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A button or link that leads to an act."""

    label: str
    href: str
    icon: str = "next"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The head of every page of a case."""

    sentence: str
    badges: tuple[Badge, ...]
    facts: tuple[Fact, ...]
    acts: tuple[Act, ...]
    more: tuple[Act, ...]
    tabs: tuple[Tab, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeizureCard:
    """A seizure as the case page prints it."""

    number: int
    lines: list[tuple[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceLine:
    """A custody discrepancy with what the reader can do about it."""

    row: Discrepancy
    tone: Tone
    icon: str
    badge: Badge
    detail: str
    action: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeLine:
    """An intake in the list of a case."""

    reference: str
    href: str
    state: str
    icon: str
    word: str
    detail: str


@case_page()
@require_GET
def case(request: PageRequest, case: Case) -> HttpResponse:
    """When is the next date, is everything accounted for, who holds it?"""
    actor = request.actor
    roots = case_roots(actor=actor, case=case)
    shown = list(roots[:FIRST_ROOTS])
    custody = case_custody(actor=actor, case=case)
    lines = [item_line(row.item, depth=row.depth) for row in case_tree(shown)]
    found = list(discrepancy_list(actor=actor, case=case))
    seizures = list(seizure_list(actor=actor, case=case))
    may = case_scope(case)
    context = case_context(request, case) | {
        "head": head(request, case, "case", custody, found, seizures),
        "lines": lines,
        "items_note": _items_note(custody.total, len(lines)),
        "custody": custody,
        "holders": holder_slices(custody),
        "holders_label": _("Who holds the items"),
        "offers": list(case_handovers(case=case)),
        "differences": [difference_line(actor, row) for row in found],
        "seizures": [SeizureCard(number=row.number, lines=seizure_lines(row)) for row in seizures],
        "intakes": [intake_line(row) for row in intake_list(actor=actor, case=case)],
        "references": list(external_reference_list(actor=actor, case=case)),
        "assignments": list(assignment_list(actor=actor, case=case)),
        "can_seize": actor.may("seizure.record", may),
        "can_assign": actor.may("case.assign", may),
    }
    return page(request, "web/casework/case.html", context)


ITEM_COLUMNS = (Column(key="item", label="", order="reference"),)


@case_page()
@require_GET
def case_items(request: PageRequest, case: Case) -> HttpResponse:
    """Every item: as a tree, or filtered by words, holder, seal, kind, state."""
    ask = ListRequest.of(
        request,
        columns=ITEM_COLUMNS,
        filters=("held", "seal", "kind", "state"),
        sort="item" if "q" in request.GET else "",
    )
    context = case_context(request, case) | {"head": _head_of(request, case, "case_items")}
    if ask.text:
        rows = case_item_search(
            actor=request.actor,
            case=case,
            words=ask.words,
            held=ask.one("held"),
            seal=ask.one("seal"),
            kind=ask.one("kind"),
            state=ask.one("state"),
        )
        items: Listing[Any] = ask.listing(rows)
        lines = [item_line(row) for row in items]
    else:
        items = ask.listing(case_roots(actor=request.actor, case=case))
        lines = [item_line(row.item, depth=row.depth) for row in case_tree(list(items))]
    return page(request, "web/casework/case_items.html", context | {"items": items, "lines": lines})


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderGroup:
    """What one party holds of a case."""

    name: str
    note: str
    lines: list[ItemLine]


@case_page()
@require_GET
def case_custody_page(request: PageRequest, case: Case) -> HttpResponse:
    """Who holds what, party by party; at most five hundred items."""
    rows = case_item_search(actor=request.actor, case=case).order_by("custodian__name", "reference")[:500]
    groups: dict[str, list[ItemLine]] = {}
    for row in rows:
        name = row.custodian.name if row.state in {"held", "offered"} else _("Gone for good")
        groups.setdefault(name, []).append(item_line(row, depth=2))
    custody = case_custody(actor=request.actor, case=case)
    context = case_context(request, case) | {
        "head": _head_of(request, case, "case_custody"),
        "custody": custody,
        "holders": holder_slices(custody),
        "holders_label": _("Who holds the items"),
        "holdings": [
            HolderGroup(
                name=name, lines=lines, note=ngettext("%(n)s item", "%(n)s items", len(lines)) % {"n": len(lines)}
            )
            for name, lines in groups.items()
        ],
    }
    return page(request, "web/casework/case_custody.html", context)


@case_page()
@require_GET
def case_log(request: PageRequest, case: Case) -> HttpResponse:
    """Every act on the case itself, newest first."""
    rows = stream_entries("case", case.uuid)
    events = [_case_event(event_of(row, {}), row.verb, act_words(row, {})) for row in reversed(rows)]
    context = case_context(request, case) | {"head": _head_of(request, case, "case_log"), "events": events}
    return page(request, "web/casework/case_log.html", context)


def _case_event(event: Event, verb: str, words: str) -> Event:
    sentences = {
        "opened": _("Case opened"),
        "changed": _("Record changed"),
        "closed": _("Case closed"),
        "reopened": _("Case opened again"),
        "assigned": _("Somebody assigned from outside"),
        "unassigned": _("An assignment ended"),
        "referenced": _("Reference added"),
        "held": _("Legal hold set"),
        "released": _("Legal hold lifted"),
    }
    return Event(title=sentences.get(verb, words), at=event.at, detail=event.detail, record=event.record)


def _head_of(request: PageRequest, case: Case, current: str) -> Head:
    actor = request.actor
    return head(
        request,
        case,
        current,
        case_custody(actor=actor, case=case),
        list(discrepancy_list(actor=actor, case=case)),
        list(seizure_list(actor=actor, case=case)),
    )


def head(
    request: PageRequest,
    case: Case,
    current: str,
    custody: CaseCustody,
    found: Sequence[Discrepancy],
    seizures: Sequence[Seizure],
) -> Head:
    """The head: a sentence, badges, the facts that answer the first question, what can be done."""
    return Head(
        sentence=_sentence(case, seizures),
        badges=tuple(_badges(case, custody, found)),
        facts=(date_fact(case), _items_fact(custody, found), _holders_fact(custody), _differences_fact(found)),
        acts=tuple(_acts(request.actor, case)),
        more=tuple(_more(request.actor, case)),
        tabs=tuple(_tabs(case, current)),
    )


def _sentence(case: Case, seizures: Sequence[Seizure]) -> str:
    opened = _("Opened %(day)s for %(agency)s.") % {
        "day": date_format(timezone.localtime(case.opened_at), "j M Y"),
        "agency": case.agency.name,
    }
    if not seizures:
        return opened
    first = seizures[0]
    seized = _("Seized %(day)s at %(place)s by %(agency)s.") % {
        "day": date_format(timezone.localtime(first.seized_at), "j M Y H:i"),
        "place": first.place,
        "agency": first.agency.name,
    }
    return f"{seized} {opened}"


def state_badge(case: Case) -> Badge:
    """Open or closed."""
    return Badge(kind="info" if case.state == "open" else "idle", text=str(case.get_state_display()))


def _badges(case: Case, custody: CaseCustody, found: Sequence[Discrepancy]) -> list[Badge]:
    badges = [state_badge(case)]
    missing = [row for row in found if row.kind == "count" and row.state != "explained"]
    if missing:
        text = ngettext("%(n)s count differs", "%(n)s counts differ", len(missing)) % {"n": len(missing)}
        badges.append(Badge(kind="warn", text=text))
    elif custody.total:
        text = ngettext("%(n)s item, accounted for", "All %(n)s items accounted for", custody.total)
        badges.append(Badge(kind="ok", text=text % {"n": custody.total}))
    if case.legal_hold:
        badges.append(Badge(kind="sealed", text=_("Legal hold")))
    return badges


def date_fact(case: Case) -> Fact:
    """The next date of a case: how long it is until then."""
    if case.due_on is None:
        return Fact(label=_("Next date"), value=_("none set"), lead=True)
    days = (case.due_on - timezone.localdate()).days
    tone: Tone = "bad" if days < 0 else "warn" if days <= 7 else ""
    if days < 0:
        detail = ngettext("%(n)s day late", "%(n)s days late", -days) % {"n": -days}
    else:
        detail = ngettext("in %(n)s day", "in %(n)s days", days) % {"n": days}
    return Fact(
        label=_("Next date"),
        value=_("Report due %(day)s") % {"day": date_format(case.due_on, "j M")},
        detail=detail,
        tone=tone if case.state == "open" else "",
        lead=True,
    )


def _items_fact(custody: CaseCustody, found: Sequence[Discrepancy]) -> Fact:
    detail = _("%(final)s consumed, returned or disposed of") % {"final": custody.final} if custody.final else ""
    return Fact(label=_("Items"), value=str(custody.total), detail=detail)


def _holders_fact(custody: CaseCustody) -> Fact:
    number = len(custody.holders)
    value = ngettext("%(n)s custodian", "%(n)s custodians", number) % {"n": number} if number else _("nobody yet")
    detail = ", ".join(f"{one.name} {one.number}" for one in custody.holders[:3])
    return Fact(label=_("Held by"), value=value, detail=detail)


def _differences_fact(found: Sequence[Discrepancy]) -> Fact:
    waiting = [row for row in found if row.state != "explained"]
    if not found:
        return Fact(label=_("Stated against found"), value=_("nothing differs"))
    value = ngettext("%(n)s difference open", "%(n)s differences open", len(waiting)) % {"n": len(waiting)}
    explained = len(found) - len(waiting)
    return Fact(
        label=_("Stated against found"),
        value=value if waiting else _("all explained"),
        detail=_("%(n)s explained") % {"n": explained} if explained else "",
        tone="warn" if waiting else "",
    )


def _acts(actor: Actor, case: Case) -> list[Act]:
    scope = case_scope(case)
    acts: list[Act] = []
    if case.state == "open":
        if actor.may("intake.receive", scope):
            acts.append(Act(label=_("Receive evidence"), href=_to("intake_new", case), icon="box"))
        if actor.may("item.register", scope):
            acts.append(Act(label=_("Add exhibits"), href=_to("exhibit_new", case), icon="plus"))
        ask = address_of("request_new_in_case", case)
        if ask and actor.may("examination.request", scope):
            acts.append(Act(label=_("Ask for analysis"), href=ask, icon="flask"))
    return acts


def _more(actor: Actor, case: Case) -> list[Act]:
    scope = case_scope(case)
    wanted = (
        ("seizure.record", "seizure_new", _("Record a seizure")),
        ("case.edit", "case_edit", _("Change title or dates")),
        ("case.edit", "case_reference_new", _("Add an external reference")),
        ("case.assign", "case_assign", _("Assign an investigator or prosecutor")),
        ("hold.set", "case_hold", _("Lift the legal hold") if case.legal_hold else _("Set a legal hold")),
        ("case.edit", "case_state", _("Close the case") if case.state == "open" else _("Open the case again")),
        ("item.register", "discrepancy_new", _("Record a discrepancy")),
        ("custody.reassign", "case_reassign", _("Reassign what a departed person held")),
    )
    return [
        Act(label=label, href=_to(name, case)) for capability, name, label in wanted if actor.may(capability, scope)
    ]


def _to(name: str, case: Case) -> str:
    return reverse(f"web:{name}", args=[case.reference])


def address_of(name: str, case: Case) -> str:
    """The address of a page about a case, empty where this system has no such page."""
    try:
        return _to(name, case)
    except NoReverseMatch:
        return ""


def _tabs(case: Case, current: str) -> list[Tab]:
    words = {
        "overview": _("Overview"),
        "items": _("Exhibits and samples"),
        "custody": _("Custody"),
        "requests": _("Requests"),
        "reports": _("Reports"),
        "packs": _("Disclosure"),
        "log": _("Log"),
    }
    made = [(words[word], address_of(name, case), name == current) for name, word in _TABS]
    return [Tab(label=label, href=href, current=here) for label, href, here in made if href]


def holder_slices(custody: CaseCustody) -> list[Slice]:
    """Who holds how many items, as a bar of at most four parts."""
    first = custody.holders[:3]
    rest = sum(one.number for one in custody.holders[3:])
    shares = [
        Share(label=one.name, amount=Decimal(one.number), kind=kind)  # type: ignore[arg-type]
        for one, kind in zip(first, _SHADES, strict=False)
    ]
    if rest:
        shares.append(Share(label=_("others"), amount=Decimal(rest), kind="waste"))
    return slices(shares)


def difference_line(actor: Actor, row: Discrepancy) -> DifferenceLine:
    """A discrepancy as a task: countersign what a colleague recorded, then explain it."""
    may = actor.may("discrepancy.countersign", case_scope(row.case))
    recorded = _("Recorded by %(name)s %(day)s") % {"name": row.recorded_by.name, "day": _day(row.recorded_at)}
    href = reverse("web:discrepancy", args=[row.uuid]) if may else ""
    state = str(row.get_state_display()).lower()
    if row.state == "explained":
        return DifferenceLine(
            row=row, tone="", icon="ok", badge=Badge(kind="ok", text=state), detail=f"{row.explanation} · {recorded}"
        )
    if row.state == "countersigned" and row.countersigned_by:
        detail = _("%(recorded)s, countersigned by %(name)s") % {
            "recorded": recorded,
            "name": row.countersigned_by.name,
        }
        badge = Badge(kind="warn", text=state)
        return DifferenceLine(
            row=row, tone="warn", icon="warn", badge=badge, detail=detail, action=_("Explain"), href=href
        )
    own = row.recorded_by_id == actor.party_id
    badge = Badge(kind="warn", text=_("waits for a second person"))
    return DifferenceLine(
        row=row,
        tone="warn",
        icon="warn",
        badge=badge,
        detail=recorded,
        action=_("Countersign"),
        href="" if own else href,
    )


def intake_line(row: Intake) -> IntakeLine:
    """An intake with its counts."""
    counts = _("%(found)s of %(stated)s containers, %(day)s") % {
        "found": row.containers_found,
        "stated": row.containers_stated,
        "day": _day(row.received_at),
    }
    done = row.state == "complete"
    return IntakeLine(
        reference=row.reference,
        href=reverse("web:intake", args=[row.reference]),
        state="ok" if done else "warn",
        icon="ok" if done else "clock",
        word=str(row.get_state_display()),
        detail=counts,
    )


def _day(value: Any) -> str:
    return date_format(timezone.localtime(value), "j M Y")


def _items_note(total: int, shown: int) -> str:
    return _("%(total)s items; all of them") % {"total": total} if shown else _("all items")


urlpatterns = [
    path("cases/<str:reference>/", case, name="case"),
    path("cases/<str:reference>/items/", case_items, name="case_items"),
    path("cases/<str:reference>/custody/", case_custody_page, name="case_custody"),
    path("cases/<str:reference>/log/", case_log, name="case_log"),
]
