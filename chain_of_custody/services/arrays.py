"""Columns of rows as arrays in PostgreSQL's binary form (`array_recv`): no digits are written here and read there."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from struct import Struct
from typing import Any, ClassVar

from psycopg import BaseConnection
from psycopg.adapt import Dumper
from psycopg.postgres import types
from psycopg.pq import Format


class Column(ABC):
    """The values of one column, in the order of the rows."""

    __slots__ = ("values",)
    element: ClassVar[str]

    def __init__(self, values: Iterable[Any]) -> None:
        self.values = values if isinstance(values, list | tuple) else list(values)

    @abstractmethod
    def members(self) -> list[bytes]:
        """Each value as sent: four bytes of length, then its bytes."""


class Bigints(Column):
    """bigint[]"""

    element = "int8"

    def members(self) -> list[bytes]:
        return [_NUMBER(8, value) for value in self.values]


class Uuids(Column):
    """uuid[]"""

    element = "uuid"

    def members(self) -> list[bytes]:
        return [_SIXTEEN + value.bytes for value in self.values]


class Texts(Column):
    """text[]; None is a null."""

    element = "text"

    def members(self) -> list[bytes]:
        return [_NULL if value is None else _sized(value.encode()) for value in self.values]


class Byteas(Column):
    """bytea[]"""

    element = "bytea"

    def members(self) -> list[bytes]:
        return list(map(_sized, self.values))


def columns_teach(connection: BaseConnection[Any]) -> None:
    """Let a connection take columns as parameters."""
    for kind, dumper in _DUMPERS:
        connection.adapters.register_dumper(kind, dumper)


_SIZE, _NUMBER = Struct("!i").pack, Struct("!iq").pack
_HEADER, _EMPTY = Struct("!iiiii").pack, Struct("!iii").pack
_SIXTEEN, _NULL = _SIZE(16), _SIZE(-1)


def _sized(value: bytes) -> bytes:
    return _SIZE(len(value)) + value


def _dumper(kind: type[Column]) -> type[Dumper]:
    info = types[kind.element]

    class ColumnDumper(Dumper):
        format = Format.BINARY
        oid = info.array_oid

        def dump(self, obj: Column) -> bytes:
            # The number of dimensions (none in an empty array), whether a null is in it, the type; then of the one
            # dimension size and origin.
            if not obj.values:
                return _EMPTY(0, 0, info.oid)
            members = obj.members()
            return _HEADER(1, _NULL in members, info.oid, len(members), 1) + b"".join(members)

    return ColumnDumper


_DUMPERS = [(kind, _dumper(kind)) for kind in (Bigints, Uuids, Texts, Byteas)]
