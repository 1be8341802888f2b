"""Links between seizures and parentage: by hand, by enumeration, in simulation."""

import math
from itertools import combinations_with_replacement, product

import numpy as np
import pytest

from analysis.errors import InputRefused
from analysis.individual.kinship import ErrorModel, locus_tables
from analysis.individual.links import (
    BINS,
    Hit,
    budget,
    false_positive_rates,
    poisson_tail,
    seizure_links,
)
from analysis.individual.pairs import log_ratio
from analysis.individual.panel import Panel, genotype_index
from analysis.individual.parentage import (
    exceedance,
    pair_contradiction,
    pair_test,
    parent_test,
    trio_contradiction,
)

RATES = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
COMPARED = {("A", "B"): 2000, ("A", "C"): 2000, ("B", "C"): 2000}


def test_similarity_by_hand() -> None:
    """A-B: 4 pairs in the first bin where 2 are expected: weight (4 - 2) / 4, sum 2. A-C: one direct match: 5."""
    hits = [Hit(first_seizure="B", second_seizure="A", log10_lr=2.2)] * 4
    hits.append(Hit(first_seizure="A", second_seizure="C", log10_lr=9.0, direct=True))
    direct, kin, none = seizure_links(hits, COMPARED, RATES)
    assert (direct.first, direct.second, direct.similarity, direct.shown) == ("A", "C", 5.0, True)
    assert (kin.first, kin.second, kin.similarity) == ("A", "B", pytest.approx(2.0))
    assert kin.observed == (4, 0, 0, 0, 0, 0)
    assert kin.p == pytest.approx(poisson_tail(4, 2000 * sum(RATES)))
    assert (none.similarity, none.shown, none.p) == (0.0, False, 1.0)
    assert budget(COMPARED, RATES) == pytest.approx(6000 * sum(RATES))


def test_a_single_pair_of_chance_strength_is_never_a_link() -> None:
    (link,) = seizure_links([Hit(first_seizure="A", second_seizure="B", log10_lr=2.1)], {("A", "B"): 2000}, RATES)
    assert not link.shown
    assert link.similarity == 0.0


def test_poisson_tail_by_series() -> None:
    assert poisson_tail(1, 2.0) == pytest.approx(1 - math.exp(-2))
    assert poisson_tail(3, 2.0) == pytest.approx(1 - math.exp(-2) * (1 + 2 + 2))
    assert poisson_tail(2, 0.0) == 0.0


def test_links_that_cannot_be() -> None:
    hit = Hit(first_seizure="A", second_seizure="D", log10_lr=3.0)
    with pytest.raises(InputRefused, match="not compared"):
        seizure_links([hit], COMPARED, RATES)
    with pytest.raises(InputRefused, match="in order"):
        seizure_links([], {("B", "A"): 3}, RATES)
    with pytest.raises(InputRefused, match="bins"):
        seizure_links([], COMPARED, RATES[:2])


def panel(loci: int, alleles: int, seed: int = 1) -> Panel:
    random = np.random.default_rng(seed)
    return Panel(
        loci=tuple(f"L{number}" for number in range(loci)),
        alleles=tuple(tuple(str(100 + 2 * allele) for allele in range(alleles)) for _ in range(loci)),
        frequencies=tuple(random.dirichlet(np.ones(alleles)) for _ in range(loci)),
    )


def test_rates_obey_the_bound_of_likelihood_ratios() -> None:
    """P(LR >= x | unrelated) <= 1 / x for each relationship, so at most 3 / x for the largest of three."""
    tables = [locus_tables(p, ErrorModel()) for p in panel(16, 8).frequencies]
    rates = false_positive_rates(tables, pairs=200_000, seed=4)
    assert len(rates) == len(BINS)
    for place, start in enumerate(BINS):
        assert sum(rates[place:]) <= 3 * 10**-start + 5 * math.sqrt(3 * 10**-start / 200_000) + len(BINS) / 200_000
    assert rates[0] > rates[3]
    assert false_positive_rates(tables, pairs=200_000, seed=4) == rates


@pytest.mark.parametrize("seed", [1, 2])
def test_theta_lowers_false_positives_in_structured_populations_eightfold(seed: int) -> None:
    """Unrelated animals of ten populations with F_ST 0.05, frequencies of all taken together: pairs within a population
    at a likelihood ratio of 1,000 or more, without theta and with 0.05."""
    random = np.random.default_rng(seed)
    loci, alleles, populations, animals = 16, 12, 10, 300
    ancestral = random.dirichlet(np.ones(alleles), loci)
    index = genotype_index(alleles)
    numbers = np.empty((loci, populations, animals), dtype=np.int32)
    pooled = np.zeros((loci, alleles))
    for locus, population in product(range(loci), range(populations)):
        own = random.dirichlet(ancestral[locus] * (1 - 0.05) / 0.05 + 1e-9)
        drawn = random.choice(alleles, (animals, 2), p=own)
        numbers[locus, population] = index[drawn[:, 0], drawn[:, 1]]
        pooled[locus] += np.bincount(drawn.ravel(), minlength=alleles)
    pooled = (pooled + 1 / alleles) / (pooled.sum(axis=1, keepdims=True) + 1)
    for relationship in ("parent_offspring", "full_siblings"):
        found = [_reaching(numbers, pooled, relationship, theta) for theta in (0.0, 0.05)]
        assert found[0] > 100
        assert found[0] >= 8 * found[1]


def _reaching(numbers: np.ndarray, pooled: np.ndarray, relationship: str, theta: float) -> int:
    model = ErrorModel(theta=theta, dropout=0.02, miscall=0.005)
    logs = [locus_tables(p, model).log_ratio(relationship) for p in pooled]
    count = 0
    for population in range(numbers.shape[1]):
        own = numbers[:, population]
        total = sum(table[own[locus]][:, own[locus]] for locus, table in enumerate(logs))
        count += int((np.triu(total, 1) >= math.log(1000)).sum())
    return count


# Parentage


def genotypes(alleles: int) -> list[tuple[int, int]]:
    return list(combinations_with_replacement(range(alleles), 2))


def test_contradictions_by_mendel() -> None:
    """All trios of three alleles: possible where one allele comes from each parent."""
    order = genotypes(3)
    trio, pair = trio_contradiction(3), pair_contradiction(3)
    for m, f, c in product(range(6), repeat=3):
        (a, b), mother, father = order[c], order[m], order[f]
        possible = (a in mother and b in father) or (b in mother and a in father)
        assert trio[m, f, c] == (not possible)
        assert pair[m, c] == (not set(order[m]) & set(order[c]))


def test_chance_of_contradictions_by_poisson_binomial() -> None:
    chances = (0.1, 0.3, 0.05)
    for count in range(4):
        total = 0.0
        for outcome in product((0, 1), repeat=3):
            if sum(outcome) >= count:
                total += math.prod(chance if hit else 1 - chance for hit, chance in zip(outcome, chances, strict=True))
        assert exceedance(chances, count) == pytest.approx(total)


def family(loci: Panel, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Mother, father, their young and a stranger, without errors."""
    random = np.random.default_rng(seed)
    found = np.empty((4, len(loci.loci)), dtype=np.int32)
    for locus, p in enumerate(loci.frequencies):
        index = genotype_index(len(p))
        mother, father, other = (random.choice(len(p), 2, p=p) for _ in range(3))
        egg, sperm = random.choice(mother), random.choice(father)
        found[:, locus] = [
            index[mother[0], mother[1]],
            index[father[0], father[1]],
            index[egg, sperm],
            index[other[0], other[1]],
        ]
    mother, father, young, stranger = found
    return mother, father, young, stranger


def test_true_families_stay_possible_and_strangers_are_excluded() -> None:
    loci, model = panel(16, 8, seed=3), ErrorModel()
    excluded = 0
    for seed in range(30):
        mother, father, young, stranger = family(loci, seed)
        true = pair_test(loci, young, mother, father, model)
        assert (true.contradictions, true.excluded, true.p) == (0, False, pytest.approx(1.0))
        wrong = pair_test(loci, young, stranger, father, model)
        excluded += wrong.excluded
        assert wrong.power > 0.9
    assert excluded >= 24


def test_expected_contradictions_without_error_are_none() -> None:
    loci = panel(10, 4)
    mother, father, young, _ = family(loci, 5)
    exact = ErrorModel(theta=0.0, dropout=0.0, miscall=0.0)
    assert pair_test(loci, young, mother, father, exact).expected == pytest.approx(0.0, abs=1e-12)
    assert parent_test(loci, young, mother, exact).expected == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(InputRefused, match="8 are needed"):
        parent_test(panel(5, 4), young[:5], mother[:5], exact)


def test_log_ratio_of_one_pair() -> None:
    loci = panel(4, 3)
    tables = [locus_tables(p, ErrorModel()).log_ratio("identity") for p in loci.frequencies]
    left, right = np.array([[0], [1], [2], [-1]], np.int32), np.array([[0], [1], [-1], [3]], np.int32)
    assert log_ratio(left, right, 0, 0, tables) == pytest.approx(tables[0][0, 0] + tables[1][1, 1])
