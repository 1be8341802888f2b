"""What the signatures in a PDF prove, in three values: passed, indeterminate, failed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Literal

from asn1crypto import pem as asn1_pem
from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from lims.documents.errors import DocumentRefused

Verdict = Literal["passed", "indeterminate", "failed"]
_NOBODY: tuple[x509.Certificate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureFound:
    """One signature.

    Args:
        intact: the signed bytes are unchanged.
        valid: the cryptographic signature fits certificate and bytes.
        trusted: the certificate comes from one of the given roots; None when none was given.
        time_stamped_at: from an RFC 3161 token whose signature fits; `signed_at` is only stated by the signer.
        changed_since: "nothing", "signatures" (only further signatures) or "other".
    """

    field: str
    signer: str
    reason: str
    place: str
    signed_at: datetime | None
    time_stamped_at: datetime | None
    certificate_fingerprint: str
    intact: bool
    valid: bool
    trusted: bool | None
    changed_since: Literal["nothing", "signatures", "other"]
    covers_whole_file: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureReport:
    """All signatures in file order, the verdict and its reasons in words (stable codes first)."""

    verdict: Verdict
    reasons: tuple[str, ...]
    signatures: tuple[SignatureFound, ...]


def signature_check(pdf: bytes, *, roots: Sequence[bytes] = (), moment: datetime | None = None) -> SignatureReport:
    """Check every signature of `pdf`.

    Args:
        pdf: the file's bytes.
        roots: certificates trusted as authority, PEM; without any the verdict is at most «indeterminate».
        moment: when certificates must be valid; without it, the time each signer states.

    Failed means: a signed byte was changed, a signature does not fit, something but signatures was added since, or the
    file cannot be read. Indeterminate: no signature, or a signer whose authority is not among `roots`.

    Raises:
        DocumentRefused: a root that is no PEM certificate.
    """
    authorities = tuple(_root(pem) for pem in roots)
    try:
        embedded = list(PdfFileReader(BytesIO(pdf)).embedded_regular_signatures)
        found = tuple(_found(signature, authorities, moment) for signature in embedded)
    except Exception as error:  # noqa: BLE001  # a damaged file breaks the reader in ways nobody can list
        # Whatever the reader trips over, the file is not as it was signed: the answer is a verdict, never a crash.
        words = f"unreadable: the file or a signature in it cannot be read ({type(error).__name__}: {error})"
        return SignatureReport(verdict="failed", reasons=(words,), signatures=())
    return _report(found, rooted=bool(authorities))


def _report(found: tuple[SignatureFound, ...], *, rooted: bool) -> SignatureReport:
    failures = [words for signature in found for words in _failures(signature)]
    if found and not found[-1].covers_whole_file:
        failures.append("appended: bytes follow the last signature that no signature covers")
    doubts = [] if found else ["unsigned: the file has no signature"]
    if found and not rooted:
        doubts.append("no-root: signatures fit, but no authority was given to trust")
    doubts += [
        f"untrusted: {signature.field} ({signature.signer}) comes from an authority that is not trusted here"
        for signature in found
        if signature.trusted is False
    ]
    verdict: Verdict = "failed" if failures else "indeterminate" if doubts else "passed"
    return SignatureReport(verdict=verdict, reasons=(*failures, *doubts), signatures=found)


def _failures(signature: SignatureFound) -> list[str]:
    reasons = []
    if not signature.intact:
        reasons.append(f"changed: bytes under {signature.field} ({signature.signer}) were changed after signing")
    elif not signature.valid:
        reasons.append(f"invalid: {signature.field} ({signature.signer}) does not fit its certificate")
    if signature.changed_since == "other":
        reasons.append(f"extended: more than signatures was added after {signature.field} ({signature.signer})")
    return reasons


def _found(
    signature: EmbeddedPdfSignature, authorities: tuple[x509.Certificate, ...], moment: datetime | None
) -> SignatureFound:
    stated = signature.self_reported_timestamp
    context = ValidationContext(trust_roots=list(authorities or _NOBODY), moment=moment or stated, allow_fetching=False)
    status = validate_pdf_signature(
        signature,
        signer_validation_context=context,
        key_usage_settings=KeyUsageConstraints(key_usage={"non_repudiation"}),
    )
    certificate = signature.signer_cert
    entries = signature.sig_object
    stamp = status.timestamp_validity
    return SignatureFound(
        field=signature.field_name,
        signer=str(certificate.subject.native.get("common_name", "")),
        reason=str(entries.get("/Reason", "")),
        place=str(entries.get("/Location", "")),
        signed_at=stated,
        time_stamped_at=stamp.timestamp if stamp and stamp.valid and stamp.intact else None,
        certificate_fingerprint=certificate.sha256.hex(),
        intact=bool(status.intact),
        valid=bool(status.valid),
        trusted=bool(status.trusted) if authorities else None,
        changed_since=_changed_since(status),
        covers_whole_file=status.coverage == SignatureCoverageLevel.ENTIRE_FILE,
    )


def _changed_since(status: PdfSignatureStatus) -> Literal["nothing", "signatures", "other"]:
    if status.coverage == SignatureCoverageLevel.ENTIRE_FILE:
        return "nothing"
    if status.coverage != SignatureCoverageLevel.ENTIRE_REVISION or status.modification_level is None:
        return "other"
    return "signatures" if status.docmdp_ok and status.modification_level <= ModificationLevel.FORM_FILLING else "other"


def _root(pem: bytes) -> x509.Certificate:
    try:
        _, _, der = asn1_pem.unarmor(pem)
        return x509.Certificate.load(der)
    except ValueError as error:
        message = "A trusted authority must be given as one PEM certificate."
        raise DocumentRefused(message, field="roots", found=repr(pem[:40])) from error
