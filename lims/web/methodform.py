"""A method as a form asks about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from lims.lab.enums import ReferenceKind

Words = Any
Make = Callable[[], forms.Field]


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodForm:
    """What a run of a method is started with.

    Attributes:
        name: the method in words.
        roles: roles of files the method reads.
        kind: the kind of reference set it is computed against.
        settings: further fields in the order of the page; each becomes a parameter of its name when it is not empty.
        several: roles that more than one file may have.
        others: further kinds of reference sets it takes.
    """

    name: Words
    roles: tuple[str, ...]
    kind: ReferenceKind
    settings: Mapping[str, Make]
    several: frozenset[str] = frozenset()
    others: tuple[ReferenceKind, ...] = ()

    @property
    def kinds(self) -> tuple[ReferenceKind, ...]:
        """Every kind of reference set it takes."""
        return (self.kind, *self.others)


def whole_field(**kwargs: Any) -> forms.IntegerField:
    """A whole number."""
    return forms.IntegerField(widget=forms.TextInput(attrs={"inputmode": "numeric"}), **kwargs)


def share_field(**kwargs: Any) -> forms.FloatField:
    """A number with a point."""
    return forms.FloatField(widget=forms.TextInput(attrs={"inputmode": "decimal"}), **kwargs)


def text_field(**kwargs: Any) -> forms.CharField:
    """A short text."""
    return forms.CharField(max_length=120, **kwargs)
