"""Signed notes after C2SP signed-note, with Ed25519 keys: a text, a blank line, and signature lines.

Keys of logs and laboratories have algorithm byte 0x01; a witness's key has 0x04 and signs a time with the text (C2SP
tlog-cosignature).
"""

import re
from binascii import Error as BinasciiError
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from chain_of_custody.core.errors import CoreError, KeyRefused, NoteRefused, NoteUnverified

ED25519 = b"\x01"
COSIGNATURE = b"\x04"
TIME_LIMIT = 2**63
NOTE_LIMIT = 1_000_000
SIGNATURE_LIMIT = 100
PACKS = "/packs"

_match_verifier = re.compile(r"([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)").fullmatch
_match_signer = re.compile(r"PRIVATE\+KEY\+([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)").fullmatch
_match_name = re.compile(r"[^+\s]+").fullmatch
_match_line = re.compile(r"— ([^+\s]+) ([A-Za-z0-9+/=]+)").fullmatch


class Base64Refused(CoreError):
    """Text is not the one standard base64 form of its bytes (RFC 4648 section 4, padded)."""


def base64_encode(data: bytes) -> str:
    """Standard base64 with padding, no line breaks."""
    return b2a_base64(data, newline=False).decode("ascii")


def base64_decode(text: str) -> bytes:
    """Bytes of strict base64: writing them again must give the same text. Raises `Base64Refused`."""
    try:
        data = a2b_base64(text.encode("ascii"), strict_mode=True)
    except (BinasciiError, UnicodeEncodeError) as error:
        raise Base64Refused(f"not base64: {error}") from None
    if base64_encode(data) != text:
        raise Base64Refused("not the canonical base64 of its bytes (stray bits before the padding)")
    return data


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A named Ed25519 public key; its text form is `name+hash+base64(algorithm || key)`, algorithm 0x01 or 0x04."""

    name: str
    public: bytes
    algorithm: bytes = ED25519

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Read a verifier key ("vkey"). Raises `KeyRefused` saying which part is wrong."""
        key = cls(*_key_parts(_match_verifier(text), "verifier", (ED25519, COSIGNATURE)))
        name = key.name
        if key.id.hex() != text.split("+")[1]:
            raise KeyRefused(f"verifier key of {name}: the hash does not match the key, expected {key.id.hex()}")
        return key

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64_encode(self.algorithm + self.public)}"

    @property
    def id(self) -> bytes:
        """The 4-byte key hash that starts every signature by this key."""
        return self._digest()[:4]

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) over name, line break, algorithm byte and key: what a person compares by eye."""
        return self._digest().hex()

    def _digest(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + self.algorithm + self.public).digest()

    def verifies(self, text: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's over the text: 64 bytes; a witness's has 8 bytes of time before them."""
        if self.algorithm == COSIGNATURE:
            time = int.from_bytes(signature[:8])
            if len(signature) != 72 or time >= TIME_LIMIT:
                return False
            text, signature = cosigned_text(text, time), signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except (InvalidSignature, ValueError):
            return False
        return True


Known = dict[tuple[str, bytes], VerifierKey]


def log_key(key: VerifierKey, origin: str) -> bool:
    """Whether a key may sign for the log `origin`: an Ed25519 note key (0x01) named exactly as it.

    No key named `…/packs` is a log's: else whoever holds the key for packs could open a log of that name.
    """
    return key.name == origin and key.algorithm == ED25519 and not key.name.endswith(PACKS)


@dataclass(frozen=True, slots=True, repr=False)
class SignerKey:
    """A named Ed25519 private key; its text form is `PRIVATE+KEY+name+hash+base64(0x01 || seed)`. Keep it
    secret.
    """

    name: str
    seed: bytes

    @classmethod
    def generate(cls, name: str) -> "SignerKey":
        """A new random key. The name must not be empty nor hold spaces or plus signs."""
        if not _match_name(name):
            raise KeyRefused(f"key name {name!r} is empty or holds a space or a plus sign")
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> "SignerKey":
        """Read a signer key. Raises `KeyRefused`; the message never repeats the secret part."""
        name, seed, _ = _key_parts(_match_signer(text), "signer", (ED25519,))
        key = cls(name, seed)
        if key.verifier.id.hex() != text.split("+")[3]:
            raise KeyRefused(f"signer key of {name}: the hash does not match the key")
        return key

    def encode(self) -> str:
        """The secret text form. Not `__str__`, so that a key does not reach a log by accident."""
        return f"PRIVATE+KEY+{self.name}+{self.verifier.id.hex()}+{base64_encode(ED25519 + self.seed)}"

    @property
    def verifier(self) -> VerifierKey:
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        return VerifierKey(self.name, private.public_key().public_bytes_raw())

    def sign(self, text: bytes) -> bytes:
        """The 64-byte signature over the text."""
        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """An opened note: its text, the known keys that signed it, and the names of unknown signers."""

    text: str
    verified: tuple[VerifierKey, ...]
    unverified: tuple[str, ...]


def note_sign(text: str, *signers: SignerKey) -> bytes:
    """The signed note over a text that ends in a line break. Raises `NoteRefused` for text a note cannot
    hold.
    """
    _check_text(text)
    lines = []
    for signer in signers:
        signature = signer.verifier.id + signer.sign(text.encode())
        lines.append(f"— {signer.name} {base64_encode(signature)}\n")
    return f"{text}\n{''.join(lines)}".encode()


def note_open(data: bytes, *keys: VerifierKey) -> Note:
    """Check a note against the known keys.

    Raises `NoteRefused` when the note is malformed or a known key's signature is wrong, and `NoteUnverified`
    when no known key signed it. Signatures by unknown keys are listed, not judged.
    """
    return note_open_known(data, keys_known(keys))


def keys_known(keys: Iterable[VerifierKey]) -> Known:
    """Keys by name and hash, for opening many notes."""
    return {(key.name, key.id): key for key in keys}


def note_open_known(data: bytes, known: Known) -> Note:
    """`note_open` with a table made before."""
    text, lines = _split(data)
    verified: dict[VerifierKey, None] = {}
    unverified: list[str] = []
    seen: set[tuple[str, bytes]] = set()
    for name, key_id, signature in _signatures(lines):
        if (name, key_id) in seen:
            raise NoteRefused(f"two signatures by {name} ({key_id.hex()}): a key signs once")
        seen.add((name, key_id))
        key = known.get((name, key_id))
        if key is None:
            unverified.append(name)
        elif key.verifies(text.encode(), signature):
            verified[key] = None
        else:
            raise NoteRefused(f"the signature by {name} ({key_id.hex()}) does not verify: text or signature changed")
    if not verified:
        names = ", ".join(unverified) or "nobody"
        raise NoteUnverified(f"no signature by a known key; signed by {names}")
    return Note(text=text, verified=tuple(verified), unverified=tuple(unverified))


def cosigned_text(text: bytes, time: int) -> bytes:
    """What a witness signs: a header, the time in seconds since 1970, the note's text (C2SP tlog-cosignature)."""
    return b"cosignature/v1\ntime %d\n" % time + text


def note_cosign(note: bytes, signer: SignerKey, time: int) -> bytes:
    """The note with a witness's signature added: that it saw this state of the log at `time` (POSIX seconds).

    The witness must have checked that the state extends the one it signed before. Its verifier key has algorithm 0x04
    (`cosigner_key`). Raises `NoteRefused` for a malformed note.
    """
    text, _ = _split(note)
    key = cosigner_key(signer)
    signature = key.id + time.to_bytes(8) + signer.sign(cosigned_text(text.encode(), time))
    return note + f"— {key.name} {base64_encode(signature)}\n".encode()


def cosigner_key(signer: SignerKey) -> VerifierKey:
    """The public key of a signer that acts as a witness."""
    return VerifierKey(signer.name, signer.verifier.public, COSIGNATURE)


def _key_parts(match: re.Match[str] | None, kind: str, algorithms: tuple[bytes, ...]) -> tuple[str, bytes, bytes]:
    if match is None:
        raise KeyRefused(f"not a {kind} key: wanted is name+hash+base64")
    if any("\ud800" <= sign <= "\udfff" for sign in match[1]):
        raise KeyRefused(f"not a {kind} key: the name is not UTF-8: {match[1]!a}")
    try:
        data = base64_decode(match[3])
    except Base64Refused as error:
        raise KeyRefused(f"{kind} key of {match[1]}: {error}") from None
    if data[:1] not in algorithms:
        known = " and ".join(f"0x{one.hex()}" for one in algorithms)
        raise KeyRefused(f"{kind} key of {match[1]}: algorithm 0x{data[:1].hex()}, known is {known} (Ed25519)")
    if len(data) != 33:
        raise KeyRefused(f"{kind} key of {match[1]}: {len(data) - 1} bytes, an Ed25519 key has 32")
    return match[1], data[1:], data[:1]


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise NoteRefused("the text does not end in a line break")
    bad = next((sign for sign in text if sign < " " and sign != "\n"), None)
    if bad is not None:
        raise NoteRefused(f"the text holds the control character U+{ord(bad):04X}")


def _split(data: bytes) -> tuple[str, list[str]]:
    if len(data) > NOTE_LIMIT:
        raise NoteRefused(f"{len(data)} bytes; a note has at most {NOTE_LIMIT}")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise NoteRefused(f"not UTF-8 at byte {error.start}") from None
    _check_text(whole)
    text, blank, signatures = whole.rpartition("\n\n")
    if not blank or not signatures:
        raise NoteRefused("no blank line followed by signature lines")
    lines = signatures[:-1].split("\n")
    if len(lines) > SIGNATURE_LIMIT:
        raise NoteRefused(f"{len(lines)} signatures; at most {SIGNATURE_LIMIT} are read")
    return text + "\n", lines


def _signatures(lines: Iterable[str]) -> Iterable[tuple[str, bytes, bytes]]:
    for line in lines:
        match = _match_line(line)
        if match is None:
            raise NoteRefused(f"not a signature line: {line[:60]!r}")
        try:
            data = base64_decode(match[2])
        except Base64Refused as error:
            raise NoteRefused(f"signature by {match[1]}: {error}") from None
        if len(data) < 5:
            raise NoteRefused(f"signature by {match[1]}: {len(data)} bytes, too short")
        yield match[1], data[:4], data[4:]
