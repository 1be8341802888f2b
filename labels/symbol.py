"""QR symbols as matrices of modules. The only module that imports `qrcode`."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_L, ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.exceptions import DataOverflowError
from qrcode.main import QRCode
from qrcode.util import QRData

from labels.errors import LabelError
from labels.sizes import Correction

QUIET_ZONE = 4
_LEVELS = {"L": ERROR_CORRECT_L, "M": ERROR_CORRECT_M, "Q": ERROR_CORRECT_Q, "H": ERROR_CORRECT_H}
# Mode indicators of ISO/IEC 18004, table 2: alphanumeric 0010, bytes 0100.
_MODES: dict[bool, Literal[2, 4]] = {True: 2, False: 4}
_ALPHANUMERIC = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """A QR symbol without quiet zone: rows of dark (True) and light modules."""

    modules: tuple[tuple[bool, ...], ...]
    alphanumeric: bool

    @property
    def side(self) -> int:
        """Modules per side, quiet zone not counted."""
        return len(self.modules)

    def rectangles(self) -> tuple[tuple[int, int, int, int], ...]:
        """Dark areas as (column, row, width, height): runs of a row, joined with equal runs of the rows
        below."""
        open_runs: dict[tuple[int, int], int] = {}
        closed = []
        by_row: dict[int, set[tuple[int, int]]] = {}
        for column, row, run in self.runs():
            by_row.setdefault(row, set()).add((column, run))
        for row in range(self.side + 1):
            here = by_row.get(row, set())
            for key in [key for key in open_runs if key not in here]:
                top = open_runs.pop(key)
                closed.append((key[0], top, key[1], row - top))
            for key in here:
                open_runs.setdefault(key, row)
        return tuple(sorted(closed))

    def runs(self) -> Iterator[tuple[int, int, int]]:
        """Dark runs as (column, row, length)."""
        for row, modules in enumerate(self.modules):
            start = None
            for column, dark in enumerate((*modules, False)):
                if dark and start is None:
                    start = column
                elif not dark and start is not None:
                    yield start, row, column - start
                    start = None


@lru_cache(maxsize=2048)
def symbol_make(text: str, correction: Correction) -> Symbol:
    """The QR symbol of `text` in the smallest version that holds it (ISO/IEC 18004).

    Alphanumeric mode (5.5 bits a sign) when every sign allows it, else bytes (UTF-8).

    Raises:
        LabelError: more text than a QR code holds.
    """
    alphanumeric = _ALPHANUMERIC.issuperset(text)
    code = QRCode(version=None, error_correction=_LEVELS[correction], border=0)
    code.add_data(QRData(text.encode(), mode=_MODES[alphanumeric]), optimize=0)
    try:
        code.make(fit=True)
    except (DataOverflowError, ValueError) as error:
        message = f"{len(text)} signs are more than a QR code holds at level {correction}. Shorten the text."
        raise LabelError(message, code="qr-too-long", found=text[:80]) from error
    rows = tuple(tuple(bool(module) for module in row) for row in code.modules)
    return Symbol(modules=rows, alphanumeric=alphanumeric)
