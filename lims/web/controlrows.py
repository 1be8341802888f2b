"""Controls of a batch as its page prints them: how they came out, what is known of their sequences."""

from dataclasses import dataclass

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lims.accounts.actors import Actor
from lims.lab.enums import ControlOutcome
from lims.lab.models import Batch, BatchControl
from lims.lab.rules.screens import NEGATIVE
from lims.web.forms import PageForm

_STATES = {"pending": "wait", "passed": "ok", "failed": "bad"}


class ControlForm(PageForm):
    """How a control came out."""

    note = forms.CharField(
        label=gettext_lazy("What was seen"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Needed when it failed."),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRow:
    """A control as the page prints it."""

    row: BatchControl
    label: str
    state: str
    word: str
    detail: str
    form: ControlForm | None
    href: str
    sequences: str
    sequence_href: str


def control_row(one: BatchControl, actor: Actor, batch: Batch, wrong: ControlForm | None) -> ControlRow:
    """A control in words, with the form to read it where that is still to be done."""
    may_read = one.outcome == ControlOutcome.PENDING and actor.may("batch.work")
    detail = [_("expected: %(words)s") % {"words": one.expectation}] if one.expectation else []
    if one.note:
        detail.append(one.note)
    if one.read_by and one.read_at:
        detail.append(f"{one.read_by.name}, {date_format(timezone.localtime(one.read_at), 'j M H:i')}")
    form = wrong if wrong is not None and wrong.prefix == f"c{one.pk}" else ControlForm(prefix=f"c{one.pk}")
    return ControlRow(
        row=one,
        label=f"{one.get_kind_display()} {one.position}".strip(),
        state=_STATES[one.outcome],
        word=str(one.get_outcome_display()),
        detail=" · ".join(detail),
        form=form if may_read else None,
        href=reverse("web:control_read", args=[batch.reference, one.pk]),
        sequences=_sequences(one),
        sequence_href=reverse("web:control_sequence", args=[batch.reference, one.pk])
        if actor.may("batch.work")
        else "",
    )


def _sequences(one: BatchControl) -> str:
    """What is known of the control's own sequences, for screening samples against them."""
    kept = list(one.sequences.all())
    if not kept:
        return _("no sequence handed in")
    readable = sum(bool(row.bases) for row in kept)
    words = _("%(readable)s of %(all)s sequences readable") % {"readable": readable, "all": len(kept)}
    if readable and one.kind in NEGATIVE:
        return _("%(words)s: a blank should give none") % {"words": words}
    return words
