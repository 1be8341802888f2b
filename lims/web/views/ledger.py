"""The ledger, what nobody explained, who looked at what: for auditors and the manager."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from chain_of_custody.selectors import (
    HistoryRow,
    LedgerHealth,
    checkpoint_latest,
    entries_latest,
    ledger_check_newest,
    ledger_health,
    stamp_last,
    stamps_waiting,
)
from chain_of_custody.vault.objects import ProbeOutcome, ProbeReport
from chain_of_custody.vault.services import vault_probe_last
from lims.accounts.actors import Actor, require
from lims.accounts.services.ledger_checks import ledger_check_order
from lims.casework.selectors.cases import discrepancy_list
from lims.common.errors import NotFound
from lims.disclosure.services.checks import own_keys
from lims.web.access import PageRequest, page_for
from lims.web.describing import Badge
from lims.web.forms import page
from lims.web.labacts import ledger_words
from lims.web.labfile import address_of, attachment
from lims.web.listing import Column, Listing, ListRequest
from lims.web.navigation import Waiting, counts
from lims.web.parts import Check, Crumb, Fact, Tone
from lims.web.state import SystemState, system_state
from lims.web.storeaudit import StoreAudit, store_audit, store_audit_wrong
from lims.web.writing import hash_text, number_text

LATE_SECONDS = 60
NEWEST = 25
BACKUP_DAYS = 8


@page_for("ledger.read")
@require_GET
def ledger(request: PageRequest) -> HttpResponse:
    """Is the ledger complete and consistent, and does the store hold?"""
    require(request.actor, "ledger.read")
    health, state = ledger_health(), system_state()
    latest = checkpoint_latest()
    open_ = _open_discrepancies(request.actor)
    context = {
        "facts": _facts(health, state, open_),
        "entries": [_entry(row) for row in entries_latest(limit=NEWEST)],
        "all_entries": number_text(health.size),
        "checkpoint": latest.text if latest else "",
        "keys": [(key.name, key.fingerprint, str(key)) for key in own_keys()],
        "probe": _probe_checks(vault_probe_last()),
        "probe_badge": _store_badge(state),
        "open": open_,
        "verification": verification(),
        "crumbs": [Crumb(label=_("Ledger"))],
    }
    return page(request, "web/ledger/ledger.html", context)


def _facts(health: LedgerHealth, state: SystemState, open_: int) -> list[Fact]:
    late = health.lag_seconds > LATE_SECONDS
    tone: Tone = "bad" if late else ""
    signed = date_format(timezone.localtime(health.checkpoint_at), "j M Y H:i") if health.checkpoint_at else _("never")
    store = _store_badge(state)
    return [
        Fact(
            label=_("State"),
            value=_("The log lags behind") if late else _("Up to date"),
            detail=ngettext("%(n)s act waits", "%(n)s acts wait", health.pending) % {"n": health.pending}
            if health.pending
            else _("no act waits"),
            tone=tone,
            lead=True,
        ),
        Fact(label=_("Acts in the log"), value=number_text(health.size)),
        Fact(
            label=_("Last checkpoint"),
            value=signed,
            detail=_("longest wait %(n)s s") % {"n": round(health.lag_seconds)} if health.pending else "",
        ),
        _stamp_fact(),
        Fact(label=_("Evidence store"), value=store.text, tone="bad" if store.kind == "bad" else ""),
        Fact(label=_("Exceptions open"), value=str(open_) if open_ else _("none"), tone="warn" if open_ else ""),
    ]


def _stamp_fact() -> Fact:
    """The newest time stamp by somebody else on a checkpoint."""
    label, row = _("Time stamp"), stamp_last()
    if not settings.SPOOR_TSA_URLS and row is None:
        return Fact(label=label, value=_("none"), detail=_("no authority is set"))
    waiting = stamps_waiting()
    words = ngettext("%(n)s checkpoint waits", "%(n)s checkpoints wait", waiting) % {"n": waiting} if waiting else ""
    if row is None or row.stamped_at is None:
        return Fact(label=label, value=_("none yet"), detail=words, tone="warn")
    at = date_format(timezone.localtime(row.stamped_at), "j M Y H:i")
    covers = _("checkpoint %(size)s") % {"size": number_text(row.checkpoint.size)}
    return Fact(label=label, value=at, detail=words or covers, tone="warn" if waiting else "")


def _store_badge(state: SystemState) -> Badge:
    if state.unproved or not state.reachable:
        return Badge(kind="bad", text=_("WORM not enforced") if state.unproved else _("not reachable"))
    if state.enforced is None:
        return Badge(kind="idle", text=_("not tested yet"))
    return Badge(kind="worm", text=_("WORM by the server") if state.by_server else _("software WORM"))


def _probe_checks(probe: ProbeReport | None) -> list[Check]:
    if probe is None:
        return []
    return [
        Check(
            label=one.name.replace("_", " "),
            state="bad" if one.outcome is ProbeOutcome.FAILED else "ok",
            value=str(one.outcome.value),
            detail=one.detail,
        )
        for one in probe.checks
    ]


def _entry(row: HistoryRow) -> dict[str, Any]:
    area = row.schema.split("/")[0]
    return {
        "index": "–" if row.index is None else number_text(row.index + 1),
        "at": row.recorded_at,
        "who": row.actor_name or "–",
        "what": ledger_words(row),
        "area": area,
        "hash": hash_text(row.hash),
        "whole": row.hash,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The verification asked for last, as the page shows it."""

    badge: Badge
    at: datetime
    size: str
    percent: int
    running: bool
    died: bool
    findings: list[Check]


def verification() -> Verification | None:
    """The verification asked for last; None before the first."""
    row = ledger_check_newest()
    if row is None:
        return None
    kinds = {"passed": "ok", "failed": "bad", "running": "running", "waiting": "idle"}
    badge = Badge(kind=kinds[row.state], text=str(row.get_state_display()))
    died = row.ended_at is None and not row.under_way
    return Verification(
        badge=Badge(kind="bad", text=_("Not finished")) if died else badge,
        at=row.ended_at or row.seen_at,
        size=number_text(row.size),
        percent=row.percent,
        running=row.under_way,
        died=died,
        findings=[
            Check(label=reason, state="bad", value=where, detail=detail) for reason, where, detail in row.findings
        ],
    )


@page_for("ledger.read")
def verify_now(request: PageRequest) -> HttpResponse:
    """Ask for a verification of the whole ledger (POST); the card that shows how far it is (GET)."""
    if request.method == "POST":
        ledger_check_order(actor=request.actor)
        if not request.htmx:
            return redirect("web:ledger")
    require(request.actor, "ledger.read")
    return render(request, "web/ledger/_verification.html", {"verification": verification()})


@page_for("ledger.read")
@require_GET
def checkpoint(request: PageRequest) -> HttpResponseBase:
    """The last signed state of the ledger, as a file to keep: whoever holds it can later show what it was."""
    require(request.actor, "ledger.read")
    latest = checkpoint_latest()
    if latest is None:
        raise NotFound(_("The ledger has no checkpoint yet."), code="no-checkpoint")
    name = f"checkpoint-{latest.size}.txt"
    content = latest.text.encode()
    return attachment([content], name=name, media_type="text/plain; charset=utf-8", size=len(content))


@page_for("ledger.read", "quality.manage")
@require_GET
def exceptions(request: PageRequest) -> HttpResponse:
    """Gaps nobody explained: what was stated against what was found, and what the store lacks."""
    columns = (
        Column(key="when", label=_("Recorded"), order="recorded_at"),
        Column(key="case", label=_("Case"), order="case__reference"),
        Column(key="item", label=_("Item"), order="item__reference"),
        Column(key="kind", label=_("What differs"), order="kind"),
        Column(key="state", label=_("State"), order="state"),
    )
    ask = ListRequest.of(request, columns=columns, filters=("state",), sort="when")
    rows = discrepancy_list(actor=request.actor, open_only=ask.one("state") is None)
    if ask.one("state"):
        rows = rows.filter(state=ask.one("state"))
    for word in ask.words:
        rows = rows.filter(case__reference__icontains=word) | rows.filter(item__reference__icontains=word)
    found = ask.listing(rows.order_by(*ask.order_by, "id"))
    audit = store_audit()
    context = {
        "rows": Listing(
            ask=ask,
            rows=tuple((one, address_of("discrepancy", one.uuid)) for one in found),
            total=found.total,
            number=found.number,
        ),
        "facts": _exception_facts(found.total, audit),
        "audit": audit,
        "probe": [one for one in _probe_checks(vault_probe_last()) if one.state == "bad"],
        "crumbs": [Crumb(label=_("Ledger"), href=reverse("web:ledger")), Crumb(label=_("Exceptions"))],
    }
    return page(request, "web/ledger/exceptions.html", context)


def _exception_facts(open_: int, audit: StoreAudit) -> list[Fact]:
    return [
        Fact(label=_("Open"), value=str(open_) if open_ else _("none"), tone="warn" if open_ else "", lead=True),
        Fact(
            label=_("Evidence store"),
            value=audit.badge.text,
            detail=_store_badge(system_state()).text,
            tone="bad" if audit.wrong else "warn" if audit.late else "",
        ),
        _backup_fact(),
    ]


def _backup_fact() -> Fact:
    """The age of the last backup, red after eight days; of servers of one's own nothing is known here."""
    label = _("Last backup")
    made = last_backup()
    if made is None:
        return Fact(label=label, value=_("none known"), tone="warn")
    days = (timezone.now() - made).days
    age = ngettext("%(n)s day ago", "%(n)s days ago", days) % {"n": days} if days else _("today")
    return Fact(
        label=label,
        value=age,
        detail=date_format(timezone.localtime(made), "j M Y H:i"),
        tone="bad" if days > BACKUP_DAYS else "",
    )


def last_backup() -> datetime | None:
    """When `make backup` last wrote a whole file, as noted in the home."""
    try:
        text = (settings.SPOOR_HOME / "last-backup.json").read_text(encoding="utf-8")
        return datetime.fromisoformat(json.loads(text)["at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _open_discrepancies(actor: Actor) -> int:
    return discrepancy_list(actor=actor, open_only=True).count()


@counts("exception_list")
def _exceptions(actor: Actor) -> Waiting:
    return Waiting(number=_open_discrepancies(actor) + store_audit_wrong(), hot=True)


urlpatterns = [
    path("ledger/", ledger, name="ledger"),
    path("ledger/verify-now/", verify_now, name="ledger_verify_now"),
    path("ledger/checkpoint/", checkpoint, name="checkpoint"),
    path("exceptions/", exceptions, name="exception_list"),
]
