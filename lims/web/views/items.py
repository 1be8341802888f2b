"""One item: who holds it, seal, how much is left, any gap; every act; the proof. And the acts on it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.urls import path, register_converter, reverse
from django.urls.converters import StringConverter
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from chain_of_custody.models import Item
from chain_of_custody.selectors import HistoryRow, checkpoint_latest, custody_now
from labels.render import qr_svg
from lims.accounts.actors import Actor
from lims.casework.enums import SamplingRule
from lims.casework.holdings import Chain, chain, joined
from lims.casework.models import Case, Exhibit
from lims.casework.rules import plain
from lims.casework.selectors.access import case_scope
from lims.casework.selectors.cases import component_list, external_reference_list, live_event_list, sampling_plan_list
from lims.casework.selectors.counter import item_photographs
from lims.casework.selectors.listing import (
    Whereabouts,
    contents,
    item_acts,
    item_descendants,
    item_lineage,
    item_parents,
    items_named,
    label_prints,
    quantity_shares,
)
from lims.casework.selectors.resolve import public_host
from lims.casework.services.samples import Taking, sample_take
from lims.common.errors import BadInput
from lims.web.access import PageRequest
from lims.web.acts import mentioned, timeline
from lims.web.casefile import case_context, case_page, item_page
from lims.web.casehead import Act
from lims.web.custodychart import custody_chart
from lims.web.describing import Badge, amounts, held_badge, item_line, item_text, seal_badge
from lims.web.formpage import FormPage, form_page
from lims.web.forms import page, submit
from lims.web.itemacts import ACTS, acts_offered, files_stored, form_filled, initial_of
from lims.web.itemdoing import Stored, Subject, item_named
from lims.web.itemforms import PoolForm
from lims.web.labelling import payload_of
from lims.web.parts import Check, Crumb, Fact, Share
from lims.web.writing import hash_text

_FIRST = ("sample", "seal", "open")


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """An item's acts as sentences and as a chart, and whether each follows the one before."""

    rows: Sequence[HistoryRow]
    own: Chain
    chart: SafeString
    events: Sequence[Any]


def history_of(item: Item) -> History:
    """Everything recorded about an item; the chart begins with what it was made from."""
    rows = item_acts(item)
    own = chain(rows)
    parents = [chain(item_acts(parent)) for parent in item_lineage(item)]
    end = timezone.now() if item.state in {"held", "offered"} else item.last_act_at
    return History(
        rows=rows,
        own=own,
        chart=custody_chart(joined(parents, own), now=end),
        events=timeline(rows, items_named(mentioned(rows))),
    )


@item_page()
@require_GET
def item(request: PageRequest, item: Item, case: Case | None) -> HttpResponse:
    """Who holds it, is it sealed, how much is left, is there a gap?"""
    actor = request.actor
    history = history_of(item)
    shares = quantity_shares(item)
    exhibit: Exhibit | None = getattr(item, "exhibit", None)
    printed, void = label_prints(item)
    context = case_context(request, case, Crumb(label=item.reference)) | {
        "item": item,
        "title": item_text(item),
        "kind": _kind(item),
        "made_from": _made_from(item),
        "badges": _badges(item, case, history.rows),
        "facts": _facts(actor, item, history, shares),
        "acts": _first_acts(actor, item, case),
        "more": _more_acts(actor, item, case),
        "history": history,
        "chart": history.chart,
        "events": history.events,
        "children": [item_line(row.item, depth=row.depth) for row in item_descendants(item)],
        "contents": [item_line(row) for row in contents(box=item)] if item.kind in {"container", "plate"} else [],
        "qr": _qr(item),
        "printed": printed,
        "void": void,
        "shares": _shares(shares) if shares else [],
        "unit": shares.unit if shares else "",
        "checks": _proof(history),
        "references": _references(actor, item, case),
        "photographs": list(item_photographs(item=item)),
        "exhibit": exhibit,
        "components": list(component_list(exhibit=exhibit)) if exhibit else [],
        "plans": list(sampling_plan_list(exhibit=exhibit)) if exhibit else [],
        "random": SamplingRule.RANDOM,
        "live": list(live_event_list(exhibit=exhibit)) if exhibit else [],
    }
    return page(request, "web/casework/item.html", context)


def _kind(item: Item) -> str:
    exhibit = getattr(item, "exhibit", None)
    if exhibit is not None:
        return str(exhibit.get_kind_display())
    return str(item.get_kind_display())


def _made_from(item: Item) -> list[dict[str, str]]:
    return [
        {
            "reference": edge.parent.reference,
            "href": reverse("web:item", args=[edge.parent.reference]),
            "amount": f"{plain(edge.amount)} {edge.get_unit_display()}",
        }
        for edge in item_parents(item)
    ]


def _badges(item: Item, case: Case | None, rows: Sequence[HistoryRow]) -> list[Badge]:
    state = Badge(kind="held", text=_("In custody")) if item.state == "held" else held_badge(item)
    ever = any(row.verb in {"sealed", "opened"} for row in rows) or item.sealed_by is not None
    seal = seal_badge(item) if item.sealed_by or not ever else Badge(kind="unsealed", text=_("Seal open"))
    badges = [state, seal]
    if case is not None and case.legal_hold:
        badges.append(Badge(kind="sealed", text=_("Legal hold")))
    return badges


def _facts(actor: Actor, item: Item, history: History, shares: Whereabouts | None) -> list[Fact]:
    now = custody_now(item)
    waiting = sum(1 for row in history.rows if row.index is None)
    holder = now.custodian.name
    if now.custodian.pk == actor.party_id:
        holder = _("%(name)s (you)") % {"name": holder}
    record = ngettext("%(n)s act", "%(n)s acts", history.own.acts) % {"n": history.own.acts}
    where = [box.reference for box in now.containers] + ([now.position] if now.position else [])
    return [
        Fact(label=_("Held by"), value=holder, detail=", ".join([_since(history), *where]), lead=True),
        _seal_fact(item, history.rows),
        _left_fact(item, shares),
        Fact(
            label=_("Record"),
            value=_("%(acts)s, no gap") % {"acts": record}
            if not history.own.breaks
            else _("%(acts)s, a gap") % {"acts": record},
            detail=ngettext("%(n)s waits for the signed ledger", "%(n)s wait for the signed ledger", waiting)
            % {"n": waiting}
            if waiting
            else _("all in the signed ledger"),
            tone="bad" if history.own.breaks else "",
        ),
    ]


def _since(history: History) -> str:
    ours = [one for one in history.own.holdings if not one.stated]
    return _("since %(time)s") % {"time": _time(ours[-1].since)} if ours else ""


def _time(value: Any) -> str:
    return date_format(timezone.localtime(value), "j M Y H:i")


def _seal_fact(item: Item, rows: Sequence[HistoryRow]) -> Fact:
    if item.sealed_by is not None:
        state = str(item.sealed_by.get_state_display()).lower()
        tone = "bad" if item.sealed_by.state in {"broken", "absent"} else ""
        detail = _("since %(time)s") % {"time": _time(item.sealed_by.applied_at)}
        return Fact(label=_("Seal"), value=f"{item.sealed_by.number} {state}", detail=detail, tone=tone)  # type: ignore[arg-type]
    opened = [row for row in rows if row.verb == "opened"]
    if not opened:
        return Fact(label=_("Seal"), value=_("never sealed"))
    value = _("%(seal)s opened") % {"seal": opened[-1].values.get("seal_number", "")}
    return Fact(label=_("Seal"), value=value, detail=_time(opened[-1].happened_at))


def _left_fact(item: Item, shares: Whereabouts | None) -> Fact:
    made, left = amounts(item)
    if shares is None:
        return Fact(label=_("Left"), value=_("never weighed"))
    return Fact(label=_("Left"), value=_("%(left)s of %(made)s") % {"left": left, "made": made})


def _first_acts(actor: Actor, item: Item, case: Case | None) -> list[Act]:
    offered = acts_offered(actor, item, case)
    acts: list[Act] = []
    scope = case_scope(case) if case else None
    if item.state == "held" and (actor.may("custody.act", scope) if case else actor.in_laboratory):
        href = reverse("web:handover_new") + f"?item={item.reference}"
        acts.append(Act(label=_("Hand over"), href=href, icon="handover"))
    acts += [_act(item, name) for name in _FIRST if name in offered]
    if case is not None and item.kind in {"exhibit", "sample"} and actor.may("file.read", scope):
        href = reverse("web:raw_files", args=[item.reference])
        acts.append(Act(label=_("Raw files and runs"), href=href, icon="dna"))
    return acts


def _more_acts(actor: Actor, item: Item, case: Case | None) -> list[Act]:
    return [_act(item, name) for name in acts_offered(actor, item, case) if name not in _FIRST]


def _act(item: Item, name: str) -> Act:
    title, _button = ACTS[name].words(item)
    label = title.removesuffix(f": {item.reference}").rstrip("?")
    return Act(label=label, href=reverse("web:item_act", args=[item.reference, name]), icon=ACTS[name].icon)


def _qr(item: Item) -> SafeString:
    payload = payload_of(item.scan_code or "", public_host())
    svg = qr_svg(payload, title=_("QR code %(payload)s") % {"payload": payload}) if item.scan_code else ""
    # Our own renderer escapes what it is given.
    return mark_safe(svg)  # noqa: S308


def _shares(shares: Whereabouts) -> list[Share]:
    parts = [
        Share(label=_("left"), amount=shares.left, kind="left"),
        Share(label=_("in sub-samples"), amount=shares.children, kind="child"),
        Share(label=_("used"), amount=shares.used, kind="used"),
        Share(label=_("waste"), amount=shares.waste, kind="waste"),
    ]
    if shares.other > 0:
        parts.append(Share(label=_("lost between weighings"), amount=shares.other, kind="waste"))
    return [replace(part, amount=Decimal(plain(part.amount))) for part in parts if part.amount > 0]


def _proof(history: History) -> list[Check]:
    own = history.own
    waiting = sum(1 for row in history.rows if row.index is None)
    checks = [
        Check(
            label=_("%(n)s of %(n)s acts follow each other") % {"n": own.acts}
            if not own.breaks
            else _("Act %(number)s does not follow the one before") % {"number": own.breaks[0]},
            state="bad" if own.breaks else "ok",
            detail=_("no gap in custody, no two places at once") if not own.breaks else "",
        )
    ]
    checkpoint = checkpoint_latest()
    last = max((row.index for row in history.rows if row.index is not None), default=-1)
    if checkpoint is None or waiting or last >= checkpoint.size:
        text = _("Waits for the next signed checkpoint")
        return [*checks, Check(label=text, state="wait", detail=_("the sequencer signs every few seconds"))]
    return [
        *checks,
        Check(
            label=_("In checkpoint %(size)s") % {"size": checkpoint.size},
            detail=_("signed %(time)s") % {"time": _time(checkpoint.created_at)},
            value=hash_text(history.rows[-1].hash) if history.rows else "",
        ),
    ]


def _references(actor: Actor, item: Item, case: Case | None) -> list[Any]:
    if case is None:
        return []
    return [row for row in external_reference_list(actor=actor, case=case) if row.item_id == item.pk]


@item_page()
def item_act(request: PageRequest, item: Item, case: Case | None, act: str) -> HttpResponse:
    """One act on the item."""
    chosen = ACTS[act]
    form = chosen.form(request.POST or None, request.FILES or None, initial=initial_of(act, item))
    files: Stored = []
    subject = Subject(actor=request.actor, item=item, case=case, files=files)
    form_filled(chosen, subject, form)
    home = reverse("web:item", args=[item.reference])

    def before() -> None:
        files.extend(files_stored(chosen, subject, form.cleaned_data))

    def do() -> str:
        return chosen.do(subject, form.cleaned_data) or home

    if done := submit(request, form, do, before=before):
        return done
    title, button = chosen.words(item)
    view = FormPage(
        title=title,
        button=button,
        cancel=home,
        eyebrow=f"{item_text(item)} · {amounts(item)[1]}".rstrip(" ·"),
        note=chosen.note(),
        layout=_LAYOUTS.get(act, ()),
        danger=chosen.danger,
        icon=chosen.icon if chosen.icon != "next" else "",
        context=case_context(request, case, Crumb(label=item.reference, href=home), Crumb(label=button)),
    )
    return form_page(request, form, view)


_LAYOUTS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "sample": (
        ("", ("kind", "amount+unit", "waste", "made+made_unit")),
        ("", ("description", "method", "position_on_item", "authority", "happened_at")),
    ),
    "reweigh": (("", ("value+unit", "note", "happened_at")),),
    "use": (("", ("amount+unit", "note", "authority", "happened_at")),),
}


@case_page("sample.take")
def pool(request: PageRequest, case: Case) -> HttpResponse:
    """Pool several samples of a case into one."""
    form = PoolForm(request.POST or None)

    def do() -> str:
        data = form.cleaned_data
        takings = [
            Taking(parent=item_named(request.actor, one["parent"], row), amount=one["amount"], unit=one["unit"])
            for row, one in enumerate(form.values())
        ]
        if len(takings) < 2:
            raise BadInput(_("A pool has at least two parents."), code="required")
        made = sample_take(
            actor=request.actor,
            takings=takings,
            kind=data["kind"],
            description=data["description"],
            method=data["method"],
            authority=data["authority"],
        )
        return reverse("web:item", args=[made.item.reference])

    view = FormPage(
        title=_("Pool samples"),
        button=_("Make the pool"),
        cancel=reverse("web:case", args=[case.reference]),
        eyebrow=f"{case.reference} · {case.title}",
        note=_("Every parent must be in your hands and open."),
        rows_title=_("What goes in"),
        icon="flask",
        context=case_context(request, case, Crumb(label=_("Pool samples"))),
    )
    return submit(request, form, do) or form_page(request, form, view)


class ActConverter(StringConverter):
    """The acts by name: what else stands below an item's address belongs to other pages."""

    regex = "|".join(map(re.escape, ACTS))


register_converter(ActConverter, "act")

urlpatterns = [
    path("items/<str:reference>/", item, name="item"),
    path("items/<str:reference>/<act:act>/", item_act, name="item_act"),
    path("cases/<str:reference>/pool/", pool, name="pool"),
]
