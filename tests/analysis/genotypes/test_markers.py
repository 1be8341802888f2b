"""Panels and bins; consensus of repeated runs and the rates they show."""

import numpy as np
import pytest

from analysis.errors import InputRefused
from analysis.genotypes.consensus import ConsensusRule, consensus
from analysis.genotypes.grid import read_delimited
from analysis.genotypes.markers import binned, panel_read
from analysis.genotypes.reader import Layout, read_genotypes

PANEL = """locus,shortest,longest,repeat,offset,tolerance
FH67,86,110,2,0.3,0.6
S03,140,180,4,0,1
"""


def test_raw_lengths_are_binned_and_every_bad_cell_is_named() -> None:
    panel = panel_read(PANEL, name="elephant", version="1", file="panel.csv")
    text = "id,FH67_1,FH67_2,S03_1,S03_2\na,95.6,97.9,140.4,143.5\nb,96.9,200.1,,\nc,0,95.7,x,142.1\n"
    found, problems = binned(read_delimited(text, name="raw.csv"), panel, named=["id"])
    assert list(found.rows[0]) == ["a", "96", "98", "140", "144"]
    assert [(one.row, one.column) for one in problems] == [
        (3, "FH67_1"),
        (3, "FH67_2"),
        (4, "FH67_1"),
        (4, "S03_1"),
        (4, "S03_2"),
    ]
    assert "look at the trace" in problems[0].remedy
    assert "columns shifted" in problems[1].remedy
    assert "both alleles" in problems[2].remedy


def test_the_digest_is_of_the_content() -> None:
    first = panel_read(PANEL, name="elephant", version="1", file="panel.csv")
    head, one, two = PANEL.strip().splitlines()
    assert panel_read("\n".join([head, two, one]), name="elephant", version="1", file="x").sha256 == first.sha256
    assert panel_read(PANEL, name="elephant", version="2", file="x").sha256 != first.sha256


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("FH67,110,86,2,0,0.6", "cannot be"),
        ("FH67,86,110,2,0,1.5", "cannot be"),
        ("FH67,86,wide,2,0,0.6", "no marker"),
        ("FH67,86,110,2,0,0.6\nFH67,86,110,2,0,0.6", "twice"),
        ("", "no loci"),
    ],
)
def test_panels_that_are_none(rows: str, words: str) -> None:
    head = PANEL.splitlines()[0]
    with pytest.raises(InputRefused, match=words):
        panel_read(f"{head}\n{rows}", name="x", version="1", file="panel.csv")
    with pytest.raises(InputRefused, match="head"):
        panel_read("a,b\n", name="x", version="1", file="panel.csv")


def test_a_locus_that_is_not_in_the_panel() -> None:
    panel = panel_read(PANEL, name="elephant", version="1", file="panel.csv")
    with pytest.raises(InputRefused, match="has no FH99"):
        binned(read_delimited("id,FH99_1,FH99_2\na,90,92\n", name="raw.csv"), panel, named=["id"])


def runs_of(text: str) -> object:
    rows = [line.split() for line in text.strip().splitlines()]
    lines = ["run,sample,L1_1,L1_2"]
    for number, (sample, cell) in enumerate(rows):
        lines.append(
            f"r{number},{sample},{'' if cell == '-' else cell.replace('/', ',')}" + ("," if cell == "-" else "")
        )
    layout = Layout(id="run", others=("sample",))
    return read_genotypes("\n".join(lines).encode(), name="runs.csv", layout=layout)


RUNS = """
het 1/2
het 1/2
het 1/1
het -
hom 3/3
hom 3/3
hom 3/3
hom 3/4
few 5/5
few 5/5
two 1/2
two 3/3
two 1/2
two 3/3
"""


def test_the_multi_tube_rule_by_hand() -> None:
    """het: both alleles twice; hom: three alone against one stray; few: only two runs; two: three alleles twice."""
    found = consensus(runs_of(RUNS), "sample")  # type: ignore[arg-type]  # a GenotypeTable
    genotypes = {name: found.table.genotype(row, 0) for row, name in enumerate(found.table.ids)}
    assert genotypes == {"het": ("1", "2"), "hom": ("3", "3"), "few": None, "two": None}
    assert found.mixed == (("two", "L1"),)
    (rates,) = found.rates
    assert (rates.runs, rates.heterozygous_runs, rates.dropouts, rates.false_alleles, rates.undecided) == (
        7,
        3,
        1,
        1,
        2,
    )
    looser = consensus(runs_of(RUNS), "sample", ConsensusRule(homozygote_runs=2))  # type: ignore[arg-type]  # a table
    assert looser.table.genotype(looser.table.ids.index("few"), 0) == ("5", "5")


def test_rates_that_were_put_in_are_found_again() -> None:
    """600 samples of eight runs; dropout 0.1 of heterozygote runs."""
    random = np.random.default_rng(2)
    lines = []
    for sample in range(600):
        a, b = sorted(random.choice(9, 2, replace=False) + 1)
        for _ in range(8):
            kept = (a, b) if random.random() >= 0.1 else (a, a) if random.random() < 0.5 else (b, b)
            lines.append(f"s{sample} {kept[0]}/{kept[1]}")
    (rates,) = consensus(runs_of("\n".join(lines)), "sample").rates  # type: ignore[arg-type]  # a GenotypeTable
    low, high = rates.dropout_interval
    assert low <= 0.1 <= high
    assert rates.false_alleles == 0
    with pytest.raises(InputRefused):
        ConsensusRule(allele_runs=3, homozygote_runs=2)
