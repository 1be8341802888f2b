"""Judging a time stamp over the checkpoint: does it cover it, does its signature hold, who vouches for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509

from chain_of_custody.core.timestamp import (
    Timestamp,
    TimestampRefused,
    timestamp_parse,
    timestamp_path,
    timestamp_signed_by,
)
from chain_of_custody.core.verify.report import Steps

STAMP = "time stamp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A response or token as it was received, and certificates of authorities the reader trusts."""

    data: bytes
    authorities: tuple[x509.Certificate, ...] = ()


def stamp_judge(steps: Steps, given: Stamp, note: bytes | None) -> None:
    """Record what a token proves about the checkpoint's signed note: that it existed at the time stated."""
    steps.begin(STAMP)
    if note is None:
        return
    try:
        stamp = timestamp_parse(given.data)
        steps.done(STAMP, f"{stamp.time.isoformat()}, policy {stamp.policy}, serial {stamp.serial}")
        if not stamp.covers(note):
            detail = "it is over other bytes than this checkpoint"
            steps.fail(STAMP, "timestamp-of-other-data", detail)
            return
        _judge_signer(steps, stamp, given.authorities)
    except TimestampRefused as error:
        steps.fail(STAMP, error.reason, str(error))


def _judge_signer(steps: Steps, stamp: Timestamp, authorities: Sequence[x509.Certificate]) -> None:
    signer = timestamp_signed_by(stamp, authorities)
    if signer is None:
        detail = "the authority's certificate is not in the time stamp; give it with --tsa"
        steps.doubt(STAMP, "timestamp-signer-missing", detail)
        return
    roots = [one for one in authorities if one.subject == one.issuer] or list(authorities)
    between = (*stamp.certificates, *authorities)
    if not timestamp_path(signer, stamp.time, between, roots):
        detail = f"signed by {signer.subject.rfc4514_string()}; needs a certificate you trust for it, given with --tsa"
        steps.doubt(STAMP, "timestamp-not-pinned", detail)
