"""Seizures: recorded, corrected, and as the case page prints them."""

from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chain_of_custody.models import Party
from lims.casework.codelists import code_label
from lims.casework.models import Case, Seizure
from lims.casework.selectors.cases import seizure_list
from lims.casework.selectors.laboratory import laboratory_kept
from lims.casework.selectors.stores import agency_list
from lims.casework.services.seizures import SeizureFacts, seizure_correct, seizure_record
from lims.common.errors import NotFound
from lims.web.access import PageRequest
from lims.web.casefile import case_context, case_page
from lims.web.fields import (
    CountField,
    MomentField,
    NumberField,
    PartyField,
    code_choices,
    decimal_text,
    in_zone,
    local_value,
)
from lims.web.formpage import FormPage, form_page
from lims.web.forms import PageForm, submit
from lims.web.parts import Crumb
from lims.web.writing import offset_text


class SeizureForm(PageForm):
    """Where, when, by whom, how, and what the papers allege."""

    place = forms.CharField(label=gettext_lazy("Place"), max_length=300)
    country = forms.ChoiceField(label=gettext_lazy("Country"), choices=code_choices("country"))
    latitude = NumberField(label=gettext_lazy("Latitude, degrees north"), required=False)
    longitude = NumberField(label=gettext_lazy("Longitude, degrees east"), required=False)
    uncertainty_m = CountField(label=gettext_lazy("Uncertainty of the place, m"), required=False, min_value=0)
    seized_at = MomentField(label=gettext_lazy("When"))
    zone = forms.ChoiceField(label=gettext_lazy("Time zone there"))
    agency = PartyField(label=gettext_lazy("Seized by"))
    operation = forms.CharField(label=gettext_lazy("Operation"), max_length=120, required=False)
    seizure_reference = forms.CharField(label=gettext_lazy("Their seizure number"), max_length=80, required=False)
    reason = forms.ChoiceField(
        label=gettext_lazy("Reason for the seizure"), choices=code_choices("reason", empty=False)
    )
    transport = forms.ChoiceField(label=gettext_lazy("Transport"), choices=code_choices("transport", empty=False))
    concealment = forms.ChoiceField(label=gettext_lazy("Concealment"), choices=code_choices("concealment", empty=False))
    detection = forms.ChoiceField(label=gettext_lazy("Detected by"), choices=code_choices("detection", empty=False))
    alleged_origin = forms.ChoiceField(
        label=gettext_lazy("Alleged origin"), choices=code_choices("country"), required=False
    )
    alleged_transit = forms.CharField(
        label=gettext_lazy("Alleged transit"),
        required=False,
        max_length=80,
        help_text=gettext_lazy("Country codes in order, such as UG KE."),
    )
    alleged_destination = forms.ChoiceField(
        label=gettext_lazy("Alleged destination"), choices=code_choices("country"), required=False
    )
    documents = forms.CharField(label=gettext_lazy("Documents found"), max_length=300, required=False)

    def __init__(self, *args: Any, agencies: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agency"].offer(agencies)  # type: ignore[attr-defined]
        zones = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
        self.fields["zone"].choices = [("UTC", "UTC"), *((zone, zone) for zone in zones)]  # type: ignore[attr-defined]

    def facts(self) -> SeizureFacts:
        """What the service records."""
        data = {name: value for name, value in self.cleaned_data.items() if name in SeizureFacts.__dataclass_fields__}
        data["seized_at"] = in_zone(data["seized_at"], data["zone"])
        data["alleged_transit"] = tuple(data["alleged_transit"].upper().replace(",", " ").split())
        return SeizureFacts(**data)


class SeizureEditForm(SeizureForm):
    """A correction says why."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason_for_change = forms.CharField(label=gettext_lazy("Why it is corrected"), max_length=500)


def _layout() -> list[tuple[str, tuple[str, ...]]]:
    return [
        (_("Where"), ("place", "country", "latitude", "longitude", "uncertainty_m")),
        (_("When and by whom"), ("seized_at", "zone", "agency", "operation", "seizure_reference")),
        (_("How"), ("reason", "transport", "concealment", "detection")),
        (_("What the papers allege"), ("alleged_origin", "alleged_transit", "alleged_destination", "documents")),
        (_("Correction"), ("reason_for_change",)),
    ]


@case_page("seizure.record")
def seizure_new(request: PageRequest, case: Case) -> HttpResponse:
    """Record a seizure."""
    initial = {
        "zone": laboratory_kept().zone,
        "agency": str(case.agency.uuid),
        "reason": "other",
        "transport": "none",
        "concealment": "none",
        "detection": "other",
    }
    form = SeizureForm(request.POST or None, initial=initial, agencies=_agencies(request, case.agency))

    def do() -> str:
        seizure_record(actor=request.actor, case=case, facts=form.facts())
        return reverse("web:case", args=[case.reference])

    return submit(request, form, do) or _page(request, case, form, _("Record a seizure"), _("Record the seizure"))


@case_page("seizure.record")
def seizure_edit(request: PageRequest, case: Case, number: int) -> HttpResponse:
    """Correct a seizure; what stood there stays in the ledger."""
    row = seizure_list(actor=request.actor, case=case).filter(number=number).first()
    if row is None:
        raise NotFound(_("There is no such seizure."))
    form = SeizureEditForm(request.POST or None, initial=_initial(row), agencies=_agencies(request, row.agency))

    def do() -> str:
        data = form.cleaned_data
        seizure_correct(
            actor=request.actor,
            seizure=row,
            version=data["version"],
            facts=form.facts(),
            reason=data["reason_for_change"],
        )
        return reverse("web:case", args=[case.reference])

    title = _("Correct seizure %(number)s") % {"number": number}
    return submit(request, form, do) or _page(request, case, form, title, _("Save the correction"))


def _agencies(request: PageRequest, present: Party) -> list[Party]:
    found = list(agency_list(actor=request.actor))
    return found if present in found else [present, *found]


def _initial(row: Seizure) -> dict[str, Any]:
    kept = {name: getattr(row, name) for name in SeizureFacts.__dataclass_fields__}
    return kept | {
        "agency": str(row.agency.uuid),
        "latitude": decimal_text(row.latitude),
        "longitude": decimal_text(row.longitude),
        "seized_at": local_value(row.seized_at, row.zone),
        "alleged_transit": " ".join(row.alleged_transit),
        "version": row.version,
    }


def _page(request: PageRequest, case: Case, form: SeizureForm, title: str, button: str) -> HttpResponse:
    view = FormPage(
        title=title,
        button=button,
        cancel=reverse("web:case", args=[case.reference]),
        layout=_layout(),
        eyebrow=f"{case.reference} · {case.title}",
        context=case_context(request, case, Crumb(label=title)),
    )
    return form_page(request, form, view)


def seizure_lines(row: Seizure) -> list[tuple[str, Any]]:
    """A seizure as names and values; empty ones left out."""
    local = row.seized_at.astimezone(ZoneInfo(row.zone))
    route = " → ".join(
        code for code in (row.alleged_origin or _("unknown"), *row.alleged_transit, row.alleged_destination) if code
    )
    lines: list[tuple[str, Any]] = [
        (_("Place"), _place(row)),
        (_("When"), f"{date_format(local, 'j M Y H:i')} ({offset_text(local)})"),
        (_("Seized by"), row.agency.name),
        (_("Operation"), row.operation),
        (_("Their number"), row.seizure_reference),
        (_("Reason"), code_label("reason", row.reason)),
        (_("Transport"), code_label("transport", row.transport)),
        (_("Concealment"), code_label("concealment", row.concealment)),
        (_("Detected by"), code_label("detection", row.detection)),
        (_("Alleged route"), route if row.alleged_origin or row.alleged_transit or row.alleged_destination else ""),
        (_("Documents"), row.documents),
    ]
    return [(name, value) for name, value in lines if value]


def _place(row: Seizure) -> Any:
    where = f"{row.place}, {code_label('country', row.country)}"
    if row.latitude is None or row.longitude is None:
        return where
    return format_html(
        '{}<br><span class="code small" translate="no">{}, {}</span> ± {} m',
        where,
        f"{row.latitude:.4f}",
        f"{row.longitude:.4f}",
        row.uncertainty_m,
    )


urlpatterns = [
    path("cases/<str:reference>/seizures/new/", seizure_new, name="seizure_new"),
    path("cases/<str:reference>/seizures/<int:number>/", seizure_edit, name="seizure_edit"),
]
