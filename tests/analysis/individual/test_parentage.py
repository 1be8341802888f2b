"""One claim: Mendel's rules, chances of contradictions against whole families enumerated by hand, and simulation."""

import math
from collections import defaultdict
from dataclasses import replace
from functools import cache
from itertools import combinations_with_replacement, product

import numpy as np
import pytest

from analysis.errors import InputRefused
from analysis.individual.kinship import ErrorModel, observation
from analysis.individual.panel import Panel, genotype_index
from analysis.individual.parentage import (
    Mendel,
    alpha_check,
    exceedance,
    pair_chances,
    pair_contradiction,
    parent_chances,
    trio_possible,
)
from tests.analysis.individual.test_links import panel

FREQUENCIES = (0.6, 0.3, 0.1)
ERRORS = ErrorModel(theta=0.0, dropout=0.08, miscall=0.03)


def genotypes(alleles: int) -> list[tuple[int, int]]:
    return list(combinations_with_replacement(range(alleles), 2))


def test_contradictions_by_mendel() -> None:
    """All trios of three alleles: possible where one allele comes from each parent."""
    order = genotypes(3)
    pair = pair_contradiction(3)
    for m, f, c in product(range(6), repeat=3):
        (a, b), mother, father = order[c], order[m], order[f]
        possible = (a in mother and b in father) or (b in mother and a in father)
        assert trio_possible(mother, father, (a, b)) == possible
        assert pair[m, c] == (not set(order[m]) & set(order[c]))


def test_chance_of_contradictions_by_poisson_binomial() -> None:
    chances = (0.1, 0.3, 0.05)
    for count in range(4):
        total = 0.0
        for outcome in product((0, 1), repeat=3):
            if sum(outcome) >= count:
                total += math.prod(chance if hit else 1 - chance for hit, chance in zip(outcome, chances, strict=True))
        assert exceedance(chances)[count] == pytest.approx(total)


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
        true = Mendel(loci, model).pair(young, mother, father)
        assert (true.contradictions, true.excluded, true.p) == (0, False, pytest.approx(1.0))
        wrong = Mendel(loci, model).pair(young, stranger, father)
        excluded += wrong.excluded
        assert wrong.power > 0.9
    assert excluded >= 24


def test_expected_contradictions_without_error_are_none() -> None:
    loci = panel(10, 4)
    mother, father, young, _ = family(loci, 5)
    exact = ErrorModel(theta=0.0, dropout=0.0, miscall=0.0)
    assert Mendel(loci, exact).pair(young, mother, father).expected == pytest.approx(0.0, abs=1e-12)
    assert Mendel(loci, exact).parent(young, mother).expected == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(InputRefused, match="8 are needed"):
        Mendel(panel(5, 4), exact).parent(young[:5], mother[:5])


# Chances per locus: every family, allele by allele, and every way to type it


@cache
def typed(genotype: tuple[int, int]) -> dict[tuple[int, int], float]:
    """How a genotype may be read: a dropped allele first, then each copy misread as one of the two others."""
    a, b = genotype
    left: dict[tuple[int, int], float] = {(a, b): 1.0}
    if a != b:
        half = ERRORS.dropout / 2
        left = {(a, b): 1 - ERRORS.dropout, (a, a): half, (b, b): half}
    found: dict[tuple[int, int], float] = defaultdict(float)
    for (x, y), share in left.items():
        for seen in product(range(3), repeat=2):
            right = [one == true for one, true in zip(seen, (x, y), strict=True)]
            chance = math.prod(1 - ERRORS.miscall if one else ERRORS.miscall / 2 for one in right)
            found[min(seen), max(seen)] += share * chance
    return dict(found)


@cache
def trio_looks_impossible(mother: tuple[int, int], father: tuple[int, int], young: tuple[int, int]) -> float:
    return sum(
        pm * pf * pc
        for (m, pm), (f, pf), (c, pc) in product(typed(mother).items(), typed(father).items(), typed(young).items())
        if not any(set(c) == {x, y} for x, y in product(m, f))
    )


@cache
def pair_looks_impossible(parent: tuple[int, int], young: tuple[int, int]) -> float:
    pairs = product(typed(parent).items(), typed(young).items())
    return sum(one * other for (p, one), (c, other) in pairs if not set(p) & set(c))


def pair(a: int, b: int) -> tuple[int, int]:
    return min(a, b), max(a, b)


def drawn(count: int, theta: float = 0.0) -> list[tuple[tuple[int, ...], float]]:
    """Every row of so many alleles with its probability: each drawn with θ as often again as it was seen before."""
    rows = []
    for row in product(range(3), repeat=count):
        share = 1.0
        for place, one in enumerate(row):
            seen = row[:place].count(one)
            share *= (
                (seen * theta + (1 - theta) * FREQUENCIES[one]) / (1 + (place - 1) * theta)
                if place
                else (FREQUENCIES[one])
            )
        rows.append((row, share))
    return rows


@pytest.mark.parametrize("theta", [0.0, 0.1])
def test_chances_of_a_pair_are_those_of_all_families_enumerated(theta: float) -> None:
    true = one_wrong = both_wrong = sibling = 0.0
    for (m1, m2, f1, f2), share in drawn(4, theta):
        for egg, sperm in product((m1, m2), (f1, f2)):
            true += share / 4 * trio_looks_impossible(pair(m1, m2), pair(f1, f2), pair(egg, sperm))
    for (m1, m2, s1, s2, sperm), share in drawn(5, theta):
        for egg in (m1, m2):
            one_wrong += share / 2 * trio_looks_impossible(pair(m1, m2), pair(s1, s2), pair(egg, sperm))
    for (a, b, c, d, x, y), share in drawn(6, theta):
        both_wrong += share * trio_looks_impossible(pair(a, b), pair(c, d), pair(x, y))
    for (m1, m2, g1, g2, h1, h2), share in drawn(6, theta):
        for (f1, f2), (s1, s2) in product(product((g1, g2), (h1, h2)), repeat=2):  # the father, and his sibling
            for egg, sperm in product((m1, m2), (f1, f2)):
                sibling += share / 64 * trio_looks_impossible(pair(m1, m2), pair(s1, s2), pair(egg, sperm))
    found = pair_chances(np.array(FREQUENCIES), replace(ERRORS, theta=theta))
    assert found["true"] == pytest.approx(true, abs=1e-12)
    assert found["one_unrelated"] == pytest.approx(one_wrong, abs=1e-12)
    assert found["unrelated"] == pytest.approx(both_wrong, abs=1e-12)
    assert found["one_sibling"] == pytest.approx(sibling, abs=1e-12)


@pytest.mark.parametrize("who", ["true", "one_unrelated", "unrelated"])
def test_chances_at_a_locus_of_five_alleles_are_those_of_whole_tables(who: str) -> None:
    """Every row of alleles into a table of true trios, that through the table of readings: no alleles put together."""
    frequencies, theta = np.array([0.4, 0.3, 0.15, 0.1, 0.05]), 0.05
    model, index = replace(ERRORS, theta=theta), genotype_index(5)
    count = {"true": 4, "one_unrelated": 5, "unrelated": 6}[who]
    rows = np.indices((5,) * count).reshape(count, -1)
    shares = np.ones(rows.shape[1])
    for place in range(count):
        again = (rows[:place] == rows[place]).sum(axis=0)
        shares *= (again * theta + (1 - theta) * frequencies[rows[place]]) / (1 - theta + place * theta)
    assert shares.sum() == pytest.approx(1)
    young = {"true": (0, 2), "one_unrelated": (0, 4), "unrelated": (4, 5)}[who]
    trios = np.zeros((15, 15, 15))
    np.add.at(trios, (index[rows[0], rows[1]], index[rows[2], rows[3]], index[rows[young[0]], rows[young[1]]]), shares)
    errors, order = observation(5, model), genotypes(5)
    seen = np.einsum("mfy,ma,fb,yc->abc", trios, errors, errors, errors, optimize=True)
    expected = sum(
        float(seen[m, f, c])
        for m, f, c in product(range(15), repeat=3)
        if not trio_possible(order[m], order[f], order[c])
    )
    assert pair_chances(frequencies, model)[who] == pytest.approx(expected, abs=1e-12)


def test_a_locus_of_one_allele_excludes_nobody() -> None:
    assert set(pair_chances(np.array([1.0]), ERRORS).values()) == {0.0}


def test_the_power_against_a_stranger_of_the_same_subpopulation_is_the_share_that_simulation_excludes() -> None:
    """Mother, young and a stranger of a subpopulation whose frequencies are drawn about the panel's, 600 times."""
    theta = 0.2
    loci, model = panel(8, 4, seed=3), ErrorModel(theta=theta, dropout=0.0, miscall=0.0)
    mendel, random = Mendel(loci, model), np.random.default_rng(7)
    excluded, stated = 0, set()
    for _ in range(600):
        three = np.empty((3, 8), dtype=np.int32)
        for locus, p in enumerate(loci.frequencies):
            own = random.dirichlet(p * (1 - theta) / theta)
            mother, stranger = random.choice(len(p), (2, 2), p=own)
            sides = (mother[0], random.choice(len(p), p=own)), mother, stranger
            three[:, locus] = [genotype_index(len(p))[one] for one in map(tuple, sides)]
        found = mendel.pair(*three)
        excluded += found.excluded
        stated.add(found.powers["one_unrelated"])
    (power,) = stated
    assert abs(excluded / 600 - power) < 4 * math.sqrt(power * (1 - power) / 600)
    independent = Mendel(loci, replace(model, theta=0.0)).pair(*three).powers["one_unrelated"]
    assert independent - power > 4 * math.sqrt(power * (1 - power) / 600), "taken as independent it would be overstated"


@pytest.mark.parametrize("theta", [0.0, 0.1])
def test_chances_of_one_parent_are_those_of_all_families_enumerated(theta: float) -> None:
    true = unrelated = sibling = of_the_young = 0.0
    for (a, b, c, d), share in drawn(4, theta):
        unrelated += share * pair_looks_impossible(pair(a, b), pair(c, d))
        for egg, sperm in product((a, b), (c, d)):
            true += share / 4 * pair_looks_impossible(pair(a, b), pair(egg, sperm))
            for other in product((a, b), (c, d)):
                of_the_young += share / 16 * pair_looks_impossible(pair(*other), pair(egg, sperm))
    for (g1, g2, h1, h2, sperm), share in drawn(5, theta):
        for own, other in product(product((g1, g2), (h1, h2)), repeat=2):
            for egg in own:
                sibling += share / 32 * pair_looks_impossible(pair(*other), pair(egg, sperm))
    found = parent_chances(np.array(FREQUENCIES), replace(ERRORS, theta=theta))
    assert found["true"] == pytest.approx(true, abs=1e-12)
    assert found["unrelated"] == pytest.approx(unrelated, abs=1e-12)
    assert found["sibling"] == pytest.approx(sibling, abs=1e-12)
    assert found["young_sibling"] == pytest.approx(of_the_young, abs=1e-12)


def test_the_power_against_a_sibling_of_the_true_father_is_the_share_that_simulation_excludes() -> None:
    """Whole families drawn 400 times: mother, grandparents, father, his sibling, young."""
    loci, model = panel(16, 8, seed=3), ErrorModel(theta=0.0, dropout=0.0, miscall=0.0)
    mendel, random = Mendel(loci, model), np.random.default_rng(5)
    excluded, stated = 0, set()
    for _ in range(400):
        mother, uncle, young = (np.empty(16, dtype=np.int32) for _ in range(3))
        for locus, p in enumerate(loci.frequencies):
            index = genotype_index(len(p))
            m, g, h = (random.choice(len(p), 2, p=p) for _ in range(3))
            father, other = ((random.choice(g), random.choice(h)) for _ in range(2))
            mother[locus], uncle[locus] = index[m[0], m[1]], index[other]
            young[locus] = index[random.choice(m), random.choice(father)]
        found = mendel.pair(young, mother, uncle)
        excluded += found.excluded
        stated.add(found.powers["one_sibling"])
    (power,) = stated
    # Without errors one contradiction excludes; four standard deviations of 400 draws.
    assert abs(excluded / 400 - power) < 4 * math.sqrt(power * (1 - power) / 400) + 1e-9
    assert 0.5 < power < 1


@pytest.mark.parametrize("alpha", [0.0, -0.1, 0.6, float("nan")])
def test_levels_that_are_none(alpha: float) -> None:
    with pytest.raises(InputRefused, match="alpha"):
        alpha_check(alpha)
