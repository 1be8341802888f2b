"""Sequences that runs are screened against: those of a batch's controls, and those of staff who agreed."""

from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from lims.common.errors import NotFound
from lims.lab.models import Batch, BatchControl
from lims.lab.selectors.screens import staff_get, staff_list
from lims.lab.selectors.work import batch_get, control_get
from lims.lab.services.screens import control_sequence_add, staff_sequence_add, staff_sequence_withdraw
from lims.web.access import PageRequest, page_for
from lims.web.formpage import FormPage, form_page
from lims.web.forms import KeyForm, PageForm, page, press, submit
from lims.web.parts import Crumb, Fact


class ControlSequenceForm(PageForm):
    """The trace or sequence of a control."""

    file = forms.FileField(
        label=gettext_lazy("Trace (ab1) or sequences (FASTA, FASTQ)"),
        help_text=gettext_lazy(
            "One file; forward and reverse one after the other. A blank without a readable sequence is kept as that."
        ),
    )


class StaffForm(PageForm):
    """A sequence of somebody who agreed."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=40,
        help_text=gettext_lazy("Not the name. Who it is stands on your own list."),
    )
    agreed_on = forms.DateField(
        label=gettext_lazy("Agreed in writing on"), widget=forms.DateInput(attrs={"type": "date"})
    )
    file = forms.FileField(label=gettext_lazy("Trace (ab1) or sequences (FASTA, FASTQ)"))


@page_for("batch.work")
def control_sequence(request: PageRequest, reference: str, pk: int) -> HttpResponse:
    """Hand in the sequence of a control, to screen samples against."""
    batch = batch_get(actor=request.actor, key=reference)
    control = control_get(actor=request.actor, batch=batch, pk=pk)
    form = ControlSequenceForm(request.POST or None, request.FILES or None)
    back = reverse("web:batch", args=[batch.reference])

    def do() -> str:
        sent = form.cleaned_data["file"]
        control_sequence_add(actor=request.actor, control=control, name=sent.name, source=sent.file)
        return back

    return submit(request, form, do) or form_page(request, form, _control_page(batch, control, back))


def _control_page(batch: Batch, control: BatchControl, back: str) -> FormPage:
    return FormPage(
        title=_("Sequence of a control"),
        eyebrow=f"{batch.reference} · {control.get_kind_display()} {control.position}",
        button=_("Keep it"),
        cancel=back,
        note=_("Samples of this batch are screened against it: alike with a blank is a failed check."),
        crumbs=[
            Crumb(label=_("Batches"), href=reverse("web:batch_list")),
            Crumb(label=batch.reference, href=back),
            Crumb(label=_("Sequence of a control")),
        ],
    )


@page_for("quality.manage")
def staff(request: PageRequest) -> HttpResponse:
    """Against whose sequences is every run screened?"""
    form = StaffForm(request.POST or None, request.FILES or None)
    here = reverse("web:staff_sequences")

    def do() -> str:
        data = form.cleaned_data
        staff_sequence_add(
            actor=request.actor,
            code=data["code"],
            agreed_on=data["agreed_on"],
            name=data["file"].name,
            source=data["file"].file,
        )
        return here

    if done := submit(request, form, do):
        return done
    rows = list(staff_list(actor=request.actor))
    held = sum(one.ended_at is None for one in rows)
    context = {
        "rows": rows,
        "again": KeyForm(),
        "form": form,
        "facts": [
            Fact(label=_("Sequences in use"), value=str(held) if held else _("none"), lead=True),
            Fact(label=_("Withdrawn"), value=str(len(rows) - held)),
        ],
        "crumbs": [
            Crumb(label=_("Batches"), href=reverse("web:batch_list")),
            Crumb(label=_("Sequences of the staff")),
        ],
    }
    return page(request, "web/lab/staff_sequences.html", context, form=form)


@page_for("quality.manage")
@require_POST
def staff_withdraw(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Erase the bases of a staff sequence."""
    row = staff_get(actor=request.actor, uuid=uuid)
    if row is None:
        raise NotFound(_("There is no such sequence."), code="not-found", found=str(uuid))

    def do() -> str:
        staff_sequence_withdraw(actor=request.actor, sequence=row)
        return reverse("web:staff_sequences")

    return press(request, do)


urlpatterns = [
    path("batches/<str:reference>/controls/<int:pk>/sequence/", control_sequence, name="control_sequence"),
    path("staff-sequences/", staff, name="staff_sequences"),
    path("staff-sequences/<uuid:uuid>/withdraw/", staff_withdraw, name="staff_sequence_withdraw"),
]
