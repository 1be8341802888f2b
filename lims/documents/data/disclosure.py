"""Documents of a disclosure pack: index with the schedule of withheld material, certificates."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from lims.documents.data.parts import Contact, Laboratory, Language, Marks, NamedValue, SignatureSlot

CertificateKind = Literal["fre-902-13", "fre-902-14", "bsa-2023-63-a", "bsa-2023-63-b"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackFile:
    """One file of the pack."""

    path: str
    size: int
    sha256: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithheldMaterial:
    """One entry of the schedule: what is withheld, on which ground, decided by whom."""

    reference: str
    description: str
    ground: str
    decided_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackIndexData:
    """Index of a disclosure pack; `released_at` (with zone) is the document's time stamp."""

    language: Language
    number: str
    released_at: datetime
    released_by: str
    laboratory: Laboratory
    recipient: Contact
    marks: Marks
    case_reference: str = ""
    request_reference: str = ""
    legal_basis: str = ""
    scope: str = ""
    files: tuple[PackFile, ...] = ()
    withheld: tuple[WithheldMaterial, ...] = ()
    earlier_packs: tuple[str, ...] = ()
    tagmanifest_sha256: str = ""
    verification: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestedFile:
    """A file named in a certificate with its digest."""

    name: str
    algorithm: str
    digest: str
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateData:
    """A certificate for a person to check, complete and sign; nothing in it is asserted by the program.

    Args:
        certified_at: with zone; the document's time stamp.
        declarant: who certifies; qualifications are that person's own words.
        system: name, version, validation record and the like of the system that made the records.
        devices: make, model, serial number and other identifiers, one group per device.
        reviewed: a person of the laboratory has checked the wording against the statute in force.
    """

    kind: CertificateKind
    language: Language
    number: str
    certified_at: datetime
    laboratory: Laboratory
    declarant: Contact
    marks: Marks
    qualifications: str = ""
    place: str = ""
    case_reference: str = ""
    records: str = ""
    process: str = ""
    system: tuple[NamedValue, ...] = ()
    devices: tuple[tuple[NamedValue, ...], ...] = ()
    files: tuple[DigestedFile, ...] = ()
    reviewed: bool = False
    slots: tuple[SignatureSlot, ...] = ()
