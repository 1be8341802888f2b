"""Measures what `docs/validation/origin.md` says, and prints that page.

``python -m benchmarks.validate_origin > docs/validation/origin.md``. Made data always; published data sets where
they lie beside the repository (../shared/data). Everything is drawn from stated seeds, so a second run prints the
same page.
"""

import contextlib
import csv
import io
import json
import sys
from pathlib import Path

import numpy as np

from analysis.__main__ import main as command
from analysis.origin.intervals import wilson
from analysis.origin.isotope.calibration import Known
from analysis.origin.isotope.quality import quality
from analysis.origin.isotope.raster import raster_read
from analysis.origin.isotope.scales import Measured
from analysis.origin.spatial.locate import locate
from analysis.origin.spatial.model import MapModel
from analysis.origin.synthetic_map import MapDesign, synthetic_map
from tests.analysis.origin.map_support import model_of, table_of
from tests.analysis.origin.test_exclusion import simulated
from tests.analysis.origin.test_map_coverage import errors, rupica, thinned

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
BIRDS = (
    ("Lanius ludovicianus", "21"),
    ("Charadrius montanus", "22"),
    ("Charadrius montanus", "11"),
    ("Catharus ustulatus", "2"),
    ("Seiurus aurocapilla", "2"),
    ("Geothlypis trichas", "2"),
    ("Falco sparverius", "6"),
)
HEAD = """# Validation: origin

Printed by `python -m benchmarks.validate_origin > docs/validation/origin.md`; nothing here is typed by hand. Made data
come from stated seeds; published data sets are named. Intervals are Wilson's of 95 % unless another is named. What the
methods do is in [origin](../origin.md).
"""


def main() -> None:
    """Print the page."""
    out = [HEAD, *assignment(), *exclusion(), *maps(), *birds()]
    sys.stdout.write("\n".join(out) + "\n")


def spoken(*words: str) -> str:
    """What a command prints."""
    with contextlib.redirect_stdout(io.StringIO()) as held:
        if command(list(words)) != 0:
            raise SystemExit(f"{' '.join(words)} was refused")
    return held.getvalue()


def assignment() -> list[str]:
    """Leave-one-out and a mixture of published data."""
    folder = DATA / "genotypes"
    if not folder.is_dir():
        return ["## Assignment\n\nThe published tables were not at hand.\n"]
    columns = ["--id-column", "indiv", "--population-column", "collection", "--group-column", "repunit"]
    salmon = json.loads(spoken("origin", "validate", str(folder / "chinook.tsv.gz"), *columns))
    cats = json.loads(
        spoken("origin", "validate", str(folder / "nancycats.tsv"), "--id-column", "id", "--population-column", "pop")
    )
    sure = next(item for item in salmon["by_posterior"]["group"]["at_least"] if item["posterior_from"] == 0.9)
    lines = ["## Assignment, leave-one-out\n", "| data | right | 95 % interval |", "|---|---|---|"]
    rows = [
        (
            "chinook salmon (rubias, CC0), to reporting unit",
            salmon["accuracy"]["group"],
            salmon["interval_95"]["group"],
        ),
        ("the same, to collection", salmon["accuracy"]["population"], salmon["interval_95"]["population"]),
        ("the same, to reporting unit at a posterior of 0.9", sure["accuracy"], sure["interval_95"]),
        ("cats of Nancy (adegenet), to colony", cats["accuracy"]["population"], cats["interval_95"]["population"]),
    ]
    lines += [f"| {name} | {share:.1%} | {low:.1%}–{high:.1%} |" for name, share, (low, high) in rows]
    words = ["origin", "mixture", str(folder / "chinook_mix.tsv.gz"), "--baseline", str(folder / "chinook.tsv.gz")]
    found = [
        json.loads(line)
        for line in spoken(*words, *columns, "--by-column", "collection", "--format", "jsonl").splitlines()
    ]
    groups = next(one for one in found if one["mixture"] == "rec1")["groups"]
    published = {"CentralValleyfa": 0.821, "KlamathR": 0.0669, "RogueR": 0.0606, "CaliforniaCoast": 0.0300}
    lines += [
        "\n## Mixture rec1 of the chinook fishery\n",
        "| reporting unit | share | 95 % bootstrap interval | published |",
    ]
    lines += ["|---|---|---|---|"]
    for item in groups[:4]:
        low, high = item["interval_95"]
        lines.append(
            f"| {item['group']} | {item['share']:.4f} | {low:.4f}–{high:.4f} | {published.get(item['group'], 0):.4f} |"
        )
    return [*lines, ""]


def exclusion() -> list[str]:
    """Exclusion p of true populations, and strangers answered «none»."""
    own: list[float] = []
    for seed in range(6):
        _, p, truth = simulated(seed, samples=250, outside_samples=0, animals=60)
        own += list(p[np.arange(len(truth)), truth])
    lines = ["## Exclusion test, made data\n", "True populations, 1,500 animals of six data sets:\n"]
    lines += ["| stated | excluded | binomial 99 % band |", "|---|---|---|"]
    for level in (0.01, 0.05):
        half = 2.576 * (level * (1 - level) / len(own)) ** 0.5
        lines.append(f"| {level:g} | {np.mean(np.array(own) < level):.4f} | {level - half:.4f}–{level + half:.4f} |")
    lines += ["\nAnimals of a population that is not in the baseline, all excluded at 0.01 (the power of «none»):\n"]
    lines += ["| F_ST of the stranger from the common ancestor | answered none | 95 % interval |", "|---|---|---|"]
    for fst in (0.1, 0.25, 0.5):
        hits: list[bool] = []
        for seed in range(4):
            _, p, _ = simulated(seed, samples=0, outside_samples=25, fst_outside=fst)
            hits += np.all(p < 0.01, axis=1).tolist()
        low, high = wilson(sum(hits), len(hits))
        lines.append(f"| {fst:g} | {sum(hits)} of {len(hits)} | {low:.0%}–{high:.0%} |")
    return [*lines, ""]


def maps() -> list[str]:
    """Coverage and errors of the map."""
    lines = [
        "## Map: 95 % regions and errors\n",
        "Made: stepping-stone demes, 60 sites of 33 animals, 16 loci, spacing 222 km.\n",
    ]
    lines += ["| data | prior | in the 95 % region | median km | mean km | discrete, median km | discrete, mean km |"]
    lines += ["|---|---|---|---|---|---|---|"]
    for size, fst in ((40, "0.13"), (120, "0.05"), (400, "0.015")):
        for seed in (1, 2, 3) if size == 120 else (1,):
            data = synthetic_map(MapDesign(seed=seed, size=size))
            model = model_of(data.baseline_csv)
            name = f"F_ST {fst}, seed {seed}"
            lines += rows_of(f"{name}, sampled sites", model, data.sampled_csv, leave=False)
            lines += rows_of(f"{name}, never sampled", model, data.unsampled_csv, leave=False)
            lines += rows_of(f"{name}, own site left out", model, data.baseline_csv, leave=True, step=11)
    if (DATA / "genotypes").is_dir():
        text = rupica(DATA / "genotypes")
        model = model_of(text)
        lines += rows_of("chamois of the Bauges (adegenet), own animal out", model, text, leave=False)
        lines += rows_of("chamois, own 2.5 km square left out", model, text, leave=True)
    return [*lines, ""]


def rows_of(name: str, model: MapModel, text: str, *, leave: bool, step: int = 1) -> list[str]:
    """One line per prior."""
    table = thinned(table_of(text), step)
    run = locate(model, table, leave_out=table.columns["population"] if leave else None)
    found = []
    for prior in next(iter(run.samples)).by_prior:
        near, discrete, inside = errors(run, table, prior)
        low, high = wilson(int(inside.sum()), len(inside))
        found.append(
            f"| {name} ({len(inside)}) | {prior.value} | {inside.mean():.1%} ({low:.0%}–{high:.0%}) | "
            f"{np.median(near):.4g} | {near.mean():.4g} | {np.median(discrete):.4g} | {discrete.mean():.4g} |"
        )
    return found


def _between(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.0%}–{interval[1]:.0%}"


def birds() -> list[str]:
    """Isotope regions of birds of known origin."""
    folder = DATA / "isotopes"
    if not folder.is_dir():
        return ["## Isotopes\n\nThe published values were not at hand.\n"]
    raster = raster_read((folder / "d2h_lrNA.tif").read_bytes(), name="d2h")
    with (folder / "known_origin_wildlife.tsv").open() as table:
        rows = [row for row in csv.DictReader(table, delimiter="\t") if row["d2H"] not in ("", "NA")]
    lines = ["## Isotopes: δ²H of feathers, whole sites left out\n"]
    head = (
        "One laboratory's values each (assignR's data), coarse isoscape; in brackets exact 99 % intervals. After the "
        "semicolon\nwhat regions of the nominal share alone held: how much a region must hold is read from the other "
        "sites' animals; then the\npart of the isoscape in such regions (precision). Odds: how many times as likely "
        "the true site was as a random place, median.\n"
    )
    lines.append(head)
    lines += ["| taxon, data set | birds | 50 % | 75 % | 90 % | 95 % | odds |", "|---|---|---|---|---|---|---|"]
    for taxon, number in BIRDS:
        known = [
            Known(
                id=row["sample_id"],
                latitude=float(row["lat"]),
                longitude=float(row["lon"]),
                value=Measured(element="H", value=float(row["d2H"]), deviation=0.0, scale=f"data set {number}"),
            )
            for row in rows
            if (row["taxon"], row["dataset_id"]) == (taxon, number)
        ]
        assessed = quality(raster, known)
        found, odds = assessed.coverage, assessed.odds
        cells = [
            f"{one.covered / one.animals:.1%} ({_between(one.interval)}); {one.plain / one.animals:.1%}; {one.area:.0%}"
            for one in found
        ]
        better = "" if odds is None else f"{odds.median:.3g} ({odds.interval[0]:.3g}–{odds.interval[1]:.3g})"
        lines.append(f"| {taxon}, {number} | {found[0].animals} | {' | '.join(cells)} | {better} |")
    return [*lines, ""]


if __name__ == "__main__":
    main()
