"""Whether a stored file is a picture: by its first bytes, whatever its name or declared type says."""

from django.utils.translation import gettext as _

from chain_of_custody.models import StoredFile
from chain_of_custody.vault.services import store_current
from lims.common.errors import BadInput

_BEGINNINGS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*")


def picture_check(file: StoredFile) -> None:
    """Refuse what is not a PNG, JPEG, TIFF, WebP or HEIC picture; script in an SVG or HTML never counts as one.

    Raises:
        BadInput: naming the formats that are taken.
    """
    with store_current().open(file.digest, version=file.store_version) as chunks:
        head = next(iter(chunks), b"")[:32]
    if not (head.startswith(_BEGINNINGS) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP") or head[4:8] == b"ftyp"):
        raise BadInput(
            _("«%(name)s» is no picture. Give a photograph as JPEG, PNG, TIFF, WebP or HEIC.") % {"name": file.name},
            code="not-a-picture",
            field="file",
            found=file.name,
        )
