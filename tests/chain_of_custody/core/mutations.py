"""Files changed at random by what parsers disagree about: escapes, repeated keys, numbers, depth, white space, forms.

What is signed here is signed after the change, so that both verifiers read on to the part that was changed.
"""

import json
import random
from collections.abc import Iterator
from hashlib import sha256

from chain_of_custody.core.canonical import canonical_bytes
from chain_of_custody.core.entry import entry_hash, leaf_data
from chain_of_custody.core.errors import CoreError
from chain_of_custody.core.export import Scope
from chain_of_custody.core.merkle import leaf_hash
from chain_of_custody.core.pack import manifest_bytes
from tests.chain_of_custody.core.builders import (
    GIVER,
    ITEM,
    STORE,
    Log,
    export_bytes,
    full_export,
    header,
    item_export,
    small_log,
)
from tests.chain_of_custody.core.tampering import Case, lines_mended
from tests.chain_of_custody.core.tampering_packs import NAME, bag_mended, files, signed, written

PIECES = [
    *(bytes((sign,)) for sign in b'{}[],:"\\ \t\r\n\x00\x1f\x7f\xff=+/-_AafZ019.'),
    *(
        b"\\u0000",
        b"\\u00e9",
        b"\\/",
        b"\\ud83d\\ude00",
        b"\\ud800",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"\r\n",
        b"\n\n",
    ),
    *("é", "\U0001f418", "\u2028", "\x85", "\xa0", "\x1c", "—", "e\u0301", "ǅ", "ẞ", "ς", "İ"),
    *(b"1e5", b"-0", b"00", b"1.0", b"9007199254740991", b"9007199254740992", b"12345678901234567890"),
    *(b"null", b"true", b"NaN", b"Infinity", b"[" * 70, b'"a":1,', b'"__proto__":1,', b'"constructor":{},'),
    *('"\U00010000":1,"\ufb33":1,', b"%0A", b"%25", b"..", b"==", b"0x10"),
]
TOKENS = [piece if isinstance(piece, bytes) else piece.encode() for piece in PIECES]


def changed(data: bytes, pick: random.Random) -> bytes:
    """One to three pieces put in, written over, taken out or repeated."""
    out = bytearray(data)
    for _ in range(pick.choice((1, 1, 1, 2, 3))):
        at, token = pick.randrange(len(out) + 1), pick.choice(TOKENS)
        match pick.randrange(4):
            case 0:
                out[at:at] = token
            case 1:
                out[at : at + len(token)] = token
            case 2:
                del out[at : at + pick.choice((1, 1, 2, 8))]
            case _:
                out[at:at] = out[at : at + pick.randrange(40)]
    return bytes(out)


def entry(pick: random.Random) -> bytes:
    """A log that holds, under its own signature, an entry in another form."""
    log, forged = Log(), Log()
    log.custody(ITEM, "created", custodian=GIVER)
    log.custody(ITEM, "moved", **{"from": GIVER, "to": STORE})
    number = pick.randrange(2)
    forged.entries, forged.salts, forged.openings = log.entries, log.salts, log.openings
    forged.raw = [changed(raw, pick) if n == number else raw for n, raw in enumerate(log.raw)]
    for raw, salt in zip(forged.raw, forged.salts, strict=True):
        forged.tree.append(leaf_hash(leaf_data(salt, entry_hash(raw))))
    return export_bytes(header(forged, Scope.FULL), forged.rows(Scope.FULL, reveal=False))


def line(pick: random.Random) -> bytes:
    """An export with a line in another form, its digest mended."""
    quiet = export_bytes(header(small_log(), Scope.FULL), small_log().rows(Scope.FULL, reveal=False))
    lines = pick.choice((full_export(), item_export(), quiet)).splitlines(keepends=True)
    number = pick.randrange(len(lines))
    lines[number] = changed(lines[number][:-1], pick) + pick.choice((b"\n", b"\n", b"\n", b"\r\n", b""))
    return lines_mended(lines) if number < len(lines) - 1 else b"".join(lines)


def note(pick: random.Random) -> bytes:
    """An export whose header has another checkpoint or key."""
    lines = full_export().splitlines(keepends=True)
    head = json.loads(lines[0])
    if pick.random() < 0.5:
        head["checkpoint"] = changed(head["checkpoint"].encode(), pick).decode(errors="replace")
    else:
        head["vkeys"] = [changed(head["vkeys"][0].encode(), pick).decode(errors="replace"), *head["vkeys"]]
    lines[0] = canonical_bytes(head) + b"\n"
    return lines_mended(lines)


def manifest(pick: random.Random) -> bytes:
    """A pack that lists its files in another form, signed over that."""
    content = dict(files())
    name = f"{NAME}/manifest-sha256.txt"
    content[name] = changed(content[name], pick)
    tags = {tag: content[f"{NAME}/{tag}"] for tag in ("bagit.txt", "bag-info.txt", "manifest-sha256.txt")}
    content[f"{NAME}/tagmanifest-sha256.txt"] = manifest_bytes(
        {path: sha256(data).hexdigest() for path, data in tags.items()}
    )
    return written(signed(content))


def tag(pick: random.Random) -> bytes:
    """A pack with a tag file in another form."""
    content = dict(files())
    name = pick.choice([one for one in content if "/data/" not in one])
    content[name] = changed(content[name], pick)
    return written(signed(content) if pick.random() < 0.5 else content)


def name(pick: random.Random) -> bytes:
    """A signed pack with a file of an odd name, at times two that some file system takes for one."""
    content = dict(files())
    odd = changed(b"data/photo/a.jpg", pick).decode(errors="replace")
    for one in {odd, pick.choice((odd, odd.swapcase(), odd.lower()))}:
        content[f"{NAME}/{one}"] = b"synthetic"
    return written(signed(bag_mended(content)))


MAKERS = (entry, entry, line, line, note, manifest, tag, name)


def mutations(seed: int, number: int) -> Iterator[Case]:
    """So many changed files, each kind in turn; `reason` says nothing."""
    pick = random.Random(seed)
    for turn in range(number):
        maker = MAKERS[turn % len(MAKERS)]
        try:
            yield Case(f"{maker.__name__} {turn}", maker(pick), "")
        except (CoreError, ValueError):  # such a file cannot be made at all
            continue
