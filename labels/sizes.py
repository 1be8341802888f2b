"""Label and sheet formats, in millimetres.

Sheet grids are those of common self-adhesive A4 sheets, given by the maker's size and count and centred on
the page; the part numbers name the family such sheets are sold under. Check a first print against the 50 mm
bar.
"""

from dataclasses import dataclass
from typing import Literal

Correction = Literal["L", "M", "Q", "H"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSize:
    """One label.

    Args:
        name: stable machine word.
        title: what it is for.
        width, height: mm.
        qr: side of the QR symbol with its quiet zone of four modules, mm.
        correction: QR error correction level (ISO/IEC 18004: L 7 %, M 15 %, Q 25 %, H 30 % of code words).
        code_only: the QR carries the scan code alone (tubes), not an address.
        margin: kept free on every side, mm.
        text_max, text_min: largest and smallest letter size, mm (1 mm = 2.83 points).
    """

    name: str
    title: str
    width: float
    height: float
    qr: float
    correction: Correction
    code_only: bool
    margin: float
    text_max: float
    text_min: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetFormat:
    """A sheet of equal labels, filled row by row; places count from 1.

    Args:
        left, top: from the page's edge to the first label, mm.
        pitch_x, pitch_y: from one label's edge to the next one's, mm.
    """

    name: str
    title: str
    label: LabelSize
    page_width: float
    page_height: float
    left: float
    top: float
    pitch_x: float
    pitch_y: float
    columns: int
    rows: int

    @property
    def places(self) -> int:
        """Labels on one sheet."""
        return self.columns * self.rows

    def origin(self, place: int) -> tuple[float, float]:
        """Left and top edge of place 1…`places`, mm from the page's top left corner."""
        row, column = divmod(place - 1, self.columns)
        return self.left + column * self.pitch_x, self.top + row * self.pitch_y


BAG = LabelSize(
    name="bag",
    title="Bag 63.5 × 38.1 mm",
    width=63.5,
    height=38.1,
    qr=30.0,
    correction="Q",
    code_only=False,
    margin=2.0,
    text_max=4.6,
    text_min=1.7,
)
SHELF = LabelSize(
    name="shelf",
    title="Shelf, box or pallet 99.1 × 67.7 mm",
    width=99.1,
    height=67.7,
    qr=50.0,
    correction="Q",
    code_only=False,
    margin=3.0,
    text_max=7.5,
    text_min=2.2,
)
PLATE = LabelSize(
    name="plate",
    title="Plate or small bag 45.7 × 25.4 mm",
    width=45.7,
    height=25.4,
    qr=18.0,
    correction="M",
    code_only=False,
    margin=1.2,
    text_max=3.4,
    text_min=1.3,
)
TUBE = LabelSize(
    name="tube",
    title="Tube 35.6 × 16.9 mm, code only",
    width=35.6,
    height=16.9,
    qr=13.0,
    correction="M",
    code_only=True,
    margin=0.8,
    text_max=3.6,
    text_min=1.15,
)
CRYO = LabelSize(
    name="cryo",
    title="Cryo tube 25.4 × 12.7 mm, code only",
    width=25.4,
    height=12.7,
    qr=10.4,
    correction="M",
    code_only=True,
    margin=0.5,
    text_max=2.8,
    text_min=1.0,
)

LABELS = {size.name: size for size in (BAG, SHELF, PLATE, TUBE, CRYO)}


def _a4(name: str, label: LabelSize, columns: int, rows: int, pitch_x: float, pitch_y: float) -> SheetFormat:
    width, height = 210.0, 297.0
    return SheetFormat(
        name=name,
        title=f"A4, {columns} × {rows}, {label.width} × {label.height} mm",
        label=label,
        page_width=width,
        page_height=height,
        left=round((width - (columns - 1) * pitch_x - label.width) / 2, 3),
        top=round((height - (rows - 1) * pitch_y - label.height) / 2, 3),
        pitch_x=pitch_x,
        pitch_y=pitch_y,
        columns=columns,
        rows=rows,
    )


A4_BAG = _a4("a4-bag", BAG, 3, 7, 66.04, 38.1)  # L7160 family
A4_SHELF = _a4("a4-shelf", SHELF, 2, 4, 101.64, 67.7)  # L7165 family
A4_PLATE = _a4("a4-plate", PLATE, 4, 10, 48.5, 25.4)  # L4770 family
A4_TUBE = _a4("a4-tube", TUBE, 5, 16, 38.1, 16.9)  # L4732 family
A4_CRYO = _a4("a4-cryo", CRYO, 7, 20, 27.4, 13.2)  # cut by hand or die: no maker's grid

SHEETS = {sheet.name: sheet for sheet in (A4_BAG, A4_SHELF, A4_PLATE, A4_TUBE, A4_CRYO)}
