"""Amplicon reads of products (powders, food, medicines): what is in them, read by read, with controls.

Quality filter by expected errors (Edgar & Flyvbjerg 2015, Bioinformatics 31:3476), primers off by sequence, equal reads
counted once, errors joined to the sequence they came from by abundance and distance (UNOISE2; Edgar 2016, bioRxiv
081257), each remaining sequence identified. Everything is plain Python and gives the same bytes everywhere; where
vsearch is installed it can be asked to denoise instead.
"""

from __future__ import annotations

import gzip
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import edlib

from analysis.errors import AnalysisError, InputRefused
from analysis.inputs import Progress, no_progress
from analysis.outcome import Identification
from analysis.species.calibration import Calibration
from analysis.species.identify import Identified, identify
from analysis.species.library import SHORTEST, Library
from analysis.species.trimming import primers_trim

EXPECTED_ERRORS: Final = 1.0
LEAST_READS: Final = 8
ALPHA: Final = 2.0
MOST_EDITS: Final = 12
NEAR: Final = 0.03
CONTROL_FACTOR: Final = 10
"""A taxon that a control shows too is reported only at ten times the control's reads."""

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
class Variant:
    """A denoised sequence: its reads, and what it was identified as."""

    bases: bytes
    reads: int
    identified: Identified


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A taxon in the product: reads, share of the reads kept, sequences, the most reads any control has of it.

    `state` is "present", "in_control" (a control has a tenth of its reads or more) or "unidentified".
    """

    outcome: str
    taxon: str
    reads: int
    share: float
    variants: int
    control_reads: int
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What was found in one product."""

    filtered: Filtered
    variants: tuple[Variant, ...]
    lines: tuple[Line, ...]
    denoiser: str


def fastq_iterate(path: Path) -> Iterator[tuple[int, bytes, bytes]]:
    """(line, bases, qualities) of a FASTQ file, plain or gzip-packed, four lines a read.

    Raises `InputRefused` where the four lines do not fit, the file ends early or cannot be unpacked.
    """
    try:
        with path.open("rb") as probe:
            packed = probe.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if packed else path.open("rb") as source:
            row = 1
            while head := source.readline():
                bases, plus, quality = (source.readline().rstrip() for _ in range(3))
                if not head.startswith(b"@") or not plus.startswith(b"+") or len(bases) != len(quality) or not bases:
                    raise InputRefused(
                        "This is no read of four lines («@name», bases, «+», as many qualities).",
                        file=path.name,
                        row=row,
                        remedy="Give FASTQ as the sequencer wrote it; the file may be cut off.",
                    )
                yield row, bases.upper(), quality
                row += 4
    except (OSError, EOFError) as error:
        raise InputRefused(f"The file cannot be read: {error}.", file=path.name) from error


def reads_filter(path: Path, *, most_errors: float = EXPECTED_ERRORS, least: int = SHORTEST) -> Filtered:
    """Reads with at most `most_errors` expected errors, no unknown base and `least` bases after the primers."""
    counts: Counter[bytes] = Counter()
    left: Counter[str] = Counter()
    trimmed: dict[bytes, bytes] = {}
    total = 0
    for _, bases, quality in fastq_iterate(path):
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


def denoise(counts: Counter[bytes], *, least: int = LEAST_READS, alpha: float = ALPHA) -> dict[bytes, int]:
    """Sequences that stand for themselves, with the reads of their errors added (UNOISE2).

    A sequence at distance d from a more abundant one is its error when its share of the other's reads is at most
    2^−(α d + 1). Sequences of fewer than `least` reads never stand for themselves: they count for the nearest
    that does within 3 %, or are left out.
    """
    centres: dict[bytes, int] = {}
    rest: list[tuple[bytes, int]] = []
    for bases, reads in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        centre = _centre_of(bases, reads, counts, centres, alpha)
        if centre is not None:
            centres[centre] += reads
        elif reads >= least:
            centres[bases] = reads
        else:
            rest.append((bases, reads))
    for bases, reads in rest:
        near = _nearest_centre(bases, list(centres))
        if near is not None:
            centres[near] += reads
    return centres


def _nearest_centre(bases: bytes, centres: Sequence[bytes]) -> bytes | None:
    best, least = None, int(NEAR * len(bases))
    for centre in centres:
        found = edlib.align(bases, centre, mode="NW", task="distance", k=least)["editDistance"]
        if found >= 0 and (best is None or found < least):
            best, least = centre, found
    return best


def _centre_of(
    bases: bytes, reads: int, counts: Counter[bytes], centres: dict[bytes, int], alpha: float
) -> bytes | None:
    for centre in centres:
        ratio = counts[centre] / reads
        most = 0
        while most < MOST_EDITS and ratio >= 2.0 ** (alpha * (most + 1) + 1):
            most += 1
        if most and abs(len(centre) - len(bases)) <= most:
            found = edlib.align(bases, centre, mode="NW", task="distance", k=most)["editDistance"]
            if found >= 0:
                return centre
    return None


def denoise_vsearch(counts: Counter[bytes], *, least: int = LEAST_READS, alpha: float = ALPHA) -> dict[bytes, int]:
    """The same by `vsearch --cluster_unoise`; raises `AnalysisError` where vsearch is not installed or fails."""
    program = shutil.which("vsearch")
    if program is None:
        raise AnalysisError("vsearch is not installed.", remedy="Install it, or use the denoiser «own».")
    with tempfile.TemporaryDirectory(prefix="unoise-") as scratch:
        reads, out = Path(scratch) / "reads.fasta", Path(scratch) / "centres.fasta"
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        text = "".join(f">r{n};size={size}\n{bases.decode()}\n" for n, (bases, size) in enumerate(ordered))
        reads.write_text(text)
        command = [program, "--cluster_unoise", reads, "--centroids", out, "--sizein", "--sizeout", "--threads", "1"]
        limits = ["--minsize", str(least), "--unoise_alpha", str(alpha), "--fasta_width", "0", "--qmask", "none"]
        done = subprocess.run([*map(str, command), *limits, "--quiet"], capture_output=True, text=True, check=False)
        if done.returncode:
            raise AnalysisError(f"vsearch failed: {done.stderr.strip()[-300:]}")
        parts = [part.split("\n") for part in out.read_text().split(">")[1:]]
    return {lines[1].strip().encode(): int(lines[0].rsplit("size=", 1)[1].strip(";")) for lines in parts}


DENOISERS: Final = {"own": denoise, "vsearch": denoise_vsearch}


def product_identify(
    library: Library,
    calibration: Calibration | None,
    reads: Path,
    controls: Sequence[Path] = (),
    *,
    denoiser: str = "own",
    least: int = LEAST_READS,
    progress: Progress = no_progress,
) -> Product:
    """Filter, denoise and identify the reads of one product, and of its controls (blanks) in the same way."""
    progress(0.0, reads.name)
    filtered = reads_filter(reads)
    variants = _variants(library, calibration, filtered, denoiser, least)
    in_controls: Counter[tuple[str, str]] = Counter()
    for done, path in enumerate(controls):
        progress((done + 1) / (len(controls) + 1), path.name)
        found = _variants(library, calibration, reads_filter(path), denoiser, 1)
        for key, (count, _) in _by_taxon(found).items():
            in_controls[key] = max(in_controls[key], count)
    progress(1.0, f"{len(variants)} sequences")
    lines = tuple(
        Line(
            outcome=key[0],
            taxon=key[1],
            reads=count,
            share=count / max(filtered.kept, 1),
            variants=number,
            control_reads=in_controls[key],
            state=_state(key[0], count, in_controls[key]),
        )
        for key, (count, number) in sorted(_by_taxon(variants).items(), key=lambda item: (-item[1][0], item[0]))
    )
    return Product(filtered=filtered, variants=variants, lines=lines, denoiser=denoiser)


def _variants(
    library: Library, calibration: Calibration | None, filtered: Filtered, denoiser: str, least: int
) -> tuple[Variant, ...]:
    centres = DENOISERS[denoiser](filtered.counts, least=least)
    return tuple(
        Variant(bases=bases, reads=reads, identified=identify(library, calibration, f"sequence-{number}", bases))
        for number, (bases, reads) in enumerate(sorted(centres.items(), key=lambda i: (-i[1], i[0])), start=1)
    )


def _by_taxon(variants: Sequence[Variant]) -> dict[tuple[str, str], tuple[int, int]]:
    """(outcome, taxon) → (reads, sequences)."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for variant in variants:
        item = variant.identified
        key = (item.outcome.value, item.taxon or ", ".join(item.decision.among))
        reads, number = found.get(key, (0, 0))
        found[key] = (reads + variant.reads, number + 1)
    return found


def _state(outcome: str, reads: int, control: int) -> str:
    if outcome in {Identification.INCONCLUSIVE.value, Identification.NO_RESULT.value}:
        return "unidentified"
    return "in_control" if control * CONTROL_FACTOR > reads else "present"
