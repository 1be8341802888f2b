"""The disclosure pack: one signed BagIt 1.0 bag in one ZIP archive of exact form. See docs/ledger-format.md."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from chain_of_custody.core.archive import CHUNK, Archive, ArchiveWriter
from chain_of_custody.core.bag import TAG_LIMIT, TagTooLong, path_encode, path_fault, tag_bytes
from chain_of_custody.core.errors import PackRefused
from chain_of_custody.core.note import SignerKey, note_sign

FORMAT = "spoor-pack/1"
CUSTODY_PATH = "data/custody/custody.jsonl"
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
KEY_LABEL, REFERENCE_LABEL, OXUM_LABEL = "Spoor-Signing-Key", "External-Identifier", "Payload-Oxum"
TAG_FILES = ("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "signature.txt")

Source = bytes | Path | Iterable[bytes]

_match_reference = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}").fullmatch
_match_label = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,59}").fullmatch


@dataclass(frozen=True, slots=True, kw_only=True)
class PackSummary:
    """What was written: reference, number and bytes of payload files, and the digest the signature covers."""

    reference: str
    files: int
    size: int
    tagmanifest: str


def pack_write(
    out: BinaryIO,
    *,
    reference: str,
    files: Iterable[tuple[str, Source]],
    signer: SignerKey,
    info: Mapping[str, str] | None = None,
) -> PackSummary:
    """Write a pack to a seekable binary file in constant memory; equal input gives equal bytes.

    `files` are paths from the bag's folder ("data/report/R-1.pdf") with bytes, a file, or chunks that are
    read when their turn comes; one must be the custody history `data/custody/custody.jsonl`. `info` adds
    labels to bag-info.txt. Raises `PackRefused` naming the path that is unsafe, taken, or missing.
    """
    if not _match_reference(reference):
        raise PackRefused(f"reference {reference!r}: letters, digits, dot, dash and underscore only")
    sources = _sorted_sources(files)
    archive = ArchiveWriter(out)
    payload = {path: archive.add(f"{reference}/{path}", _chunks(source)) for path, source in sources}
    size = sum(length for length, _ in payload.values())
    tags = {
        "bagit.txt": DECLARATION,
        "bag-info.txt": _info(reference, info or {}, f"{size}.{len(payload)}", str(signer.verifier)),
        "manifest-sha256.txt": manifest_bytes({path: digest for path, (_, digest) in payload.items()}),
    }
    long = next((name for name, data in tags.items() if len(data) > TAG_LIMIT), None)
    if long is not None:
        raise PackRefused(f"longer than {TAG_LIMIT} bytes: too many files for one pack", path=long)
    digests = {name: archive.add(f"{reference}/{name}", (data,))[1] for name, data in tags.items()}
    tagmanifest = manifest_bytes(digests)
    archive.add(f"{reference}/tagmanifest-sha256.txt", (tagmanifest,))
    note = note_sign(signed_text(reference, tagmanifest), signer)
    archive.add(f"{reference}/signature.txt", (note,))
    archive.close()
    return PackSummary(reference=reference, files=len(payload), size=size, tagmanifest=sha256(tagmanifest).hexdigest())


def signed_text(reference: str, tagmanifest: bytes) -> str:
    """The text a pack's signature covers."""
    return f"{FORMAT}\n{reference}\n{sha256(tagmanifest).hexdigest()}\n"


def manifest_bytes(digests: Mapping[str, str]) -> bytes:
    """A manifest: digest, two spaces, path; sorted by path."""
    lines = (f"{digests[path]}  {path_encode(path)}\n" for path in sorted(digests, key=str.encode))
    return "".join(lines).encode()


def info_parse(data: bytes) -> list[tuple[str, str]]:
    """Labels and values of a pack's bag-info.txt. Raises `PackRefused` for lines of another form."""
    try:
        lines = data.decode().removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise PackRefused(f"not UTF-8 at byte {error.start}", path="bag-info.txt") from None
    pairs = []
    for line in lines:
        label, colon, value = line.partition(": ")
        if not colon or not _match_label(label):
            raise PackRefused(f"not a label and a value: {line[:80]!r}", path="bag-info.txt")
        pairs.append((label, value))
    return pairs


class PackTree:
    """The files of a pack below its one folder, for `bag_check`."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        folders = {name.partition("/")[0] for name in archive.members}
        if len(folders) != 1:
            raise PackRefused(f"{len(folders)} folders at the top, a pack has one", reason="archive-strange")
        self.reference = folders.pop()
        if self.reference in archive.members:
            raise PackRefused("the one folder is a file", path=self.reference, reason="archive-strange")
        if not _match_reference(self.reference):
            raise PackRefused(f"the folder {self.reference!r} is no pack reference", reason="archive-strange")

    def names(self) -> list[str]:
        return [name.removeprefix(f"{self.reference}/") for name in self.archive.members]

    def chunks(self, name: str) -> Iterator[bytes]:
        return self.archive.chunks(f"{self.reference}/{name}")

    def read(self, name: str) -> bytes:
        """A tag file whole. Raises `PackRefused` when it is too long for one."""
        try:
            return tag_bytes(self, name)
        except TagTooLong as error:
            raise PackRefused(str(error), path=name) from None


def member_fault(path: str) -> str | None:
    """Why a path may not be in a pack, None when it may: safe on every system and in Unicode form NFC."""
    if unicodedata.normalize("NFC", path) != path:
        return "not in Unicode form NFC"
    return path_fault(path)


def same_on_disk(path: str) -> str:
    """What two paths have in common that some file system would take for one."""
    return "".join(sign.lower() for sign in unicodedata.normalize("NFC", path).upper())


def _sorted_sources(files: Iterable[tuple[str, Source]]) -> list[tuple[str, Source]]:
    sources = sorted(files, key=lambda pair: pair[0].encode())
    seen: set[str] = set()
    for path, _ in sources:
        fault = member_fault(path) if path.startswith("data/") else "not below data/"
        if fault is not None:
            raise PackRefused(f"the path is {fault}; store the file under another name", path=path)
        if same_on_disk(path) in seen:
            raise PackRefused("a second file of this name (upper and lower case count as one)", path=path)
        seen.add(same_on_disk(path))
    if CUSTODY_PATH not in seen:
        raise PackRefused("a pack needs the custody history of its items", path=CUSTODY_PATH)
    return sources


def _chunks(source: Source) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
    elif isinstance(source, Path):
        with source.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
    else:
        yield from source


def _info(reference: str, info: Mapping[str, str], oxum: str, key: str) -> bytes:
    fixed = {REFERENCE_LABEL: reference, OXUM_LABEL: oxum, KEY_LABEL: key}
    taken = fixed.keys() & info.keys()
    if taken:
        raise PackRefused(f"label {min(taken)!r} is written by the pack itself", path="bag-info.txt")
    for label, value in info.items():
        if not _match_label(label) or not value or any(sign < " " for sign in value):
            raise PackRefused(f"label {label!r}, value {value!r}: one line of text each", path="bag-info.txt")
    return "".join(f"{label}: {value}\n" for label, value in {**info, **fixed}.items()).encode()
