"""The few SQL statements every act consists of, kept prepared by the server: parsed once and planned once a connection.

Django binds parameters on our side, so its own statements are parsed and planned anew each time. Where the connection
does not allow prepared statements (OPTIONS prepare_threshold unset), these run unprepared, and otherwise the same.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection


class _PreparedCursor(psycopg.Cursor[tuple[Any, ...]]):
    """A cursor that binds parameters in the server and asks it to keep the statement."""

    def execute(
        self, query: Any, params: Any = None, *, prepare: bool | None = True, binary: bool | None = None
    ) -> Any:
        """Run a statement; prepared unless told otherwise."""
        return super().execute(query, params, prepare=prepare, binary=binary)


@contextmanager
def prepared() -> Iterator[Any]:
    """Django's cursor (errors, query log and wrappers included) over prepared statements."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        raw = _PreparedCursor(connection.connection)
    with connection._prepare_cursor(raw) as cursor:  # type: ignore[attr-defined]  # the one way past the factory
        yield cursor


def plain_array(values: Iterable[UUID | int | str]) -> str:
    """An array literal of UUIDs, numbers or plain words: nothing in it needs quotes. To be cast to its type."""
    return "{" + ",".join(map(str, values)) + "}"


def bytes_array(values: Sequence[bytes]) -> str:
    """A literal of bytea[], in hexadecimal."""
    return '{"\\\\x' + '","\\\\x'.join(value.hex() for value in values) + '"}' if values else "{}"
