"""Reports in words: one line of a list, the badge of the state, the steps from draft to court."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from lims.lab.enums import ReportState, ReviewDecision
from lims.lab.models import Report, Review
from lims.web.describing import Badge
from lims.web.parts import Crumb, Step

_BADGES = {
    "draft": "idle",
    "technical_review": "running",
    "administrative_review": "running",
    "reviewed": "warn",
    "issued": "ok",
    "replaced": "idle",
    "withdrawn": "idle",
}
_ORDER = ("draft", "technical_review", "administrative_review", "reviewed", "issued")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """A report in a list."""

    row: Report
    href: str
    state: Badge


def report_badge(report: Report) -> Badge:
    """Where a report stands."""
    return Badge(kind=_BADGES[report.state], text=str(report.get_state_display()))


def report_row(report: Report) -> ReportRow:
    """A report in words."""
    return ReportRow(row=report, href=reverse("web:report", args=[report.number]), state=report_badge(report))


def report_path(report: Report) -> list[Crumb]:
    """The path to a report's page, below its case."""
    return [
        Crumb(label=_("Reports"), href=reverse("web:case_reports", args=[report.case.reference])),
        Crumb(label=report.number, href=reverse("web:report", args=[report.number])),
    ]


def report_steps(report: Report, reviews: list[Review]) -> list[Step]:
    """Draft, technical review, administrative review, signature: where it is, who did what."""
    state = "issued" if report.state == ReportState.REPLACED else report.state
    at = _ORDER.index(state) if state in _ORDER else 0
    agreed = {one.kind: one for one in reversed(reviews) if one.decision == ReviewDecision.AGREED}
    details = (
        _by(report.created_by.name, report.created_at),
        _reviewed(agreed.get("technical"), at > 1),
        _reviewed(agreed.get("administrative"), at > 2),
        _by(report.signed_by.name, report.issued_at) if report.signed_by and report.issued_at else "",
    )
    labels = (_("Draft"), _("Technical review"), _("Administrative review"), _("Signature"))
    return [
        Step(label=label, detail=detail, state="done" if place < at else "now" if place == at else "next")
        for place, (label, detail) in enumerate(zip(labels, details, strict=True))
    ]


def _reviewed(review: Review | None, passed: bool) -> str:
    return _by(review.reviewer.name, review.closed_at) if review is not None and passed else ""


def _by(name: str, at: object) -> str:
    return f"{name}, {date_format(timezone.localtime(at), 'j M H:i')}" if at else name  # type: ignore[arg-type]
