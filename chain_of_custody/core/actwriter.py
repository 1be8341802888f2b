"""The entries of one act, written together: what they share is checked and encoded once.

The format is that of `chain_of_custody.core.entry`; a test holds the bytes written here against its `entry_bytes`. The
entries of an act on five hundred items differ in identity, link, values and commitments alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring
from typing import NamedTuple
from uuid import UUID

from chain_of_custody.core.canonical import Json, canonical_bytes
from chain_of_custody.core.commitment import commitment_of_bytes
from chain_of_custody.core.entry import (
    ENTRY_LIMIT,
    Entry,
    EntryActor,
    StreamKey,
    actor_json,
    claimed_text,
    entry_bytes,
    recorded_text,
)
from chain_of_custody.core.errors import EntryRefused, NotCanonical

_NOBODY, _NOTHING = UUID(int=0), "none"
_EXAMPLE = Entry(
    id=_NOBODY,
    act=_NOBODY,
    stream=StreamKey(kind=_NOTHING, id=_NOBODY),
    sequence=1,
    previous=None,
    schema="none.none/1",
    verb=_NOTHING,
    actor=EntryActor(party=_NOBODY, account=None, role=_NOTHING, via=_NOTHING),
    happened_at=datetime(2000, 1, 1, tzinfo=UTC),
    recorded_at=datetime(2000, 1, 1, tzinfo=UTC),
)
"""An entry of nothing: with a part of a real one in it, that part is checked."""


class Hidden(NamedTuple):
    """A value behind a commitment: field, salt, canonical bytes."""

    field: str
    salt: bytes
    value: bytes


class ActWriter:
    """Writes the entries of one act.

    Raises `EntryRefused` naming the field for an actor or a time outside the format.
    """

    __slots__ = ("_happened", "_recorded", "_start")

    def __init__(self, *, act: UUID, actor: EntryActor, happened_at: datetime, recorded_at: datetime) -> None:
        self._start = f'{{"act":"{act}","actor":{_actor_text(actor)},"committed":{{'
        self._happened = claimed_text(happened_at)
        self._recorded = recorded_text(recorded_at)

    def entry(
        self,
        *,
        entry_id: str,
        stream: StreamKey,
        sequence: int,
        previous: str | None,
        schema: str,
        verb: str,
        values: Mapping[str, Json],
        committed: Sequence[Hidden],
    ) -> bytes:
        """The exact bytes of an entry. `entry_id` is a UUID as `str` writes it, `sequence` and `previous` (hash in
        hexadecimal, None for the first entry) are the stream's next, and each field of `committed` comes once.

        Raises `EntryRefused` naming the field when a value is outside the format or the bytes exceed 32 KB.
        """
        _check_words(schema, verb, stream.kind, frozenset(one.field for one in committed))
        link = "null" if previous is None else f'"{previous}"'
        encoded = (
            f'{self._start}{_commitments(entry_id, committed)}}},"happened_at":"{self._happened}","id":"{entry_id}",'
            f'"previous":{link},"recorded_at":"{self._recorded}","schema":"{schema}","sequence":{sequence},'
            f'"stream":{{"id":"{stream.id}","kind":"{stream.kind}"}},"v":1,"values":'
        ).encode()
        encoded = b'%b%b,"verb":"%b"}' % (encoded, _values(values), verb.encode())
        if len(encoded) > ENTRY_LIMIT:
            raise EntryRefused(
                f"{len(encoded)} bytes; an entry has at most {ENTRY_LIMIT}; store a file and name its digest"
            )
        return encoded


@lru_cache(maxsize=1024)
def _actor_text(actor: EntryActor) -> str:
    """The actor's object, checked by who knows the format."""
    entry_bytes(replace(_EXAMPLE, actor=actor))
    return canonical_bytes(actor_json(actor)).decode()


@lru_cache(maxsize=1024)
def _check_words(schema: str, verb: str, kind: str, fields: frozenset[str]) -> None:
    """The same for words of closed lists."""
    stream = StreamKey(kind=kind, id=_NOBODY)
    committed = dict.fromkeys(fields, "0" * 64)
    entry_bytes(replace(_EXAMPLE, schema=schema, verb=verb, stream=stream, committed=committed))


def _commitments(entry_id: str, committed: Sequence[Hidden]) -> str:
    """The members of `committed`, by field: words of ASCII, so that any order of text is RFC 8785's."""
    return ",".join(
        [
            f'"{field}":"{commitment_of_bytes(entry_id=entry_id, field=field, value=value, salt=salt)}"'
            for field, salt, value in sorted(committed)
        ]
    )


def _values(values: Mapping[str, Json]) -> bytes:
    texts = {key: value for key, value in values.items() if type(key) is str and type(value) is str}
    if len(texts) == len(values) and _ascii(tuple(texts)):
        text = ",".join([f'"{key}":{encode_basestring(texts[key])}' for key in sorted(texts)])
        try:
            return f"{{{text}}}".encode()
        except UnicodeEncodeError:
            pass  # a lone surrogate: refused below, in words
    try:
        return canonical_bytes({"values": values})[len(b'{"values":') : -1]
    except NotCanonical as error:
        raise EntryRefused(f"values: {error}") from None


@lru_cache(maxsize=1024)
def _ascii(keys: tuple[str, ...]) -> bool:
    """Whether names need no escapes and sort by code point as by UTF-16 unit."""
    return all(key.isascii() and encode_basestring(key) == f'"{key}"' for key in keys)
