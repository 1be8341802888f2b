"""Where signatures stand on the last page, in millimetres. Template and signer both read it from here."""

from dataclasses import dataclass

PAGE_WIDTH = 210.0
PAGE_HEIGHT = 297.0
MARGIN_SIDE = 22.0
MARGIN_BOTTOM = 27.0
BOX_HEIGHT = 20.0
BOX_GAP = 4.0
END_LINE = 9.0
COLUMNS = 2
POINTS_PER_MM = 72 / 25.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle in PDF points, origin at the lower left corner of the page."""

    left: float
    bottom: float
    right: float
    top: float


def box_width() -> float:
    """Width of one signature box, mm."""
    return (PAGE_WIDTH - 2 * MARGIN_SIDE - BOX_GAP) / COLUMNS


def signature_box(slot: int, slots: int) -> Box:
    """Place of signature `slot` (from 0) among `slots`: two columns above the end line of the last page."""
    rows = (slots + COLUMNS - 1) // COLUMNS
    row, column = divmod(slot, COLUMNS)
    left = MARGIN_SIDE + column * (box_width() + BOX_GAP)
    bottom = MARGIN_BOTTOM + END_LINE + (rows - 1 - row) * (BOX_HEIGHT + BOX_GAP)
    return Box(
        left=left * POINTS_PER_MM,
        bottom=bottom * POINTS_PER_MM,
        right=(left + box_width()) * POINTS_PER_MM,
        top=(bottom + BOX_HEIGHT) * POINTS_PER_MM,
    )


def template_geometry() -> dict[str, float]:
    """The same numbers for the templates, mm."""
    return {
        "side": MARGIN_SIDE,
        "bottom": MARGIN_BOTTOM,
        "box_height": BOX_HEIGHT,
        "box_width": box_width(),
        "box_gap": BOX_GAP,
        "end_line": END_LINE,
    }
