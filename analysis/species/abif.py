"""Writing ABIF trace files, and making synthetic traces from a sequence: for demonstrations and tests only.

The layout follows Applied Biosystems' published «Genetic Analysis Data File Format» (2009): a header «ABIF»,
version 101, one directory entry that points at a directory of 28-byte entries, big-endian; values of four bytes
or fewer stand in the entry itself. Every file written says SYNTHETIC in its comment and sample name.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Final

import numpy as np
import numpy.typing as npt

from analysis.species.bases import MASK_OF

_CHAR, _SHORT, _DATE, _TIME, _PSTRING = 2, 4, 10, 11, 18
_ENTRY: Final = struct.Struct(">4sIHHIIII")
_HEADER_SIZE: Final = 128
_SPACING: Final = 12
_WIDTH: Final = 2.6
_LEAD: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A trace to write: calls, Phred qualities (length,), peak positions (length,), signals by base letter."""

    bases: str
    qualities: npt.NDArray[np.int64]
    peaks: npt.NDArray[np.int64]
    signals: Mapping[str, npt.NDArray[np.int64]]
    sample: str
    run_on: date
    run_at: time = time(9, 30)
    instrument: str = "Spoor-Synth-1"


def abif_bytes(trace: Trace) -> bytes:
    """The trace as an ABIF file that Biopython and sequence viewers read."""
    order = "GATC"
    quality = bytes(int(value) for value in trace.qualities)
    calls = trace.bases.encode("ascii")
    peaks = np.asarray(trace.peaks, ">i2").tobytes()
    entries: list[tuple[str, int, int, int, int, bytes]] = []
    for number in (1, 2):
        entries.append(("PBAS", number, _CHAR, 1, len(calls), calls))
        entries.append(("PCON", number, _CHAR, 1, len(quality), quality))
        entries.append(("PLOC", number, _SHORT, 2, len(trace.peaks), peaks))
    for channel, letter in zip(range(9, 13), order, strict=True):
        data = np.asarray(trace.signals[letter], ">i2").tobytes()
        entries.append(("DATA", channel, _SHORT, 2, len(trace.signals[letter]), data))
    entries.append(("FWO_", 1, _CHAR, 1, 4, order.encode()))
    for tag, text in (("SMPL", trace.sample), ("MCHN", trace.instrument), ("CMNT", "SYNTHETIC - not evidence")):
        entries.append((tag, 1, _PSTRING, 1, len(text) + 1, _pstring(text)))
    day = struct.pack(">hBB", trace.run_on.year, trace.run_on.month, trace.run_on.day)
    moment = struct.pack(">BBBB", trace.run_at.hour, trace.run_at.minute, trace.run_at.second, 0)
    for number in (1, 2):
        entries.append(("RUND", number, _DATE, 4, 1, day))
        entries.append(("RUNT", number, _TIME, 4, 1, moment))
    return _file(sorted(entries, key=lambda entry: (entry[0], entry[1])))


def _pstring(text: str) -> bytes:
    data = text.encode("ascii", "replace")[:255]
    return bytes([len(data)]) + data


def _file(entries: list[tuple[str, int, int, int, int, bytes]]) -> bytes:
    body, directory = bytearray(), bytearray()
    for tag, number, kind, size, count, data in entries:
        if len(data) <= 4:
            (place,) = struct.unpack(">I", data.ljust(4, b"\0"))
        else:
            place = _HEADER_SIZE + len(body)
            body += data
        directory += _ENTRY.pack(tag.encode(), number, kind, size, count, len(data), place, 0)
    start = _HEADER_SIZE + len(body)
    head = b"ABIF" + struct.pack(">H", 101)
    head += _ENTRY.pack(b"tdir", 1, 1023, 28, len(entries), len(directory), start, 0)
    return head.ljust(_HEADER_SIZE, b"\0") + bytes(body) + bytes(directory)


def trace_synthesise(
    sequence: str, *, sample: str, seed: int, run_on: date, error: float = 0.002, poor_ends: tuple[int, int] = (25, 60)
) -> Trace:
    """A synthetic trace of a sequence: Gaussian peaks with noise, poor first and last bases, a few wrong calls.

    IUPAC codes become two peaks of about equal height. The same seed gives the same trace.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    count = len(sequence)
    quality = _qualities(count, poor_ends, random)
    calls = list(sequence.upper())
    wrong = random.random(count) < np.where(quality < 15, 0.12, error)
    for at in map(int, np.flatnonzero(wrong)):
        calls[at] = str(random.choice([letter for letter in "ACGT" if letter != calls[at]]))
        quality[at] = min(int(quality[at]), int(random.integers(6, 18)))
    peaks = _LEAD + _SPACING * np.arange(count)
    signals = {letter: np.zeros(_LEAD * 2 + _SPACING * count) for letter in "ACGT"}
    for place, letter in enumerate(sequence.upper()):
        allowed = [base for base in "ACGT" if MASK_OF.get(letter, 15) & MASK_OF[base]]
        for base in allowed:
            height = random.normal(900, 120) / len(allowed) * (0.45 + quality[place] / 75)
            _peak(signals[base], int(peaks[place]), max(height, 60.0))
    noise = {letter: random.normal(14, 6, len(signals[letter])) for letter in "ACGT"}
    whole = {letter: np.clip(signals[letter] + noise[letter], 0, 32000).astype(np.int64) for letter in "ACGT"}
    return Trace(
        bases="".join(calls),
        qualities=quality,
        peaks=peaks.astype(np.int64),
        signals=whole,
        sample=f"SYNTHETIC {sample}"[:60],
        run_on=run_on,
    )


def _qualities(count: int, poor_ends: tuple[int, int], random: np.random.Generator) -> npt.NDArray[np.int64]:
    quality = random.normal(52, 5, count)
    at = np.arange(count)
    head, tail = poor_ends
    quality -= 44 * np.clip(1 - at / max(head, 1), 0, 1)
    quality -= 44 * np.clip(1 - (count - 1 - at) / max(tail, 1), 0, 1)
    return np.clip(quality, 4, 62).astype(np.int64)


def _peak(signal: npt.NDArray[np.float64], centre: int, height: float) -> None:
    low, high = max(centre - 10, 0), min(centre + 11, len(signal))
    at = np.arange(low, high)
    signal[low:high] += height * np.exp(-((at - centre) ** 2) / (2 * _WIDTH**2))
