"""Two runs side by side: what went in, what came out, and what differs."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from lims.lab.enums import JobState
from lims.lab.models import Run
from lims.lab.rules.comparing import Comparison, Section
from lims.lab.selectors.comparing import runs_comparable, runs_compare
from lims.lab.selectors.work import run_get
from lims.web.access import PageRequest, page_for
from lims.web.forms import PageForm, page
from lims.web.labfile import about_case, opened
from lims.web.parts import Crumb, Fact
from lims.web.rundescribing import method_name, run_row

_TITLES = {
    Section.ANSWERS: gettext_lazy("Answers"),
    Section.HOW: gettext_lazy("Method, reference and settings"),
    Section.FILES: gettext_lazy("Files read"),
    Section.NUMBERS: gettext_lazy("Numbers"),
    Section.RESULTS: gettext_lazy("Result files"),
}


class OtherForm(PageForm):
    """The run to compare with."""

    keyed = False
    other = forms.ChoiceField(label=gettext_lazy("Compare with"))


@page_for("run.read")
@require_GET
def run_compare(request: PageRequest, reference: str) -> HttpResponse:
    """Do these two runs say the same, and if not, why?"""
    run = run_get(actor=request.actor, key=reference)
    gate = opened(request, run.case, kind="run", subject=run.uuid, reference=run.reference)
    if gate is not None:
        return gate
    others = list(runs_comparable(actor=request.actor, run=run)[:50])
    asked = request.GET.get("other", "") or _likely(run, others)
    form = OtherForm({"other": asked} if asked else None)
    form.fields["other"].choices = [  # type: ignore[attr-defined]
        (one.reference, f"{one.reference} · {_answer(one)}") for one in others
    ]
    context: dict[str, Any] = about_case(
        request,
        run.case,
        Crumb(label=run.reference, href=reverse("web:run", args=[run.reference])),
        Crumb(label=_("Compare")),
    )
    context |= {"run": run, "method_name": method_name(run.method), "form": form if others else None}
    if asked and form.is_valid() and run.state == JobState.DONE:
        second = run_get(actor=request.actor, key=asked)
        found = runs_compare(run, second)
        context |= {
            "second": second,
            "facts": _facts(found, run, second),
            "sections": [(title, found.of(section)) for section, title in _TITLES.items() if found.of(section)],
        }
    return page(request, "web/lab/run_compare.html", context, form=form)


def _likely(run: Run, others: list[Run]) -> str:
    """What it repeats, else its latest repetition, else the newest other run of the item."""
    if run.rerun_of is not None:
        return run.rerun_of.reference
    repeated = next((one for one in others if one.rerun_of_id == run.pk), None)
    same = next((one for one in others if one.item_id == run.item_id), None)
    chosen = repeated or same or (others[0] if others else None)
    return chosen.reference if chosen else ""


def _answer(run: Run) -> str:
    row = run_row(run)
    return f"{row.answer} {row.taxon}".strip() or _("no answer")


def _facts(found: Comparison, first: Run, second: Run) -> list[Fact]:
    repeats = found.same_inputs
    return [
        Fact(
            label=_("Answers"),
            value=_("the same") if found.same_answers else _("different"),
            tone="" if found.same_answers else "bad",
            lead=True,
        ),
        Fact(
            label=_("Same files, method and settings"),
            value=_("yes") if repeats else _("no"),
            detail=_("so the bytes must be the same") if repeats else "",
        ),
        Fact(
            label=_("Bytes of the results"),
            value=_("the same") if found.same_results else _("different"),
            tone="bad" if repeats and not found.same_results else "",
        ),
        Fact(label=_("Lines that differ"), value=str(len(found.differing))),
    ]


urlpatterns = [
    path("runs/<str:reference>/compare/", run_compare, name="run_compare"),
]
