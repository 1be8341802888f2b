"""Parts that several documents share."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Language = Literal["en", "fr", "es"]
SIGNATURES_AT_MOST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Laboratory:
    """Who issues the document (ISO/IEC 17025:2017, 7.8.2.1 b and c)."""

    name: str
    address: tuple[str, ...] = ()
    place_of_performance: str = ""
    accreditation: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person or body outside the laboratory, with their own reference."""

    name: str
    organisation: str = ""
    role: str = ""
    address: tuple[str, ...] = ()
    reference: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedValue:
    """A label and a value, both shown as given."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The last published checkpoint of the custody log when the document was made (C2SP tlog-checkpoint).

    `note` is the signed note itself, exact; the QR code holds it, so that the paper can be held against the log.
    """

    origin: str
    size: int
    root: str
    signed_at: datetime
    vkey: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What every page must say.

    Args:
        synthetic: invented data; a band on every page.
        worm_enforced: False prints «WORM not enforced» on every page; None says nothing about the store.
        checkpoint: printed with a QR code.
    """

    synthetic: bool = False
    worm_enforced: bool | None = None
    checkpoint: Checkpoint | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureSlot:
    """A place for one signature on the last page, at most four."""

    name: str
    role: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A text file (UTF-8) carried inside the PDF (PDF/A-3, ISO 19005-3)."""

    name: str
    media_type: str
    content: bytes
    description: str = ""
