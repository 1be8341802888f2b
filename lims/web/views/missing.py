"""Which species a set of reference sequences lacks: of a list of the law or of one's own; as CSV, as a search."""

import csv
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analysis.species.missing import Held
from lims.common.errors import BadInput
from lims.lab.enums import JobState, ReferenceState
from lims.lab.models import ReferenceSet
from lims.lab.selectors.fetches import fetching_problem
from lims.lab.selectors.law import law_get, law_list
from lims.lab.selectors.missing import Wanted, reference_loci, species_given, species_missing, species_of_law
from lims.lab.selectors.work import reference_get
from lims.lab.services.fetches import search_ask
from lims.web.access import PageRequest, page_for
from lims.web.fields import LongField
from lims.web.forms import PageForm, page, submit
from lims.web.parts import Fact
from lims.web.views.curation import set_crumbs, set_places

MOST_SHOWN = 500
LARGEST_LIST = 1 << 20


class MissingForm(PageForm):
    """Whose species are looked for, and at which locus."""

    law = forms.ChoiceField(label=gettext_lazy("Species of this list of the law"), required=False)
    within = forms.CharField(
        label=gettext_lazy("Only this class, order, family or genus"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("For example Felidae. Empty: the whole list."),
    )
    species = LongField(
        label=gettext_lazy("Or species of your own, one a line"), required=False, max_length=LARGEST_LIST
    )
    locus = forms.ChoiceField(label=gettext_lazy("Locus"), required=False)

    def __init__(self, data: Any, *, laws: list[tuple[str, str]], loci: list[str]) -> None:
        super().__init__(data)
        self.fields["law"].choices = [("", "–"), *laws]  # type: ignore[attr-defined]
        self.fields["locus"].choices = [("", _("each of the set's")), *((one, one) for one in loci)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """One list, not both and not none."""
        data = super().clean() or {}
        if bool(data.get("law")) == bool(data.get("species", "").strip()):
            self.add_error("species", _("Choose a list of the law or give species of your own: one of the two."))
        return data


@page_for("run.read")
def reference_missing(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Which species of a list have no record here, and which accessions could fill the gap?"""
    row = reference_get(actor=request.actor, uuid=uuid)
    laws = law_list(actor=request.actor, standing=ReferenceState.APPROVED).filter(state=JobState.DONE)
    form = MissingForm(
        request.POST or None,
        laws=[(str(one.uuid), str(one)) for one in laws],
        loci=reference_loci(actor=request.actor, reference=row),
    )
    context: dict[str, Any] = {
        "row": row,
        "form": form,
        "asked": False,
        "offline": fetching_problem(),
        "can_search": request.actor.may("reference.manage") and not fetching_problem(),
        "tabs": set_places(row, "reference_missing"),
        "facts": [],
        "crumbs": set_crumbs(row, _("Missing")),
    }
    valid = request.method == "POST" and form.is_valid()
    if valid and (done := _answered(request, row, form, context)) is not None:
        return done
    return page(request, "web/lab/reference_missing.html", context, form=form)


def _answered(
    request: PageRequest, row: ReferenceSet, form: MissingForm, context: dict[str, Any]
) -> HttpResponse | None:
    """What is missing, into the page, as a file, or as a search; None where the page shows it or the refusal."""
    data = form.cleaned_data
    try:
        wanted = _wanted(request, data)
        missing = species_missing(actor=request.actor, reference=row, wanted=wanted, locus=data["locus"])
    except BadInput as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return None
    act = request.POST.get("act")
    if act == "csv":
        return _table(row, missing)

    def do() -> str:
        name = _("%(set)s: what is missing") % {"set": row}
        pairs = [(one.species, one.locus) for one in missing]
        made = search_ask(actor=request.actor, name=name[:120], wanted=pairs)
        return reverse("web:record_fetch", args=[made.uuid])

    if act == "search":
        return submit(request, form, do)
    context |= {
        "asked": True,
        "missing": missing[:MOST_SHOWN],
        "more": max(0, len(missing) - MOST_SHOWN),
        "higher": wanted.higher,
        "facts": [
            Fact(label=_("Species on the list"), value=str(len(wanted.species)), lead=True),
            Fact(
                label=_("Without a record"),
                value=str(len({one.species for one in missing})),
                tone="warn" if missing else "ok",
            ),
        ],
    }
    return None


def _wanted(request: PageRequest, data: dict[str, Any]) -> Wanted:
    if data["law"]:
        law = law_get(actor=request.actor, uuid=UUID(data["law"]))
        return species_of_law(actor=request.actor, law=law, within=data["within"])
    return species_given(data["species"])


def _table(row: ReferenceSet, missing: list[Held]) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="missing-{row.uuid.hex[:8]}.csv"'
    writer = csv.writer(response, lineterminator="\n")
    writer.writerow(("species", "locus"))
    writer.writerows((one.species, one.locus) for one in missing)
    return response


urlpatterns = [path("references/<uuid:uuid>/missing/", reference_missing, name="reference_missing")]
