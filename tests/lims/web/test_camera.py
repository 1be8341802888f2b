"""Codes in pictures: what a phone's camera sees is read on the server."""

from io import BytesIO

import pytest
import qrcode
from PIL import Image

from lims.common.errors import BadInput
from lims.web.camera import LIMIT_BYTES, codes_in

PAYLOAD = "HTTPS://LAB.EXAMPLE/X/7K3M9Q2P"


def label(payload: str) -> Image.Image:
    """A grey picture of 800 by 600 with a slightly turned label in it."""
    scene = Image.new("L", (800, 600), 120)
    scene.paste(
        qrcode.make(payload, box_size=8).get_image().convert("L").rotate(7, fillcolor=255, expand=True), (180, 90)
    )
    return scene


def as_file(image: Image.Image, kind: str) -> BytesIO:
    file = BytesIO()
    image.save(file, kind)
    file.seek(0)
    return file


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_code_in_a_photograph_is_read(kind: str) -> None:
    photo = as_file(label(PAYLOAD), kind)
    assert [code.text for code in codes_in(photo, size=len(photo.getvalue()))] == [PAYLOAD]


def test_picture_without_a_code_gives_none() -> None:
    assert codes_in(as_file(Image.new("L", (300, 300), 200), "PNG"), size=500) == []


@pytest.mark.parametrize("content", [b"", b"not a picture", b"GIF89a" + bytes(40), b"\xff\xd8\xff\xe0" + bytes(20)])
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(BadInput, match="no picture") as refusal:
        codes_in(BytesIO(content), size=len(content))
    assert refusal.value.field == "photo"


def test_picture_over_the_limit_is_refused_unread() -> None:
    with pytest.raises(BadInput, match="12 MB"):
        codes_in(BytesIO(b""), size=LIMIT_BYTES + 1)


def test_picture_of_too_many_pixels_is_refused_before_it_is_unpacked() -> None:
    photo = as_file(Image.new("1", (10_000, 5_001)), "PNG")
    with pytest.raises(BadInput, match="million pixels"):
        codes_in(photo, size=len(photo.getvalue()))
