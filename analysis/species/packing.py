"""Sequences and texts as they lie in a set: many in one memory-mapped file, bases as four bits each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from analysis.reference import LARGE
from analysis.species.bases import LETTER_OF, Bytes, masks
from analysis.species.digits import repeated

_LETTERS: Final = np.frombuffer("".join(LETTER_OF.get(mask, "-") for mask in range(16)).encode(), np.uint8)
_HEX_LETTERS: Final = bytes.maketrans(b"0123456789abcdef", _LETTERS.tobytes())
_PAIRS: Final = np.stack([np.arange(256) >> 4, np.arange(256) & 15], axis=1).astype(np.uint8).view(np.uint16).ravel()
"""Both masks of a packed byte, side by side in memory."""


Whole = tuple[int, int, bool]
"""All masks of a sequence as digits of a hexadecimal number, the first base the highest; its length; whether all its
bases are settled."""
Kept = TypeVar("Kept")
_REMEMBERED: Final = 4096
_REMEMBERED_BASES: Final = 2000
"""Sequences remembered as they were read, and the longest of them: a few megabytes."""


class PackedSequences:
    """Distinct sequences, the bit mask of each base (`bases.MASK_OF`) in half a byte."""

    def __init__(self, folder: Path) -> None:
        self._packed = bytes_open(folder / "sequences.bin")
        self._view = memoryview(self._packed)  # type: ignore[arg-type]
        self.starts = array_open(folder / "sequence_offsets.npy")
        self._starts = memoryview(self.starts)  # type: ignore[arg-type]
        self._wholes: dict[int, Whole] = {}
        self._texts: dict[int, bytes] = {}

    def __len__(self) -> int:
        return len(self.starts) - 1

    def masks(self, number: int) -> Bytes:
        """Bit masks of one sequence, shape (length,)."""
        start, end = self._starts[number], self._starts[number + 1]
        spread = _PAIRS[self._packed[start // 2 : (end + 1) // 2]].view(np.uint8)
        return spread[start % 2 : start % 2 + end - start]

    def whole(self, number: int) -> Whole:
        """One sequence as a whole number."""
        known = self._wholes.get(number)
        if known is None:
            value = self._whole(number)
            return _remembered(self._wholes, number, value, value[1])
        return known

    def _whole(self, number: int) -> Whole:
        start, end = self._starts[number], self._starts[number + 1]
        value = int.from_bytes(self._view[start // 2 : (end + 1) // 2])
        if end % 2:
            value >>= 4
        if start % 2:
            value &= repeated(15, end - start)
        return value, end - start, value.bit_count() == end - start

    def letters(self, number: int) -> bytes:
        """One sequence as letters."""
        known = self._texts.get(number)
        if known is None:
            text = self._letters(number)
            return _remembered(self._texts, number, text, len(text))
        return known

    def _letters(self, number: int) -> bytes:
        start, end = self._starts[number], self._starts[number + 1]
        # Half a byte a base: the hexadecimal digits of the packed bytes are the bases.
        text = self._view[start // 2 : (end + 1) // 2].hex().encode().translate(_HEX_LETTERS)
        return text[start % 2 : start % 2 + end - start]

    def lengths(self, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Lengths of some sequences in bases."""
        return self.starts[numbers + 1] - self.starts[numbers]

    @staticmethod
    def write(folder: Path, sequences: Sequence[bytes]) -> None:
        """Write sequences, a few million bases at a time."""
        np.save(folder / "sequence_offsets.npy", offsets_of(sequences))
        rest = np.zeros(0, np.uint8)
        with (folder / "sequences.bin").open("wb") as out:
            for batch in _batches(sequences):
                spread = np.concatenate([rest, masks(batch)])
                even = len(spread) // 2 * 2
                (spread[0:even:2] << 4 | spread[1:even:2]).tofile(out)
                rest = spread[even:]
            if len(rest):
                (rest << 4).tofile(out)


def _remembered(known: dict[int, Kept], number: int, value: Kept, length: int) -> Kept:
    """The value, remembered where the sequence is a barcode: near records are asked for again and again."""
    if length <= _REMEMBERED_BASES:
        if len(known) >= _REMEMBERED:
            known.clear()
        known[number] = value
    return value


def _batches(sequences: Sequence[bytes], size: int = 4096) -> Iterator[bytes]:
    for start in range(0, len(sequences), size):
        yield b"".join(sequences[start : start + size])


class PackedTexts:
    """Many short texts in one memory-mapped file."""

    def __init__(self, folder: Path, name: str) -> None:
        blob = bytes_open(folder / f"{name}.bin")
        # A part of what was read is had sooner than one of what is mapped.
        self._blob = memoryview(blob) if blob.nbytes > LARGE else blob.tobytes()  # type: ignore[arg-type]
        self._offsets = memoryview(array_open(folder / f"{name}_offsets.npy"))  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __getitem__(self, number: int) -> str:
        return str(self._blob[self._offsets[number] : self._offsets[number + 1]], "utf-8")

    @staticmethod
    def write(folder: Path, name: str, texts: Iterable[str]) -> None:
        """Write texts in their order."""
        encoded = [text.encode() for text in texts]
        (folder / f"{name}.bin").write_bytes(b"".join(encoded))
        np.save(folder / f"{name}_offsets.npy", offsets_of(encoded))


def offsets_of(items: Sequence[bytes]) -> npt.NDArray[np.int64]:
    """Where each item begins when all stand one after the other, and where the last one ends."""
    return np.concatenate([[0], np.cumsum([len(item) for item in items])]).astype(np.int64)


def array_open(path: Path) -> npt.NDArray[np.int64]:
    """An array as it was saved, mapped where its file is large, else read; small integers are stored as such."""
    return _kept(np.load(path, mmap_mode="r" if _large(path) else None))


def bytes_open(path: Path) -> Bytes:
    """The bytes of a file: mapped where it is large, else read."""
    return _kept(np.memmap(path, np.uint8, "r") if _large(path) else np.fromfile(path, np.uint8))


def _kept(found: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The plain array, which nobody writes to."""
    found.setflags(write=False)
    return found.view(np.ndarray)


def _large(path: Path) -> bool:
    """Whether a file is worth mapping, so that several workers share it.

    A map of a file that somebody cuts short ends the process that reads it; what was read stays.
    """
    return path.stat().st_size > LARGE
