"""What a person is asked before a run of each method: files in their roles, a reference of its kind, settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chain_of_custody.models import StoredFile
from lims.lab.models import Batch, ReferenceSet
from lims.web.fields import RegionField
from lims.web.forms import PageForm
from lims.web.methodwords import METHOD_FORMS, ROLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a run of a method can be started with; `made` names the run behind a file that a run made."""

    files: Sequence[StoredFile]
    references: Mapping[str, ReferenceSet]
    batches: Mapping[str, Batch]
    components: Mapping[str, Any]
    seconds: Mapping[str, ReferenceSet] = field(default_factory=dict)
    made: Mapping[int, str] = field(default_factory=dict)


class RunForm(PageForm):
    """A run to start: which files in which role, against which reference, with which settings."""

    field_of = {"second_reference": "second"}
    reference = forms.ChoiceField(label=gettext_lazy("Reference set"))
    second = forms.ChoiceField(label=gettext_lazy("Second reference set"))
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
        max_value=2**31 - 1,
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
        for name, kinds, rows in (
            ("reference", self.asked.kinds, choices.references),
            ("second", self.asked.shape.second_kinds, choices.seconds),
        ):
            if kinds:
                self._offer(name, rows, "" if rows else _("none is approved"))
            else:
                del self.fields[name]
        self._regions()
        self._offer("batch", choices.batches, "–")
        self._offer("component", choices.components, _("the whole"))
        self.roles = self._file_fields()

    def _offer(self, name: str, rows: Mapping[str, Any], empty: str) -> None:
        if name == "component" and not rows:
            del self.fields[name]
            return
        words = [(key, self._words(one)) for key, one in rows.items()]
        self.fields[name].choices = [*([("", empty)] if empty else []), *words]  # type: ignore[attr-defined]

    def _regions(self) -> None:
        """Offer the regions of every reference that can be chosen, under its name."""
        asked = self.fields.get("frequencies_of")
        if asked is not None:
            field = RegionField(label=asked.label, help_text=asked.help_text, required=False)
            field.offer(self.choices.references.values())
            field.widget.attrs["class"] = "input"
            self.fields["frequencies_of"] = field

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
                label=self._named(file), choices=[("", _("not used")), *roles], required=False, initial=wanted
            )
            self.fields[name].widget.attrs["class"] = "input"
            names.append(name)
        return names

    def _named(self, file: StoredFile) -> str:
        run = self.choices.made.get(file.pk)
        return f"{file.name} ({run})" if run else file.name

    def inputs(self) -> list[tuple[str, StoredFile]]:
        """Roles with their files."""
        given = [(self.cleaned_data[f"file_{file.pk}"], file) for file in self.choices.files]
        return [(role, file) for role, file in given if role]

    def chosen(self, name: str, rows: Mapping[str, ReferenceSet]) -> ReferenceSet | None:
        """The reference set chosen in a field; None where the method takes none."""
        return rows.get(self.cleaned_data.get(name) or "")

    def parameters(self) -> dict[str, Any]:
        """What the method is told besides files: every setting that is not empty."""
        given = {name: self.cleaned_data.get(name) for name in self.asked.settings}
        return {name: value for name, value in given.items() if value not in (None, "")}
