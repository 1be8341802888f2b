"""Opening a page about a case: who may, who must say why first, and the line in the access log."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from chain_of_custody.models import Item
from lims.accounts.actors import Actor
from lims.accounts.enums import AccessKind
from lims.accounts.selectors import reason_stated
from lims.accounts.services import access_record
from lims.casework.models import Case
from lims.casework.selectors.access import reason_needed
from lims.casework.selectors.cases import case_get, item_case, item_get
from lims.web.access import PageRequest, page_for
from lims.web.parts import Crumb

View = Callable[..., HttpResponseBase]


def case_page(*capabilities: str) -> Callable[[View], View]:
    """A page about one case: the view gets the case in place of its reference.

    Outsiders are asked for a reason first; every view is recorded.
    """

    def wrap(view: View) -> View:
        @page_for(*(capabilities or ("case.read",)))
        @wraps(view)
        def opened(request: PageRequest, /, reference: str, **given: Any) -> HttpResponseBase:
            case = case_get(actor=request.actor, key=reference)
            gate = case_gate(request, case)
            if gate is not None:
                return gate
            seen(request, case, kind="case", subject=case)
            return view(request, case, **given)

        return opened

    return wrap


def item_page(*capabilities: str) -> Callable[[View], View]:
    """A page about one item: the view gets the item and its case (None for the laboratory's own boxes)."""

    def wrap(view: View) -> View:
        @page_for(*(capabilities or ("case.read",)))
        @wraps(view)
        def opened(request: PageRequest, /, reference: str, **given: Any) -> HttpResponseBase:
            item = item_get(actor=request.actor, key=reference)
            case = item_case(item)
            gate = case_gate(request, case) if case else None
            if gate is not None:
                return gate
            seen(request, case, kind="item", subject=item)
            return view(request, item, case, **given)

        return opened

    return wrap


def case_gate(request: PageRequest, case: Case) -> HttpResponse | None:
    """To the page that asks for a reason, when this person must state one and has not; None lets them in."""
    if not must_state_reason(request.actor, case):
        return None
    address = reverse("web:case_reason", args=[case.reference])
    return redirect(f"{address}?{urlencode({'next': request.get_full_path()})}")


def must_state_reason(actor: Actor, case: Case) -> bool:
    """Whether the person is an outsider to the case and has stated no reason lately."""
    return reason_needed(actor=actor, case=case) and not reason_stated(user_id=actor.user_id, case=case.uuid)


def seen(request: PageRequest, case: Case | None, *, kind: str, subject: Case | Item | Any) -> None:
    """Record that case content was looked at; acts are in the ledger already, so only reading counts."""
    if request.method not in {"GET", "HEAD"}:
        return
    access_record(
        kind=AccessKind.VIEW,
        actor=request.actor,
        subject_kind=kind,
        subject=subject.uuid,
        reference=str(getattr(subject, "reference", "")),
        case=case.uuid if case else None,
        path=request.path,
        address=client_address(request),
    )


def client_address(request: HttpRequest) -> str | None:
    """Where the request came from."""
    address: str | None = request.META.get("REMOTE_ADDR")
    return address


def crumbs(case: Case | None, *steps: Crumb) -> list[Crumb]:
    """The path above the title: cases, this case, and further steps."""
    if case is None:
        return list(steps)
    here = reverse("web:case", args=[case.reference]) if steps else ""
    return [Crumb(label=_("Cases"), href=reverse("web:case_list")), Crumb(label=case.reference, href=here), *steps]


def case_context(request: PageRequest, case: Case | None, *steps: Crumb) -> dict[str, Any]:
    """What every page of a case prints: its mark as invented, its path, and that the reader gave a reason."""
    return {
        "case": case,
        "synthetic": bool(case and case.synthetic),
        "crumbs": crumbs(case, *steps),
        "reason_given": bool(case and reason_needed(actor=request.actor, case=case)),
        "can_label": request.actor.may_somewhere("label.print"),
    }
