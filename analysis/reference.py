"""Reference sets: immutable, named, versioned, content-hashed folders.

A set is a folder with ``manifest.json`` and the files it lists. The manifest holds size and SHA-256 of
every file, of a large one the SHA-256 of each 16 MiB in turn, so that several processors can check it at once;
the set's hash is the SHA-256 of the manifest's content (kind, name, version, facts, files).
A set with one changed, missing or additional byte is refused. Files that may be written after the
set is frozen (a calibration) carry their own digest and name the set's hash.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from analysis.canonical import Json, canonical_json, readable_json, sha256_hex
from analysis.errors import InputRefused

FORMAT: Final = "spoor-reference/1"
FORMAT_PIECES: Final = "spoor-reference/2"
"""As 1, for sets of which a file is larger than a piece: its entry lists `pieces` in place of `sha256`."""
PIECE: Final = 16 << 20
MANIFEST: Final = "manifest.json"
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
    parts = [_pieces_of(path, path.stat()) for path in paths]
    digests = iter(_digests([piece for pieces in parts for piece in pieces]))
    files: list[Json] = [
        _entry(path.relative_to(folder).as_posix(), pieces, [next(digests) for _ in pieces])
        for path, pieces in zip(paths, parts, strict=True)
    ]
    body: dict[str, Json] = {
        "format": FORMAT_PIECES if any(len(pieces) > 1 for pieces in parts) else FORMAT,
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
    if body.get("format") not in (FORMAT, FORMAT_PIECES) or body.get("kind") != kind:
        raise InputRefused(
            f"This is a «{body.get('kind')}» set in format «{body.get('format')}»; "
            f"a «{kind}» set in format «{FORMAT}» is needed.",
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
    except FileNotFoundError as error:
        raise InputRefused(
            f"No reference set here: {MANIFEST} is missing.",
            file=str(folder),
            remedy="Build one, or check the path.",
        ) from error
    except (OSError, ValueError, AttributeError, KeyError) as error:
        raise _changed(MANIFEST, folder, f"it cannot be read ({error})") from error
    return manifest, str(stated)


def _files_check(folder: Path, body: Mapping[str, Json]) -> None:
    files = body.get("files")
    if not isinstance(files, list):
        raise _changed(MANIFEST, folder, "it lists no files")
    inside = folder.resolve()
    names: list[str] = []
    pieces: list[_Piece] = []
    stated: list[str] = []
    for entry in files:
        name, size = str(entry["path"]), int(entry["size"])
        path = (folder / name).resolve()
        if not path.is_relative_to(inside) or not path.is_file():
            raise _changed(name, folder, "the file is missing")
        stat = path.stat()
        if stat.st_size != size:
            raise _changed(name, folder, f"it has {stat.st_size:,} bytes, the manifest states {size:,}")
        parts = _pieces_of(path, stat, whole="pieces" not in entry)
        digests = entry["pieces"] if "pieces" in entry else [entry["sha256"]]
        if len(digests) != len(parts):
            raise _changed(MANIFEST, folder, f"it lists {len(digests)} pieces of {name}, which has {len(parts)}")
        names += [name] * len(parts)
        pieces += parts
        stated += map(str, digests)
    for name, piece, found, wanted in zip(names, pieces, _digests(pieces), stated, strict=True):
        if found != wanted:
            where = f"from byte {piece.start + 1:,} on " if piece.start else ""
            raise _changed(name, folder, f"its digest {where}is {found[:16]}…, the manifest states {wanted[:16]}…")


class _Piece(NamedTuple):
    """Bytes of a file in one state of it: a changed file is another piece."""

    path: str
    start: int
    length: int
    inode: int
    size: int
    modified: int
    changed: int


def _pieces_of(path: Path, stat: os.stat_result, *, whole: bool = False) -> list[_Piece]:
    """A file in pieces, an empty one being one of no bytes; `whole` makes it one piece whatever its size."""
    length = stat.st_size if whole else PIECE
    state = stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns
    return [
        _Piece(str(path), start, min(length, stat.st_size - start), *state)
        for start in range(0, stat.st_size or 1, length or 1)
    ]


def _entry(name: str, pieces: Sequence[_Piece], digests: Sequence[str]) -> dict[str, Json]:
    content: dict[str, Json] = {"sha256": digests[0]} if len(digests) == 1 else {"pieces": list(digests)}
    return {"path": name, "size": pieces[0].size, **content}


def _digests(pieces: Sequence[_Piece]) -> Iterator[str]:
    """SHA-256 of every piece, in order; of more than one piece's worth of bytes on all processors at once."""
    if sum(piece.length for piece in pieces) <= PIECE:
        return map(_digest_of, pieces)
    with ThreadPoolExecutor(_processors()) as threads:
        return iter(list(threads.map(_digest_of, pieces)))


def _processors() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@lru_cache(maxsize=1 << 14)
def _digest_of(piece: _Piece) -> str:
    """Hash once per state of a file, so that a worker opening the set again does not read it again."""
    digest, left = hashlib.sha256(), piece.length
    with Path(piece.path).open("rb") as source:
        source.seek(piece.start)
        while left and (block := source.read(min(_BLOCK, left))):
            digest.update(block)
            left -= len(block)
    return digest.hexdigest()


def _changed(name: str, folder: Path, what: str) -> InputRefused:
    return InputRefused(
        f"The reference set «{folder.name}» is not what was frozen: {what}.",
        file=name,
        remedy="Restore the set from its original or build it again under a new version.",
    )
