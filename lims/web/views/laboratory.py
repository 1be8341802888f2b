"""The laboratory's own name, address, code and zone, for its administrator."""

from zoneinfo import available_timezones

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lims.casework.selectors.laboratory import laboratory_get
from lims.casework.services.laboratory import LaboratoryFacts, laboratory_change
from lims.web.access import PageRequest, page_for
from lims.web.fields import LongField
from lims.web.formpage import FormPage, form_page
from lims.web.forms import PageForm, submit
from lims.web.parts import Crumb


def _zones() -> list[tuple[str, str]]:
    return [(name, name) for name in sorted(available_timezones())]


class LaboratoryForm(PageForm):
    """Who this laboratory is."""

    name = forms.CharField(label=gettext_lazy("Name of the laboratory"), max_length=200)
    address = LongField(
        label=gettext_lazy("Address"),
        required=False,
        max_length=1000,
        help_text=gettext_lazy("As it stands on reports, line by line."),
    )
    accreditation = forms.CharField(
        label=gettext_lazy("Accreditation"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("As printed on reports, such as the body and the number."),
    )
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=8,
        help_text=gettext_lazy("The first letters of every case number. It stays once the first case has its number."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
    zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=_zones,
        help_text=gettext_lazy("Pages and documents show their times in it. The record keeps UTC."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


@page_for("settings.manage")
def laboratory(request: PageRequest) -> HttpResponse:
    """What are we called on pages, labels and reports, and which zone do we live in?"""
    now = laboratory_get()
    initial = {
        "name": now.name,
        "address": "\n".join(now.address),
        "accreditation": now.accreditation,
        "code": now.code,
        "zone": now.zone,
        "version": now.version,
    }
    form = LaboratoryForm(request.POST or None, initial=initial)

    def do() -> str:
        given = {name: form.cleaned_data[name] for name in ("name", "address", "accreditation", "code", "zone")}
        facts = LaboratoryFacts(**given)
        laboratory_change(actor=request.actor, version=form.cleaned_data["version"], facts=facts)
        return reverse("web:laboratory")

    view = FormPage(
        title=_("The laboratory"),
        button=_("Save the settings"),
        cancel=reverse("web:account_list"),
        layout=(
            (_("On pages and documents"), ("name", "address", "accreditation")),
            (_("Case numbers and times"), ("code", "zone")),
        ),
        note=_("What stood here before stays in the ledger. Pages show a change within half a minute."),
        icon="settings",
        crumbs=[Crumb(label=_("The laboratory"))],
    )
    return submit(request, form, do) or form_page(request, form, view)


urlpatterns = [path("laboratory/", laboratory, name="laboratory")]
