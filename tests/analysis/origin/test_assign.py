"""From a table of samples to an answer: loci, alleles, suspicion, decisions, accuracy."""

from pathlib import Path

import numpy as np
import pytest

from analysis.errors import InputRefused
from analysis.genotypes.reader import Layout, read_genotypes
from analysis.inputs import InputFile
from analysis.origin.accuracy import Level, validate
from analysis.origin.assign import AssignmentRun, OriginOutcome, Settings, assign
from analysis.origin.baseline import Baseline, baseline_build, baseline_read, diversity
from analysis.origin.intervals import wilson
from analysis.origin.queries import queries_align
from analysis.origin.synthetic import Design, synthetic_data
from analysis.origin.wording import caveats, statement, validation_json
from tests.analysis.origin.conftest import baseline_of, table_of

QUICK = Settings(simulations=500, seed=1)


def two_populations(loci: int = 6, animals: int = 12, *, grouped: bool = False) -> Baseline:
    """P holds alleles 101/103, Q and R 121/123 and hardly differ from each other."""
    rows = []
    for population, alleles in (("P", ("101", "103")), ("Q", ("121", "123")), ("R", ("121", "123"))):
        for animal in range(animals):
            pair = f"{alleles[animal % 2]}/{alleles[(animal // 2) % 2]}"
            group = " east" if grouped and population != "P" else " west" if grouped else ""
            rows.append(f"{population}{animal} {population}{group} {' '.join([pair] * loci)}")
    return baseline_of("\n".join(rows), grouped=grouped)


def outcomes(run: AssignmentRun) -> list[tuple[str, str | None]]:
    return [(answer.outcome.value, answer.subject) for answer in run.assignments]


def test_population_group_none_and_inconclusive() -> None:
    rows = f"x {' '.join(['101/103'] * 6)}\ny {' '.join(['121/123'] * 6)}\nz {' '.join(['101/123'] * 6)}\n"
    run = assign(two_populations(), table_of(rows), QUICK)
    assert outcomes(run) == [("population", "P"), ("inconclusive", None), ("none", None)]
    assert [reason.code for reason in run.assignments[1].reasons] == ["below_threshold"]
    assert statement(run.assignments[2], run).startswith("None of these populations")
    grouped = assign(two_populations(grouped=True), table_of(rows), QUICK)
    assert outcomes(grouped)[1] == ("group", "east")
    assert "group east" in statement(grouped.assignments[1], grouped)


def test_ranking_is_complete_ordered_and_adds_to_one() -> None:
    answer = assign(two_populations(), table_of(f"x {' '.join(['101/101'] * 6)}\n"), QUICK).assignments[0]
    scores = [item.log_likelihood for item in answer.ranking]
    assert scores == sorted(scores, reverse=True)
    assert sum(item.posterior for item in answer.ranking) == pytest.approx(1.0)
    assert [item.samples for item in answer.ranking] == [12, 12, 12]


def test_few_typed_loci_are_not_enough_to_name() -> None:
    run = assign(two_populations(), table_of("x 101/103 101/103 101/101 - - -\ny - - - - - -\n"), QUICK)
    assert outcomes(run) == [("inconclusive", None), ("no_result", None)]
    assert "Only 3 of 6 loci are typed; 4 are needed" in run.assignments[0].reasons[0].text
    assert run.assignments[1].ranking == ()


def test_more_than_two_unknown_alleles_never_name_a_population() -> None:
    """Three of forty copies unknown: computed with a doubt; twelve of forty: no result."""
    baseline = two_populations(20)
    some = " ".join(["101/103"] * 17 + ["101/105"] * 3)
    many = " ".join(["101/103"] * 14 + ["105/107"] * 6)
    run = assign(baseline, table_of(f"x {some}\ny {many}\n"), QUICK)
    assert [answer.unknown_alleles for answer in run.assignments] == [3, 12]
    assert run.assignments[0].outcome in (OriginOutcome.INCONCLUSIVE, OriginOutcome.NONE)
    assert "more than two" in run.assignments[0].reasons[-1].text
    assert outcomes(run)[1] == ("no_result", None)


def test_shifted_columns_are_recognised() -> None:
    """Three loci with different alleles; the sample's cells stand one locus too far left."""
    rows = "\n".join(f"a{n} {'PQ'[n % 2]} 101/103 121/123 141/143 161/163" for n in range(8))
    with pytest.raises(InputRefused, match=r"columns shifted\?") as caught:
        queries_align(baseline_of(rows), table_of("ok 101/103 121/123 141/143 161/163\nx 121/123 141/143 161/163 -"))
    assert caught.value.row == 3


def test_alleles_outside_the_panel_are_refused() -> None:
    with pytest.raises(InputRefused, match="Allele 999 is outside the range") as caught:
        queries_align(two_populations(2), table_of("x 101/103 101/103\ny 101/103 101/999\n"))
    assert (caught.value.row, caught.value.field) == (3, "L2")


def test_other_panels_are_refused_and_part_panels_noted() -> None:
    baseline = two_populations(2)
    other = read_genotypes(b"id,X_1,X_2\nq,1,2\n", name="q.csv", layout=Layout(id="id"))
    with pytest.raises(InputRefused, match="No locus is also in the baseline"):
        queries_align(baseline, other)
    part = read_genotypes(b"id,X_1,X_2,L2_1,L2_2\nq,1,2,101,101\n", name="q.csv", layout=Layout(id="id"))
    queries = queries_align(baseline, part)
    assert queries.typed.tolist() == [[False, True]]
    assert any("lack: L1" in notice for notice in queries.notices)
    assert any("not used: X" in notice for notice in queries.notices)


def test_a_sample_that_is_in_the_baseline_is_left_out_of_it() -> None:
    baseline = two_populations()
    own = baseline.table.genotype_lines()[1]
    cells = " ".join(cell.split("=")[1] for cell in own.split("\t"))
    run = assign(baseline, table_of(f"P1 {cells}\nstranger {cells}\n"), QUICK)
    inside, outside = run.assignments
    assert (inside.left_out, outside.left_out) == (True, False)
    score = {item.population: item.log_likelihood for item in inside.ranking}
    full = {item.population: item.log_likelihood for item in outside.ranking}
    assert score["P"] < full["P"]
    assert score["Q"] == full["Q"]
    assert any("left out of its own population" in words for words in caveats(inside, run))


def test_same_genotypes_are_pointed_out() -> None:
    rows = f"x {' '.join(['101/103'] * 6)}\ny {' '.join(['101/103'] * 6)}\nz {' '.join(['101/101'] * 6)}\n"
    run = assign(two_populations(), table_of(rows), QUICK)
    assert "y" in run.assignments[0].same_as
    assert any(name.endswith("(baseline)") for name in run.assignments[2].same_as)
    assert any("typed twice" in words for words in caveats(run.assignments[0], run))


@pytest.mark.parametrize(
    ("name", "value"),
    [("alpha", 0.0), ("threshold", 0.4), ("least_typed", 0.0), ("simulations", 10), ("seed", -1)],
)
def test_settings_out_of_range(name: str, value: float) -> None:
    with pytest.raises(InputRefused) as caught:
        Settings(**{name: value})  # type: ignore[arg-type]  # wrong values are the point
    assert caught.value.field == name


def test_too_few_made_genotypes_cannot_show_a_small_p() -> None:
    with pytest.raises(InputRefused, match="cannot show a p below"):
        Settings(alpha=0.001, simulations=500)


def test_validation_counts_by_hand() -> None:
    """P is unmistakable; Q and R are twins, so they are right to the group only."""
    validation = validate(two_populations(grouped=True))
    by_name = {item.population: item for item in validation.populations}
    assert by_name["P"].right_population.accuracy == 1.0
    assert by_name["Q"].right_group.accuracy == 1.0
    assert validation.total[Level.GROUP].accuracy == 1.0
    assert validation.total[Level.POPULATION].animals == 36
    assert sum(band.share.animals for band in validation.bands[Level.POPULATION]) == 36
    assert validation.at_least[Level.GROUP][0].share == validation.total[Level.GROUP]


def test_animals_typed_at_no_locus_are_not_counted_and_named() -> None:
    rows = "A1 A 1/1 3/3\nA2 A 1/1 3/3\nB1 B 2/2 4/4\nB2 B 2/2 4/4\n"
    full, with_one = baseline_of(rows), baseline_of(f"A0 A - -\n{rows}")
    assert validate(with_one).total == validate(full).total
    assert validate(with_one).populations == validate(full).populations
    found = validation_json(with_one, validate(with_one))
    assert found["notices"] == ["Animals typed at no locus, not counted in the accuracy: A0."]


def test_a_population_of_untyped_animals_is_refused() -> None:
    """Nothing would ever exclude it, and «none of these populations» could not be answered any more."""
    with pytest.raises(InputRefused, match="No animal of «C» is typed") as caught:
        baseline_of("A1 A 1/1 3/3\nB1 B 2/2 4/4\nC1 C - -\nC2 C - -\n")
    assert (caught.value.row, caught.value.field) == (4, "population")


@pytest.mark.parametrize(
    ("correct", "animals", "low", "high"),
    [(15, 15, 0.796, 1.0), (0, 10, 0.0, 0.278), (81, 263, 0.2553, 0.3662)],
)
def test_wilson_intervals(correct: int, animals: int, low: float, high: float) -> None:
    """81 of 263 is the worked example of Newcombe 1998 (0.2553 to 0.3662); 0 of n gives z2/(n+z2)."""
    assert wilson(correct, animals) == pytest.approx((low, high), abs=5e-4)


def test_diversity_by_hand() -> None:
    """P: 1,1,1,2 -> 4/3 (1 - 10/16) = 1/2; Q: 2,2,2,2 -> 0; heterozygotes 1 of 4."""
    found = diversity(baseline_of("a P 1/1\nb P 1/2\nc Q 2/2\nd Q 2/2\n"))[0]
    assert (found.alleles, found.typed, found.observed) == (2, 4, 0.25)
    assert found.expected == pytest.approx(0.25)


def test_synthetic_data_say_so_and_repeat() -> None:
    data = synthetic_data(Design(seed=4))
    assert data == synthetic_data(Design(seed=4))
    assert data.baseline_csv != synthetic_data(Design(seed=5)).baseline_csv
    for text in (data.baseline_csv, data.samples_csv):
        assert all(line.startswith("SYNTHETIC,SYN-") for line in text.splitlines()[1:])
    assert list(data.truth.values()).count(None) == Design(seed=4).outside_samples


def test_synthetic_samples_are_mostly_assigned_rightly() -> None:
    data = synthetic_data(Design(seed=2, samples=60, outside_samples=0))
    layout = Layout(id="id", population="population", group="group")
    table = read_genotypes(data.baseline_csv.encode(), name="b", layout=layout)
    baseline = baseline_build(table, population_column="population", group_column="group")
    samples = read_genotypes(data.samples_csv.encode(), name="s", layout=Layout(id="id"))
    run = assign(baseline, samples, QUICK)
    named = [answer for answer in run.assignments if answer.outcome is OriginOutcome.POPULATION]
    assert len(named) >= 40
    assert np.mean([answer.subject == data.truth[answer.id] for answer in named]) > 0.9


def test_chinook_leave_one_out(genotype_data: Path) -> None:
    """Known answers of the rubias chinook data: 87.6 and 65.6 %, and 96.5 % at a posterior of 0.9."""
    validation = validate(
        baseline_read(
            InputFile.from_path("baseline", genotype_data / "chinook.tsv.gz"),
            id_column="indiv",
            population_column="collection",
            group_column="repunit",
        )
    )
    sure = next(band for band in validation.at_least[Level.GROUP] if band.low == 0.9)
    assert validation.total[Level.GROUP].accuracy == pytest.approx(0.876, abs=0.003)
    assert validation.total[Level.POPULATION].accuracy == pytest.approx(0.656, abs=0.003)
    assert sure.share.accuracy == pytest.approx(0.965, abs=0.005)


def test_nancycats_leave_one_out(genotype_data: Path) -> None:
    validation = validate(
        baseline_read(
            InputFile.from_path("baseline", genotype_data / "nancycats.tsv"),
            id_column="id",
            population_column="pop",
        )
    )
    assert validation.total[Level.POPULATION].accuracy == pytest.approx(0.696, abs=0.005)


def test_a_shifted_real_row_is_refused(genotype_data: Path) -> None:
    """One cell of a cat is lost and everything after it moves left."""
    path = genotype_data / "nancycats.tsv"
    lines = path.read_text().splitlines()
    cells = lines[20].split("\t")
    shifted = "\t".join([*cells[:4], *cells[6:], "", ""])
    content = "\n".join([lines[0], lines[19], shifted]).encode()
    baseline = baseline_read(InputFile.from_path("baseline", path), id_column="id", population_column="pop")
    samples = read_genotypes(content, name="q.tsv", layout=Layout(id="id", ignored=("pop",)))
    with pytest.raises(InputRefused, match="shifted") as caught:
        queries_align(baseline, samples)
    assert caught.value.row == 3


def test_of_many_samples_with_one_genotype_twenty_are_named() -> None:
    rows = "".join(f"x{number} {' '.join(['101/103'] * 6)}\n" for number in range(50))
    baseline = two_populations()
    for number, found in enumerate(queries_align(baseline, table_of(rows)).same_as):
        assert f"x{number}" not in found
        # 49 others in the table and the six animals of P with 101 and 103.
        assert (len(found), found[-1]) == (21, "35 more")
