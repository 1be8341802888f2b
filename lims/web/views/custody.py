"""Hand-overs: what is offered to me and by me, offering, receiving item by item, refusing, withdrawing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET

from chain_of_custody.enums import CitesPurpose, CitesSource, Purpose
from chain_of_custody.models import HandOver, Item, Party
from chain_of_custody.services import Permit
from lims.accounts.actors import Actor
from lims.casework.models import Case
from lims.casework.selectors.cases import item_case
from lims.casework.selectors.exchanges import handover_list, sides
from lims.casework.selectors.listing import case_item_search, items_by_reference
from lims.casework.selectors.stores import receiver_list
from lims.casework.services.custody import custody_reassign, handover_offer
from lims.common.errors import BadInput
from lims.web.access import PageRequest, page_for
from lims.web.casefile import case_context, case_page
from lims.web.describing import item_text, with_amount
from lims.web.fields import LongField, MomentField, PartyField, code_choices, with_empty
from lims.web.formpage import FormPage, form_page
from lims.web.forms import PageForm, page, submit
from lims.web.navigation import Waiting, counts
from lims.web.newperson import NewPersonForm
from lims.web.parts import Crumb, Fact


@counts("handover_list")
def offered_to(actor: Actor) -> Waiting:
    """Hand-overs that wait for the actor: somebody else waits because of them."""
    if not actor.may_somewhere("custody.act"):
        return Waiting(number=0)
    return Waiting(number=handover_list(actor=actor, side="to").count(), hot=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLine:
    """A hand-over in a list."""

    row: HandOver
    href: str
    title: str


@page_for("custody.act")
@require_GET
def handovers(request: PageRequest) -> HttpResponse:
    """What is offered to me, what did I offer?"""
    to_me = [offer_line(row, to_me=True) for row in handover_list(actor=request.actor, side="to")]
    by_me = [offer_line(row, to_me=False) for row in handover_list(actor=request.actor, side="by")]
    settled = [
        *handover_list(actor=request.actor, side="to", waiting=False)[:10],
        *handover_list(actor=request.actor, side="by", waiting=False)[:10],
    ]
    settled.sort(key=lambda row: row.settled_at or row.offered_at, reverse=True)
    mine = sides(request.actor)
    context = {
        "to_me": to_me,
        "by_me": by_me,
        "settled": [offer_line(row, to_me=row.receiver_id in mine) for row in settled[:12]],
        "facts": _list_facts(to_me, by_me),
    }
    return page(request, "web/casework/handovers.html", context)


def offer_line(row: HandOver, *, to_me: bool) -> OfferLine:
    """A hand-over with its number of items; of a row from `handover_list`."""
    number = row.number if hasattr(row, "number") else 0
    other = row.giver.name if to_me else row.receiver.name
    if to_me:
        title = ngettext("%(n)s item from %(name)s", "%(n)s items from %(name)s", number)
    else:
        title = ngettext("%(n)s item to %(name)s", "%(n)s items to %(name)s", number)
    return OfferLine(row=row, href=reverse("web:handover", args=[row.uuid]), title=title % {"n": number, "name": other})


def _list_facts(to_me: Sequence[OfferLine], by_me: Sequence[OfferLine]) -> list[Fact]:
    oldest = min((line.row.offered_at for line in to_me), default=None)
    return [
        Fact(
            label=_("Offered to you"),
            value=ngettext("%(n)s hand-over", "%(n)s hand-overs", len(to_me)) % {"n": len(to_me)}
            if to_me
            else _("nothing"),
            detail=_("oldest since %(time)s") % {"time": date_format(timezone.localtime(oldest), "j M Y H:i")}
            if oldest
            else "",
            tone="warn" if to_me else "",
            lead=True,
        ),
        Fact(
            label=_("Offered by you"),
            value=ngettext("%(n)s hand-over", "%(n)s hand-overs", len(by_me)) % {"n": len(by_me)}
            if by_me
            else _("nothing"),
            detail=_("you hold the items until they are received") if by_me else "",
        ),
    ]


class OfferForm(NewPersonForm):
    """Who receives, why, how; a permit when it crosses a border."""

    field_of = {
        "permit": "permit_number",
        "permit.number": "permit_number",
        "permit.country": "permit_country",
        "permit.purpose": "permit_purpose",
        "permit.source": "permit_source",
        "kind": "party_kind",
    }
    to = PartyField(label=gettext_lazy("To"), required=False)
    name = forms.CharField(label=gettext_lazy("Or a new person without account"), max_length=200, required=False)
    purpose = forms.ChoiceField(label=gettext_lazy("Purpose"), choices=Purpose.choices)
    note = forms.CharField(label=gettext_lazy("Note"), max_length=300, required=False)
    transport = forms.CharField(label=gettext_lazy("Transport"), max_length=200, required=False)
    happened_at = MomentField(label=gettext_lazy("When"), required=False, help_text=gettext_lazy("Now, when empty."))
    crosses_border = forms.BooleanField(label=gettext_lazy("It crosses a border"), required=False)
    permit_number = forms.CharField(label=gettext_lazy("CITES permit number"), max_length=60, required=False)
    permit_country = forms.ChoiceField(label=gettext_lazy("Issued in"), choices=code_choices("country"), required=False)
    permit_purpose = forms.ChoiceField(
        label=gettext_lazy("Purpose code"), choices=with_empty(CitesPurpose.choices), required=False
    )
    permit_source = forms.ChoiceField(
        label=gettext_lazy("Source code"), choices=with_empty(CitesSource.choices), required=False
    )

    def clean(self) -> dict[str, Any]:
        """Somebody receives it."""
        data = super().clean() or {}
        if not data.get("to") and not data.get("name"):
            self.add_error("to", _("Choose who receives, or name a new person."))
        return data

    def permit(self) -> Permit | None:
        """The permit, when one is given."""
        data = self.cleaned_data
        if not data["permit_number"]:
            return None
        return Permit(
            number=data["permit_number"],
            country=data["permit_country"],
            purpose=data["permit_purpose"],
            source=data["permit_source"],
        )

    def receiver(self, actor: Actor) -> Party:
        """The receiver: chosen, or a new party without account."""
        party: Party | None = self.cleaned_data["to"]
        return party or self.person_create(actor)


_OFFER_LAYOUT = (
    ("", ("to", "purpose", "note", "transport", "happened_at")),
    (
        gettext_lazy("Somebody without an account"),
        ("name", "party_kind", "document_kind", "document_number"),
    ),
    (
        gettext_lazy("Across a border"),
        ("crosses_border", "permit_number", "permit_country", "permit_purpose", "permit_source"),
    ),
)


@page_for("custody.act")
def handover_new(request: PageRequest) -> HttpResponse:
    """Offer items named in the address; the actor stays custodian until the other side has received them."""
    references = [text for value in request.GET.getlist("item") for text in value.replace(",", " ").split()]
    items = items_by_reference(actor=request.actor, references=references)
    form = OfferForm(request.POST or None)
    form.fields["to"].offer(receiver_list(actor=request.actor))  # type: ignore[attr-defined]
    if done := submit(request, form, lambda: _offered(request.actor, form, items)):
        return done
    case = _common_case(items)
    cancel = reverse("web:item", args=[items[0].reference]) if len(items) == 1 else reverse("web:handover_list")
    number = len(items)
    view = FormPage(
        title=ngettext("Hand over %(n)s item", "Hand over %(n)s items", number) % {"n": number},
        button=ngettext("Offer %(n)s item", "Offer %(n)s items", number) % {"n": number},
        cancel=cancel,
        note=", ".join(f"{item.reference} {item_text(item)}" for item in items[:6]) + (" …" if number > 6 else ""),
        layout=[(str(title), names) for title, names in _OFFER_LAYOUT],
        icon="handover",
        warning="" if items else _("No item is named. Open an item and hand it over from there, or scan several."),
        context=case_context(request, case, Crumb(label=_("Hand over"))),
    )
    return form_page(request, form, view)


def _offered(actor: Actor, form: OfferForm, items: Sequence[Item]) -> str:
    data = form.cleaned_data
    row = handover_offer(
        actor=actor,
        items=items,
        to=form.receiver(actor),
        purpose=data["purpose"],
        note=data["note"],
        transport=data["transport"],
        permit=form.permit(),
        crosses_border=data["crosses_border"],
        happened_at=data["happened_at"],
    )
    return reverse("web:handover", args=[row.uuid])


def _common_case(items: Sequence[Item]) -> Case | None:
    cases = {case.pk: case for item in items if (case := item_case(item)) is not None}
    return next(iter(cases.values())) if len(cases) == 1 else None


class ReassignForm(PageForm):
    """Ordered reassignment after an inventory by two persons."""

    field_of = {"items": "item"}
    item = forms.MultipleChoiceField(
        label=gettext_lazy("Items found at the inventory"), widget=forms.CheckboxSelectMultiple
    )
    to = PartyField(label=gettext_lazy("Who holds them from now on"))
    inventory_by = PartyField(label=gettext_lazy("Second person at the inventory"))
    authority = LongField(label=gettext_lazy("The order: by whom, when, why"), max_length=500)
    happened_at = MomentField(label=gettext_lazy("When"), required=False, help_text=gettext_lazy("Now, when empty."))


@case_page("custody.reassign")
def case_reassign(request: PageRequest, case: Case) -> HttpResponse:
    """Give what somebody who has left still holds to somebody else, by order."""
    rows = case_item_search(actor=request.actor, case=case).exclude(custodian_id=request.actor.party_id)
    items = list(rows.filter(state__in=["held", "offered"], container__isnull=True)[:300])
    form = ReassignForm(request.POST or None)
    people = list(receiver_list(actor=request.actor))
    form.fields["to"].offer(people)  # type: ignore[attr-defined]
    form.fields["inventory_by"].offer([one for one in people if one.kind == "person"])  # type: ignore[attr-defined]
    form.fields["item"].choices = [  # type: ignore[attr-defined]
        (item.reference, f"{item.reference} {with_amount(item)} – {item.custodian.name}") for item in items
    ]

    def do() -> str:
        data = form.cleaned_data
        chosen = [item for item in items if item.reference in set(data["item"])]
        if not chosen:
            raise BadInput(_("Choose at least one item."), field="items")
        custody_reassign(
            actor=request.actor,
            items=chosen,
            to=data["to"],
            inventory_by=data["inventory_by"],
            authority=data["authority"],
            happened_at=data["happened_at"],
        )
        return reverse("web:case_custody", args=[case.reference])

    view = FormPage(
        title=_("Reassign what a departed person held"),
        button=_("Reassign the items"),
        cancel=reverse("web:case", args=[case.reference]),
        eyebrow=f"{case.reference} · {case.title}",
        note=_("You and a second person have taken the inventory; neither of you holds these items."),
        layout=(("", ("to", "inventory_by", "authority", "happened_at")), ("", ("item",))),
        context=case_context(request, case, Crumb(label=_("Reassign"))),
    )
    return submit(request, form, do) or form_page(request, form, view)


urlpatterns = [
    path("handovers/", handovers, name="handover_list"),
    path("handovers/new/", handover_new, name="handover_new"),
    path("cases/<str:reference>/reassign/", case_reassign, name="case_reassign"),
]
