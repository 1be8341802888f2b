"""Fields that speak of the laboratory: numbers as weighed, times with a zone, codes of the lists, parties."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from analysis.individual.regions import FEWEST
from chain_of_custody.models import Party
from lims.casework.codelists import CURRENT, code_list
from lims.casework.enums import Unit
from lims.common.checks import decimal_clean
from lims.common.errors import BadInput
from lims.lab.models import ReferenceSet
from lims.lab.selectors.regions import reference_regions
from lims.web.forms import CodeField


class NumberField(forms.CharField):
    """A number with a point, read as typed: `1,2 kg` is refused with the value found."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        """The decimal, None when empty and not needed."""
        text = super().clean(value)
        if text == "":
            return None
        try:
            return decimal_clean(text, field="")
        except BadInput as error:
            raise ValidationError(error.message) from error


class CountField(forms.IntegerField):
    """A number of pieces."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}))
        super().__init__(**kwargs)


class MomentField(forms.DateTimeField):
    """A time in the laboratory's zone, to the minute."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"))
        super().__init__(**kwargs)


class DayField(forms.DateField):
    """A day."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        super().__init__(**kwargs)


class PartyField(forms.ChoiceField):
    """One of the parties a selector gives; `offer` sets them when the form is made, the value is the party."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.parties: dict[str, Party] = {}

    def offer(self, parties: Iterable[Party], *, empty: Any = "") -> None:
        """Set who can be chosen."""
        self.parties = {str(party.uuid): party for party in parties}
        names = [(key, _party_words(party)) for key, party in self.parties.items()]
        self.choices = [("", empty or _("Choose")), *names]

    def clean(self, value: Any) -> Any:
        """The party, None when nothing was chosen and nothing needs to be."""
        return self.parties.get(super().clean(value))


def _party_words(party: Party) -> str:
    organisation = party.organisation.name if party.organisation_id and party.organisation else ""
    return f"{party.name} ({organisation})" if organisation else party.name


class LongField(forms.CharField):
    """Text of several lines."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 3}))
        super().__init__(**kwargs)


class FilesInput(forms.ClearableFileInput):
    """Several files in one field."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files; the value is a list."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", FilesInput(attrs={"accept": "image/jpeg,image/png,image/webp", "multiple": True}))
        super().__init__(**kwargs)

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Each file checked as a single one is."""
        single = super().clean
        if isinstance(data, list | tuple):
            return [single(one, initial) for one in data] if data else single(None, initial) or []
        found = single(data, initial)
        return [found] if found else []


def unit_field(**kwargs: Any) -> forms.ChoiceField:
    """The unit of the amount before it."""
    kwargs.setdefault("choices", Unit.choices)
    return forms.ChoiceField(label=_("Unit"), widget=forms.Select(attrs={"aria-label": _("Unit")}), **kwargs)


def code_choices(kind: str, *, empty: bool = True) -> Callable[[], list[tuple[str, str]]]:
    """The codes of the current list of a kind with their labels, code first where it says more than the label."""

    def choices() -> list[tuple[str, str]]:
        rows = [(code.code, _code_words(code.code, code.label)) for code in code_list(CURRENT[kind]).values()]
        return [("", "–"), *rows] if empty else rows

    return choices


def _code_words(code: str, label: str) -> str:
    return f"{code} {label}" if code.isupper() and code != label else label


def with_empty(choices: Iterable[tuple[str, Any]], words: Any = "–") -> list[tuple[str, Any]]:
    """Choices that begin with an empty one."""
    return [("", words), *choices]


def in_zone(value: datetime, zone: str) -> datetime:
    """The wall-clock time of a field, meant in another zone than the laboratory's."""
    naive = timezone.make_naive(value) if timezone.is_aware(value) else value
    return naive.replace(tzinfo=ZoneInfo(zone))


def local_value(value: datetime | None, zone: str = "") -> str:
    """A time as the control writes it."""
    if value is None:
        return ""
    local = value.astimezone(ZoneInfo(zone)) if zone else timezone.localtime(value)
    return local.strftime("%Y-%m-%dT%H:%M")


def decimal_text(value: Decimal | None) -> str:
    """A number as a control shows it."""
    return "" if value is None else format(value.normalize(), "f")


class CodeOrNothing(CodeField):
    """A code, reference or seal number that may stay empty; scans go into it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=80, **kwargs)


class RegionField(forms.ChoiceField):
    """One region of the references that can be chosen, under the name of each; empty for all animals of it."""

    def offer(self, references: Iterable[ReferenceSet]) -> None:
        """Set the regions with animals enough."""
        named = [(str(one), reference_regions(one)) for one in references]
        self.choices = [
            ("", _("all its animals")),
            *((name, _enough(regions)) for name, regions in named if _enough(regions)),
        ]


def _enough(regions: Mapping[str, int]) -> list[tuple[str, str]]:
    return [(name, f"{name} ({number})") for name, number in regions.items() if number >= FEWEST]
