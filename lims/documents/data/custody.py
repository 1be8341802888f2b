"""Documents of intake and custody: exhibit submission form, intake receipt, printed history of an item."""

from dataclasses import dataclass
from datetime import datetime

from lims.documents.data.parts import Contact, Laboratory, Language, Marks, NamedValue, SignatureSlot


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedExhibit:
    """One exhibit as the submitting agency describes it, with the examination asked for."""

    number: str
    description: str
    quantity: str = ""
    agency_mark: str = ""
    packaging: str = ""
    seal: str = ""
    hazards: str = ""
    examination: str = ""
    scan_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionFormData:
    """Exhibit submission form, filled in by the agency before the seizure arrives.

    Args:
        prepared_at: with zone; the document's time stamp.
        qr: text of the QR code at the top, such as the laboratory's address of the submission; none when empty.
        consent_destructive: whether destructive examination is agreed to; None prints both boxes empty.
    """

    language: Language
    number: str
    prepared_at: datetime
    laboratory: Laboratory
    submitter: Contact
    marks: Marks
    qr: str = ""
    agency_case: str = ""
    seizure: tuple[NamedValue, ...] = ()
    exhibits: tuple[SubmittedExhibit, ...] = ()
    questions: tuple[str, ...] = ()
    consent_destructive: bool | None = None
    return_instructions: str = ""
    packing_instructions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedContainer:
    """One closed container as received tonight: stated beside found."""

    reference: str
    description: str
    scan_code: str = ""
    seal_stated: str = ""
    seal_found: str = ""
    seal_state: str = ""
    count_stated: str = ""
    count_found: str = ""
    weight_stated: str = ""
    weight_found: str = ""
    condition: str = ""
    differs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptData:
    """Receipt for containers taken into custody; `received_at` (with zone) is the document's time stamp."""

    language: Language
    number: str
    received_at: datetime
    laboratory: Laboratory
    released_by: Contact
    received_by: str
    marks: Marks
    case_reference: str = ""
    place: str = ""
    transport: str = ""
    waybill: str = ""
    temperature: str = ""
    witnesses: tuple[str, ...] = ()
    external_references: tuple[NamedValue, ...] = ()
    containers: tuple[ReceivedContainer, ...] = ()
    differences: tuple[str, ...] = ()
    photographs: int = 0
    slots: tuple[SignatureSlot, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyRow:
    """One act. `happened_at` is claimed, `recorded_at` is the system's; `stated` marks custody not witnessed."""

    sequence: int
    happened_at: datetime
    recorded_at: datetime
    act: str
    actor: str
    role: str = ""
    place: str = ""
    reason: str = ""
    custodian: str = ""
    seal: str = ""
    entry_hash: str = ""
    stated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyHistoryData:
    """The history of one item, for people; `printed_at` (with zone) is the document's time stamp.

    `gaps` are custody discrepancies in words; empty prints that none was found.
    """

    language: Language
    item_reference: str
    description: str
    printed_at: datetime
    printed_by: str
    laboratory: Laboratory
    marks: Marks
    scan_code: str = ""
    case_reference: str = ""
    custodian: str = ""
    quantity: str = ""
    seal: str = ""
    external_references: tuple[NamedValue, ...] = ()
    rows: tuple[CustodyRow, ...] = ()
    gaps: tuple[str, ...] = ()
    verification: str = ""
