"""Ways to tamper with packs, and files that pass: see `tampering` for exports."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256

from chain_of_custody.core.archive import ArchiveWriter
from chain_of_custody.core.export import Scope
from chain_of_custody.core.note import SignerKey, note_sign
from chain_of_custody.core.pack import manifest_bytes, signed_text
from chain_of_custody.core.rotation import rotation_sign
from tests.chain_of_custody.core.builders import (
    GIVER,
    ITEM,
    LOG_KEY,
    OTHER_KEY,
    PACK_KEY,
    Log,
    export_bytes,
    full_export,
    header,
    item_export,
    pack_bytes,
    small_log,
)
from tests.chain_of_custody.core.tampering import Case, whole

NAME = "DP-2026-0001"
PACK = pack_bytes()


def files(data: bytes = PACK) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {info.filename: archive.read(info) for info in archive.infolist()}


def written(content: dict[str, bytes]) -> bytes:
    """An archive of exact form with this content, as a careful forger would make it."""
    return written_pairs(list(content.items()))


def written_pairs(content: list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    writer = ArchiveWriter(out)
    for name, data in content:
        writer.add(name, [data])
    writer.close()
    return out.getvalue()


def bag_mended(content: dict[str, bytes]) -> dict[str, bytes]:
    """Manifest, oxum and tag manifest made right again."""
    payload = {n.removeprefix(f"{NAME}/"): d for n, d in content.items() if n.startswith(f"{NAME}/data/")}
    manifest = manifest_bytes({path: sha256(data).hexdigest() for path, data in payload.items()})
    info = content[f"{NAME}/bag-info.txt"].decode().splitlines()
    oxum = f"Payload-Oxum: {sum(map(len, payload.values()))}.{len(payload)}"
    told = "".join(f"{oxum if line.startswith('Payload') else line}\n" for line in info).encode()
    tags = {"bagit.txt": content[f"{NAME}/bagit.txt"], "bag-info.txt": told, "manifest-sha256.txt": manifest}
    tagmanifest = manifest_bytes({path: sha256(data).hexdigest() for path, data in tags.items()})
    rest = {"tagmanifest-sha256.txt": tagmanifest, "signature.txt": content[f"{NAME}/signature.txt"]}
    ordered = {path: payload[path] for path in sorted(payload, key=str.encode)} | tags | rest
    return {f"{NAME}/{path}": data for path, data in ordered.items()}


def zipped(compression: int) -> bytes:
    """The same files, zipped by the standard library in its own form."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in files().items():
            archive.writestr(zipfile.ZipInfo(name), data, compression)
    return out.getvalue()


def commented() -> bytes:
    out = io.BytesIO(PACK)
    with zipfile.ZipFile(out, "a") as archive:
        archive.comment = b"hello"
    return out.getvalue()


def encrypted() -> bytes:
    data = bytearray(PACK)
    for at in (6, PACK.index(b"PK\x01\x02") + 8):
        data[at] |= 1
    return bytes(data)


def duplicated() -> bytes:
    content = list(files().items())
    return written_pairs([*content, content[0]])


def signed(content: dict[str, bytes], key: SignerKey = LOG_KEY) -> dict[str, bytes]:
    """The pack signed again, over whatever its tag manifest says."""
    tagmanifest = content[f"{NAME}/tagmanifest-sha256.txt"]
    return content | {f"{NAME}/signature.txt": note_sign(signed_text(NAME, tagmanifest), key)}


def packs() -> Iterator[Case]:
    """Tampered packs of every kind."""
    yield from _archives()
    yield from _bags()
    yield from _histories()


def _archives() -> Iterator[Case]:
    first = PACK.index(b"PK\x01\x02")
    dated = bytearray(PACK)
    dated[first + 12] ^= 1
    yield Case("bytes before", b"before" + PACK, "not-canonical")
    yield Case("bytes after", PACK + b"after", "archive-malformed")
    yield Case("cut", PACK[:-1], "archive-malformed")
    yield Case("cut in the middle", PACK[:1000], "archive-malformed")
    yield Case("two signs", b"PK", "archive-malformed")
    yield Case("comment", commented(), "archive-malformed")
    yield Case("name twice", duplicated(), "archive-strange")
    yield Case("encrypted", encrypted(), "archive-strange")
    yield Case("compressed", zipped(zipfile.ZIP_DEFLATED), "archive-strange")
    yield Case("stored by another program", zipped(zipfile.ZIP_STORED), "archive-strange")
    yield Case("another date", bytes(dated), "archive-strange")
    yield Case("gap between members", PACK[:first] + b"\0" + PACK[first:], "archive-malformed")
    yield Case("path upwards", written({f"{NAME}/../../x": b""}), "path-unsafe")
    yield Case("backslash", written({f"{NAME}/data/a\\b": b""}), "path-unsafe")
    yield Case("decomposed name", written({f"{NAME}/data/e\u0301": b""}), "path-unsafe")
    yield Case("second folder", written(files() | {"other/x": b""}), "archive-strange")
    yield Case("names differ in case", written(files() | {f"{NAME}/DATA/report/r-1.pdf": b""}), "archive-strange")
    yield Case("empty archive", written({}), "archive-strange")
    yield Case("order reversed", written(dict(reversed(files().items()))), "archive-strange")
    flipped = bytearray(PACK)
    flipped[PACK.index(b"%PDF")] ^= 1
    yield Case("a bit of a file", bytes(flipped), "archive-malformed")


def _bags() -> Iterator[Case]:
    report = f"{NAME}/data/report/R-1.pdf"
    yield Case("file altered", written(files() | {report: b"%PDF-1.7 another"}), "digest-mismatch")
    mended = bag_mended(files() | {report: b"%PDF-1.7 another"})
    yield Case("file altered, lists mended", written(mended), "signature-invalid")
    yield Case("file altered, signed by another", written(signed(mended, OTHER_KEY)), "signature-invalid")
    forged = pack_bytes({"data/report/R-1.pdf": b"another"}, signer=OTHER_KEY)
    yield Case("forged and signed again", forged, "signer-not-pinned")
    tagmanifest = files()[f"{NAME}/tagmanifest-sha256.txt"]
    other = note_sign(signed_text("DP-2026-0002", tagmanifest), LOG_KEY)
    yield Case("signature of another pack", written(files() | {f"{NAME}/signature.txt": other}), "signature-invalid")
    renamed = {name.replace(NAME, "DP-2026-0009"): data for name, data in files().items()}
    yield Case("renamed", written(renamed), "bag-info-mismatch")
    for name in ("data/added.txt", "added.txt", "fetch.txt"):
        added = {f"{NAME}/{name}": b"http://127.0.0.1/ 1 data/x\n"}
        yield Case(f"added {name}", written(added | files()), "unlisted")
    for name in ("signature.txt", "bagit.txt", "tagmanifest-sha256.txt", "bag-info.txt", "data/raw/trace.ab1"):
        content = files()
        del content[f"{NAME}/{name}"]
        yield Case(f"removed {name}", written(content), "file-missing")
    for name, old, new, reason in (
        ("bagit.txt", b"UTF-8", b"UTF-7", "declaration-malformed"),
        ("bagit.txt", b"1.0", b"0.97", "declaration-malformed"),
        ("bag-info.txt", b"Payload-Oxum: ", b"Payload-Oxum: 1", "bag-info-mismatch"),
        ("bag-info.txt", b": ", b"=", "pack-malformed"),
        ("bag-info.txt", b"Bagging", b"\xff", "pack-malformed"),
        ("bag-info.txt", b"Spoor-Signing-Key: ", b"Spoor-Signing-Key: x", "signature-invalid"),
        ("manifest-sha256.txt", b"  data/report", b"  data/../report", "path-unsafe"),
        ("manifest-sha256.txt", b"  data/report", b"  daten/report", "manifest-malformed"),
        ("manifest-sha256.txt", b"  data/report", b"data", "manifest-malformed"),
        ("manifest-sha256.txt", b"  data/report", b"  data/\xff", "tag-encoding"),
        ("manifest-sha256.txt", b"data/raw/trace.ab1", b"data/report/R-1.pdf", "listed-twice"),
        ("tagmanifest-sha256.txt", b"  bagit.txt", b"  bogit.txt", "tagmanifest-incomplete"),
        ("signature.txt", b"spoor-pack/1", b"spoor-pack/2", "signature-invalid"),
        ("signature.txt", "— ".encode(), b"- ", "signature-invalid"),
    ):
        path, content = f"{NAME}/{name}", files()
        content[path] = content[path].replace(old, new, 1)
        assert content[path] != files()[path], (name, new)
        yield Case(f"{name}: {new!r}", written(content), reason)


def _histories() -> Iterator[Case]:
    content = files()
    del content[f"{NAME}/data/custody/custody.jsonl"]
    yield Case("no custody history", written(signed(bag_mended(content))), "custody-missing")
    broken = item_export(signer=None).replace(b'"index":3', b'"index":4')
    yield Case("broken history in a sound pack", pack_bytes(custody=broken), "proof-invalid")
    other = item_export(signer=OTHER_KEY)
    yield Case("history signed at its end by a stranger", pack_bytes(custody=other), "signature-invalid")
    other_pack, rows = Log(seed=9), small_log().rows(Scope.FULL)
    other_pack.custody(ITEM, "created", custodian=GIVER)
    foreign = replace(rows[1], revealed={"reason": other_pack.openings[0]["reason"]})
    data = export_bytes(header(small_log(), Scope.FULL), [rows[0], foreign, *rows[2:]])
    yield Case("value of another pack", pack_bytes(custody=data), "opening-mismatch")


def sound() -> Iterator[Case]:
    """Files that pass; `reason` is empty."""
    yield Case("full export", full_export(), "")
    yield Case("items export", item_export(), "")
    yield Case("pack", PACK, "")
    yield Case("pack with its own key", pack_bytes(signer=PACK_KEY), "", keys=(LOG_KEY, PACK_KEY))
    yield Case("pack of a full history", pack_bytes(custody=full_export()), "")
    later = small_log()
    later.custody(ITEM, "stated_earlier")
    yield Case("extends the state kept", full_export(later), "", outside=small_log().checkpoint())
    nothing = replace(small_log().checkpoint(), size=0, root=sha256(b"").digest())
    yield Case("extends the empty log", full_export(), "", outside=nothing)
    yield Case("everything withheld", whole(small_log().rows(Scope.FULL, reveal=False)), "")
    head = header(small_log(), Scope.FULL, OTHER_KEY, keys=(OTHER_KEY.verifier, LOG_KEY.verifier))
    turned = replace(head, rotations=(rotation_sign(head.origin, LOG_KEY, OTHER_KEY),))
    yield Case("after a change of keys", export_bytes(turned, small_log().rows(Scope.FULL)), "")
    accents = pack_bytes({"data/photo/côté \U0001f418.jpg": b"synthetic", "data/raw/ß%.txt": b"%0A"})
    yield Case("names in every script", accents, "")
