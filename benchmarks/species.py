"""Species identification against megablast and vsearch: same references, same queries, CPU of one thread, one run.

    python -m benchmarks.species [--species 17500 125000] [--queries 500] [--real FASTA … [--filled 17000]]

Every engine is run as a user runs it, as a process that reads a FASTA file of queries. Warm time per query is
(CPU of all queries − CPU of one query) / (queries − 1), so that loading counts for none. Every engine works with one
thread; each answer is of the better of two rounds. Megablast is run twice: asked for 20 records, which is the least it
can be asked for beside our 10 and ties, and as it comes (500), which costs it two to four times as much; goals are held
against the former. Peers that are not installed are left out and the table says so. Index sizes, memory of a build, the
first query of a worker, what several workers share and a tree beside Bio.Phylo's follow; the goals come last.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.goals import Goal, goals_print
from benchmarks.species_data import Simulated, ambiguous, fragment, relative, simulate, with_errors
from benchmarks.species_tree import TAXA, trees
from benchmarks.species_workers import first_query, shared

ROOT = Path(__file__).resolve().parents[1]
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
VSEARCH = ["--strand", "both", "--threads", "1", "--qmask", "none", "--quiet", "--userfields", "query+target+id"]
MODES = {
    "vsearch .70, 8 hits": ["--id", "0.7", "--maxaccepts", "8", "--maxrejects", "64", "--maxhits", "8"],
    "vsearch .97, 1 hit": ["--id", "0.97"],
}
MEGABLAST = {"megablast, 20 records": ["-max_target_seqs", "20"], "megablast as it comes": []}
STRICT = "megablast, 20 records"
SHORT = "150 bases"
SHARES = {"real": 1 / 20, "many": 1 / 6, "simulated": 1 / 5}
"""Largest share of megablast's time for whole sequences; many are 300,000 references and more."""
SHORT_SHARE = 2 / 3
UDB_SHARE = 0.5
BUILD_MB = 3_000
Run = tuple[float, float]
Named = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A way to search: its name and the command for a file of queries."""

    name: str
    command: Callable[[Path], list[str]]


def ran(command: Sequence[str | Path]) -> Run:
    """CPU seconds (user and system) and wall seconds of a command."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [str(word) for word in command],
        cwd=ROOT, env={**os.environ, **ONE_THREAD}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{command}: {done.stderr.decode()[-500:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def engines(folder: Path) -> list[Engine]:
    """The engines at hand over what `built` left in `folder`."""
    own = [sys.executable, "-m", "analysis", "species", "identify", "--reference", folder / "set", "--format", "jsonl"]
    found = [Engine(name="spoor", command=lambda queries: [*map(str, own), str(queries)])]
    if shutil.which("blastn"):
        for name, words in MEGABLAST.items():
            found.append(Engine(name=name, command=_megablast(folder, words)))
    if shutil.which("vsearch"):
        for name, mode in MODES.items():
            found.append(Engine(name=name, command=_vsearch(folder, mode)))
    return found


def _megablast(folder: Path, words: list[str]) -> Callable[[Path], list[str]]:
    blast = ["blastn", "-task", "megablast", "-num_threads", "1", "-outfmt", "6", *words]
    return lambda queries: [*blast, "-db", str(folder / "blast" / "db"), "-query", str(queries)]


def _vsearch(folder: Path, mode: list[str]) -> Callable[[Path], list[str]]:
    out = ["--userout", os.devnull, "--db", str(folder / "db.udb")]
    return lambda queries: ["vsearch", "--usearch_global", str(queries), *out, *VSEARCH, *mode]


def built(folder: Path, references: Sequence[Named]) -> list[Goal]:
    """Build every index, printing time, peak memory and size."""
    fasta = folder / "COI.fasta"
    fasta.write_text("".join(f">{name}\n{bases}\n" for name, bases in references))
    command = [sys.executable, "-m", "analysis", "species", "build", str(fasta), "--out", str(folder / "set")]
    cpu, peak = _peak([*command, "--sample", "500"])
    size = sum(path.stat().st_size for path in (folder / "set").rglob("*"))
    print(f"spoor build and calibration: {cpu:.1f} s CPU, peak {peak / 1024:.0f} MB, {size / 1e6:.1f} MB on disk")
    goals = [Goal(f"building {len(references):,} references, MB", peak / 1024, BUILD_MB, most=True)]
    if shutil.which("makeblastdb"):
        (folder / "blast").mkdir()
        db = folder / "blast" / "db"
        cpu, _ = ran(["makeblastdb", "-in", fasta, "-dbtype", "nucl", "-out", db])
        blast = sum(path.stat().st_size for path in db.parent.iterdir())
        print(f"makeblastdb: {cpu:.1f} s CPU, {blast / 1e6:.1f} MB")
    if shutil.which("vsearch"):
        udb = folder / "db.udb"
        cpu, _ = ran(["vsearch", "--makeudb_usearch", fasta, "--output", udb, "--quiet", "--dbmask", "none"])
        other = udb.stat().st_size
        print(f"vsearch udb: {cpu:.1f} s CPU, {other / 1e6:.1f} MB; spoor / udb {size / other:.2f}")
        goals.append(Goal("index, share of vsearch's udb", size / other, UDB_SHARE, most=True))
    return goals


def _peak(command: list[str]) -> tuple[float, int]:
    """CPU seconds and peak resident kilobytes of one command, measured in a process of its own."""
    code = (
        "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL);"
        "u = resource.getrusage(resource.RUSAGE_CHILDREN);"
        "print(done.returncode, u.ru_utime + u.ru_stime, u.ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", code, *command], cwd=ROOT, capture_output=True, text=True, check=True)
    status, cpu, peak = done.stdout.split()
    if status != "0":
        raise SystemExit(done.stderr[-500:])
    return float(cpu), int(peak)


def compared(folder: Path, name: str, queries: Sequence[Named], share: float, rounds: int = 2) -> list[Goal]:
    """Print warm time per query of every engine over one set of queries; `share` is what megablast's may be at most."""
    whole, one = folder / "queries.fasta", folder / "one.fasta"
    text = [f">{label}\n{bases}\n" for label, bases in queries]
    whole.write_text("".join(text))
    one.write_text(text[0])
    times: dict[str, float] = {}
    for engine in engines(folder):
        single = min(ran(engine.command(one))[0] for _ in range(rounds))
        every = min(ran(engine.command(whole))[0] for _ in range(rounds))
        times[engine.name] = 1000 * (every - single) / (len(queries) - 1)
    own = times.pop("spoor")
    print(
        f"{name:20s} ms a query, (spoor's share): spoor {own:.2f}, "
        + ", ".join(f"{engine} {ms:.2f} ({own / ms:.3f})" for engine, ms in times.items()),
        flush=True,
    )
    limits = {STRICT: SHORT_SHARE if name == SHORT else share, **dict.fromkeys(MODES, 1.0)}
    modes = [mode for mode in MODES if mode in times]
    if name == SHORT and modes:
        del limits[min(modes, key=times.__getitem__)]  # of short queries vsearch's fastest mode is no goal
    return [Goal(f"{name}: share of {one}", own / times[one], limits[one], most=True) for one in limits if one in times]


def simulated_sets(data: Simulated, queries: int) -> tuple[list[Named], dict[str, list[Named]]]:
    """References and query sets of simulated data: one individual of each species is held out."""
    draw = np.random.Generator(np.random.PCG64(5))
    references: list[Named] = []
    for number in np.flatnonzero(~data.first):
        bases = data.text(int(number))
        if draw.random() < 0.2:
            length = int(draw.integers(int(0.76 * len(bases)), len(bases)))
            start = int(draw.integers(0, len(bases) - length + 1))
            bases = bases[start : start + length]
        bases = ambiguous(bases, abs(float(draw.normal(0, 0.008))), draw)
        references.append((f"r{number}|{species_name(int(data.species[number]))}", bases))
    held = draw.choice(np.flatnonzero(data.first), queries, replace=False)
    texts = [(f"q{number}", data.text(int(number))) for number in held]
    sets = {
        "clean, 0.2 % codes": [(name, ambiguous(bases, 0.002, draw)) for name, bases in texts],
        "3 % errors": [(name, with_errors(bases, 0.03, draw)) for name, bases in texts],
        SHORT: [(name, with_errors(fragment(bases, 150, draw), 0.005, draw)) for name, bases in texts],
    }
    return references, sets


def species_name(number: int) -> str:
    """An invented two-word name, three species a genus."""
    letters = "".join(chr(ord("a") + number // 26**place % 26) for place in range(4))
    return f"Genus{letters_of(number // 3)} species{letters}"


def letters_of(number: int) -> str:
    """A number as four letters."""
    return "".join(chr(ord("a") + number // 26**place % 26) for place in range(4))


def real_sets(paths: Sequence[Path], queries: int) -> tuple[list[Named], dict[str, list[Named]]]:
    """Real references of one locus: all records stay in, each once; the queries are of them, whole and as 150 bases."""
    parts = [part for path in paths for part in path.read_text().split(">")[1:]]
    records = [(head.strip(), "".join(body.split())) for head, _, body in (part.partition("\n") for part in parts)]
    records = list({head.split("|")[0]: (head, bases) for head, bases in reversed(records)}.values())[::-1]
    chosen = random.Random(7).sample(records, min(queries, len(records)))
    draw = np.random.Generator(np.random.PCG64(8))
    named = [(label.split("|")[0], bases) for label, bases in chosen]
    short = [(label, fragment(bases, 150, draw)) for label, bases in named if len(bases) > 150]
    return records, {"whole": named, SHORT: short}


def filled_sets(paths: Sequence[Path], queries: int, size: int) -> tuple[list[Named], dict[str, list[Named]]]:
    """Real references of one locus and made relatives of theirs, `size` in all; the queries are of the real ones."""
    records, sets = real_sets(paths, queries)
    draw = np.random.Generator(np.random.PCG64(9))
    for number in range(size - len(records)):
        label, bases = records[number % len(records)]
        accession, _, rest = label.partition("|")
        records.append((f"{accession}-{number}|{rest}", relative(bases, draw)))
    return records, sets


def measured(title: str, references: Sequence[Named], sets: dict[str, list[Named]], share: float) -> None:
    """One set of references: build, query sets, workers, and what was wanted."""
    print(f"\n{title}: {len(references):,} references; load {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory(prefix="species-") as scratch:
        folder = Path(scratch)
        goals = built(folder, references)
        for name, queries in sets.items():
            goals += compared(folder, name, queries, share)
        goals += first_query(folder / "set", folder / "one.fasta")
        goals += shared(folder / "set", folder / "queries.fasta")
        print(f"goals; load {os.getloadavg()[0]:.1f}")
        goals_print(goals)


def main() -> None:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--species", type=int, nargs="*", default=[17_500], help="simulated species, about four references each"
    )
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument(
        "--real",
        type=Path,
        nargs="*",
        default=[],
        help="reference files of one locus, headers accession|species; each on its own, then all joined",
    )
    parser.add_argument("--filled", type=int, help="once more all joined, filled up to so many with made relatives")
    parsed = parser.parse_args()
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    missing = [tool for tool in ("blastn", "vsearch") if not shutil.which(tool)]
    if missing:
        print(f"not installed, so not compared: {', '.join(missing)}")
    joined = [parsed.real] if len(parsed.real) > 1 else []
    for paths in [*([path] for path in parsed.real), *joined]:
        measured(" + ".join(path.stem for path in paths), *real_sets(paths, parsed.queries), SHARES["real"])
    if parsed.real and parsed.filled:
        title = f"all of these and made relatives, filled to {parsed.filled:,}"
        measured(title, *filled_sets(parsed.real, parsed.queries, parsed.filled), SHARES["real"])
    for count in parsed.species:
        references, sets = simulated_sets(simulate(count, seed=3), parsed.queries)
        share = SHARES["many" if len(references) >= 300_000 else "simulated"]
        measured(f"simulated, {count:,} species", references, sets, share)
    leaves = simulate(TAXA, seed=3)
    goals_print(trees([leaves.text(int(number)) for number in np.flatnonzero(leaves.first)]))


if __name__ == "__main__":
    main()
