"""Serializer fields and bases that every area uses: strict input, codes that name what is allowed, named things."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers


class Input(serializers.Serializer[Any]):
    """A request body or query: a name that nobody knows is refused, so that no typing error loses a value."""

    default_error_messages = {"unknown": _("There is no such field here. Use one of {names}.")}

    def to_internal_value(self, data: Any) -> Any:
        """Refuse unknown names, then check the known ones."""
        if isinstance(data, Mapping):
            strange = sorted(set(data) - set(self.fields))
            if strange:
                words = self.error_messages["unknown"].format(names=", ".join(self.fields))
                raise serializers.ValidationError(
                    {name: [serializers.ErrorDetail(words, code="unknown-field")] for name in strange}
                )
        return super().to_internal_value(data)


class Output(serializers.Serializer[Any]):
    """A shape of an answer."""


class Code(serializers.ChoiceField):
    """One value of a closed list; the refusal names the list."""

    default_error_messages = {"invalid_choice": _("«{input}» is not in the list. Use one of {names}.")}

    def __init__(self, choices: Iterable[str], **options: Any) -> None:
        super().__init__(choices=list(choices), **options)

    def to_internal_value(self, data: Any) -> Any:
        """The value, when the list has it."""
        if data == "" and self.allow_blank:
            return ""
        if not isinstance(data, str) or data not in self.choices:
            names = ", ".join(str(choice) for choice in self.choices)
            words = self.error_messages["invalid_choice"].format(input=str(data)[:60], names=names)
            raise serializers.ValidationError(words, code="unknown-code")
        return data


def text(limit: int = 500, *, required: bool = False, **options: Any) -> serializers.CharField:
    """Text up to `limit` signs; optional text may be left out or empty."""
    if required:
        return serializers.CharField(max_length=limit, **options)
    return serializers.CharField(max_length=limit, required=False, allow_blank=True, **options)


def key(help_text: str = "UUID, reference or scan code.") -> serializers.CharField:
    """A thing named by UUID, reference or scan code."""
    return serializers.CharField(max_length=120, help_text=help_text)


def when(help_text: str = "Time with zone; now when left out.", **options: Any) -> serializers.DateTimeField:
    """A time with zone (RFC 3339)."""
    return serializers.DateTimeField(help_text=help_text, **({"required": False} | options))


def decimal(**options: Any) -> serializers.DecimalField:
    """An amount: 18 digits, 6 of them after the point, written as text."""
    return serializers.DecimalField(max_digits=18, decimal_places=6, **options)


def plain(**options: Any) -> serializers.DecimalField:
    """An amount shown without trailing zeros."""
    return serializers.DecimalField(max_digits=18, decimal_places=6, normalize_output=True, **options)


def named(field: Any) -> Any:
    """A field whose name the base class uses for something else; declared fields are taken off the class."""
    return field


class PartyRef(Output):
    """A party, as named in answers."""

    uuid = serializers.UUIDField()
    kind = serializers.CharField()
    name = serializers.CharField()


class CaseRef(Output):
    """A case, as named in answers."""

    uuid = serializers.UUIDField()
    reference = serializers.CharField()


class ItemRef(Output):
    """An item, as named in answers."""

    uuid = serializers.UUIDField()
    kind = serializers.CharField()
    reference = serializers.CharField()
    state = serializers.CharField()
    version = serializers.IntegerField()


class Reason(Input):
    """A reason, which is kept."""

    reason = text(500, required=True)


@cache
def paged(shape: type[serializers.Serializer[Any]], *, cursor: bool = False) -> type[serializers.Serializer[Any]]:
    """The shape of a page of `shape`."""
    fields: dict[str, Any] = {} if cursor else {"count": serializers.IntegerField()}
    fields |= {
        "next": serializers.URLField(allow_null=True),
        "previous": serializers.URLField(allow_null=True),
        "results": shape(many=True),
        "__doc__": f"A page of {shape.__name__}.",
        "__module__": shape.__module__,
    }
    name = f"{shape.__name__}{'Feed' if cursor else 'Page'}"
    return type(name, (Output,), fields)


@cache
def feed(shape: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    """The shape of a piece of a numbered feed of `shape`: go on with `after` = `next_after`."""
    fields: dict[str, Any] = {
        "next_after": serializers.IntegerField(allow_null=True),
        "results": shape(many=True),
        "__doc__": f"A piece of the feed of {shape.__name__}.",
        "__module__": shape.__module__,
    }
    return type(f"{shape.__name__}Feed", (Output,), fields)


class RowResult(Output):
    """What became of one row of a bulk call."""

    index = serializers.IntegerField()
    status = serializers.ChoiceField(choices=["done", "refused"])
    result = serializers.DictField(required=False)
    code = serializers.CharField(required=False)
    detail = serializers.CharField(required=False)
    pointer = serializers.CharField(required=False)
    remedy = serializers.CharField(required=False)


class BulkAnswer(Output):
    """What became of all rows; 207 when some were refused."""

    results = RowResult(many=True)
    done = serializers.IntegerField()
    refused = serializers.IntegerField()


class ProblemEntry(Output):
    """One value that needs correction."""

    pointer = serializers.CharField(required=False, help_text="JSON pointer into the body.")
    parameter = serializers.CharField(required=False, help_text="Name of a query parameter.")
    detail = serializers.CharField()
    code = serializers.CharField()
    found = serializers.CharField(required=False)
    remedy = serializers.CharField(required=False)
    file = serializers.CharField(required=False)


class Problem(Output):
    """A problem detail (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    instance = serializers.CharField(required=False)
    errors = named(ProblemEntry(many=True, required=False))
