"""Changing the key of a log: the old key names the new one and both sign, so that whoever trusted the old can follow.

The statement is a signed note. It enters the log as an entry, and exports carry it in their header (`rotations`).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from chain_of_custody.core.errors import CoreError, NoteRefused
from chain_of_custody.core.note import (
    Known,
    Note,
    SignerKey,
    VerifierKey,
    keys_known,
    log_key,
    note_open_known,
    note_sign,
)

FORMAT = "spoor-key-rotation/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """From which key to which, for which log."""

    origin: str
    old: VerifierKey
    new: VerifierKey

    def text(self) -> str:
        """What both keys sign: format, origin, old key, new key; one line each."""
        return f"{FORMAT}\n{self.origin}\n{self.old}\n{self.new}\n"


def rotation_sign(origin: str, old: SignerKey, new: SignerKey) -> bytes:
    """The statement, signed by both keys."""
    return note_sign(Rotation(origin=origin, old=old.verifier, new=new.verifier).text(), old, new)


def _opened(data: bytes, known: Known) -> Rotation:
    note = note_open_known(data, known)
    lines = note.text.split("\n")
    if len(lines) != 5 or lines[0] != FORMAT or lines[4]:
        raise NoteRefused(f"not the text of a change of keys: format, origin, old key, new key, found {lines[:5]!r}")
    rotation = Rotation(origin=lines[1], old=_signed(note, lines[2]), new=_signed(note, lines[3]))
    if rotation.text() != note.text:
        raise NoteRefused("a change of keys names its keys in another form")
    return rotation


def rotations_follow(
    origin: str, notes: Iterable[bytes], *, pinned: Iterable[VerifierKey], embedded: Iterable[VerifierKey]
) -> tuple[VerifierKey, ...]:
    """The trusted keys and those that they named, in order. Raises `CoreError` for a statement that does not hold.

    Whoever stole the old key can name a new one too: a key that was lost is not followed but replaced, and the reader
    is told by another way.
    """
    trusted = dict.fromkeys(pinned)
    known = keys_known((*embedded, *trusted))
    for data in notes:
        rotation = _opened(data, known)
        if rotation.origin != origin:
            raise NoteRefused(f"a change of keys of another log: {rotation.origin!r}")
        for key in (rotation.old, rotation.new):
            if not log_key(key, origin):
                raise NoteRefused(f"a change of keys is between keys of the log, named {origin!r}; not {key.name!r}")
        if rotation.old in trusted:
            trusted[rotation.new] = None
    return tuple(trusted)


def _signed(note: Note, text: str) -> VerifierKey:
    try:
        key = VerifierKey.parse(text)
    except CoreError as error:
        raise NoteRefused(f"a change of keys: {error}") from None
    if key not in note.verified:
        raise NoteRefused(f"a change of keys is signed by the old key and the new one; {key.name} did not")
    return key
