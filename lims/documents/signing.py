"""PAdES signatures (ETSI EN 319 142-1): B-B, or B-T when a time-stamping authority (RFC 3161) is at hand.

Each signature is an incremental update over the whole file before it. The first one certifies the document
so that afterwards only further signatures are allowed; the last one therefore covers every byte. A
signature shows printed name, date-time and meaning (21 CFR 11.50) in its place on the last page.
"""

import tempfile
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

from asn1crypto import keys, x509
from asn1crypto import pem as asn1_pem
from cryptography.hazmat.primitives import serialization
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, InnerScaling, Margins, SimpleBoxLayoutRule
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko.sign.timestamps import HTTPTimeStamper, TimeStamper, TimestampRequestError
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore

from lims.documents.credentials import Credentials
from lims.documents.data.parts import Language
from lims.documents.engine import document_compile
from lims.documents.errors import SigningRefused, TimeStampUnavailable
from lims.documents.geometry import signature_box

_BYTES_FOR_TIME_STAMP = 24_576


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRequest:
    """One signature to make.

    Args:
        signed_at: with zone; the time the signer states. A time stamp proves it, the text alone does not.
        meaning: authorship, review, approval, …
        reason: further words for the signature's dictionary, such as the act's reference.
        slot, slots: place on the last page, from 0, among the document's slots; `slot` None signs without appearance.
    """

    signed_at: datetime
    role: str
    meaning: str
    reason: str = ""
    place: str = ""
    language: Language = "en"
    slot: int | None = None
    slots: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Appearance:
    name: str
    role: str
    meaning: str
    signed_at: datetime
    serial: str


class _SignerAtTime(PdfSigner):
    """A signer whose time is given, not read from a clock."""

    at: datetime

    def init_signing_session(self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False) -> PdfSigningSession:
        session = super().init_signing_session(pdf_out, existing_fields_only=existing_fields_only)
        session.system_time = self.at
        return session


def http_time_stamper(url: str, *, timeout: int = 10) -> TimeStamper:
    """A client of an RFC 3161 authority at `url`."""
    return HTTPTimeStamper(url, timeout=timeout)


def document_sign(
    pdf: bytes,
    request: SignatureRequest,
    *,
    credentials: Credentials,
    passphrase: bytes | None = None,
    time_stamper: TimeStamper | None = None,
) -> bytes:
    """`pdf` with one more signature; the bytes before it stay as they are.

    Raises:
        SigningRefused: no PDF, a time without zone or outside the certificate's validity, a wrong
            passphrase, a slot that does not exist or is signed already, or a document that allows no further signature.
        TimeStampUnavailable: the authority did not answer.
    """
    _check(request, credentials)
    signer = _signer(credentials, passphrase)
    try:
        reader = PdfFileReader(BytesIO(pdf))
        earlier = [found.field_name for found in reader.embedded_signatures]
        last_page = int(reader.root["/Pages"]["/Count"]) - 1
    except (PdfError, ValueError, KeyError) as error:
        raise SigningRefused(f"The file is not a PDF that can be signed: {error}", code="not-a-pdf") from error
    field = _field_name(request.slot) if request.slot is not None else f"Signature-{len(earlier) + 1}"
    if field in earlier:
        message = f"Place {field} is signed already. Choose the next free one."
        raise SigningRefused(message, code="slot-signed", found=field)
    metadata = PdfSignatureMetadata(
        field_name=field,
        md_algorithm="sha256",
        name=credentials.name,
        reason="; ".join(part for part in (request.meaning, request.reason) if part),
        location=request.place or None,
        subfilter=SigSeedSubFilter.PADES,
        certify=not earlier,
        docmdp_permissions=MDPPerm.FILL_FORMS,
    )
    return _signed(pdf, request, credentials, metadata, signer, time_stamper, last_page)


def _signed(
    pdf: bytes,
    request: SignatureRequest,
    credentials: Credentials,
    metadata: PdfSignatureMetadata,
    signer: SimpleSigner,
    time_stamper: TimeStamper | None,
    last_page: int,
) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        worker = _SignerAtTime(
            metadata,
            signer,
            timestamper=time_stamper,
            stamp_style=_appearance(request, credentials, Path(folder)),
        )
        worker.at = request.signed_at
        writer = IncrementalPdfFileWriter(BytesIO(pdf))
        if metadata.certify:
            _places_make(writer, request.slots, last_page)
        room = _BYTES_FOR_TIME_STAMP if time_stamper else None
        try:
            out = worker.sign_pdf(writer, existing_fields_only=request.slot is not None, bytes_reserved=room)
        except TimestampRequestError as error:
            message = f"The time-stamping authority did not answer: {error}. Try again, or sign without a time stamp."
            raise TimeStampUnavailable(message) from error
        except (SigningError, PdfError) as error:
            raise SigningRefused(f"The document cannot be signed: {error}", code="cannot-sign") from error
    return bytes(out.getvalue())


def _places_make(writer: IncrementalPdfFileWriter, slots: int, last_page: int) -> None:
    """Empty fields for all slots before the first signature: afterwards a certified document takes no new ones."""
    for slot in range(slots):
        box = signature_box(slot, slots)
        edges = (round(box.left), round(box.bottom), round(box.right), round(box.top))
        field = SigFieldSpec(
            sig_field_name=_field_name(slot), on_page=last_page, box=edges, empty_field_appearance=True
        )
        append_signature_field(writer, field)


def _field_name(slot: int) -> str:
    return f"Signature{slot + 1}"


def _appearance(request: SignatureRequest, credentials: Credentials, folder: Path) -> StaticStampStyle | None:
    if request.slot is None:
        return None
    shown = _Appearance(
        name=credentials.name,
        role=request.role,
        meaning=request.meaning,
        signed_at=request.signed_at,
        serial=credentials.serial,
    )
    file = folder / "signature.pdf"
    file.write_bytes(document_compile("signature", shown, language=request.language, at=request.signed_at))
    whole_box = SimpleBoxLayoutRule(
        x_align=AxisAlignment.ALIGN_MID,
        y_align=AxisAlignment.ALIGN_MID,
        margins=Margins(0, 0, 0, 0),
        inner_content_scaling=InnerScaling.STRETCH_TO_FIT,
    )
    return StaticStampStyle.from_pdf_file(
        str(file), background_layout=whole_box, background_opacity=1.0, border_width=0
    )


def _check(request: SignatureRequest, credentials: Credentials) -> None:
    if request.signed_at.utcoffset() is None:
        message = f"The time {request.signed_at.isoformat()} has no zone."
        raise SigningRefused(message, code="no-zone", found=request.signed_at.isoformat())
    if request.signed_at > credentials.valid_until:
        message = (
            f"The certificate of {credentials.name} ended on {credentials.valid_until:%Y-%m-%d}. Create a new one."
        )
        raise SigningRefused(message, code="certificate-ended", found=credentials.serial)
    if request.slot is not None and not 0 <= request.slot < request.slots:
        message = f"Place {request.slot + 1} does not exist: the document has {request.slots}."
        raise SigningRefused(message, code="slot", found=request.slot)


def _signer(credentials: Credentials, passphrase: bytes | None) -> SimpleSigner:
    pem = credentials.file.read_bytes()
    try:
        key = serialization.load_pem_private_key(pem, passphrase)
    except (ValueError, TypeError) as error:
        message = f"The signing key of {credentials.name} cannot be opened: wrong passphrase, or a damaged file."
        raise SigningRefused(message, code="key-closed", found=credentials.person_id) from error
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    known = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # pyHanko's constructor has no annotations
    known.register(_certificate(credentials.authority))
    return SimpleSigner(
        signing_cert=_certificate(pem[pem.index(b"-----BEGIN CERTIFICATE") :]),
        signing_key=keys.PrivateKeyInfo.load(der),
        cert_registry=known,
    )


def _certificate(pem: bytes) -> x509.Certificate:
    _, _, der = asn1_pem.unarmor(pem)
    return x509.Certificate.load(der)
