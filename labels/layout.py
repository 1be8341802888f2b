"""Where everything on a label stands, in millimetres from its top left corner. All output formats draw this
layout."""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from PIL import ImageFont

from labels.errors import LabelTooSmall
from labels.payload import qr_payload, scan_code_check
from labels.sizes import LabelSize
from labels.symbol import QUIET_ZONE, Symbol, symbol_make

FONT = "Vera.ttf"
FONT_BOLD = "VeraBd.ttf"
_UNITS = 1000
_LEADING = 1.22
_STRIP = 1.35


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelWords:
    """The fixed words on labels, for translation; `{number}` stands for the copy's number."""

    synthetic: str = "SYNTHETIC – not evidence"
    synthetic_short: str = "SYNTHETIC"
    copy: str = "copy {number}"
    void: str = "copy {number} void"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelContent:
    """What one label says.

    Args:
        code: scan code of eight signs.
        reference: human reference; never shortened.
        host: host (and port) for the QR address; not used by code-only sizes.
        lines: further text, such as kind and date; dropped from the end where it does not fit.
        copy: printed when given («copy 2»).
        voids: number of the copy that this print makes void, printed when given.
        synthetic: print the mark of invented data.
        scheme: of the QR address.
    """

    code: str
    reference: str
    host: str = ""
    lines: tuple[str, ...] = ()
    copy: int | None = None
    voids: int | None = None
    synthetic: bool = False
    scheme: str = "HTTPS"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLine:
    """One line of text: `x` left, `y` baseline, `size` letter size, `width` as set; mm."""

    text: str
    x: float
    y: float
    size: float
    width: float
    bold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A label ready to draw. The QR box includes the quiet zone; `module` is the side of one module; mm."""

    width: float
    height: float
    payload: str
    symbol: Symbol
    qr_x: float
    qr_y: float
    qr_side: float
    module: float
    texts: tuple[TextLine, ...]


def label_layout(content: LabelContent, size: LabelSize, words: LabelWords | None = None) -> Layout:
    """Place QR and text of one label.

    Raises:
        BadScanCode: the code is not valid.
        LabelTooSmall: code or reference cannot be printed at the smallest letter size.
    """
    words = words or LabelWords()
    code = scan_code_check(content.code)
    payload = code if size.code_only else qr_payload(content.host, code, scheme=content.scheme)
    symbol = symbol_make(payload, size.correction)
    strip = _strip(content, size, words)
    free = size.height - (strip.size * _STRIP if strip else 0)
    side = min(size.qr, free - size.margin * 0.4)
    module = side / (symbol.side + 2 * QUIET_ZONE)
    qr_x, qr_y = size.margin * 0.2, (free - side) / 2
    left = qr_x + side - module * 2
    box = _Box(left=left, top=size.margin, width=size.width - left - size.margin, height=free - size.margin * 1.5)
    texts = _text_block(code, content, size, box)
    return Layout(
        width=size.width,
        height=size.height,
        payload=payload,
        symbol=symbol,
        qr_x=qr_x,
        qr_y=qr_y,
        qr_side=side,
        module=module,
        texts=(*texts, strip) if strip else texts,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Box:
    left: float
    top: float
    width: float
    height: float


def _text_block(code: str, content: LabelContent, size: LabelSize, box: _Box) -> tuple[TextLine, ...]:
    shown = (f"{code[:4]} {code[4:]}",) if not size.code_only else (code[:4], code[4:])
    code_size = _fit(shown, size.text_max, size.text_min, box.width, bold=True)
    body_size = max(size.text_min, min(code_size * 0.55, box.height / 9))
    reference, body_size = _reference_lines(content.reference, body_size, size.text_min, box.width)
    lines = [(text, code_size, True) for text in shown]
    lines += [(text, body_size, False) for text in reference]
    needed = sum(height * _LEADING for _, height, _ in lines)
    if needed > box.height * 1.02:
        message = f"{size.title} is too small for the reference {content.reference}. Choose a larger label."
        raise LabelTooSmall(message, code="label-too-small", found=content.reference)
    for text in content.lines:
        needed += body_size * _LEADING
        if needed > box.height:
            break
        clean = printable(text)
        narrow = max(size.text_min, min(body_size, box.width / max(text_width(clean, 1.0), 0.1)))
        lines.append((_shorten(clean, narrow, box.width), narrow, False))
    return _set_lines(lines, box)


def _set_lines(lines: list[tuple[str, float, bool]], box: _Box) -> tuple[TextLine, ...]:
    total = sum(height * _LEADING for _, height, _ in lines)
    y = box.top + max(0.0, (box.height - total) / 2)
    placed = []
    for text, height, bold in lines:
        placed.append(
            TextLine(
                text=text,
                x=box.left,
                y=y + height,
                size=height,
                width=text_width(text, height, bold=bold),
                bold=bold,
            )
        )
        y += height * _LEADING
    return tuple(placed)


def _reference_lines(reference: str, size: float, smallest: float, width: float) -> tuple[list[str], float]:
    """The reference on one line, else case and parts on two, else broken at hyphens; never shortened."""
    text = printable(reference)
    groups = text.split("-")
    choices = [[text], _hyphenated(groups, 3), _hyphenated(groups, 2)]
    for lines in choices:
        fitting = min(size, *(width / text_width(line, 1.0) for line in lines))
        if fitting >= max(smallest, size * 0.8) * 0.999 or (lines is choices[-1] and fitting >= smallest * 0.999):
            return lines, fitting
    message = f"The reference {reference} does not fit on this label. Choose a larger one."
    raise LabelTooSmall(message, code="label-too-small", found=reference)


def _hyphenated(groups: list[str], count: int) -> list[str]:
    lines = ["-".join(groups[start : start + count]) for start in range(0, len(groups), count)]
    return [f"{line}-" for line in lines[:-1]] + lines[-1:]


def _strip(content: LabelContent, size: LabelSize, words: LabelWords) -> TextLine | None:
    """The line along the lower edge: mark of invented data, copy number, void copy."""
    parts = []
    if content.synthetic:
        parts.append(words.synthetic if not size.code_only else words.synthetic_short)
    if content.copy is not None:
        parts.append(words.copy.format(number=content.copy))
    if content.voids is not None:
        parts.append(words.void.format(number=content.voids))
    if not parts:
        return None
    text = printable(" · ".join(parts))
    width = size.width - 2 * size.margin
    height = _fit((text,), max(size.text_min, size.text_max * 0.55), size.text_min * 0.9, width, bold=True)
    set_width = text_width(text, height, bold=True)
    x = size.margin + (width - set_width) / 2
    return TextLine(text=text, x=x, y=size.height - height * 0.4, size=height, width=set_width, bold=True)


def _fit(texts: tuple[str, ...], largest: float, smallest: float, width: float, *, bold: bool) -> float:
    widest = max(text_width(text, 1.0, bold=bold) for text in texts)
    size = min(largest, width / widest)
    if size < smallest * 0.999:
        message = f"«{texts[0]}» does not fit on this label at {smallest} mm. Choose a larger label."
        raise LabelTooSmall(message, code="label-too-small", found=texts[0])
    return size


def _shorten(text: str, size: float, width: float) -> str:
    if text_width(text, size) <= width:
        return text
    while text and text_width(f"{text}…", size) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Width of `text` in mm when letters are `size` mm high (em size)."""
    return _font(FONT_BOLD if bold else FONT, _UNITS).getlength(text) / _UNITS * size


def printable(text: str) -> str:
    """`text` on one line in signs the label font has: accents it lacks are dropped, other signs become
    «?»."""
    flat = " ".join(text.split())
    return "".join(_sign(sign) for sign in unicodedata.normalize("NFC", flat))


@lru_cache(maxsize=4096)
def _sign(sign: str) -> str:
    if _has(sign):
        return sign
    base = unicodedata.normalize("NFKD", sign)[:1]
    return base if base != sign and _has(base) else "?"


def _has(sign: str) -> bool:
    if unicodedata.category(sign).startswith(("C", "Z")) and sign != " ":
        return False
    font = _font(FONT, 64)
    return bytes(font.getmask(sign)) != bytes(font.getmask("\uffff")) or sign == " "


@lru_cache(maxsize=64)
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font_path(name), size, layout_engine=ImageFont.Layout.BASIC)


def font_path(name: str) -> str:
    """File of one of the label fonts (Bitstream Vera, free licence, shipped with reportlab)."""
    return str(files("reportlab").joinpath("fonts", name))
