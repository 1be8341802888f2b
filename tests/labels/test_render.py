"""Rendered labels are read back by an independent decoder (zxing-cpp), and measured."""

import io
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
import zxingcpp
from lxml import etree
from PIL import Image
from pypdf import PdfReader

from labels.errors import LabelError, LabelTooSmall
from labels.layout import LabelContent, LabelWords, label_layout
from labels.payload import qr_payload, scan_code_new, scan_code_show
from labels.reference import reference_compose
from labels.render import label_png, label_svg, qr_svg, sheet_pdf
from labels.sizes import A4_BAG, A4_CRYO, A4_TUBE, BAG, CRYO, LABELS, SHEETS, LabelSize, SheetFormat
from labels.symbol import symbol_make
from labels.zpl import label_zpl

POINTS_PER_MM = 72 / 25.4
HOSTILE = '<script>alert(1)</script>" ^XA~JR & *b* $x$ 猫\u202e'


def content(number: int = 1, **changes: object) -> LabelContent:
    values: dict[str, object] = {
        "code": scan_code_new(number.to_bytes(5, "big") + b"\x07" if number > 255 else bytes([number, 7, 99, 3, 211])),
        "reference": reference_compose("WF-2026-000123", f"E{number:02}", "S03"),
        "host": "spoor.example",
        "lines": ("ivory powder · 21 Nov 2026",),
        "synthetic": True,
        **changes,
    }
    return LabelContent(**values)  # type: ignore[arg-type]  # changes are checked by the tests that use them


def many(count: int) -> Sequence[LabelContent]:
    codes = [scan_code_new((number * 2_654_435_761 % 2**40).to_bytes(5, "big")) for number in range(1, count + 1)]
    return [content(number % 250 + 1, code=code) for number, code in enumerate(codes)]


def decoded(image: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(image.convert("L"), formats=zxingcpp.BarcodeFormat.QRCode)]


@pytest.mark.parametrize("size", LABELS.values(), ids=lambda size: size.name)
@pytest.mark.parametrize("dpi", [203, 300, 600])
def test_png_is_read_back(size: LabelSize, dpi: int) -> None:
    label = content(copy=2, voids=1)
    image = Image.open(io.BytesIO(label_png(label, size, dpi=dpi)))
    assert decoded(image) == [label.code if size.code_only else qr_payload("spoor.example", label.code)]
    assert image.width == round(size.width / 25.4 * dpi)
    assert image.info["dpi"] == pytest.approx((dpi, dpi), abs=0.5)


def test_png_survives_a_turned_and_blurred_photograph() -> None:
    image = Image.open(io.BytesIO(label_png(content(), BAG, dpi=300))).convert("L")
    photo = image.rotate(23, expand=True, fillcolor=255).resize((420, 420), Image.Resampling.BILINEAR)
    assert decoded(photo) == [qr_payload("spoor.example", content().code)]


def test_qr_stays_in_alphanumeric_mode() -> None:
    """32 alphanumeric signs at level M fit version 2 (38 signs; bytes would allow 26): ISO/IEC 18004 table
    7."""
    payload = qr_payload("spoor.example", content().code)
    assert len(payload) == 32
    symbol = symbol_make(payload, "M")
    assert symbol.alphanumeric
    assert symbol.side == 25
    assert symbol_make(payload.lower(), "M").side == 29
    assert symbol_make(content().code, "M").side == 21


def test_symbol_areas_cover_the_dark_modules_exactly_once() -> None:
    symbol = symbol_make("HTTPS://SPOOR.EXAMPLE/X/00000000", "Q")
    covered = [
        (x + across, y + down)
        for x, y, width, height in symbol.rectangles()
        for across in range(width)
        for down in range(height)
    ]
    dark = {(x, y) for y, row in enumerate(symbol.modules) for x, module in enumerate(row) if module}
    assert len(covered) == len(set(covered))
    assert set(covered) == dark


@pytest.mark.parametrize("size", LABELS.values(), ids=lambda size: size.name)
def test_nothing_leaves_the_label_and_text_is_always_there(size: LabelSize) -> None:
    label = content(copy=12, voids=11, lines=("a long description that will not fit here " * 3, "two", "three"))
    layout = label_layout(label, size)
    for line in layout.texts:
        assert line.x >= 0
        assert line.x + line.width <= size.width + 0.01
        assert line.y - line.size >= -0.3
        assert line.y <= size.height
        assert line.size >= 0.9
    assert layout.qr_y >= 0
    assert layout.qr_y + layout.qr_side <= size.height
    words = "".join(line.text for line in layout.texts)
    assert label.code in words.replace(" ", "")
    assert label.reference in words
    assert "SYNTHETIC" in words
    assert "copy 12" in words
    assert "copy 11 void" in words


def test_marks_are_printed_only_when_asked() -> None:
    text = "".join(line.text for line in label_layout(content(synthetic=False), BAG).texts)
    assert "SYNTHETIC" not in text
    assert "copy" not in text


def test_words_are_translatable() -> None:
    words = LabelWords(synthetic="SYNTHÉTIQUE – pas une preuve", copy="copie {number}")
    assert "SYNTHÉTIQUE – pas une preuve · copie 3" in label_svg(content(copy=3), BAG, words)


def test_a_reference_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(LabelTooSmall) as caught:
        label_layout(content(reference=reference_compose("LABORATO-2026-000000123", *["ABC123456"] * 6)), CRYO)
    assert "larger" in caught.value.message


def test_svg_is_in_millimetres_safe_and_readable() -> None:
    label = content(lines=(HOSTILE,))
    root = etree.fromstring(label_svg(label, BAG).encode())
    assert root.attrib["width"] == "63.5mm"
    assert root.attrib["viewBox"] == "0 0 63.5 38.1"
    text = label_svg(label, BAG)
    assert "<script" not in text
    assert "style=" not in text
    assert "href" not in text
    shown = [element.text or "" for element in root.iter() if str(element.tag).endswith("text")]
    assert scan_code_show(label.code) in shown
    assert "a?b" in label_svg(content(lines=("a猫b",)), BAG)
    assert "a?b" in label_svg(content(lines=("a\u202eb",)), BAG), "no sign may turn the direction of the text"


def test_svg_modules_are_those_of_the_symbol() -> None:
    path = re.findall(r'd="([^"]+)"', qr_svg("C2SP CHECKPOINT"))[1]
    runs = {(int(x) - 4, int(y) - 4, int(run)) for x, y, run in re.findall(r"M(\d+) (\d+)h(\d+)v1", path)}
    assert runs == set(symbol_make("C2SP CHECKPOINT", "M").runs())


def test_qr_of_other_text_is_read_back_from_pixels() -> None:
    symbol = symbol_make("spoor.example/log+1a2b3c4d+AbCd/é=", "M")
    image = Image.new("L", ((symbol.side + 8) * 4,) * 2, 255)
    for x, y, run in symbol.runs():
        image.paste(0, ((x + 4) * 4, (y + 4) * 4, (x + 4 + run) * 4, (y + 5) * 4))
    assert decoded(image) == ["spoor.example/log+1a2b3c4d+AbCd/é="]


def test_too_much_text_for_a_qr_code() -> None:
    with pytest.raises(LabelError) as caught:
        symbol_make("x" * 3000, "M")
    assert caught.value.code == "qr-too-long"


def test_png_too_coarse() -> None:
    with pytest.raises(LabelError) as caught:
        label_png(content(), CRYO, dpi=72)
    assert caught.value.code == "resolution-too-low"


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=lambda sheet: sheet.name)
def test_sheet_grids_fit_the_page(sheet: SheetFormat) -> None:
    left, top = sheet.origin(1)
    right, bottom = sheet.origin(sheet.places)
    assert left >= 3
    assert top >= 10, "room for the bar"
    assert right + sheet.label.width == pytest.approx(sheet.page_width - left)
    assert bottom + sheet.label.height == pytest.approx(sheet.page_height - top)
    assert sheet.pitch_x >= sheet.label.width
    assert sheet.pitch_y >= sheet.label.height


def test_sheet_pages_start_place_and_true_size() -> None:
    reader = PdfReader(io.BytesIO(sheet_pdf(many(30), A4_BAG, start=20, job="Print job 4471.")))
    assert len(reader.pages) == 3  # 2 + 21 + 7
    assert float(reader.pages[0].mediabox.width) == pytest.approx(210 * POINTS_PER_MM, abs=0.01)
    assert float(reader.pages[0].mediabox.height) == pytest.approx(297 * POINTS_PER_MM, abs=0.01)
    text = reader.pages[1].extract_text()
    assert "This bar is 50 mm" in text
    assert "Sheet 2 of 3." in text
    assert "Print job 4471." in text
    assert reader.trailer["/Root"]["/ViewerPreferences"]["/PrintScaling"] == "/None"


def test_bar_is_fifty_millimetres() -> None:
    stream = PdfReader(io.BytesIO(sheet_pdf(many(1), A4_BAG))).pages[0].get_contents()
    assert stream is not None
    lines = re.findall(rb"([\d.]+) ([\d.]+) m ([\d.]+) ([\d.]+) l", stream.get_data())
    (bar,) = [[float(value) for value in line] for line in lines if line[1] == line[3]]
    assert bar[2] - bar[0] == pytest.approx(50 * POINTS_PER_MM, abs=0.01)


def test_same_labels_same_bytes() -> None:
    assert sheet_pdf(many(5), A4_TUBE) == sheet_pdf(many(5), A4_TUBE)
    assert label_png(content(), BAG) == label_png(content(), BAG)
    assert label_svg(content(), BAG) == label_svg(content(), BAG)


def test_384_labels_in_under_five_seconds() -> None:
    labels = many(384)
    begun = time.process_time()
    pdf = sheet_pdf(labels, A4_BAG)
    assert time.process_time() - begun < 5
    assert len(PdfReader(io.BytesIO(pdf)).pages) == 19


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="pdftoppm (poppler-utils) turns PDF into pixels")
@pytest.mark.parametrize("sheet", [A4_BAG, A4_TUBE, A4_CRYO], ids=lambda sheet: sheet.name)
def test_pdf_is_read_back_from_pixels(sheet: SheetFormat, tmp_path: Path) -> None:
    labels = many(12)
    (tmp_path / "sheet.pdf").write_bytes(sheet_pdf(labels, sheet, start=2))
    subprocess.run(["pdftoppm", "-r", "300", "-gray", "-png", "sheet.pdf", "sheet"], cwd=tmp_path, check=True)
    (picture,) = tmp_path.glob("sheet-*.png")
    image = Image.open(picture)
    scale = 300 / 25.4
    for place, label in enumerate(labels, start=2):
        left, top = sheet.origin(place)
        box = (left, top, left + sheet.label.width, top + sheet.label.height)
        expected = label.code if sheet.label.code_only else qr_payload("spoor.example", label.code)
        cut = image.crop(tuple(round(edge * scale) for edge in box))  # type: ignore[arg-type]  # four edges
        assert decoded(cut) == [expected]


@pytest.mark.parametrize(
    ("start", "count", "code"), [(0, 1, "start-place"), (22, 1, "start-place"), (1, 0, "no-labels")]
)
def test_impossible_sheets_are_refused(start: int, count: int, code: str) -> None:
    with pytest.raises(LabelError) as caught:
        sheet_pdf(many(count), A4_BAG, start=start)
    assert caught.value.code == code


def test_too_many_sheets_are_refused() -> None:
    with pytest.raises(LabelError) as caught:
        sheet_pdf([content()] * (200 * 21 + 1), A4_BAG)
    assert caught.value.code == "too-many-labels"


def zpl_fields(zpl: str) -> list[str]:
    """Field data as a printer reads them: between ^FD and ^FS, with _hh decoded."""
    fields = re.findall(r"\^FD(.*?)\^FS", zpl, re.DOTALL)
    return [re.sub(r"_([0-9A-F]{2})", lambda found: chr(int(found.group(1), 16)), field) for field in fields]


def test_zpl_carries_the_same_and_lets_no_command_through() -> None:
    label = content(lines=("^XA~JR_5E",))
    zpl = label_zpl(label, BAG, dpi=203)
    assert zpl.startswith("^XA^CI28\n^PW508^LL305")  # 63.5 × 38.1 mm at 8 dots per mm
    assert f"QA,{qr_payload('spoor.example', label.code)}" in zpl_fields(zpl)
    assert "^XA~JR_5E" in zpl_fields(zpl)
    assert zpl.count("^XA") == 1
    assert "~" not in zpl


@pytest.mark.parametrize(("size", "dpi"), [(BAG, 203), (BAG, 600), (CRYO, 203), (CRYO, 300)])
def test_zpl_symbol_stays_inside_its_place(size: LabelSize, dpi: int) -> None:
    zpl = label_zpl(content(), size, dpi=dpi)
    found = re.search(r"\^FO(\d+),(\d+)\^BQN,2,(\d+)", zpl)
    width = re.search(r"\^PW(\d+)\^LL(\d+)", zpl)
    assert found is not None
    assert width is not None
    left, top, magnification = (int(value) for value in found.groups())
    layout = label_layout(content(), size)
    dots = {203: 8, 300: 12, 600: 24}[dpi]
    assert left + magnification * layout.symbol.side <= (layout.qr_x + layout.qr_side) * dots + 1
    assert top + magnification * layout.symbol.side <= int(width.group(2))
    assert magnification >= 2


def test_zpl_unknown_resolution() -> None:
    with pytest.raises(LabelError) as caught:
        label_zpl(content(), BAG, dpi=72)
    assert caught.value.code == "resolution"
