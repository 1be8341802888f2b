"""The payloads entries may carry. The ledger knows no verbs of its own: every application declares its schemas.

A schema is named `area.thing/version`. Its verbs, and the names of the values under them, are never renamed once
written; a change of meaning is a new version.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from chain_of_custody.core.canonical import Json
from chain_of_custody.core.entry import FIELD_PATTERN, SCHEMA_PATTERN, TOKEN_PATTERN
from chain_of_custody.errors import UnknownSchema

RESERVED_COMMITTED = frozenset({"actor.name", "actor.organisation", "reason", "place"})
"""Committed fields that `act_append` writes itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """Names of values a verb must carry, may carry, and may carry as commitments."""

    required: frozenset[str]
    optional: frozenset[str]
    committed: frozenset[str]


def fields(required: str = "", *, optional: str = "", committed: str = "") -> Fields:
    """Field names, separated by spaces."""
    return Fields(
        required=frozenset(required.split()),
        optional=frozenset(optional.split()),
        committed=frozenset(committed.split()),
    )


_REGISTRY: dict[str, Mapping[str, Fields | None]] = {}


def declare(schema: str, verbs: Mapping[str, Fields] | Collection[str]) -> str:
    """Make a schema known and return its name.

    `verbs` maps each verb to its `fields`, which are then enforced; a plain collection of verbs leaves the names of
    their values free. Declaring the same again changes nothing.

    Raises `UnknownSchema` for a malformed name or a second, different declaration.
    """
    table: dict[str, Fields | None] = dict(verbs) if isinstance(verbs, Mapping) else dict.fromkeys(verbs)
    _check_names(schema, table)
    if _REGISTRY.setdefault(schema, MappingProxyType(table)) != table:
        raise UnknownSchema(f"schema {schema} is declared already, with other verbs or fields; take the next version")
    return schema


def check_payload(schema: str, verb: str, values: Mapping[str, Json], committed: Mapping[str, Json]) -> None:
    """Raise `UnknownSchema` naming what was not declared or is missing."""
    verbs = _REGISTRY.get(schema)
    if verbs is None:
        raise UnknownSchema(f"schema {schema!r} was never declared; declare it in the application's ready()")
    if verb not in verbs:
        raise UnknownSchema(f"schema {schema} has no verb {verb!r}; it has {', '.join(sorted(verbs))}")
    taken = RESERVED_COMMITTED & committed.keys()
    if taken:
        raise UnknownSchema(f"{schema} {verb}: committed {', '.join(sorted(taken))} is written by the ledger itself")
    wanted = verbs[verb]
    if wanted is None:
        return
    _check_fields(
        f"{schema} {verb}",
        missing=wanted.required - values.keys(),
        unknown=(values.keys() - wanted.required - wanted.optional) | (committed.keys() - wanted.committed),
    )


def declared() -> Mapping[str, Mapping[str, Fields | None]]:
    """All schemas declared so far."""
    return MappingProxyType(_REGISTRY)


def _check_names(schema: str, verbs: Mapping[str, Fields | None]) -> None:
    if not re.fullmatch(SCHEMA_PATTERN, schema):
        raise UnknownSchema(f"schema name {schema!r} is not area.thing/version")
    bad = [verb for verb in verbs if not re.fullmatch(TOKEN_PATTERN, verb)]
    for wanted in verbs.values():
        if wanted is not None:
            bad += [name for name in wanted.committed if not re.fullmatch(FIELD_PATTERN, name)]
    if bad:
        raise UnknownSchema(f"schema {schema}: {', '.join(sorted(bad))} are not lower-case words")


def _check_fields(what: str, *, missing: Collection[str], unknown: Collection[str]) -> None:
    if missing:
        raise UnknownSchema(f"{what}: missing {', '.join(sorted(missing))}")
    if unknown:
        raise UnknownSchema(f"{what}: not declared {', '.join(sorted(unknown))}")
