"""The scan session: one scan is one POST; the list lives on the server, so another device goes on with it."""

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from chain_of_custody.enums import Purpose
from lims.casework.models import ScanSession
from lims.casework.selectors.counter import scan_session_now
from lims.casework.selectors.listing import items_by_reference
from lims.casework.selectors.stores import own_party, place_parties, receiver_list
from lims.casework.services.scans import (
    ScanResult,
    scan_add,
    scan_discard,
    scan_move,
    scan_offer,
    scan_remove,
    scan_session_open,
)
from lims.common.errors import NotFound
from lims.web.access import PageRequest, page_for
from lims.web.describing import with_amount
from lims.web.fields import LongField, PartyField
from lims.web.formpage import FormPage, form_page
from lims.web.forms import PageForm, page, submit
from lims.web.problems import REFUSALS, Refusal, words_of
from lims.web.scanpage import Outcome, session_context
from lims.web.writing import code_text


class ActForm(PageForm):
    """What happens with everything on the list."""

    field_of = {"target": "place", "container": "place", "items": ""}
    to = PartyField(label=gettext_lazy("Receiver"), required=False)
    purpose = forms.ChoiceField(label=gettext_lazy("Purpose"), choices=Purpose.choices, required=False)
    place = PartyField(label=gettext_lazy("Place"), required=False)
    note = forms.CharField(label=gettext_lazy("Note"), max_length=300, required=False)


@page_for("scan.session")
def scan_session(request: PageRequest) -> HttpResponse:
    """Scan many, then act on all. Works without script: the field sends, the page comes back."""
    outcome = _scan(request) if request.method == "POST" else None
    return _page(request, outcome, status=422 if outcome and outcome.outcome == "refused" else 200)


def _page(
    request: PageRequest, outcome: Outcome | None, *, form: ActForm | None = None, status: int = 200
) -> HttpResponse:
    context = session_context(request.actor, scan_session_now(actor=request.actor))
    context |= {"outcome": outcome, "form": form or _form(request, bound=False)}
    if request.headers.get("HX-Request") == "true":
        return render(request, "web/bench/_scan.html", context | {"oob": True}, status=status)
    return page(request, "web/bench/scan.html", context, status=status)


def _form(request: PageRequest, *, bound: bool) -> ActForm:
    form = ActForm(request.POST if bound else None)
    form.fields["to"].offer(receiver_list(actor=request.actor), empty=_("As scanned"))  # type: ignore[attr-defined]
    form.fields["place"].offer(place_parties(actor=request.actor), empty=_("As scanned"))  # type: ignore[attr-defined]
    return form


def _scan(request: PageRequest) -> Outcome:
    text = request.POST.get("code", "").strip()
    try:
        session = scan_session_open(actor=request.actor)
        result = scan_add(actor=request.actor, session=session, text=text)
    except REFUSALS as error:
        return refused(text, error)
    return _taken(text, result)


def refused(text: str, error: Refusal) -> Outcome:
    """A refused scan: what was read, what is wrong, what to do."""
    shown = code_text(text[:40].upper()) if len(text) == 8 else text[:60]
    return Outcome(code=shown, outcome="refused", word=_("refused"), why=_("Not taken"), text=words_of(error))


def _taken(text: str, result: ScanResult) -> Outcome:
    words = {
        "taken": _("taken"),
        "known": _("on the list already"),
        "target": _("goes there"),
        "container": _("goes in there"),
    }
    name = result.item.reference if result.item else result.party.name if result.party else text
    detail = with_amount(result.item) if result.item else ""
    return Outcome(
        code=name,
        outcome="taken",
        word=words.get(result.outcome, result.outcome),
        text=" · ".join(filter(None, (detail, result.message))) if result.outcome != "taken" else detail,
    )


@page_for("scan.session")
@require_POST
def scan_undo(request: PageRequest) -> HttpResponse:
    """Take back the last scan."""
    return _removed(request, "")


@page_for("scan.session")
@require_POST
def scan_take_off(request: PageRequest, reference: str) -> HttpResponse:
    """Take one item off the list."""
    return _removed(request, reference)


def _removed(request: PageRequest, reference: str) -> HttpResponse:
    session = scan_session_now(actor=request.actor)
    items = items_by_reference(actor=request.actor, references=[reference]) if reference else []
    try:
        if session is None or (reference and not items):
            raise NotFound(_("There is nothing on the list to take back."), code="empty")
        line = scan_remove(actor=request.actor, session=session, item=items[0] if items else None)
    except REFUSALS as error:
        return _page(request, refused(reference, error), status=422)
    if request.headers.get("HX-Request") != "true":
        return redirect("web:scan_session")
    outcome = Outcome(code=line.item.reference, outcome="taken", word=_("taken off the list"))
    return _page(request, outcome)


@page_for("scan.session")
@require_POST
def scan_empty(request: PageRequest) -> HttpResponse:
    """Close the list without doing anything."""
    session = scan_session_now(actor=request.actor)
    if session is not None:
        scan_discard(actor=request.actor, session=session)
    return redirect("web:scan_session")


@page_for("scan.session")
@require_POST
def scan_act_offer(request: PageRequest) -> HttpResponse:
    """Offer everything on the list to the scanned badge or the person chosen."""
    form = _form(request, bound=True)
    session = scan_session_now(actor=request.actor)

    def do() -> str:
        data = form.cleaned_data
        row = scan_offer(
            actor=request.actor,
            session=_still_open(session),
            purpose=data["purpose"] or Purpose.EXAMINATION,
            to=data["to"],
            note=data["note"],
        )
        return reverse("web:handover", args=[row.uuid])

    return submit(request, form, do) or _page(request, None, form=form, status=422)


@page_for("scan.session")
@require_POST
def scan_act_move(request: PageRequest) -> HttpResponse:
    """Put everything on the list into the scanned place or box, the place chosen, or one's own hands."""
    form = _form(request, bound=True)
    session = scan_session_now(actor=request.actor)

    def do() -> str:
        data = form.cleaned_data
        to = own_party(actor=request.actor) if "take" in request.POST else data["place"]
        scanned = _still_open(session)
        scan_move(actor=request.actor, session=scanned, reason=data["note"], to=to)
        if to is None and scanned.container is not None:
            return reverse("web:box", args=[scanned.container.reference])
        return reverse("web:scan_session")

    return submit(request, form, do) or _page(request, None, form=form, status=422)


def _still_open(session: ScanSession | None) -> ScanSession:
    if session is None:
        raise NotFound(_("This list is closed. Scan the items again."))
    return session


class PasteForm(PageForm):
    """A list of codes or references."""

    codes = LongField(
        label=gettext_lazy("Codes or references"),
        max_length=20_000,
        help_text=gettext_lazy("One per line, or with spaces between them."),
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false", "class": "code"}),
    )


@page_for("scan.session")
def scan_paste(request: PageRequest) -> HttpResponse:
    """Put a whole list on the list; those that cannot be taken are named, the others are taken."""
    form = PasteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        session = scan_session_open(actor=request.actor)
        wrong: list[str] = []
        for text in form.cleaned_data["codes"].replace(",", " ").split()[:500]:
            try:
                scan_add(actor=request.actor, session=session, text=text)
            except REFUSALS as error:
                wrong.append(f"{text}: {words_of(error)}")
        if not wrong:
            return redirect("web:scan_session")
        for words in wrong[:20]:
            form.add_error("codes", words)
    view = FormPage(
        title=_("Paste a list"),
        button=_("Put them on the list"),
        cancel=reverse("web:scan_session"),
        note=_("Those that can be taken are taken; the others are named here."),
        bench=True,
    )
    return form_page(request, form, view)


urlpatterns = [
    path("bench/scan/", scan_session, name="scan_session"),
    path("bench/scan/undo/", scan_undo, name="scan_undo"),
    path("bench/scan/off/<str:reference>/", scan_take_off, name="scan_take_off"),
    path("bench/scan/empty/", scan_empty, name="scan_empty"),
    path("bench/scan/offer/", scan_act_offer, name="scan_offer"),
    path("bench/scan/move/", scan_act_move, name="scan_move"),
    path("bench/scan/paste/", scan_paste, name="scan_paste"),
]
