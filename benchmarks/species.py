"""Species identification against megablast and vsearch: same references, same queries, CPU of one thread, one run.

    python -m benchmarks.species [--species 20000] [--queries 500] [--real FASTA …]

Every engine is run as a user runs it, as a process that reads a FASTA file of queries. Warm time per query is
(CPU of all queries − CPU of one query) / (queries − 1), so that loading counts for none. Peers that are not installed
are left out and the table says so. Index sizes, times to build and the first query after loading follow.
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

from benchmarks.species_data import Simulated, ambiguous, fragment, simulate, with_errors

ROOT = Path(__file__).resolve().parents[1]
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
VSEARCH = ["--strand", "both", "--threads", "1", "--qmask", "none", "--quiet", "--userfields", "query+target+id"]
MODES = {
    "vsearch .70, 8 hits": ["--id", "0.7", "--maxaccepts", "8", "--maxrejects", "64", "--maxhits", "8"],
    "vsearch .97, 1 hit": ["--id", "0.97"],
}
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
        blast = ["blastn", "-task", "megablast", "-num_threads", "1", "-max_target_seqs", "20", "-outfmt", "6"]
        found.append(
            Engine(
                name="megablast",
                command=lambda queries: [*blast, "-db", str(folder / "blast" / "db"), "-query", str(queries)],
            )
        )
    if shutil.which("vsearch"):
        for name, mode in MODES.items():
            found.append(Engine(name=name, command=_vsearch(folder, mode)))
    return found


def _vsearch(folder: Path, mode: list[str]) -> Callable[[Path], list[str]]:
    out = ["--userout", os.devnull, "--db", str(folder / "db.udb")]
    return lambda queries: ["vsearch", "--usearch_global", str(queries), *out, *VSEARCH, *mode]


def built(folder: Path, references: Sequence[Named]) -> None:
    """Build every index, printing time, peak memory and size."""
    fasta = folder / "COI.fasta"
    fasta.write_text("".join(f">{name}\n{bases}\n" for name, bases in references))
    command = [sys.executable, "-m", "analysis", "species", "build", str(fasta), "--out", str(folder / "set")]
    cpu, peak = _peak([*command, "--sample", "500"])
    size = sum(path.stat().st_size for path in (folder / "set").rglob("*"))
    print(f"spoor build and calibration: {cpu:.1f} s CPU, peak {peak / 1024:.0f} MB, {size / 1e6:.1f} MB on disk")
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


def compared(folder: Path, name: str, queries: Sequence[Named], rounds: int = 2) -> None:
    """Print warm time per query of every engine over one set of queries."""
    whole, one = folder / "queries.fasta", folder / "one.fasta"
    text = [f">{label}\n{bases}\n" for label, bases in queries]
    whole.write_text("".join(text))
    one.write_text(text[0])
    times: dict[str, float] = {}
    for engine in engines(folder):
        single = min(ran(engine.command(one))[0] for _ in range(rounds))
        every = min(ran(engine.command(whole))[0] for _ in range(rounds))
        times[engine.name] = 1000 * (every - single) / (len(queries) - 1)
    own = times["spoor"]
    cells = [f"{engine} {ms:.2f}" + ("" if engine == "spoor" else f" ({own / ms:.3f})") for engine, ms in times.items()]
    print(f"{name:24s} ms a query, (spoor's share): " + ", ".join(cells), flush=True)


def first_query(folder: Path) -> None:
    """Wall time of opening a set and of the first query in a new process, its imports done."""
    code = (
        "import sys, time; from pathlib import Path;"
        "from analysis.species.calibration import calibration_read; from analysis.species.identify import identify;"
        "from analysis.species.library import library_open; from analysis.species.report import identified_json;"
        "query = Path(sys.argv[2]).read_text().split()[1].encode();"
        "a = time.perf_counter(); library = library_open(Path(sys.argv[1])); cal = calibration_read(library);"
        "b = time.perf_counter(); identified_json(identify(library, cal, 'q', query));"
        "c = time.perf_counter(); print(round(1000 * (b - a)), round(1000 * (c - b)))"
    )
    command = [sys.executable, "-c", code, str(folder / "set"), str(folder / "one.fasta")]
    tries = [
        subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split() for _ in range(3)
    ]
    opened, first = min((int(a), int(b)) for a, b in tries)
    print(f"opening with every byte checked {opened} ms wall, first query after it {first} ms wall")


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
        "150 bases": [(name, with_errors(fragment(bases, 150, draw), 0.005, draw)) for name, bases in texts],
    }
    return references, sets


def species_name(number: int) -> str:
    """An invented two-word name, three species a genus."""
    letters = "".join(chr(ord("a") + number // 26**place % 26) for place in range(4))
    return f"Genus{letters_of(number // 3)} species{letters}"


def letters_of(number: int) -> str:
    """A number as four letters."""
    return "".join(chr(ord("a") + number // 26**place % 26) for place in range(4))


def real_sets(path: Path, queries: int) -> tuple[list[Named], dict[str, list[Named]]]:
    """A real reference file: all its records stay in; the queries are records of it, whole and as 150 bases."""
    parts = path.read_text().split(">")[1:]
    records = [(head.strip(), "".join(body.split())) for head, _, body in (part.partition("\n") for part in parts)]
    records = list({head.split("|")[0]: (head, bases) for head, bases in reversed(records)}.values())[::-1]
    chosen = random.Random(7).sample(records, min(queries, len(records)))
    draw = np.random.Generator(np.random.PCG64(8))
    named = [(label.split("|")[0], bases) for label, bases in chosen]
    short = [(label, fragment(bases, 150, draw)) for label, bases in named if len(bases) > 150]
    return records, {"whole": named, "150 bases": short}


def measured(title: str, references: Sequence[Named], sets: dict[str, list[Named]]) -> None:
    """One set of references: build, query sets, first query."""
    print(f"\n{title}: {len(references):,} references; load {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory(prefix="species-") as scratch:
        folder = Path(scratch)
        built(folder, references)
        for name, queries in sets.items():
            compared(folder, name, queries)
        first_query(folder)


def main() -> None:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--species", type=int, nargs="*", default=[17_500], help="simulated species, about four references each"
    )
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--real", type=Path, nargs="*", default=[], help="reference files, headers accession|species")
    parsed = parser.parse_args()
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    missing = [tool for tool in ("blastn", "vsearch") if not shutil.which(tool)]
    if missing:
        print(f"not installed, so not compared: {', '.join(missing)}")
    for path in parsed.real:
        measured(path.stem, *real_sets(path, parsed.queries))
    for count in parsed.species:
        measured(f"simulated, {count:,} species", *simulated_sets(simulate(count, seed=3), parsed.queries))


if __name__ == "__main__":
    main()
