"""Repeated typings joined as a method: the rule by hand, rates against what was put in, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from analysis.__main__ import main
from analysis.errors import InputRefused
from analysis.genotypes.consensus import consensus
from analysis.genotypes.reader import Layout, read_genotypes
from analysis.inputs import InputFile, RunInputs, RunResult, no_progress
from analysis.registry import METHODS

BY_HAND = """id,L1_1,L1_2,L2_1,L2_2
het,100,104,90,90
het,100,104,90,90
het,100,100,90,90
few,100,100,90,94
few,100,100,90,94
two,100,104,90,90
two,100,106,90,90
two,104,106,90,90
"""


def joined(folder: Path, text: str, **parameters: object) -> RunResult:
    path = folder / "runs.csv"
    path.write_text(text)
    given = InputFile.from_path("genotype_runs", path)
    return METHODS["individual.consensus"].run(RunInputs(files=(given,), parameters=parameters), no_progress)  # type: ignore[arg-type]  # plain values


def test_the_multi_tube_rule_by_hand(tmp_path: Path) -> None:
    """het: both alleles at L1 twice, 90 alone three times; few: a homozygote seen twice; two: three alleles."""
    found = joined(tmp_path, BY_HAND)
    het, few, two = found.outcomes
    assert [one.finding.outcome for one in found.outcomes] == ["consensus", "consensus", "mixture"]
    assert het.details["genotype"] == {"L1": ["100", "104"], "L2": ["90", "90"]}
    assert (few.details["genotype"], few.details["undecided"]) == ({"L2": ["90", "94"]}, ["L1"])
    assert (two.details["mixed"], two.details["genotype"]) == (["L1"], {"L2": ["90", "90"]})
    assert "more than one animal" in two.finding.statement
    numbers = {one.name: one for one in het.numbers}
    # Confirmed heterozygotes: L1 of het (three typings, one dropout) and L2 of few (two, none).
    assert numbers["dropout_rate"].value == pytest.approx(1 / 5)
    assert numbers["false_allele_rate"].value == 0
    assert numbers["dropout_rate"].interval is not None
    low, high, level = numbers["dropout_rate"].interval
    assert level == 0.95
    # Clopper-Pearson: P(X >= 1 | low) = 0.025 and P(X <= 1 | high) = 0.025 of five typings.
    assert 1 - (1 - low) ** 5 == pytest.approx(0.025, rel=1e-4)
    assert (1 - high) ** 5 + 5 * high * (1 - high) ** 4 == pytest.approx(0.025, rel=1e-4)


def test_the_table_made_is_one_that_every_method_reads(tmp_path: Path) -> None:
    (table,) = [one for one in joined(tmp_path, BY_HAND).artefacts if one.name == "consensus.csv"]
    read = read_genotypes(table.content, name=table.name, layout=Layout(id="id"))
    assert read.ids == ("het", "few", "two")
    assert [read.genotype(0, locus) for locus in range(2)] == [("100", "104"), ("90", "90")]
    assert read.genotype(1, 0) is None
    assert read.genotype(2, 0) is None


def test_rates_that_were_put_in_are_found_again(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    rows = ["id,L1_1,L1_2"]
    for sample in range(300):
        a, b = sorted(100 + 2 * random.choice(9, 2, replace=False))
        for _ in range(8):
            kept = (a, b) if random.random() >= 0.2 else (a, a) if random.random() < 0.5 else (b, b)
            rows.append(f"s{sample},{kept[0]},{kept[1]}")
    rate = {one.name: one for one in joined(tmp_path, "\n".join(rows)).outcomes[0].numbers}["dropout_rate"]
    assert rate.interval is not None
    assert rate.interval[0] <= 0.2 <= rate.interval[1]


def test_a_looser_rule_is_followed_and_printed(tmp_path: Path) -> None:
    few = joined(tmp_path, BY_HAND, homozygote_runs=2).outcomes[1]
    assert few.details["genotype"] == {"L1": ["100", "100"], "L2": ["90", "94"]}
    assert few.details["rule"] == {"allele_runs": 2, "homozygote_runs": 2}


@pytest.mark.parametrize(
    ("text", "parameters", "words"),
    [
        ("id,L1_1,L1_2\na,1,2\nb,1,2\n", {}, "No sample stands in 2 rows or more"),
        ("id,L1_1,L1_2\na,1,\na,1,2\n", {}, "half"),
        ("id,L1_1,L1_2\na,1,2\na,1,2\n", {"allele_runs": 3, "homozygote_runs": 2}, "A rule of 3 and 2 runs"),
        ("id,L1_1,L1_2\na,1,2\na,1,2\n", {"id_column": "sample"}, "sample"),
    ],
    ids=["single-typings", "half-typed", "rule", "column"],
)
def test_what_cannot_be_joined_is_refused(tmp_path: Path, text: str, parameters: dict[str, object], words: str) -> None:
    with pytest.raises(InputRefused, match=words):
        joined(tmp_path, text, **parameters)


def test_the_command_gives_the_answers_of_the_method(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    method = joined(tmp_path, BY_HAND)
    words = ["individual", "consensus", str(tmp_path / "runs.csv"), "--id-column", "id"]
    out = tmp_path / "joined.csv"
    assert main([*words, "--format", "jsonl", "--output", str(out)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["id"], one["outcome"]) for one in lines] == [
        ("het", "consensus"),
        ("few", "consensus"),
        ("two", "mixture"),
    ]
    assert lines[0]["genotype"] == {"L1": ["100", "104"], "L2": ["90", "90"]}
    assert out.read_bytes() == next(one.content for one in method.artefacts if one.name == "consensus.csv")
    assert main([*words, "--output", str(out)]) == 1, "nothing is overwritten"
    assert "does not exist" in capsys.readouterr().err
    assert main(words) == 0
    assert "dropout_rate: 0.2 (95% interval" in capsys.readouterr().out
    assert main([*words, "--allele-runs", "3", "--homozygote-runs", "2"]) == 1


@pytest.mark.parametrize(
    ("rows", "words"),
    [(3, "3 runs were joined into 1 sample."), (1, "1 run was joined into 1 sample.")],
    ids=["several", "one"],
)
def test_what_was_joined_is_said_in_the_right_number(rows: int, words: str) -> None:
    head, first, *_ = BY_HAND.splitlines()
    content = "\n".join([f"{head},sample", *[f"r{number}{first[3:]},het" for number in range(rows)]]).encode()
    runs = read_genotypes(content, name="r.csv", layout=Layout(id="id", others=("sample",)))
    assert consensus(runs, "sample").table.notices[-1] == words
