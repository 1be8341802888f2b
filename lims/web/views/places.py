"""Boxes and freezers: places that hold evidence, the laboratory's own boxes, one box as a grid."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from lims.accounts.actors import Actor
from lims.casework.enums import ContainerKind, LocationKind
from lims.casework.models import Location
from lims.casework.selectors.labels import label_of_party
from lims.casework.selectors.listing import contents, item_rows
from lims.casework.selectors.stores import (
    box_get,
    box_list,
    own_party,
    place_get,
    place_items,
    place_list,
    place_parties,
)
from lims.casework.services.places import container_create, location_create
from lims.casework.services.scans import scan_add, scan_session_open
from lims.web.access import PageRequest, page_for
from lims.web.describing import item_line
from lims.web.fields import CountField, PartyField
from lims.web.formpage import FormPage, form_page
from lims.web.forms import PageForm, page, submit
from lims.web.listing import ListRequest
from lims.web.parts import Crumb, Fact
from lims.web.scanpage import grid_of


@page_for("custody.act")
@require_GET
def boxes(request: PageRequest) -> HttpResponse:
    """Which places hold what; which boxes there are."""
    context = {
        "places": list(place_list(actor=request.actor)),
        "boxes": list(box_list(actor=request.actor)[:300]),
        "can_manage": request.actor.may("location.manage"),
        "can_register": request.actor.may("item.register"),
    }
    return page(request, "web/bench/boxes.html", context)


@page_for("custody.act")
@require_GET
def place(request: PageRequest, uuid: UUID) -> HttpResponse:
    """What one place holds: boxes, and items that lie there by themselves."""
    row = place_get(actor=request.actor, uuid=uuid)
    ask = ListRequest.of(request, columns=())
    items = ask.listing(item_rows(place_items(actor=request.actor, place=row)).order_by("reference"))
    label = label_of_party(party=row.party)
    context = {
        "place": row,
        "boxes": list(box_list(actor=request.actor, place=row)),
        "items": items,
        "lines": [item_line(one, depth=2) for one in items],
        "facts": _place_facts(row),
        "code": label.code if label else "",
        "crumbs": [Crumb(label=_("Boxes and freezers"), href=reverse("web:box_list")), Crumb(label=row.party.name)],
    }
    return page(request, "web/bench/place.html", context)


def _place_facts(row: Location) -> list[Fact]:
    held: int = getattr(row, "held", 0)
    return [
        Fact(label=_("Holds"), value=ngettext("%(n)s item", "%(n)s items", held) % {"n": held}, lead=True),
        Fact(label=_("Kind"), value=str(row.get_kind_display())),
        Fact(
            label=_("Access"),
            value=_("locked") if row.secured else _("not locked"),
            tone="" if row.secured else "warn",
        ),
    ]


@page_for("custody.act")
@require_GET
def box(request: PageRequest, reference: str) -> HttpResponse:
    """One box: its positions, what lies where."""
    row = box_get(actor=request.actor, reference=reference)
    inside = [item_line(one, depth=2) for one in contents(box=row.item)]
    grid = grid_of(row, []) if row.rows else None
    facts = [
        Fact(
            label=_("Next position") if grid else _("Inside"),
            value=(grid.next or _("none free")) if grid else str(len(inside)),
            lead=True,
        ),
        Fact(label=_("Held by"), value=row.item.custodian.name),
    ]
    if grid:
        facts.append(
            Fact(label=_("Box"), value=_("%(full)s of %(all)s full") % {"full": grid.full, "all": grid.places})
        )
    context = {
        "box": row,
        "grid": grid,
        "lines": inside,
        "facts": facts,
        "can_scan": request.actor.may("scan.session"),
        "crumbs": [Crumb(label=_("Boxes and freezers"), href=reverse("web:box_list")), Crumb(label=reference)],
    }
    return page(request, "web/bench/box.html", context)


@page_for("scan.session")
@require_POST
def box_scan(request: PageRequest, reference: str) -> HttpResponse:
    """Begin to scan into a box."""
    row = box_get(actor=request.actor, reference=reference)
    session = scan_session_open(actor=request.actor)
    scan_add(actor=request.actor, session=session, text=row.item.scan_code or row.item.reference)
    return redirect("web:scan_session")


class PlaceForm(PageForm):
    """A place that can hold evidence."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=LocationKind.choices)
    parent = forms.ChoiceField(label=gettext_lazy("Inside"), required=False)
    secured = forms.BooleanField(label=gettext_lazy("Access is locked and logged"), required=False, initial=True)


@page_for("location.manage")
def place_new(request: PageRequest) -> HttpResponse:
    """Register a place; it gets a scan code of its own."""
    form = PlaceForm(request.POST or None)
    parents = {str(row.party.uuid): row for row in place_list(actor=request.actor)}
    form.fields["parent"].choices = [  # type: ignore[attr-defined]
        ("", "–"),
        *((key, row.party.name) for key, row in parents.items()),
    ]

    def do() -> str:
        data = form.cleaned_data
        row = location_create(
            actor=request.actor,
            name=data["name"],
            kind=data["kind"],
            parent=parents.get(data["parent"]),
            secured=data["secured"],
        )
        return reverse("web:place", args=[row.party.uuid])

    view = FormPage(title=_("Add a place"), button=_("Add the place"), cancel=reverse("web:box_list"))
    return submit(request, form, do) or form_page(request, form, view)


class BoxForm(PageForm):
    """A box, plate or tray of the laboratory."""

    description = forms.CharField(label=gettext_lazy("What it is"), max_length=300)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=ContainerKind.choices, initial=ContainerKind.BOX)
    place = PartyField(label=gettext_lazy("Where it stands"), required=False)
    rows = CountField(label=gettext_lazy("Rows"), initial=9, min_value=0, max_value=26)
    columns = CountField(label=gettext_lazy("Columns"), initial=9, min_value=0, max_value=48)


@page_for("item.register")
def box_new(request: PageRequest) -> HttpResponse:
    """Register one of the laboratory's own boxes."""
    form = BoxForm(request.POST or None)
    form.fields["place"].offer(place_parties(actor=request.actor), empty=_("In my hands"))  # type: ignore[attr-defined]
    if done := submit(request, form, lambda: _box_made(request.actor, form.cleaned_data)):
        return done
    view = FormPage(
        title=_("Add a box"),
        button=_("Add the box"),
        cancel=reverse("web:box_list"),
        note=_("0 rows and columns: a box without positions."),
    )
    return form_page(request, form, view)


def _box_made(actor: Actor, data: dict[str, Any]) -> str:
    row = container_create(
        actor=actor,
        kind=data["kind"],
        description=data["description"],
        held_by=data["place"] or own_party(actor=actor),
        rows=data["rows"],
        columns=data["columns"],
    )
    return reverse("web:box", args=[row.item.reference])


urlpatterns = [
    path("places/", boxes, name="box_list"),
    path("places/new/", place_new, name="place_new"),
    path("places/<uuid:uuid>/", place, name="place"),
    path("bench/box/new/", box_new, name="box_new"),
    path("bench/box/<str:reference>/", box, name="box"),
    path("bench/box/<str:reference>/scan/", box_scan, name="box_scan"),
]
