"""Replaying the custody of one item: after every entry it has exactly one custodian, or its story has ended.

Entries of schemas `custody.<thing>/<n>` in streams of kind "item" are replayed; others say nothing about
custody. One row per verb says what must hold before and what holds after; `docs/ledger-format.md` has the
same table. Party, hand-over and seal are named by UUID in `values`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from chain_of_custody.core.canonical import Json
from chain_of_custody.core.entry import UUID_PATTERN
from chain_of_custody.core.errors import CustodyBroken

ITEM_SCHEMA = "custody.item/1"
ITEM_STREAM = "item"

Values = Mapping[str, Json]

_match_uuid = re.compile(UUID_PATTERN).fullmatch


class Custody(NamedTuple):
    """Where an item stands: custodian, open hand-over and its receiver, seal; empty where there is none.

    Each is the 16 bytes of a UUID, so that millions of items fit in memory (`pack`).
    """

    custodian: bytes = b""
    hand_over: bytes = b""
    receiver: bytes = b""
    seal: bytes = b""
    final: bool = False

    def pack(self) -> bytes:
        """One byte of flags, then the UUIDs there are."""
        custodian, hand_over, receiver, seal, final = self
        if custodian and not (hand_over or receiver or seal or final):
            return b"\x01" + custodian
        flags = bool(custodian) | bool(hand_over) << 1 | bool(receiver) << 2 | bool(seal) << 3 | bool(final) << 4
        return bytes((flags,)) + custodian + hand_over + receiver + seal

    @classmethod
    def unpack(cls, data: bytes) -> "Custody":
        """The inverse of `pack`; no bytes stand for an item without history."""
        if not data:
            return NOBODY
        flags = data[0]
        if flags == 1:
            return cls(data[1:])
        b = 1 + 16 * (flags & 1)
        c = b + 16 * (flags >> 1 & 1)
        d = c + 16 * (flags >> 2 & 1)
        return cls(data[1:b], data[b:c], data[c:d], data[d:], flags >= 16)


NOBODY = Custody()


@dataclass(frozen=True, slots=True)
class Rule:
    """`same` pairs a value's name with the state it must equal; `free` demands that no hand-over is open."""

    after: Callable[[Custody, Values], Custody]
    same: tuple[tuple[str, str], ...] = ()
    free: bool = False


def _uuid(values: Values, name: str) -> bytes:
    value = values.get(name)
    try:
        return _uuid_bytes(value if isinstance(value, str) else "")
    except ValueError:
        raise CustodyBroken(f"values.{name} is {value!r}, not a UUID", reason="custody-value-missing") from None


@lru_cache(maxsize=4096)
def _uuid_bytes(text: str) -> bytes:
    if not _match_uuid(text):
        raise ValueError
    return bytes.fromhex(text.replace("-", ""))


def _shown(uuid: bytes) -> str:
    return str(UUID(bytes=uuid)) if uuid else "none"


def _created(_: Custody, values: Values) -> Custody:
    return Custody(custodian=_uuid(values, "custodian"), seal=_uuid(values, "seal") if "seal" in values else b"")


def _offered(now: Custody, values: Values) -> Custody:
    return now._replace(hand_over=_uuid(values, "hand_over"), receiver=_uuid(values, "to"))


def _settled(now: Custody, _: Values) -> Custody:
    return Custody(now.custodian, b"", b"", now.seal, now.final)


def _passed_on(now: Custody, values: Values) -> Custody:
    return Custody(_uuid(values, "to"), b"", b"", now.seal, now.final)


def _sealed(now: Custody, values: Values) -> Custody:
    if now.seal and values.get("replaces") != _shown(now.seal):
        raise CustodyBroken(f"sealed while seal {_shown(now.seal)} is on it", reason="custody-seal")
    return now._replace(seal=_uuid(values, "seal"))


def _opened(now: Custody, _: Values) -> Custody:
    return now._replace(seal=b"")


def _returned(now: Custody, values: Values) -> Custody:
    return now._replace(custodian=_uuid(values, "to"), final=True)


def _ended(now: Custody, _: Values) -> Custody:
    return now._replace(final=True)


def _unchanged(now: Custody, _: Values) -> Custody:
    return now


_FROM = (("from", "custodian"),)
_HAND_OVER = (("hand_over", "hand_over"),)
_REASONS = {
    "custodian": "custody-not-custodian",
    "hand_over": "custody-hand-over",
    "receiver": "custody-not-receiver",
    "seal": "custody-seal",
}

RULES: Mapping[str, Rule] = {
    "offered": Rule(_offered, _FROM, free=True),
    "received": Rule(_passed_on, (*_HAND_OVER, *_FROM, ("to", "receiver"))),
    "refused": Rule(_settled, _HAND_OVER),
    "withdrawn": Rule(_settled, _HAND_OVER),
    "moved": Rule(_passed_on, _FROM, free=True),
    "sealed": Rule(_sealed),
    "opened": Rule(_opened, (("seal", "seal"),)),
    "consumed": Rule(_ended, _FROM, free=True),
    "returned": Rule(_returned, _FROM, free=True),
    "disposed": Rule(_ended, _FROM, free=True),
    "reassigned": Rule(_passed_on, _FROM),
    "stated_earlier": Rule(_unchanged),
    "back_entered": Rule(_passed_on, _FROM, free=True),
}


def custody_step(now: Custody, verb: str, values: Values) -> Custody:
    """The state after one more custody entry. Raises `CustodyBroken` with the reason when the entry cannot
    follow.
    """
    if verb == "created":
        if now != NOBODY:
            raise CustodyBroken("created a second time", reason="custody-created-twice")
        return _created(now, values)
    rule = RULES.get(verb)
    if rule is None:
        raise CustodyBroken(f"unknown custody verb {verb!r}", reason="custody-verb-unknown")
    if not now.custodian:
        raise CustodyBroken(f"{verb} before the item was created", reason="custody-not-created")
    if now.final and verb != "stated_earlier":
        raise CustodyBroken(f"{verb} after its custody ended", reason="custody-ended")
    if rule.free and now.hand_over:
        raise CustodyBroken(f"{verb} while hand-over {_shown(now.hand_over)} is open", reason="custody-offered")
    _check_same(rule, now, verb, values)
    return rule.after(now, values)


def _check_same(rule: Rule, now: Custody, verb: str, values: Values) -> None:
    for name, state in rule.same:
        stated, held = _uuid(values, name), getattr(now, state)
        if stated != held:
            message = f"{verb}: {name} is {_shown(stated)}, but the {state} is {_shown(held)}"
            raise CustodyBroken(message, reason=_REASONS[state])
