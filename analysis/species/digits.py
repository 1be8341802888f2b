"""Sequences as whole numbers, one hexadecimal digit a base: two are compared by a few steps on long integers.

The digit of a letter is its bit mask (`bases.MASK_OF`: A 1, C 2, G 4, T 8, a code the sum of what it allows), the first
base is the highest digit. Two letters can stand for the same base where their digits share a bit. A set stores its
sequences like this, so that nothing is unpacked.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from analysis.species.bases import MASK_OF

_DIGITS: Final = bytes.maketrans("".join(MASK_OF).encode(), "".join(f"{mask:x}" for mask in MASK_OF.values()).encode())


@lru_cache(maxsize=4096)
def repeated(digit: int, count: int) -> int:
    """A digit `count` times: 0x333 for (3, 3)."""
    return int(f"{digit:x}" * count, 16) if count else 0


def digits(sequence: bytes) -> int:
    """A sequence of IUPAC letters as a whole number."""
    return int(sequence.translate(_DIGITS), 16) if sequence else 0


Columns = tuple[int, int, int, int, int, int]
"""What was counted where a stretch of a query lies beside a reference, without gaps.

Start and end in the query; columns of letters that cannot stand for the same base, and how many of them are transitions
and transversions of two plain ones; the reference's unsettled letters.
"""


class Beside:
    """A query that references are laid beside."""

    def __init__(self, query: bytes) -> None:
        self._length = len(query)
        self._value = digits(query)
        # A and G, C and T change places: bit 1 with 4, 2 with 8.
        self._partner = ((self._value & repeated(3, self._length)) << 2) | (
            (self._value & repeated(12, self._length)) >> 2
        )
        self._start = self._end = self._own = self._beside = 0
        self._plain = False

    def columns(self, reference: int, length: int, settled: bool, shift: int) -> Columns:
        """Base c of the query beside base c + `shift` of a reference of `length` bases, `settled` if it has no code."""
        start = -shift if shift < 0 else 0
        end = length - shift if length - shift < self._length else self._length
        count = end - start
        if count <= 0:
            return start, start, 0, 0, 0, 0
        every = repeated(15, count)
        if start != self._start or end != self._end:
            self._cut(start, end)
        own, partner = self._own, self._beside
        other = (reference >> 4 * (length - shift - end)) & every
        if self._plain and (settled or other.bit_count() == count):
            # One bit a digit, so only plain bases.
            different = count - (own & other).bit_count()
            transitions = (partner & other).bit_count()
            return start, end, different, transitions, different - transitions, 0
        return _with_codes(start, end, own, partner, other)

    def _cut(self, start: int, end: int) -> None:
        """Keep the stretch `start` to `end`: most references lie beside the same one."""
        every, below = repeated(15, end - start), 4 * (self._length - end)
        self._start, self._end = start, end
        self._own, self._beside = (self._value >> below) & every, (self._partner >> below) & every
        self._plain = self._own.bit_count() == end - start


def _with_codes(start: int, end: int, own: int, partner: int, other: int) -> Columns:
    ones = repeated(1, end - start)
    alike = _any(own & other) & ones
    open_other = _several(other) & ones
    plain = ones & ~(_several(own) | open_other)
    transitions = (_any(partner & other) & plain).bit_count()
    return (
        start,
        end,
        end - start - alike.bit_count(),
        transitions,
        (plain & ~alike).bit_count() - transitions,
        open_other.bit_count(),
    )


def _any(value: int) -> int:
    """The lowest bit of each digit says whether the digit has any bit; the other bits mean nothing."""
    pairs = value | value >> 1
    return pairs | pairs >> 2


def _several(value: int) -> int:
    """The lowest bit of each digit says whether the digit has two bits or more; the other bits mean nothing."""
    both, either = value & value >> 1, value | value >> 1
    return both | both >> 2 | (either & either >> 2)
