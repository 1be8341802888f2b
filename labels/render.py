"""Labels as SVG, PNG and PDF sheets. Same content, same bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from xml.sax.saxutils import escape, quoteattr

from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from labels.errors import LabelError
from labels.layout import (
    FONT,
    FONT_BOLD,
    LabelContent,
    LabelWords,
    Layout,
    TextLine,
    font_path,
    label_layout,
    printable,
)
from labels.sizes import Correction, LabelSize, SheetFormat
from labels.symbol import QUIET_ZONE, symbol_make

_SVG_FONT = "Bitstream Vera Sans, DejaVu Sans, Verdana, sans-serif"
_BAR = 50.0
_BAR_TEXT = 2.4
SHEETS_AT_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetWords:
    """The fixed words of a sheet, for translation."""

    title: str = "Labels"
    bar: str = "This bar is 50 mm when printed at 100 %."
    sheet: str = "Sheet {number} of {count}"


def label_svg(content: LabelContent, size: LabelSize, words: LabelWords | None = None) -> str:
    """One label as SVG in millimetres; no script, no style, no outside reference."""
    layout = label_layout(content, size, words)
    name = quoteattr(f"QR code {layout.payload}")
    texts = "".join(_svg_text(line) for line in layout.texts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{layout.width:g}mm" height="{layout.height:g}mm" '
        f'viewBox="0 0 {layout.width:g} {layout.height:g}" role="img" aria-label={name}>'
        f'<rect width="{layout.width:g}" height="{layout.height:g}" fill="#fff"/>'
        f'<path fill="#000" shape-rendering="crispEdges" d="{_svg_modules(layout)}"/>{texts}</svg>'
    )


def qr_svg(text: str, *, correction: Correction = "M", title: str = "QR code") -> str:
    """Any text as a QR symbol in SVG, quiet zone included, one unit per module."""
    symbol = symbol_make(text, correction)
    side = symbol.side + 2 * QUIET_ZONE
    path = "".join(f"M{x + QUIET_ZONE} {y + QUIET_ZONE}h{run}v1h-{run}z" for x, y, run in symbol.runs())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" role="img" '
        f'aria-label={quoteattr(title)} shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}h-{side}z"/><path fill="#000" d="{path}"/></svg>'
    )


def label_png(content: LabelContent, size: LabelSize, words: LabelWords | None = None, *, dpi: int = 300) -> bytes:
    """One label as a one-bit PNG with its resolution written in; modules are whole pixels.

    Raises:
        LabelError: at this resolution a QR module would be smaller than two pixels.
    """
    layout = label_layout(content, size, words)
    scale = dpi / 25.4
    module = int(layout.module * scale)
    if module < 2:
        message = f"{dpi} dots per inch are too few for a QR code of {layout.qr_side:.0f} mm. Use 300 or more."
        raise LabelError(message, code="resolution-too-low", found=str(dpi))
    image = Image.new("1", (round(layout.width * scale), round(layout.height * scale)), 1)
    draw = ImageDraw.Draw(image)
    spare = layout.qr_side * scale - module * layout.symbol.side
    left, top = round(layout.qr_x * scale + spare / 2), round(layout.qr_y * scale + spare / 2)
    for x, y, run in layout.symbol.runs():
        corner = (left + x * module, top + y * module)
        draw.rectangle((corner, (corner[0] + run * module - 1, corner[1] + module - 1)), fill=0)
    for line in layout.texts:
        draw.text((line.x * scale, line.y * scale), line.text, fill=0, font=_raster_font(line, scale), anchor="ls")
    out = BytesIO()
    image.save(out, "PNG", dpi=(dpi, dpi), optimize=False)
    return out.getvalue()


def sheet_pdf(
    contents: Sequence[LabelContent],
    sheet: SheetFormat,
    *,
    start: int = 1,
    job: str = "",
    label_words: LabelWords | None = None,
    words: SheetWords | None = None,
) -> bytes:
    """Labels on sheets in true millimetres, with a bar of 50 mm in the upper margin.

    Args:
        contents: the labels, in print order; they fill row by row.
        sheet: the format.
        start: first free place of the first sheet, from 1.
        job: short name of the print job, printed beside the bar.

    Raises:
        LabelError: no labels, a start place that the sheet does not have, or more than 200 sheets.
    """
    words = words or SheetWords()
    pages = _pages(contents, sheet, start)
    _fonts_register()
    out = BytesIO()
    canvas = Canvas(out, pagesize=(sheet.page_width * mm, sheet.page_height * mm), invariant=1, pageCompression=1)
    canvas.setTitle(words.title)
    canvas.setCreator("Spoor")
    canvas.setViewerPreference("PrintScaling", "None")
    for number, page in enumerate(pages, start=1):
        note = " ".join((words.bar, f"{words.sheet.format(number=number, count=len(pages))}.", job)).strip()
        _draw_bar(canvas, sheet, printable(note))
        for place, content in page:
            _draw_label(canvas, sheet, place, label_layout(content, sheet.label, label_words))
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _pages(contents: Sequence[LabelContent], sheet: SheetFormat, start: int) -> list[list[tuple[int, LabelContent]]]:
    if not 1 <= start <= sheet.places:
        message = f"Place {start} does not exist on this sheet: it has places 1 to {sheet.places}."
        raise LabelError(message, code="start-place", found=str(start))
    if not contents:
        raise LabelError("There is no label to print. Choose at least one item.", code="no-labels")
    pages: dict[int, list[tuple[int, LabelContent]]] = {}
    for index, content in enumerate(contents, start=start - 1):
        number, place = divmod(index, sheet.places)
        pages.setdefault(number, []).append((place + 1, content))
    if len(pages) > SHEETS_AT_MOST:
        message = f"{len(pages)} sheets are more than {SHEETS_AT_MOST} in one print. Print in parts."
        raise LabelError(message, code="too-many-labels", found=str(len(contents)))
    return list(pages.values())


def _draw_bar(canvas: Canvas, sheet: SheetFormat, note: str) -> None:
    left, y = max(sheet.left, 8.0), sheet.page_height - max(sheet.top - 5.0, 6.0)
    path = canvas.beginPath()
    for x in (left, left + _BAR):
        path.moveTo(x * mm, (y - 1.2) * mm)
        path.lineTo(x * mm, (y + 1.2) * mm)
    path.moveTo(left * mm, y * mm)
    path.lineTo((left + _BAR) * mm, y * mm)
    canvas.setLineWidth(0.2 * mm)
    canvas.drawPath(path)
    canvas.setFont(FONT, _BAR_TEXT * mm)
    canvas.drawString((left + _BAR + 3) * mm, (y - _BAR_TEXT * 0.35) * mm, note)


def _draw_label(canvas: Canvas, sheet: SheetFormat, place: int, layout: Layout) -> None:
    left, top = sheet.origin(place)
    floor = sheet.page_height - top
    inset = QUIET_ZONE * layout.module
    path = canvas.beginPath()
    for x, y, across, down in layout.symbol.rectangles():
        path.rect(
            (left + layout.qr_x + inset + x * layout.module) * mm,
            (floor - layout.qr_y - inset - (y + down) * layout.module) * mm,
            across * layout.module * mm,
            down * layout.module * mm,
        )
    canvas.drawPath(path, stroke=0, fill=1)
    for line in layout.texts:
        canvas.setFont(FONT_BOLD if line.bold else FONT, line.size * mm)
        canvas.drawString((left + line.x) * mm, (floor - line.y) * mm, line.text)


@lru_cache(maxsize=1)
def _fonts_register() -> None:
    for name in (FONT, FONT_BOLD):
        pdfmetrics.registerFont(TTFont(name, font_path(name)))


@lru_cache(maxsize=128)
def _pixel_font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font_path(name), size, layout_engine=ImageFont.Layout.BASIC)


def _raster_font(line: TextLine, scale: float) -> ImageFont.FreeTypeFont:
    return _pixel_font(FONT_BOLD if line.bold else FONT, max(6, int(line.size * scale)))


def _svg_modules(layout: Layout) -> str:
    side, inset = layout.module, QUIET_ZONE * layout.module
    parts = []
    for x, y, run in layout.symbol.runs():
        left, top = layout.qr_x + inset + x * side, layout.qr_y + inset + y * side
        parts.append(f"M{left:.3f} {top:.3f}h{run * side:.3f}v{side:.3f}h-{run * side:.3f}z")
    return "".join(parts)


def _svg_text(line: TextLine) -> str:
    weight = ' font-weight="bold"' if line.bold else ""
    return (
        f'<text x="{line.x:.2f}" y="{line.y:.2f}" font-size="{line.size:.2f}" '
        f'font-family="{_SVG_FONT}"{weight} '
        f'textLength="{line.width:.2f}" lengthAdjust="spacingAndGlyphs">{escape(line.text)}</text>'
    )
