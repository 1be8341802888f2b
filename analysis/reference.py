"""Reference sets: immutable, named, versioned, content-hashed folders.

A set is a folder with ``manifest.json`` and the files it lists. The manifest holds size and SHA-256 of
every file, and of a large one its BLAKE3 (O'Connor et al. 2020) as well, which is what opening checks there: it takes
a quarter of the time, and several processors share it. The set's hash is the SHA-256 of the manifest's content (kind,
name, version, facts, files), so it seals both. A set with one changed, missing or additional byte is refused. Files
that may be written after the set is frozen (a calibration) carry their own digest and name the set's hash.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from analysis.canonical import Json, canonical_json, readable_json, sha256_hex
from analysis.errors import InputRefused

FORMAT: Final = "spoor-reference/1"
FORMAT_PIECES: Final = "spoor-reference/2"
"""No longer written: entries of files larger than a piece list the SHA-256 of each of their `pieces`, not of all."""
FORMAT_LARGE: Final = "spoor-reference/3"
"""As 1, for sets with a large file: its entry has `blake3` beside `sha256`."""
SHA256: Final = "sha256"
BLAKE3: Final = "blake3"
LARGE: Final = 1 << 20
"""Bytes beyond which a file is large."""
PIECE: Final = 16 << 20
MANIFEST: Final = "manifest.json"
_READ: Final = (FORMAT, FORMAT_PIECES, FORMAT_LARGE)
_LIMIT: Final = 16 << 20
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceSet:
    """An opened reference set whose every byte was checked.

    `facts` are the set's own description (loci, counts, build parameters).
    """

    folder: Path
    kind: str
    name: str
    version: str
    sha256: str
    facts: Mapping[str, Json]

    def path(self, name: str) -> Path:
        """Where a file of the set lies."""
        return self.folder / name


def freeze(folder: Path, *, kind: str, name: str, version: str, facts: Mapping[str, Json]) -> ReferenceSet:
    """Write the manifest over all files now in `folder` and open the set.

    Raises `InputRefused` when the folder is frozen already: a set never changes, a new one is built.
    """
    if (folder / MANIFEST).exists():
        raise InputRefused(
            "The folder already holds a frozen reference set.",
            file=folder.name,
            remedy="Build into a new folder; a set never changes.",
        )
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    wholes = [_whole(path, path.stat()) for path in paths]
    names = [path.relative_to(folder).as_posix() for path in paths]
    files: list[Json] = list(map(_entry, names, wholes, _digests(wholes)))
    body: dict[str, Json] = {
        "format": FORMAT_LARGE if any(whole.length > LARGE for whole in wholes) else FORMAT,
        "kind": kind,
        "name": name,
        "version": version,
        "facts": dict(facts),
        "files": files,
    }
    manifest = {**body, "sha256": sha256_hex(canonical_json(body))}
    (folder / MANIFEST).write_bytes(readable_json(manifest))
    return open_reference(folder, kind=kind)


def freeze_files(
    folder: Path, files: Mapping[str, bytes], *, kind: str, name: str, version: str, facts: Mapping[str, Json]
) -> ReferenceSet:
    """Write files into a new or empty folder and freeze it. Raises `InputRefused` where the folder holds something."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise InputRefused(
            "The folder is not empty.", file=folder.name, remedy="Freeze a reference set into a new folder."
        )
    for file, content in files.items():
        (folder / file).write_bytes(content)
    return freeze(folder, kind=kind, name=name, version=version, facts=facts)


def reference_kind(folder: Path) -> str:
    """The kind a frozen set states, before its files are checked; raises `InputRefused` where there is none."""
    body, _stated = _manifest_read(folder)
    return str(body.get("kind"))


def open_reference(folder: Path, *, kind: str) -> ReferenceSet:
    """Open a frozen set of one kind, checking the digest of every file.

    Raises `InputRefused` when the manifest is missing or malformed, the kind is another, or any file
    is missing, changed or of another size.
    """
    body, stated = _manifest_read(folder)
    if body.get("format") not in _READ or body.get("kind") != kind:
        raise InputRefused(
            f"This is a «{body.get('kind')}» set in format «{body.get('format')}»; "
            f"a «{kind}» set in format {', '.join(f'«{one}»' for one in _READ)} is needed.",
            file=folder.name,
            remedy="Choose the right reference set, or build it again.",
        )
    found = sha256_hex(canonical_json(body))
    if found != stated:
        raise _changed(MANIFEST, folder, f"its content hashes to {found[:16]}…, it states {stated[:16]}…")
    _files_check(folder, body)
    facts = body.get("facts")
    return ReferenceSet(
        folder=folder,
        kind=kind,
        name=str(body.get("name")),
        version=str(body.get("version")),
        sha256=stated,
        facts=facts if isinstance(facts, dict) else {},
    )


def _manifest_read(folder: Path) -> tuple[dict[str, Json], str]:
    path = folder / MANIFEST
    try:
        with path.open("rb") as source:
            raw = source.read(_LIMIT)
        manifest = json.loads(raw)
        stated = manifest.pop("sha256")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputRefused(
            f"No reference set here: {MANIFEST} is missing.",
            file=str(folder),
            remedy="Build one, or check the path.",
        ) from error
    except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        raise _changed(MANIFEST, folder, f"it cannot be read ({error})") from error
    return manifest, str(stated)


def _files_check(folder: Path, body: Mapping[str, Json]) -> None:
    files = body.get("files")
    if not isinstance(files, list):
        raise _changed(MANIFEST, folder, "it lists no files")
    stated = [one for entry in files for one in _stated(folder, entry)]
    try:
        digests = list(_digests([one.piece for one in stated]))
    except OSError as error:
        raise _changed(error.filename or MANIFEST, folder, f"a file cannot be read ({error.strerror})") from error
    for (name, piece, wanted), found in zip(stated, digests, strict=True):
        if found != wanted:
            where = f"from byte {piece.start + 1:,} on " if piece.start else ""
            raise _changed(name, folder, f"its digest {where}is {found[:16]}…, the manifest states {wanted[:16]}…")


class _Piece(NamedTuple):
    """Bytes of a file in one state of it, and what they are hashed by: a changed file is another piece."""

    path: str
    hashed: str
    start: int
    length: int
    inode: int
    size: int
    modified: int
    changed: int


class _Stated(NamedTuple):
    """What a manifest says of a file or a part of it."""

    name: str
    piece: _Piece
    digest: str


def _stated(folder: Path, entry: Mapping[str, Any]) -> list[_Stated]:
    """What has to be checked of a file that is there and has the size stated."""
    name, size = str(entry["path"]), int(entry["size"])
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise _changed(name, folder, "the file is missing")
    stat = path.stat()
    if stat.st_size != size:
        raise _changed(name, folder, f"it has {stat.st_size:,} bytes, the manifest states {size:,}")
    if "pieces" not in entry:
        hashed = BLAKE3 if BLAKE3 in entry else SHA256
        return [_Stated(name, _whole(path, stat, hashed), str(entry[hashed]))]
    parts, digests = _pieces_of(path, stat), entry["pieces"]
    if len(digests) != len(parts):
        raise _changed(MANIFEST, folder, f"it lists {len(digests)} pieces of {name}, which has {len(parts)}")
    return [_Stated(name, part, str(digest)) for part, digest in zip(parts, digests, strict=True)]


def _whole(path: Path, stat: os.stat_result, hashed: str = SHA256) -> _Piece:
    return _Piece(str(path), hashed, 0, stat.st_size, *_state(stat))


def _pieces_of(path: Path, stat: os.stat_result) -> list[_Piece]:
    """A file in pieces, an empty one being one of no bytes."""
    starts = range(0, stat.st_size or 1, PIECE)
    return [_Piece(str(path), SHA256, at, min(PIECE, stat.st_size - at), *_state(stat)) for at in starts]


def _state(stat: os.stat_result) -> tuple[int, int, int, int]:
    return stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def _entry(name: str, whole: _Piece, sha256: str) -> dict[str, Json]:
    large = {BLAKE3: _digest_of(whole._replace(hashed=BLAKE3))} if whole.length > LARGE else {}
    return {"path": name, "size": whole.length, SHA256: sha256, **large}


def _digests(pieces: Sequence[_Piece]) -> Iterator[str]:
    """The digest of every piece, in order; of more than a little on all processors at once."""
    if sum(piece.length for piece in pieces) <= LARGE:
        return map(_digest_of, pieces)
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  (only large sets need it, and it takes its time)

    with ThreadPoolExecutor(_processors()) as threads:
        return iter(list(threads.map(_digest_of, pieces)))


def _processors() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@lru_cache(maxsize=1 << 14)
def _digest_of(piece: _Piece) -> str:
    """Hash once per state of a file, so that a worker opening the set again does not read it again."""
    digest, left = _hasher(piece.hashed), piece.length
    buffer = memoryview(bytearray(min(_BLOCK, left)))
    with Path(piece.path).open("rb", buffering=0) as source:
        source.seek(piece.start)
        while left and (size := source.readinto(buffer[: min(_BLOCK, left)])):
            digest.update(buffer[:size])
            left -= size
    return digest.hexdigest()


class _Hasher(Protocol):
    def update(self, data: memoryview, /) -> object: ...

    def hexdigest(self) -> str: ...


def _hasher(hashed: str) -> _Hasher:
    """What bytes are fed to: read ones, since a map of a file that is cut short meanwhile ends the process."""
    if hashed == SHA256:
        return hashlib.sha256()
    from blake3 import blake3  # noqa: PLC0415  (only large files need it)

    return blake3(max_threads=_processors())


def _changed(name: str, folder: Path, what: str) -> InputRefused:
    return InputRefused(
        f"The reference set «{folder.name}» is not what was frozen: {what}.",
        file=name,
        remedy="Restore the set from its original or build it again under a new version.",
    )
