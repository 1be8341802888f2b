"""Checking an export or a disclosure pack without trusting who made it."""

from pathlib import Path

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
from chain_of_custody.core.verify.state import VerifyState, regular, state_keep

__all__ = ["Finding", "Report", "Stamp", "Status", "Step", "verify_file", "verify_log"]


def verify_file(
    path: Path,
    *,
    pinned: tuple[VerifierKey, ...] = (),
    packs: tuple[VerifierKey, ...] = (),
    outside: Checkpoint | None = None,
    state: VerifyState | None = None,
    save: Path | None = None,
    stamp: Stamp | None = None,
) -> Report:
    """Verify an export (.jsonl), a pack (.zip) or a proof (.tlog-proof), told apart by their first bytes.

    `pinned` are keys the reader trusts; without one a sound file is indeterminate ("key-not-pinned"). Each counts for
    what it is named after: the log, or `<log>/packs`. `packs` are keys for packs of another name.
    `outside` is a checkpoint the reader kept from an earlier day. The log must continue `state`, and an export of new
    entries only goes on from it; after a full export passed the state for the next time is written to `save`, unless a
    newer one lies there. `stamp` is a time stamp over the checkpoint. Never raises for what is in the file; raises
    `OSError` when it cannot be read or is no regular file, and `StateRefused` for a file at `save` that is no state.
    """
    steps = Steps()
    with regular(path) as source:
        start = source.read(len(PROOF_START))
        source.seek(0)
        verifier: PackVerifier | ExportVerifier | ProofVerifier
        if start == PROOF_START:
            kind, verifier = "proof", ProofVerifier(steps, pinned=pinned, outside=outside, state=state)
            verifier.run(source.read(PROOF_LARGEST))
        elif start.startswith(b"PK"):
            kind = "pack"
            verifier = PackVerifier(steps, pinned=pinned, packs=packs, outside=outside, state=state)
            verifier.run(source)
        else:
            kind, verifier = "export", ExportVerifier(steps, pinned=pinned, outside=outside, state=state)
            verifier.run(source)
    if stamp is not None:
        stamp_judge(steps, stamp, verifier.note)
    if save is not None and isinstance(verifier, ExportVerifier) and steps.status is Status.PASSED:
        verified = verifier.state()
        if verified is not None:
            state_keep(steps, save, verified)
    return Report(file=path.name, kind=kind, steps=steps.numbered(), facts=verifier.facts)


def verify_log(
    address: str,
    *,
    pinned: tuple[VerifierKey, ...] = (),
    outside: Checkpoint | None = None,
    state: VerifyState | None = None,
    stamp: Stamp | None = None,
) -> Report:
    """Verify a live log on this machine, like http://127.0.0.1:8000/log/.

    Raises `AddressRefused` for other addresses and `OSError` when it does not answer.
    """
    steps = Steps()
    verifier = LiveVerifier(steps, fetcher(address), pinned=pinned, outside=outside, state=state)
    verifier.run()
    if stamp is not None:
        stamp_judge(steps, stamp, verifier.note)
    return Report(file=address, kind="log", steps=steps.numbered(), facts=verifier.facts)
