"""What a person is asked before a run of each method: files in their roles, a reference of its kind, settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chain_of_custody.models import StoredFile
from lims.lab.enums import ReferenceKind
from lims.lab.models import Batch, ReferenceSet
from lims.web.forms import PageForm
from lims.web.methodform import MethodForm, Words
from lims.web.moreforms import MORE_FORMS, MORE_ROLES

ROLES: Mapping[str, Words] = {
    "trace_forward": gettext_lazy("Trace, forward (.ab1)"),
    "trace_reverse": gettext_lazy("Trace, reverse (.ab1)"),
    "sequence": gettext_lazy("Sequence (FASTA or FASTQ)"),
    "screen": gettext_lazy("Sequences to screen against: batch, controls, staff (FASTA)"),
    "amplicons": gettext_lazy("Amplicon reads of a product (FASTQ, may be gzip)"),
    "blank": gettext_lazy("Amplicon reads of a blank (FASTQ)"),
    "positive": gettext_lazy("Amplicon reads of a positive control (FASTQ)"),
    "genotypes": gettext_lazy("Genotype table (CSV or TSV)"),
    **MORE_ROLES,
}


def _numeric(**kwargs: Any) -> forms.IntegerField:
    return forms.IntegerField(widget=forms.TextInput(attrs={"inputmode": "numeric"}), **kwargs)


def declared_field() -> forms.Field:
    """What the papers say a sample is."""
    return forms.CharField(
        label=gettext_lazy("Declared species"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("What the papers say. Whether that holds is an answer of its own."),
    )


def _label_field() -> forms.Field:
    return forms.CharField(
        label=gettext_lazy("Species on the label"),
        max_length=500,
        required=False,
        help_text=gettext_lazy("Parted by semicolons. Each is answered: found, not found, or not in the set."),
    )


def _expected_field() -> forms.Field:
    return forms.CharField(
        label=gettext_lazy("Species of the positive control"),
        max_length=500,
        required=False,
        help_text=gettext_lazy("Needed when a positive control is given; parted by semicolons."),
    )


METHOD_FORMS: Mapping[str, MethodForm] = {
    "species.identify": MethodForm(
        name=gettext_lazy("Species identification"),
        roles=("trace_forward", "trace_reverse", "sequence", "screen"),
        several=frozenset({"screen"}),
        kind=ReferenceKind.SPECIES,
        settings={"declared": declared_field},
    ),
    "species.product": MethodForm(
        name=gettext_lazy("What is in a product"),
        roles=("amplicons", "blank", "positive"),
        several=frozenset({"blank", "positive"}),
        kind=ReferenceKind.SPECIES,
        settings={
            "declared": _label_field,
            "expected": _expected_field,
            "least": lambda: _numeric(
                label=gettext_lazy("Fewest reads of a sequence"), initial=8, min_value=1, max_value=1_000_000
            ),
        },
    ),
    "origin.assign": MethodForm(
        name=gettext_lazy("Geographic origin"),
        roles=("genotypes",),
        kind=ReferenceKind.ORIGIN,
        settings={
            "id_column": lambda: forms.CharField(
                label=gettext_lazy("Column of the sample names"), initial="id", max_length=80
            ),
            "simulations": lambda: _numeric(
                label=gettext_lazy("Genotypes made for the exclusion test"),
                initial=10_000,
                min_value=1000,
                max_value=1_000_000,
            ),
        },
    ),
    **MORE_FORMS,
}


def method_words(method: str) -> Words:
    """A method in words; its own name where no page asks for it."""
    known = METHOD_FORMS.get(method)
    return known.name if known else method


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a run of a method can be started with."""

    files: Sequence[StoredFile]
    references: Mapping[str, ReferenceSet]
    batches: Mapping[str, Batch]
    components: Mapping[str, Any]


class RunForm(PageForm):
    """A run to start: which files in which role, against which reference, with which settings."""

    reference = forms.ChoiceField(label=gettext_lazy("Reference set"))
    batch = forms.ChoiceField(
        label=gettext_lazy("Batch"),
        required=False,
        help_text=gettext_lazy("Its controls stand beside the result; a blocked batch cannot be used."),
    )
    component = forms.ChoiceField(label=gettext_lazy("Component"), required=False)
    seed = forms.IntegerField(
        label=gettext_lazy("Seed"),
        initial=1,
        min_value=0,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        help_text=gettext_lazy("The same seed, files and reference give the same bytes again."),
    )

    def __init__(self, *args: Any, method: str, choices: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked, self.choices = METHOD_FORMS[method], choices
        for name, make in self.asked.settings.items():
            self.fields[name] = make()
            self.fields[name].widget.attrs["class"] = "input"
        self.settings = [*self.asked.settings, "seed"]
        self._offer("reference", choices.references, "" if choices.references else _("none is approved"))
        self._offer("batch", choices.batches, "–")
        self._offer("component", choices.components, _("the whole"))
        self.roles = self._file_fields()

    def _offer(self, name: str, rows: Mapping[str, Any], empty: str) -> None:
        if name == "component" and not rows:
            del self.fields[name]
            return
        words = [(key, self._words(one)) for key, one in rows.items()]
        self.fields[name].choices = [*([("", empty)] if empty else []), *words]  # type: ignore[attr-defined]

    @staticmethod
    def _words(one: Any) -> str:
        if isinstance(one, Batch):
            return f"{one.reference} · {one.get_state_display()}"
        if isinstance(one, ReferenceSet):
            return f"{one} · {one.records}"
        return f"{one.label} {one.description}"

    def _file_fields(self) -> list[str]:
        roles = [(role, ROLES[role]) for role in self.asked.roles]
        taken: set[str] = set()
        names = []
        for file in self.choices.files:
            wanted = file.role if file.role in self.asked.roles and file.role not in taken else ""
            taken |= {wanted} - self.asked.several
            name = f"file_{file.pk}"
            self.fields[name] = forms.ChoiceField(
                label=file.name, choices=[("", _("not used")), *roles], required=False, initial=wanted
            )
            self.fields[name].widget.attrs["class"] = "input"
            names.append(name)
        return names

    def inputs(self) -> list[tuple[str, StoredFile]]:
        """Roles with their files."""
        given = [(self.cleaned_data[f"file_{file.pk}"], file) for file in self.choices.files]
        return [(role, file) for role, file in given if role]

    def parameters(self) -> dict[str, Any]:
        """What the method is told besides files: every setting that is not empty."""
        given = {name: self.cleaned_data.get(name) for name in self.asked.settings}
        return {name: value for name, value in given.items() if value not in (None, "")}
