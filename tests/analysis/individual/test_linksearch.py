"""Searches over profiles: chance rates against plain counting, families that are found, order that does not matter."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import InputRefused
from analysis.individual.chance import KIN, chance_rates, kin_rates_counted
from analysis.individual.kinship import ErrorModel, LocusTables, locus_tables
from analysis.individual.linkpairs import Groups
from analysis.individual.linkrules import COLUMNS, LinkRule, link_rules
from analysis.individual.linksearch import LinkProfile, LinkSearchResult, link_search, table_of

RULE = replace(link_rules()["pairs-of-seizures"], draws=4_000)
LOCI, ALLELES = 16, 10
Genotype = list[tuple[str, str]]


class Population:
    """Animals of one population: founders and their young."""

    def __init__(self, seed: int, loci: int = LOCI) -> None:
        self.random = np.random.default_rng(seed)
        self.frequencies = [self.random.dirichlet(np.full(ALLELES, 2.0)) for _ in range(loci)]

    def founder(self) -> Genotype:
        drawn = [self.random.choice(ALLELES, 2, p=p) for p in self.frequencies]
        return [(str(100 + 2 * a), str(100 + 2 * b)) for a, b in drawn]

    def child(self, mother: Genotype, father: Genotype) -> Genotype:
        return [(m[self.random.integers(2)], f[self.random.integers(2)]) for m, f in zip(mother, father, strict=True)]

    def strangers(self, seizure: str, count: int, **changes: str) -> Iterator[LinkProfile]:
        for number in range(count):
            yield profile(f"{seizure}{number}", seizure, self.founder(), **changes)


def profile(
    name: str, seizure: str, animal: Genotype, *, untyped: int = 0, taxon: str = "Fictella", panel: str = "F16"
) -> LinkProfile:
    genotype = {f"L{number:02}": pair for number, pair in enumerate(animal) if number >= untyped}
    return LinkProfile(id=name, seizure=seizure, taxon=taxon, panel=panel, genotype=genotype)


def linked(result: LinkSearchResult) -> dict[tuple[str, str], str]:
    return {(one.first, one.second): one.evidence.basis for one in result.pairs if one.evidence.shown}


# Rates of chance finds


@pytest.fixture(scope="module")
def tables() -> list[LocusTables]:
    return [locus_tables(p, ErrorModel(theta=0.03)) for p in Population(5).frequencies]


def test_weighted_rates_are_those_of_plain_counting(tables: list[LocusTables]) -> None:
    """Two ways to one number, within five standard errors of the counted one."""
    masks = {LOCI: np.ones((1, LOCI), dtype=bool)}
    rates = chance_rates(tables, masks, bins=RULE.bins, direct_log10=6, over_siblings_log10=3, draws=20_000, seed=1)[
        LOCI
    ]
    pairs = 150_000
    counted = kin_rates_counted(tables, bins=RULE.bins, pairs=pairs, seed=2)
    for rate, error, seen in zip(rates.kin, rates.kin_error, counted, strict=True):
        assert abs(rate - seen) <= 5 * math.sqrt(rate / pairs) + 5 * error
        assert error < 0.05 * rate


def test_rates_obey_the_bound_of_likelihood_ratios(tables: list[LocusTables]) -> None:
    """P(LR >= x | unrelated) <= 1 / x for each of three relationships; the same for one animal, also among siblings."""
    masks = {
        LOCI: np.ones((1, LOCI), dtype=bool),
        13: np.array([np.arange(LOCI) < 13, np.arange(LOCI) >= 3]),
    }
    found = chance_rates(tables, masks, bins=RULE.bins, direct_log10=6, over_siblings_log10=3, draws=8_000, seed=1)
    for rates in found.values():
        for place, start in enumerate(RULE.bins):
            assert sum(rates.kin[place:]) <= len(KIN) * 10**-start
        assert rates.direct <= 1e-6
        assert rates.direct_siblings <= 1e-3
    assert found[LOCI].found > found[13].found > 0.8
    assert found[LOCI].direct < found[13].direct


# Searches


def test_one_animal_in_two_seizures_is_a_direct_match_and_twins_of_a_seizure_are_merged() -> None:
    population = Population(7)
    animal = population.founder()
    profiles = [one for name in "ABC" for one in population.strangers(name, 20)]
    profiles += [
        profile("A-x", "A", animal, untyped=1),
        profile("A-y", "A", animal),
        profile("B-x", "B", animal, untyped=2),
    ]
    result = link_search(profiles, RULE)
    assert linked(result) == {("A", "B"): "direct"}
    (match,) = result.pairs[0].matches
    assert (match.a, match.b, match.shared_loci, match.matching_loci) == ("A-y", "B-x", 14, 14)
    assert match.log10_lr > 10
    (group,) = result.groups
    assert group.merged == (("A-y", "A-x"),)
    assert (group.profiles, group.animals, group.pairs_compared) == (63, 62, 21 * 21 + 2 * 20 * 21)
    assert group.direct_expected < 1e-6


def test_families_split_over_two_seizures_link_them_and_strangers_do_not() -> None:
    population = Population(9)
    profiles = [one for name in "ABCD" for one in population.strangers(name, 25)]
    for number in range(4):
        mother, father = population.founder(), population.founder()
        profiles.append(profile(f"C-mother{number}", "C", mother))
        profiles.append(profile(f"D-young{number}", "D", population.child(mother, father)))
    result = link_search(profiles, RULE)
    assert linked(result) == {("C", "D"): "kin"}
    evidence = result.pairs[0].evidence
    assert result.pairs[0].matches == ()
    assert sum(evidence.observed) >= 4 > sum(evidence.expected)
    assert evidence.p < 1e-4


def test_one_family_pair_alone_is_no_link() -> None:
    population = Population(10)
    profiles = [one for name in "AB" for one in population.strangers(name, 15)]
    mother = population.founder()
    profiles += [profile("A-m", "A", mother), profile("B-y", "B", population.child(mother, population.founder()))]
    result = link_search(profiles, RULE)
    assert linked(result) == {}
    assert sum(result.pairs[0].evidence.observed) >= 1


def test_expected_counts_of_a_search_are_what_strangers_show() -> None:
    """Ten searches among strangers of the population the model describes: kin pairs within 4 deviations, and links
    as seldom as budgeted (0.05 in a search)."""
    observed = expected = drawn = 0.0
    for seed in range(10):
        population = Population(100 + seed)
        profiles = [one for name in "ABCD" for one in population.strangers(name, 25)]
        result = link_search(profiles, replace(RULE, draws=2_000), theta=0.0)
        observed += sum(result.groups[0].observed)
        expected += sum(result.groups[0].expected)
        drawn += len(linked(result))
    assert drawn <= 2
    assert abs(observed - expected) < 4 * math.sqrt(expected)


def test_species_and_panels_are_never_mixed() -> None:
    population = Population(11)
    animal = population.founder()
    profiles = [
        *population.strangers("A", 4),
        *population.strangers("B", 4),
        profile("A-x", "A", animal),
        profile("B-x", "B", animal, taxon="Fictella altera"),
        profile("B-y", "B", animal, panel="G16"),
        profile("A-short", "A", animal, untyped=4),
    ]
    result = link_search(profiles, RULE)
    assert linked(result) == {}
    group = next(one for one in result.groups if one.panel == "F16" and one.taxon == "Fictella")
    assert group.left_out == (("A-short", "typed at 12 loci, 13 are needed"),)
    assert {name for pair in result.pairs for name in (pair.taxon,)} == {"Fictella"}


def test_frequencies_of_a_reference_are_used_where_it_has_the_loci() -> None:
    population = Population(12)
    profiles = [one for name in "AB" for one in population.strangers(name, 5)]
    reference = table_of(list(population.strangers("R", 60)), name="Reference 1")
    assert link_search(profiles, RULE, reference={"Fictella": reference}).groups[0].frequencies == "Reference 1"
    narrow = table_of([profile("r", "R", population.founder(), untyped=1)], name="Narrow")
    group = link_search(profiles, RULE, reference={"Fictella": narrow}).groups[0]
    assert group.frequencies == ""
    assert "lacks loci" in group.notices[0]


def test_a_seizure_whose_alleles_the_frequencies_do_not_know_is_told() -> None:
    """Half of B's first two loci are alleles of elsewhere: 10 of its 160 copies, one in sixteen."""
    population = Population(12)
    reference = {"Fictella": table_of(list(population.strangers("R", 60)), name="North")}
    here, there = list(population.strangers("A", 5)), list(population.strangers("B", 5))
    assert link_search([*here, *there], RULE, reference=reference).groups[0].notices == ()
    odd = []
    for one in there:
        foreign = {locus: ("900", one.genotype[locus][1]) for locus in [*one.genotype][:2]}
        odd.append(replace(one, genotype={**one.genotype, **foreign}))
    (notice,) = link_search([*here, *odd], RULE, reference=reference).groups[0].notices
    assert notice.startswith("In 1 of 2 seizures one allele copy in twenty or more is not among those of «North»")
    few = [replace(one, genotype=odd[0].genotype) if one is there[0] else one for one in there]
    assert link_search([*here, *few], RULE, reference=reference).groups[0].notices == ()


def test_the_order_of_profiles_changes_nothing() -> None:
    population = Population(13)
    animal = population.founder()
    profiles = [one for name in "ABC" for one in population.strangers(name, 6)]
    profiles += [profile("A-x", "A", animal), profile("C-x", "C", animal)]
    assert link_search(profiles, RULE) == link_search(profiles[::-1], RULE)


def test_searches_that_cannot_be() -> None:
    population = Population(14)
    with pytest.raises(InputRefused, match="no two seizures"):
        link_search(list(population.strangers("A", 3)), RULE)
    with pytest.raises(InputRefused, match="no two seizures"):
        link_search([], RULE)
    twice = profile("x", "A", population.founder())
    with pytest.raises(InputRefused, match="stands twice"):
        link_search([twice, replace(twice, seizure="B")], RULE)


# Merging


@given(
    st.integers(1, 12).flatmap(
        lambda size: st.tuples(
            st.just(size), st.lists(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)), max_size=20)
        )
    ),
    st.randoms(),
)
@settings(max_examples=60)
def test_merging_depends_on_no_order_and_is_an_equivalence(drawn: tuple[int, list[tuple[int, int]]], random) -> None:  # type: ignore[no-untyped-def]
    size, joins = drawn
    straight, mixed = Groups(range(size)), Groups(range(size))
    for a, b in joins:
        straight.join(a, b)
    for a, b in random.sample(joins * 2, len(joins) * 2):
        mixed.join(b, a)
    groups = straight.all()
    assert groups == mixed.all()
    assert sorted(thing for group in groups for thing in group) == list(range(size))
    reached = {frozenset(group) for group in groups}
    assert reached == _components(size, joins)


def _components(size: int, joins: list[tuple[int, int]]) -> set[frozenset[int]]:
    """By the definition: the smallest sets closed under the joins."""
    sets = [{thing} for thing in range(size)]
    while True:
        pair = next(
            (
                (a, b)
                for a, b in combinations(sets, 2)
                if any((x in a and y in b) or (x in b and y in a) for x, y in joins)
            ),
            None,
        )
        if pair is None:
            return {frozenset(one) for one in sets}
        sets.remove(pair[0])
        sets.remove(pair[1])
        sets.append(pair[0] | pair[1])


# Rules


def written(**changes: str) -> str:
    head = ",".join(COLUMNS)
    rows = [f"{RULE.name},9,{name.split(' ')[0]},{name.partition(' ')[2]},{value},x" for name, value, _ in RULE.sources]
    for name, value in changes.items():
        rows = [f"{row.rsplit(',', 2)[0]},{value},x" if f",{name}," in row else row for row in rows]
    return "\n".join([head, *rows])


def test_rules_are_data_with_sources_and_a_digest() -> None:
    rule = link_rules()["pairs-of-seizures"]
    assert all(source for _name, _value, source in rule.sources)
    assert rule.theta_of("Loxodonta cyclotis") == 0.059
    assert rule.theta_of("Felis catus") == 0.03
    assert rule.shared_needed(16) == 13
    assert rule.shared_needed(96) == 77
    assert rule.published_of("Loxodonta africana")[0] == 6.59e-4
    assert rule.published_of("Felis catus") == (None,) * 6
    mine: LinkRule = link_rules(written())[rule.name]
    assert mine.sha256 != rule.sha256  # the version is another
    assert link_rules(written(budget="0.01"))[rule.name].sha256 != mine.sha256


def test_rules_that_cannot_be() -> None:
    with pytest.raises(InputRefused, match="single pair"):
        link_rules(written(least_kin_pairs="1"))
    with pytest.raises(InputRefused, match="no number"):
        link_rules(written(budget="five"))
    with pytest.raises(InputRefused, match="do not rise"):
        link_rules(written(bin="2"))
    with pytest.raises(InputRefused, match="head"):
        link_rules("a,b\n1,2\n")
    with pytest.raises(InputRefused, match="has no"):
        link_rules(written().replace(",dropout,", ",miscall,", 0).split("\n", 1)[0] + f"\n{RULE.name},9,bin,,2,x")
