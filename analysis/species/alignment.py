"""Alignments that go into a report, and distances counted from them (Biopython's PairwiseAligner)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

import numpy as np
from Bio.Align import Alignment, PairwiseAligner, substitution_matrices

from analysis.species.bases import MASK_OF, masks

_LETTERS: Final = "ACGTRYSWKMBDHVN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aligned:
    """Two rows of equal length with «-» for gaps, cut to the stretch both cover, and what was counted in it.

    `identity` = matches / columns, where letters that can stand for the same base match and every gap column
    counts; `p_distance` and `k2p` are over columns of two plain bases (Kimura 1980); None where undefined.
    """

    first: str
    second: str
    matches: int
    mismatches: int
    gaps: int
    transitions: int
    transversions: int

    @property
    def columns(self) -> int:
        """Length of the shared stretch in columns."""
        return len(self.first)

    @property
    def identity(self) -> float:
        """Matches over all columns."""
        return self.matches / self.columns if self.columns else 0.0

    @property
    def k2p(self) -> float | None:
        """Kimura's two-parameter distance; None where it is not defined or nothing can be counted."""
        return k2p(self.matches + self.mismatches, self.transitions, self.transversions)


@lru_cache(maxsize=1 << 14)
def k2p(compared: int, transitions: int, transversions: int) -> float | None:
    """Kimura's (1980) two-parameter distance from counts; None where it is not defined or nothing was compared."""
    if not compared:
        return None
    p, q = transitions / compared, transversions / compared
    inner, outer = 1 - 2 * p - q, 1 - 2 * q
    if inner <= 0 or outer <= 0:
        return None
    return 0.0 - 0.5 * math.log(inner) - 0.25 * math.log(outer)  # never −0.0


@cache
def _aligner() -> PairwiseAligner:
    aligner = PairwiseAligner(mode="global")  # type: ignore[no-untyped-call]
    scores = np.array([[_score(MASK_OF[a], MASK_OF[b]) for b in _LETTERS] for a in _LETTERS])
    aligner.substitution_matrix = substitution_matrices.Array(alphabet=_LETTERS, dims=2, data=scores)  # type: ignore[no-untyped-call]
    aligner.open_internal_gap_score, aligner.extend_internal_gap_score = -8.0, -1.0
    aligner.open_end_gap_score = aligner.extend_end_gap_score = 0.0
    return aligner


def _score(one: int, other: int) -> float:
    if one == other and one.bit_count() == 1:
        return 2.0
    return 0.5 if one & other else -3.0


def align(first: bytes, second: bytes) -> Aligned:
    """The best overlap alignment (end gaps free, affine gaps inside), cut to the stretch both cover."""
    best: Alignment = _aligner().align(first.decode(), second.decode())[0]  # type: ignore[no-untyped-call]
    one, two = str(best[0]), str(best[1])
    start = max(len(one) - len(one.lstrip("-")), len(two) - len(two.lstrip("-")))
    end = min(len(one.rstrip("-")), len(two.rstrip("-")))
    return counted(one[start:end], two[start:end])


def _kinds() -> bytes:
    """What a column is, by the masks of its two letters (one << 4 | other), as a table for `bytes.translate`."""
    kinds = bytearray(256)
    for one in range(16):
        for other in range(16):
            if not one or not other:
                kind = _GAP
            elif one & other:
                kind = _ALIKE
            elif one.bit_count() == other.bit_count() == 1:
                # A|G = 5 and C|T = 10 are the transitions.
                kind = _TRANSITION if one | other in (5, 10) else _TRANSVERSION
            else:
                kind = _UNLIKE
            kinds[one << 4 | other] = kind
    return bytes(kinds)


_GAP, _ALIKE, _TRANSITION, _TRANSVERSION, _UNLIKE = range(5)
_KIND: Final = _kinds()


def counted(one: str, two: str) -> Aligned:
    """Counts over two aligned rows."""
    kinds = (masks(one.encode()) << 4 | masks(two.encode())).tobytes().translate(_KIND)
    transitions, transversions = kinds.count(_TRANSITION), kinds.count(_TRANSVERSION)
    return Aligned(
        first=one,
        second=two,
        matches=kinds.count(_ALIKE),
        mismatches=transitions + transversions + kinds.count(_UNLIKE),
        gaps=kinds.count(_GAP),
        transitions=transitions,
        transversions=transversions,
    )


def gapped(first: bytes, second: bytes) -> tuple[str, str]:
    """Both sequences whole, with end gaps, aligned for assembly."""
    best: Alignment = _aligner().align(first.decode(), second.decode())[0]  # type: ignore[no-untyped-call]
    return str(best[0]), str(best[1])
