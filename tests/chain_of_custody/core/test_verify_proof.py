"""A `.tlog-proof` file verified alone: that an entry's hash stands in the log."""

from dataclasses import replace
from pathlib import Path

import pytest

from chain_of_custody.core.__main__ import main
from chain_of_custody.core.checkpoint import checkpoint_sign
from chain_of_custody.core.entry import entry_hash
from chain_of_custody.core.merkle import inclusion_proof
from chain_of_custody.core.tlogproof import TlogProof
from chain_of_custody.core.verify import Report, Status, verify_file
from tests.chain_of_custody.core.builders import LOG_KEY, OTHER_KEY, reasons, small_log

LOG = small_log()


def proof(index: int) -> TlogProof:
    return TlogProof(
        index=index,
        hashes=tuple(inclusion_proof(LOG.tree.read, index, LOG.tree.size)),
        checkpoint=checkpoint_sign(LOG.checkpoint(), LOG_KEY),
        extra=LOG.salts[index] + entry_hash(LOG.raw[index]),
    )


def judged(folder: Path, data: bytes, *, pinned: bool = True) -> Report:
    path = folder / "item.tlog-proof"
    path.write_bytes(data)
    return verify_file(path, pinned=(LOG_KEY.verifier,) if pinned else ())


@pytest.mark.parametrize("index", range(9))
def test_every_entry_has_a_proof_that_passes(tmp_path: Path, index: int) -> None:
    report = judged(tmp_path, proof(index).text())
    assert (report.status, report.kind) == (Status.PASSED, "proof"), report.lines()
    assert report.facts["entry_hash"] == entry_hash(LOG.raw[index]).hex()


def test_without_a_key_nothing_is_proved(tmp_path: Path) -> None:
    report = judged(tmp_path, proof(3).text(), pinned=False)
    assert report.status is Status.INDETERMINATE
    assert "key-not-pinned" in reasons(report)


@pytest.mark.parametrize(
    ("forged", "reason"),
    [
        (replace(proof(3), index=4), "proof-invalid"),
        (replace(proof(3), hashes=proof(4).hashes), "proof-invalid"),
        (replace(proof(3), hashes=proof(3).hashes[:-1]), "proof-invalid"),
        (replace(proof(3), extra=proof(4).extra), "proof-invalid"),
        (replace(proof(3), extra=b""), "proof-malformed"),
        (replace(proof(3), checkpoint=checkpoint_sign(LOG.checkpoint(), OTHER_KEY)), "signature-invalid"),
    ],
)
def test_proofs_that_do_not_hold(tmp_path: Path, forged: TlogProof, reason: str) -> None:
    report = judged(tmp_path, forged.text())
    assert report.status is Status.FAILED
    assert reason in reasons(report)


def test_one_flipped_bit_anywhere_never_passes(tmp_path: Path) -> None:
    data = proof(5).text()
    for place in range(0, 8 * len(data), 13):
        changed = bytearray(data)
        changed[place >> 3] ^= 1 << (place & 7)
        assert judged(tmp_path, bytes(changed)).status is not Status.PASSED, place


def test_the_command_takes_a_proof(tmp_path: Path) -> None:
    path = tmp_path / "item.tlog-proof"
    path.write_bytes(proof(2).text())
    assert main(["verify", str(path), "--key", str(LOG_KEY.verifier)]) == 0
    assert main(["verify", str(path)]) == 2
    assert main(["verify", str(path), "--key", str(OTHER_KEY.verifier)]) == 1
