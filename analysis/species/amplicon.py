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
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
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

LONGEST_LINE: Final = 4 << 20
"""Bytes a line of a FASTQ file may have: longer than any read, short enough for any memory."""

_OFTEN: Final = 2048
Watch = Callable[[float], None]
"""Called now and then with the share of a step that is done; may raise `Cancelled`."""


def _unwatched(_share: float) -> None:
    """A `Watch` for callers that do not."""


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
    controls: tuple[Control, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What a control of the product showed: its reads, and reads of each (outcome, taxon), most first."""

    name: str
    filtered: Filtered
    taxa: tuple[tuple[str, str, int], ...]


def fastq_iterate(path: Path, *, watch: Watch = _unwatched, name: str = "") -> Iterator[tuple[int, bytes, bytes]]:
    """(line, bases, qualities) of a FASTQ file, plain or gzip-packed, four lines a read.

    `watch` is told the share of the file's bytes that was read, `name` is what errors call the file. Raises
    `InputRefused` where the four lines do not fit, the file ends early or cannot be unpacked.
    """
    name = name or path.name
    try:
        with path.open("rb") as stored:
            packed = stored.read(2) == b"\x1f\x8b"
            stored.seek(0)
            source = gzip.GzipFile(fileobj=stored) if packed else stored
            size = max(path.stat().st_size, 1)
            row = 1
            while head := source.readline(LONGEST_LINE):
                bases, plus, quality = (source.readline(LONGEST_LINE).rstrip() for _ in range(3))
                if not head.startswith(b"@") or not plus.startswith(b"+") or len(bases) != len(quality) or not bases:
                    raise _no_read(name, row)
                yield row, bases.upper(), quality
                row += 4
                if row % (4 * _OFTEN) == 1:
                    watch(min(stored.tell() / size, 1.0))
    except (OSError, EOFError, zlib.error) as error:
        raise InputRefused(
            f"The file cannot be read on: {error}.", file=name, remedy="It may be cut off or damaged; fetch it again."
        ) from error


def _no_read(name: str, row: int) -> InputRefused:
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
    watch: Watch = _unwatched,
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


def denoise(
    counts: Counter[bytes], *, least: int = LEAST_READS, alpha: float = ALPHA, watch: Watch = _unwatched
) -> dict[bytes, int]:
    """Sequences that stand for themselves, with the reads of their errors added (UNOISE2).

    A sequence at distance d from a more abundant one is its error when its share of the other's reads is at most
    2^−(α d + 1). Sequences of fewer than `least` reads never stand for themselves: they count for the nearest
    that does within 3 %, or are left out.
    """
    centres: dict[bytes, int] = {}
    rest: list[tuple[bytes, int]] = []
    for done, (bases, reads) in enumerate(sorted(counts.items(), key=lambda item: (-item[1], item[0]))):
        if done % _OFTEN == 0:
            watch(done / len(counts))
        centre = _centre_of(bases, reads, counts, centres, alpha)
        if centre is not None:
            centres[centre] += reads
        elif reads >= least:
            centres[bases] = reads
        else:
            rest.append((bases, reads))
    for done, (bases, reads) in enumerate(rest):
        if done % _OFTEN == 0:
            watch(1.0)
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


def denoise_vsearch(
    counts: Counter[bytes], *, least: int = LEAST_READS, alpha: float = ALPHA, watch: Watch = _unwatched
) -> dict[bytes, int]:
    """The same by `vsearch --cluster_unoise`, then `--usearch_global` for the reads that the former drops.

    Raises `AnalysisError` where vsearch is not installed or fails.
    """
    watch(0.0)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    text = "".join(f">r{n};size={size}\n{bases.decode()}\n" for n, (bases, size) in enumerate(ordered))
    with tempfile.TemporaryDirectory(prefix="unoise-") as scratch:
        reads, centres, hits = (Path(scratch) / name for name in ("reads.fasta", "centres.fasta", "hits.tsv"))
        reads.write_text(text)
        limits = ("--minsize", least, "--unoise_alpha", alpha, "--fasta_width", 0)
        _vsearch("--cluster_unoise", reads, "--centroids", centres, *limits)
        watch(0.7)
        names = [part.split(";")[0] for part in centres.read_text().split(">")[1:]]
        found = {ordered[int(name[1:])][0]: 0 for name in names}
        near = (
            "--dbmask",
            "none",
            "--id",
            1 - NEAR,
            "--iddef",
            1,
            "--strand",
            "plus",
            "--maxaccepts",
            0,
            "--maxrejects",
            0,
        )
        shown = ("--userout", hits, "--userfields", "query+target", "--maxhits", 1)
        if names:
            _vsearch("--usearch_global", reads, "--db", centres, *near, *shown, "--minseqlength", 1)
            for line in hits.read_text().splitlines():
                query, centre = (ordered[int(name.split(";")[0][1:])] for name in line.split("\t"))
                found[centre[0]] += query[1]
    watch(1.0)
    return found


def _vsearch(*words: object) -> None:
    program = shutil.which("vsearch")
    if program is None:
        raise AnalysisError("vsearch is not installed.", remedy="Install it, or use the denoiser «own».")
    always = ("--sizein", "--sizeout", "--threads", 1, "--qmask", "none", "--quiet")
    done = subprocess.run([program, *map(str, (*words, *always))], capture_output=True, text=True, check=False)
    if done.returncode:
        raise AnalysisError(f"vsearch failed: {done.stderr.strip()[-300:]}")


DENOISERS: Final = {"own": denoise, "vsearch": denoise_vsearch}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """A file of amplicon reads, under the name that it was handed in with."""

    path: Path
    name: str


def product_identify(
    library: Library,
    calibration: Calibration | None,
    reads: Path | Reads,
    controls: Sequence[Path | Reads] = (),
    *,
    denoiser: str = "own",
    least: int = LEAST_READS,
    uncounted: int = 0,
    progress: Progress = no_progress,
) -> Product:
    """Filter, denoise and identify the reads of one product, and of its controls in the same way.

    The last `uncounted` controls are positive ones, made to hold taxa: they set nothing aside.
    """
    bench = _Bench(library, calibration, denoiser)
    files = [one if isinstance(one, Reads) else Reads(path=one, name=one.name) for one in (reads, *controls)]
    read: list[tuple[Filtered, tuple[Variant, ...]]] = []
    for done, file in enumerate(files):
        part = _Part(progress, done / len(files), 1 / len(files), file.name)
        read.append(bench.read(file, least if done == 0 else 1, part))
    filtered, variants = read[0]
    shown = tuple(_control(file.name, *one) for file, one in zip(files[1:], read[1:], strict=True))
    most: Counter[tuple[str, str]] = Counter()
    for control in shown[: len(shown) - uncounted]:
        for outcome, taxon, count in control.taxa:
            most[(outcome, taxon)] = max(most[(outcome, taxon)], count)
    progress(1.0, f"{len(variants)} sequences")
    lines = tuple(
        Line(
            outcome=key[0],
            taxon=key[1],
            reads=count,
            share=count / max(filtered.kept, 1),
            variants=number,
            control_reads=most[key],
            state=_state(key[0], count, most[key]),
        )
        for key, (count, number) in sorted(_by_taxon(variants).items(), key=lambda item: (-item[1][0], item[0]))
    )
    return Product(filtered=filtered, variants=variants, lines=lines, denoiser=denoiser, controls=shown)


@dataclass(frozen=True, slots=True)
class _Part:
    """The progress of one file within the whole."""

    progress: Progress
    begin: float
    room: float
    name: str

    def watch(self, first: float, last: float, words: str) -> Watch:
        """What tells the steps of a stretch of this file's work."""

        def told(share: float) -> None:
            self.progress(self.begin + self.room * (first + share * (last - first)), f"{words}: {self.name}")

        return told


@dataclass(frozen=True, slots=True)
class _Bench:
    """What reads are laid against."""

    library: Library
    calibration: Calibration | None
    denoiser: str

    def read(self, file: Reads, least: int, part: _Part) -> tuple[Filtered, tuple[Variant, ...]]:
        """Filter, denoise and identify one file."""
        filtered = reads_filter(file.path, watch=part.watch(0.0, 0.4, "reading"), name=file.name)
        centres = DENOISERS[self.denoiser](filtered.counts, least=least, watch=part.watch(0.4, 0.6, "denoising"))
        told = part.watch(0.6, 1.0, "identifying")
        variants = []
        for number, (bases, reads) in enumerate(sorted(centres.items(), key=lambda i: (-i[1], i[0])), start=1):
            told((number - 1) / len(centres))
            found = identify(self.library, self.calibration, f"sequence-{number}", bases)
            variants.append(Variant(bases=bases, reads=reads, identified=found))
        return filtered, tuple(variants)


def _control(name: str, filtered: Filtered, variants: Sequence[Variant]) -> Control:
    found = sorted(_by_taxon(variants).items(), key=lambda item: (-item[1][0], item[0]))
    return Control(name=name, filtered=filtered, taxa=tuple((*key, count) for key, (count, _) in found))


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
