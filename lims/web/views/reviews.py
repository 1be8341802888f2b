"""Technical and administrative review: what waits for me, the draft beside the raw data, agree or send back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from lims.accounts.actors import Actor
from lims.accounts.services import reauthenticate
from lims.lab.enums import ReviewDecision, ReviewKind
from lims.lab.models import Finding, Report, Review, ReviewPoint
from lims.lab.selectors.draftnumbers import report_numbers
from lims.lab.selectors.pages import report_findings, report_reviews, reports_signed, reviews_of
from lims.lab.selectors.reports import report_get, report_to_review, review_get
from lims.lab.selectors.results import run_figures
from lims.lab.services.reviews import review_decide, review_disagree, review_open, review_point_set
from lims.web.access import PageRequest, page_for
from lims.web.fields import LongField
from lims.web.figures import UnsafeFigure, svg_inline
from lims.web.forms import PageForm, page, submit
from lims.web.labfile import about_case, opened
from lims.web.listing import Column, Listing, ListRequest
from lims.web.navigation import Waiting, counts
from lims.web.numberlines import number_name
from lims.web.parts import Crumb, Fact, Task
from lims.web.reportdescribing import report_row
from lims.web.today import TodayPart, today_part

_CAPABILITIES = ("review.technical", "review.administrative")


@page_for(*_CAPABILITIES)
@require_GET
def to_review(request: PageRequest) -> HttpResponse:
    """Which reports wait for me? Never my own."""
    rows = list(report_to_review(actor=request.actor))
    mine = {one.report_id: one for one in reviews_of(actor=request.actor, decision=ReviewDecision.OPEN)}
    context = {
        "waiting": [(row, mine.get(row.pk), _kind(row)) for row in rows],
        "facts": [
            Fact(
                label=_("Waiting for a review"),
                value=str(len(rows)) if rows else _("none"),
                tone="warn" if rows else "",
                lead=True,
            ),
            Fact(label=_("Begun by me"), value=str(len(mine)) if mine else _("none")),
        ],
        "crumbs": [Crumb(label=_("To review"))],
    }
    return page(request, "web/review/list.html", context)


def _kind(row: Report) -> str:
    return _("Administrative review") if row.state == "administrative_review" else _("Technical review")


@page_for(*_CAPABILITIES)
@require_GET
def sent_back(request: PageRequest) -> HttpResponse:
    """What did I send back, and where does it stand now?"""
    rows = [(one, report_row(one.report)) for one in reviews_of(actor=request.actor, decision=ReviewDecision.SENT_BACK)]
    return page(request, "web/review/sent_back.html", {"rows": rows, "crumbs": [Crumb(label=_("Sent back"))]})


@page_for(*_CAPABILITIES)
@require_GET
def signed(request: PageRequest) -> HttpResponse:
    """Issued reports I signed or reviewed."""
    columns = (
        Column(key="number", label=_("Report"), order="number"),
        Column(key="title", label=_("Title"), order="title"),
        Column(key="issued", label=_("Issued"), order="issued_at"),
        Column(key="by", label=_("Signed by"), order="signed_by__name"),
    )
    ask = ListRequest.of(request, columns=columns, sort="-issued")
    found = ask.listing(reports_signed(actor=request.actor).order_by(*ask.order_by, "-id"))
    rows = Listing(ask=ask, rows=tuple(map(report_row, found)), total=found.total, number=found.number)
    return page(request, "web/review/signed.html", {"reports": rows, "crumbs": [Crumb(label=_("Signed"))]})


@page_for(*_CAPABILITIES)
@require_POST
def take(request: PageRequest, number: str) -> HttpResponse:
    """Take a report for the review that is due."""
    review = review_open(actor=request.actor, report=report_get(actor=request.actor, key=number))
    return redirect("web:review", review.uuid)


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """What one finding of the draft rests on, beside it."""

    finding: Finding
    drawing: str
    caption: str
    numbers: tuple[tuple[str, str, str], ...]
    controls: tuple[Any, ...]


class DecideForm(PageForm):
    """The reviewer's answer, with the password again."""

    keyed = False
    answer = forms.ChoiceField(
        label=gettext_lazy("Your answer"),
        choices=[("back", ""), ("disagree", ""), ("agree", "")],
        widget=forms.RadioSelect,
    )
    note = LongField(
        label=gettext_lazy("Your words"),
        max_length=8000,
        required=False,
        help_text=gettext_lazy("What has to change, or why you disagree. Needed too where a colleague disagreed."),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=gettext_lazy("Your answer is kept with your name."),
    )


@sensitive_post_parameters("password")
@page_for("report.read")
def review_page(request: PageRequest, uuid: UUID) -> HttpResponse:
    """What is open? The raw data beside the draft; agree or send back."""
    review = review_get(actor=request.actor, uuid=uuid)
    row = review.report
    gate = opened(request, row.case, kind="review", subject=review.uuid, reference=row.number)
    if gate is not None:
        return gate
    form = DecideForm(request.POST or None)

    def before() -> None:
        reauthenticate(actor=request.actor, password=form.cleaned_data["password"])

    def do() -> str:
        answer, note = form.cleaned_data["answer"], form.cleaned_data["note"]
        if answer == "disagree":
            review_disagree(actor=request.actor, review=review, note=note)
        else:
            review_decide(actor=request.actor, review=review, agree=answer == "agree", note=note)
        return reverse("web:review_list")

    if done := submit(request, form, do, before=before):
        return done
    return _show(request, review, form=form)


def _show(request: PageRequest, review: Review, *, form: PageForm, wrong: "PointForm | None" = None) -> HttpResponse:
    report = report_get(actor=request.actor, key=review.report.number)
    findings = report_findings(report=report)
    points = list(review.points.order_by("id"))
    numbers, left = report_numbers(report=report, findings=findings)
    mine = review.reviewer_id == request.actor.party_id and review.decision == ReviewDecision.OPEN
    open_points = sum(point.passed is not True for point in points)
    context = about_case(request, report.case, *_steps(review)) | {
        "review": review,
        "row": report,
        "findings": findings,
        "not_examined": [one for one in report.items.all() if not one.examined],
        "raw": [_raw(one) for one in findings if one.run is not None],
        "numbers": numbers,
        "numbers_left": left,
        "points": _points(points, review, mine=mine, wrong=wrong),
        "checked": _("%(n)s of %(all)s") % {"n": len(points) - open_points, "all": len(points)},
        "earlier": [one for one in report_reviews(report=report) if one.pk != review.pk],
        "facts": _facts(review, points, open_points),
        "mine": mine,
        "open_points": open_points,
        "open_words": ngettext("%(n)s point open", "%(n)s points open", open_points) % {"n": open_points},
        "why_not": ngettext(
            "Not yet possible: %(n)s point is not passed.",
            "Not yet possible: %(n)s points are not passed.",
            open_points,
        )
        % {"n": open_points},
        "form": form if mine else None,
        "kind": str(review.get_kind_display()),
    }
    return page(request, "web/review/review.html", context, form=wrong or form)


def _steps(review: Review) -> list[Crumb]:
    return [
        Crumb(label=_("To review"), href=reverse("web:review_list")),
        Crumb(label=review.report.number, href=reverse("web:report", args=[review.report.number])),
        Crumb(label=str(review.get_kind_display())),
    ]


def _raw(finding: Finding) -> Raw:
    run, outcome = finding.run, finding.outcome
    number = outcome.number if outcome else 1
    drawing, caption = "", ""
    for name, content in run_figures(run=run, number=number) if run else ():
        try:
            drawing, caption = svg_inline(content), name
        except UnsafeFigure:
            continue
        break
    summary = outcome.summary if outcome else {}
    numbers = tuple(
        (number_name(str(one["name"])), f"{one['value']:.4g}", str(one.get("definition", "")))
        for one in summary.get("numbers", [])
    )
    controls = tuple(run.batch.controls.all()) if run and run.batch else ()
    return Raw(finding=finding, drawing=drawing, caption=caption, numbers=numbers, controls=controls)


def _facts(review: Review, points: Sequence[ReviewPoint], open_points: int) -> list[Fact]:
    failed = sum(point.passed is False for point in points)
    open_ = review.decision == ReviewDecision.OPEN
    waiting = ngettext("%(n)s point open", "%(n)s points open", open_points) % {"n": open_points}
    after = (
        (_("administrative review"), _("then signature"))
        if review.kind == ReviewKind.TECHNICAL
        else (_("signature"), _("then it is issued"))
    )
    return [
        Fact(
            label=_("The answer"),
            value=_("not given") if open_ else str(review.get_decision_display()),
            detail=waiting if open_ and open_points else "",
            tone="warn" if open_ and open_points else "",
            lead=True,
        ),
        Fact(
            label=_("Checked"),
            value=_("%(n)s of %(all)s points") % {"n": len(points) - open_points, "all": len(points)},
            detail=ngettext("%(n)s with a comment", "%(n)s with a comment", failed) % {"n": failed} if failed else "",
        ),
        Fact(
            label=_("Reviewer"),
            value=review.reviewer.name,
            detail=date_format(timezone.localtime(review.opened_at), "j M Y H:i"),
        ),
        Fact(label=_("After this"), value=after[0], detail=after[1]),
    ]


class PointForm(PageForm):
    """A point of the checklist: passed, or what has to change."""

    keyed = False
    comment = LongField(
        label=gettext_lazy("Comment"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2})
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PointRow:
    """A point as the page prints it."""

    row: ReviewPoint
    state: str
    word: str
    form: PointForm | None
    href: str


def _points(points: Sequence[ReviewPoint], review: Review, *, mine: bool, wrong: PointForm | None) -> list[PointRow]:
    return [
        PointRow(
            row=point,
            state="ok" if point.passed else "bad" if point.passed is False else "wait",
            word=_("passed") if point.passed else _("has a comment") if point.passed is False else _("not yet checked"),
            form=_point_form(point, wrong) if mine else None,
            href=reverse("web:review_point", args=[review.uuid, point.key]),
        )
        for point in points
    ]


def _point_form(point: ReviewPoint, wrong: PointForm | None) -> PointForm:
    if wrong is not None and wrong.prefix == point.key:
        return wrong
    return PointForm(prefix=point.key, initial={"comment": point.comment})


@page_for(*_CAPABILITIES)
@require_POST
def point_page(request: PageRequest, uuid: UUID, key: str) -> HttpResponse:
    """Pass a point, or fail it with a comment."""
    review = review_get(actor=request.actor, uuid=uuid)
    form = PointForm(request.POST, prefix=key)

    def do() -> str:
        passed = request.POST.get("outcome") == "passed"
        review_point_set(
            actor=request.actor, review=review, key=key, passed=passed, comment=form.cleaned_data["comment"]
        )
        return f"{reverse('web:review', args=[review.uuid])}#point-{key}"

    return submit(request, form, do) or _show(request, review, form=DecideForm(), wrong=form)


@counts("review_list")
def _waiting(actor: Actor) -> Waiting:
    return Waiting(number=report_to_review(actor=actor).count(), hot=True)


@counts("review_sent_back")
def _back(actor: Actor) -> Waiting:
    rows = reviews_of(actor=actor, decision=ReviewDecision.SENT_BACK).filter(report__state="draft")
    return Waiting(number=rows.count())


@today_part("report.read", order=12)
def reviews_to_do(actor: Actor) -> TodayPart:
    """Reports that wait for the person's review."""
    tasks = [
        Task(
            title=_("%(kind)s: %(number)s") % {"kind": _kind(row), "number": row.number},
            detail=_("%(title)s, by %(name)s") % {"title": row.title, "name": row.created_by.name},
            icon="review",
            tone="warn",
            action=_("Open"),
            href=reverse("web:report", args=[row.number]),
        )
        for row in report_to_review(actor=actor)[:8]
    ]
    return TodayPart(tasks=tuple(tasks))


urlpatterns = [
    path("reviews/", to_review, name="review_list"),
    path("reviews/sent-back/", sent_back, name="review_sent_back"),
    path("reviews/signed/", signed, name="review_signed"),
    path("reports/<str:number>/review/", take, name="review_take"),
    path("reviews/<uuid:uuid>/", review_page, name="review"),
    path("reviews/<uuid:uuid>/points/<str:key>/", point_page, name="review_point"),
]
