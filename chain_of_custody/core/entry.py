"""The ledger's entry: its fields, its exact bytes, and the hashes taken of it. See docs/ledger-format.md."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from chain_of_custody.core.actor import Actor
from chain_of_custody.core.canonical import Json, canonical_bytes, canonical_parse
from chain_of_custody.core.errors import EntryRefused, NotCanonical

ENTRY_LIMIT = 32 * 1024
ENTRY_TAG = b"spoor/entry/v1\x00"
LEAF_TAG = b"spoor/leaf/v1\x00"
SALT_SIZE = 32

UUID_PATTERN = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
DIGEST_PATTERN = r"[0-9a-f]{64}"
TOKEN_PATTERN = r"[a-z][a-z0-9_]{0,63}"  # noqa: S105 - a pattern, no secret
FIELD_PATTERN = r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*"
SCHEMA_PATTERN = r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+/[1-9][0-9]{0,3}"
CLOCK_PATTERN = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
MOMENT_PATTERN = rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T{CLOCK_PATTERN}:[0-5][0-9]"
CLAIMED_TIME_PATTERN = rf"{MOMENT_PATTERN}(?:\.[0-9]{{1,6}})?(?:Z|[+-]{CLOCK_PATTERN})"
RECORDED_TIME_PATTERN = rf"{MOMENT_PATTERN}\.[0-9]{{6}}Z"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class StreamKey:
    """What an entry is about: a kind ("item", "case", "report", ...) and its UUID."""

    kind: str
    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryActor:
    """The part of an actor that stands in the open; the name is a commitment."""

    party: UUID
    account: UUID | None
    role: str
    via: str

    @classmethod
    def of(cls, actor: Actor) -> "EntryActor":
        return cls(party=actor.party, account=actor.account, role=actor.role, via=actor.via)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One fact in one stream, as recorded.

    `previous` is the hash (hex) of the stream's entry before, None for the first. `happened_at` is claimed
    and keeps its zone offset; `recorded_at` is the database's clock in UTC. `committed` maps field names to
    commitments (hex), whose values are kept elsewhere and can be revealed, withheld or erased.
    """

    id: UUID
    act: UUID
    stream: StreamKey
    sequence: int
    previous: str | None
    schema: str
    verb: str
    actor: EntryActor
    happened_at: datetime
    recorded_at: datetime
    values: Mapping[str, Json] = field(default_factory=dict)
    committed: Mapping[str, str] = field(default_factory=dict)


def entry_bytes(entry: Entry) -> bytes:
    """The exact bytes of an entry: RFC 8785 JSON of exactly the fields of format version 1.

    Raises `EntryRefused` naming the field when a value is outside the format or the bytes exceed 32 KB.
    """
    for name, moment in (("happened_at", entry.happened_at), ("recorded_at", entry.recorded_at)):
        if moment.tzinfo is None or moment.utcoffset() is None:
            raise EntryRefused(f"{name}: {moment.isoformat()} has no zone; give an aware time")
    data: dict[str, Json] = {
        "v": 1,
        "id": str(entry.id),
        "act": str(entry.act),
        "stream": {"kind": entry.stream.kind, "id": str(entry.stream.id)},
        "sequence": entry.sequence,
        "previous": entry.previous,
        "schema": entry.schema,
        "verb": entry.verb,
        "actor": actor_json(entry.actor),
        "happened_at": entry.happened_at.isoformat(),
        "recorded_at": recorded_text(entry.recorded_at),
        "values": entry.values,
        "committed": entry.committed,
    }
    try:
        encoded = canonical_bytes(data)
    except NotCanonical as error:
        raise EntryRefused(f"values: {error}") from None
    if len(encoded) > ENTRY_LIMIT:
        raise EntryRefused(
            f"{len(encoded)} bytes; an entry has at most {ENTRY_LIMIT}; store a file and name its digest"
        )
    check_shape(data)
    return encoded


def entry_parse(data: bytes) -> Entry:
    """The entry held by exact bytes. Raises `EntryRefused` for bytes outside format version 1."""
    value = entry_object(data)
    return Entry(
        id=UUID(value["id"]),
        act=UUID(value["act"]),
        stream=StreamKey(kind=value["stream"]["kind"], id=UUID(value["stream"]["id"])),
        sequence=value["sequence"],
        previous=value["previous"],
        schema=value["schema"],
        verb=value["verb"],
        actor=EntryActor(
            party=UUID(value["actor"]["party"]),
            account=None if value["actor"]["account"] is None else UUID(value["actor"]["account"]),
            role=value["actor"]["role"],
            via=value["actor"]["via"],
        ),
        happened_at=datetime.fromisoformat(value["happened_at"]),
        recorded_at=datetime.fromisoformat(value["recorded_at"]),
        values=value["values"],
        committed=value["committed"],
    )


def entry_object(data: bytes) -> dict[str, Any]:
    """The checked JSON object of an entry's bytes, for readers that need no `Entry`.

    Raises `EntryRefused`: too long, not canonical, or a field missing, unknown or malformed.
    """
    if len(data) > ENTRY_LIMIT:
        raise EntryRefused(f"{len(data)} bytes; an entry has at most {ENTRY_LIMIT}")
    try:
        value = canonical_parse(data)
    except NotCanonical as error:
        raise EntryRefused(str(error)) from None
    if not isinstance(value, dict):
        raise EntryRefused("not a JSON object")
    check_shape(value)
    return value


def entry_hash(data: bytes) -> bytes:
    """SHA-256 over the tag `spoor/entry/v1` with a zero byte and the entry's exact bytes."""
    return sha256(ENTRY_TAG + data).digest()


def leaf_data(salt: bytes, entry_digest: bytes) -> bytes:
    """What the public log holds for an entry: SHA-256 over tag, 32-byte salt and the entry's hash."""
    if len(salt) != SALT_SIZE or len(entry_digest) != 32:
        raise EntryRefused(f"leaf salt and entry hash have 32 bytes each, not {len(salt)} and {len(entry_digest)}")
    return sha256(LEAF_TAG + salt + entry_digest).digest()


def recorded_text(moment: datetime) -> str:
    """A time as `recorded_at` shows it: UTC, six decimals, Z."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def claimed_text(moment: datetime) -> str:
    """A time as `happened_at` shows it, with its zone. Raises `EntryRefused` for a time outside the format."""
    text = moment.isoformat()
    if not _match_claimed(text):
        raise EntryRefused(f"happened_at: {text!r} is not an RFC 3339 time with offset")
    return text


def actor_json(actor: EntryActor) -> dict[str, Json]:
    """The actor as an entry shows it."""
    return {
        "party": str(actor.party),
        "account": None if actor.account is None else str(actor.account),
        "role": actor.role,
        "via": actor.via,
    }


_match_uuid = re.compile(UUID_PATTERN).fullmatch
_match_digest = re.compile(DIGEST_PATTERN).fullmatch
_match_token = re.compile(TOKEN_PATTERN).fullmatch
_match_field = re.compile(FIELD_PATTERN).fullmatch
_match_schema = re.compile(SCHEMA_PATTERN).fullmatch
_match_claimed = re.compile(CLAIMED_TIME_PATTERN).fullmatch
_match_recorded = re.compile(RECORDED_TIME_PATTERN).fullmatch

_TEXT_FIELDS = (
    ("id", _match_uuid, "a lower-case UUID"),
    ("act", _match_uuid, "a lower-case UUID"),
    ("schema", _match_schema, "area.thing/version"),
    ("verb", _match_token, "a lower-case word"),
    ("happened_at", _match_claimed, "an RFC 3339 time with offset"),
    ("recorded_at", _match_recorded, "an RFC 3339 time in UTC with six decimals and Z"),
)
_ACTOR_FIELDS = (
    ("party", _match_uuid, "a lower-case UUID"),
    ("role", _match_token, "a lower-case word"),
    ("via", _match_token, "a lower-case word"),
)
_STREAM_FIELDS = (("kind", _match_token, "a lower-case word"), ("id", _match_uuid, "a lower-case UUID"))
_LINK_KEYS = ("v", "id", "act", "stream", "sequence", "previous")
_FACT_KEYS = ("schema", "verb", "actor", "happened_at", "recorded_at", "values", "committed")
_ENTRY_KEYS = frozenset((*_LINK_KEYS, *_FACT_KEYS))
_ACTOR_KEYS = frozenset(("party", "account", "role", "via"))
_STREAM_KEYS = frozenset(("kind", "id"))


def check_shape(value: Mapping[str, Any]) -> None:
    """Raise `EntryRefused` naming the first field that is missing, unknown or malformed."""
    _check_keys("entry", value, _ENTRY_KEYS)
    if value["v"] != 1 or value["v"] is True:
        raise EntryRefused(f"v: format version {value['v']!r}, known is 1")
    _check_texts("", value, _TEXT_FIELDS)
    _check_keys("stream", value["stream"], _STREAM_KEYS)
    _check_texts("stream.", value["stream"], _STREAM_FIELDS)
    _check_keys("actor", value["actor"], _ACTOR_KEYS)
    _check_texts("actor.", value["actor"], _ACTOR_FIELDS)
    account = value["actor"]["account"]
    if account is not None and not (isinstance(account, str) and _match_uuid(account)):
        raise EntryRefused(f"actor.account: {account!r} is neither null nor a lower-case UUID")
    _check_link(value["sequence"], value["previous"])
    _check_times(value["happened_at"], value["recorded_at"])
    if not isinstance(value["values"], Mapping):
        raise EntryRefused("values: not an object")
    _check_committed(value["committed"])


def _check_keys(name: str, value: object, wanted: frozenset[str]) -> None:
    if not isinstance(value, Mapping):
        raise EntryRefused(f"{name}: not an object")
    if value.keys() != wanted:
        missing, unknown = sorted(wanted - value.keys()), sorted(value.keys() - wanted)
        raise EntryRefused(f"{name}: missing {missing}, unknown {unknown}")


def _check_texts(prefix: str, value: Mapping[str, Any], fields: tuple[tuple[str, Any, str], ...]) -> None:
    for name, match, wanted in fields:
        text = value[name]
        if not isinstance(text, str) or not match(text):
            raise EntryRefused(f"{prefix}{name}: {text!r} is not {wanted}")


def _check_link(sequence: object, previous: object) -> None:
    if not isinstance(sequence, int) or isinstance(sequence, bool) or sequence < 1:
        raise EntryRefused(f"sequence: {sequence!r} is not an integer from 1")
    if sequence == 1:
        if previous is not None:
            raise EntryRefused("previous: the first entry of a stream has none, so it must be null")
    elif not isinstance(previous, str) or not _match_digest(previous):
        raise EntryRefused(f"previous: {previous!r} is not a SHA-256 in lower-case hex")


def _check_times(happened: str, recorded: str) -> None:
    for name, text in (("happened_at", happened), ("recorded_at", recorded)):
        try:
            datetime.fromisoformat(text)
        except ValueError as error:
            raise EntryRefused(f"{name}: {text!r} is no time: {error}") from None


def _check_committed(committed: object) -> None:
    if not isinstance(committed, Mapping):
        raise EntryRefused("committed: not an object")
    for name, digest in committed.items():
        if not _match_field(name) or len(name) > 64:
            raise EntryRefused(f"committed: field name {name!r} is not lower-case words joined by dots")
        if not isinstance(digest, str) or not _match_digest(digest):
            raise EntryRefused(f"committed.{name}: {digest!r} is not a SHA-256 in lower-case hex")
