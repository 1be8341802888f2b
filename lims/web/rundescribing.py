"""Runs in words: one line of a list, one badge for the state."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lims.lab.enums import Identification
from lims.lab.models import Run
from lims.web.describing import Badge
from lims.web.jobs import job_badge
from lims.web.methodwords import method_words


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run in a list."""

    row: Run
    href: str
    answer: str
    taxon: str
    state: Badge
    method: str


def method_name(method: str) -> str:
    """A method in words."""
    return str(method_words(method))


def run_row(run: Run) -> RunRow:
    """A run in words; its outcomes must be loaded."""
    outcomes = list(run.outcomes.all())
    answer, taxon = "", ""
    if len(outcomes) == 1:
        answer = str(outcomes[0].get_identification_display())
        if outcomes[0].identification == Identification.EXCLUDED and outcomes[0].name:
            answer = _("Not the declared species, found:")
        taxon = outcomes[0].name
    elif outcomes:
        answer = ngettext("%(n)s answer", "%(n)s answers", len(outcomes)) % {"n": len(outcomes)}
    return RunRow(
        row=run,
        href=reverse("web:run", args=[run.reference]),
        answer=answer,
        taxon=taxon,
        state=job_badge(run),
        method=method_name(run.method),
    )
