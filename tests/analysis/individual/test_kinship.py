"""Kinship tables against Mendel by enumeration, and against formulae that are derived in other ways."""

from collections import defaultdict
from itertools import combinations_with_replacement, product

import numpy as np
import pytest

from analysis.errors import InputRefused
from analysis.individual.kinship import RELATIONSHIPS, ErrorModel, identity_states, locus_tables, observation
from analysis.individual.probability import (
    match_probability,
    probability_of_identity,
    probability_of_identity_siblings,
)

FOUR = np.array([0.4, 0.3, 0.2, 0.1])
EXACT = ErrorModel(theta=0.0, dropout=0.0, miscall=0.0)
Genotype = tuple[int, int]


def genotypes(count: int) -> list[Genotype]:
    return list(combinations_with_replacement(range(count), 2))


def hardy_weinberg(p: np.ndarray) -> dict[Genotype, float]:
    return {(a, b): float(p[a] * p[b] * (1 if a == b else 2)) for a, b in genotypes(len(p))}


def child_of(mother: Genotype, father: Genotype) -> dict[Genotype, float]:
    found: dict[Genotype, float] = defaultdict(float)
    for egg, sperm in product(mother, father):
        found[(min(egg, sperm), max(egg, sperm))] += 0.25
    return found


def mendel(p: np.ndarray) -> dict[str, np.ndarray]:
    """Joint genotype probabilities by going through all parents and all their gametes."""
    pool, order = hardy_weinberg(p), genotypes(len(p))
    place = {genotype: number for number, genotype in enumerate(order)}
    joint = {name: np.zeros((len(order),) * 2) for name in RELATIONSHIPS}
    for mother, father in product(order, order):
        parents = pool[mother] * pool[father]
        children = child_of(mother, father)
        for first, chance in children.items():
            joint["parent_offspring"][place[mother], place[first]] += parents * chance
            joint["identity"][place[first], place[first]] += parents * chance
            for second, again in children.items():
                joint["full_siblings"][place[first], place[second]] += parents * chance * again
            for other in order:
                for second, again in child_of(mother, other).items():
                    weight = parents * pool[other] * chance * again
                    joint["half_siblings"][place[first], place[second]] += weight
    return joint


@pytest.mark.parametrize("name", list(RELATIONSHIPS))
def test_without_structure_the_tables_are_mendels(name: str) -> None:
    found = locus_tables(FOUR, EXACT)
    assert found.joint[name] == pytest.approx(mendel(FOUR)[name], abs=1e-12)
    pool = np.array(list(hardy_weinberg(FOUR).values()))
    assert found.unrelated == pytest.approx(np.outer(pool, pool), abs=1e-12)


@pytest.mark.parametrize("theta", [0.0, 0.047, 0.3])
def test_joint_probabilities_add_to_one_and_are_symmetric(theta: float) -> None:
    """The published code gives 0.940 for one shared allele at four alleles and theta 0.047."""
    for state in identity_states(FOUR, theta):
        assert state.sum() == pytest.approx(1.0, abs=1e-12)
        assert state == pytest.approx(state.T, abs=1e-15)


@pytest.mark.parametrize(
    "model",
    [EXACT, ErrorModel(theta=0.05, dropout=0.0, miscall=0.0), ErrorModel(theta=0.03, dropout=0.1, miscall=0.02)],
)
@pytest.mark.parametrize("name", list(RELATIONSHIPS))
@pytest.mark.parametrize("alleles", [2, 3, 9])
def test_the_expected_likelihood_ratio_of_unrelated_pairs_is_one(model: ErrorModel, name: str, alleles: int) -> None:
    frequencies = np.arange(1.0, alleles + 1) / np.arange(1.0, alleles + 1).sum()
    table = locus_tables(frequencies, model)
    expected = float((table.unrelated * np.exp(table.log_ratio(name))).sum())
    assert expected == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("name", list(RELATIONSHIPS))
def test_tables_with_structure_and_errors_are_those_of_every_draw_and_every_reading(name: str) -> None:
    """Three alleles: each sequence of draws by the chance of its next allele given those seen, each reading."""
    theta, dropout, miscall = 0.05, 0.1, 0.02
    p, order = (0.6, 0.3, 0.1), genotypes(3)

    def chance(drawn: tuple[int, ...]) -> float:
        found = 1.0
        for place, allele in enumerate(drawn):
            seen = drawn[:place].count(allele)
            found *= (seen * theta + (1 - theta) * p[allele]) / (1 + (place - 1) * theta) if place else p[allele]
        return found

    def typed(a: int, b: int) -> dict[Genotype, float]:
        left = {(a, b): 1.0} if a == b else {(a, b): 1 - dropout, (a, a): dropout / 2, (b, b): dropout / 2}
        found: dict[Genotype, float] = defaultdict(float)
        for (x, y), share in left.items():
            for first, second in product(range(3), repeat=2):
                read = [1 - miscall if one == true else miscall / 2 for one, true in ((first, x), (second, y))]
                found[(min(first, second), max(first, second))] += share * read[0] * read[1]
        return found

    joint: dict[tuple[Genotype, Genotype], float] = defaultdict(float)
    for shared, k in enumerate(RELATIONSHIPS[name]):
        for drawn in product(range(3), repeat=4 - shared):
            one = drawn[:2]
            other = (drawn[0], drawn[-1]) if shared == 1 else drawn[2:] if shared == 0 else one
            for (first, some), (second, rest) in product(typed(*one).items(), typed(*other).items()):
                joint[first, second] += k * chance(drawn) * some * rest
    found = locus_tables(np.array(p), ErrorModel(theta=theta, dropout=dropout, miscall=miscall)).joint[name]
    expected = [[joint[first, second] for second in order] for first in order]
    assert found == pytest.approx(np.array(expected), abs=1e-12)


@pytest.mark.parametrize("theta", [0.0, 0.01, 0.059])
def test_identity_is_the_inverse_of_the_match_probability(theta: float) -> None:
    """NRC II (1996) formula 4.10 is written down on its own; the tables come from the draws."""
    ratio = np.exp(locus_tables(FOUR, ErrorModel(theta=theta, dropout=0.0, miscall=0.0)).log_ratio("identity"))
    for number, (a, b) in enumerate(genotypes(4)):
        chance = match_probability(FOUR[a], FOUR[b], same=a == b, theta=theta)
        assert ratio[number, number] == pytest.approx(1 / chance, rel=1e-12)


def test_observed_genotypes_add_to_one_and_by_hand() -> None:
    table = observation(3, ErrorModel(theta=0.0, dropout=0.1, miscall=0.02))
    assert table.sum(axis=1) == pytest.approx([1.0] * 6, abs=1e-12)
    # A heterozygote keeps both alleles (0.9) and both are read rightly (0.98 each), or they are swapped
    # by two miscalls (0.01 each); or one drops (0.05 each) and one copy is miscalled as the other.
    expected = 0.9 * (0.98**2 + 0.01**2) + 2 * 0.05 * 2 * 0.98 * 0.01
    assert table[1, 1] == pytest.approx(expected, abs=1e-12)
    assert observation(3, EXACT) == pytest.approx(np.eye(6))


def test_probability_of_identity_by_enumeration() -> None:
    pool = hardy_weinberg(FOUR)
    assert probability_of_identity([FOUR]) == pytest.approx(sum(value**2 for value in pool.values()), abs=1e-12)
    same = float(np.trace(mendel(FOUR)["full_siblings"]))
    assert probability_of_identity_siblings([FOUR]) == pytest.approx(same, abs=1e-12)
    assert probability_of_identity([FOUR, FOUR]) == pytest.approx(probability_of_identity([FOUR]) ** 2)


@pytest.mark.parametrize("name", ["theta", "dropout", "miscall"])
def test_models_out_of_range(name: str) -> None:
    with pytest.raises(InputRefused) as caught:
        ErrorModel(**{name: 1.0})
    assert caught.value.field == name
