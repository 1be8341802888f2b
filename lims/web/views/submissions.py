"""Exhibit submission forms: announce a seizure before it arrives; print the form and the bag labels."""

from typing import cast

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from lims.accounts.actors import Actor
from lims.casework.models import Submission, SubmissionLine
from lims.casework.selectors.counter import submission_by_reference, submission_editable, submission_queue
from lims.casework.selectors.resolve import public_host
from lims.casework.selectors.stores import agency_list
from lims.casework.services.submissions import LineFacts, submission_create, submission_withdraw
from lims.documents.data.custody import SubmissionFormData, SubmittedExhibit
from lims.documents.data.parts import Contact, Language, NamedValue
from lims.documents.render import submission_form_render
from lims.lab.selectors.marks import document_marks
from lims.lab.selectors.report_data import laboratory
from lims.web.access import PageRequest, page_for
from lims.web.describing import Badge
from lims.web.fields import CodeOrNothing, CountField, DayField, LongField, MomentField, PartyField
from lims.web.formpage import FormPage, form_page
from lims.web.forms import PageForm, page, submit
from lims.web.labelling import payload_of
from lims.web.parts import Crumb, Fact
from lims.web.rows import RowForm, RowsForm


class BagRow(RowForm):
    """One bag or item that will come."""

    description = forms.CharField(label=gettext_lazy("What it is"), max_length=300)
    pieces = CountField(label=gettext_lazy("Pieces"), initial=1, min_value=1)
    seal_number = CodeOrNothing(label=gettext_lazy("Seal"))
    declared_taxon = forms.CharField(label=gettext_lazy("Declared as"), max_length=120, required=False)


class SubmissionForm(RowsForm):
    """What an investigator announces."""

    field_of = {"lines": ""}
    row_class = BagRow
    at_first = 4
    more = 4
    agency = PartyField(label=gettext_lazy("Agency"))
    agency_reference = forms.CharField(label=gettext_lazy("Your file number"), max_length=80, required=False)
    place = forms.CharField(label=gettext_lazy("Place of the seizure"), max_length=300)
    seized_at = MomentField(label=gettext_lazy("Seized at"))
    expected_on = DayField(label=gettext_lazy("You will bring it on"), required=False)
    question = LongField(
        label=gettext_lazy("What do you need to know?"),
        max_length=500,
        required=False,
        help_text=gettext_lazy("Such as: which species; which region; one animal or more."),
    )
    note = LongField(label=gettext_lazy("Note"), max_length=500, required=False)


@page_for("submission.create")
@require_GET
def submissions(request: PageRequest) -> HttpResponse:
    """What was announced, and what of it has arrived."""
    rows = list(submission_queue(actor=request.actor)[:200])
    waiting = [row for row in rows if row.state == "submitted"]
    context = {
        "rows": [{"row": row, "badge": state_badge(row)} for row in rows],
        "facts": [
            Fact(
                label=_("Announced, not received"),
                value=ngettext("%(n)s form", "%(n)s forms", len(waiting)) % {"n": len(waiting)}
                if waiting
                else _("none"),
                lead=True,
            ),
            Fact(label=_("In all"), value=str(len(rows))),
        ],
        "in_laboratory": request.actor.in_laboratory,
    }
    return page(request, "web/status/submissions.html", context)


def state_badge(row: Submission) -> Badge:
    """Announced, received or withdrawn."""
    kinds = {"submitted": "warn", "received": "ok", "withdrawn": "idle"}
    return Badge(kind=kinds[row.state], text=str(row.get_state_display()))


@page_for("submission.create")
def submission_new(request: PageRequest) -> HttpResponse:
    """Announce a seizure: each bag gets a code whose label can be printed at once."""
    form = SubmissionForm(request.POST or None)
    agencies = list(agency_list(actor=request.actor))
    form.fields["agency"].offer(agencies)  # type: ignore[attr-defined]
    if len(agencies) == 1:
        form.fields["agency"].initial = str(agencies[0].uuid)
    if done := submit(request, form, lambda: _announced(request.actor, form)):
        return done
    view = FormPage(
        title=_("Register a seizure"),
        button=_("Announce the seizure"),
        cancel=reverse("web:submission_list"),
        note=_("Announce it before you drive: you get a form to sign and labels for the bags."),
        layout=(
            ("", ("agency", "agency_reference", "place", "seized_at", "expected_on")),
            ("", ("question", "note")),
        ),
        rows_title=_("Bags or items you will bring"),
        icon="plus",
    )
    return form_page(request, form, view)


def _announced(actor: Actor, form: SubmissionForm) -> str:
    data = form.cleaned_data
    row = submission_create(
        actor=actor,
        agency=data["agency"],
        place=data["place"],
        seized_at=data["seized_at"],
        lines=[
            LineFacts(
                description=one["description"],
                pieces=one["pieces"] or 1,
                seal_number=one["seal_number"],
                declared_taxon=one["declared_taxon"],
            )
            for one in form.values()
        ],
        agency_reference=data["agency_reference"],
        expected_on=data["expected_on"],
        question=data["question"],
        note=data["note"],
    )
    return reverse("web:submission", args=[row.reference])


@page_for("submission.create")
@require_GET
def submission(request: PageRequest, reference: str) -> HttpResponse:
    """One announcement: print labels and the form, or take it back."""
    row = submission_by_reference(actor=request.actor, reference=reference)
    waits = row.state == "submitted"
    context = {
        "submission": row,
        "badge": state_badge(row),
        "lines": [{"line": line, "code": _code(line)} for line in row.lines.all()],
        "waits": waits,
        "can_withdraw": waits and submission_editable(actor=request.actor, submission=row),
        "can_see_case": request.actor.may_somewhere("case.read"),
        "can_receive": waits and request.actor.may_somewhere("intake.receive"),
        "crumbs": [
            Crumb(label=_("Announcements"), href=reverse("web:submission_list")),
            Crumb(label=row.reference),
        ],
        "facts": _facts(row),
    }
    return page(request, "web/status/submission.html", context)


def _facts(row: Submission) -> list[Fact]:
    lines = len(row.lines.all())
    seized = date_format(timezone.localtime(row.seized_at), "j M Y H:i")
    return [
        Fact(
            label=_("State"),
            value=str(row.get_state_display()),
            tone="warn" if row.state == "submitted" else "",
            lead=True,
        ),
        Fact(label=_("Bags"), value=str(lines)),
        Fact(label=_("Seized at"), value=seized, detail=row.place),
        Fact(
            label=_("Expected"),
            value=date_format(row.expected_on, "j M Y") if row.expected_on else _("no day named"),
        ),
    ]


def _code(line: SubmissionLine) -> str:
    return next((label.code for label in line.labels.all() if label.state != "void"), "")


@page_for("submission.create")
@require_GET
def submission_form(request: PageRequest, reference: str) -> HttpResponse:
    """The form to sign, as PDF."""
    row = submission_by_reference(actor=request.actor, reference=reference)
    response = HttpResponse(submission_form_render(printed_form(row)), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{row.reference}.pdf"'
    return response


def printed_form(row: Submission) -> SubmissionFormData:
    """The printable form of an announcement."""
    seized = date_format(timezone.localtime(row.seized_at), "j M Y H:i")
    lines = list(row.lines.all())
    return SubmissionFormData(
        language=cast("Language", (get_language() or "en")[:2]),
        number=row.reference,
        prepared_at=timezone.localtime(row.submitted_at),
        laboratory=laboratory(),
        submitter=Contact(
            name=row.submitted_by.party.name, organisation=row.agency.name, reference=row.agency_reference
        ),
        marks=document_marks(synthetic=settings.SPOOR_MODE == "demo" or bool(row.case and row.case.synthetic)),
        qr=payload_of(_code(lines[0]), public_host()) if lines else "",
        agency_case=row.agency_reference,
        seizure=(NamedValue(name=_("Place"), value=row.place), NamedValue(name=_("When"), value=seized)),
        exhibits=tuple(
            SubmittedExhibit(
                number=str(line.number),
                description=line.description + (f" ({line.declared_taxon})" if line.declared_taxon else ""),
                quantity=str(line.pieces),
                seal=line.seal_number,
                scan_code=_code(line),
            )
            for line in lines
        ),
        questions=(row.question,) if row.question else (),
    )


class WithdrawForm(PageForm):
    """Why an announcement is taken back."""

    reason = LongField(label=gettext_lazy("Reason"), max_length=500)


@page_for("submission.create")
def withdraw(request: PageRequest, reference: str) -> HttpResponse:
    """Take an announcement back before it has arrived."""
    row = submission_by_reference(actor=request.actor, reference=reference)
    form = WithdrawForm(request.POST or None)

    def do() -> str:
        submission_withdraw(actor=request.actor, submission=row, reason=form.cleaned_data["reason"])
        return reverse("web:submission", args=[row.reference])

    view = FormPage(
        title=_("Withdraw %(form)s") % {"form": row.reference},
        button=_("Withdraw the announcement"),
        cancel=reverse("web:submission", args=[row.reference]),
        danger=True,
    )
    return submit(request, form, do) or form_page(request, form, view)


urlpatterns = [
    path("submissions/", submissions, name="submission_list"),
    path("submissions/new/", submission_new, name="submission_new"),
    path("submissions/<str:reference>/", submission, name="submission"),
    path("submissions/<str:reference>/form.pdf", submission_form, name="submission_form"),
    path("submissions/<str:reference>/withdraw/", withdraw, name="submission_withdraw"),
]
