"""Ways to tamper with exports (`tampering_packs`: with packs); every verifier must refuse all for the same reasons."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256

from chain_of_custody.core.canonical import canonical_bytes
from chain_of_custody.core.checkpoint import Checkpoint, checkpoint_sign
from chain_of_custody.core.entry import StreamKey, entry_hash, leaf_data
from chain_of_custody.core.export import ExportRow, Opening, Scope
from chain_of_custody.core.merkle import leaf_hash
from chain_of_custody.core.note import SignerKey, note_sign
from chain_of_custody.core.rotation import rotation_sign
from tests.chain_of_custody.core.builders import (
    CASE,
    GIVER,
    ITEM,
    LOG_KEY,
    OTHER_KEY,
    PACK_KEY,
    SECOND_ITEM,
    STORE,
    TAKER,
    Log,
    export_bytes,
    full_export,
    header,
    item_export,
    pack_bytes,
    small_log,
)

NAME = "DP-2026-0001"
PACK = pack_bytes()


@dataclass(frozen=True, slots=True)
class Case:
    """A file, the reason a verifier must give among its reasons, and what the reader trusts."""

    name: str
    data: bytes
    reason: str
    keys: tuple[SignerKey, ...] = (LOG_KEY,)
    outside: Checkpoint | None = None


# Exports


def changed_entry(row: ExportRow, **values: object) -> ExportRow:
    """The entry rewritten in canonical form with other values, and its leaf with it."""
    data = json.loads(row.entry)
    data["values"] |= values
    raw = canonical_bytes(data)
    return replace(row, entry=raw, leaf=leaf_data(row.leaf_salt, entry_hash(raw)))


def renumbered(rows: list[ExportRow]) -> list[ExportRow]:
    return [replace(row, index=index) for index, row in enumerate(rows)]


def lines_mended(lines: list[bytes]) -> bytes:
    """The lines with the footer's digest made right again."""
    footer = json.loads(lines[-1]) | {"digest": sha256(b"".join(lines[:-1])).hexdigest()}
    return b"".join([*lines[:-1], canonical_bytes(footer) + b"\n"])


def logged(change: Callable[[bytes], bytes]) -> bytes:
    """A full export whose only entry was changed before it was logged and signed."""
    log, forged = Log(), Log()
    log.custody(ITEM, "created", custodian=GIVER)
    raw = change(log.raw[0])
    assert raw != log.raw[0]
    forged.entries, forged.raw, forged.salts, forged.openings = log.entries, [raw], log.salts, log.openings
    forged.tree.append(leaf_hash(leaf_data(log.salts[0], entry_hash(raw))))
    return export_bytes(header(forged, Scope.FULL), forged.rows(Scope.FULL, reveal=False))


def custody_logged(*acts: tuple[str, dict[str, object]]) -> bytes:
    """A full export of one item's custody, signed by the log whatever it says."""
    log = Log()
    for verb, values in acts:
        log.custody(ITEM, verb, **values)  # type: ignore[arg-type]
    return full_export(log)


def exports() -> Iterator[Case]:
    """Tampered exports of every kind."""
    yield from _entries()
    yield from _lines()
    yield from _openings()
    yield from _signatures()
    yield from _forms()
    yield from _custody()


def whole(rows: list[ExportRow], log: Log | None = None) -> bytes:
    return export_bytes(header(log or small_log(), Scope.FULL), rows)


def _entries() -> Iterator[Case]:
    log = small_log()
    rows, quiet = log.rows(Scope.FULL), log.rows(Scope.FULL, reveal=False)
    changed = [*quiet[:1], changed_entry(quiet[1], custodian=str(STORE)), *quiet[2:]]
    yield Case("changed, leaf mended", whole(changed), "root-mismatch")
    careless = [*quiet[:8], replace(quiet[8], entry=changed_entry(quiet[8], seal=str(STORE)).entry)]
    yield Case("changed carelessly", whole(careless), "leaf-mismatch")
    for index in range(9):
        yield Case(f"deleted {index}", whole(renumbered(rows[:index] + rows[index + 1 :])), "size-mismatch")
    longer = small_log()
    longer.custody(ITEM, "moved", **{"from": TAKER, "to": STORE})
    yield Case("inserted", whole(longer.rows(Scope.FULL)), "size-mismatch")
    for one, two in ((1, 3), (1, 2), (4, 5)):
        swapped = list(rows)
        swapped[one], swapped[two] = rows[two], rows[one]
        yield Case(f"swapped {one} and {two}", whole(renumbered(swapped)), "root-mismatch")
    yield Case("replayed", whole(renumbered([*rows, rows[5]])), "sequence-repeated")
    dated = small_log()
    early = dated.entries[0].recorded_at - timedelta(microseconds=1)
    dated.append(StreamKey(kind="case", id=CASE), "casework.case/1", "noted", {}, recorded_at=early)
    yield Case("back-dated", full_export(dated), "recorded-backwards")
    forked = small_log()
    forked.put(replace(forked.entries[8], id=forked.uuid(), committed={}), {})
    fork = export_bytes(header(forked, Scope.FULL), forked.rows(Scope.FULL, reveal=False))
    yield Case("forked stream", fork, "link-broken")
    pair = log.rows(Scope.ITEMS, [ITEM, SECOND_ITEM])
    crossed = [replace(pair[0], proof=pair[1].proof), replace(pair[1], proof=pair[0].proof), *pair[2:]]
    yield Case("proofs swapped", export_bytes(header(log, Scope.ITEMS), crossed, LOG_KEY), "proof-invalid")
    short = replace(pair[0], proof=(pair[0].proof or ())[:-1])
    yield Case("proof shortened", export_bytes(header(log, Scope.ITEMS), [short, *pair[1:]], LOG_KEY), "proof-invalid")
    ends = log.rows(Scope.ITEMS, [ITEM])
    yield Case("end left out", export_bytes(header(log, Scope.ITEMS), ends[:-1]), "end-not-signed")
    yield Case("start left out", export_bytes(header(log, Scope.ITEMS), ends[1:], LOG_KEY), "sequence-gap")
    other = Log(seed=2)
    other.custody(ITEM, "created", custodian=STORE)
    foreign = export_bytes(header(log, Scope.ITEMS), other.rows(Scope.ITEMS, [ITEM]), LOG_KEY)
    yield Case("entry of another log", foreign, "proof-invalid")


def _lines() -> Iterator[Case]:
    changes: dict[str, Callable[[bytes], bytes]] = {
        "space in base64": lambda line: line.replace(b'{"entry":"', b'{"entry":" '),
        "padding added": lambda line: line.replace(b'","index"', b'=","index"'),
        "space after colon": lambda line: line.replace(b'"leaf_salt":"', b'"leaf_salt": "'),
        "index with a zero": lambda line: line.replace(b'"index":3', b'"index":03'),
        "index as a float": lambda line: line.replace(b'"index":3', b'"index":3.0'),
        "space at the end": lambda line: line.replace(b"\n", b" \n"),
        "carriage return": lambda line: line.replace(b"\n", b"\r\n"),
        "key in capitals": lambda line: line.replace(b'"revealed"', b'"Revealed"'),
        "key added": lambda line: line[:-2] + b',"x":1}\n',
        "revealed empty": lambda line: line[: line.index(b',"revealed"')] + b',"revealed":{}}\n',
        "not UTF-8": lambda line: line.replace(b'"value":"', b'"value":"\xff'),
        "escape not needed": lambda line: line.replace(b'"value":"r', b'"value":"\\u0072'),
        "lone surrogate": lambda line: line.replace(b'"value":"r', b'"value":"\\ud800'),
        "salt of another size": lambda line: line.replace(b'"salt":"', b'"salt":"AAAA'),
        "stray bits": _stray,
    }
    for name, change in changes.items():
        lines = full_export().splitlines(keepends=True)
        assert change(lines[4]) != lines[4], name
        lines[4] = change(lines[4])
        yield Case(name, lines_mended(lines), _LINE_REASONS.get(name, "export-malformed"))
    data = full_export()
    for end in (0, 1, len(data) // 2, data.rindex(b'{"digest"'), len(data) - 1):
        yield Case(f"truncated at {end}", data[:end], "truncated")
    yield Case("bytes after the end", data + b"\n", "trailing-bytes")
    yield Case("a line beyond the limit", b"{" + b" " * (4 << 20) + b"\n", "export-malformed")
    lines = data.splitlines(keepends=True)
    lines[3] = lines[3].replace(b'"index":2', b'"index":3')
    yield Case("index gap", lines_mended(lines), "index-gap")
    counted = lines_mended([*data.splitlines(keepends=True)]).replace(b'"entries":9', b'"entries":8')
    yield Case("count changed", counted, "count-mismatch")
    later = export_bytes(replace(header(small_log(), Scope.FULL), start=4), small_log().rows(Scope.FULL)[4:])
    yield Case("new entries only, without the state", later, "state-missing")
    yield Case("digest changed", data.replace(b'{"digest":"', b'{"digest":"0'), "digest-mismatch")
    yield Case("scope changed", data.replace(b'"scope":"full"', b'"scope":"items"'), "export-malformed")


_LINE_REASONS = {
    "space in base64": "not-base64",
    "padding added": "not-base64",
    "not UTF-8": "not-canonical",
    "escape not needed": "not-canonical",
    "lone surrogate": "not-canonical",
}


def _stray(line: bytes) -> bytes:
    """The last sign before the padding has bits that lax decoders ignore."""
    signs = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at = line.index(b'=","leaf_salt"') - 1
    return line[:at] + bytes((signs[signs.index(line[at]) ^ 1],)) + line[at + 1 :]


def _openings() -> Iterator[Case]:
    log = small_log()
    rows, held = log.rows(Scope.FULL), log.openings[4]
    changes = {
        "value replaced": ({"reason": Opening(held["reason"].salt, "another")}, "opening-mismatch"),
        "salt replaced": ({"reason": Opening(bytes(32), held["reason"].value)}, "opening-mismatch"),
        "value moved to another field": ({"actor.name": held["reason"]}, "opening-mismatch"),
        "value moved to no field": ({"place": held["reason"]}, "opening-without-commitment"),
        "value moved to another entry": (rows[5].revealed, "opening-mismatch"),
    }
    for name, (revealed, reason) in changes.items():
        yield Case(name, whole([*rows[:4], replace(rows[4], revealed=revealed), *rows[5:]]), reason)
    quiet = log.rows(Scope.FULL, reveal=False)
    data = json.loads(quiet[8].entry)
    data["committed"]["reason"] = "00" * 32
    withheld = [*quiet[:8], replace(quiet[8], entry=canonical_bytes(data))]
    yield Case("withheld value replaced", whole(withheld), "leaf-mismatch")


def _signatures() -> Iterator[Case]:
    log = small_log()
    rows = log.rows(Scope.FULL)
    yield Case("signed by another key", export_bytes(header(log, Scope.FULL, OTHER_KEY), rows), "other-key")
    both = header(log, Scope.FULL, OTHER_KEY, keys=(OTHER_KEY.verifier, LOG_KEY.verifier))
    yield Case("lists the true key too", export_bytes(both, rows), "other-key")
    yield Case("no key given", full_export(), "key-not-pinned", keys=())
    head = header(log, Scope.FULL)
    stale = checkpoint_sign(log.checkpoint(), LOG_KEY)
    later = small_log()
    later.custody(ITEM, "stated_earlier")
    fresh = checkpoint_sign(later.checkpoint(), OTHER_KEY)
    mixed = fresh.rpartition(b"\n\n")[0] + b"\n\n" + stale.rpartition(b"\n\n")[2]
    yield Case(
        "signature of another checkpoint", export_bytes(replace(head, checkpoint=mixed), rows), "signature-invalid"
    )
    yield Case("stale checkpoint", export_bytes(head, later.rows(Scope.FULL)), "size-mismatch")
    foreign = replace(head, origin="log.elsewhere.example")
    yield Case("another origin", export_bytes(foreign, rows), "origin-mismatch")
    unknown = replace(head, checkpoint=checkpoint_sign(log.checkpoint(), LOG_KEY, PACK_KEY))
    yield Case("unknown signer", export_bytes(unknown, rows), "unknown-signer")
    nobody = replace(head, checkpoint=note_sign(log.checkpoint().text(), PACK_KEY), keys=(PACK_KEY.verifier,))
    yield Case("not signed by the log", export_bytes(nobody, rows), "not-by-origin", keys=(PACK_KEY,))
    odd = replace(head, checkpoint=note_sign("hello\n", LOG_KEY))
    yield Case("no checkpoint", export_bytes(odd, rows), "checkpoint-malformed")
    rewritten = Log(seed=3)
    for _ in range(9):
        rewritten.append(StreamKey(kind="case", id=CASE), "casework.case/1", "noted", {})
    yield Case("rewritten log", full_export(rewritten), "outside-fork", outside=log.checkpoint())
    yield Case("rolled back", full_export(), "outside-ahead", outside=later.checkpoint())
    items = replace(later.checkpoint(), size=3, root=bytes(32))
    yield Case("items against an older state", item_export(), "outside-not-comparable", outside=items)
    signed = json.loads(item_export().splitlines()[-1])["signature"]
    short = export_bytes(header(log, Scope.ITEMS), log.rows(Scope.ITEMS, [ITEM])[:-1]).splitlines(keepends=True)
    footer = json.loads(short[-1]) | {"signature": signed}
    moved = b"".join([*short[:-1], canonical_bytes(footer) + b"\n"])
    yield Case("signature of another end", moved, "signature-invalid")
    yield from _rotations(log, rows)


def _rotations(log: Log, rows: list[ExportRow]) -> Iterator[Case]:
    new = OTHER_KEY
    head = header(log, Scope.FULL, new, keys=(new.verifier, LOG_KEY.verifier))
    alone = note_sign(rotation_sign(head.origin, LOG_KEY, new).decode().split("\n\n")[0] + "\n", new)
    for name, note in (
        ("change of keys signed by the new key only", alone),
        ("change of keys of another log", rotation_sign("elsewhere.example", LOG_KEY, new)),
    ):
        yield Case(name, export_bytes(replace(head, rotations=(note,)), rows), "rotation-invalid")
    unrelated = replace(
        head, rotations=(rotation_sign(head.origin, PACK_KEY, new),), keys=(*head.keys, PACK_KEY.verifier)
    )
    yield Case("change of keys from a key not trusted", export_bytes(unrelated, rows), "other-key")


def _forms() -> Iterator[Case]:
    changes: dict[str, Callable[[bytes], bytes]] = {
        "space": lambda raw: raw.replace(b'"v":1', b'"v": 1'),
        "float": lambda raw: raw.replace(b'"sequence":1', b'"sequence":1.0'),
        "trailing space": lambda raw: raw + b" ",
        "field added": lambda raw: raw.replace(b'"verb":"created"', b'"verb":"created","x":1'),
        "escape": lambda raw: raw.replace(b'"verb":"created"', b'"verb":"\\u0063reated"'),
        "version 2": lambda raw: raw.replace(b'"v":1', b'"v":2'),
        "too long": lambda raw: raw.replace(b'"values":{', b'"values":{"z":"' + b"z" * 33000 + b'",'),
        "too deep": lambda raw: raw.replace(b'"values":{', b'"values":{"a":' + b"[" * 63 + b"]" * 63 + b","),
        "keys out of order": lambda raw: raw.replace(b'"values":{', b'"values":{"z":1,'),
        "key twice": lambda raw: raw.replace(b'"values":{', b'"values":{"custodian":"x",'),
        "large integer": lambda raw: raw.replace(b'"values":{', b'"values":{"a":9007199254740992,'),
        "exponent": lambda raw: raw.replace(b'"values":{', b'"values":{"a":1e+21,'),
        "minus zero": lambda raw: raw.replace(b'"values":{', b'"values":{"a":-0,'),
        "surrogate": lambda raw: raw.replace(b'"values":{', b'"values":{"a":"\\udc00",'),
        "no such day": lambda raw: raw.replace(b'"recorded_at":"2026-03-01', b'"recorded_at":"2026-02-29'),
        "year 0": lambda raw: raw.replace(b'"happened_at":"2026', b'"happened_at":"0000'),
        "second 60": lambda raw: raw.replace(b':01+00:00"', b':60+00:00"'),
        "UUID in capitals": lambda raw: raw.replace(b'"party":"00', b'"party":"AA'),
        "long field name": lambda raw: raw.replace(b'"actor.name"', b'"' + b"a" * 65 + b'"'),
        "previous at the start": lambda raw: raw.replace(b'"previous":null', b'"previous":"' + b"0" * 64 + b'"'),
        "values a list": lambda raw: raw[: raw.index(b'"values":')] + b'"values":[],"verb":"created"}',
        "not JSON": lambda raw: raw[:-1],
        "empty": lambda raw: raw[:0],
        "byte order mark": lambda raw: b"\xef\xbb\xbf" + raw,
        "not UTF-8": lambda raw: raw.replace(b"custodian", b"custodi\xe9n", 1),
    }
    for name, change in changes.items():
        yield Case(f"entry: {name}", logged(change), "entry-malformed")
    higher = logged(lambda raw: raw.replace(b'"values":{', '"values":{"\U0001f418":1,"\ufb33":1,'.encode()))
    yield Case("entry: keys by code point", higher, "entry-malformed")


def _custody() -> Iterator[Case]:
    made = ("created", {"custodian": GIVER})
    hand = {"from": GIVER, "to": TAKER, "hand_over": SECOND_ITEM}
    stories = {
        "custody-created-twice": (made, made),
        "custody-not-created": (("moved", {"from": GIVER, "to": STORE}),),
        "custody-not-custodian": (made, ("moved", {"from": TAKER, "to": STORE})),
        "custody-offered": (made, ("offered", hand), ("moved", {"from": GIVER, "to": STORE})),
        "custody-not-receiver": (made, ("offered", hand), ("received", hand | {"to": STORE})),
        "custody-hand-over": (made, ("offered", hand), ("refused", {"hand_over": STORE})),
        "custody-seal": (made, ("sealed", {"seal": STORE}), ("sealed", {"seal": TAKER})),
        "custody-ended": (made, ("consumed", {"from": GIVER}), ("opened", {"seal": STORE})),
        "custody-verb-unknown": (made, ("constructor", {})),
        "custody-value-missing": (("created", {"custodian": "nobody"}),),
    }
    for reason, acts in stories.items():
        yield Case(reason, custody_logged(*acts), reason)
    log = Log()
    log.append(StreamKey(kind="case", id=CASE), "custody.item/1", "created", {"custodian": str(GIVER)})
    yield Case("custody of a case", full_export(log), "custody-stream")
