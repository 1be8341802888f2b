"""Reads codes out of a picture, for browsers that cannot (no BarcodeDetector) and for photographs."""

from dataclasses import dataclass
from typing import IO, Any, TypeAlias

import zxingcpp
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

from lims.common.errors import BadInput

LIMIT_BYTES = 12 * 1024 * 1024
LIMIT_PIXELS = 50_000_000
_FORMATS = zxingcpp.BarcodeFormats(
    (
        zxingcpp.BarcodeFormat.QRCode,
        zxingcpp.BarcodeFormat.MicroQRCode,
        zxingcpp.BarcodeFormat.DataMatrix,
        zxingcpp.BarcodeFormat.Code128,
        zxingcpp.BarcodeFormat.Code39,
        zxingcpp.BarcodeFormat.PDF417,
    )
)

Picture: TypeAlias = "IO[bytes] | UploadedFile[Any]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """A code found in a picture."""

    text: str
    kind: str


def codes_in(picture: Picture, *, size: int) -> list[Decoded]:
    """Every readable code in a JPEG, PNG or WebP picture, in the order found; empty when there is none.

    Raises:
        BadInput: not a picture, or larger than 12 MB or 50 million pixels.
    """
    if size > LIMIT_BYTES:
        raise BadInput(
            _("The picture is larger than 12 MB. Take it again with less detail."),
            code="too-large",
            field="photo",
        )
    try:
        with Image.open(picture, formats=("JPEG", "PNG", "WEBP")) as image:
            if image.width * image.height > LIMIT_PIXELS:
                raise BadInput(
                    _("The picture has more than 50 million pixels. Take it again with less detail."),
                    field="photo",
                )
            grey = image.convert("L")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise BadInput(
            _("This file is no picture that can be read. Take a photograph as JPEG, PNG or WebP."),
            code="not-a-picture",
            field="photo",
        ) from error
    found = zxingcpp.read_barcodes(grey, formats=_FORMATS)
    return [Decoded(text=code.text, kind=str(code.format)) for code in found if code.text]
