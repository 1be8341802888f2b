"""Encrypted archives of a home: a tar stream in sealed chunks, under a key made of a passphrase.

Format ``spoor-backup/1`` (docs/adr/0018): one line of JSON (format, when, what), then chunks, each four bytes of
length, big-endian, and the sealed bytes. Key: scrypt (RFC 7914; n = 2^15, r = 8, p = 1) over the passphrase. Sealing:
ChaCha20-Poly1305 (RFC 8439) with the chunk's number and whether it is the last in the nonce, and the header as
associated data: no chunk can be changed, dropped, repeated, reordered or cut off at the end without opening failing.
"""

import io
import json
import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from deploy.embedded.errors import DeployError

FORMAT = "spoor-backup/1"
CHUNK = 1 << 20
SHORTEST_PASSPHRASE = 12
_SCRYPT = {"n": 1 << 15, "r": 8, "p": 1}
_LONGEST_HEADER = 65_536


def passphrase_check(passphrase: str) -> None:
    """Raises DeployError for a passphrase that is too short to keep anybody out."""
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise DeployError(
            f"The passphrase has {len(passphrase)} signs; a backup needs {SHORTEST_PASSPHRASE} or more.",
            remedy="use five or six words that belong together for you alone, and keep them apart from the backup",
        )


class Sealing(io.RawIOBase):
    """What is written here goes sealed into a file; until `finish` has written the last chunk, nothing is whole."""

    def __init__(self, out: BinaryIO, passphrase: str, facts: dict[str, Any]) -> None:
        super().__init__()
        passphrase_check(passphrase)
        salt = secrets.token_bytes(16)
        header = {"format": FORMAT, "salt": b64encode(salt).decode(), "scrypt": _SCRYPT, **facts}
        self._header = json.dumps(header, sort_keys=True).encode() + b"\n"
        self._cipher = ChaCha20Poly1305(_key(passphrase, salt, _SCRYPT))
        self._out, self._number, self._held = out, 0, bytearray()
        out.write(self._header)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._held += data
        while len(self._held) > CHUNK:
            self._seal(bytes(self._held[:CHUNK]), last=False)
            del self._held[:CHUNK]
        return len(data)

    def finish(self) -> None:
        """Write the last chunk: from here on the archive is whole."""
        self._seal(bytes(self._held), last=True)
        self._held.clear()
        self._out.flush()
        os.fsync(self._out.fileno())

    def _seal(self, data: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number, last=last), data, self._header)
        self._out.write(len(sealed).to_bytes(4) + sealed)
        self._number += 1


class Opening(io.RawIOBase):
    """The tar stream inside an archive, each chunk checked before any of it is given out."""

    def __init__(self, source: BinaryIO, passphrase: str, name: str) -> None:
        super().__init__()
        self.name, self._source = name, source
        self._line, self.facts = header_read(source, name)
        salt = b64decode(self.facts["salt"], validate=True)
        self._cipher = ChaCha20Poly1305(_key(passphrase, salt, self.facts["scrypt"]))
        self._chunks = self._opened()
        self._held = b""

    def begin(self) -> None:
        """Open the first chunk, so that a wrong passphrase is told before anything is written."""
        self._held = next(self._chunks)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._held:
            self._held = next(self._chunks, b"")
        size = min(len(buffer), len(self._held))
        buffer[:size] = self._held[:size]
        self._held = self._held[size:]
        return size

    def rest(self) -> None:
        """Read to the end, so that an archive that was cut off is refused."""
        for _chunk in self._chunks:
            continue

    def _opened(self) -> Iterator[bytes]:
        number, last = 0, False
        while not last:
            sealed = self._sealed(number)
            try:
                data = self._cipher.decrypt(_nonce(number, last=False), sealed, self._line)
            except InvalidTag:
                data, last = self._last(number, sealed), True
            yield data
            number += 1
        if self._source.read(1):
            raise damaged(self.name, "bytes follow its end")

    def _sealed(self, number: int) -> bytes:
        size = int.from_bytes(self._source.read(4))
        if not 16 <= size <= CHUNK + 16:
            raise damaged(self.name, f"it ends, or is damaged, at piece {number + 1}")
        sealed = self._source.read(size)
        if len(sealed) != size:
            raise damaged(self.name, f"it is cut off in piece {number + 1}")
        return sealed

    def _last(self, number: int, sealed: bytes) -> bytes:
        try:
            return self._cipher.decrypt(_nonce(number, last=True), sealed, self._line)
        except InvalidTag:
            if number == 0:
                raise DeployError(
                    f"{self.name} cannot be opened with this passphrase, or its beginning is damaged.",
                    remedy="type the passphrase again; then try an older copy",
                ) from None
            raise damaged(self.name, f"piece {number + 1} was changed") from None


def header_read(source: BinaryIO, name: str) -> tuple[bytes, dict[str, Any]]:
    """The first line of an archive and what it says. Raises DeployError for a file that is none."""
    line = source.readline(_LONGEST_HEADER)
    try:
        facts = json.loads(line)
        costs = facts["scrypt"]
        if facts["format"] != FORMAT or costs["n"] > 1 << 20 or costs["r"] > 16 or costs["p"] > 16:
            raise ValueError
        b64decode(facts["salt"], validate=True)
    except (ValueError, KeyError, TypeError):
        raise DeployError(f"{name} is no backup of Spoor ({FORMAT}).", remedy="name the .spoor-backup file") from None
    return line, facts


def archive_facts(path: Path) -> dict[str, Any]:
    """What an archive says of itself without its passphrase: when, which home, which versions."""
    with path.open("rb") as source:
        return header_read(source, path.name)[1]


def _key(passphrase: str, salt: bytes, costs: dict[str, int]) -> bytes:
    return Scrypt(salt=salt, length=32, n=costs["n"], r=costs["r"], p=costs["p"]).derive(passphrase.encode())


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11) + (b"\x01" if last else b"\x00")


def damaged(name: str, what: str) -> DeployError:
    """The error for an archive whose bytes are not those that were written."""
    return DeployError(f"{name} is damaged: {what}.", remedy="use another copy of this backup, or an older one")
