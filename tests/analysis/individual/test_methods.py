"""Same animal, relatives and claimed parents as methods: against closed forms."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from analysis.__main__ import main
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


def family() -> tuple[list[list[str]], list[str]]:
    """Mother P0, father P1 and a stranger P2; a young C of the first two."""
    mother, father, stranger = profiles(21, 3, "P")
    child = ["C", *(one for locus in range(10) for one in sorted([mother[1 + 2 * locus], father[2 + 2 * locus]]))]
    return [mother, father, stranger, child], child


def test_a_true_family_stays_possible_and_a_false_father_is_excluded(tmp_path: Path, known: Path) -> None:
    """One claim is one outcome, whether it stands in a table or in the parameters."""
    (mother, father, stranger, child), _ = family()
    rows = text([mother, father, stranger, child])
    true = run("individual.parentage", tmp_path, {"genotypes": rows}, known, young="C", mother="P0", father="P1")
    false = run(
        "individual.parentage", tmp_path, {"genotypes": rows, "claims": "young,mother,father\nC,P0,P2\n"}, known
    )
    single = run("individual.parentage", tmp_path, {"genotypes": rows}, known, young="C", father="P1")
    answers = [[one.finding.outcome for one in found.outcomes] for found in (true, false, single)]
    assert answers == [["parents_possible"], ["parents_excluded"], ["parents_possible"]]
    assert numbers(true)["pair contradictions"] == 0
    by_hand = 0
    for locus in range(10):
        young, wrong, right = (set(row[1 + 2 * locus : 3 + 2 * locus]) for row in (child, stranger, mother))
        pairs = [{one, two} for one in right for two in wrong]
        by_hand += young not in pairs
    assert numbers(false)["pair contradictions"] == by_hand
    with pytest.raises(InputRefused, match="not in the genotype table") as refused:
        run("individual.parentage", tmp_path, {"genotypes": rows, "claims": "young,mother,father\nC,P0,P9\n"}, known)
    assert (refused.value.row, refused.value.field) == (2, "father")
    files = {"genotypes": rows, "claims": "young,mother,father\nC,P0,P1\n"}
    with pytest.raises(InputRefused, match="A table of claims and a single claim"):
        run("individual.parentage", tmp_path, files, known, young="C", mother="P0")


def test_a_pedigree_gives_the_answer_of_the_command(
    tmp_path: Path, known: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The claims of the first outcome, of parentage.json and of the command line are the same values."""
    (mother, father, stranger, child), _ = family()
    grandchild = ["D", *(one for locus in range(10) for one in sorted([child[1 + 2 * locus], mother[2 + 2 * locus]]))]
    grandchild[1:] = stranger[1:]
    files = {
        "genotypes": text([mother, father, stranger, child, grandchild]),
        "claims": "offspring,dam,sire,untyped\nC,P0,P1,\nD,C,gone,gone\n",
    }
    result = run("individual.parentage", tmp_path, files, known)
    whole, first, second = result.outcomes
    assert [one.finding.outcome for one in result.outcomes] == [
        "pedigree_excluded", "parents_possible", "parents_excluded"
    ]  # fmt: skip
    assert "It breaks first at D (mother C, father gone)" in whole.finding.statement
    values = numbers(result)
    assert (values["claims"], values["tests"], values["claims_excluded"]) == (2, 2, 1)
    assert values["alpha_each"] == pytest.approx(0.0005)
    assert any("gone" in one for one in whole.caveats)
    assert any(one.code == "claims_tested" and one.state == "warning" for one in whole.diagnostics)
    assert first.details["alpha"] == second.details["alpha"] == pytest.approx(0.0005)
    content = {one.name: one.content for one in result.artefacts}
    assert set(content) == {"parentage.json", "parentage.csv", "pedigree.svg"}
    assert json.loads(content["parentage.json"])["claims"] == whole.details["claims"]
    lines = list(csv.DictReader(io.StringIO(content["parentage.csv"].decode())))
    assert [(one["young"], one["test"], one["answer"]) for one in lines] == [
        ("C", "pair", "not excluded"), ("D", "mother", "excluded")
    ]  # fmt: skip
    (tmp_path / "known.csv").write_text(text(profiles(1, 60, "K")))
    words = ["individual", "parentage", str(tmp_path / "genotypes.csv"), "--id-column", "id", "--format", "jsonl"]
    words += ["--claims", str(tmp_path / "claims.csv"), "--frequencies", str(tmp_path / "known.csv")]
    assert main(words) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == whole.details["claims"]


def test_a_set_of_profiles_and_a_second_table_are_refused_together(tmp_path: Path, known: Path) -> None:
    rows = text(profiles(4, 3, "A"))
    with pytest.raises(InputRefused, match="one at a time"):
        run("individual.match", tmp_path, {"genotypes": rows, "against": rows}, known)
