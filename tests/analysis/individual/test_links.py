"""Links between seizures: by hand, by enumeration, in simulation."""

import math
from itertools import product

import numpy as np
import pytest

from analysis.errors import InputRefused
from analysis.individual.kinship import ErrorModel, locus_tables
from analysis.individual.linkrules import link_rules
from analysis.individual.links import Evidence, direct_bound, evidence_of, poisson_tail
from analysis.individual.pairs import log_ratio
from analysis.individual.panel import Panel, genotype_index

RULE = link_rules()["pairs-of-seizures"]
EXPECTED = (2.0, 0.2, 0.02, 0.002, 0.0002, 0.00002)


def weighed(observed: tuple[int, ...], *, direct: int = 0, comparisons: int = 3) -> Evidence:
    return evidence_of(
        pairs_compared=2000,
        direct=direct,
        direct_expected=0.0,
        observed=observed,
        expected=EXPECTED,
        rule=RULE,
        comparisons=comparisons,
    )


def test_similarity_by_hand() -> None:
    """4 pairs in the first bin where 2 are expected: weight (4 - 2) / 4 each, sum 2. One direct match: 5."""
    kin = weighed((4, 0, 0, 0, 0, 0))
    assert kin.similarity == pytest.approx(2.0)
    assert (kin.basis, kin.shown) == ("none", False)  # the published scheme would draw it; chance does that often
    assert kin.p == 1.0
    assert weighed((0, 0, 0, 2, 0, 0)).p == pytest.approx(6 * poisson_tail(2, sum(EXPECTED[3:])))
    direct = weighed((0,) * 6, direct=1)
    assert (direct.similarity, direct.basis, direct.p) == (5.0, "direct", 1.0)
    assert weighed((0, 0, 0, 0, 3, 0)).basis == "kin"
    assert weighed((0, 0, 0, 0, 3, 0), direct=1).basis == "both"


@pytest.mark.parametrize("place", range(6))
@pytest.mark.parametrize("comparisons", [1, 1000])
def test_a_single_pair_of_relatives_is_never_a_link(place: int, comparisons: int) -> None:
    """However strong it is, and also beside chance finds of the lower bins as many as are expected."""
    alone = [0] * 6
    alone[place] = 1
    assert weighed(tuple(alone), comparisons=comparisons).basis == "none"
    beside = [2, 0, 0, 0, 0, 0]
    beside[place] += 1
    assert weighed(tuple(beside), comparisons=comparisons).basis == "none"


def test_more_pairs_of_seizures_ask_for_more() -> None:
    found = (2, 0, 0, 2, 0, 0)
    assert weighed(found, comparisons=1).basis == "kin"
    assert weighed(found, comparisons=10_000).basis == "none"


def test_chance_draws_links_as_seldom_as_budgeted() -> None:
    """Poisson counts, thirty searches of a hundred pairs of seizures each: 0.05 links per search at most."""
    random = np.random.default_rng(8)
    drawn = 0
    for means in (EXPECTED, (200.0, 50.0, 12.0, 4.0, 1.0, 0.5)):
        for _ in range(15 * 100):
            counts = tuple(int(count) for count in random.poisson(means))
            link = evidence_of(
                pairs_compared=1,
                direct=0,
                direct_expected=0.0,
                observed=counts,
                expected=means,
                rule=RULE,
                comparisons=100,
            )
            drawn += link.shown
    assert drawn <= 6  # Poisson with mean 1.5: more than six once in a thousand


def test_the_bound_of_direct_matches_keeps_chance_within_the_budget() -> None:
    """E[LR | unrelated] = 1, so at most pairs / LR pass by chance."""
    for pairs in (1, 10**4, 10**8, 10**12):
        assert pairs / 10 ** direct_bound(pairs, RULE) <= RULE.budget * (1 + 1e-9)
    assert direct_bound(1, RULE) == RULE.direct_least_log10


def test_poisson_tail_by_series() -> None:
    assert poisson_tail(1, 2.0) == pytest.approx(1 - math.exp(-2))
    assert poisson_tail(3, 2.0) == pytest.approx(1 - math.exp(-2) * (1 + 2 + 2))
    assert poisson_tail(2, 0.0) == 0.0
    assert poisson_tail(2, 1e-6) == pytest.approx(0.5e-12, rel=1e-5)  # small values stay exact
    assert poisson_tail(900, 1000.0) == pytest.approx(1 - math.fsum(_terms(900, 1000.0)))


def _terms(count: int, mean: float) -> list[float]:
    terms = [math.exp(-mean / 2)]
    for k in range(1, count):
        terms.append(terms[-1] * mean / k)
    return [term * math.exp(-mean / 2) for term in terms]


def test_evidence_that_cannot_be() -> None:
    with pytest.raises(InputRefused, match="bins"):
        weighed((1, 2))
    with pytest.raises(InputRefused, match="from 0 on"):
        weighed((0,) * 6, comparisons=0)


def panel(loci: int, alleles: int, seed: int = 1) -> Panel:
    random = np.random.default_rng(seed)
    return Panel(
        loci=tuple(f"L{number}" for number in range(loci)),
        alleles=tuple(tuple(str(100 + 2 * allele) for allele in range(alleles)) for _ in range(loci)),
        frequencies=tuple(random.dirichlet(np.ones(alleles)) for _ in range(loci)),
        copies=(200,) * loci,
    )


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


def test_log_ratio_of_one_pair() -> None:
    loci = panel(4, 3)
    tables = [locus_tables(p, ErrorModel()).log_ratio("identity") for p in loci.frequencies]
    left, right = np.array([[0], [1], [2], [-1]], np.int32), np.array([[0], [1], [-1], [3]], np.int32)
    assert log_ratio(left, right, 0, 0, tables) == pytest.approx(tables[0][0, 0] + tables[1][1, 1])
