"""What casework adds to Today: hand-overs, differences to countersign, intakes to itemise, items in hand."""

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lims.accounts.actors import Actor
from lims.casework.selectors.counter import discrepancies_waiting, intakes_open
from lims.casework.selectors.exchanges import handover_list
from lims.casework.selectors.listing import case_counts, items_held
from lims.web.describing import item_line
from lims.web.parts import Fact, Task
from lims.web.today import Card, TodayPart, today_part

_SHOWN = 8


@today_part("custody.act", order=10)
def custody(actor: Actor) -> TodayPart:
    """Offered to me, and what I hold."""
    offered = list(handover_list(actor=actor, side="to")[:_SHOWN])
    held = items_held(actor=actor)
    number = held.count()
    lines = [item_line(item, depth=2) for item in held[:_SHOWN]]
    tasks = tuple(
        Task(
            title=_offer_words(getattr(row, "number", 0), row.giver.name),
            detail=_("Offered %(time)s. Until you receive, %(name)s is still the custodian.")
            % {"time": date_format(timezone.localtime(row.offered_at), "j M H:i"), "name": row.giver.name},
            icon="handover",
            tone="warn",
            action=_("Check and receive"),
            href=reverse("web:handover", args=[row.uuid]),
        )
        for row in offered
    )
    card = Card(
        title=_("In your hands"),
        template="web/today/_held.html",
        context={"lines": lines},
        aside=ngettext("%(n)s item", "%(n)s items", number) % {"n": number},
        flush=True,
    )
    return TodayPart(
        facts=(_offered_fact(len(offered)), _held_fact(number)), tasks=tasks, cards=(card,) if lines else ()
    )


def _offer_words(number: int, giver: str) -> str:
    words = ngettext("Receive %(n)s item from %(name)s", "Receive %(n)s items from %(name)s", number)
    return words % {"n": number, "name": giver}


def _offered_fact(number: int) -> Fact:
    return Fact(
        label=_("Offered to you"),
        value=ngettext("%(n)s hand-over", "%(n)s hand-overs", number) % {"n": number} if number else _("nothing"),
        tone="warn" if number else "",
        lead=True,
    )


def _held_fact(number: int) -> Fact:
    return Fact(
        label=_("In your hands"),
        value=ngettext("%(n)s item", "%(n)s items", number) % {"n": number} if number else _("nothing"),
    )


@today_part("discrepancy.countersign", order=20)
def differences(actor: Actor) -> TodayPart:
    """Differences a colleague recorded, which a second person countersigns."""
    rows = list(discrepancies_waiting(actor=actor)[:_SHOWN])
    tasks = tuple(
        Task(
            title=_("Countersign: %(stated)s stated, %(found)s found") % {"stated": row.stated, "found": row.found},
            detail=_("%(about)s, recorded by %(name)s")
            % {"about": row.item.reference if row.item else row.case.reference, "name": row.recorded_by.name},
            icon="warn",
            tone="warn",
            action=_("Countersign"),
            href=reverse("web:discrepancy", args=[row.uuid]),
        )
        for row in rows
    )
    fact = Fact(label=_("To countersign"), value=str(len(rows)), tone="warn")
    return TodayPart(tasks=tasks, facts=(fact,) if rows else ())


@today_part("item.register", order=30)
def intakes(actor: Actor) -> TodayPart:
    """Deliveries received closed that wait to be itemised."""
    rows = list(intakes_open(actor=actor)[:_SHOWN])
    tasks = tuple(
        Task(
            title=_("Itemise %(intake)s") % {"intake": row.reference},
            detail=ngettext("%(case)s, %(n)s container", "%(case)s, %(n)s containers", row.containers_found)
            % {"case": row.case.reference, "n": row.containers_found},
            icon="box",
            action=_("Itemise"),
            href=reverse("web:intake", args=[row.reference]),
        )
        for row in rows
    )
    return TodayPart(tasks=tasks)


@today_part("case.open", order=40)
def dates(actor: Actor) -> TodayPart:
    """Cases that are late, and the next date."""
    counts = case_counts(actor=actor, today=timezone.localdate())
    late = ngettext("%(n)s case late", "%(n)s cases late", counts.late) % {"n": counts.late}
    next_due = date_format(counts.next_due, "j M") if counts.next_due else _("none set")
    fact = Fact(
        label=_("Next date"),
        value=next_due,
        detail=late if counts.late else counts.next_case,
        tone="bad" if counts.late else "",
    )
    return TodayPart(facts=(fact,))
