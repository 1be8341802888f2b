"""Checks that the ledger can only grow: by its triggers, and by what the database role in use may do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core import checks
from django.core.checks import CheckMessage
from django.db import connections

GROWING = ("entry", "leaf", "tile", "checkpoint")
"""Tables (without the application's prefix) in which nothing is ever changed."""

_PREFIX = "chain_of_custody_"
TRIGGERS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(GROWING, ("ledger_append_only",)),
    "commitment": ("ledger_append_only", "ledger_erasure_only"),
    "stream": ("ledger_append_only", "ledger_head_advances"),
    "pending": ("ledger_append_only", "ledger_pending_until_logged"),
    "leaf": ("ledger_append_only", "ledger_leaves_contiguous"),
    "item": ("custody_no_deletion", "custody_container_agrees"),
    **dict.fromkeys(("party", "seal", "handover", "handoverline", "storedfile"), ("custody_no_deletion",)),
}
"""Triggers each table must have, always enabled."""

_FORBIDDEN: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(GROWING, ("UPDATE", "DELETE", "TRUNCATE")),
    "commitment": ("UPDATE", "DELETE", "TRUNCATE"),
    "stream": ("UPDATE", "DELETE", "TRUNCATE"),
    "pending": ("UPDATE", "TRUNCATE"),
    **dict.fromkeys(("party", "item", "seal", "handover", "handoverline", "storedfile"), ("DELETE", "TRUNCATE")),
}

_ENABLED = """
SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND t.tgenabled = 'A' AND c.relname LIKE 'chain\\_of\\_custody\\_%'
"""

_RIGHTS = """
SELECT w.relation, w.privilege
FROM unnest(%s::text[], %s::text[]) AS w (relation, privilege)
WHERE has_table_privilege(w.relation, w.privilege)
"""

_OWNS = """
SELECT r.rolname, r.rolsuper, pg_has_role(c.relowner, 'USAGE')
FROM pg_class c, pg_roles r
WHERE c.oid = 'chain_of_custody_entry'::regclass AND r.rolname = current_user
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardReport:
    """What stands between the role in use and a rewritten ledger; empty lists are good.

    `triggers` are missing or disabled walls, `rights` what the role may do and should not.
    """

    role: str
    triggers: tuple[str, ...]
    rights: tuple[str, ...]

    @property
    def closed(self) -> bool:
        """Whether both walls stand."""
        return not self.triggers and not self.rights


def ledger_guard_check(using: str = "default") -> GuardReport:
    """Look at the triggers and at the rights of the role this connection uses. For the start of every process."""
    relations, privileges = [], []
    for table, kinds in _FORBIDDEN.items():
        for kind in kinds:
            relations.append(_PREFIX + table)
            privileges.append(kind)
    with connections[using].cursor() as cursor:
        cursor.execute(_ENABLED)
        enabled = {(table, trigger) for table, trigger in cursor.fetchall()}
        cursor.execute(_OWNS)
        role, superuser, owner = cursor.fetchone()
        cursor.execute(_RIGHTS, [relations, privileges])
        rights = [f"{privilege} on {table}" for table, privilege in cursor.fetchall()]
    missing = [
        f"{trigger} on {_PREFIX}{table}"
        for table, triggers in TRIGGERS.items()
        for trigger in triggers
        if (_PREFIX + table, trigger) not in enabled
    ]
    if superuser or owner:
        rights = ["superuser" if superuser else "owner of the ledger's tables, who can drop the triggers"]
    return GuardReport(role=role, triggers=tuple(missing), rights=tuple(rights))


def check_append_only(*, databases: Sequence[str] | None = None, **_options: Any) -> list[CheckMessage]:
    """Django's system check: `manage.py check --database default`. Silent before the ledger's migration."""
    messages: list[CheckMessage] = []
    for alias in databases or ():
        if not _migrated(alias):
            continue
        report = ledger_guard_check(alias)
        if report.triggers:
            messages.append(
                checks.Error(
                    f"the ledger's triggers are missing or disabled: {', '.join(report.triggers)}",
                    hint="Find out who removed them, verify the ledger against a checkpoint given away, restore them.",
                    id="chain_of_custody.E001",
                )
            )
        if report.rights:
            messages.append(
                checks.Warning(
                    f"database role {report.role} could rewrite the ledger: {', '.join(report.rights)}",
                    hint="Run the application as the app role (deploy/db/roles.sql); the owner only migrates.",
                    id="chain_of_custody.W001",
                )
            )
    return messages


def _migrated(alias: str) -> bool:
    connection = connections[alias]
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('django_migrations') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return False
        cursor.execute(
            "SELECT EXISTS (SELECT FROM django_migrations WHERE app = 'chain_of_custody' AND name = '0002_append_only')"
        )
        return bool(cursor.fetchone()[0])
