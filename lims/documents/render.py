"""One function per document: data in, PDF/A bytes out. Same data, same bytes."""

from pathlib import Path

from labels.errors import LabelError
from labels.render import qr_svg
from lims.documents.certificates import certificate_text
from lims.documents.data.custody import CustodyHistoryData, ReceiptData, SubmissionFormData
from lims.documents.data.disclosure import CertificateData, PackIndexData
from lims.documents.data.parts import SIGNATURES_AT_MOST, Attachment, SignatureSlot
from lims.documents.data.report import ReportData
from lims.documents.engine import Json, checkpoint_svg, data_json, document_compile, to_json
from lims.documents.errors import DocumentRefused

REPORT_DATA_NAME = "report.json"


def report_render(data: ReportData, *, fonts: Path | None = None) -> bytes:
    """The laboratory report (ISO/IEC 17025:2017 7.8.2.1, ISO 21043-5): PDF/A-2b, with attachments PDF/A-3b.

    Raises:
        DocumentRefused: `issued_at` without zone, more than four signatures, an attachment that is no text.
    """
    _check_slots(data.slots)
    attachments = data.attachments
    if data.attach_data:
        own = Attachment(
            name=REPORT_DATA_NAME,
            media_type="application/json",
            content=data_json(data),
            description=data.number,
        )
        attachments = (own, *attachments)
    return document_compile(
        "report",
        data,
        language=data.language,
        at=data.issued_at,
        attachments=attachments,
        extra={"checkpoint_svg": checkpoint_svg(data.marks.checkpoint)},
        fonts=fonts,
    )


def submission_form_render(data: SubmissionFormData, *, fonts: Path | None = None) -> bytes:
    """The exhibit submission form that an agency prints and sends with the seizure."""
    return document_compile(
        "submission_form",
        data,
        language=data.language,
        at=data.prepared_at,
        extra={"qr_svg": _qr(data.qr)},
        fonts=fonts,
    )


def receipt_render(data: ReceiptData, *, fonts: Path | None = None) -> bytes:
    """The receipt for containers taken into custody. Raises DocumentRefused for more than four signatures."""
    _check_slots(data.slots)
    return document_compile(
        "receipt",
        data,
        language=data.language,
        at=data.received_at,
        extra={"checkpoint_svg": checkpoint_svg(data.marks.checkpoint)},
        fonts=fonts,
    )


def custody_history_render(data: CustodyHistoryData, *, fonts: Path | None = None) -> bytes:
    """The history of one item on paper, oldest act first, both times of every act."""
    return document_compile(
        "custody_history",
        data,
        language=data.language,
        at=data.printed_at,
        extra={"checkpoint_svg": checkpoint_svg(data.marks.checkpoint)},
        fonts=fonts,
    )


def pack_index_render(data: PackIndexData, *, fonts: Path | None = None) -> bytes:
    """The index of a disclosure pack with the schedule of withheld material."""
    return document_compile(
        "pack_index",
        data,
        language=data.language,
        at=data.released_at,
        extra={"checkpoint_svg": checkpoint_svg(data.marks.checkpoint)},
        fonts=fonts,
    )


def certificate_render(data: CertificateData, *, fonts: Path | None = None) -> bytes:
    """A certificate for a person to check, complete and sign (texts and their sources: `certificates/texts.json`)."""
    _check_slots(data.slots)
    text = certificate_text(data)
    return document_compile(
        "certificate",
        data,
        language=data.language,
        at=data.certified_at,
        extra={"text": to_json(text, data.language, fonts)},
        fonts=fonts,
    )


def _check_slots(slots: tuple[SignatureSlot, ...]) -> None:
    if len(slots) > SIGNATURES_AT_MOST:
        message = f"{len(slots)} signatures do not fit: a document has places for {SIGNATURES_AT_MOST}."
        raise DocumentRefused(message, field="slots", found=len(slots))


def _qr(text: str) -> Json:
    if not text:
        return None
    try:
        return qr_svg(text, correction="M", title=text)
    except LabelError as error:
        raise DocumentRefused(error.message, field="qr", found=text[:80]) from error
