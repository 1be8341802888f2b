"""Disclosure packs: the list, progress, verdict, contents, downloads with recorded access."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from chain_of_custody.models import StoredFile
from lims.accounts.actors import Actor
from lims.casework.selectors.access import case_scope
from lims.common.errors import NotFound
from lims.disclosure.models import DisclosurePack
from lims.disclosure.selectors.pages import (
    cases_followed,
    delivery_list,
    packs_new,
    packs_undelivered,
    withheld_list,
)
from lims.disclosure.selectors.requests import evidence_list, pack_get, pack_list
from lims.disclosure.services.checks import PackCheck, pack_check, signature_content
from lims.disclosure.services.packs import pack_read
from lims.lab.enums import JobState
from lims.web.access import PageRequest, page_for
from lims.web.describing import Badge
from lims.web.forms import page
from lims.web.jobs import JobPart, job_answer, job_badge
from lims.web.labfile import about_case, attachment, opened
from lims.web.listing import Column, Listing, ListRequest
from lims.web.navigation import Waiting, counts
from lims.web.parts import Crumb, Fact, Step, Task
from lims.web.today import TodayPart, today_part
from lims.web.verdicts import checks_of, verdict_of
from lims.web.writing import bytes_text


@dataclass(frozen=True, slots=True, kw_only=True)
class PackRow:
    """A pack in a list."""

    row: DisclosurePack
    href: str
    state: Badge
    size: str


def pack_row(row: DisclosurePack) -> PackRow:
    """A pack in words."""
    return PackRow(
        row=row,
        href=reverse("web:pack", args=[row.reference]),
        state=state_badge(row),
        size=bytes_text(row.file.size) if row.file else "–",
    )


def state_badge(row: DisclosurePack) -> Badge:
    """Being built, built, or failed."""
    return job_badge(row, done=_("Built"), running=_("Being built"))


@page_for("pack.read")
@require_GET
def packs(request: PageRequest) -> HttpResponse:
    """What can I fetch, what did I ask for, in which cases may I ask?"""
    columns = (
        Column(key="pack", label=_("Pack"), order="reference"),
        Column(key="request", label=_("For"), order="request__reference"),
        Column(key="case", label=_("Case"), order="case__reference"),
        Column(key="built", label=_("Built"), order="finished_at"),
        Column(key="size", label=_("Size"), order="file__size", numeric=True),
        Column(key="state", label=_("State"), order="state"),
    )
    actor = request.actor
    ask = ListRequest.of(request, columns=columns, filters=("state",), sort="-built")
    rows = pack_list(actor=actor)
    if ask.one("state"):
        rows = rows.filter(state=ask.one("state"))
    for word in ask.words:
        rows = rows.filter(reference__icontains=word) | rows.filter(request__reference__icontains=word)
    found = ask.listing(rows.order_by(*ask.order_by, "-id"))
    context = {
        "packs": Listing(ask=ask, rows=tuple(map(pack_row, found)), total=found.total, number=found.number),
        "facts": _list_facts(actor),
        "cases": list(cases_followed(actor=actor)) if actor.may_somewhere("pack.request") else [],
        "can_ask": actor.may_somewhere("pack.request"),
        "crumbs": [Crumb(label=_("Disclosure packs"))],
    }
    return page(request, "web/disclosure/pack_list.html", context)


def _list_facts(actor: Actor) -> list[Fact]:
    every = evidence_list(actor=actor)
    open_ = every.filter(state__in=["requested", "approved"]).count()
    if actor.may_somewhere("pack.request"):
        new = list(packs_new(actor=actor))
        first = Fact(
            label=_("New for you"),
            value=ngettext("%(n)s pack", "%(n)s packs", len(new)) % {"n": len(new)} if new else _("nothing new"),
            detail=", ".join(row.reference for row in new[:2]),
            tone="warn" if new else "",
            lead=True,
        )
    else:
        waiting = packs_undelivered(actor=actor).count()
        first = Fact(
            label=_("Built, not delivered"),
            value=str(waiting) if waiting else _("none"),
            tone="warn" if waiting else "",
            lead=True,
        )
    return [
        first,
        Fact(label=_("Open requests"), value=str(open_) if open_ else _("none")),
        Fact(label=_("Packs"), value=str(pack_list(actor=actor).filter(state=JobState.DONE).count())),
    ]


@page_for("pack.read")
@require_GET
def pack_page(request: PageRequest, reference: str) -> HttpResponse:
    """Passed or failed; what is inside; what is withheld; who received it. Progress while it is built (202)."""
    pack = pack_get(actor=request.actor, key=reference)
    gate = opened(request, pack.case, kind="pack", subject=pack.uuid, reference=pack.reference)
    if gate is not None:
        return gate
    context = about_case(request, pack.case) | _common(pack)
    if pack.state != JobState.DONE:
        return page(request, "web/disclosure/pack_wait.html", context, status=200 if pack.over else 202)
    check = pack_check(actor=request.actor, pack=pack)
    deliveries = list(delivery_list(pack=pack))
    withheld = list(withheld_list(request=pack.request))
    context |= {
        "check": check,
        "verdict": verdict_of(check.report.status, "pack") if check else None,
        "checks": checks_of(check.report) if check else [],
        "contents": pack.contents,
        "withheld": withheld,
        "deliveries": deliveries,
        "facts": _facts(pack, check, len(withheld), len(deliveries)),
        "steps": _pack_steps(pack, deliveries),
        "can_deliver": request.actor.may("pack.approve", case_scope(pack.case)),
        "others": [one for one in pack_list(actor=request.actor, case=pack.case) if one.pk != pack.pk],
    }
    return page(request, "web/disclosure/pack.html", context)


def _common(pack: DisclosurePack) -> dict[str, Any]:
    return {
        "pack": pack,
        "state": state_badge(pack),
        "job": _job(pack),
        "crumbs": [
            Crumb(label=_("Disclosure packs"), href=reverse("web:pack_list")),
            Crumb(label=pack.reference),
        ],
    }


def _job(pack: DisclosurePack) -> JobPart:
    return JobPart(
        job=pack,
        state=state_badge(pack),
        name=pack.reference,
        label=_("Progress of %(pack)s") % {"pack": pack.reference},
        href=reverse("web:pack", args=[pack.reference]),
        show=_("Show the page of the pack"),
        address=reverse("web:pack_progress", args=[pack.reference]),
    )


def _facts(pack: DisclosurePack, check: PackCheck | None, withheld: int, deliveries: int) -> list[Fact]:
    size = bytes_text(pack.file.size) if pack.file else ""
    number = len(pack.contents)
    return [
        Fact(
            label=_("Delivered"),
            value=ngettext("%(n)s time", "%(n)s times", deliveries) % {"n": deliveries} if deliveries else _("not yet"),
            tone="" if deliveries else "warn",
            lead=True,
        ),
        Fact(label=_("Contains"), value=ngettext("%(n)s file", "%(n)s files", number) % {"n": number}, detail=size),
        Fact(
            label=_("Withheld"),
            value=ngettext("%(n)s entry", "%(n)s entries", withheld) % {"n": withheld} if withheld else _("nothing"),
            detail=_("named below, with reason") if withheld else "",
        ),
        Fact(
            label=_("Ledger"),
            value=_("checkpoint %(size)s") % {"size": pack.checkpoint_size or "–"},
            detail=date_format(timezone.localtime(check.at), "j M Y H:i") if check else "",
        ),
    ]


def _pack_steps(pack: DisclosurePack, deliveries: list[Any]) -> list[Step]:
    request = pack.request
    built = date_format(timezone.localtime(pack.finished_at), "j M H:i") if pack.finished_at else ""
    asked = f"{date_format(timezone.localtime(request.requested_at), 'j M')}, {request.requested_by.party.name}"
    decided = date_format(timezone.localtime(request.decided_at), "j M") if request.decided_at else ""
    handed = deliveries[-1] if deliveries else None
    given = (
        f"{date_format(timezone.localtime(handed.delivered_at), 'j M H:i')}, {handed.recipient.name}" if handed else ""
    )
    return [
        Step(label=_("Requested"), detail=asked, state="done"),
        Step(label=_("Approved"), detail=decided, state="done"),
        Step(label=_("Built"), detail=built, state="done"),
        Step(label=_("Delivered"), detail=given, state="done" if handed else "now"),
    ]


@page_for("pack.read")
@require_GET
def pack_progress(request: PageRequest, reference: str) -> HttpResponse:
    """The part of a pack's page that is fetched every two seconds until it is built."""
    return job_answer(request, _job(pack_get(actor=request.actor, key=reference)))


@page_for("pack.read")
@require_POST
def check_again(request: PageRequest, reference: str) -> HttpResponse:
    """Run the verifier on the archive again."""
    pack = pack_get(actor=request.actor, key=reference)
    pack_check(actor=request.actor, pack=pack, again=True)
    return redirect("web:pack", pack.reference)


@page_for("pack.read")
@require_GET
def pack_download(request: PageRequest, reference: str) -> HttpResponseBase:
    """The whole archive; the access enters the access log and the ledger."""
    pack = pack_get(actor=request.actor, key=reference)
    gate = opened(request, pack.case, kind="pack", subject=pack.uuid, reference=pack.reference)
    if gate is not None:
        return gate
    return stream_pack(ExitStack(), pack_read(actor=request.actor, pack=pack))


def stream_pack(stack: ExitStack, reading: Any) -> HttpResponseBase:
    """An archive as an attachment. The reading is begun, so refusals become a page; it ends with the last byte."""
    file, chunks = stack.enter_context(reading)

    def body() -> Iterator[bytes]:
        with stack:
            yield from chunks

    return attachment(body(), name=file.name, media_type="application/zip", size=file.size)


@page_for("pack.read")
@require_GET
def pack_signature(request: PageRequest, reference: str) -> HttpResponseBase:
    """The signature over the archive's bytes."""
    pack = pack_get(actor=request.actor, key=reference)
    file: StoredFile | None = pack.signature_file
    if file is None:
        raise NotFound(_("This pack is not built yet."), code="pack-not-built")
    gate = opened(request, pack.case, kind="pack", subject=pack.uuid, reference=pack.reference)
    return gate or _signature(request, pack, file)


def _signature(request: PageRequest, pack: DisclosurePack, file: StoredFile) -> HttpResponseBase:
    content = signature_content(actor=request.actor, pack=pack)
    return attachment([content], name=file.name, media_type="text/plain", size=len(content))


@counts("pack_list")
def _new(actor: Actor) -> Waiting:
    if actor.may_somewhere("pack.request"):
        return Waiting(number=packs_new(actor=actor).count(), hot=True)
    return Waiting(number=packs_undelivered(actor=actor).count())


@today_part("pack.approve", order=36)
def packs_to_deliver(actor: Actor) -> TodayPart:
    """Built packs nobody has received."""
    tasks = [
        Task(
            title=_("Deliver %(pack)s") % {"pack": row.reference},
            detail=_("for %(name)s") % {"name": row.request.requested_by.party.name},
            icon="pack",
            action=_("Look at it"),
            href=reverse("web:pack", args=[row.reference]),
        )
        for row in packs_undelivered(actor=actor)[:5]
    ]
    return TodayPart(tasks=tuple(tasks))


urlpatterns = [
    path("packs/", packs, name="pack_list"),
    path("packs/<str:reference>/", pack_page, name="pack"),
    path("packs/<str:reference>/progress/", pack_progress, name="pack_progress"),
    path("packs/<str:reference>/check/", check_again, name="pack_check"),
    path("packs/<str:reference>/download/", pack_download, name="pack_download"),
    path("packs/<str:reference>/signature/", pack_signature, name="pack_signature"),
]
