"""The map beside SCAT3 on the same animals: errors, coverage, processor time.

``python -m benchmarks.scat3 --scat3 PROGRAM [--animals 30] [--seeds 1 2] [--runs FOLDER]``. SCAT3 is no part of this
project; it is compiled from its published source (docs/validation/origin-scat3.md says how). Without a program the map
and the discrete answer are measured alone. Its runs are kept in FOLDER, and a run found there is not made again: a
chain takes half a minute per animal.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from analysis.origin.intervals import wilson
from analysis.origin.synthetic_map import MapDesign, synthetic_map
from benchmarks.scat3_files import Row, apart_km, files_write, held, places_read, points_of
from tests.analysis.origin.test_map_coverage import rupica

CHAMOIS = Path(__file__).resolve().parents[2] / "shared" / "data" / "genotypes"
ITERATIONS, THINNING, BURN_IN = 100, 10, 100
"""SCAT3's own defaults."""
_COLUMNS = [
    *("--id-column", "id", "--population-column", "population"),
    *("--latitude-column", "latitude", "--longitude-column", "longitude", "--format", "jsonl"),
]
_WIDENED = 30.0
_HEAD = "| data | animals | method | median km | mean km | in the 95 % region | CPU s |\n|---|---|---|---|---|---|---|"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Animals to place with a baseline. `out`: their whole population is taken out first; `inside`: they are animals of
    the baseline; `factor`: how much SCAT3's land is widened."""

    name: str
    title: str
    queries: tuple[Row, ...]
    baseline: tuple[Row, ...]
    inside: bool
    out: bool
    factor: float = 1.0


def cases(seeds: Sequence[int], animals: int, chamois: Path) -> Iterator[Case]:
    """Made data of each seed and, where they are in the folder, the chamois of the Bauges (adegenet)."""
    for seed in seeds:
        data = synthetic_map(MapDesign(seed=seed))
        baseline, sampled = (_rows(text) for text in (data.baseline_csv, data.sampled_csv))
        left = _spread([rows[5] for rows in _by_population(baseline)], animals)
        made = f"made, seed {seed}"
        yield _case(f"made{seed}", f"{made}, sampled sites", sampled[:animals], baseline, inside=False, out=False)
        yield _case(f"made{seed}-out", f"{made}, own site left out", left, baseline, inside=True, out=True)
    if (chamois / "rupica.tsv").is_file():
        rows = _rows(rupica(chamois))
        some = _spread(rows, animals)
        yield _case("chamois", "chamois, own animal out", some, rows, inside=True, out=False, factor=_WIDENED)
        words = "chamois, own 2.5 km square left out"
        yield _case("chamois-out", words, some, rows, inside=True, out=True, factor=_WIDENED)


def _case(name: str, title: str, queries: Sequence[Row], baseline: Sequence[Row], **more: object) -> Case:
    return Case(name=name, title=title, queries=tuple(queries), baseline=tuple(baseline), **more)  # type: ignore[arg-type]  # named fields


def _rows(text: str) -> list[Row]:
    read = csv.DictReader(io.StringIO(text))
    return [{name: cell for name, cell in row.items() if name != "synthetic"} for row in read]


def _by_population(rows: Sequence[Row]) -> list[list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["population"], []).append(row)
    return list(found.values())


def _spread(rows: Sequence[Row], count: int) -> list[Row]:
    """So many of the rows, shuffled by a fixed seed."""
    order = np.random.RandomState(7).permutation(len(rows))[:count]
    return [rows[place] for place in order.tolist()]


# The map


def map_run(case: Case, folder: Path) -> tuple[list[dict[str, object]], float]:
    """The answers of the command and its processor seconds."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("samples.csv", case.queries), ("baseline.csv", case.baseline)):
        with (folder / name).open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    words = [sys.executable, "-m", "analysis", "origin", "map", str(folder / "samples.csv")]
    words += ["--baseline", str(folder / "baseline.csv"), *_COLUMNS]
    if case.out:
        words.append("--leave-out-own-population")
    text, seconds = timed(words)
    return [json.loads(line) for line in text.splitlines()], seconds


def timed(words: Sequence[str], folder: Path | None = None) -> tuple[str, float]:
    """What a program prints, and its processor seconds, user and system."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(words, cwd=folder, stdout=subprocess.PIPE, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def enclosed(region: dict[str, object], truth: tuple[float, float]) -> bool:
    """Whether a GeoJSON MultiPolygon holds a place, by counting crossed edges."""
    y, x = truth
    odd = False
    for polygon in region["coordinates"]:  # type: ignore[attr-defined]  # a MultiPolygon's list
        for ring in polygon:
            for (x1, y1), (x2, y2) in pairwise(ring):
                if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
                    odd = not odd
    return odd


# SCAT3


def scat_run(case: Case, program: Path, folder: Path) -> float:
    """Make the chains of a case unless they lie in the folder; their processor seconds."""
    spent, out = folder / "cpu.txt", folder / "out"
    if not spent.is_file():
        out.mkdir(parents=True, exist_ok=True)
        own = {row["id"] for row in case.queries}
        rest = [row for row in case.baseline if row["id"] not in own]
        queries = case.queries if case.inside else [_nameless(row) for row in case.queries]
        loci = files_write(folder, queries, rest, case.factor)
        words = [str(program.resolve()), "-A", "1", str(len(queries)), *(["-R"] if case.out else [])]
        words += ["-B../boundary.txt", "../genotypes.txt", "../locations.txt", ".", str(loci)]
        _, seconds = timed([*words, *map(str, (ITERATIONS, THINNING, BURN_IN))], out)
        spent.write_text(f"{seconds:.2f}\n")
    return float(spent.read_text())


def _nameless(row: Row) -> Row:
    return {name: cell for name, cell in row.items() if name != "population"}


# The table


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One method's errors in km over the animals, whether its 95 % region held each, and its processor seconds."""

    method: str
    errors: list[float]
    inside: list[bool]
    seconds: float | None

    def written(self, title: str) -> str:
        """A row of the table."""
        cells = [title, str(len(self.errors)), self.method]
        cells += [f"{np.median(self.errors):.4g}", f"{np.mean(self.errors):.4g}"]
        if self.inside:
            low, high = wilson(sum(self.inside), len(self.inside))
            cells.append(f"{np.mean(self.inside):.1%} ({low:.0%}–{high:.0%})")
        else:
            cells.append("")
        cells.append("" if self.seconds is None else f"{self.seconds:.4g}")
        return f"| {' | '.join(cells)} |"


def lines_of(case: Case, program: Path | None, runs: Path) -> list[Line]:
    """Every method on the animals of a case: map under both priors, discrete answer, SCAT3's points."""
    answers, seconds = map_run(case, runs / case.name / "map")
    truths = [(float(row["latitude"]), float(row["longitude"])) for row in case.queries]
    lines = [_map_line(answers, truths, prior, seconds) for prior in ("flat", "density")]
    discrete = [answer["discrete"]["point"] for answer in answers]  # type: ignore[index]  # JSON
    errors = [apart_km((at["latitude"], at["longitude"]), truth) for at, truth in zip(discrete, truths, strict=True)]
    lines.append(Line(method="discrete assignment", errors=errors, inside=[], seconds=None))
    if program is not None:
        lines += _scat_lines(case, truths, program, runs / case.name)
    return lines


def _map_line(
    answers: Sequence[dict[str, object]], truths: Sequence[tuple[float, float]], prior: str, seconds: float
) -> Line:
    errors, inside = [], []
    for answer, truth in zip(answers, truths, strict=True):
        found = answer["priors"][prior]  # type: ignore[index]  # JSON
        errors.append(apart_km((found["point"]["latitude"], found["point"]["longitude"]), truth))
        inside.append(enclosed(found["regions"]["0.95"]["geojson"], truth))
    return Line(method=f"map, {prior} prior", errors=errors, inside=inside, seconds=seconds)


def _scat_lines(case: Case, truths: Sequence[tuple[float, float]], program: Path, folder: Path) -> list[Line]:
    seconds = scat_run(case, program, folder)
    places = [places_read(folder, row["id"], BURN_IN) for row in case.queries]
    whole = [one for one in places if one is not None]
    if len(whole) < len(places):
        missing = len(places) - len(whole)
        raise SystemExit(f"{folder}: {missing} chains did not end; take the folder away and run again.")
    inside = [held(one, truth) for one, truth in zip(whole, truths, strict=True)]
    points = [points_of(one) for one in whole]
    return [
        Line(
            method=f"SCAT3, {name}",
            errors=[apart_km(point[name], truth) for point, truth in zip(points, truths, strict=True)],
            inside=inside,
            seconds=seconds,
        )
        for name in points[0]
    ]


def goals(lines: Sequence[Line], *, out: bool) -> list[str]:
    """What is asked, in words: the map's median error against that of each of SCAT3's points, its processor time, and
    its mean error against that of discrete assignment where whole sites are out."""
    flat, discrete, chains = lines[0], lines[2], lines[3:]
    found = []
    if out:
        ratio = np.mean(flat.errors) / np.mean(discrete.errors)
        found.append(f"mean error of the map / discrete {ratio:.3f} (aim below 1)")
    if chains and chains[0].seconds and flat.seconds:
        middle = float(np.median(flat.errors))
        ratios = [f"{line.method} {middle / np.median(line.errors):.3f}" for line in chains]
        found.append(f"median error of the map / {', '.join(ratios)} (aim 1.10)")
        found.append(f"CPU of SCAT3 / the map {chains[0].seconds / flat.seconds:,.0f} (aim 200)")
    return found


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scat3", description=__doc__)
    parser.add_argument("--scat3", type=Path, metavar="PROGRAM")
    parser.add_argument("--animals", type=int, default=30)
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--runs", type=Path, metavar="FOLDER", help="where SCAT3's chains are kept")
    parser.add_argument("--chamois", type=Path, metavar="FOLDER", default=CHAMOIS, help="rupica.tsv and rupica_xy.tsv")
    parser.add_argument("--cases", nargs="*", metavar="NAME", help="only these: made1, made1-out, chamois, chamois-out")
    parsed = parser.parse_args(words)
    if parsed.scat3 is None:
        print("SCAT3 was left out: no program was given (--scat3 PROGRAM).\n")
    elif not parsed.scat3.is_file():
        raise SystemExit(f"{parsed.scat3}: no such program.")
    print(_HEAD)
    notes = []
    with tempfile.TemporaryDirectory() as own:
        for case in cases(parsed.seeds, parsed.animals, parsed.chamois):
            if parsed.cases and case.name not in parsed.cases:
                continue
            lines = lines_of(case, parsed.scat3, parsed.runs or Path(own))
            print("\n".join(line.written(case.title) for line in lines), flush=True)
            notes += [f"- {case.title}: {words}." for words in goals(lines, out=case.out)]
    print("\n" + "\n".join(notes))


if __name__ == "__main__":
    main()
