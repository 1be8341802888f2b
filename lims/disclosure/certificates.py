"""Certificates that go with a pack, for a person to check, complete and sign."""

from django.conf import settings
from django.utils import timezone

from lims.disclosure.models import DisclosurePack
from lims.disclosure.selectors.contents import PackContents
from lims.documents.data.disclosure import CertificateData, CertificateKind, DigestedFile
from lims.documents.data.parts import Contact, NamedValue
from lims.documents.render import certificate_render
from lims.lab.selectors.marks import document_marks
from lims.lab.selectors.report_data import laboratory

KINDS: tuple[CertificateKind, ...] = ("fre-902-13", "fre-902-14", "bsa-2023-63-a", "bsa-2023-63-b")


def certificates_render(pack: DisclosurePack, contents: PackContents) -> list[tuple[str, bytes]]:
    """Every certificate the laboratory has texts for, as (name, PDF); nothing in them is asserted by the program."""
    return [(kind, certificate_render(_data(pack, contents, kind))) for kind in KINDS]


def _data(pack: DisclosurePack, contents: PackContents, kind: CertificateKind) -> CertificateData:
    return CertificateData(
        kind=kind,
        language="en",
        number=f"{pack.reference}-{kind}",
        certified_at=timezone.localtime(),
        laboratory=laboratory(),
        declarant=Contact(name=""),
        marks=document_marks(synthetic=pack.case.synthetic),
        case_reference=pack.case.reference,
        records=f"{len(contents.files)} files of disclosure pack {pack.reference}",
        process="Files are stored under their SHA-256 when they are handed in and checked against it on every reading.",
        system=(NamedValue(name="Spoor", value=settings.SPOOR_VERSION),),
        files=tuple(
            DigestedFile(name=one.path, algorithm="SHA-256", digest=one.file.digest, size=one.file.size)
            for one in contents.files
        ),
    )
