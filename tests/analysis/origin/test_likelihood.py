"""Rannala & Mountain against exact fractions, against refitting, and against published numbers."""

from collections.abc import Callable
from fractions import Fraction
from itertools import combinations_with_replacement
from math import exp, log
from pathlib import Path

import numpy as np
import pytest

from analysis.errors import InputRefused
from analysis.genotypes.table import MISSING
from analysis.inputs import InputFile
from analysis.origin.baseline import Baseline, baseline_build, baseline_read
from analysis.origin.likelihood import by_group, leave_one_out, log_likelihoods, posteriors
from tests.analysis.origin.conftest import baseline_of

SMALL = """
a1 P 101/101 7/7
a2 P 101/103 7/8
b1 Q 103/103 8/8
b2 Q 103/105 -
"""


def urn(counts: dict[str, int], alleles: int, drawn: tuple[str, str]) -> Fraction:
    """Polya's urn by exact fractions: draw twice, each draw adding a copy; both orders of a heterozygote."""
    total = sum(counts.values())
    prior = Fraction(1, alleles)
    first = (counts.get(drawn[0], 0) + prior) / (total + 1)
    again = 1 if drawn[0] == drawn[1] else 0
    second = (counts.get(drawn[1], 0) + prior + again) / (total + 2)
    return first * second * (1 if again else 2)


def test_likelihoods_are_polyas_urn() -> None:
    baseline = baseline_of(SMALL)
    found = np.exp(log_likelihoods(baseline, baseline.table.codes))
    in_p = urn({"101": 3, "103": 1}, 3, ("101", "103")) * urn({"7": 3, "8": 1}, 2, ("7", "8"))
    in_q = urn({"103": 3, "105": 1}, 3, ("101", "103")) * urn({"8": 2}, 2, ("7", "8"))
    assert found[1] == pytest.approx([float(in_p), float(in_q)], rel=1e-12)


def test_leave_one_out_takes_the_animals_own_copies_out() -> None:
    baseline = baseline_of(SMALL)
    found = np.exp(leave_one_out(baseline))
    own = urn({"101": 2}, 3, ("101", "103")) * urn({"7": 2}, 2, ("7", "8"))
    other = urn({"103": 3, "105": 1}, 3, ("101", "103")) * urn({"8": 2}, 2, ("7", "8"))
    assert found[1] == pytest.approx([float(own), float(other)], rel=1e-12)


def test_untyped_loci_add_nothing() -> None:
    baseline = baseline_of(SMALL)
    found = np.exp(log_likelihoods(baseline, baseline.table.codes))
    expected = [urn({"101": 3, "103": 1}, 3, ("103", "105")), urn({"103": 3, "105": 1}, 3, ("103", "105"))]
    assert found[3] == pytest.approx([float(value) for value in expected], rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_probabilities_of_all_genotypes_add_to_one(random_baseline: Callable[..., Baseline], seed: int) -> None:
    baseline = random_baseline(seed, loci=1, alleles=5)
    known = int(baseline.allele_counts[0])
    pairs = np.array([list(combinations_with_replacement(range(known), 2))], dtype=np.int16)
    assert np.exp(log_likelihoods(baseline, pairs)).sum(axis=0) == pytest.approx([1.0] * 3, abs=1e-12)


def test_an_unknown_allele_widens_the_prior_of_its_genotype_only() -> None:
    baseline = baseline_of(SMALL)
    new = int(baseline.allele_counts[0])
    codes = np.full((2, 3, 2), MISSING, dtype=np.int16)
    codes[0] = [[0, new], [new, new + 1], [new, new]]
    found = np.exp(log_likelihoods(baseline, codes))[:, 0]
    counts = {"101": 3, "103": 1}
    expected = [
        urn(counts, 4, ("101", "x")),
        urn(counts, 5, ("x", "y")),
        urn(counts, 4, ("x", "x")),
    ]
    assert found == pytest.approx([float(value) for value in expected], rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_leave_one_out_equals_removing_the_row(random_baseline: Callable[..., Baseline], seed: int) -> None:
    """The oracle: count without the animal, with the same number of alleles per locus."""
    baseline = random_baseline(seed)
    found = leave_one_out(baseline)
    table = baseline.table
    for row in range(len(table)):
        for population, name in enumerate(baseline.populations):
            expected = 0.0
            for locus in range(len(table.loci)):
                pair = table.genotype(row, locus)
                if pair is None:
                    continue
                counts: dict[str, int] = {}
                for other in range(len(table)):
                    drawn = table.genotype(other, locus)
                    if other != row and drawn and table.columns["population"][other] == name:
                        for allele in drawn:
                            counts[allele] = counts.get(allele, 0) + 1
                expected += log(urn(counts, len(table.alleles[locus]), pair))
            assert found[row, population] == pytest.approx(expected, abs=1e-9)


def test_posteriors_and_groups_add_to_one() -> None:
    shares = posteriors(np.array([[-700.0, -701.0, -2000.0]]))
    assert shares[0, 0] == pytest.approx(1 / (1 + exp(-1)), rel=1e-12)
    assert shares.sum() == pytest.approx(1.0)
    baseline = baseline_of("a P g 1/1\nb Q h 1/2\nc R g 2/2\n", grouped=True)
    grouped = by_group(baseline, np.array([[0.5, 0.3, 0.2]]))
    assert baseline.groups == ("g", "h")
    assert grouped[0] == pytest.approx([0.7, 0.3])


PUBLISHED_BY_RUBIAS = {
    "CaliforniaCoast": "3.72e-08",
    "CentralValleyfa": "1.54e-14",
    "CentralValleysp": "8.12e-15",
    "CentralValleywi": "1.22e-23",
    "CohoSp": "2.09e-52",
    "CopperR": "3.08e-20",
    "DeschutesRfa": "3.81e-10",
    "EVancouverIs": "1.02e-08",
    "KlamathR": "1.11e-11",
    "LColumbiaRfa": "8.52e-08",
}
"""Scaled likelihoods by reporting unit of fish Alsea_R:0001, as printed in the README of eriqande/rubias."""


@pytest.fixture(scope="module")
def chinook(genotype_data: Path) -> Baseline:
    return baseline_read(
        InputFile.from_path("baseline", genotype_data / "chinook.tsv.gz"),
        id_column="indiv",
        population_column="collection",
        group_column="repunit",
    )


def test_the_likelihoods_rubias_publishes(chinook: Baseline) -> None:
    row = chinook.table.ids.index("Alsea_R:0001")
    shares = by_group(chinook, posteriors(leave_one_out(chinook)[row]))
    found = {name: f"{shares[chinook.groups.index(name)]:.2e}" for name in PUBLISHED_BY_RUBIAS}
    assert found == PUBLISHED_BY_RUBIAS


def test_content_hash_ignores_order_and_sees_a_changed_allele() -> None:
    first = baseline_of(SMALL)
    shuffled = baseline_of("\n".join(reversed(SMALL.strip().splitlines())))
    changed = baseline_of(SMALL.replace("103/105", "103/107"))
    assert first.sha256 == shuffled.sha256
    assert first.sha256 != changed.sha256


def test_group_column_must_be_unambiguous() -> None:
    with pytest.raises(InputRefused, match="stands in group «g» above and in «h» here") as caught:
        baseline_of("a P g 1/1\nb P h 1/2\nc R g 2/2\n", grouped=True)
    assert caught.value.row == 3


def test_one_population_is_no_baseline() -> None:
    table = baseline_of(SMALL).table
    with pytest.raises(InputRefused, match="two or more populations"):
        baseline_build(
            type(table)(
                name="one",
                ids=table.ids,
                loci=table.loci,
                alleles=table.alleles,
                codes=table.codes,
                lines=table.lines,
                columns={"population": ("P",) * 4},
            ),
            population_column="population",
        )
