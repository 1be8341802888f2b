"""Signed notes, keys and checkpoints against the vectors of the note package and the C2SP texts."""

import base64
import json
from hashlib import sha256
from pathlib import Path

import pytest

from chain_of_custody.core.checkpoint import (
    Checkpoint,
    checkpoint_open,
    checkpoint_parse,
    checkpoint_sign,
)
from chain_of_custody.core.errors import (
    CheckpointRefused,
    KeyRefused,
    NoteRefused,
    NoteUnverified,
)
from chain_of_custody.core.note import Base64Refused, SignerKey, VerifierKey, base64_decode, note_open, note_sign

VECTORS = Path(__file__).parents[4] / "shared" / "data" / "custody" / "signed_note" / "vectors.json"

# golang.org/x/mod/sumdb/note, note_test.go.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNED = TEXT + (
    "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
# The example of C2SP tlog-checkpoint.
CHECKPOINT = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    "\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+"
    "zyWE+xeMcTOAYQ8=\n"
)


def test_the_published_key_signs_and_opens_the_published_note() -> None:
    signer = SignerKey.parse(PETER_SECRET)
    assert str(signer.verifier) == PETER
    assert signer.encode() == PETER_SECRET
    assert note_sign(TEXT, signer).decode() == SIGNED
    note = note_open(SIGNED.encode(), VerifierKey.parse(PETER))
    assert (note.text, [key.name for key in note.verified]) == (TEXT, ["PeterNeumann"])


def test_a_secret_does_not_show_itself() -> None:
    signer = SignerKey.parse(PETER_SECRET)
    assert "AYEKFALVFG" not in f"{signer!r} {signer}"
    with pytest.raises(KeyRefused) as refused:
        SignerKey.parse(PETER_SECRET[:-1] + "A")
    assert "AYEKFALVFG" not in str(refused.value)


def test_a_generated_key_survives_its_text() -> None:
    signer = SignerKey.generate("log.lab.example")
    assert SignerKey.parse(signer.encode()) == signer
    assert VerifierKey.parse(str(signer.verifier)) == signer.verifier
    assert len(bytes.fromhex(signer.verifier.fingerprint)) == 32


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\u2003b", "a\n"])
def test_names_a_key_cannot_have(name: str) -> None:
    with pytest.raises(KeyRefused):
        SignerKey.generate(name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        PETER.replace("c74f20a3", "c74f20a4"),
        PETER.replace("PeterNeumann", "Peter Neumann"),
        PETER + "=",
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_verifier_keys_that_are_refused(text: str) -> None:
    with pytest.raises(KeyRefused):
        VerifierKey.parse(text)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (SIGNED.replace("answer", "Answer"), NoteRefused),
        (SIGNED.replace("x08g", "x08h"), NoteUnverified),
        (SIGNED.replace("/ZJk", "/ZJl"), NoteRefused),
        (SIGNED.replace("— ", "- "), NoteRefused),
        (SIGNED + "\n", NoteRefused),
        (SIGNED[:-1], NoteRefused),
        (TEXT, NoteRefused),
        (TEXT + "\n", NoteRefused),
        (SIGNED.replace("AM=\n", "AN=\n"), NoteRefused),
        (SIGNED.replace("If", "If\r"), NoteRefused),
    ],
)
def test_notes_that_are_refused(data: str, error: type[NoteRefused]) -> None:
    with pytest.raises(error):
        note_open(data.encode(), VerifierKey.parse(PETER))


def test_a_text_a_note_cannot_hold_is_not_signed() -> None:
    for text in ("no line break", "tab\t\n"):
        with pytest.raises(NoteRefused):
            note_sign(text, SignerKey.parse(PETER_SECRET))


def test_the_published_checkpoint_is_read() -> None:
    checkpoint = checkpoint_parse(CHECKPOINT.rpartition("\n\n")[0] + "\n")
    assert checkpoint.origin == "example.com/behind-the-sofa"
    assert checkpoint.size == 20852163
    assert base64.b64encode(checkpoint.root) == b"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
    assert CHECKPOINT.startswith(checkpoint.text() + "\n")


def test_a_checkpoint_survives_signing() -> None:
    signer = SignerKey.generate("log.lab.example")
    checkpoint = Checkpoint(origin="log.lab.example", size=7, root=sha256(b"").digest(), extensions=("x",))
    opened, note = checkpoint_open(checkpoint_sign(checkpoint, signer), signer.verifier)
    assert opened == checkpoint
    assert note.verified == (signer.verifier,)
    with pytest.raises(NoteUnverified):
        checkpoint_open(checkpoint_sign(checkpoint, signer), SignerKey.generate("log.lab.example").verifier)


ROOT = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "text",
    [
        f"origin\n1\n{ROOT}",
        "origin\n1\n",
        f"\n1\n{ROOT}\n",
        f"origin\n01\n{ROOT}\n",
        f"origin\n-1\n{ROOT}\n",
        f"origin\n1\n{ROOT[:-1]}\n",
        "origin\n1\nAAAA\n",
        f"origin\n1\n{ROOT}\n\nextension\n",
    ],
)
def test_checkpoints_that_are_refused(text: str) -> None:
    with pytest.raises(CheckpointRefused):
        checkpoint_parse(text)


def test_an_origin_with_a_line_break_is_not_signed() -> None:
    with pytest.raises(CheckpointRefused):
        checkpoint_sign(Checkpoint(origin="a\n5", size=1, root=bytes(32)), SignerKey.parse(PETER_SECRET))


@pytest.mark.parametrize("text", ["AB==", "AA", "A===", "AA==\n", " AA==", "AA-_", "AAAA=", "ÄAAA"])
def test_base64_in_another_form(text: str) -> None:
    with pytest.raises(Base64Refused):
        base64_decode(text)


@pytest.mark.skipif(not VECTORS.is_file(), reason="the shared folder of published vectors is absent")
def test_all_published_note_vectors() -> None:
    vectors = json.loads(VECTORS.read_text())
    errors = {"no verifiable signatures": NoteUnverified, "invalid signature": NoteRefused, "malformed": NoteRefused}
    for case in vectors["open_vectors"]:
        keys = [VerifierKey.parse(text) for text in case["known_keys"]]
        data = base64.b64decode(case["note_b64"])
        if case["result"] == "ok":
            note = note_open(data, *keys)
            assert [key.name for key in note.verified] == case["verified"], case["desc"]
            assert list(note.unverified) == case["unverified"], case["desc"]
        else:
            with pytest.raises(errors[case["result"]]):
                note_open(data, *keys)
    assert len(vectors["open_vectors"]) == 13
