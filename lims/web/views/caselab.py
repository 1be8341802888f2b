"""The tabs of a case that speak of the laboratory's work: requests and runs, findings and reports, disclosure."""

from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse
from django.views.decorators.http import require_GET

from lims.casework.models import Case
from lims.casework.selectors.access import case_scope
from lims.casework.selectors.cases import discrepancy_list, seizure_list
from lims.casework.selectors.listing import case_custody
from lims.disclosure.selectors.requests import case_index, evidence_list, pack_list
from lims.lab.selectors.pages import findings_citable
from lims.lab.selectors.reports import report_list
from lims.lab.selectors.work import request_list, run_list
from lims.web.access import PageRequest
from lims.web.casefile import case_context, case_page
from lims.web.casehead import head
from lims.web.describing import short_reference
from lims.web.forms import page
from lims.web.reportdescribing import report_row
from lims.web.rundescribing import run_row
from lims.web.views.evidence import evidence_row
from lims.web.views.packs import pack_row
from lims.web.views.requests import request_row

MOST = 200


def case_head(request: PageRequest, case: Case, current: str) -> dict[str, Any]:
    """What every tab of a case prints."""
    actor = request.actor
    return case_context(request, case) | {
        "head": head(
            request,
            case,
            current,
            case_custody(actor=actor, case=case),
            list(discrepancy_list(actor=actor, case=case)),
            list(seizure_list(actor=actor, case=case)),
        )
    }


@case_page()
@require_GET
def case_requests(request: PageRequest, case: Case) -> HttpResponse:
    """What is asked about this case, and what was computed."""
    actor = request.actor
    context = case_head(request, case, "case_requests") | {
        "requests": [request_row(row) for row in request_list(actor=actor, case=case)[:MOST]],
        "runs": [run_row(run) for run in run_list(actor=actor, case=case)[:MOST]],
        "can_ask": actor.may("examination.request", case_scope(case)) and case.state == "open",
        "ask": reverse("web:request_new_in_case", args=[case.reference]),
    }
    return page(request, "web/lab/case_requests.html", context)


@case_page()
@require_GET
def case_reports(request: PageRequest, case: Case) -> HttpResponse:
    """What was found in this case, and what was reported."""
    actor, scope = request.actor, case_scope(case)
    findings = list(findings_citable(actor=actor, case=case)[:MOST])
    context = case_head(request, case, "case_reports") | {
        "reports": [report_row(row) for row in report_list(actor=actor, case=case)[:MOST]],
        "findings": [(one, short_reference(one.item)) for one in findings],
        "can_write": actor.may("report.write", scope),
        "can_find": actor.may("finding.write", scope),
    }
    return page(request, "web/lab/case_reports.html", context)


@case_page()
@require_GET
def case_packs(request: PageRequest, case: Case) -> HttpResponse:
    """What was issued in this case, who asked for it, and what was given out."""
    actor = request.actor
    context = case_head(request, case, "case_packs") | {
        "issued": list(case_index(actor=actor, case=case)),
        "requests": [evidence_row(row) for row in evidence_list(actor=actor, case=case)[:MOST]],
        "packs": [pack_row(row) for row in pack_list(actor=actor, case=case)[:MOST]],
        "may_read": actor.may("pack.read", case_scope(case)),
    }
    return page(request, "web/disclosure/case_packs.html", context)


urlpatterns = [
    path("cases/<str:reference>/requests/", case_requests, name="case_requests"),
    path("cases/<str:reference>/reports/", case_reports, name="case_reports"),
    path("cases/<str:reference>/disclosure/", case_packs, name="case_packs"),
]
