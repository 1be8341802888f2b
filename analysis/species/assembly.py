"""Forward and reverse read to one consensus, base by base, with every disagreement on record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice, repeat
from typing import Final

import numpy as np

from analysis.errors import InputRefused
from analysis.species.alignment import counted, gapped
from analysis.species.bases import LETTER_OF, MASK_OF, reverse_complement
from analysis.species.traces import Qualities, Read
from analysis.species.trimming import ERROR_LIMIT, PrimerFound, mott_trim, primers_trim, primers_trim_each

LEAST_OVERLAP: Final = 50
TOGETHER: Final = 32
LEAST_AGREEMENT: Final = 0.85
FIRM: Final = 20
_CLEAR: Final = 10
_GAP_QUALITY: Final = 0
_HIGHEST: Final = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A consensus position (from 1) where the reads differ, with both calls, both qualities, and what was written.

    `forward_base` and `reverse_base` are the positions (from 1) in the reads as stored, for a gap that of the
    base beside it; calls are given in the forward direction.
    """

    position: int
    forward: str
    forward_quality: int
    reverse: str
    reverse_quality: int
    consensus: str
    forward_base: int
    reverse_base: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trimmed:
    """A read and the part of it that was kept: `start` and `end` count bases of the read as it is stored."""

    read: Read
    start: int
    end: int
    mean_quality: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One edit of a consensus: `position` counts bases of the unedited consensus from 1.

    `old` is what stands there («» for an insertion before that position), `new` what is to stand there («» for a
    deletion). `second_reader` is None until someone else has read it; it can never be the editor.
    """

    position: int
    old: str
    new: str
    reason: str
    editor: str
    second_reader: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consensus:
    """A consensus with Phred qualities, the reads it rests on, primers taken off, and the disagreements.

    `overlap` and `agreement` (share of equal calls) are None for a single read. `origins` are the positions (from 1,
    0 for none) in the stored forward and reverse read of every base; `edits` have been applied to `bases`.
    """

    bases: bytes
    qualities: Qualities
    reads: tuple[Trimmed, ...]
    primers: tuple[PrimerFound, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    overlap: int | None = None
    agreement: float | None = None
    origins: tuple[tuple[int, int], ...] = ()
    edits: tuple[Edit, ...] = ()

    @property
    def firm_disagreements(self) -> int:
        """Positions where both reads are sure (Phred 20 or more) and differ: sign of two specimens or templates."""
        return sum(item.forward_quality >= FIRM and item.reverse_quality >= FIRM for item in self.disagreements)

    @property
    def suspect_pair(self) -> bool:
        """Whether the reads look like two specimens: firm disagreements at 0.5 % of the overlap, 3 at least."""
        return self.overlap is not None and self.firm_disagreements >= max(3, 0.005 * self.overlap)


def trimmed(read: Read, *, limit: float = ERROR_LIMIT) -> Trimmed:
    """The read with its poor ends marked; nothing is deleted."""
    start, end = mott_trim(read.qualities, limit=limit)
    mean = float(read.qualities[start:end].mean()) if end > start else 0.0
    return Trimmed(read=read, start=start, end=end, mean_quality=mean)


def single(read: Read, *, limit: float = ERROR_LIMIT) -> Consensus:
    """A consensus of one read: what is left of it after trimming ends and primers."""
    return next(single_each([read], limit=limit))


def single_each(reads: Iterable[Read], *, limit: float = ERROR_LIMIT) -> Iterator[Consensus]:
    """`single` of every read in turn; some at a time are looked through for primers, which is quicker."""
    rest = iter(reads)
    while some := [_ends_trimmed(read, limit) for read in islice(rest, TOGETHER)]:
        trims = primers_trim_each([kept.read.bases[kept.start : kept.end] for kept in some])
        for kept, (start, end, found) in zip(some, trims, strict=True):
            yield Consensus(
                bases=kept.read.bases[kept.start : kept.end][start:end],
                qualities=kept.read.qualities[kept.start : kept.end][start:end],
                reads=(kept,),
                primers=found,
                origins=_positions(kept.start + start + 1, kept.start + end + 1),
            )


def _ends_trimmed(read: Read, limit: float) -> Trimmed:
    if len(read.qualities):
        return trimmed(read, limit=limit)
    return Trimmed(read=read, start=0, end=len(read.bases), mean_quality=0.0)


@lru_cache(maxsize=64)
def _positions(first: int, behind: int) -> tuple[tuple[int, int], ...]:
    """Positions of a single read's bases; barcodes of one file are often equally long."""
    return tuple(zip(range(first, behind), repeat(0)))


def assemble(forward: Read, reverse: Read, *, limit: float = ERROR_LIMIT) -> Consensus:
    """The consensus of two reads of the same fragment from both ends, in the forward direction.

    Equal calls add their qualities (at most 90); where calls differ the clearly better one (10 Phred or more) stands,
    else the IUPAC code for both; a base against a gap stands when it is better than its neighbours across
    the gap. Raises `InputRefused` where a read has nothing worth keeping, or the two do not overlap by 50
    bases with 85 % agreement: they are then not of one fragment (a swapped pair, for one).
    """
    _inputs_check(forward, reverse)
    one, other = trimmed(forward, limit=limit), trimmed(reverse, limit=limit)
    for kept in (one, other):
        if kept.end - kept.start < LEAST_OVERLAP:
            raise InputRefused(
                f"Only {kept.end - kept.start} bases of this read are good enough; {LEAST_OVERLAP} are needed.",
                file=kept.read.name,
                remedy="Sequence the sample again.",
            )
    left, left_quality = forward.bases[one.start : one.end], forward.qualities[one.start : one.end]
    right = reverse_complement(reverse.bases[other.start : other.end])
    right_quality = reverse.qualities[other.start : other.end][::-1]
    rows = gapped(left, right)
    overlap, agreement = _overlap(rows)
    if overlap < LEAST_OVERLAP or agreement < LEAST_AGREEMENT:
        raise InputRefused(
            f"The reads overlap by {overlap} bases and agree in {agreement:.0%} of them; "
            f"{LEAST_OVERLAP} bases and {LEAST_AGREEMENT:.0%} are needed.",
            file=f"{forward.name} and {reverse.name}",
            remedy="Check that forward and reverse are of the same sample and were not swapped with another pair.",
        )
    bases, qualities, disagreements = _merge(rows, left_quality, right_quality)
    origins = _origins(rows, disagreements, one, other)
    start, end, found = primers_trim(bases)
    moved = tuple(_moved(item, start, one, other) for item in disagreements if start < item.position <= end)
    return Consensus(
        bases=bases[start:end],
        qualities=qualities[start:end],
        reads=(one, other),
        primers=found,
        disagreements=moved,
        overlap=overlap,
        agreement=agreement,
        origins=origins[start:end],
    )


def _inputs_check(forward: Read, reverse: Read) -> None:
    for read in (forward, reverse):
        if not len(read.qualities):
            raise InputRefused(
                "The read has no qualities, without which two reads cannot be weighed against each other.",
                file=read.name,
                remedy="Give it as ab1 or FASTQ, or the finished sequence alone.",
            )
    if forward.bases == reverse.bases and np.array_equal(forward.qualities, reverse.qualities):
        raise InputRefused(
            "Forward and reverse are the same read.",
            file=f"{forward.name} and {reverse.name}",
            remedy="Give the read of the other end, or this one alone.",
        )


def _origins(
    rows: tuple[str, str], disagreements: list[Disagreement], one: Trimmed, other: Trimmed
) -> tuple[tuple[int, int], ...]:
    """Positions in both stored reads of every base; columns whose base was dropped have none."""
    dropped = {(item.forward_base, item.reverse_base) for item in disagreements if item.consensus == "-"}
    found: list[tuple[int, int]] = []
    forward = reverse = 0
    for a, b in zip(*rows, strict=True):
        if (forward, reverse) not in dropped or a == b:
            found.append((one.start + forward + 1 if a != "-" else 0, other.end - reverse if b != "-" else 0))
        forward += a != "-"
        reverse += b != "-"
    return tuple(found)


def _overlap(rows: tuple[str, str]) -> tuple[int, float]:
    start = max(len(row) - len(row.lstrip("-")) for row in rows)
    end = min(len(row.rstrip("-")) for row in rows)
    if end <= start:
        return 0, 0.0
    both = counted(rows[0][start:end], rows[1][start:end])
    return both.columns, both.identity


def _merge(
    rows: tuple[str, str], left_quality: Qualities, right_quality: Qualities
) -> tuple[bytes, Qualities, list[Disagreement]]:
    spread = [_spread(row, quality) for row, quality in zip(rows, (left_quality, right_quality), strict=True)]
    start = max(_inside(row)[0] for row in rows)
    end = min(_inside(row)[1] for row in rows)
    bases: list[str] = []
    qualities: list[int] = []
    found: list[Disagreement] = []
    for column, (a, b) in enumerate(zip(*rows, strict=True)):
        qa, qb = int(spread[0][column]), int(spread[1][column])
        if start <= column < end:
            letter, quality = _call(a, qa, b, qb)
        else:
            letter, quality = (a, qa) if a != "-" else (b, qb)
        if start <= column < end and a != b:
            found.append(
                Disagreement(
                    position=len(bases) + 1,
                    forward=a,
                    forward_quality=qa,
                    reverse=b,
                    reverse_quality=qb,
                    consensus=letter,
                    forward_base=_bases_before(rows[0], column),
                    reverse_base=_bases_before(rows[1], column),
                )
            )
        if letter != "-":
            bases.append(letter)
            qualities.append(quality)
    return "".join(bases).encode(), np.asarray(qualities, np.int64), found


def _bases_before(row: str, column: int) -> int:
    return column - row.count("-", 0, column)


def _call(a: str, qa: int, b: str, qb: int) -> tuple[str, int]:
    """One column of the overlap: letter («-» drops the column) and its quality."""
    if a == b:
        return a, min(qa + qb, _HIGHEST)
    if abs(qa - qb) >= _CLEAR or "-" in (a, b):
        return (a, qa - qb) if qa >= qb else (b, qb - qa)
    return LETTER_OF[MASK_OF[a] | MASK_OF[b]], max(abs(qa - qb), 1)


def _spread(row: str, quality: Qualities) -> Qualities:
    """Qualities by column; a gap has the lower quality of its two neighbours, as it stands between them."""
    out = np.full(len(row), _GAP_QUALITY, np.int64)
    at = np.flatnonzero(np.frombuffer(row.encode(), np.uint8) != ord("-"))
    out[at] = quality
    for gap in np.flatnonzero(np.frombuffer(row.encode(), np.uint8) == ord("-")):
        before, after = at[at < gap], at[at > gap]
        if len(before) and len(after):
            out[gap] = min(out[before[-1]], out[after[0]])
    return out


def _inside(row: str) -> tuple[int, int]:
    return len(row) - len(row.lstrip("-")), len(row.rstrip("-"))


def _moved(item: Disagreement, by: int, one: Trimmed, other: Trimmed) -> Disagreement:
    """The disagreement in positions of the finished consensus and of the two stored reads."""
    return replace(
        item,
        position=item.position - by,
        forward_base=one.start + item.forward_base + 1,
        reverse_base=other.end - item.reverse_base,
    )
