"""The few SQL statements every act consists of, kept prepared by the server: parsed once and planned once a connection.

Django binds parameters on our side, so its own statements are parsed and planned anew each time. Where the connection
does not allow prepared statements (OPTIONS prepare_threshold unset), these run unprepared, and otherwise the same.
Answers come in binary form: times and UUIDs are then made in C.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections

from chain_of_custody.services.arrays import columns_teach


class _PreparedCursor(psycopg.Cursor[tuple[Any, ...]]):
    """A cursor that binds parameters in the server and asks it to keep the statement."""

    def execute(
        self, query: Any, params: Any = None, *, prepare: bool | None = True, binary: bool | None = True
    ) -> Any:
        """Run a statement; prepared and answered in binary unless told otherwise."""
        return super().execute(query, params, prepare=prepare, binary=binary)


def prepared() -> Any:
    """Django's cursor (errors, query log and wrappers included) over prepared statements; it needs no closing.

    The raw cursor under it is made once a connection. What a statement gave is read before the next one runs.
    """
    here = connections[DEFAULT_DB_ALIAS]
    here.ensure_connection()
    raw = here.connection
    cursor = getattr(raw, _KEPT, None)
    if cursor is None:
        with here.wrap_database_errors:
            columns_teach(raw)
            cursor = _PreparedCursor(raw)
        setattr(raw, _KEPT, cursor)
    return here._prepare_cursor(cursor)  # type: ignore[attr-defined]  # the one way past the factory


_KEPT = "spoor_prepared_cursor"


class Along:
    """A statement that changes rows and gives none, sent in one message with another instead of in one of its own.

    `around` is entered for it: it turns refusals into our errors, and does what is to be done after.
    """

    __slots__ = ("around", "sql", "values")

    def __init__(self, sql: str, values: Sequence[Any], around: Callable[[], AbstractContextManager[None]]) -> None:
        self.sql = sql
        self.values = values
        self.around = around

    def before(self, statement: str) -> str:
        """The statement, which begins with WITH, with this one in front."""
        return _joined(self.sql, statement)


@lru_cache(maxsize=64)
def _joined(first: str, statement: str) -> str:
    return f"WITH along AS ({first}), {statement.strip().removeprefix('WITH ')}"
