"""Judging a signed note: by the keys the file names, and by the keys the reader trusts."""

from dataclasses import dataclass

from chain_of_custody.core.errors import NoteRefused
from chain_of_custody.core.note import Note, VerifierKey, note_open
from chain_of_custody.core.verify.report import Steps

NOT_PINNED = (
    "self-consistent, key not pinned; compare the fingerprint with one you got from the laboratory by "
    "another way, or give the key with --key"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteStep:
    """Names of the two steps a note is judged in, and what it is called."""

    signature: str
    pin: str
    what: str
    foreign_fails: bool = True


def note_judge(
    steps: Steps,
    step: NoteStep,
    data: bytes,
    embedded: tuple[VerifierKey, ...],
    pinned: tuple[VerifierKey, ...],
    trusted: tuple[VerifierKey, ...] | None = None,
) -> Note | None:
    """Open a note with the embedded and the trusted keys and record the findings.

    `trusted` are the pinned keys and those they named in a change of keys. A signature nobody's key can check leaves
    doubt, since its bytes could be changed unnoticed.
    """
    trusted = pinned if trusted is None else trusted
    try:
        note = note_open(data, *embedded, *trusted)
    except NoteRefused as error:
        steps.fail(step.signature, "signature-invalid", f"{step.what}: {error}")
        return None
    if note.unverified:
        names = ", ".join(note.unverified)
        steps.doubt(step.signature, "unknown-signer", f"{step.what}: no key to check the signature by {names}")
    signers = ", ".join(f"{key.name} ({key.fingerprint[:16]})" for key in note.verified)
    steps.done(step.signature, f"{step.what} signed by {signers}")
    _judge_pin(steps, step, note, pinned, trusted)
    return note


def _judge_pin(
    steps: Steps, step: NoteStep, note: Note, pinned: tuple[VerifierKey, ...], trusted: tuple[VerifierKey, ...]
) -> None:
    signers = ", ".join(f"{key.name}, fingerprint {key.fingerprint}" for key in note.verified)
    ours = [key for key in note.verified if key in trusted]
    if ours:
        way = "the given key" if ours[0] in pinned else "a key that the given one named as its successor:"
        steps.done(step.pin, f"{step.what} signed by {way} of {ours[0].name}")
        return
    steps.done(step.pin, f"{step.what} signed by {signers}")
    if not pinned:
        steps.doubt(step.pin, "key-not-pinned", f"{step.what}: {NOT_PINNED}")
    elif step.foreign_fails:
        steps.fail(step.pin, "other-key", f"{step.what} is not signed by a key given with --key")
    else:
        detail = f"{step.what}: its key is not among those given with --key"
        steps.doubt(step.pin, "signer-not-pinned", detail)
