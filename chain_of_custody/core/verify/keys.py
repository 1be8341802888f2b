"""Judging a signed note: by the keys the file names, and by the keys the reader trusts, each in its own role.

A key speaks for what it is named after and for nothing else. The state of a log and the end of an export count when one
and the same key is trusted, is an Ed25519 key (0x01) named exactly as the log, and signed. A pack counts when such a
key signed it, or one named `<log>/packs`, or one the reader gave as a pack key; such a key also says where the history
inside the pack ends. A witness's key (0x04) vouches for no log, nor does a key for packs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chain_of_custody.core.canonical import Json
from chain_of_custody.core.checkpoint import Checkpoint, checkpoint_open, checkpoint_parse
from chain_of_custody.core.errors import CheckpointRefused, NoteRefused
from chain_of_custody.core.note import ED25519, PACKS, Note, VerifierKey, log_key, note_open
from chain_of_custody.core.verify.report import Steps

BROUGHT = "brought by the file, not checked against anything you gave"
NOT_PINNED = (
    "self-consistent, key not pinned; compare the fingerprint with one you got from the laboratory by "
    "another way, or give the key with --key"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteStep:
    """Names of the two steps a note is judged in, what it is called, and what to do to have it trusted."""

    signature: str
    pin: str
    what: str
    foreign_fails: bool = True
    remedy: str = "--key"


CHECKPOINT_STEP = NoteStep(signature="checkpoint", pin="key", what="the checkpoint")


def pack_key(key: VerifierKey, origin: str, given: Sequence[VerifierKey]) -> bool:
    """Whether a key may sign packs of the log `origin`; `given` are those the reader named as pack keys."""
    return key.algorithm == ED25519 and (key in given or log_key(key, origin) or key.name == origin + PACKS)


def note_judge(
    steps: Steps, step: NoteStep, data: bytes, embedded: Sequence[VerifierKey], trusted: Sequence[VerifierKey]
) -> Note | None:
    """Open a note with the embedded and the trusted keys and record what its signatures are worth by themselves.

    `trusted` are the pinned keys and those they named in a change of keys. A signature nobody's key can check leaves
    doubt, since its bytes could be changed unnoticed.
    """
    try:
        note = note_open(data, *embedded, *trusted)
    except NoteRefused as error:
        steps.fail(step.signature, "signature-invalid", f"{step.what}: {error}")
        return None
    if note.unverified:
        names = ", ".join(note.unverified)
        steps.doubt(step.signature, "unknown-signer", f"{step.what}: no key to check the signature by {names}")
    signers = ", ".join(
        f"{key.name} ({key.fingerprint[:16]}{'' if key in trusted else f'; {BROUGHT}'})" for key in note.verified
    )
    steps.done(step.signature, f"{step.what} signed by {signers}")
    return note


def pin_judge(
    steps: Steps,
    step: NoteStep,
    note: Note,
    role: Callable[[VerifierKey], bool],
    pinned: Sequence[VerifierKey],
    trusted: Sequence[VerifierKey],
) -> None:
    """Record whether a trusted key signed that may: `role` says which may."""
    ours = [key for key in note.verified if key in trusted and role(key)]
    if ours:
        way = "the given key" if ours[0] in pinned else "a key that the given one named as its successor:"
        steps.done(step.pin, f"{step.what} signed by {way} of {ours[0].name}")
        return
    signers = ", ".join(
        f"{key.name}, fingerprint {key.fingerprint}, {_why_not(key, role, trusted)}" for key in note.verified
    )
    steps.done(step.pin, f"{step.what} signed by {signers}")
    if not pinned:
        steps.doubt(step.pin, "key-not-pinned", f"{step.what}: {NOT_PINNED}")
    elif step.foreign_fails:
        detail = f"{step.what} is not signed by a key given with --key and named as the log"
        steps.fail(step.pin, "other-key", detail)
    else:
        detail = f"{step.what}: no key given with {step.remedy} that may sign it has signed it"
        steps.doubt(step.pin, "signer-not-pinned", detail)


def checkpoint_judge(
    steps: Steps,
    data: bytes,
    embedded: Sequence[VerifierKey],
    pinned: Sequence[VerifierKey],
    trusted: Sequence[VerifierKey],
) -> tuple[Checkpoint, Note] | None:
    """Open a log's signed checkpoint, record what it is worth, and return it; None where it says nothing."""
    step = CHECKPOINT_STEP
    note = note_judge(steps, step, data, embedded, trusted)
    if note is None:
        return None
    try:
        checkpoint = checkpoint_parse(note.text)
    except CheckpointRefused as error:
        steps.fail(step.signature, "checkpoint-malformed", str(error))
        return None
    if not any(log_key(key, checkpoint.origin) for key in note.verified):
        detail = f"no signature by a key of the log, named {checkpoint.origin!r} (keys named …{PACKS} are for packs)"
        steps.fail(step.signature, "not-by-origin", detail)
    pin_judge(steps, step, note, lambda key: log_key(key, checkpoint.origin), pinned, trusted)
    return checkpoint, note


def kept_open(data: bytes, pinned: Sequence[VerifierKey]) -> Checkpoint:
    """A checkpoint the reader kept; it must be signed by a pinned key of its log. Raises `CoreError`."""
    checkpoint, note = checkpoint_open(data, *pinned)
    if not any(log_key(key, checkpoint.origin) for key in note.verified):
        raise NoteRefused(f"the checkpoint is not signed by a key given with --key and named {checkpoint.origin!r}")
    return checkpoint


def signer_facts(note: Note, trusted: Sequence[VerifierKey]) -> dict[str, Json]:
    """The keys that signed: those the reader trusts, and apart from them those the file brought itself."""
    ours = [key for key in note.verified if key in trusted]
    brought = [key for key in note.verified if key not in trusted]
    facts: dict[str, Json] = {"keys": [str(key) for key in ours], "fingerprints": [key.fingerprint for key in ours]}
    if brought:
        facts["unchecked_fingerprints"] = [f"{key.name}: {key.fingerprint} ({BROUGHT})" for key in brought]
    return facts


def _why_not(key: VerifierKey, role: Callable[[VerifierKey], bool], trusted: Sequence[VerifierKey]) -> str:
    if key not in trusted:
        return BROUGHT
    return "given, but of another role" if not role(key) else "given"
