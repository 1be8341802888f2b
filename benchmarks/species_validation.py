"""Writes docs/validation/species.md: accuracy and calibration on real reference files, beside megablast and vsearch.

    python -m benchmarks.species_validation FASTA… [--simulated 1500] [--out docs/validation/species.md] [--most 300]

For each file 15 % of the species are taken out whole (absent); a set is built and calibrated from the others. Present
queries are records of the set whose species has others, each left out of its own search; the peers get the same
references and queries, and the record itself is struck from their hits too.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from analysis.outcome import Identification
from analysis.species.calibrate import library_calibrate
from analysis.species.calibration import Calibration, Rate
from analysis.species.decide import decide
from analysis.species.identify import identify
from analysis.species.library import Library, library_build
from analysis.species.records import Record, records_read
from analysis.statistics import binomial_interval
from benchmarks.species import simulated_sets
from benchmarks.species_data import IUPAC, fragment, simulate, unsettled, with_errors
from benchmarks.species_scores import (
    Answer,
    Query,
    at_rate,
    by_confidence,
    by_identity,
    count,
    curve,
    fisher,
    own_ranked,
    top_one,
)

HIDDEN = 0.15
PAIRS = 60
LENGTHS = (0, 300, 150, 80)


@dataclass(slots=True)
class Lines:
    """Markdown being written."""

    text: list[str] = field(default_factory=list)

    def add(self, *lines: str) -> None:
        """Add lines and show them."""
        self.text.extend(lines)
        print("\n".join(lines), flush=True)


def split(records: Sequence[Record], draw: random.Random, most: int) -> tuple[list[Record], list[Query]]:
    """References, and queries: records of the set to be left out one at a time, and records of removed species."""
    of: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        if record.verified:
            of[record.species].append(record)
    names = sorted(of)
    absent = set(draw.sample(names, int(HIDDEN * len(names))))
    kept = [record for record in records if record.species not in absent]
    present = [record for name in names if name not in absent and len(of[name]) > 1 for record in of[name]]
    missing = [record for record in records if record.species in absent]
    chosen = [(record, True) for record in draw.sample(present, min(most, len(present)))]
    chosen += [(record, False) for record in draw.sample(missing, min(most, len(missing)))]
    return kept, [
        Query(name=record.accession, species=record.species, present=there, bases=record.sequence.decode())
        for record, there in chosen
    ]


def own_answers(library: Library, queries: Sequence[Query]) -> list[Answer]:
    """Species by the search under test."""
    return [
        [(1.0 - item.distance, library.species[item.species].name) for item in own_ranked(library, query)]
        for query in queries
    ]


def peer_answers(folder: Path, peer: str, queries: Sequence[Query]) -> list[Answer]:
    """Species by a peer: megablast ranked by bit score, vsearch by identity, both printing identity."""
    path, out = folder / "queries.fasta", folder / "out.tsv"
    path.write_text("".join(f">{place}\n{query.bases}\n" for place, query in enumerate(queries)))
    if peer == "megablast":
        command = ["blastn", "-task", "megablast", "-db", folder / "db", "-query", path, "-max_target_seqs", "21",
                   "-outfmt", "6 qseqid sseqid pident bitscore", "-out", out]  # fmt: skip
    else:
        command = ["vsearch", "--usearch_global", path, "--db", folder / "refs.fasta", "--strand", "both", "--threads",
                   "1", "--id", "0.7", "--maxaccepts", "9", "--maxrejects", "64", "--maxhits", "9", "--qmask", "none",
                   "--dbmask", "none", "--quiet", "--userfields", "query+target+id+id", "--userout", out]  # fmt: skip
    subprocess.run([str(word) for word in command], check=True, capture_output=True)
    hits: dict[int, list[tuple[float, float, str]]] = defaultdict(list)
    for line in out.read_text().splitlines():
        at, target, identity, score = line.split("\t")
        if queries[int(at)].name == target.split("|")[0]:
            continue
        hits[int(at)].append((float(score), float(identity) / 100, target.split("|")[1].replace("_", " ")))
    answers: list[Answer] = []
    for place in range(len(queries)):
        best: dict[str, tuple[float, float]] = {}
        for bits, share, species in hits[place]:
            best[species] = max(best.get(species, (0.0, 0.0)), (bits, share))
        ranked = sorted(((bits, share, name) for name, (bits, share) in best.items()), reverse=True)
        # The order is the peer's; equal scores are ties and must look like ties.
        top = ranked[0][0] if ranked else 0.0
        answers.append([(ranked[0][1] if bits == top else min(share, ranked[0][1] - 1e-9), name)
                        for bits, share, name in ranked])  # fmt: skip
    return answers


def search_table(
    lines: Lines, title: str, engines: dict[str, list[Answer]], sure: list[float | None], queries: list[Query]
) -> None:
    """Top-1 of every engine, and false calls at some call rates, by identity and by our own confidence."""
    there = [query.present for query in queries]
    for name, answers in engines.items():
        present = [answer for answer, yes in zip(answers, there, strict=True) if yes]
        score = top_one(present, [query for query in queries if query.present])
        lines.add(f"| {title} | {name} | {score:.4f} | {_rates(by_identity(answers), queries)} |")
    lines.add(f"| {title} | spoor, by confidence | | {_rates(sure, queries)} |")


def _rates(scores: Sequence[float | None], queries: Sequence[Query]) -> str:
    points = curve(scores, queries)
    shown = (at_rate(points, rate) for rate in (0.5, 0.7, 0.8, 0.9, 0.95))
    return " | ".join("–" if false is None else f"{false:.3f}" for false in shown)


def calibrated_rows(lines: Lines, title: str, library: Library, calibration: Calibration, queries: list[Query]) -> None:
    """What was stated and what was seen, by length."""
    draw = np.random.Generator(np.random.PCG64(2))
    for length in LENGTHS:
        stated: dict[str, list[Rate]] = {"absent": [], "present": []}
        seen = {"absent": [0, 0], "present": [0, 0]}
        named = 0
        for query in queries:
            bases = fragment(query.bases, length, draw) if 0 < length < len(query.bases) else query.bases
            ranked = own_ranked(library, replace(query, bases=bases))
            if not ranked:
                continue
            local = calibration.of(library.loci[int(library.record_locus[ranked[0].record])], ranked[0].near.overlap)
            found = decide(library, ranked, local)
            kind = "present" if query.present else "absent"
            yes = found.outcome is Identification.SPECIES
            named += yes and query.present
            seen[kind][0] += yes and (not query.present or found.taxon != query.species)
            seen[kind][1] += 1
            if local is not None:
                one, several = local.species_one, local.species_several
                stated["absent"] += [one.absent_named, several.absent_named]
                stated["present"] += [several.present_wrong]
        for kind in ("absent", "present"):
            if stated[kind] and seen[kind][1]:
                note = f"{named} named" if kind == "present" else ""
                lines.add(f"| {title} | {length or 'whole'} | {kind} | {held(stated[kind], seen[kind])} | {note} |")


def held(stated: Sequence[Rate], seen: Sequence[int]) -> str:
    """Cells: the highest rate stated, the one seen with its interval, the test of both, and whether it holds."""
    rate = max(stated, key=lambda item: item.value or 0.0)
    wrong, total = seen
    p = fisher((rate.count, rate.total), (wrong, total))
    low, high = binomial_interval(wrong, total)
    holds = p >= 0.05 or wrong / total <= (rate.value or 0.0)
    cells = (
        f"{rate.count}/{rate.total}",
        f"{wrong}/{total} ({low:.3f}–{high:.3f})",
        f"{p:.2f}",
        "yes" if holds else "NO",
    )
    return " | ".join(cells)


def mixtures(lines: Lines, title: str, library: Library, calibration: Calibration, queries: list[Query]) -> None:
    """Two-species mixtures and chimeras of records of the set that have one length, and false flags on plain ones."""
    draw = random.Random(4)
    every = [(library.sequence(int(library.record_sequence[n])).decode(), n) for n in range(library.size)]
    plain = [(bases, n) for bases, n in every if not set(bases) - set("ACGT")]
    common = max((len(bases) for bases, _ in plain), key=[len(bases) for bases, _ in plain].count)
    alike = [item for item in plain if len(item[0]) == common]
    chosen = draw.sample(alike, min(2 * PAIRS, len(alike) // 2 * 2))
    pairs = len(chosen) // 2
    seen = {"mixed": [0, 0], "joined": [0, 0]}
    for (one, a), (other, b) in zip(chosen[::2], chosen[1::2], strict=True):
        wanted = {library.species[int(library.record_species[record])].name for record in (a, b)}
        mixed = "".join(x if x == y else IUPAC[frozenset((x, y))] for x, y in zip(one, other, strict=True))
        cut = draw.randint(int(0.3 * len(one)), int(0.7 * len(one)))
        for kind, text in (("mixed", mixed), ("joined", one[:cut] + other[cut:])):
            found = identify(library, calibration, kind, text.encode())
            among = set(found.decision.among) if found.outcome is Identification.MIXTURE else set()
            seen[kind][0] += among == wanted
            seen[kind][1] += wanted <= among
    flags = sum(
        identify(library, calibration, "q", query.bases.encode()).outcome is Identification.MIXTURE for query in queries
    )
    cells = " | ".join(f"{alone}/{pairs} | {listed}/{pairs}" for alone, listed in seen.values())
    lines.add(f"| {title} | {cells} | {flags}/{len(queries)} |")


def query_sets(queries: list[Query]) -> dict[str, list[Query]]:
    """The queries as they are, with codes, and as fragments with errors."""
    noise = np.random.Generator(np.random.PCG64(3))
    return {
        "plain": queries,
        "1 % IUPAC codes": [replace(query, bases=unsettled(query.bases, 0.01, noise)) for query in queries],
        "150 bases, 1 % errors": [
            replace(query, bases=with_errors(fragment(query.bases, 150, noise), 0.01, noise))
            for query in queries
            if len(query.bases) > 200
        ],
    }


def measured(paths: Sequence[Path], most: int, out: Path) -> None:
    """All tables, written anew after every set."""
    search, calibration_lines, mixed = Lines(), Lines(), Lines()
    for path in paths:
        records = list(records_read([path], locus=path.stem, taxonomy=None, left_out=[]))
        kept, queries = split(records, random.Random(17), most)
        with tempfile.TemporaryDirectory(prefix="validation-") as scratch:
            folder = Path(scratch)
            library_build(folder / "set", kept, name=path.stem, version="1")
            library, calibration = library_calibrate(folder / "set", sample=1000)
            peers = peers_built(folder, kept)
            for kind, chosen in query_sets(for_peers(queries)).items():
                if any(query.present for query in chosen):
                    engines = {"spoor": own_answers(library, chosen)}
                    engines |= {peer: peer_answers(folder, peer, chosen) for peer in peers}
                    title = f"{path.stem}, {kind} ({count(chosen, True)}+{count(chosen, False)})"
                    search_table(search, title, engines, by_confidence(library, calibration, chosen), chosen)
            calibrated_rows(calibration_lines, path.stem, library, calibration, queries)
            mixtures(mixed, path.stem, library, calibration, queries)
        tables = {"search": search, "calibration": calibration_lines, "mixtures": mixed}
        out.write_text(PAGE.format(**{name: "\n".join(lines.text) for name, lines in tables.items()}))


def simulated_file(folder: Path, species: int) -> Path:
    """Simulated barcodes as a reference file: partial ones and unsettled bases as in real sets."""
    references, _ = simulated_sets(simulate(species, seed=3), 1)
    path = folder / f"simulated_COI_{species}.fasta"
    path.write_text("".join(f">{name}\n{bases}\n" for name, bases in references))
    return path


def for_peers(queries: Sequence[Query]) -> list[Query]:
    """Half as many of each kind: megablast takes some 60 ms for each on real barcodes."""
    present, absent = ([query for query in queries if query.present is there] for there in (True, False))
    return [*present[: max(len(present) // 2, 150)], *absent[: max(len(absent) // 2, 100)]]


def peers_built(folder: Path, kept: Sequence[Record]) -> list[str]:
    """Write the references for the peers that are installed; their names."""
    text = "".join(f">{r.accession}|{r.species.replace(' ', '_')}\n{r.sequence.decode()}\n" for r in kept)
    (folder / "refs.fasta").write_text(text)
    if shutil.which("makeblastdb"):
        command = ["makeblastdb", "-in", folder / "refs.fasta", "-dbtype", "nucl", "-out", folder / "db"]
        subprocess.run([str(word) for word in command], check=True, capture_output=True)
    return [peer for tool, peer in (("blastn", "megablast"), ("vsearch", "vsearch")) if shutil.which(tool)]


PAGE = """# Validation of species identification

Written by one command; do not edit: `python -m benchmarks.species_validation FASTA… --simulated N --out FILE`. Of each
file 15 % of the species were taken out whole (absent); everything else became the reference set, ours and the peers'
alike. Present queries are records of the set whose species has several, each left out of its own search
(leave-one-out; struck from the peers' hits as well). Data: reference files of third parties named in each row, not part
of the product; simulated sets are made by `benchmarks/species_data.py` and favour a search of their own making: trust
the rows on real data. Codes: each holds the base it stands for.

## Search

Top-1: share of present queries whose own species is nearest, a tie among n species scoring 1/n. Vsearch prints identity
to 0.1 %: what it prints alike is a tie, where ours may tell 98.61 from 98.60 %; and its nine hits cut ties of more. The
last columns: share of absent species called, at the strictest identity threshold that still calls that share of the
present; a call needs 0.3 % distance to the second species. «–»: no threshold calls as many. «By confidence»: the same
with a threshold on the confidence that stands beside each answer, whatever the identity and the second species.

| set (present + absent queries) | engine | top-1 | false at .50 | .70 | .80 | .90 | .95 |
|---|---|---|---|---|---|---|---|
{search}

## Stated and seen error rates

Stated: the calibration's own count, over records of the set (the larger of the two strata). Seen: queries the
calibration never met. p: Fisher's exact test, two-sided, that both come from one rate. Holds: p ≥ 0.05, or fewer errors
than stated.

| set | bases | species | stated wrong | seen wrong (95 %) | p | holds | |
|---|---|---|---|---|---|---|---|
{calibration}

## Mixtures and chimeras

Pairs of records of the set, of the commonest length: their letters joined to IUPAC codes, or cut and joined at one
point. «Alone»: these two species and no others; «listed»: both stand among the species named, where species that share
the bases explain the sequence as well. False flags: unmixed queries called a mixture.

| set | mixed, alone | mixed, listed | joined, alone | joined, listed | false flags |
|---|---|---|---|---|---|
{mixtures}
"""


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="*")
    parser.add_argument("--simulated", type=int, default=0, metavar="N", help="a set of N simulated species as well")
    parser.add_argument("--out", type=Path, default=Path("docs/validation/species.md"))
    parser.add_argument("--most", type=int, default=400, help="queries of each kind")
    parsed = parser.parse_args()
    parsed.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="simulated-") as scratch:
        made = [simulated_file(Path(scratch), parsed.simulated)] if parsed.simulated else []
        measured([*made, *parsed.files], parsed.most, parsed.out)


if __name__ == "__main__":
    main()
