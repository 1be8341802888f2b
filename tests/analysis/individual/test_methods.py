"""Same animal, relatives and claimed parents as methods: against closed forms."""

from pathlib import Path

import numpy as np
import pytest

from analysis.errors import InputRefused
from analysis.individual.profiles import profiles_freeze
from tests.analysis.methods import numbers, run

HEAD = ",".join(["id", *(f"L{locus}_{half}" for locus in range(10) for half in (1, 2))])


def profiles(seed: int, count: int, letter: str) -> list[list[str]]:
    random = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        pairs = 100 + 2 * random.integers(0, 6, size=(10, 2))
        rows.append([f"{letter}{number}", *map(str, np.sort(pairs, axis=1).ravel().tolist())])
    return rows


def text(rows: list[list[str]]) -> str:
    return "\n".join([HEAD, *(",".join(row) for row in rows)]) + "\n"


@pytest.fixture
def known(tmp_path: Path) -> Path:
    folder = tmp_path / "known"
    content = text(profiles(1, 60, "K")).encode()
    profiles_freeze(folder, content, file="k.csv", name="Known", version="1", id_column="id")
    return folder


def test_an_animal_seen_before_is_found_with_how_rare_it_is(tmp_path: Path, known: Path) -> None:
    """Its match probability is the product of formula 4.10 with the frequencies of the set, by hand."""
    set_rows = profiles(1, 60, "K")
    again = ["Q1", *set_rows[7][1:]]
    other = profiles(99, 1, "Q")[0]
    result = run("individual.match", tmp_path, {"genotypes": text([again, other])}, known)
    found, missed = result.outcomes
    assert (found.finding.outcome, found.finding.subject) == ("match", "K7")
    assert (missed.finding.outcome, missed.finding.subject) == ("no_match", None)
    expected, theta = 1.0, 0.03
    for locus in range(10):
        copies = [row[1 + 2 * locus + half] for row in set_rows for half in (0, 1)]
        alleles = set(copies) | {other[1 + 2 * locus + half] for half in (0, 1)}
        first, second = (
            (copies.count(again[1 + 2 * locus + half]) + 1 / len(alleles)) / (len(copies) + 1) for half in (0, 1)
        )
        below = (1 + theta) * (1 + 2 * theta)
        if again[1 + 2 * locus] == again[2 + 2 * locus]:
            expected *= (2 * theta + (1 - theta) * first) * (3 * theta + (1 - theta) * first) / below
        else:
            expected *= 2 * (theta + (1 - theta) * first) * (theta + (1 - theta) * second) / below
    values = numbers(result)
    assert values["match_probability"] == pytest.approx(expected, rel=1e-5)
    assert values["chance_matches"] == pytest.approx(60 * expected, rel=1e-5)
    assert values["profiles_searched"] == 60
    interval = next(one.interval for one in found.numbers if one.name == "match_probability")
    assert interval is not None
    assert interval[0] < expected < interval[1]
    assert found.likelihood_ratio is not None
    assert found.likelihood_ratio.log10 > 6
    assert "60 profiles" in found.finding.statement


def test_too_few_loci_is_an_answer_of_its_own(tmp_path: Path, known: Path) -> None:
    row = profiles(5, 1, "Q")[0]
    thin = [row[0], *row[1:9], *[""] * 12]
    (only,) = run("individual.match", tmp_path, {"genotypes": text([thin])}, known).outcomes
    assert only.finding.outcome == "inconclusive"
    assert "too few" in only.finding.statement


def test_a_screen_for_relatives_is_one_answer_and_says_what_chance_gives(tmp_path: Path, known: Path) -> None:
    rows = profiles(1, 60, "K")
    result = run("individual.kin", tmp_path, {"genotypes": text(rows[:20])}, known)
    (only,) = result.outcomes
    assert only.finding.outcome == "kin_screen"
    assert only.likelihood_ratio is None
    assert "No single pair is evidence" in only.finding.statement
    values = numbers(result)
    assert values["pairs_compared"] == 20 * 60
    assert values["chance_finds_at_most"] == pytest.approx(1.2)
    assert any(one.state == "warning" and one.code == "power_half_siblings" for one in only.diagnostics)


def test_a_true_family_stays_possible_and_a_false_father_is_excluded(tmp_path: Path, known: Path) -> None:
    mother, father, stranger = profiles(21, 3, "P")
    child = ["C", *(one for locus in range(10) for one in sorted([mother[1 + 2 * locus], father[2 + 2 * locus]]))]
    claims = "young,mother,father\nC,P0,P1\nC,P0,P2\nC,,P1\n"
    files = {"genotypes": text([mother, father, stranger, child]), "claims": claims}
    result = run("individual.parentage", tmp_path, files, known)
    true, false, single = (one.finding.outcome for one in result.outcomes)
    assert (true, false, single) == ("parents_possible", "parents_excluded", "parents_possible")
    assert numbers(result)["pair contradictions"] == 0
    by_hand = 0
    for locus in range(10):
        young, wrong, right = (set(row[1 + 2 * locus : 3 + 2 * locus]) for row in (child, stranger, mother))
        pairs = [{one, two} for one in right for two in wrong]
        by_hand += young not in pairs
    assert numbers(result, 1)["pair contradictions"] == by_hand
    with pytest.raises(InputRefused, match=r"claims|not in the genotype table"):
        run("individual.parentage", tmp_path, files | {"claims": "young,mother,father\nC,P0,P9\n"}, known)


def test_a_set_of_profiles_and_a_second_table_are_refused_together(tmp_path: Path, known: Path) -> None:
    rows = text(profiles(4, 3, "A"))
    with pytest.raises(InputRefused, match="one at a time"):
        run("individual.match", tmp_path, {"genotypes": rows, "against": rows}, known)
