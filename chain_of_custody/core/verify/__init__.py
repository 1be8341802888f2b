"""Checking an export or a disclosure pack without trusting who made it."""

from pathlib import Path

from chain_of_custody.core.archive import CHUNK
from chain_of_custody.core.checkpoint import Checkpoint
from chain_of_custody.core.note import VerifierKey
from chain_of_custody.core.verify.export import ExportVerifier
from chain_of_custody.core.verify.live import LiveVerifier, fetcher
from chain_of_custody.core.verify.pack import PackVerifier
from chain_of_custody.core.verify.proof import LARGEST as PROOF_LARGEST
from chain_of_custody.core.verify.proof import START as PROOF_START
from chain_of_custody.core.verify.proof import ProofVerifier
from chain_of_custody.core.verify.report import Finding, Report, Status, Step, Steps
from chain_of_custody.core.verify.stamp import Stamp, stamp_judge
from chain_of_custody.core.verify.state import VerifyState, state_write

__all__ = ["Finding", "Report", "Stamp", "Status", "Step", "verify_file", "verify_log"]


def verify_file(
    path: Path,
    *,
    pinned: tuple[VerifierKey, ...] = (),
    outside: Checkpoint | None = None,
    state: VerifyState | None = None,
    save: Path | None = None,
    stamp: Stamp | None = None,
) -> Report:
    """Verify an export (.jsonl), a pack (.zip) or a proof (.tlog-proof), told apart by their first bytes.

    `pinned` are keys the reader trusts; without one a sound file is indeterminate ("key-not-pinned").
    `outside` is a checkpoint the reader kept from an earlier day. An export of new entries only goes on from `state`,
    and after a full export passed the state for the next time is written to `save`. `stamp` is a time stamp over the
    checkpoint. Never raises for what is in the
    file; raises `OSError` when it cannot be read.
    """
    steps = Steps()
    with path.open("rb", buffering=CHUNK) as source:
        pack = source.read(2) == b"PK"
        source.seek(0)
        verifier: PackVerifier | ExportVerifier
        if source.read(len(PROOF_START)) == PROOF_START:
            return _verify_proof(path, steps, pinned, stamp)
        source.seek(0)
        if pack:
            verifier = PackVerifier(steps, pinned=pinned, outside=outside)
        else:
            verifier = ExportVerifier(steps, pinned=pinned, outside=outside, state=state)
        verifier.run(source)
    if stamp is not None:
        stamp_judge(steps, stamp, verifier.note)
    kind = "pack" if pack else "export"
    report = Report(file=path.name, kind=kind, steps=steps.numbered(), facts=verifier.facts)
    if save is not None and report.status is Status.PASSED and isinstance(verifier, ExportVerifier):
        verified = verifier.state()
        if verified is not None:
            state_write(save, verified)
    return report


def _verify_proof(path: Path, steps: Steps, pinned: tuple[VerifierKey, ...], stamp: Stamp | None) -> Report:
    verifier = ProofVerifier(steps, pinned=pinned)
    with path.open("rb") as source:
        verifier.run(source.read(PROOF_LARGEST))
    if stamp is not None:
        stamp_judge(steps, stamp, verifier.note)
    return Report(file=path.name, kind="proof", steps=steps.numbered(), facts=verifier.facts)


def verify_log(
    address: str, *, pinned: tuple[VerifierKey, ...] = (), outside: Checkpoint | None = None, stamp: Stamp | None = None
) -> Report:
    """Verify a live log on this machine, like http://127.0.0.1:8000/log/.

    Raises `AddressRefused` for other addresses and `OSError` when it does not answer.
    """
    steps = Steps()
    verifier = LiveVerifier(steps, fetcher(address), pinned=pinned, outside=outside)
    verifier.run()
    if stamp is not None:
        stamp_judge(steps, stamp, verifier.note)
    return Report(file=address, kind="log", steps=steps.numbered(), facts=verifier.facts)
