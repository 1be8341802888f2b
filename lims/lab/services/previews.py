"""A draft as it would be printed now; nothing is stored."""

from django.utils import timezone

from lims.accounts.actors import Actor, require
from lims.casework.selectors.access import case_scope
from lims.documents.render import report_render
from lims.lab.models import Report
from lims.lab.selectors.marks import document_marks
from lims.lab.selectors.report_data import report_data


def report_preview(*, actor: Actor, report: Report) -> bytes:
    """The PDF of a draft, marked as a draft.

    Raises:
        NotAllowed: without `report.read` in the case.
    """
    require(actor, "report.read", case_scope(report.case))
    marks = document_marks(synthetic=report.case.synthetic)
    return report_render(report_data(report, kind="draft", issued_at=timezone.localtime(), marks=marks, signer=None))
