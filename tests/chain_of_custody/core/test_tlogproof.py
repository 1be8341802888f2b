"""C2SP tlog-proof files: the form of the specification, and what must not pass."""

import pytest

from chain_of_custody.core.checkpoint import Checkpoint, checkpoint_sign
from chain_of_custody.core.entry import leaf_data
from chain_of_custody.core.errors import CoreError, ProofRefused
from chain_of_custody.core.merkle import MemoryTree, inclusion_proof, leaf_hash
from chain_of_custody.core.note import SignerKey
from chain_of_custody.core.tlogproof import TlogProof, tlogproof_parse, tlogproof_verify

KEY = SignerKey.generate("spoor.example/log")
SALTS = [bytes([number]) * 32 for number in range(7)]
HASHES = [bytes([100 + number]) * 32 for number in range(7)]


def proof(index: int) -> TlogProof:
    tree = MemoryTree(leaf_hash(leaf_data(salt, digest)) for salt, digest in zip(SALTS, HASHES, strict=True))
    signed = checkpoint_sign(Checkpoint(origin=KEY.name, size=7, root=tree.root()), KEY)
    return TlogProof(
        index=index,
        hashes=tuple(inclusion_proof(tree.read, index, 7)),
        checkpoint=signed,
        extra=SALTS[index] + HASHES[index],
    )


def test_the_form_is_that_of_the_specification() -> None:
    """The three forms of the specification's reference implementations: with extra, without, without hashes."""
    bare = TlogProof(index=0, hashes=(), checkpoint=b"checkpoint\n")
    assert bare.text() == b"c2sp.org/tlog-proof@v1\nindex 0\n\ncheckpoint\n"
    full = TlogProof(index=10, hashes=(b"\0" * 32,), checkpoint=b"checkpoint data\n", extra=b"extra information")
    assert full.text() == (
        b"c2sp.org/tlog-proof@v1\nextra ZXh0cmEgaW5mb3JtYXRpb24=\nindex 10\n"
        b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\ncheckpoint data\n"
    )
    assert tlogproof_parse(bare.text()) == bare
    assert tlogproof_parse(full.text()) == full


@pytest.mark.parametrize("index", range(7))
def test_every_leaf_is_proved(index: int) -> None:
    read = tlogproof_parse(proof(index).text())
    assert tlogproof_verify(read, HASHES[index], KEY.verifier).size == 7


def test_another_entry_place_path_or_key_does_not_pass() -> None:
    good = proof(4)
    with pytest.raises(ProofRefused, match="this entry's hash"):
        tlogproof_verify(good, HASHES[3], KEY.verifier)
    for bad in (
        TlogProof(index=3, hashes=good.hashes, checkpoint=good.checkpoint, extra=good.extra),
        TlogProof(index=4, hashes=good.hashes[:-1], checkpoint=good.checkpoint, extra=good.extra),
        TlogProof(index=4, hashes=good.hashes, checkpoint=good.checkpoint, extra=SALTS[3] + HASHES[4]),
    ):
        with pytest.raises(ProofRefused, match="do not lead"):
            tlogproof_verify(bad, HASHES[4], KEY.verifier)
    with pytest.raises(CoreError):
        tlogproof_verify(good, HASHES[4], SignerKey.generate(KEY.name).verifier)


def test_one_changed_sign_anywhere_never_passes() -> None:
    whole = proof(5).text()
    for place in range(len(whole)):
        bad = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        with pytest.raises(CoreError):
            tlogproof_verify(tlogproof_parse(bad), HASHES[5], KEY.verifier)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "no checkpoint"),
        (b"c2sp.org/tlog-proof@v1\n", "no checkpoint"),
        (b"c2sp.org/tlog-proof@v2\nindex 0\n\nx\n", "line 1"),
        (b"c2sp.org/tlog-proof@v1\nindex 01\n\nx\n", "index"),
        (b"c2sp.org/tlog-proof@v1\nextra !!\nindex 0\n\nx\n", "line 2"),
        (b"c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\nx\n", "32 bytes"),
        (b"c2sp.org/tlog-proof@v1\nindex 0\nAAA\n\nx\n", "line 3"),
    ],
)
def test_malformed_files_are_named(text: bytes, words: str) -> None:
    with pytest.raises(ProofRefused, match=words):
        tlogproof_parse(text)
