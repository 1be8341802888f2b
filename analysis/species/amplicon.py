"""Amplicon reads of products (powders, food, medicines): what is in them, read by read, with controls.

Reads are filtered (`amplicon_reads`) and denoised (`denoising`), and each remaining sequence is identified.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from analysis.errors import InputRefused
from analysis.inputs import Progress, no_progress
from analysis.outcome import Identification
from analysis.species.amplicon_reads import Filtered, Reads, Watch, reads_filter
from analysis.species.calibration import Calibration
from analysis.species.denoising import DENOISERS, LEAST_READS
from analysis.species.identify import Identified, identify
from analysis.species.library import Library

CONTROL_FACTOR: Final = 10
"""A taxon that a control shows too is reported only at ten times the control's reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A denoised sequence: its reads, and what it was identified as."""

    bases: bytes
    reads: int
    identified: Identified


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A taxon in the product: reads, share of the reads kept, sequences, the most reads any control has of it.

    `state` is "present", "in_control" (a control has more than a tenth of its reads) or "unidentified".
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
    if not filtered.total:
        raise InputRefused("The file holds no read.", file=files[0].name, remedy="Check that it is the right file.")
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
