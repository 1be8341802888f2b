"""One case: the page that says whether all is accounted for, its items, its custody, its log."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from chain_of_custody.selectors import stream_entries
from lims.accounts.actors import Actor
from lims.casework.models import Case, Discrepancy, Intake
from lims.casework.selectors.access import case_scope
from lims.casework.selectors.cases import (
    assignment_list,
    discrepancy_list,
    external_reference_list,
    intake_list,
    seizure_list,
)
from lims.casework.selectors.exchanges import case_handovers
from lims.casework.selectors.listing import case_custody, case_item_search, case_roots, case_tree
from lims.web.access import PageRequest
from lims.web.acts import act_words, event_of
from lims.web.casefile import case_context, case_page
from lims.web.casehead import Head, head, holder_slices
from lims.web.describing import Badge, ItemLine, item_line
from lims.web.forms import page
from lims.web.listing import Column, Listing, ListRequest
from lims.web.parts import Event, Tone
from lims.web.views.seizures import seizure_lines

FIRST_ROOTS = 12


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
