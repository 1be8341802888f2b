"""Who may use a restricted reference: grants given and ended, the restriction set or lifted."""

from uuid import UUID

from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _

from lims.accounts.actors import Actor
from lims.lab.models import ReferenceSet
from lims.lab.selectors.referenceaccess import grant_get, people_grantable, reference_grants
from lims.lab.selectors.work import reference_get
from lims.lab.services.referenceaccess import reference_grant, reference_grant_end, reference_restrict
from lims.web.access import PageRequest, page_for
from lims.web.formpage import FormPage, form_page
from lims.web.forms import page, submit
from lims.web.parts import Crumb, Fact
from lims.web.referenceforms import AccessForm, EndForm, GrantForm


def _crumbs(row: ReferenceSet, *more: Crumb) -> list[Crumb]:
    return [
        Crumb(label=_("Reference sets"), href=reverse("web:reference_list")),
        Crumb(label=str(row), href=reverse("web:reference", args=[row.uuid])),
        *more,
    ]


@page_for("quality.manage")
def access(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Who may use this set, and who reads exact coordinates?"""
    row = reference_get(actor=request.actor, uuid=uuid)
    act, here = request.POST.get("act", ""), reverse("web:reference_access", args=[row.uuid])
    state = {"restricted": row.restricted, "coarse_km": row.coarse_km}
    form = AccessForm((request.POST if act == "restrict" else None) or None, initial=state)
    grant_form = GrantForm((request.POST if act == "grant" else None) or None)
    grant_form.fields["party"].offer(people_grantable(actor=request.actor))  # type: ignore[attr-defined]  # a PartyField

    def restrict() -> str:
        data = form.cleaned_data
        km = data["coarse_km"] or 0
        reference_restrict(
            actor=request.actor, reference=row, restricted=data["restricted"], coarse_km=km, reason=data["reason"]
        )
        return here

    def grant() -> str:
        data = grant_form.cleaned_data
        reference_grant(
            actor=request.actor, reference=row, party=data["party"], right=data["right"], reason=data["reason"]
        )
        return here

    if done := submit(request, form, restrict) or submit(request, grant_form, grant):
        return done
    context = {
        "row": row,
        "grants": reference_grants(actor=request.actor, reference=row),
        "form": form,
        "grant_form": grant_form,
        "facts": _facts(request.actor, row),
        "synthetic": row.synthetic,
        "crumbs": _crumbs(row, Crumb(label=_("Access"))),
    }
    shown = grant_form if act == "grant" else form
    return page(request, "web/lab/reference_access.html", context, form=shown)


def _facts(actor: Actor, row: ReferenceSet) -> list[Fact]:
    held = [one for one in reference_grants(actor=actor, reference=row) if one.ended_at is None]
    exact = sum(one.right == "coordinates" for one in held)
    return [
        Fact(label=_("Grants that hold"), value=str(len(held)), lead=True),
        Fact(label=_("With exact coordinates"), value=str(exact)),
        Fact(label=_("Squares"), value=f"{row.coarse_km} km" if row.coarse_km else "–"),
    ]


@page_for("quality.manage")
def grant_end(request: PageRequest, uuid: UUID, pk: int) -> HttpResponse:
    """End a grant; it stays in the record."""
    row = reference_get(actor=request.actor, uuid=uuid)
    grant = grant_get(actor=request.actor, reference=row, pk=pk)
    form, back = EndForm(request.POST or None), reverse("web:reference_access", args=[row.uuid])

    def do() -> str:
        reference_grant_end(actor=request.actor, grant=grant, reason=form.cleaned_data["reason"])
        return back

    view = FormPage(
        title=_("End the grant of %(name)s") % {"name": grant.party.name},
        button=_("End the grant"),
        cancel=back,
        eyebrow=str(row),
        crumbs=_crumbs(row, Crumb(label=_("Access"), href=back), Crumb(label=_("End the grant"))),
    )
    return submit(request, form, do) or form_page(request, form, view)


urlpatterns = [
    path("references/<uuid:uuid>/access/", access, name="reference_access"),
    path("references/<uuid:uuid>/access/<int:pk>/end/", grant_end, name="reference_grant_end"),
]
