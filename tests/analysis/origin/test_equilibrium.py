"""F_ST, Hardy-Weinberg and linkage: extremes by hand, components by analysis of variance, calibration in simulation."""

from pathlib import Path

import numpy as np
import pytest

from analysis.genotypes.reader import Layout, read_genotypes
from analysis.origin.baseline import Baseline, baseline_build
from analysis.origin.equilibrium import differentiation, equilibrium
from analysis.statistics import chi_square_survival
from tests.analysis.origin.conftest import baseline_of


def test_fixed_populations_and_equal_ones() -> None:
    fixed = baseline_of("a P 1/1\nb P 1/1\nc P 1/1\nd Q 2/2\ne Q 2/2\nf Q 2/2\n")
    assert differentiation(fixed).fst == pytest.approx(1.0)
    het = baseline_of("a P 1/2\nb P 1/2\nc P 1/2\nd Q 1/2\ne Q 1/2\nf Q 1/2\n")
    # All heterozygous: b is negative, so that F_IS is -1 in the limit of many animals; here b = -n/(n-1)(…).
    assert differentiation(het).fis is not None
    assert differentiation(het).fis < -0.5  # type: ignore[operator]  # a number


def nested_anova(baseline: Baseline) -> tuple[float, float]:
    """Variance components of allele indicators in a nested analysis of variance (copies in animals in
    populations), the definition Weir & Cockerham's formulae are derived from; complete data only."""
    a = b = c = 0.0
    codes, member = baseline.table.codes, baseline.member
    for locus in range(len(codes)):
        for allele in range(int(baseline.allele_counts[locus])):
            x = (codes[locus] == allele).astype(float)
            total, r = len(x), len(baseline.populations)
            size = np.bincount(member).astype(float)
            animal = x.mean(axis=1)
            population = np.bincount(member, weights=animal) / size
            within = ((x - animal[:, None]) ** 2).sum() / total
            between = 2 * ((animal - population[member]) ** 2).sum() / (total - r)
            among = 2 * (size * (population - animal.mean()) ** 2).sum() / (r - 1)
            width = (total - (size**2).sum() / total) / (r - 1)
            c += within
            b += (between - within) / 2
            a += (among - between) / (2 * width)
    return a / (a + b + c), b / (b + c)


def made(seed: int, *, fst: float = 0.1, inbred: float = 0.0, populations: int = 6, animals: int = 40) -> Baseline:
    random = np.random.default_rng(seed)
    lines = ["id,population," + ",".join(f"L{locus}_{half}" for locus in range(8) for half in (1, 2))]
    ancestral = random.dirichlet(np.ones(6), 8)
    for population in range(populations):
        own = [random.dirichlet(p * (1 - fst) / fst + 1e-9) for p in ancestral]
        for animal in range(animals):
            cells = []
            for p in own:
                first = random.choice(6, p=p)
                second = first if random.random() < inbred else random.choice(6, p=p)
                cells += [str(100 + 2 * first), str(100 + 2 * second)]
            lines.append(f"{population}-{animal},P{population}," + ",".join(cells))
    layout = Layout(id="id", population="population")
    return baseline_build(
        read_genotypes("\n".join(lines).encode(), name="made", layout=layout), population_column="population"
    )


def test_components_are_those_of_the_analysis_of_variance() -> None:
    for seed in range(3):
        baseline = made(seed)
        found = differentiation(baseline)
        assert (found.fst, found.fis) == pytest.approx(nested_anova(baseline), abs=1e-9)


def test_cats_of_nancy_as_published(genotype_data: Path) -> None:
    """adegenet's tutorial prints F_ST 0.08494959, F_IS 0.1205890 and F_IT 0.1952946 (hierfstat's estimator)."""
    layout = Layout(id="id", population="pop")
    content = (genotype_data / "nancycats.tsv").read_bytes()
    table = read_genotypes(content, name="nancycats.tsv", layout=layout)
    found = differentiation(baseline_build(table, population_column="pop"))
    assert found.fst == pytest.approx(0.08494959, abs=5e-9)
    assert found.fis == pytest.approx(0.1205890, abs=5e-8)


def test_what_was_put_in_is_found_again() -> None:
    found = [differentiation(made(seed, fst=0.1, populations=20)) for seed in range(5)]
    assert np.mean([one.fst for one in found]) == pytest.approx(0.1, abs=0.02)
    assert np.mean([one.fis for one in found]) == pytest.approx(0.0, abs=0.02)


def test_departures_are_as_many_as_chance_lets_expect_and_inbreeding_shows() -> None:
    found = equilibrium(made(3, populations=12), alpha=0.05, shuffles=499)
    assert found.hardy_weinberg_tests > 60
    # A discrete two-sided test is conservative: no more than the 99 % band above 5 %.
    limit = found.hardy_weinberg_tests * 0.05
    assert len(found.departures) <= limit + 2.576 * (limit * 0.95) ** 0.5
    assert len(found.linked) <= found.linkage_tests * 0.05 + 2.576 * (found.linkage_tests * 0.05 * 0.95) ** 0.5
    inbred = equilibrium(made(3, inbred=0.5), alpha=0.01, shuffles=499)
    assert len(inbred.departures) > 0.5 * inbred.hardy_weinberg_tests
    assert all(one.deficit for one in inbred.departures)


def test_a_doubled_locus_is_linked() -> None:
    rows = []
    random = np.random.default_rng(1)
    for population in "PQ":
        for animal in range(30):
            a, b, c, d = random.integers(1, 4, 4)
            rows.append(f"{population}{animal} {population} {a}/{b} {a}/{b} {c}/{d}")
    found = equilibrium(baseline_of("\n".join(rows)), shuffles=99)
    assert [(one.first, one.second) for one in found.linked] == [("L1", "L2")]
    assert found.linkage_tests == 3


def test_chi_square_in_closed_form() -> None:
    """Two degrees: exp(-x/2). Four: exp(-x/2) (1 + x/2). One degree at 3.841459: 0.05."""
    for x in (0.1, 2.0, 9.0, 60.0):
        assert chi_square_survival(x, 2) == pytest.approx(np.exp(-x / 2), rel=1e-10)
        assert chi_square_survival(x, 4) == pytest.approx(np.exp(-x / 2) * (1 + x / 2), rel=1e-10)
    assert chi_square_survival(3.841458820694124, 1) == pytest.approx(0.05, rel=1e-9)
    assert chi_square_survival(0.0, 3) == 1.0
