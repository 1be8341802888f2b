"""Forms of the acts on one item."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chain_of_custody.enums import DisposalMethod, SealState
from lims.casework.enums import LiveEventKind, SampleKind, SamplingRule, Unit
from lims.web.fields import (
    CodeOrNothing,
    CountField,
    FilesField,
    LongField,
    MomentField,
    NumberField,
    PartyField,
    code_choices,
    unit_field,
)
from lims.web.forms import CodeField, PageForm
from lims.web.rows import RowForm, RowsForm


def _when() -> MomentField:
    return MomentField(label=gettext_lazy("When"), required=False, help_text=gettext_lazy("Now, when empty."))


def _authority() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Authority"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Of the prosecutor or court, when this uses up the last of an exhibit."),
    )


class SampleForm(PageForm):
    """A sub-sample: what goes in, what is lost, what comes out."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind of sample"), choices=SampleKind.choices)
    amount = NumberField(label=gettext_lazy("Amount taken"))
    unit = unit_field()
    waste = NumberField(label=gettext_lazy("Lost on the way, same unit"), required=False)
    made = NumberField(
        label=gettext_lazy("What it gave"),
        required=False,
        help_text=gettext_lazy("Only when measured otherwise: 50 mg of powder give 80 µL of extract."),
    )
    made_unit = unit_field(required=False, initial=Unit.MICROLITRE)
    description = forms.CharField(label=gettext_lazy("Description"), max_length=300, required=False)
    method = forms.CharField(label=gettext_lazy("Method"), max_length=120, required=False)
    position_on_item = forms.CharField(label=gettext_lazy("Where on the item"), max_length=120, required=False)
    authority = _authority()
    happened_at = _when()


class ParentRow(RowForm):
    """One parent of a pool."""

    parent = CodeField(label=gettext_lazy("Item"), max_length=80)
    amount = NumberField(label=gettext_lazy("Amount taken"))
    unit = unit_field(initial=Unit.MICROLITRE)


class PoolForm(RowsForm):
    """Several parents, one sample."""

    row_class = ParentRow
    at_first = 4
    more = 4
    kind = forms.ChoiceField(label=gettext_lazy("Kind of sample"), choices=SampleKind.choices, initial=SampleKind.POOL)
    description = forms.CharField(label=gettext_lazy("Description"), max_length=300, required=False)
    method = forms.CharField(label=gettext_lazy("Method"), max_length=120, required=False)
    authority = _authority()


class ReweighForm(PageForm):
    """A new weighing."""

    field_of = {"amount": "value"}
    value = NumberField(label=gettext_lazy("Weighed now"))
    unit = unit_field()
    note = forms.CharField(label=gettext_lazy("Note"), max_length=300, required=False)
    happened_at = _when()


class UseForm(PageForm):
    """Something used up in an analysis."""

    amount = NumberField(label=gettext_lazy("Amount used"))
    unit = unit_field()
    note = forms.CharField(label=gettext_lazy("What for"), max_length=300)
    authority = _authority()
    happened_at = _when()


class SealForm(PageForm):
    """A seal to apply."""

    number = CodeField(label=gettext_lazy("Number of the new seal"), max_length=60)
    happened_at = _when()


class OpenForm(PageForm):
    """A seal to open."""

    found = forms.ChoiceField(
        label=gettext_lazy("Seal as you find it"), choices=SealState.choices, widget=forms.RadioSelect
    )
    condition = forms.CharField(label=gettext_lazy("Condition"), max_length=300, required=False)
    reason = forms.CharField(label=gettext_lazy("Reason for opening"), max_length=300)
    happened_at = _when()


class MoveForm(PageForm):
    """Where an item goes: a place, a box, or into the actor's own hands."""

    field_of = {"container": "box", "target": "to"}
    to = PartyField(label=gettext_lazy("Into this place"), required=False)
    box = CodeOrNothing(
        label=gettext_lazy("Or into this box or bag"), help_text=gettext_lazy("Scan it, or type its reference.")
    )
    position = CodeOrNothing(label=gettext_lazy("Position in the box"))
    take = forms.BooleanField(label=gettext_lazy("Or take it into my own hands"), required=False)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, required=False)
    happened_at = _when()

    def clean(self) -> dict[str, Any]:
        """One way only."""
        data = super().clean() or {}
        chosen = [bool(data.get("to")), bool(data.get("box")), bool(data.get("take"))]
        if sum(chosen) != 1:
            self.add_error(None, _("Choose one: a place, a box, or your own hands."))
        return data


class ReturnForm(PageForm):
    """An item given back for good."""

    to = PartyField(label=gettext_lazy("To"))
    authority = forms.CharField(label=gettext_lazy("On whose authority"), max_length=300)
    receipt = forms.CharField(
        label=gettext_lazy("Receipt"), max_length=300, help_text=gettext_lazy("Number and date of the signed receipt.")
    )
    happened_at = _when()


class DisposeForm(PageForm):
    """An item that leaves for good without going back to anyone."""

    method = forms.ChoiceField(label=gettext_lazy("How"), choices=DisposalMethod.choices)
    authority = forms.CharField(label=gettext_lazy("On whose authority"), max_length=300)
    witness = PartyField(label=gettext_lazy("Witness"), required=False)
    witness_name = forms.CharField(label=gettext_lazy("Or the name of the witness"), max_length=200, required=False)
    certificate = forms.FileField(label=gettext_lazy("Certificate (picture or PDF)"), required=False)
    happened_at = _when()


class EarlierForm(PageForm):
    """Custody before ours, as somebody states it."""

    holder = forms.CharField(label=gettext_lazy("Who held it"), max_length=200)
    statement = LongField(label=gettext_lazy("What is stated, and by whom"), max_length=500)
    since = MomentField(label=gettext_lazy("From"), required=False)
    until = MomentField(label=gettext_lazy("Until"), required=False)
    paper = forms.FileField(label=gettext_lazy("Paper form (picture or PDF)"), required=False)


class BackEnterForm(PageForm):
    """A transfer from a paper form filled in while the system was out of reach."""

    to = PartyField(label=gettext_lazy("Who received it"))
    happened_at = MomentField(label=gettext_lazy("When, as the form says"))
    reason = forms.CharField(label=gettext_lazy("Why it is entered now"), max_length=300)
    paper = forms.FileField(label=gettext_lazy("The paper form (picture or PDF)"))


class ComponentForm(PageForm):
    """One kind of thing in a mixed bag."""

    description = forms.CharField(label=gettext_lazy("What it is"), max_length=300)
    declared_taxon = forms.CharField(label=gettext_lazy("Declared as"), max_length=120, required=False)
    term = forms.ChoiceField(label=gettext_lazy("CITES term"), choices=code_choices("term"), required=False)
    pieces = CountField(label=gettext_lazy("Pieces"), required=False, min_value=0)


class LiveForm(PageForm):
    """What happened to live animals."""

    kind = forms.ChoiceField(label=gettext_lazy("What happened"), choices=LiveEventKind.choices)
    count = CountField(label=gettext_lazy("How many animals"), initial=1, min_value=1)
    mark = forms.CharField(label=gettext_lazy("Ring or chip"), max_length=80, required=False)
    note = LongField(label=gettext_lazy("Note"), max_length=500, required=False)
    happened_at = _when()


class SamplingForm(PageForm):
    """Which pieces of a lot are sampled."""

    rule = forms.ChoiceField(
        label=gettext_lazy("Rule"), choices=SamplingRule.choices, initial=SamplingRule.RANDOM, widget=forms.RadioSelect
    )
    count = CountField(label=gettext_lazy("How many pieces to draw"), required=False, min_value=1)
    seed = forms.CharField(
        label=gettext_lazy("Seed of the draw"),
        max_length=64,
        required=False,
        help_text=gettext_lazy("Drawn by chance when empty. With the seed anyone can repeat the draw."),
    )
    chosen = LongField(
        label=gettext_lazy("Pieces chosen by judgement"),
        required=False,
        help_text=gettext_lazy("Numbers, such as 003 017."),
    )
    statement = LongField(label=gettext_lazy("Why, and with which confidence"), max_length=500, required=False)


class CorrectForm(PageForm):
    """A correction of an exhibit's record."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    description = forms.CharField(label=gettext_lazy("What it is"), max_length=300)
    declared_taxon = forms.CharField(label=gettext_lazy("Declared as"), max_length=120, required=False)
    condition = forms.CharField(label=gettext_lazy("Condition"), max_length=300, required=False)
    pieces_found = CountField(label=gettext_lazy("Pieces found"), required=False, min_value=0)
    reason = forms.CharField(label=gettext_lazy("Why it is corrected"), max_length=500)


class PhotographForm(PageForm):
    """Photographs of an item."""

    photographs = FilesField(
        label=gettext_lazy("Photographs"), help_text=gettext_lazy("JPEG, PNG or WebP; several at once.")
    )
    caption = forms.CharField(label=gettext_lazy("What they show"), max_length=200, required=False)


class ReplaceLabelForm(PageForm):
    """A new scan code, because the label was lost, copied or damaged."""

    reason = forms.CharField(label=gettext_lazy("Why the present label becomes void"), max_length=200)
