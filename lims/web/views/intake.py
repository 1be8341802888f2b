"""Intake: closed containers tonight, items later; what differs between stated and found."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from chain_of_custody.enums import SealState
from chain_of_custody.models import Item, Party
from lims.accounts.actors import Actor
from lims.casework.enums import ContainerKind
from lims.casework.models import Case, Intake, Submission
from lims.casework.selectors.cases import discrepancy_list, seizure_list
from lims.casework.selectors.counter import intake_by_reference, submissions_announced
from lims.casework.selectors.stores import receiver_list
from lims.casework.services.intake import (
    ContainerFacts,
    Delivery,
    intake_complete,
    intake_itemise,
    intake_receive,
    photograph_attach,
)
from lims.common.errors import NotFound
from lims.documents.render import receipt_render
from lims.web.access import PageRequest, page_for
from lims.web.casefile import case_context, case_gate, case_page, seen
from lims.web.fields import CodeOrNothing, CountField, FilesField, MomentField, NumberField, PartyField
from lims.web.formpage import FormPage, form_page
from lims.web.forms import PageForm, page, submit
from lims.web.intakesheet import container_lines, intake_facts, receipt_data
from lims.web.newperson import NewPersonForm
from lims.web.parts import Crumb
from lims.web.rows import RowForm, RowsForm
from lims.web.uploads import pictures_store
from lims.web.views.casepages import difference_line
from lims.web.views.exhibits import ExhibitsForm


class ContainerRow(RowForm):
    """One closed container as stated and as found."""

    description = forms.CharField(label=gettext_lazy("What it is"), max_length=300)
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind of container"), choices=ContainerKind.choices, initial=ContainerKind.CRATE
    )
    seal_stated = CodeOrNothing(label=gettext_lazy("Seal stated"))
    seal_found = CodeOrNothing(label=gettext_lazy("Seal found"))
    seal_state = forms.ChoiceField(
        label=gettext_lazy("Seal as found"), choices=SealState.choices, initial=SealState.INTACT
    )
    weight_stated_kg = NumberField(label=gettext_lazy("Weight stated, kg"), required=False)
    weight_found_kg = NumberField(label=gettext_lazy("Weight found, kg"), required=False)
    pieces_stated = CountField(label=gettext_lazy("Pieces stated"), required=False, min_value=0)
    condition = forms.CharField(label=gettext_lazy("Condition"), max_length=300, required=False)
    code = CodeOrNothing(label=gettext_lazy("Code already on it"))


class IntakeForm(NewPersonForm, RowsForm):
    """A delivery: who brought it, what the papers say, the containers as found."""

    row_class = ContainerRow
    at_first = 2
    more = 3
    delivered_by = PartyField(label=gettext_lazy("Delivered by"), required=False)
    containers_stated = CountField(label=gettext_lazy("Containers stated in the papers"), min_value=0)
    waybill = forms.CharField(label=gettext_lazy("Waybill"), max_length=80, required=False)
    temperature = forms.CharField(label=gettext_lazy("Temperature on arrival"), max_length=40, required=False)
    received_at = MomentField(
        label=gettext_lazy("Received at"), required=False, help_text=gettext_lazy("Now, when empty.")
    )
    note = forms.CharField(label=gettext_lazy("Note"), max_length=500, required=False)

    def clean(self) -> dict[str, Any]:
        """Somebody brought it."""
        data = super().clean() or {}
        if not data.get("delivered_by") and not data.get("name"):
            self.add_error("delivered_by", _("Choose who delivers, or name a new person."))
        return data


@case_page("intake.receive")
def intake_new(request: PageRequest, case: Case) -> HttpResponse:
    """Receive closed containers: count, seals and weights as stated and as found."""
    announced = submissions_announced(actor=request.actor, case=case)
    submission = next((row for row in announced if row.reference == request.GET.get("form")), None)
    form = IntakeForm(
        request.POST or None,
        row_initials=announced_rows(submission),
        initial={"containers_stated": submission.lines.count() if submission else None},
    )
    form.fields["delivered_by"].offer(receiver_list(actor=request.actor))  # type: ignore[attr-defined]
    if done := submit(request, form, lambda: _received(request.actor, case, form, submission)):
        return done
    return form_page(request, form, _intake_view(request, case, announced, submission))


def _intake_view(
    request: PageRequest, case: Case, announced: list[Submission], submission: Submission | None
) -> FormPage:
    waiting = ", ".join(row.reference for row in announced)
    if submission:
        note = _("The rows come from the announcement %(form)s. Change what you find different.") % {
            "form": submission.reference
        }
    else:
        note = _("Write down what the papers state and what you find. Every difference opens a discrepancy.")
    warning = _("Announced and not yet received: %(forms)s.") % {"forms": waiting} if waiting and not submission else ""
    return FormPage(
        title=_("Receive evidence"),
        button=_("Receive the containers"),
        cancel=reverse("web:case", args=[case.reference]),
        eyebrow=f"{case.reference} · {case.title}",
        note=note,
        warning=warning,
        layout=(
            (_("Who brings it"), ("delivered_by", "name", "party_kind", "document_kind", "document_number")),
            (_("The delivery"), ("containers_stated", "waybill", "temperature", "received_at", "note")),
        ),
        rows_title=_("Closed containers as found"),
        icon="box",
        context=case_context(request, case, Crumb(label=_("Receive evidence"))),
    )


def announced_rows(submission: Submission | None) -> list[dict[str, Any]]:
    """Rows from an announcement: description, seal, pieces and the code on the label."""
    if submission is None:
        return []
    return [
        {
            "description": line.description,
            "kind": ContainerKind.BAG,
            "seal_stated": line.seal_number,
            "seal_found": line.seal_number,
            "pieces_stated": line.pieces,
            "code": next((label.code for label in line.labels.all() if label.state == "reserved"), ""),
        }
        for line in submission.lines.all()
    ]


def _received(actor: Actor, case: Case, form: IntakeForm, submission: Submission | None) -> str:
    data = form.cleaned_data
    giver: Party = data["delivered_by"] or form.person_create(actor)
    row = intake_receive(
        actor=actor,
        case=case,
        delivery=Delivery(
            delivered_by=giver,
            containers_stated=data["containers_stated"],
            waybill=data["waybill"],
            temperature=data["temperature"],
            note=data["note"],
            received_at=data["received_at"],
        ),
        containers=[_container(one) for one in form.values()],
        submission=submission,
    )
    return reverse("web:intake", args=[row.reference])


def _container(data: dict[str, Any]) -> ContainerFacts:
    names = [name for name in ContainerFacts.__dataclass_fields__ if name in data]
    facts = {name: data[name] for name in names}
    return ContainerFacts(**(facts | {"code": data["code"].replace(" ", "").upper()}))


def _opened(request: PageRequest, reference: str) -> tuple[Intake, HttpResponse | None]:
    row = intake_by_reference(actor=request.actor, reference=reference)
    gate = case_gate(request, row.case)
    if gate is None:
        seen(request, row.case, kind="intake", subject=row)
    return row, gate


@page_for("case.read")
@require_GET
def intake(request: PageRequest, reference: str) -> HttpResponse:
    """Stated against found; what differs; what waits to be itemised."""
    row, gate = _opened(request, reference)
    if gate is not None:
        return gate
    actor = request.actor
    found = [one for one in discrepancy_list(actor=actor, case=row.case) if one.intake_id == row.pk]
    context = case_context(request, row.case, Crumb(label=row.reference)) | {
        "intake": row,
        "facts": intake_facts(row, found),
        "lines": container_lines(actor, row),
        "differences": [difference_line(actor, one) for one in found],
        "photographs": list(row.photographs.all()),
        "can_upload": actor.may_somewhere("file.upload"),
        "can_complete": row.state != "complete" and actor.may_somewhere("item.register"),
    }
    return page(request, "web/casework/intake.html", context)


@page_for("item.register")
def itemise(request: PageRequest, reference: str, container: str) -> HttpResponse:
    """Register what is in one opened container."""
    row, gate = _opened(request, reference)
    if gate is not None:
        return gate
    box = _box(row, container)
    form = ExhibitsForm(request.POST or None, seizures=list(seizure_list(actor=request.actor, case=row.case)))

    def do() -> str:
        intake_itemise(
            actor=request.actor,
            intake=row,
            container=box,
            exhibits=form.facts(),
            seizure=form.seizure_chosen(),
        )
        return _home(row)

    title = _("Itemise %(box)s") % {"box": box.reference}
    view = FormPage(
        title=title,
        button=_("Register the exhibits"),
        cancel=_home(row),
        eyebrow=f"{row.reference} · {row.case.title}",
        note=_("Each exhibit lies in this container. Pieces stated and found that differ open a discrepancy."),
        rows_title=_("Exhibits found inside"),
        icon="plus",
        context=case_context(request, row.case, Crumb(label=row.reference, href=_home(row)), Crumb(label=title)),
    )
    return submit(request, form, do) or form_page(request, form, view)


def _box(row: Intake, reference: str) -> Item:
    for line in row.containers.all():
        if line.item.reference == reference.upper():
            return line.item
    raise NotFound(_("This container is not part of %(intake)s.") % {"intake": row.reference})


class CompleteForm(PageForm):
    """Nothing to fill in."""


@page_for("item.register")
def complete(request: PageRequest, reference: str) -> HttpResponse:
    """Declare the itemising finished."""
    row, gate = _opened(request, reference)
    if gate is not None:
        return gate
    form = CompleteForm(request.POST or None)

    def do() -> str:
        intake_complete(actor=request.actor, intake=row)
        return _home(row)

    view = FormPage(
        title=_("Finish %(intake)s") % {"intake": row.reference},
        button=_("Finish the itemising"),
        cancel=_home(row),
        note=_("Open discrepancies may remain; each must have been countersigned by a second person."),
        context=case_context(request, row.case, Crumb(label=row.reference, href=_home(row))),
    )
    return submit(request, form, do) or form_page(request, form, view)


class PhotographsForm(PageForm):
    """Photographs to hand in."""

    photographs = FilesField(
        label=gettext_lazy("Photographs"), help_text=gettext_lazy("JPEG, PNG or WebP; several at once.")
    )
    caption = forms.CharField(label=gettext_lazy("What they show"), max_length=200, required=False)


@page_for("file.upload")
def photographs(request: PageRequest, reference: str) -> HttpResponse:
    """Hand in photographs of a delivery; they go to the evidence store as they are."""
    row, gate = _opened(request, reference)
    if gate is not None:
        return gate
    form = PhotographsForm(request.POST or None, request.FILES or None)
    stored: list[Any] = []

    def before() -> None:
        uploads = form.cleaned_data["photographs"]
        stored.extend(pictures_store(actor=request.actor, case=row.case, uploads=uploads, field="photographs"))

    def do() -> str:
        for file in stored:
            photograph_attach(
                actor=request.actor, case=row.case, file=file, intake=row, caption=form.cleaned_data["caption"]
            )
        return _home(row)

    view = FormPage(
        title=_("Add photographs to %(intake)s") % {"intake": row.reference},
        button=_("Store the photographs"),
        cancel=_home(row),
        icon="camera",
        note=_("A stored photograph cannot be changed or deleted."),
        context=case_context(request, row.case, Crumb(label=row.reference, href=_home(row))),
    )
    return submit(request, form, do, before=before) or form_page(request, form, view)


@page_for("case.read")
@require_GET
def receipt(request: PageRequest, reference: str) -> HttpResponse:
    """The receipt for the driver, as PDF."""
    row, gate = _opened(request, reference)
    if gate is not None:
        return gate
    found = [one for one in discrepancy_list(actor=request.actor, case=row.case) if one.intake_id == row.pk]
    response = HttpResponse(receipt_render(receipt_data(row, found)), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{row.reference}.pdf"'
    return response


def _home(row: Intake) -> str:
    return reverse("web:intake", args=[row.reference])


urlpatterns = [
    path("cases/<str:reference>/intake/", intake_new, name="intake_new"),
    path("intakes/<str:reference>/", intake, name="intake"),
    path("intakes/<str:reference>/receipt.pdf", receipt, name="intake_receipt"),
    path("intakes/<str:reference>/photographs/", photographs, name="intake_photographs"),
    path("intakes/<str:reference>/complete/", complete, name="intake_complete"),
    path("intakes/<str:reference>/itemise/<str:container>/", itemise, name="itemise"),
]
