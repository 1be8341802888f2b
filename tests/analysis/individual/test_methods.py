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
from analysis.origin.baseline import baseline_freeze
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


def test_files_of_pairs_hold_the_interval_of_each_ratio(tmp_path: Path, known: Path) -> None:
    """The columns are the ends that the JSON file has, around the ratio; a ratio of 0 has none."""
    rows = profiles(1, 60, "K")
    result = run("individual.kin", tmp_path, {"genotypes": text(rows[:12])}, known, least_lr=1)
    content = {one.name: one.content for one in result.artefacts}
    lines = list(csv.DictReader(io.StringIO(content["kin.csv"].decode())))
    pairs = json.loads(content["kin.json"])["pairs"]
    assert len(lines) == len(pairs) > 12
    empty = 0
    for line, one in zip(lines, pairs, strict=True):
        for name, value in one["log10_lr"].items():
            low, high = (line[f"log10_lr_{name}_{end}_95"] for end in ("low", "high"))
            if value is None:
                assert (line[f"log10_lr_{name}"], low, high) == ("", "", "")
                empty += 1
                continue
            ends = [np.log10(end) for end in one["lr_interval_95"][name]]
            assert [float(low), float(high)] == pytest.approx(ends, abs=1e-3)
            assert float(low) < float(line[f"log10_lr_{name}"]) < float(high)
    assert empty == 0, "with errors every pair is possible"
    exact = run("individual.kin", tmp_path, {"genotypes": text(rows[:12])}, known, least_lr=1, dropout=0, miscall=0)
    sheet = next(one.content for one in exact.artefacts if one.name == "kin.csv").decode()
    cut = [one for one in csv.DictReader(io.StringIO(sheet)) if one["log10_lr_identity"] == ""]
    assert cut
    assert all(one["log10_lr_identity_low_95"] == one["log10_lr_identity_high_95"] == "" for one in cut)
    match = run("individual.match", tmp_path, {"genotypes": text([["Q1", *rows[7][1:]]])}, known)
    (line,) = csv.DictReader(io.StringIO(match.artefacts[1].content.decode()))
    low, ratio, high = (float(line[f"log10_lr_identity{end}"]) for end in ("_low_95", "", "_high_95"))
    assert low < ratio < high
    number = next(one for one in match.outcomes[0].numbers if one.name == "log10_lr_identity")
    assert number.interval is not None
    assert (low, high) == pytest.approx(number.interval[:2], abs=1e-4)


@pytest.fixture
def wild(tmp_path: Path) -> Path:
    """Population data: thirty animals of N1, fifteen of N2 (both North), twenty of S1 (South) with other alleles."""
    rows = [[*row, "N1", "North"] for row in profiles(31, 30, "A")] + [
        [*row, "N2", "North"] for row in profiles(32, 15, "B")
    ]
    rows += [[row[0], *(str(int(one) + 20) for one in row[1:]), "S1", "South"] for row in profiles(33, 20, "C")]
    folder = tmp_path / "wild"
    content = "\n".join([f"{HEAD},population,group", *(",".join(row) for row in rows)]).encode()
    columns = {"id_column": "id", "population_column": "population", "group_column": "group"}
    baseline_freeze(folder, content, name="Wild", version="1", **columns)
    return folder


def test_frequencies_of_one_region_are_counted_in_its_animals_alone(tmp_path: Path, wild: Path) -> None:
    """Two typings of one animal of N1; the match probability by formula 4.10 with counts of the region, by hand."""
    one = ["Q1", *profiles(31, 30, "A")[4][1:]]
    files = {"genotypes": text([one, ["Q2", *one[1:]]])}

    def by_hand(rows: list[list[str]]) -> float:
        expected, theta = 1.0, 0.03
        everything = profiles(31, 30, "A") + profiles(32, 15, "B")
        south = [[row[0], *(str(int(cell) + 20) for cell in row[1:])] for row in profiles(33, 20, "C")]
        for locus in range(10):
            places = (1 + 2 * locus, 2 + 2 * locus)
            known = {row[place] for row in (*everything, *south, one) for place in places}
            copies = [row[place] for row in rows for place in places]
            p, q = ((copies.count(one[place]) + 1 / len(known)) / (len(copies) + 1) for place in places)
            below = (1 + theta) * (1 + 2 * theta)
            if one[places[0]] == one[places[1]]:
                expected *= (2 * theta + (1 - theta) * p) * (3 * theta + (1 - theta) * p) / below
            else:
                expected *= 2 * (theta + (1 - theta) * p) * (theta + (1 - theta) * q) / below
        return expected

    north = profiles(31, 30, "A") + profiles(32, 15, "B")
    for region, rows, animals in (("N1", north[:30], 30), ("North", north, 45)):
        result = run("individual.match", tmp_path, files, wild, frequencies_of=region)
        assert numbers(result)["match_probability"] == pytest.approx(by_hand(rows), rel=1e-5)
        told = next(check for check in result.outcomes[0].diagnostics if check.code == "frequencies")
        assert told.text == f"frequencies of {animals} animals of «Wild: {region}»"
        assert any(f"«Wild: {region}»" in one.definition for one in result.outcomes[0].numbers)
    whole = run("individual.match", tmp_path, files, wild)
    assert numbers(whole)["match_probability"] < by_hand(north[:30])


@pytest.mark.parametrize("method", ["individual.match", "individual.kin", "individual.parentage"])
def test_regions_that_say_nothing_are_refused(tmp_path: Path, wild: Path, known: Path, method: str) -> None:
    rows = text(profiles(31, 30, "A")[:3])
    claim = {"young": "A0", "mother": "A1"} if method == "individual.parentage" else {}
    for region, told in (("West", "There are N1, N2, North, S1, South"), ("N2", "Only 15 animals")):
        with pytest.raises(InputRefused, match=told) as refused:
            run(method, tmp_path, {"genotypes": rows}, wild, frequencies_of=region, **claim)
        assert (refused.value.field, bool(refused.value.remedy)) == ("frequencies_of", True)
    with pytest.raises(InputRefused, match="known profiles has no regions"):
        run(method, tmp_path, {"genotypes": rows}, known, frequencies_of="N1", **claim)


@pytest.mark.parametrize("method", ["individual.match", "individual.kin", "individual.parentage"])
def test_a_locus_of_raw_lengths_is_refused_before_it_fills_the_memory(tmp_path: Path, known: Path, method: str) -> None:
    rows = [[f"R{number}", str(200 + 2 * number), str(201 + 2 * number), *["100"] * 18] for number in range(50)]
    claim = {"young": "R0", "mother": "R1"} if method == "individual.parentage" else {}
    with pytest.raises(InputRefused, match="106 alleles over all tables; 80 at most") as refused:
        run(method, tmp_path, {"genotypes": text(rows)}, known, **claim)
    assert refused.value.field == "L0"


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
    with pytest.raises(InputRefused, match="No claim was given"):
        run("individual.parentage", tmp_path, {"genotypes": rows}, known)
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
