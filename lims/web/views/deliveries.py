"""Handing a pack over: a one-time code for somebody without an account, a USB stick with its signed receipt."""

from contextlib import ExitStack
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from lims.accounts.enums import AccessKind
from lims.accounts.services import access_record, named_party_create
from lims.common.errors import NotAllowed, NotFound
from lims.disclosure.models import Delivery, DisclosurePack
from lims.disclosure.selectors.pages import recipients
from lims.disclosure.selectors.requests import delivery_get, pack_get
from lims.disclosure.services.packs import (
    delivery_code_create,
    delivery_code_use,
    delivery_stick_check,
    delivery_stick_record,
)
from lims.web.access import PageRequest, page_for
from lims.web.fields import PartyField
from lims.web.formpage import FormPage, form_page
from lims.web.forms import PageForm, page, submit
from lims.web.labfile import about_case, opened
from lims.web.parts import Crumb, Fact
from lims.web.uploads import form_store
from lims.web.views.packs import stream_pack


class RecipientForm(PageForm):
    """Who receives the pack."""

    recipient = PartyField(label=gettext_lazy("Recipient"), required=False)
    new_name = forms.CharField(
        label=gettext_lazy("Or somebody new"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Name and office."),
    )

    def clean(self) -> dict[str, Any]:
        """One recipient, chosen or new."""
        data = super().clean() or {}
        if not data.get("recipient") and not data.get("new_name"):
            self.add_error("recipient", _("Choose who receives the pack, or name somebody new."))
        return data


class StickForm(RecipientForm):
    """A delivery on a stick, with the receipt."""

    digest = forms.CharField(
        label=gettext_lazy("SHA-256 of the copy on the stick"),
        max_length=80,
        help_text=gettext_lazy("Compute it from the stick, not from the download."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
    )
    receipt = forms.FileField(
        label=gettext_lazy("Signed receipt"),
        help_text=gettext_lazy("A photograph or PDF of the receipt, with the hash of the archive on it."),
    )


@page_for("pack.approve")
def code_page(request: PageRequest, reference: str) -> HttpResponse:
    """Make a one-time code; it is shown once, on the page that answers."""
    pack = pack_get(actor=request.actor, key=reference)
    gate = opened(request, pack.case, kind="pack", subject=pack.uuid, reference=pack.reference)
    if gate is not None:
        return gate
    form = RecipientForm(request.POST or None)
    form.fields["recipient"].offer(recipients(actor=request.actor), empty="–")  # type: ignore[attr-defined]
    made: list[tuple[Delivery, str]] = []

    def do() -> str:
        recipient = _recipient(request, form)
        made.append(delivery_code_create(actor=request.actor, pack=pack, recipient=recipient))
        return reverse("web:pack", args=[pack.reference])

    done = submit(request, form, do)
    if made:
        delivery, code = made[0]
        context = about_case(request, pack.case) | {
            "pack": pack,
            "delivery": delivery,
            "code": code,
            "address": request.build_absolute_uri(reverse("web:fetch", args=[delivery.uuid])),
            "crumbs": _steps(pack, _("One-time code")),
        }
        return page(request, "web/disclosure/code.html", context)
    if done is not None:
        return done
    view = FormPage(
        title=_("Deliver with a one-time code"),
        button=_("Make the code"),
        cancel=reverse("web:pack", args=[pack.reference]),
        eyebrow=pack.reference,
        note=_("For somebody without an account. The code is shown once, works once, and ends after seven days."),
        icon="key",
        context=about_case(request, pack.case) | {"crumbs": _steps(pack, _("One-time code"))},
    )
    return form_page(request, form, view)


def _recipient(request: PageRequest, form: RecipientForm) -> Any:
    data = form.cleaned_data
    return data["recipient"] or named_party_create(actor=request.actor, kind="person", name=data["new_name"])


def _steps(pack: DisclosurePack, last: str) -> list[Crumb]:
    return [
        Crumb(label=_("Disclosure packs"), href=reverse("web:pack_list")),
        Crumb(label=pack.reference, href=reverse("web:pack", args=[pack.reference])),
        Crumb(label=last),
    ]


@page_for("pack.approve")
def stick_page(request: PageRequest, reference: str) -> HttpResponse:
    """Record a delivery on a USB stick, with the signed receipt."""
    pack = pack_get(actor=request.actor, key=reference)
    gate = opened(request, pack.case, kind="pack", subject=pack.uuid, reference=pack.reference)
    if gate is not None:
        return gate
    form = StickForm(request.POST or None, request.FILES or None)
    form.fields["recipient"].offer(recipients(actor=request.actor), empty="–")  # type: ignore[attr-defined]

    def do() -> str:
        data = form.cleaned_data
        delivery_stick_check(actor=request.actor, pack=pack, digest=data["digest"])
        receipt = form_store(actor=request.actor, case=pack.case, upload=data["receipt"], field="receipt")
        delivery_stick_record(
            actor=request.actor,
            pack=pack,
            recipient=_recipient(request, form),
            receipt=receipt,
            digest=data["digest"],
        )
        return reverse("web:pack", args=[pack.reference])

    view = FormPage(
        title=_("Record a delivery on a USB stick"),
        button=_("Record the delivery"),
        cancel=reverse("web:pack", args=[pack.reference]),
        eyebrow=pack.reference,
        note=_("Copy the archive and its signature to the stick; the receipt carries the archive's SHA-256."),
        facts=[Fact(label="SHA-256", value=pack.file.digest if pack.file else "–")],
        icon="upload",
        context=about_case(request, pack.case) | {"crumbs": _steps(pack, _("USB stick"))},
    )
    return submit(request, form, do) or form_page(request, form, view)


class FetchForm(PageForm):
    """The one-time code."""

    keyed = False
    code = forms.CharField(
        label=gettext_lazy("One-time code"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
    )


@sensitive_post_parameters("code")
def fetch(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Fetch a pack with a one-time code; no account. Nothing says what is here before the code is right."""
    form = FetchForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            delivery = delivery_get(uuid=uuid)
            return stream_pack(ExitStack(), delivery_code_use(delivery=delivery, code=form.cleaned_data["code"]))
        except (NotFound, NotAllowed):
            access_record(
                kind=AccessKind.REFUSED,
                reason="one-time code",
                path=request.path,
                address=request.META.get("REMOTE_ADDR"),
            )
            form.add_error("code", _("This code is wrong, used or expired. Ask the laboratory for a new one."))
    return page(request, "web/disclosure/fetch.html", {"form": form}, form=form)


urlpatterns = [
    path("packs/<str:reference>/codes/", code_page, name="pack_code"),
    path("packs/<str:reference>/stick/", stick_page, name="pack_stick"),
    path("fetch/<uuid:uuid>/", fetch, name="fetch"),
]
