"""Verifying a disclosure pack: the archive, the bag, the signature, and the custody history inside."""

from typing import BinaryIO

from chain_of_custody.core.archive import Archive
from chain_of_custody.core.bag import TAG_LIMIT, bag_check
from chain_of_custody.core.canonical import Json
from chain_of_custody.core.checkpoint import Checkpoint
from chain_of_custody.core.errors import KeyRefused, PackRefused
from chain_of_custody.core.note import Note, VerifierKey
from chain_of_custody.core.pack import (
    CUSTODY_PATH,
    DECLARATION,
    KEY_LABEL,
    OXUM_LABEL,
    REFERENCE_LABEL,
    TAG_FILES,
    PackTree,
    info_parse,
    member_fault,
    same_on_disk,
    signed_text,
)
from chain_of_custody.core.verify.export import ExportVerifier
from chain_of_custody.core.verify.keys import NoteStep, note_judge, pack_key, pin_judge, signer_facts
from chain_of_custody.core.verify.report import Steps
from chain_of_custody.core.verify.state import VerifyState

ARCHIVE, BAG, SIGNATURE, KEY, HISTORY = "archive", "bag", "pack signature", "pack key", "custody history"
_SIGNATURE_STEP = NoteStep(
    signature=SIGNATURE, pin=KEY, what="the pack", foreign_fails=False, remedy="--key or --pack-key"
)


class PackVerifier:
    """Checks one pack; the custody history inside is checked as an export of its own."""

    def __init__(
        self,
        steps: Steps,
        *,
        pinned: tuple[VerifierKey, ...] = (),
        packs: tuple[VerifierKey, ...] = (),
        outside: Checkpoint | None = None,
        state: VerifyState | None = None,
    ) -> None:
        self._steps = steps
        self._pinned = pinned
        self._packs = packs
        self._state = state
        self._signed: Note | None = None
        self._outside = outside
        self.note: bytes | None = None
        self.facts: dict[str, Json] = {}
        steps.begin(ARCHIVE, BAG, SIGNATURE, KEY, HISTORY)

    def run(self, source: BinaryIO) -> None:
        """Read the archive and record every step."""
        try:
            tree = PackTree(Archive(source))
            self._check_names(tree)
            self._steps.done(ARCHIVE, f"{len(tree.names())} files, every byte accounted for")
            self._check_bag(tree)
            self._check_signature(tree)
        except PackRefused as error:
            self._steps.fail(ARCHIVE, error.reason, str(error), {"file": error.path} if error.path else {})
            return
        self._check_history(tree)

    def _check_names(self, tree: PackTree) -> None:
        names = tree.names()
        payload = [name for name in names if name.startswith("data/")]
        for name in names:
            fault = member_fault(name)
            if fault is not None:
                raise PackRefused(f"the path is {fault}", path=name, reason="path-unsafe")
        if len({same_on_disk(name) for name in names}) != len(names):
            raise PackRefused("two names differ only in case", reason="archive-strange")
        missing = [name for name in TAG_FILES if name not in names]
        if missing:
            raise PackRefused("the file is missing", path=missing[0], reason="file-missing")
        if names != [*sorted(payload, key=str.encode), *TAG_FILES]:
            extra = [name for name in names if name not in TAG_FILES and not name.startswith("data/")]
            detail = f"a file outside data/ that no format knows: {extra[0]!r}" if extra else "files out of order"
            raise PackRefused(detail, reason="unlisted" if extra else "archive-strange")
        for name in TAG_FILES:
            if tree.archive.members[f"{tree.reference}/{name}"].size > TAG_LIMIT:
                raise PackRefused(f"longer than {TAG_LIMIT} bytes", path=name)

    def _check_bag(self, tree: PackTree) -> None:
        if tree.read("bagit.txt") != DECLARATION:
            detail = "not the declaration of BagIt 1.0 in UTF-8 that a pack has"
            self._steps.fail(BAG, "declaration-malformed", detail, {"file": "bagit.txt"})
        else:
            for fault in bag_check(tree):
                self._steps.fail(BAG, fault.reason, fault.detail, {"file": fault.path} if fault.path else {})
        info = dict(info_parse(tree.read("bag-info.txt")))
        payload = [m for name, m in tree.archive.members.items() if name.startswith(f"{tree.reference}/data/")]
        oxum = f"{sum(member.size for member in payload)}.{len(payload)}"
        for label, wanted in ((REFERENCE_LABEL, tree.reference), (OXUM_LABEL, oxum)):
            if info.get(label) != wanted:
                detail = f"{label} is {info.get(label)!r}, the bag has {wanted!r}"
                self._steps.fail(BAG, "bag-info-mismatch", detail, {"file": "bag-info.txt"})
        self._steps.done(BAG, f"{len(payload)} payload files complete, each with the digest listed, none unlisted")
        self.facts |= {"pack": tree.reference, "payload_files": len(payload)}

    def _check_signature(self, tree: PackTree) -> None:
        text = tree.read("bag-info.txt")
        tagmanifest = tree.read("tagmanifest-sha256.txt")
        lines = tagmanifest.decode(errors="replace").removesuffix("\n").split("\n")
        listed = {line[66:] for line in lines}
        if listed != set(TAG_FILES[:3]):
            detail = f"lists {sorted(listed)}; it must list {', '.join(TAG_FILES[:3])}"
            self._steps.fail(BAG, "tagmanifest-incomplete", detail, {"file": "tagmanifest-sha256.txt"})
        try:
            key = VerifierKey.parse(dict(info_parse(text)).get(KEY_LABEL, ""))
        except KeyRefused as error:
            self._steps.fail(SIGNATURE, "signature-invalid", f"{KEY_LABEL}: {error}", {"file": "bag-info.txt"})
            return
        trusted = (*self._pinned, *self._packs)
        note = note_judge(self._steps, _SIGNATURE_STEP, tree.read("signature.txt"), (key,), trusted)
        if note is None:
            return
        self._signed = note
        told = signer_facts(note, trusted)
        self.facts |= {f"pack_{name}": value for name, value in told.items() if name != "keys"}
        if note.text != signed_text(tree.reference, tagmanifest):
            detail = "the signature is over another pack's reference or tagmanifest"
            self._steps.fail(SIGNATURE, "signature-invalid", detail, {"file": "signature.txt"})

    def _check_history(self, tree: PackTree) -> None:
        name = f"{tree.reference}/{CUSTODY_PATH}"
        if name not in tree.archive.members:
            self._steps.fail(HISTORY, "custody-missing", "no custody history in the pack", {"file": CUSTODY_PATH})
            return
        self._steps.done(HISTORY, f"{CUSTODY_PATH}, checked in the steps below")
        sealed = not any(self._steps.failed(step) for step in (BAG, SIGNATURE))
        verifier = ExportVerifier(
            self._steps,
            pinned=self._pinned,
            outside=self._outside,
            sealed=sealed,
            state=self._state,
            packs=self._packs,
        )
        with tree.archive.open(name) as source:
            verifier.run(source)
        self.note = verifier.note
        self.facts |= verifier.facts
        self._judge_key(str(verifier.facts.get("origin", "")))

    def _judge_key(self, origin: str) -> None:
        """Whether a trusted key signed the pack that may sign packs of the log its history is of."""
        if self._signed is None or not origin:
            return
        trusted = (*self._pinned, *self._packs)
        pin_judge(
            self._steps,
            _SIGNATURE_STEP,
            self._signed,
            lambda key: pack_key(key, origin, self._packs),
            trusted,
            trusted,
        )
