"""BagIt bags (RFC 8493 and its drafts from 0.93 on): reading the tag files and checking that a bag is valid."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

CHUNK = 1 << 20
TAG_LIMIT = 1 << 24

_match_declaration = re.compile(
    rb"BagIt-Version: ([0-9]+)\.([0-9]+)\r?\n?Tag-File-Character-Encoding: ([A-Za-z0-9._-]+)(?:\r?\n)*"
).fullmatch
_match_manifest = re.compile(r"(tag)?manifest-([a-z0-9]+)\.txt").fullmatch
_match_line = re.compile(r"([0-9A-Fa-f]+)[ \t]+\*?(.+)").fullmatch
_find_lines = re.compile(r"[^\r\n]+").finditer
_match_fetch = re.compile(r"(\S+)[ \t]+(-|[0-9]+)[ \t]+(.+)").fullmatch


class Tree(Protocol):
    """Files below a bag's folder, named by paths with slashes."""

    def names(self) -> list[str]: ...

    def chunks(self, name: str) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BagFault:
    """What makes a bag invalid, and the file to blame where there is one."""

    reason: str
    detail: str
    path: str | None = None


class DirectoryTree:
    """A bag in a folder. Links are not followed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def names(self) -> list[str]:
        found = (path for path in self._root.rglob("*") if path.is_file() and not path.is_symlink())
        return sorted(path.relative_to(self._root).as_posix() for path in found)

    def chunks(self, name: str) -> Iterator[bytes]:
        with (self._root / name).open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk


class TagTooLong(ValueError):
    """A tag file beyond 16 MiB (some 150,000 files in a manifest): no bag of ours, too much to hold."""


def tag_bytes(tree: Tree, name: str) -> bytes:
    """A tag file whole. Raises `TagTooLong`."""
    data = bytearray()
    for chunk in tree.chunks(name):
        data += chunk
        if len(data) > TAG_LIMIT:
            raise TagTooLong(f"longer than {TAG_LIMIT} bytes")
    return bytes(data)


def path_fault(path: str) -> str | None:
    """Why a path may not be followed on any system, None when it is safe."""
    parts = path.split("/")
    if path.startswith(("/", "~")) or re.match(r"[A-Za-z]:", path):
        return "absolute or a shortcut to elsewhere"
    if "" in parts or "." in parts or ".." in parts:
        return "holds an empty, . or .. part"
    if "\\" in path or any(sign < " " or sign == "\x7f" for sign in path):
        return "holds a backslash or a control character"
    return None


def bag_check(tree: Tree) -> list[BagFault]:
    """Everything that keeps a bag from being complete and valid (RFC 8493 section 3); empty for a valid bag."""
    check = _Check(tree)
    check.run()
    return check.faults


def manifest_lines(text: str, version: tuple[int, int]) -> Iterator[tuple[str, str]]:
    """The (digest, path) pairs of a manifest. Raises `ValueError` naming a line that is neither."""
    for number, line in enumerate(_lines(text), 1):
        match = _match_line(line)
        if match is None:
            raise ValueError(f"line {number} is not a digest and a path: {line[:80]!r}")
        path = match[2].removeprefix("./")
        yield match[1].lower(), path_decode(path, version)


def path_encode(path: str) -> str:
    """A path as BagIt 1.0 manifests write it: percent sign and line breaks as %25, %0A, %0D."""
    return path.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")


def path_decode(path: str, version: tuple[int, int]) -> str:
    """The inverse of `path_encode`; before 1.0 the percent sign itself was not encoded."""
    path = re.sub("%0a", "\n", path, flags=re.IGNORECASE)
    path = re.sub("%0d", "\r", path, flags=re.IGNORECASE)
    return path.replace("%25", "%") if version >= (1, 0) else path


def _lines(text: str) -> Iterator[str]:
    """Lines ended by LF, CR or CRLF; empty ones are skipped."""
    return (match[0] for match in _find_lines(text) if match[0].strip())


class _Check:
    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._names = set(tree.names())
        self._version = (1, 0)
        self._encoding = "utf-8"
        self.faults: list[BagFault] = []

    def run(self) -> None:
        if not self._declaration():
            return
        manifests = self._manifests(tags=False)
        if not manifests:
            self._fault("manifest-missing", "no payload manifest that can be read")
        self._completeness(manifests)
        self._fetch(manifests)
        for tags in (manifests, self._manifests(tags=True)):
            for algorithm, listed in tags.items():
                self._digests(algorithm, listed)

    def _fault(self, reason: str, detail: str, path: str | None = None) -> None:
        self.faults.append(BagFault(reason=reason, detail=detail, path=path))

    def _text(self, name: str) -> str | None:
        try:
            return tag_bytes(self._tree, name).decode(self._encoding)
        except (UnicodeError, LookupError, TagTooLong) as error:
            self._fault("tag-encoding", f"not {self._encoding}: {error}", name)
            return None

    def _declaration(self) -> bool:
        if "bagit.txt" not in self._names:
            self._fault("declaration-missing", "no bagit.txt", "bagit.txt")
            return False
        match = _match_declaration(next(self._tree.chunks("bagit.txt"), b""))
        if match is None:
            self._fault("declaration-malformed", "not the two lines of a bag declaration", "bagit.txt")
            return False
        self._version = int(match[1]), int(match[2])
        self._encoding = match[3].decode()
        if not (0, 93) <= self._version <= (1, 0):
            self._fault("declaration-malformed", f"version {self._version}: known are 0.93 to 1.0", "bagit.txt")
            return False
        return True

    def _manifests(self, *, tags: bool) -> dict[str, dict[str, str]]:
        found = {}
        for name in sorted(self._names):
            match = _match_manifest(name)
            if match and bool(match[1]) is tags:
                if match[2] not in hashlib.algorithms_available or match[2].startswith("shake"):
                    self._fault("manifest-malformed", f"unknown digest {match[2]!r}", name)
                else:
                    found[match[2]] = self._manifest(name, payload=not tags)
        return found

    def _manifest(self, name: str, *, payload: bool) -> dict[str, str]:
        listed: dict[str, str] = {}
        text = self._text(name) or ""
        try:
            for digest, path in manifest_lines(text, self._version):
                self._listed(name, listed, digest, path)
                if payload != path.startswith("data/"):
                    self._fault("manifest-malformed", f"lists {path!r}, which is on the other side", name)
        except ValueError as error:
            self._fault("manifest-malformed", str(error), name)
        return listed

    def _listed(self, name: str, listed: dict[str, str], digest: str, path: str) -> None:
        fault = path_fault(path)
        if fault is not None:
            self._fault("path-unsafe", f"{path!r} is {fault}", name)
            return
        if path in listed and (self._version >= (1, 0) or listed[path] != digest):
            self._fault("listed-twice", f"{path!r} is listed twice", name)
        listed[path] = digest

    def _completeness(self, manifests: Mapping[str, Mapping[str, str]]) -> None:
        """RFC 8493 section 3: every payload file is listed, in 1.0 by every manifest, and every listed one is
        there.

        Names are compared in Unicode form NFC as well, because some systems store them decomposed.
        """
        payload = {name for name in self._names if name.startswith("data/")}
        listings = list(manifests.values())
        everywhere = self._version >= (1, 0)
        known = [{unicodedata.normalize("NFC", path) for path in listed} for listed in listings]
        for name in sorted(payload):
            hits = [unicodedata.normalize("NFC", name) in paths for paths in known]
            if not (all(hits) if everywhere else any(hits)):
                self._fault("unlisted", "a payload file that a manifest does not list", name)

    def _fetch(self, manifests: Mapping[str, Mapping[str, str]]) -> None:
        if "fetch.txt" not in self._names:
            return
        for line in _lines(self._text("fetch.txt") or ""):
            match = _match_fetch(line)
            path = path_decode(match[3].removeprefix("./"), self._version) if match else ""
            if match is None or path_fault(path) or not path.startswith("data/"):
                self._fault("path-unsafe", f"{line[:80]!r} does not name a payload file", "fetch.txt")
            elif not any(path in listed for listed in manifests.values()):
                self._fault("unlisted", f"{path!r} is to be fetched but not listed", "fetch.txt")

    def _digests(self, algorithm: str, listed: Mapping[str, str]) -> None:
        stored = {unicodedata.normalize("NFC", name): name for name in self._names}
        for path, wanted in listed.items():
            name = path if path in self._names else stored.get(unicodedata.normalize("NFC", path))
            if name is None:
                self._fault("file-missing", "listed but not there", path)
                continue
            digest = hashlib.new(algorithm, usedforsecurity=False)
            for chunk in self._tree.chunks(name):
                digest.update(chunk)
            if digest.hexdigest() != wanted:
                self._fault("digest-mismatch", f"its {algorithm} is not the one listed: the file was changed", path)
