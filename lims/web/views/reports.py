"""Reports: the list, the page, sent to review, answered, signed, issued, withdrawn."""

from django import forms
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from lims.accounts.actors import Actor
from lims.accounts.services import ReAuthentication, reauthenticate
from lims.casework.selectors.access import case_scope
from lims.common.errors import NotFound
from lims.lab.enums import ReportState, ReviewDecision
from lims.lab.models import Report, Review, ReviewPoint
from lims.lab.selectors.pages import (
    may_review,
    report_findings,
    report_reviews,
    reports_sent_back,
)
from lims.lab.selectors.reports import report_contested, report_get, report_mine, report_to_sign, review_open_of
from lims.lab.services.previews import report_preview
from lims.lab.services.reports import (
    report_sign,
    report_submit,
    report_withdraw,
)
from lims.lab.services.reviews import review_answer
from lims.web.access import PageRequest, page_for
from lims.web.fields import LongField
from lims.web.formpage import FormPage, form_page
from lims.web.forms import PageForm, page, submit
from lims.web.labfile import about_case, attachment, download, opened
from lims.web.listing import Column, Listing, ListRequest
from lims.web.navigation import Waiting, counts
from lims.web.parts import Crumb, Fact, Task, Tone
from lims.web.reportdescribing import report_badge, report_path, report_row, report_steps
from lims.web.today import TodayPart, today_part


def _columns() -> tuple[Column, ...]:
    return (
        Column(key="number", label=_("Report"), order="number"),
        Column(key="title", label=_("Title"), order="title"),
        Column(key="case", label=_("Case"), order="case__reference"),
        Column(key="created", label=_("Begun"), order="created_at"),
        Column(key="issued", label=_("Issued"), order="issued_at"),
        Column(key="state", label=_("State"), order="state"),
    )


@page_for("report.write")
@require_GET
def reports(request: PageRequest) -> HttpResponse:
    """What did I write, and what came back?"""
    ask = ListRequest.of(request, columns=_columns(), filters=("state",), sort="-created")
    rows = report_mine(actor=request.actor)
    if ask.one("state"):
        rows = rows.filter(state=ask.one("state"))
    for word in ask.words:
        rows = rows.filter(number__icontains=word) | rows.filter(title__icontains=word)
    found = ask.listing(rows.order_by(*ask.order_by, "-id"))
    back, sign = list(reports_sent_back(actor=request.actor)), list(report_to_sign(actor=request.actor))
    context = {
        "reports": Listing(ask=ask, rows=tuple(map(report_row, found)), total=found.total, number=found.number),
        "facts": [
            Fact(
                label=_("Sent back to me"),
                value=str(len(back)) if back else _("none"),
                detail=", ".join(row.number for row in back[:2]),
                tone="warn" if back else "",
                lead=True,
            ),
            Fact(label=_("To sign"), value=str(len(sign)) if sign else _("none")),
            Fact(label=_("My reports"), value=str(found.total)),
        ],
        "crumbs": [Crumb(label=_("My reports"))],
    }
    return page(request, "web/lab/report_list.html", context)


class SignForm(PageForm):
    """The password again, to sign."""

    keyed = False
    version = forms.IntegerField(widget=forms.HiddenInput)
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=gettext_lazy("The report is signed with your name and issued. It cannot be changed afterwards."),
    )


@page_for("report.read")
@require_GET
def report_page(request: PageRequest, number: str) -> HttpResponse:
    """Number, state, signature, what it replaces; what the author or signer does next."""
    row = report_get(actor=request.actor, key=number)
    gate = opened(request, row.case, kind="report", subject=row.uuid, reference=row.number)
    return gate or _show(request, row)


def _show(request: PageRequest, row: Report, form: PageForm | None = None) -> HttpResponse:
    actor, scope = request.actor, case_scope(row.case)
    reviews = list(report_reviews(report=row))
    involved = any(one.party_id == actor.party_id for one in row.people.all())
    draft = row.state == ReportState.DRAFT
    can_sign = row.state == ReportState.REVIEWED and involved and actor.may("report.sign", scope)
    newer = getattr(row, "replaced_by", None)
    writes = actor.may("report.write", scope)
    context = about_case(request, row.case, *report_path(row)) | {
        "row": row,
        "state": report_badge(row),
        "facts": _facts(row, reviews),
        "steps": report_steps(row, reviews),
        "findings": report_findings(report=row),
        "not_examined": [one for one in row.items.all() if not one.examined],
        "people": list(row.people.all()),
        "reviews": reviews,
        "answerable": draft and any(one.party_id == actor.party_id and one.side == "work" for one in row.people.all()),
        "can_edit": draft and writes,
        "can_withdraw": writes and (draft or report_contested(report=row)),
        "can_review": may_review(actor=actor, report=row),
        "review_of": review_open_of(report=row),
        "sign_form": (form or SignForm(initial={"version": row.version})) if can_sign else None,
        "can_amend": row.state == ReportState.ISSUED and newer is None and writes,
        "newer": newer,
    }
    return page(request, "web/lab/report.html", context, form=form)


def _facts(row: Report, reviews: list[Review]) -> list[Fact]:
    tones: dict[str, Tone] = {"reviewed": "warn"}
    back = reviews and reviews[0].decision == ReviewDecision.SENT_BACK and row.state == ReportState.DRAFT
    issued = date_format(timezone.localtime(row.issued_at), "j M Y H:i") if row.issued_at else _("not issued")
    return [
        Fact(
            label=_("State"),
            value=_("Sent back") if back else str(row.get_state_display()),
            detail=row.replaces.number if row.replaces and not row.issued_at else "",
            tone="warn" if back else tones.get(row.state, ""),
            lead=True,
        ),
        Fact(label=_("Signed"), value=row.signed_by.name if row.signed_by else _("by nobody yet"), detail=issued),
        Fact(
            label=_("Rests on"),
            value=ngettext("%(n)s finding", "%(n)s findings", row.findings.count()) % {"n": row.findings.count()},
        ),
        Fact(label=_("Replaces"), value=row.replaces.number if row.replaces else _("nothing")),
    ]


@page_for("report.write")
@require_POST
def submit_page(request: PageRequest, number: str) -> HttpResponse:
    """Freeze the draft and send it to technical review."""
    row = report_get(actor=request.actor, key=number)
    report_submit(actor=request.actor, report=row, version=_version(request))
    return redirect("web:report", row.number)


def _version(request: PageRequest) -> int:
    sent = request.POST.get("version", "")
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 9 else 0


class WithdrawForm(PageForm):
    """Why a draft is given up."""

    reason = LongField(label=gettext_lazy("Reason"), max_length=500)
    version = forms.IntegerField(widget=forms.HiddenInput)


@page_for("report.write")
def withdraw_page(request: PageRequest, number: str) -> HttpResponse:
    """Give a draft up."""
    row = report_get(actor=request.actor, key=number)
    form = WithdrawForm(request.POST or None, initial={"version": row.version})

    def do() -> str:
        data = form.cleaned_data
        report_withdraw(actor=request.actor, report=row, version=data["version"], reason=data["reason"])
        return reverse("web:report", args=[row.number])

    view = FormPage(
        title=_("Withdraw the draft"),
        button=_("Withdraw it"),
        cancel=reverse("web:report", args=[row.number]),
        eyebrow=row.number,
        note=_("Its number is not used again; the draft stays in the record."),
        danger=True,
        context=about_case(request, row.case, *report_path(row), Crumb(label=_("Withdraw"))),
    )
    return submit(request, form, do) or form_page(request, form, view)


@sensitive_post_parameters("password")
@page_for("report.sign")
@require_POST
def sign_page(request: PageRequest, number: str) -> HttpResponse:
    """Sign and issue, with the password entered again."""
    row = report_get(actor=request.actor, key=number)
    form = SignForm(request.POST)
    proof: list[ReAuthentication] = []

    def before() -> None:
        proof.append(reauthenticate(actor=request.actor, password=form.cleaned_data["password"]))

    def do() -> str:
        report_sign(actor=request.actor, report=row, version=form.cleaned_data["version"], proof=proof[0])
        return reverse("web:report", args=[row.number])

    return submit(request, form, do, before=before) or _show(request, row, form)


class AnswerForm(PageForm):
    """The author's answer to a reviewer's comment."""

    answer = LongField(label=gettext_lazy("Your answer"), max_length=4000)


@page_for("report.write")
def answer_page(request: PageRequest, number: str, point: int) -> HttpResponse:
    """Answer one comment of a reviewer."""
    row = report_get(actor=request.actor, key=number)
    found = _point(row, point)
    form = AnswerForm(request.POST or None, initial={"answer": found.answer})

    def do() -> str:
        review_answer(actor=request.actor, point=found, answer=form.cleaned_data["answer"])
        return f"{reverse('web:report', args=[row.number])}#comments"

    view = FormPage(
        title=_("Answer a comment"),
        button=_("Record the answer"),
        cancel=reverse("web:report", args=[row.number]),
        eyebrow=f"{row.number} · {found.text}",
        note=found.comment,
        context=about_case(request, row.case, *report_path(row), Crumb(label=_("Answer a comment"))),
    )
    return submit(request, form, do) or form_page(request, form, view)


def _point(row: Report, pk: int) -> ReviewPoint:
    for review in report_reviews(report=row):
        for point in review.points.all():
            if point.pk == pk:
                return point
    raise NotFound(_("This report has no such comment."), code="point-not-found")


@page_for("report.read")
@require_GET
def report_pdf(request: PageRequest, number: str, kind: str) -> HttpResponseBase:
    """The report as PDF: signed, as frozen for review, or a preview of the draft as it is now."""
    row = report_get(actor=request.actor, key=number)
    file = {"signed": row.signed_file, "draft": row.draft_file}.get(kind)
    if file is not None:
        return download(request, file, row.case)
    if kind != "preview":
        raise NotFound(_("There is no such file."), code="file-not-found")
    gate = opened(request, row.case, kind="report", subject=row.uuid, reference=row.number)
    if gate is not None:
        return gate
    content = report_preview(actor=request.actor, report=row)
    return attachment([content], name=f"{row.number}-preview.pdf", media_type="application/pdf", size=len(content))


@counts("report_list")
def _sent_back(actor: Actor) -> Waiting:
    return Waiting(number=reports_sent_back(actor=actor).count() + report_to_sign(actor=actor).count(), hot=True)


@today_part("report.read", order=15)
def reports_of_mine(actor: Actor) -> TodayPart:
    """Reports that came back, and reports to sign."""
    tasks = [
        _task(row, _("%(number)s was sent back"), _("Answer the comments"), "undo")
        for row in reports_sent_back(actor=actor)[:5]
    ]
    tasks += [
        _task(row, _("%(number)s can be signed"), _("Read and sign"), "key") for row in report_to_sign(actor=actor)[:5]
    ]
    return TodayPart(tasks=tuple(tasks))


def _task(row: Report, title: str, action: str, icon: str) -> Task:
    return Task(
        title=title % {"number": row.number},
        detail=row.title,
        icon=icon,
        tone="warn",
        action=action,
        href=reverse("web:report", args=[row.number]),
    )


urlpatterns = [
    path("reports/", reports, name="report_list"),
    path("reports/<str:number>/", report_page, name="report"),
    path("reports/<str:number>/submit/", submit_page, name="report_submit"),
    path("reports/<str:number>/withdraw/", withdraw_page, name="report_withdraw"),
    path("reports/<str:number>/sign/", sign_page, name="report_sign"),
    path("reports/<str:number>/comments/<int:point>/", answer_page, name="report_answer"),
    path("reports/<str:number>/<str:kind>.pdf", report_pdf, name="report_pdf"),
]
