"""Labels in ZPL II, the language of most thermal bench printers.

Commands used: ^XA ^XZ (begin, end), ^CI28 (UTF-8), ^PW ^LL (width, length in dots), ^FO (place), ^BQN,2 (QR
model 2), ^A0N (scalable font), ^FH_ (hexadecimal escapes), ^FD ^FS (data). Facts from the maker's ZPL II
programming guide.
"""

from labels.errors import LabelError
from labels.layout import LabelContent, LabelWords, Layout, TextLine, label_layout
from labels.sizes import LabelSize
from labels.symbol import QUIET_ZONE

DOTS_PER_MM = {203: 8, 300: 12, 600: 24}
_MAGNIFICATION_MAX = 10


def label_zpl(content: LabelContent, size: LabelSize, words: LabelWords | None = None, *, dpi: int = 300) -> str:
    """One label as ZPL for a printer of 203, 300 or 600 dots per inch.

    Text is escaped, so that no text can smuggle in a printer command.

    Raises:
        LabelError: another resolution, or one too coarse for this label's QR code.
    """
    if dpi not in DOTS_PER_MM:
        message = f"{dpi} dots per inch are not a resolution of these printers: use 203, 300 or 600."
        raise LabelError(message, code="resolution", found=str(dpi))
    dots = DOTS_PER_MM[dpi]
    layout = label_layout(content, size, words)
    lines = [
        "^XA^CI28",
        f"^PW{round(layout.width * dots)}^LL{round(layout.height * dots)}^LH0,0",
        _qr(layout, size, dots, dpi),
        *(_text(line, dots) for line in layout.texts),
        "^XZ",
    ]
    return "\n".join(lines) + "\n"


def _qr(layout: Layout, size: LabelSize, dots: int, dpi: int) -> str:
    magnification = min(_MAGNIFICATION_MAX, int(layout.module * dots))
    if magnification < 2:
        message = f"At {dpi} dots per inch the QR code of {size.title} is too coarse to read. Use a finer printer."
        raise LabelError(message, code="resolution-too-low", found=str(dpi))
    spare = layout.qr_side * dots - magnification * layout.symbol.side
    left = round(layout.qr_x * dots + max(spare / 2, QUIET_ZONE))
    top = round(layout.qr_y * dots + max(spare / 2, QUIET_ZONE))
    return f"^FO{left},{top}^BQN,2,{magnification}^FH_^FD{size.correction}A,{_escaped(layout.payload)}^FS"


def _text(line: TextLine, dots: int) -> str:
    height = max(9, round(line.size * dots))
    top = max(0, round(line.y * dots) - height)
    return f"^FO{round(line.x * dots)},{top}^A0N,{height},0^FH_^FD{_escaped(line.text)}^FS"


def _escaped(text: str) -> str:
    """`^`, `~`, `_` and control signs as `_hh`, so that data stay data."""
    return "".join(f"_{ord(sign):02X}" if sign in "^~_" or ord(sign) < 32 else sign for sign in text)
