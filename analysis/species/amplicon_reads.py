"""Amplicon reads as the sequencer wrote them, and the filter that they pass.

Reads with too many expected errors (Edgar & Flyvbjerg 2015, Bioinformatics 31:3476) or an unknown base are left out,
primers come off by sequence, equal reads are counted once.
"""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from analysis.errors import InputRefused
from analysis.species.library import SHORTEST
from analysis.species.traces import OLDEST, scale_check
from analysis.species.trimming import primers_trim

EXPECTED_ERRORS: Final = 1.0
LONGEST_LINE: Final = 4 << 20
"""Bytes a line of a FASTQ file may have: longer than any read, short enough for any memory."""

OFTEN: Final = 2048
"""Reads between two calls of a `Watch`."""

Watch = Callable[[float], None]
"""Called now and then with the share of a step that is done; may raise `Cancelled`."""


def unwatched(_share: float) -> None:
    """A `Watch` for callers that do not."""


_SIGNS: Final = bytes(range(33, 127))
"""What a quality may be written with."""

_ERRORS: Final = [10.0 ** (-(value - 33) / 10.0) if value >= 33 else 1.0 for value in range(256)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filtered:
    """Reads of one file by sequence, primers taken off, and what was left out, by reason."""

    counts: Counter[bytes]
    total: int
    left_out: dict[str, int]

    @property
    def kept(self) -> int:
        """Reads that passed."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """A file of amplicon reads, under the name that it was handed in with."""

    path: Path
    name: str


def fastq_iterate(path: Path, *, watch: Watch = unwatched, name: str = "") -> Iterator[tuple[int, bytes, bytes]]:
    """(line, bases, qualities) of a FASTQ file, plain or gzip-packed, four lines a read.

    `watch` is told the share of the file's bytes that was read, `name` is what errors call the file. Raises
    `InputRefused` where the four lines do not fit, the file ends early or cannot be unpacked, and at the end of a file
    whose qualities are written with 64 added.
    """
    name = name or path.name
    try:
        with path.open("rb") as stored:
            packed = stored.read(2) == b"\x1f\x8b"
            stored.seek(0)
            source = gzip.GzipFile(fileobj=stored) if packed else stored
            size = max(path.stat().st_size, 1)
            row, scale = 1, _Scale()
            while head := source.readline(LONGEST_LINE):
                if not head.strip():
                    row += 1
                    continue
                bases, plus, quality = (source.readline(LONGEST_LINE).rstrip() for _ in range(3))
                fits = len(bases) == len(quality) and bases and not quality.translate(None, _SIGNS)
                if not (fits and head.startswith(b"@") and plus.startswith(b"+")):
                    raise _no_read(name, row, head, bases, plus, quality)
                scale.see(quality)
                yield row, bases.upper(), quality
                row += 4
                if row % (4 * OFTEN) < 4:
                    watch(min(stored.tell() / size, 1.0))
            scale.check(name)
    except (OSError, EOFError, zlib.error) as error:
        why = (isinstance(error, OSError) and error.strerror) or str(error)
        raise InputRefused(
            f"The file cannot be read on: {why}.", file=name, remedy="It may be cut off or damaged; fetch it again."
        ) from error


class _Scale:
    """Which signs the qualities of a file use; one that settles the question, in the first reads as a rule, ends it."""

    def __init__(self) -> None:
        self._lowest, self._highest = 255, 0

    def see(self, quality: bytes) -> None:
        """Note the signs of a read."""
        if self._lowest >= OLDEST:
            self._lowest = min(self._lowest, *quality)
            self._highest = max(self._highest, *quality)

    def check(self, name: str) -> None:
        """Raises `InputRefused` where 64 was added."""
        scale_check(self._lowest, self._highest, file=name)


def _no_read(name: str, row: int, *lines: bytes) -> InputRefused:
    head, bases, plus, quality = lines
    if head.startswith(b"@") and plus.startswith(b"+") and len(bases) != len(quality):
        return InputRefused(
            f"This is no read of four lines: it has {len(bases)} bases and {len(quality)} qualities.",
            file=name,
            row=row,
            remedy="Give FASTQ as the sequencer wrote it; the file may be cut off.",
        )
    return InputRefused(
        "This is no read of four lines («@name», bases, «+», as many qualities).",
        file=name,
        row=row,
        remedy="Give FASTQ as the sequencer wrote it; the file may be cut off.",
    )


def reads_filter(
    path: Path,
    *,
    most_errors: float = EXPECTED_ERRORS,
    least: int = SHORTEST,
    watch: Watch = unwatched,
    name: str = "",
) -> Filtered:
    """Reads with at most `most_errors` expected errors, no unknown base and `least` bases after the primers."""
    counts: Counter[bytes] = Counter()
    left: Counter[str] = Counter()
    trimmed: dict[bytes, bytes] = {}
    total = 0
    for _, bases, quality in fastq_iterate(path, watch=watch, name=name):
        total += 1
        if sum(map(_ERRORS.__getitem__, quality)) > most_errors:
            left["expected errors"] += 1
        elif bases.translate(None, b"ACGT"):
            left["unknown bases"] += 1
        else:
            if bases not in trimmed:
                start, end, _ = primers_trim(bases)
                trimmed[bases] = bases[start:end]
            kept = trimmed[bases]
            if len(kept) < least:
                left["too short"] += 1
            else:
                counts[kept] += 1
    return Filtered(counts=counts, total=total, left_out=dict(left))
