"""Writes docs/validation/species.md: accuracy and calibration on real reference files, beside megablast and vsearch.

    python -m benchmarks.species_validation FASTA… [--simulated 1500] [--out docs/validation/species.md] [--most 300]

For each file 15 % of the species are taken out whole (absent); a set is built and calibrated from the others. Present
queries are records of the set whose species has others, each left out of its own search; the peers get the same
references and queries, and the record itself is struck from their hits too.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from analysis.outcome import Identification
from analysis.species.calibrate import library_calibrate
from analysis.species.calibration import Calibration, LocusCalibration, Rate
from analysis.species.decide import Decision, decide
from analysis.species.evidence import SpeciesDistance
from analysis.species.library import Library, library_build
from analysis.species.records import Record, records_read
from analysis.species.within import Within
from analysis.statistics import binomial_interval
from benchmarks.species import simulated_sets
from benchmarks.species_data import fragment, simulate
from benchmarks.species_mixtures import mixtures_row
from benchmarks.species_page import PAGE
from benchmarks.species_peers import Peer, peer_answers, peers_built
from benchmarks.species_queries import MOST_OF_LONG, SEED, every_present, for_peers, query_sets, seeds_of, split
from benchmarks.species_scores import (
    HALF_AN_EDIT,
    Answer,
    Matched,
    Query,
    at_rate,
    by_confidence,
    by_identity,
    cells_of,
    count,
    curve,
    fisher,
    matched,
    matched_of,
    one_of_each,
    own_ranked,
    top_one,
    totals,
    within_left,
)

LENGTHS = (0, 300, 150, 80)
TABLES = ("search", "every", "matched", "short", "calibration", "mixtures")
OWN = {"spoor": 0.0, "spoor, half an edit a tie": HALF_AN_EDIT}
"""Our own search, its ties counted to the last digit and as those of exact vsearch."""


@dataclass(slots=True)
class Lines:
    """Markdown being written."""

    text: list[str] = field(default_factory=list)

    def add(self, *lines: str) -> None:
        """Add lines and show them."""
        self.text.extend(lines)
        print("\n".join(lines), flush=True)


def own_answers(library: Library, queries: Sequence[Query]) -> list[Answer]:
    """Species by the search under test."""
    return [
        [(1.0 - item.distance, library.species[item.species].name) for item in own_ranked(library, query)]
        for query in queries
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What one engine answered; species within `ties` edits of the nearest are tied with it."""

    name: str
    answers: list[Answer]
    ties: float


def search_table(
    lines: Lines, title: str, engines: Sequence[Searched], sure: list[float | None], queries: list[Query]
) -> None:
    """Top-1 of every engine, and false calls at some call rates, by identity and by our own confidence."""
    for engine in engines:
        score = top_of(engine, queries)
        lines.add(f"| {title} | {engine.name} | {score:.4f} | {_rates(by_identity(engine.answers), queries)} |")
    lines.add(f"| {title} | spoor, by confidence | | {_rates(sure, queries)} |")


def top_of(engine: Searched, queries: Sequence[Query]) -> float:
    """Top-1 of the present queries."""
    pairs = [pair for pair in zip(engine.answers, queries, strict=True) if pair[1].present]
    return top_one([answer for answer, _ in pairs], [query for _, query in pairs], engine.ties)


def ruled(
    library: Library, local: LocusCalibration | None, inside: Within, ranked: Sequence[SpeciesDistance], query: Query
) -> Decision:
    """What the calibrated rule says of species found."""
    return decide(library, ranked, local, within_left(library, inside, ranked, query))


def local_of(library: Library, calibration: Calibration, ranked: Sequence[SpeciesDistance]) -> LocusCalibration | None:
    """The calibration for the stretch compared."""
    return calibration.of(library.loci[int(library.record_locus[ranked[0].record])], ranked[0].near.overlap)


def own_rule(library: Library, calibration: Calibration, queries: Sequence[Query]) -> Matched:
    """What our own calibrated rule calls a species."""
    inside = Within(library.sequence)
    named: list[str | None] = []
    for query in queries:
        ranked = own_ranked(library, query)
        found = ruled(library, local_of(library, calibration, ranked), inside, ranked, query) if ranked else None
        named.append(found.taxon if found is not None and found.outcome is Identification.SPECIES else None)
    return matched_of(named, queries)


def at_own_rate(
    own: Matched, engines: Sequence[Searched], sure: list[float | None], queries: list[Query]
) -> dict[str, Matched | None]:
    """What every engine calls at the call rate of our own rule; None where no threshold calls as many."""
    scored = {"spoor, by confidence": (sure, engines[0])}
    scored |= {engine.name: (by_identity(engine.answers), engine) for engine in engines if engine.name not in OWN}
    found: dict[str, Matched | None] = {"spoor, its rule": own}
    for name, (values, engine) in scored.items():
        nearest_of = [answer[0][1] if answer else None for answer in engine.answers]
        found[name] = matched(values, nearest_of, queries, own.called)
    return found


def _rates(scores: Sequence[float | None], queries: Sequence[Query]) -> str:
    points = curve(scores, queries)
    shown = (at_rate(points, rate) for rate in (0.5, 0.7, 0.8, 0.9, 0.95))
    return " | ".join("–" if false is None else f"{false:.3f}" for false in shown)


def calibrated_rows(lines: Lines, title: str, library: Library, calibration: Calibration, queries: list[Query]) -> None:
    """What was stated and what was seen, by length; every species once."""
    queries = one_of_each(queries)
    draw = np.random.Generator(np.random.PCG64(2))
    inside = Within(library.sequence)
    for length in LENGTHS:
        stated: dict[str, list[Rate]] = {"absent": [], "present": []}
        seen = {"absent": [0, 0], "present": [0, 0]}
        named = 0
        for query in queries:
            bases = fragment(query.bases, length, draw) if 0 < length < len(query.bases) else query.bases
            ranked = own_ranked(library, replace(query, bases=bases))
            if not ranked:
                continue
            local = local_of(library, calibration, ranked)
            found = ruled(library, local, inside, ranked, query)
            kind = "present" if query.present else "absent"
            yes = found.outcome is Identification.SPECIES
            named += yes and query.present
            seen[kind][0] += yes and (not query.present or found.taxon != query.species)
            seen[kind][1] += 1
            if local is not None:
                stated["absent"].append(local.species.absent_named)
                stated["present"].append(local.species.present_wrong)
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


def with_short_records(lines: Lines, title: str, kept: Sequence[Record], queries: Sequence[Query]) -> None:
    """Top-1 where four records in ten are cut to a stretch of 15 to 45 % of their length, 100 bases at least."""
    draw = random.Random(6)
    records = [_cut(record, draw) if draw.random() < 0.4 else record for record in kept]
    present = [query for query in queries if query.present]
    with tempfile.TemporaryDirectory(prefix="validation-") as scratch:
        folder = Path(scratch)
        library, _ = library_build(folder / "set", records, name=title, version="1")
        for engine in searched(folder, library, peers_built(folder, records), present):
            lines.add(f"| {title} | {engine.name} | {top_of(engine, present):.4f} | {len(present)} |")


def on_every_record(lines: Lines, title: str, records: Sequence[Record], most: int) -> None:
    """Top-1 of every record whose species has several, left out of its own search; no species is taken out."""
    queries = every_present(records, random.Random(SEED), most)
    with tempfile.TemporaryDirectory(prefix="validation-") as scratch:
        folder = Path(scratch)
        library, _ = library_build(folder / "set", records, name=title, version="1")
        peers = peers_built(folder, records)
        for kind, chosen in query_sets(queries).items():
            for engine in searched(folder, library, peers, chosen) if chosen else ():
                score = top_of(engine, chosen)
                lines.add(
                    f"| {title}, {kind} | {engine.name} | {score:.4f} | {score * len(chosen):.2f} of {len(chosen)} |"
                )


def _cut(record: Record, draw: random.Random) -> Record:
    length = len(record.sequence)
    size = min(length, max(100, round(draw.uniform(0.15, 0.45) * length)))
    start = draw.randint(0, length - size)
    return replace(record, sequence=record.sequence[start : start + size])


def searched(folder: Path, library: Library, peers: Sequence[Peer], queries: Sequence[Query]) -> list[Searched]:
    """The answers of every engine to the same queries."""
    answers = own_answers(library, queries)
    own = [Searched(name=name, answers=answers, ties=ties) for name, ties in OWN.items()]
    return [*own, *(Searched(name=p.name, answers=peer_answers(folder, p, queries), ties=p.ties) for p in peers)]


def measured(paths: Sequence[Path], most: int, of_long: int, out: Path, kept: Path) -> None:
    """All tables, written anew after every set; a set whose tables are kept is not measured again."""
    tables: dict[str, list[str]] = {name: [] for name in TABLES}
    for path in paths:
        part = kept / f"{path.stem}.json"
        if not part.exists():
            part.write_text(json.dumps({name: lines.text for name, lines in of_set(path, most, of_long).items()}))
        for name, rows in json.loads(part.read_text()).items():
            tables[name] += rows
        shown = {name: "\n".join(rows) for name, rows in tables.items()}
        shown["matched"] += "\n" + "\n".join(totals(tables["matched"]))
        out.write_text(PAGE.format(**shown, chance=chance(tables["calibration"])))


def of_set(path: Path, most: int, of_long: int) -> dict[str, Lines]:
    """The tables of one reference file."""
    tables = {name: Lines() for name in TABLES}
    records = list(records_read([path], locus=path.stem, taxonomy=None, left_out=[]))
    found: list[dict[tuple[str, str], Matched | None]] = []
    for seed in seeds_of(records):
        kept, queries = split(records, random.Random(seed), most)
        asked = for_peers(queries, of_long)
        with tempfile.TemporaryDirectory(prefix="validation-") as scratch:
            folder = Path(scratch)
            library_build(folder / "set", kept, name=path.stem, version="1")
            library, calibration = library_calibrate(folder / "set", sample=1000)
            if seed == SEED:
                found.append(searches(tables["search"], path.stem, folder, library, calibration, kept, asked))
                with_short_records(tables["short"], path.stem, kept, asked)
                calibrated_rows(tables["calibration"], path.stem, library, calibration, queries)
                tables["mixtures"].add(mixtures_row(path.stem, library, calibration, queries))
            else:
                found.append(searches(Lines(), path.stem, folder, library, calibration, kept, asked))
    on_every_record(tables["every"], path.stem, records, most)
    for kind, engine in found[0]:
        every = [one[kind, engine] for one in found]
        tables["matched"].add(f"| {path.stem}, {kind} | {engine} | {cells_of(every)} |")
    return tables


def searches(
    lines: Lines,
    title: str,
    folder: Path,
    library: Library,
    calibration: Calibration,
    kept: Sequence[Record],
    queries: list[Query],
) -> dict[tuple[str, str], Matched | None]:
    """Every kind of query by every engine: rows of the table of searches, and what is called at our own call rate."""
    peers = peers_built(folder, kept)
    found: dict[tuple[str, str], Matched | None] = {}
    for kind, chosen in query_sets(queries).items():
        if any(query.present for query in chosen):
            engines = searched(folder, library, peers, chosen)
            sure = by_confidence(library, calibration, chosen)
            sizes = f"({count(chosen, True)}+{count(chosen, False)})"
            search_table(lines, f"{title}, {kind} {sizes}", engines, sure, chosen)
            own = own_rule(library, calibration, chosen)
            found |= {(kind, engine): one for engine, one in at_own_rate(own, engines, sure, chosen).items()}
    return found


def chance(rows: Sequence[str]) -> str:
    """How many rows fail, and how many would by chance alone."""
    failed = sum("| NO |" in row for row in rows)
    return (
        f"{failed} of {len(rows)} rows do not hold; by chance up to {0.025 * len(rows):.1f} would be expected to fail."
    )


def simulated_file(folder: Path, species: int) -> Path:
    """Simulated barcodes as a reference file: partial ones and unsettled bases as in real sets."""
    references, _ = simulated_sets(simulate(species, seed=3), 1)
    path = folder / f"simulated_COI_{species}.fasta"
    path.write_text("".join(f">{name}\n{bases}\n" for name, bases in references))
    return path


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="*")
    parser.add_argument("--simulated", type=int, default=0, metavar="N", help="a set of N simulated species as well")
    parser.add_argument("--out", type=Path, default=Path("docs/validation/species.md"))
    parser.add_argument("--most", type=int, default=400, help="queries of each kind")
    parser.add_argument("--long", type=int, default=MOST_OF_LONG, help="of a long locus, for the peers' sake")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep each set's tables there; those kept stand")
    parsed = parser.parse_args()
    parsed.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="simulated-") as scratch:
        made = [simulated_file(Path(scratch), parsed.simulated)] if parsed.simulated else []
        kept = parsed.keep or Path(scratch) / "tables"
        kept.mkdir(parents=True, exist_ok=True)
        measured([*made, *parsed.files], parsed.most, parsed.long, parsed.out, kept)


if __name__ == "__main__":
    main()
