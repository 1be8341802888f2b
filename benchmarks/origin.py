"""Origin: leave-one-out, exclusion and map, each against the same formula in plain loops, in the same run.

Data are made here (chinook-sized SNPs; 60 populations of 34 animals at 16 loci; the stepping-stone map), so that the
figures need nothing else. The plain loops do a part of the work and are scaled up; the part is stated.
"""

import math
import time
from collections.abc import Callable

import numpy as np

from analysis.genotypes.reader import Layout, read_genotypes
from analysis.genotypes.table import GenotypeTable
from analysis.origin.baseline import Baseline, baseline_build
from analysis.origin.exclusion import exclusion_test
from analysis.origin.likelihood import leave_one_out, log_likelihoods
from analysis.origin.spatial import field
from analysis.origin.spatial.geography import chord_km
from analysis.origin.spatial.locate import locate
from analysis.origin.spatial.model import MapModel, model_build
from analysis.origin.spatial.sites import coordinates_of
from analysis.origin.synthetic_map import MapDesign, synthetic_map


def cpu(work: Callable[[], object]) -> tuple[float, object]:
    """CPU seconds of this process, and what the work gave."""
    begun = time.process_time()
    found = work()
    return time.process_time() - begun, found


def made(seed: int, *, populations: int, animals: int, loci: int, alleles: int) -> Baseline:
    """A baseline of differing populations."""
    random = np.random.default_rng(seed)
    codes = np.empty((loci, animals, 2), dtype=np.int16)
    member = np.sort(np.arange(animals) % populations)
    for locus in range(loci):
        frequencies = random.dirichlet(np.ones(alleles), populations).cumsum(axis=1)
        drawn = random.random((animals, 2, 1)) > frequencies[member][:, None, :]
        codes[locus] = np.sort(np.minimum(drawn.sum(axis=2), alleles - 1), axis=1)
    table = GenotypeTable(
        name="made",
        ids=tuple(f"a{number}" for number in range(animals)),
        loci=tuple(f"L{number}" for number in range(loci)),
        alleles=tuple(tuple(str(allele + 1) for allele in range(alleles)) for _ in range(loci)),
        codes=codes,
        lines=tuple(range(2, animals + 2)),
        columns={"population": tuple(f"P{place:03d}" for place in member.tolist())},
    )
    return baseline_build(table, population_column="population")


def plain_leave_one_out(baseline: Baseline, animals: range) -> list[list[float]]:
    """Rannala & Mountain in loops."""
    counts, copies = baseline.counts.tolist(), baseline.copies.tolist()
    known, member, codes = baseline.allele_counts.tolist(), baseline.member.tolist(), baseline.table.codes.tolist()
    found = []
    for animal in animals:
        scores = []
        for population in range(len(baseline.populations)):
            total, own = 0.0, population == member[animal]
            for locus, prior in enumerate(1 / count for count in known):
                a, b = codes[locus][animal]
                n = copies[population][locus] - 2 * own
                x, y = counts[population][locus][a], counts[population][locus][b]
                if a == b:
                    x -= 2 * own
                    total += math.log((x + prior) * (x + prior + 1) / ((n + 1) * (n + 2)))
                else:
                    total += math.log(2 * (x - own + prior) * (y - own + prior) / ((n + 1) * (n + 2)))
            scores.append(total)
        found.append(scores)
    return found


def bench_leave_one_out() -> None:
    """7,301 x 69 x 91."""
    baseline = made(1, populations=69, animals=7301, loci=91, alleles=4)
    seconds, scores = cpu(lambda: leave_one_out(baseline))
    part = range(0, 7301, 365)
    loop, again = cpu(lambda: plain_leave_one_out(baseline, part))
    assert np.allclose(np.array(again), np.asarray(scores)[list(part)])
    report("leave-one-out 7,301 x 69 x 91", seconds, 1.5, loop * 7301 / len(part), f"{len(part)} animals in loops")


def plain_exclusion(baseline: Baseline, population: int, made_genotypes: int) -> int:
    """Gametes, genotypes and their scores in loops; returns how many were scored."""
    random = np.random.default_rng(2)
    animals = np.flatnonzero(baseline.member == population).tolist()
    codes, counts = baseline.table.codes.tolist(), baseline.counts[population].tolist()
    copies, known = baseline.copies[population].tolist(), baseline.allele_counts.tolist()
    for _ in range(made_genotypes):
        first, second = (animals[int(place)] for place in random.integers(len(animals), size=2))
        total = 0.0
        for locus, side in enumerate(random.integers(2, size=(len(known), 2)).tolist()):
            a, b = codes[locus][first][side[0]], codes[locus][second][side[1]]
            prior, n = 1 / known[locus], copies[locus] - 2
            if a == b:
                x = max(counts[locus][a] - 2, 0)
                total += math.log((x + prior) * (x + prior + 1) / ((n + 1) * (n + 2)))
            else:
                x, y = counts[locus][a] - 1, counts[locus][b] - 1
                total += math.log(2 * (x + prior) * (y + prior) / ((n + 1) * (n + 2)))
    return made_genotypes


def bench_exclusion() -> None:
    """100 queries x 60 populations x 10,000 genotypes."""
    baseline = made(3, populations=60, animals=2040, loci=16, alleles=12)
    queries = baseline.table.codes[:, ::20][:, :100]
    scores = log_likelihoods(baseline, queries)
    typed = np.ones((100, 16), dtype=np.bool_)
    seconds, _ = cpu(lambda: exclusion_test(baseline, scores, typed, simulations=10_000, seed=1))
    loop, count = cpu(lambda: plain_exclusion(baseline, 0, 2_000))
    report("exclusion 100 x 60 x 10,000", seconds, 3.0, loop * 600_000 / int(str(count)), "2,000 genotypes in loops")


def bench_map() -> None:
    """60 sites x 16 loci: the fit with its surfaces, the calibration, then single queries."""
    data = synthetic_map(MapDesign(seed=1))
    layout = Layout(id="id", others=("population", "latitude", "longitude"), ignored=("synthetic",))
    table = read_genotypes(data.baseline_csv.encode(), name="map", layout=layout)
    baseline = baseline_build(table, population_column="population")
    places = coordinates_of(baseline, latitude_column="latitude", longitude_column="longitude")
    steps = counted_steps(lambda: model_build(baseline, places, calibrated=False))
    seconds, _ = cpu(lambda: model_build(baseline, places, calibrated=False))
    full, model = cpu(lambda: model_build(baseline, places))
    assert isinstance(model, MapModel)
    fitted = plain_fit(model, steps)
    samples = read_genotypes(data.unsampled_csv.encode(), name="samples", layout=layout)
    each, _ = cpu(lambda: locate(model, samples))
    loop, cells = cpu(lambda: plain_surface(model, samples, 2))
    report(
        "map: fit and surfaces, 60 sites x 16 loci",
        seconds,
        2.0,
        fitted,
        f"with calibration by left-out sites {full:.2f} s; loops: one of {steps} Newton steps, one cell's variance",
    )
    report(
        "map: one query, both priors", each / len(samples), 0.005, loop / 2, f"{cells} cells; likelihood alone in loops"
    )


def counted_steps(work: Callable[[], object]) -> int:
    """How many Newton steps of single alleles a fit takes."""
    taken = 0
    quick = field._newton

    def counting(*arguments: object) -> object:
        nonlocal taken
        found = quick(*arguments)  # type: ignore[arg-type]  # as it was called
        taken += len(found)
        return found

    field._newton = counting  # type: ignore[assignment]  # put back below
    try:
        work()
    finally:
        field._newton = quick
    return taken


def plain_fit(model: MapModel, steps: int) -> float:
    """Seconds of that many Newton steps and of every cell's variance in loops, from one of each."""
    fit, surface = model.field, model.surface
    kernel = fit.covariance.within(chord_km(fit.vectors, fit.vectors)).tolist()
    copies, totals = fit.counts.copies[0].tolist(), fit.counts.totals[0].tolist()
    step, _ = cpu(lambda: plain_step(kernel, copies, totals, float(fit.mean[0]), [0.0] * len(kernel)))
    precision, cross = fit.precision[0].tolist(), surface.cells[0].tolist()
    variance, _ = cpu(
        lambda: sum(a * b * row[j] for a, row in zip(cross, precision, strict=True) for j, b in enumerate(cross))
    )
    return step * steps + variance * surface.mean.size


def plain_step(
    kernel: list[list[float]], copies: list[float], totals: list[float], mean: float, dual: list[float]
) -> list[float]:
    """One step of Rasmussen & Williams' algorithm 3.1 in loops, the system solved by elimination."""
    sites = range(len(kernel))
    latent = [sum(kernel[i][j] * dual[j] for j in sites) for i in sites]
    share = [1 / (1 + math.exp(-mean - value)) for value in latent]
    weight = [totals[i] * share[i] * (1 - share[i]) for i in sites]
    target = [weight[i] * latent[i] + copies[i] - totals[i] * share[i] for i in sites]
    root = [math.sqrt(value) for value in weight]
    system = [[root[i] * kernel[i][j] * root[j] + (i == j) for j in sites] for i in sites]
    right = [root[i] * sum(kernel[i][j] * target[j] for j in sites) for i in sites]
    for i in sites:
        for below in range(i + 1, len(system)):
            factor = system[below][i] / system[i][i]
            for j in range(i, len(system)):
                system[below][j] -= factor * system[i][j]
            right[below] -= factor * right[i]
    for i in reversed(sites):
        right[i] = (right[i] - sum(system[i][j] * right[j] for j in range(i + 1, len(system)))) / system[i][i]
    return [target[i] - root[i] * right[i] for i in sites]


def plain_surface(model: MapModel, samples: GenotypeTable, queries: int) -> int:
    """Log-likelihood of some genotypes in every cell, in loops."""
    tables = model.tables
    known = model.baseline.allele_counts.tolist()
    weights, sums, pooled = tables.weights.tolist(), tables.sums.tolist(), tables.pooled.tolist()
    names = model.baseline.table.alleles
    cells = len(weights[0])
    for query in range(queries):
        pairs = [samples.genotype(query, locus) for locus in range(len(known))]
        for cell in range(cells):
            total = 0.0
            for locus, pair in enumerate(pairs):
                if pair is None or not set(pair) <= set(names[locus]):
                    continue
                a, b = (tables.starts[locus] + names[locus].index(allele) for allele in pair)
                s, twice = sums[locus][cell], 1 if a == b else 2
                chance = weights[a][cell] * (weights[b][cell] + (a == b)) / (s * (s + 1)) * twice
                total += math.log((1 - tables.error) * chance + tables.error * twice * pooled[a] * pooled[b])
    return cells


def report(what: str, seconds: float, limit: float, loop: float | None, how: str) -> None:
    """One line."""
    ratio = "" if loop is None else f"   {loop / seconds:8.0f} x plain loops ({loop:.4g} s)"
    print(f"{what:45} {seconds:9.4f} s CPU   aim {limit:g} s{ratio}   {how}")


def main() -> None:
    """All of them."""
    bench_leave_one_out()
    bench_exclusion()
    bench_map()


if __name__ == "__main__":
    main()
