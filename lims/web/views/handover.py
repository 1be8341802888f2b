"""One hand-over: what the receiver should see in front of them, item by item; PIN; refuse, withdraw.

A party without an account signs on this screen: the identity document is checked against the record and the signed form
is photographed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from chain_of_custody.enums import SealState
from chain_of_custody.models import HandOver, HandOverLine, Item, StoredFile
from chain_of_custody.services import Receipt
from lims.accounts.actors import Actor
from lims.accounts.selectors import user_of_actor
from lims.accounts.services import pin_check
from lims.casework.models import Case
from lims.casework.selectors.exchanges import handover_cases, handover_get, sides
from lims.casework.services.custody import handover_receive, handover_refuse, handover_withdraw
from lims.common.errors import BadInput
from lims.web.access import PageRequest, page_for
from lims.web.casefile import seen
from lims.web.describing import Badge, with_amount
from lims.web.fields import LongField
from lims.web.formpage import FormPage, form_page
from lims.web.forms import PageForm, page, submit
from lims.web.parts import Fact
from lims.web.uploads import form_store


class LineForm(PageForm):
    """One item as the receiver finds it."""

    keyed = False
    use_required_attribute = False
    here = forms.BooleanField(label=gettext_lazy("I see it"), required=False)
    seal_found = forms.ChoiceField(label=gettext_lazy("Seal as you find it"), choices=SealState.choices, required=False)
    condition = forms.CharField(label=gettext_lazy("Condition"), max_length=300, required=False)


class ReceiveForm(PageForm):
    """The receiver's half: PIN on a shared tablet, or the signed form of somebody without an account."""

    pin = forms.CharField(
        label=gettext_lazy("Your PIN"),
        max_length=8,
        required=False,
        help_text=gettext_lazy("Confirms it is you on a shared tablet."),
        widget=forms.PasswordInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    signed_form = forms.FileField(
        label=gettext_lazy("The signed form (picture or PDF)"),
        required=False,
        help_text=gettext_lazy("Photograph the form that they have signed in front of you."),
    )

    def __init__(self, *args: Any, lines: Sequence[HandOverLine], signs: bool, pin: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not pin:
            del self.fields["pin"]
        if not signs:
            del self.fields["signed_form"]
        data = (self.data, self.files) if self.is_bound else (None, None)
        self.lines = [(line, LineForm(*data, prefix=f"line{line.pk}")) for line in lines]
        for line, form in self.lines:
            if line.seal_released_id is None:
                del form.fields["seal_found"]

    def is_valid(self) -> bool:
        """The form and each line."""
        return all([super().is_valid(), *(form.is_valid() for _line, form in self.lines)])

    def receipts(self) -> list[Receipt]:
        """The items ticked, as found."""
        return [
            Receipt(
                item=line.item,
                seal_found=form.cleaned_data.get("seal_found", ""),
                condition=form.cleaned_data["condition"],
            )
            for line, form in self.lines
            if form.cleaned_data["here"]
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedItem:
    """One item of a hand-over as the page prints it."""

    line: HandOverLine
    href: str
    text: str
    icon: str
    state: str
    word: str
    badge: Badge
    form: LineForm | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What the person can do with the hand-over."""

    receives: bool
    withdraws: bool
    signs: bool


@page_for()
def handover(request: PageRequest, uuid: UUID) -> HttpResponse:
    """What should be in front of me; who holds it until then?"""
    row = handover_get(actor=request.actor, uuid=uuid)
    for case in handover_cases(row):
        seen(request, case, kind="hand_over", subject=row)
    part = part_of(request.actor, row)
    open_lines = [line for line in row.lines.all() if line.state == "offered" and line.carried_in_id is None]
    user = user_of_actor(actor=request.actor)
    form = ReceiveForm(
        request.POST or None,
        request.FILES or None,
        lines=open_lines,
        signs=part.signs,
        pin=bool(user.pin_hash) and not part.signs,
    )
    files: list[StoredFile] = []

    def before() -> None:
        _pin_checked(request.actor, form)
        files.extend(_signed(request.actor, row, form))

    def do() -> str:
        receipts = form.receipts()
        if not receipts:
            raise BadInput(_("Tick or scan each item that is in front of you."), code="required")
        handover_receive(actor=request.actor, handover=row, receipts=receipts, signature=files[0] if files else None)
        return reverse("web:handover", args=[row.uuid])

    if part.receives and (done := submit(request, form, do, before=before)):
        return done
    context = _context(row, part, form, open_lines) | {"user_has_pin": bool(user.pin_hash), "actor": request.actor}
    return page(request, "web/casework/handover.html", context, form=form)


def part_of(actor: Actor, row: HandOver) -> Part:
    """Receive and refuse are the receiver's half, withdraw is the giver's; whoever has no account signs on screen."""
    mine = sides(actor)
    waits = row.state == "open"
    staff = actor.may_somewhere("custody.act")
    signs = not row.receiver.signs_in and row.receiver_id not in mine
    receives = waits and (row.receiver_id in mine or (signs and staff))
    gives = row.giver_id in mine or (not row.giver.signs_in and staff)
    return Part(receives=receives, withdraws=waits and gives, signs=signs)


def _pin_checked(actor: Actor, form: ReceiveForm) -> None:
    if "pin" not in form.fields:
        return
    if not pin_check(user=user_of_actor(actor=actor), pin=form.cleaned_data["pin"]):
        raise BadInput(_("The PIN is not yours. Type it again."), code="wrong-pin", field="pin")


def _signed(actor: Actor, row: HandOver, form: ReceiveForm) -> list[StoredFile]:
    if "signed_form" not in form.fields:
        return []
    upload = form.cleaned_data["signed_form"]
    if not upload:
        raise BadInput(
            _("%(name)s has no account. Photograph the form they signed.") % {"name": row.receiver.name},
            code="required",
            field="signed_form",
        )
    cases: list[Case] = handover_cases(row)
    if not cases:
        raise BadInput(_("A signed form belongs to items of a case."), field="signed_form")
    return [form_store(actor=actor, case=cases[0], upload=upload, field="signed_form")]


def _context(row: HandOver, part: Part, form: ReceiveForm, lines: Sequence[HandOverLine]) -> dict[str, Any]:
    forms_by_line = {line.pk: one for line, one in form.lines} if part.receives else {}
    return {
        "handover": row,
        "part": part,
        "form": form,
        "items": [_handed(line, forms_by_line.get(line.pk)) for line in row.lines.all()],
        "open_number": len(lines),
        "facts": _facts(row, len(lines)),
        "title": _title(row, part, len(lines)),
        "synthetic": any(case.synthetic for case in handover_cases(row)),
    }


def _title(row: HandOver, part: Part, number: int) -> str:
    values = {"n": number, "giver": row.giver.name, "receiver": row.receiver.name}
    if part.receives and not part.signs:
        words = ngettext("Receive %(n)s item from %(giver)s", "Receive %(n)s items from %(giver)s", number)
        return words % values
    if row.state == "open":
        words = ngettext("%(n)s item waits for %(receiver)s", "%(n)s items wait for %(receiver)s", number)
        return words % values
    return _("Hand-over from %(giver)s to %(receiver)s") % values


def _facts(row: HandOver, waiting: int) -> list[Fact]:
    offered = _("offered %(time)s") % {"time": date_format(timezone.localtime(row.offered_at), "j M Y H:i")}
    if row.state == "open":
        lead = Fact(
            label=_("To check"),
            value=ngettext("%(n)s item", "%(n)s items", waiting) % {"n": waiting},
            detail=_("scan or tick each item"),
            tone="warn",
            lead=True,
        )
        holder = Fact(label=_("Custodian now"), value=row.giver.name, detail=_("until it is received"))
    else:
        settled = date_format(timezone.localtime(row.settled_at or row.offered_at), "j M Y H:i")
        lead = Fact(label=_("State"), value=str(row.get_state_display()), detail=settled, lead=True)
        holder = Fact(label=_("Released by"), value=row.giver.name)
    permit = f"{row.permit_number} {row.permit_country}".strip()
    purpose = Fact(label=_("Purpose"), value=str(row.get_purpose_display()), detail=row.transport or offered)
    facts = [lead, holder, purpose]
    return [*facts, Fact(label=_("Permit"), value=permit)] if permit else facts


_ICONS = {
    "offered": ("open", "wait"),
    "received": ("ok", "ok"),
    "refused": ("bad", "bad"),
    "withdrawn": ("undo", "wait"),
}


def _handed(line: HandOverLine, form: LineForm | None) -> HandedItem:
    icon, state = _ICONS[line.state]
    return HandedItem(
        line=line,
        href=reverse("web:item", args=[line.item.reference]),
        text=with_amount(line.item),
        icon=icon,
        state=state,
        word=str(line.get_state_display()),
        badge=_line_seal(line),
        form=form,
    )


def _line_seal(line: HandOverLine) -> Badge:
    if line.carried_in is not None:
        return Badge(kind="idle", text=_("inside %(box)s") % {"box": line.carried_in.reference})
    if line.seal_released is None:
        return Badge(kind="idle", text=_("no seal"))
    number = line.seal_released.number
    if not line.seal_found:
        return Badge(kind="sealed", text=number)
    text = f"{number} {str(line.get_seal_found_display()).lower()}"
    return Badge(kind="sealed" if line.seal_found.startswith("intact") else "bad", text=text)


class RefuseForm(PageForm):
    """Which items are refused, and why."""

    item = forms.MultipleChoiceField(label=gettext_lazy("Items refused"), widget=forms.CheckboxSelectMultiple)
    reason = LongField(label=gettext_lazy("Reason"), max_length=500)
    signed_form = forms.FileField(label=gettext_lazy("The signed form (picture or PDF)"), required=False)


@page_for()
def refuse(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Refuse items with a reason; they stay with the giver."""
    row = handover_get(actor=request.actor, uuid=uuid)
    part = part_of(request.actor, row)
    items = _open_items(row)
    form = RefuseForm(request.POST or None, request.FILES or None, initial={"item": [item.reference for item in items]})
    form.fields["item"].choices = [  # type: ignore[attr-defined]
        (item.reference, f"{item.reference} {with_amount(item)}") for item in items
    ]
    if not part.signs:
        del form.fields["signed_form"]
    files: list[StoredFile] = []

    def before() -> None:
        if part.signs and form.cleaned_data.get("signed_form"):
            cases = handover_cases(row)
            upload = form.cleaned_data["signed_form"]
            files.append(form_store(actor=request.actor, case=cases[0], upload=upload, field="signed_form"))

    def do() -> str:
        data = form.cleaned_data
        chosen = [item for item in items if item.reference in set(data["item"])]
        handover_refuse(
            actor=request.actor,
            handover=row,
            items=chosen,
            reason=data["reason"],
            signature=files[0] if files else None,
        )
        return reverse("web:handover", args=[row.uuid])

    view = FormPage(
        title=_("Refuse items from %(name)s") % {"name": row.giver.name},
        button=_("Refuse the items"),
        cancel=reverse("web:handover", args=[row.uuid]),
        note=_("They stay with %(name)s. The reason is recorded.") % {"name": row.giver.name},
        danger=True,
        bench=True,
    )
    return submit(request, form, do, before=before) or form_page(request, form, view)


class WithdrawForm(PageForm):
    """Why an offer is taken back."""

    reason = LongField(label=gettext_lazy("Reason"), max_length=500)


@page_for()
def withdraw(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Take back what has not been received yet."""
    row = handover_get(actor=request.actor, uuid=uuid)
    form = WithdrawForm(request.POST or None)

    def do() -> str:
        handover_withdraw(actor=request.actor, handover=row, reason=form.cleaned_data["reason"])
        return reverse("web:handover", args=[row.uuid])

    view = FormPage(
        title=_("Withdraw the offer to %(name)s") % {"name": row.receiver.name},
        button=_("Withdraw the offer"),
        cancel=reverse("web:handover", args=[row.uuid]),
        bench=True,
    )
    return submit(request, form, do) or form_page(request, form, view)


def _open_items(row: HandOver) -> list[Item]:
    return [line.item for line in row.lines.all() if line.state == "offered" and line.carried_in_id is None]


urlpatterns = [
    path("handovers/<uuid:uuid>/", handover, name="handover"),
    path("handovers/<uuid:uuid>/refuse/", refuse, name="handover_refuse"),
    path("handovers/<uuid:uuid>/withdraw/", withdraw, name="handover_withdraw"),
]
