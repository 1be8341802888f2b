"""Files forged by somebody who holds one trusted key and uses it for what it is not for; and the whole set of files."""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from chain_of_custody.core.archive import Member
from chain_of_custody.core.canonical import Json, canonical_bytes
from chain_of_custody.core.checkpoint import Checkpoint, checkpoint_sign
from chain_of_custody.core.entry import entry_hash
from chain_of_custody.core.export import ExportHeader, Scope
from chain_of_custody.core.merkle import inclusion_proof
from chain_of_custody.core.note import SignerKey, VerifierKey, cosigner_key, note_cosign, note_sign
from chain_of_custody.core.rotation import rotation_sign
from chain_of_custody.core.tlogproof import TlogProof
from tests.chain_of_custody.core.builders import (
    GIVER,
    ITEM,
    LOG_KEY,
    ORIGIN,
    OTHER_KEY,
    PACK_KEY,
    STORE,
    Log,
    export_bytes,
    full_export,
    header,
    item_export,
    pack_bytes,
    small_log,
)
from tests.chain_of_custody.core.tampering import Case, exports, lines_mended
from tests.chain_of_custody.core.tampering_packs import NAME, packs, sound, written
from tests.chain_of_custody.core.tampering_packs import files as pack_files

EVIL = SignerKey(ORIGIN, bytes(range(50, 82)))
NEIGHBOUR = SignerKey("log.neighbour.example", bytes(range(100, 132)))
NEIGHBOUR_PACKS = SignerKey("log.neighbour.example/packs", bytes(range(101, 133)))


@dataclass(frozen=True, slots=True)
class Witness(SignerKey):
    """A witness's key: the one to pin has algorithm 0x04."""

    @property
    def verifier(self) -> VerifierKey:
        return cosigner_key(SignerKey(self.name, self.seed))


WITNESS = Witness("witness.example", bytes(range(9, 41)))


def _invented() -> Log:
    log = Log(seed=99)
    log.custody(ITEM, "created", custodian=STORE)
    log.custody(ITEM, "moved", **{"from": STORE, "to": GIVER})
    return log


def _full(log: Log, *signers: SignerKey, origin: str = ORIGIN, rotations: tuple[bytes, ...] = ()) -> bytes:
    state = replace(log.checkpoint(), origin=origin)
    keys = tuple(signer.verifier for signer in signers)
    note = checkpoint_sign(state, *(one for one in signers if one.name != PACK_KEY.name or not rotations))
    head = ExportHeader(origin=origin, scope=Scope.FULL, checkpoint=note, keys=keys, rotations=rotations)
    return export_bytes(head, log.rows(Scope.FULL))


def forgeries() -> Iterator[Case]:
    """Each signed by a trusted key, none of them by the right one."""
    log = _invented()
    both = (LOG_KEY, PACK_KEY)
    yield Case("log signed by the pack key and one brought along", _full(log, EVIL, PACK_KEY), "other-key", keys=both)
    head = header(log, Scope.ITEMS, EVIL, keys=(EVIL.verifier, PACK_KEY.verifier))
    head = replace(head, checkpoint=checkpoint_sign(log.checkpoint(), EVIL, PACK_KEY))
    custody = export_bytes(head, log.rows(Scope.ITEMS, [ITEM]))
    forged = pack_bytes(signer=PACK_KEY, custody=custody)
    yield Case("pack around a log signed by the pack key", forged, "other-key", keys=both)
    turned = _full(log, EVIL, PACK_KEY, rotations=(rotation_sign(ORIGIN, PACK_KEY, EVIL),))
    yield Case("the pack key names a key of the log", turned, "rotation-invalid", keys=both)
    yield Case("a log named like the pack key", _full(log, PACK_KEY, origin=PACK_KEY.name), "not-by-origin", keys=both)
    neighbour = (LOG_KEY, NEIGHBOUR)
    yield Case("log signed by a neighbour's key", _full(log, EVIL, NEIGHBOUR), "other-key", keys=neighbour)
    yield from _witnessed(log)
    yield from _ends()


def _witnessed(log: Log) -> Iterator[Case]:
    alike = SignerKey("log.l\u0430b.example", EVIL.seed)
    state = Checkpoint(origin=alike.name, size=log.tree.size, root=log.tree.root())
    note = note_cosign(checkpoint_sign(state, alike), SignerKey(WITNESS.name, WITNESS.seed), 1_772_000_000)
    head = ExportHeader(origin=alike.name, scope=Scope.FULL, checkpoint=note, keys=(alike.verifier,))
    data = export_bytes(head, log.rows(Scope.FULL))
    yield Case("a log named alike, seen by a trusted witness", data, "other-key", keys=(LOG_KEY, WITNESS))
    same = Witness(ORIGIN, bytes(range(30, 62)))
    note = note_cosign(checkpoint_sign(log.checkpoint(), EVIL), SignerKey(same.name, same.seed), 1_772_000_000)
    head = ExportHeader(origin=ORIGIN, scope=Scope.FULL, checkpoint=note, keys=(EVIL.verifier,))
    data = export_bytes(head, log.rows(Scope.FULL))
    yield Case("a witness named as the log", data, "other-key", keys=(LOG_KEY, same))


def _ends() -> Iterator[Case]:
    """Who signs where streams end, or a pack, could leave out later entries."""
    log = small_log()
    short = log.rows(Scope.ITEMS, [ITEM])[:-1]
    head = header(log, Scope.ITEMS, keys=(LOG_KEY.verifier, PACK_KEY.verifier))
    cut = export_bytes(head, short, PACK_KEY)
    yield Case("end signed by the pack key", cut, "signer-not-pinned", keys=(LOG_KEY, PACK_KEY))
    head = header(log, Scope.ITEMS, keys=(LOG_KEY.verifier, NEIGHBOUR.verifier))
    yield Case(
        "end signed by a neighbour",
        export_bytes(head, short, NEIGHBOUR),
        "signer-not-pinned",
        keys=(LOG_KEY, NEIGHBOUR),
    )
    for signer in (NEIGHBOUR, NEIGHBOUR_PACKS):
        pack = pack_bytes(signer=signer, custody=item_export(signer=None))
        yield Case(f"pack signed by {signer.name}", pack, "signer-not-pinned", keys=(LOG_KEY, signer))


def _header(**changes: Json) -> bytes:
    """A sound full export with other fields in its header, digest mended."""
    lines = full_export().splitlines(keepends=True)
    lines[0] = canonical_bytes(json.loads(lines[0]) | changes) + b"\n"
    return lines_mended(lines)


def oddities() -> Iterator[Case]:
    """Files that say more than they must, or in a form that one program takes and another does not."""
    key, other = str(LOG_KEY.verifier), str(OTHER_KEY.verifier)
    yield Case("a key that signed nothing", _header(vkeys=[key, other]), "key-unused")
    yield Case("a key named twice", _header(vkeys=[key, key]), "export-malformed")
    yield Case("a key in a list", _header(vkeys=[[key]]), "export-malformed")
    yield Case("a key that is an object", _header(vkeys=[{"toString": 1}, key]), "export-malformed")
    text, _, signature = checkpoint_sign(small_log().checkpoint(), LOG_KEY).decode().rpartition("\n\n")
    twice = f"{text}\n\n{signature}{signature}"
    yield Case("signed twice by one key", _header(checkpoint=twice), "signature-invalid")
    for size in (2**53, 10**19 - 1):
        state = Checkpoint(origin=ORIGIN, size=9, root=small_log().tree.root())
        note = note_sign(state.text().replace("\n9\n", f"\n{size}\n"), LOG_KEY).decode()
        yield Case(f"a log of {size} entries", _header(checkpoint=note), "checkpoint-malformed")
    data = item_export().splitlines(keepends=True)
    data[-2] = data[-2].replace(b'"index":8', b'"index":9007199254740993')
    yield Case("an index beyond 2^53", lines_mended(data), "export-malformed")
    files = dict(pack_files())
    name = f"{NAME}/signature.txt"
    text, _, signature = files[name].decode().rpartition("\n\n")
    files[name] = f"{text}\n\n{signature * 3}".encode()
    yield Case("pack signed three times by one key", written(files), "signature-invalid")
    inside = {path.removeprefix(f"{NAME}/"): content for path, content in pack_files().items()}
    moved = {path if path == "bagit.txt" else f"bagit.txt/{path}": content for path, content in inside.items()}
    yield Case("a folder named as a file beside it", written(moved), "archive-strange")
    member = Member(name=f"{NAME}/data/x", size=2**64 - 1, crc=0, offset=0)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(member.record), len(member.header), 0)
    yield Case("a file of 2^64 bytes", member.header + member.record + end, "archive-strange")


def proof_file(index: int, *, key: SignerKey = LOG_KEY) -> TlogProof:
    """The proof of one entry of the small log."""
    log = small_log()
    return TlogProof(
        index=index,
        hashes=tuple(inclusion_proof(log.tree.read, index, log.tree.size)),
        checkpoint=checkpoint_sign(log.checkpoint(), key),
        extra=log.salts[index] + entry_hash(log.raw[index]),
    )


def _exchanged(proof: TlogProof) -> list[tuple[str, TlogProof, str]]:
    """The proof with a part exchanged or cut, and the reason that names it."""
    return [
        ("another index", replace(proof, index=4), "proof-invalid"),
        ("an index beyond the log", replace(proof, index=10**18), "proof-invalid"),
        ("the path of another entry", replace(proof, hashes=proof_file(4).hashes), "proof-invalid"),
        ("a path cut off", replace(proof, hashes=proof.hashes[:-1]), "proof-invalid"),
        ("a path too long", replace(proof, hashes=(*proof.hashes, bytes(32))), "proof-invalid"),
        ("a path without end", replace(proof, hashes=(bytes(32),) * 65), "proof-malformed"),
        ("a hash cut off", replace(proof, hashes=(bytes(31),)), "proof-malformed"),
        ("the salt and hash of another entry", replace(proof, extra=proof_file(4).extra), "proof-invalid"),
        ("nothing of the entry", replace(proof, extra=b""), "proof-malformed"),
        ("half of the entry", replace(proof, extra=proof.extra[:-1]), "proof-malformed"),
        ("another key", proof_file(3, key=OTHER_KEY), "signature-invalid"),
        ("a key for packs", proof_file(3, key=PACK_KEY), "signature-invalid"),
        ("a witness alone", proof_file(3, key=NEIGHBOUR), "signature-invalid"),
    ]


def _rewritten(text: bytes) -> list[tuple[str, bytes, str]]:
    """The proof's text written otherwise."""
    lines = text.split(b"\n")
    return [
        ("no checkpoint", text.partition(b"\n\n")[0] + b"\n\n", "proof-malformed"),
        ("no empty line", text.replace(b"\n\n", b"\n"), "proof-malformed"),
        ("another version", text.replace(b"proof@v1", b"proof@v1.1", 1), "proof-malformed"),
        ("no index", b"\n".join([*lines[:2], *lines[3:]]), "proof-malformed"),
        ("an index with a zero before it", text.replace(b"index 3", b"index 03"), "proof-malformed"),
        ("a line end of Windows", text.replace(b"index 3\n", b"index 3\r\n"), "proof-malformed"),
        ("a letter beyond ASCII", text.replace(b"index 3", "index 3é".encode()), "proof-malformed"),
        ("an empty extra", text.replace(lines[1], b"extra "), "proof-malformed"),
        ("stray bits", text.replace(lines[3], lines[3][:-2] + b"B="), "proof-malformed"),
        ("bytes after the checkpoint", text + b"more\n", "signature-invalid"),
    ]


def proofs() -> list[Case]:
    """Proofs of one entry: sound ones first, then every part exchanged, cut or written otherwise."""
    proof, now = proof_file(3), small_log().checkpoint()
    text = proof.text()
    kept = [
        ("a proof and its own checkpoint", now, ""),
        ("a proof and an older checkpoint", replace(now, size=5), "outside-not-comparable"),
        ("a proof and a fork", replace(now, root=bytes(32)), "outside-fork"),
    ]
    return [
        Case("proof", text, ""),
        Case("proof of the last entry", proof_file(8).text(), ""),
        *(Case(f"proof with {name}", made.text(), reason) for name, made, reason in _exchanged(proof)),
        *(Case(f"proof with {name}", data, reason) for name, data, reason in _rewritten(text)),
        *(Case(name, text, reason, outside=outside) for name, outside, reason in kept),
        Case(
            "a proof and another log",
            text,
            "outside-origin",
            keys=(NEIGHBOUR, LOG_KEY),
            outside=replace(now, origin=NEIGHBOUR.name),
        ),
    ]


def everything() -> list[Case]:
    """The whole set, sound files first."""
    return [*sound(), *exports(), *packs(), *forgeries(), *oddities(), *proofs()]
