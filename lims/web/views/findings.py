"""Findings and, apart from them, opinions: from an outcome of a run, or structured from another source."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chain_of_custody.models import Item
from lims.casework.models import Case
from lims.casework.services.files import item_file_store
from lims.common.errors import RuleViolation
from lims.lab.enums import FindingKind, FindingSource, Identification, LegalScheme
from lims.lab.models import Finding, RunOutcome
from lims.lab.selectors.caselaw import outcome_rulings
from lims.lab.selectors.pages import components_of, examinable_items
from lims.lab.selectors.work import finding_get, outcome_get, run_get
from lims.lab.services.findings import FindingFacts, finding_record
from lims.web.access import PageRequest, page_for
from lims.web.casefile import case_page
from lims.web.describing import item_text, short_reference
from lims.web.fields import LongField, code_choices, with_empty
from lims.web.formpage import FormPage, form_page
from lims.web.forms import PageForm, submit
from lims.web.labfile import about_case, opened
from lims.web.parts import Crumb

_NAMED = frozenset(("species", "species_group", "genus", "family"))


class FindingForm(PageForm):
    """What was found, in words and as names."""

    kind = forms.ChoiceField(
        label=gettext_lazy("This is"), choices=FindingKind.choices, widget=forms.RadioSelect, initial="finding"
    )
    identification = forms.ChoiceField(
        label=gettext_lazy("Outcome"), choices=with_empty(Identification.choices), required=False
    )
    text = LongField(label=gettext_lazy("In words"), max_length=8000, widget=forms.Textarea(attrs={"rows": 5}))
    name_found = forms.CharField(label=gettext_lazy("Name as found"), max_length=160, required=False)
    name_cites = forms.CharField(label=gettext_lazy("CITES name"), max_length=160, required=False)
    name_national = forms.CharField(label=gettext_lazy("Name in national law"), max_length=160, required=False)
    origin_country = forms.ChoiceField(
        label=gettext_lazy("Country of origin, where established"),
        choices=code_choices("country"),
        required=False,
        help_text=gettext_lazy("Not the alleged one. Listings that are split by population depend on it."),
    )
    basis = LongField(
        label=gettext_lazy("Basis"),
        max_length=8000,
        required=False,
        help_text=gettext_lazy("Needed for an opinion: what it rests on."),
    )
    component = forms.ChoiceField(label=gettext_lazy("Component"), required=False)

    def offer_components(self, components: dict[str, Any]) -> None:
        """Let the finding name a component, where the item has any."""
        if not components:
            del self.fields["component"]
            return
        words = [(key, f"{one.label} {one.description}") for key, one in components.items()]
        self.fields["component"].choices = with_empty(words, _("the whole"))  # type: ignore[attr-defined]

    def facts(self, source: str, provider: str = "") -> FindingFacts:
        """What the form says."""
        data = self.cleaned_data
        return FindingFacts(
            text=data["text"],
            kind=data["kind"],
            source=source,
            identification=data["identification"],
            name_found=data["name_found"],
            name_cites=data["name_cites"],
            name_national=data["name_national"],
            origin_country=data["origin_country"],
            basis=data["basis"],
            provider=provider,
        )


_LAYOUT = (
    (gettext_lazy("What was found"), ("kind", "identification", "text", "basis", "component")),
    (gettext_lazy("Names"), ("name_found", "name_cites", "name_national", "origin_country")),
)


@page_for("finding.write")
def finding_from_run(request: PageRequest, reference: str, number: int) -> HttpResponse:
    """Record a finding that rests on one outcome of a run."""
    run = run_get(actor=request.actor, key=reference)
    outcome = outcome_get(actor=request.actor, run=run, number=number)
    gate = opened(request, run.case, kind="run", subject=run.uuid, reference=run.reference)
    if gate is not None:
        return gate
    item = run.item
    if item is None:
        raise RuleViolation(_("%(run)s is about no item; a finding is about one.") % {"run": run.reference})
    form = FindingForm(request.POST or None, initial=_from_outcome(outcome) | _names_in_law(outcome))
    components = {str(one.uuid): one for one in components_of([item])}
    form.offer_components(components)
    back = f"{reverse('web:run', args=[run.reference])}?outcome={number}"

    def do() -> str:
        component = components.get(form.cleaned_data.get("component") or "") or run.component
        finding_record(
            actor=request.actor,
            case=run.case,
            item=item,
            facts=form.facts(FindingSource.RUN),
            component=component,
            outcome=outcome,
        )
        return back

    view = FormPage(
        title=_("Record a finding"),
        button=_("Record it"),
        cancel=back,
        eyebrow=f"{run.reference} · {outcome.subject}",
        note=_("A finding says no more than the result. What goes beyond is an opinion, with its basis."),
        layout=[(str(title), names) for title, names in _LAYOUT],
        icon="report",
        context=about_case(
            request, run.case, Crumb(label=run.reference, href=back), Crumb(label=_("Record a finding"))
        ),
    )
    return submit(request, form, do) or form_page(request, form, view)


def _from_outcome(outcome: RunOutcome) -> dict[str, Any]:
    return {
        "identification": outcome.identification,
        "text": str(outcome.summary.get("statement", "")),
        "name_found": outcome.name if outcome.identification in _NAMED else "",
    }


def _names_in_law(outcome: RunOutcome) -> dict[str, Any]:
    """The names of CITES and of the law, as the approved lists have them, to be checked by the analyst."""
    if outcome.identification not in _NAMED or not outcome.name:
        return {}
    found = outcome_rulings(outcome)
    return {
        "name_cites": next((one.name_in_list for one in found if one.scheme == LegalScheme.CITES), ""),
        "name_national": next((one.name_in_law for one in found if one.name_in_law), ""),
    }


class StructuredForm(FindingForm):
    """A finding that no run of ours made."""

    field_order = ("item", "source", "provider", "file")
    item = forms.ChoiceField(label=gettext_lazy("Item"))
    source = forms.ChoiceField(
        label=gettext_lazy("Where it comes from"),
        choices=[(key, label) for key, label in FindingSource.choices if key != FindingSource.RUN],
    )
    provider = forms.CharField(
        label=gettext_lazy("Other laboratory or program, with version"), max_length=200, required=False
    )
    file = forms.FileField(label=gettext_lazy("Its file"), required=False)


@case_page("finding.write")
def finding_new(request: PageRequest, case: Case) -> HttpResponse:
    """Record a finding from morphology, another laboratory or a desktop program."""
    items = {item.reference: item for item in examinable_items(actor=request.actor, case=case)}
    components = {str(one.uuid): one for one in components_of(items.values())}
    form = StructuredForm(request.POST or None, request.FILES or None, initial={"item": request.GET.get("item", "")})
    form.offer_components(components)
    words = [(key, f"{short_reference(item)} · {item_text(item)}") for key, item in items.items()]
    form.fields["item"].choices = with_empty(words)  # type: ignore[attr-defined]
    back = reverse("web:case_reports", args=[case.reference])

    def do() -> str:
        data = form.cleaned_data
        item = items[data["item"]]
        finding_record(
            actor=request.actor,
            case=case,
            item=item,
            facts=form.facts(data["source"], data["provider"]),
            component=components.get(data.get("component") or ""),
            file=_kept(request, item, data["file"]),
        )
        return back

    view = FormPage(
        title=_("Record a finding without a run"),
        button=_("Record it"),
        cancel=back,
        eyebrow=f"{case.reference} · {case.title}",
        note=_("Morphology, another laboratory's result, or a program on a desktop; with its file where there is one."),
        layout=(
            (_("Source"), ("item", "source", "provider", "file")),
            *[(str(title), names) for title, names in _LAYOUT],
        ),
        icon="report",
        context=about_case(request, case, Crumb(label=_("Record a finding without a run"))),
    )
    return submit(request, form, do) or form_page(request, form, view)


def _kept(request: PageRequest, item: Item, upload: Any) -> Any:
    if not upload:
        return None
    media_type = upload.content_type or "application/octet-stream"
    return item_file_store(
        actor=request.actor, item=item, source=upload.file, name=upload.name, media_type=media_type, role="finding"
    )


class CorrectionForm(FindingForm):
    """A finding that takes an earlier one's place."""

    reason = LongField(label=gettext_lazy("Why the earlier one is replaced"), max_length=500)


@page_for("finding.write")
def finding_replace(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Correct a finding: a new one that names the old; both stay in the record."""
    old = finding_get(actor=request.actor, uuid=uuid)
    gate = opened(request, old.case, kind="finding", subject=old.uuid, reference=old.item.reference)
    if gate is not None:
        return gate
    form = CorrectionForm(request.POST or None, initial=_from_finding(old))
    components = {str(one.uuid): one for one in components_of([old.item])}
    form.offer_components(components)
    back = reverse("web:case_reports", args=[old.case.reference])

    def do() -> str:
        finding_record(
            actor=request.actor,
            case=old.case,
            item=old.item,
            facts=form.facts(old.source, old.provider),
            component=components.get(form.cleaned_data.get("component") or ""),
            outcome=old.outcome,
            file=old.file,
            replaces=old,
            reason=form.cleaned_data["reason"],
        )
        return back

    view = FormPage(
        title=_("Correct a finding"),
        button=_("Record the correction"),
        cancel=back,
        eyebrow=old.item.reference,
        note=_(
            "The earlier finding stays in the record, marked as replaced. Drafts that use it must take the new one in."
        ),
        layout=((_("Reason"), ("reason",)), *[(str(title), names) for title, names in _LAYOUT]),
        icon="edit",
        context=about_case(request, old.case, Crumb(label=_("Correct a finding"))),
    )
    return submit(request, form, do) or form_page(request, form, view)


def _from_finding(old: Finding) -> dict[str, Any]:
    names = ("kind", "identification", "text", "basis", "name_found", "name_cites", "name_national", "origin_country")
    return {name: getattr(old, name) for name in names} | {
        "component": str(old.component.uuid) if old.component else ""
    }


urlpatterns = [
    path("runs/<str:reference>/outcomes/<int:number>/finding/", finding_from_run, name="finding_from_run"),
    path("cases/<str:reference>/findings/new/", finding_new, name="finding_new"),
    path("findings/<uuid:uuid>/replace/", finding_replace, name="finding_replace"),
]
