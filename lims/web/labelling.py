"""From recorded copies of labels to what is drawn: the QR's address, the words, the job's name."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from labels.layout import LabelContent, LabelWords
from labels.payload import qr_payload
from labels.render import SheetWords
from lims.casework.models import LabelPrint
from lims.casework.selectors.labels import LabelCopy
from lims.casework.selectors.resolve import public_host

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def public_scheme() -> str:
    """HTTPS, or HTTP on a machine of one's own."""
    return urlsplit(settings.SPOOR_PUBLIC_URL).scheme.upper()


def payload_of(code: str, host: str) -> str:
    """The address a QR code carries."""
    return qr_payload(host, code, scheme=public_scheme()) if code else ""


def content_of(copy: LabelCopy) -> LabelContent:
    """What one label says."""
    return LabelContent(
        code=copy.code,
        reference=copy.reference,
        host=public_host(),
        lines=copy.lines,
        copy=copy.copy if copy.copy > 1 else None,
        synthetic=copy.synthetic,
        scheme=public_scheme(),
    )


def wanted_of(rows: Sequence[LabelPrint]) -> list[tuple[str, int]]:
    """Code and copy of each print of a job."""
    return [(row.label.code, row.copy) for row in rows]


def stamp_of(moment: datetime) -> int:
    """A print job's name in an address: microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment_of(stamp: int) -> datetime:
    """The time of a print job by its name; far times become the epoch, at which nothing was printed."""
    try:
        return _EPOCH + timedelta(microseconds=stamp)
    except OverflowError:
        return _EPOCH


def label_words() -> LabelWords:
    """The fixed words of labels in the reader's language."""
    return LabelWords(
        synthetic=_("SYNTHETIC – not evidence"),
        synthetic_short=_("SYNTHETIC"),
        copy=_("copy {number}"),
        void=_("copy {number} void"),
    )


def sheet_words() -> SheetWords:
    """The fixed words of a sheet."""
    return SheetWords(
        title=_("Labels"),
        bar=_("This bar is 50 mm when printed at 100 %."),
        sheet=_("Sheet {number} of {count}"),
    )
