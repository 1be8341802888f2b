"""Errors joined to the sequence they came from, by abundance and distance (UNOISE2; Edgar 2016, bioRxiv 081257).

Plain Python that gives the same bytes everywhere; where vsearch is installed it can be asked instead.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import edlib

from analysis.errors import AnalysisError
from analysis.species.amplicon_reads import OFTEN, Watch, unwatched

LEAST_READS: Final = 8
ALPHA: Final = 2.0
MOST_EDITS: Final = 12
NEAR: Final = 0.03


def denoise(
    counts: Counter[bytes], *, least: int = LEAST_READS, alpha: float = ALPHA, watch: Watch = unwatched
) -> dict[bytes, int]:
    """Sequences that stand for themselves, with the reads of their errors added (UNOISE2).

    A sequence at distance d from a more abundant one is its error when its share of the other's reads is at most
    2^−(α d + 1). Sequences of fewer than `least` reads never stand for themselves: they count for the nearest
    that does within 3 %, or are left out.
    """
    centres: dict[bytes, int] = {}
    rest: list[tuple[bytes, int]] = []
    for done, (bases, reads) in enumerate(sorted(counts.items(), key=lambda item: (-item[1], item[0]))):
        if done % OFTEN == 0:
            watch(done / len(counts))
        centre = _centre_of(bases, reads, counts, centres, alpha)
        if centre is not None:
            centres[centre] += reads
        elif reads >= least:
            centres[bases] = reads
        else:
            rest.append((bases, reads))
    for done, (bases, reads) in enumerate(rest):
        if done % OFTEN == 0:
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
    counts: Counter[bytes], *, least: int = LEAST_READS, alpha: float = ALPHA, watch: Watch = unwatched
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
