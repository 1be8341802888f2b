"""The export file `spoor-export/1`: JSON Lines that carry entries, their place in the log, and opened values.

Header line, one line per entry in log order, footer line. Every line is canonical JSON, so each export has
exactly one form. Writing and reading hold one line at a time. docs/ledger-format.md describes the format.
"""

import re
from binascii import Error as BinasciiError
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import BinaryIO, NamedTuple

from chain_of_custody.core.canonical import INTEGER_LIMIT, Json, canonical_bytes, canonical_parse
from chain_of_custody.core.errors import CoreError, ExportRefused, NotCanonical
from chain_of_custody.core.note import SignerKey, VerifierKey, base64_decode, base64_encode, note_sign

FORMAT = "spoor-export/1"
LINE_LIMIT = 4 * 1024 * 1024


class Scope(StrEnum):
    """A full export holds every entry of the log; one of items holds whole streams with inclusion proofs."""

    FULL = "full"
    ITEMS = "items"


class Opening(NamedTuple):
    """What opens a commitment: its salt and the value."""

    salt: bytes
    value: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportHeader:
    """`checkpoint` is the signed note that fixes the log's state; `keys` are the keys that signed it.

    `rotations` are the statements by which the log changed its keys, oldest first (`core.rotation`); `keys` then
    holds every key they name. A full export may leave out the entries before `start`, for readers who kept the state of
    a verification up to there.
    """

    origin: str
    scope: Scope
    checkpoint: bytes
    keys: tuple[VerifierKey, ...]
    rotations: tuple[bytes, ...] = ()
    start: int = 0


@dataclass(slots=True)
class ExportRow:
    """One entry: exact bytes, index and leaf data in the log, the salt that ties both, proof, opened values.

    `proof` is the inclusion proof in the scope of items and None in full scope.
    """

    entry: bytes
    index: int
    leaf: bytes
    leaf_salt: bytes
    proof: tuple[bytes, ...] | None = None
    revealed: Mapping[str, Opening] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFooter:
    """Counts, SHA-256 (hex) of all bytes before the footer, and in the scope of items a signature over it."""

    entries: int
    revealed: int
    digest: str
    signature: bytes | None = None


def export_chunks(
    header: ExportHeader, rows: Iterable[ExportRow], *, signer: SignerKey | None = None
) -> Iterator[bytes]:
    """The lines of an export, one after the other. `signer` signs where it ends (see `signed_text`).

    Raises `ExportRefused` when rows are not in log order or lack what the scope demands.
    """
    line = _header_line(header)
    digest = sha256(line)
    yield line
    entries, revealed, last = 0, 0, header.start - 1
    for row in rows:
        _check_order(header.scope, last, row)
        line = row_line(row)
        digest.update(line)
        yield line
        entries, revealed, last = entries + 1, revealed + len(row.revealed), row.index
    text = signed_text(header.origin, digest.hexdigest())
    signature = None if signer is None else note_sign(text, signer)
    footer = ExportFooter(entries=entries, revealed=revealed, digest=digest.hexdigest(), signature=signature)
    yield _footer_line(footer)


def export_write(
    out: BinaryIO, header: ExportHeader, rows: Iterable[ExportRow], *, signer: SignerKey | None = None
) -> None:
    """Write an export in one pass; see `export_chunks`."""
    for chunk in export_chunks(header, rows, signer=signer):
        out.write(chunk)


def _check_order(scope: Scope, last: int, row: ExportRow) -> None:
    if row.index <= last or (scope is Scope.FULL and row.index != last + 1):
        raise ExportRefused(f"index {row.index} follows index {last}; rows go in log order, a full log without gap")
    if (row.proof is None) != (scope is Scope.FULL):
        raise ExportRefused(f"index {row.index}: an inclusion proof belongs to the scope of items and only there")


def signed_text(origin: str, digest: str) -> str:
    """The text a signature in the footer covers."""
    return f"{FORMAT}\n{origin}\n{digest}\n"


def row_line(row: ExportRow) -> bytes:
    """The canonical line of one entry."""
    value: dict[str, Json] = {
        "entry": base64_encode(row.entry),
        "index": row.index,
        "leaf": base64_encode(row.leaf),
        "leaf_salt": base64_encode(row.leaf_salt),
    }
    if row.proof is not None:
        value["proof"] = [base64_encode(node) for node in row.proof]
    if row.revealed:
        value["revealed"] = {
            name: {"salt": base64_encode(opening.salt), "value": opening.value}
            for name, opening in row.revealed.items()
        }
    return canonical_bytes(value) + b"\n"


class ExportReader:
    """Reads an export once, front to back: `header` at once, `rows()`, then `footer`.

    Everything that is not the format raises `ExportRefused` with the line and a reason; `line` says where it
    stands.
    """

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._digest = sha256()
        self._revealed = 0
        self.line = 0
        self.footer: ExportFooter | None = None
        self.header = self._header(self._next())

    def rows(self) -> Iterator[ExportRow]:
        """The entry lines, each read whole; see `lines`."""
        for data in self.lines():
            yield self.row(data)

    def lines(self) -> Iterator[bytes]:
        """The entry lines as they stand, for readers who take some of them more quickly than by `row`.

        After the last one the footer is read, checked against the file, and set.
        """
        entries = 0
        readline, update = self._source.readline, self._digest.update
        while True:
            data = readline(LINE_LIMIT + 1)
            self.line += 1
            if data.startswith(ENTRY_START) and data.endswith(b"\n") and len(data) <= LINE_LIMIT:
                update(data)
            elif self._checked(data).startswith(_FOOTER_START):
                break
            entries += 1
            yield data
        footer = self._footer(data)
        if (footer.entries, footer.revealed) != (entries, self._revealed):
            stated = f"{footer.entries} entries and {footer.revealed} opened values"
            raise self._refused(f"stated are {stated}, read were {entries} and {self._revealed}", "count-mismatch")
        if self._source.read(1):
            raise self._refused("bytes follow the footer", "trailing-bytes")
        self.footer = footer

    def row(self, data: bytes) -> ExportRow:
        """The entry of one of `lines`; its opened values are counted, so each line is given once at most."""
        row = self._row(data)
        if (row.proof is not None) != (self.header.scope is Scope.ITEMS):
            raise self._refused(f"scope {self.header.scope.value} and an inclusion proof do not go together")
        self._revealed += len(row.revealed)
        return row

    def _next(self) -> bytes:
        self.line += 1
        return self._checked(self._source.readline(LINE_LIMIT + 1))

    def _checked(self, data: bytes) -> bytes:
        """The line, taken into the digest unless it is the footer. Raises `ExportRefused` when it is none."""
        if not data:
            raise self._refused("the file ends without a footer", "truncated")
        if len(data) > LINE_LIMIT:
            raise self._refused(f"longer than {LINE_LIMIT} bytes")
        if not data.endswith(b"\n"):
            raise self._refused("the file ends within a line", "truncated")
        if not data.startswith(_FOOTER_START):
            self._digest.update(data)
        return data

    def _refused(self, message: str, reason: str = "export-malformed") -> ExportRefused:
        return ExportRefused(message, line=self.line, reason=reason)

    def _object(self, data: bytes, keys: tuple[frozenset[str], ...]) -> dict[str, Json]:
        try:
            value = canonical_parse(data)
        except NotCanonical as error:
            raise self._refused(str(error), "not-canonical") from None
        if not isinstance(value, dict) or value.keys() not in keys:
            raise self._refused("not an object with the fields of the format")
        return value

    def _base64(self, name: str, text: Json, size: int | None = None) -> bytes:
        try:
            data = base64_decode(text if isinstance(text, str) else "?")
        except CoreError as error:
            raise self._refused(f"{name}: {error}", "not-base64") from None
        if size is not None and len(data) != size:
            raise self._refused(f"{name}: {len(data)} bytes, not {size}")
        return data

    def _header(self, data: bytes) -> ExportHeader:
        value = self._object(data[:-1], _HEADERS)
        origin, note, keys = value["origin"], value["checkpoint"], value["vkeys"]
        if value["format"] != FORMAT or value["scope"] not in ("full", "items"):
            raise self._refused(f"format {value['format']!r}, scope {value['scope']!r}; known is {FORMAT}")
        if not (isinstance(origin, str) and isinstance(note, str) and _texts(keys)):
            raise self._refused("origin and checkpoint are texts, vkeys is a list of texts, each once")
        rotations = value.get("rotations", ["none"])
        if not rotations or not _texts(rotations):
            raise self._refused("rotations is a list of texts, each once, left out when empty")
        start = value.get("start", 0)
        if type(start) is not int or ("start" in value and (start < 1 or value["scope"] != "full")):
            raise self._refused("start is a number from 1 in a full export, else left out")
        try:
            parsed = tuple(VerifierKey.parse(str(key)) for key in _list(keys))
        except CoreError as error:
            raise self._refused(f"vkeys: {error}") from None
        return ExportHeader(
            origin=origin,
            scope=Scope(str(value["scope"])),
            checkpoint=note.encode(),
            keys=parsed,
            rotations=tuple(str(one).encode() for one in _list(rotations)) if "rotations" in value else (),
            start=start,
        )

    def _row(self, data: bytes) -> ExportRow:
        end = data.find(b'"', _ENTRY_AT)
        match = _match_rest(data, end)
        if match is None or not data.startswith(ENTRY_START):
            raise self._refused("not an entry line: entry, index, leaf and leaf_salt in canonical form")
        index, leaf, salt, rest = match.groups()
        if int(index) > INTEGER_LIMIT:
            raise self._refused(f"index {int(index)} is beyond {INTEGER_LIMIT}")
        encoded = data[_ENTRY_AT:end]
        entry = _strict(encoded)
        if entry is None:
            raise self._refused("the entry is not strict base64", "not-base64")
        leaf_data, leaf_salt = a2b_base64(leaf), a2b_base64(salt)
        if not rest:
            return ExportRow(entry, int(index), leaf_data, leaf_salt)
        proof, revealed = self._extras(b"{" + rest[1:] + b"}")
        return ExportRow(entry, int(index), leaf_data, leaf_salt, proof, revealed)

    def _extras(self, data: bytes) -> tuple[tuple[bytes, ...] | None, dict[str, Opening]]:
        value = self._object(data, _EXTRA_KEYS)
        proof, revealed = value.get("proof"), value.get("revealed", {})
        if ("proof" in value and not isinstance(proof, list)) or not isinstance(revealed, dict):
            raise self._refused("proof is a list and revealed an object")
        if "revealed" in value and not revealed:
            raise self._refused("revealed is left out where nothing is opened")
        openings = {name: self._opening(name, item) for name, item in revealed.items()}
        if not isinstance(proof, list):
            return None, openings
        return tuple(self._base64("proof", node, 32) for node in proof), openings

    def _opening(self, name: str, item: Json) -> Opening:
        if not isinstance(item, dict) or item.keys() != _OPENING_KEYS:
            raise self._refused(f"revealed.{name} has not just salt and value")
        return Opening(self._base64(f"revealed.{name}.salt", item["salt"], 32), item["value"])

    def _footer(self, data: bytes) -> ExportFooter:
        value = self._object(data[:-1], (_FOOTER_KEYS, _FOOTER_KEYS | {"signature"}))
        entries, revealed, note = value["entries"], value["revealed"], value.get("signature")
        counted = type(entries) is int and type(revealed) is int
        if not counted or ("signature" in value and not isinstance(note, str)):
            raise self._refused("entries and revealed are counts, signature is a text")
        if value["digest"] != self._digest.hexdigest():
            raise self._refused("the digest is not that of the lines before", "digest-mismatch")
        signature = note.encode() if isinstance(note, str) else None
        return ExportFooter(
            entries=int(str(entries)),
            revealed=int(str(revealed)),
            digest=str(value["digest"]),
            signature=signature,
        )


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _texts(value: Json) -> bool:
    """Whether it is a list of texts that has none twice."""
    texts = [one for one in _list(value) if isinstance(one, str)]
    return isinstance(value, list) and len(set(texts)) == len(value)


ENTRY_START = b'{"entry":"'
_ENTRY_AT = len(ENTRY_START)
_FOOTER_START = b'{"digest":"'
_HEADER_KEYS = frozenset(("checkpoint", "format", "origin", "scope", "vkeys"))
_HEADERS = tuple(_HEADER_KEYS.union(more) for more in ((), ("rotations",), ("start",), ("rotations", "start")))
_FOOTER_KEYS = frozenset(("digest", "entries", "revealed"))
_OPENING_KEYS = frozenset(("salt", "value"))
_EXTRA_KEYS = (frozenset(("proof",)), frozenset(("revealed",)), frozenset(("proof", "revealed")))
# 32 bytes in strict base64: the sign before the padding has its last two bits zero.
_SALT = rb'"([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)"'
_match_rest = re.compile(
    rb'","index":(0|[1-9][0-9]{0,15}),"leaf":' + _SALT + rb',"leaf_salt":' + _SALT + rb"(?:|(,.+))\}\n",
    re.DOTALL,
).fullmatch


def _strict(text: bytes) -> bytes | None:
    """The bytes of strict base64, None for anything else.

    The decoder skips every sign that is not base64 and stops at padding, so what it gives has the full length only
    when all signs were good; the bits before the padding are looked at apart.
    """
    try:
        data = a2b_base64(text)
    except BinasciiError:
        return None
    pad = 0 if not text.endswith(b"=") else 2 if text.endswith(b"==") else 1
    if len(text) & 3 or len(data) != (len(text) >> 2) * 3 - pad:
        return None
    return data if not pad or b2a_base64(data[-(3 - pad) :], newline=False) == text[-4:] else None


def _header_line(header: ExportHeader) -> bytes:
    value: dict[str, Json] = {
        "format": FORMAT,
        "origin": header.origin,
        "scope": header.scope.value,
        "checkpoint": header.checkpoint.decode(),
        "vkeys": [str(key) for key in header.keys],
    }
    if header.start:
        value["start"] = header.start
    if header.rotations:
        value["rotations"] = [note.decode() for note in header.rotations]
    return canonical_bytes(value) + b"\n"


def _footer_line(footer: ExportFooter) -> bytes:
    value: dict[str, Json] = {
        "digest": footer.digest,
        "entries": footer.entries,
        "revealed": footer.revealed,
    }
    if footer.signature is not None:
        value["signature"] = footer.signature.decode()
    return canonical_bytes(value) + b"\n"
