"""A method as a form asks about it: what is asked stands in the table of methods, its words in `methodwords`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from lims.lab.enums import ReferenceKind
from lims.lab.rules.methods import METHOD_SHAPES, MethodShape, Parameter

Words = Any
Make = Callable[[], forms.Field]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The words of a parameter: its label, what helps to fill it in, and each choice where it has some."""

    label: Words
    help_text: Words = ""
    choices: tuple[tuple[str, Words], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodForm:
    """What a run of a method is started with.

    Attributes:
        method: its name.
        name: the method in words.
        asked: words of the parameters that a page asks for, in its order; each becomes a parameter of its name when it
            is not empty.
    """

    method: str
    name: Words
    asked: Mapping[str, Asked]

    @property
    def shape(self) -> MethodShape:
        """Its row in the table of methods."""
        return METHOD_SHAPES[self.method]

    @property
    def roles(self) -> tuple[str, ...]:
        """Roles of files it reads, apart from those that are made elsewhere."""
        return tuple(one.name for one in self.shape.roles if one.name not in _MADE)

    @property
    def several(self) -> frozenset[str]:
        """Roles that more than one file may have."""
        return frozenset(one.name for one in self.shape.roles if one.several)

    @property
    def kinds(self) -> tuple[ReferenceKind, ...]:
        """Every kind of reference set it takes; none where it needs none."""
        return self.shape.kinds

    @property
    def settings(self) -> dict[str, Make]:
        """The fields of the page."""
        return {name: _make(self.shape.parameter(name), words) for name, words in self.asked.items()}


_MADE = frozenset({"edits"})
"""Layers of edits are agreed on the page of the traces."""


def _make(one: Parameter | None, words: Asked) -> Make:
    assert one is not None  # noqa: S101 - a test holds that every asked parameter is in the table
    common: dict[str, Any] = {
        "label": words.label,
        "help_text": words.help_text,
        "initial": one.default,
        "required": one.needed or one.default is not None,
    }
    if words.choices:
        return lambda: forms.ChoiceField(choices=words.choices, **(common | {"required": False}))
    if one.kind == "text":
        return lambda: forms.CharField(max_length=500, **common)
    bounds = {"min_value": one.least, "max_value": one.most}
    return lambda: (whole_field if one.kind == "whole" else share_field)(**common, **bounds)


def whole_field(**kwargs: Any) -> forms.IntegerField:
    """A whole number."""
    return forms.IntegerField(widget=forms.TextInput(attrs={"inputmode": "numeric"}), **kwargs)


def share_field(**kwargs: Any) -> forms.FloatField:
    """A number with a point."""
    return forms.FloatField(widget=forms.TextInput(attrs={"inputmode": "decimal"}), **kwargs)


def text_field(**kwargs: Any) -> forms.CharField:
    """A short text."""
    return forms.CharField(max_length=120, **kwargs)
