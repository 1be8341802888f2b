"""Megablast and vsearch on the references and queries of a validation: as they are set as a rule, and with all ties."""

from __future__ import annotations

import shutil
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.species.records import Record
from benchmarks.species_scores import HALF_AN_EDIT, Answer, Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A peer at one setting. `ties`: edits (of the query's length) within which two species are tied."""

    name: str
    tool: str
    hits: int
    exact: bool
    ties: float


PEERS = (
    Peer(name="megablast", tool="blastn", hits=20, exact=False, ties=0.0),
    Peer(name="vsearch", tool="vsearch", hits=8, exact=False, ties=0.0),
    Peer(name="vsearch, all ties, exact", tool="vsearch", hits=50, exact=True, ties=HALF_AN_EDIT),
)
"""Settings of the goals, and one of vsearch that hides no tie and rounds nothing."""

Hit = tuple[float, float, str]
"""(what the peer ranks by, identity, species)."""


def peers_built(folder: Path, kept: Sequence[Record]) -> list[Peer]:
    """Write the references for the peers that are installed; these peers."""
    text = "".join(f">{r.accession}|{r.species.replace(' ', '_')}\n{r.sequence.decode()}\n" for r in kept)
    (folder / "refs.fasta").write_text(text)
    if shutil.which("makeblastdb"):
        command = ["makeblastdb", "-in", folder / "refs.fasta", "-dbtype", "nucl", "-out", folder / "db"]
        subprocess.run([str(word) for word in command], check=True, capture_output=True)
    return [peer for peer in PEERS if shutil.which(peer.tool)]


def peer_answers(folder: Path, peer: Peer, queries: Sequence[Query]) -> list[Answer]:
    """Species by a peer, a query's own record struck: megablast ranked by bit score, vsearch by identity."""
    path, out = folder / "queries.fasta", folder / "out.tsv"
    path.write_text("".join(f">{place}\n{query.bases}\n" for place, query in enumerate(queries)))
    subprocess.run([str(word) for word in _command(folder, peer, path, out)], check=True, capture_output=True)
    hits: dict[int, list[Hit]] = defaultdict(list)
    for line in out.read_text().splitlines():
        at, target, *numbers = line.split("\t")
        accession, species = target.split("|")
        if queries[int(at)].name != accession:
            hits[int(at)].append((*_scores(peer, numbers), species.replace("_", " ")))
    return [_ranked(hits[place]) for place in range(len(queries))]


def _command(folder: Path, peer: Peer, path: Path, out: Path) -> list[str | Path]:
    # One hit more than asked for: the query's own record is struck.
    most = str(peer.hits + 1)
    if peer.tool == "blastn":
        return ["blastn", "-task", "megablast", "-db", folder / "db", "-query", path, "-max_target_seqs", most,
                "-outfmt", "6 qseqid sseqid bitscore pident", "-out", out]  # fmt: skip
    rejects = "256" if peer.exact else "64"
    return ["vsearch", "--usearch_global", path, "--db", folder / "refs.fasta", "--strand", "both", "--threads", "1",
            "--id", "0.7", "--maxaccepts", most, "--maxrejects", rejects, "--maxhits", most, "--qmask", "none",
            "--dbmask", "none", "--quiet", "--userfields", "query+target+id+ids+mism+gaps", "--userout",
            out]  # fmt: skip


def _scores(peer: Peer, numbers: Sequence[str]) -> tuple[float, float]:
    if peer.tool == "blastn":
        return float(numbers[0]), float(numbers[1]) / 100
    if not peer.exact:
        return float(numbers[0]), float(numbers[0]) / 100
    # Terminal gaps are in none of the three: identity over the stretch both share, as vsearch defines it.
    matches, mismatches, gaps = map(int, numbers[1:])
    share = matches / max(matches + mismatches + gaps, 1)
    return share, share


def _ranked(hits: Sequence[Hit]) -> Answer:
    """The best hit of each species; the order is the peer's, equal scores are ties and must look like ties."""
    best: dict[str, tuple[float, float]] = {}
    for score, share, species in hits:
        best[species] = max(best.get(species, (0.0, 0.0)), (score, share))
    ranked = sorted(((score, share, name) for name, (score, share) in best.items()), reverse=True)
    top = ranked[0][0] if ranked else 0.0
    return [(ranked[0][1] if score == top else min(share, ranked[0][1] - 1e-9), name) for score, share, name in ranked]
