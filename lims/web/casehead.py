"""The head of every page of a case: a sentence, badges, facts, what can be done, tabs; and who holds its items."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lims.accounts.actors import Actor
from lims.casework.models import Case, Discrepancy, Seizure
from lims.casework.selectors.access import case_scope
from lims.casework.selectors.listing import CaseCustody
from lims.web.access import PageRequest
from lims.web.describing import Badge
from lims.web.parts import Fact, Share, Slice, Tab, Tone, slices

_TABS = (
    ("case", "overview"),
    ("case_items", "items"),
    ("case_custody", "custody"),
    ("case_requests", "requests"),
    ("case_reports", "reports"),
    ("case_packs", "packs"),
    ("case_links", "links"),
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
        tabs=tuple(_tabs(request.actor, case, current)),
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
        ("sample.take", "pool", _("Pool samples")),
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


def _tabs(actor: Actor, case: Case, current: str) -> list[Tab]:
    words = {
        "overview": _("Overview"),
        "items": _("Exhibits and samples"),
        "custody": _("Custody"),
        "requests": _("Requests"),
        "reports": _("Reports"),
        "packs": _("Disclosure"),
        "links": _("Links"),
        "log": _("Log"),
    }
    shown = [one for one in _TABS if one[0] != "case_links" or actor.may("run.read", case_scope(case))]
    made = [(words[word], address_of(name, case), name == current) for name, word in shown]
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
