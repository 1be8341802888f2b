"""Intervals of likelihood ratios: against the whole tables of a locus, and against drawn frequencies."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from analysis.__main__ import main
from analysis.individual.kinship import RELATIONSHIPS, ErrorModel, locus_tables
from analysis.individual.panel import Panel, genotype_index
from analysis.individual.uncertainty import log_ratios, ratio_variances

MODELS = (
    ErrorModel(),
    ErrorModel(theta=0.0, dropout=0.0, miscall=0.0),
    ErrorModel(theta=0.1, dropout=0.08, miscall=0.03),
)
COUNTS = np.array([31.0, 12.0, 3.0, 1.0, 23.0, 0.0])


def panel_of_counts(counts: np.ndarray) -> Panel:
    return Panel(
        loci=("L",),
        alleles=(tuple(str(number) for number in range(len(counts))),),
        frequencies=((counts + 1 / len(counts)) / (counts.sum() + 1),),
        copies=(int(counts.sum()),),
    )


@pytest.mark.parametrize("model", MODELS)
def test_alleles_not_seen_may_be_taken_together(model: ErrorModel) -> None:
    """For every pair of genotypes of a locus of six alleles, the ratios of the few alleles in it are those of the
    whole table."""
    (frequencies,) = panel_of_counts(COUNTS).frequencies
    tables, index = locus_tables(frequencies, model), genotype_index(len(COUNTS))
    whole = np.stack([tables.log_ratio(name) for name in RELATIONSHIPS], axis=-1)
    genotypes = list(itertools.combinations_with_replacement(range(len(COUNTS)), 2))
    for (a, b), (c, d) in itertools.product(genotypes, repeat=2):
        order = list(dict.fromkeys([a, b, c, d]))
        known = frequencies[order]
        shares = np.array([[*known, 1 - known.sum()]])
        pattern = (order.index(a), order.index(b), order.index(c), order.index(d))
        found = log_ratios(shares, pattern, model, len(COUNTS))[0]
        assert found == pytest.approx(whole[index[a, b], index[c, d]], abs=1e-9)


@pytest.mark.parametrize("model", MODELS[::2])
def test_the_spread_is_that_of_drawn_frequencies(model: ErrorModel) -> None:
    """Standard deviations of the ratios of 600 posteriors, each with a whole table of its own. Counts are large, as the
    method by derivatives needs."""
    counts = np.array([60.0, 45.0, 30.0, 105.0])
    panel, random = panel_of_counts(counts), np.random.default_rng(3)
    drawn = []
    for shares in random.dirichlet(counts + 1 / len(counts), 600):
        tables = locus_tables(shares, model)
        drawn.append([tables.log_ratio(name) for name in RELATIONSHIPS])
    spread = np.array(drawn).std(axis=0)
    numbers = np.arange(spread.shape[1])
    left, right = (axis.ravel()[None] for axis in np.meshgrid(numbers, numbers, indexing="ij"))
    found = np.sqrt(ratio_variances(panel, model, left, right)).T.reshape(spread.shape)
    # 600 draws know a standard deviation to about 3 %; the rest is what a straight line leaves out.
    assert np.abs(found - spread).max() < 0.15 * spread.max()
    large = spread > 0.2 * spread.max()
    assert (np.abs(found - spread)[large] < 0.25 * spread[large]).all()


def test_two_alleles_without_error_by_hand() -> None:
    """Of a heterozygote that matches itself, without theta and errors, the ratio is 1 / (2 p q): with q = 1 - p its
    logarithm has the slope (2 p - 1) / (p q), so the variance is (1 - 2 p)^2 / (p q (n + 2))."""
    counts = np.array([30.0, 70.0])
    panel = panel_of_counts(counts)
    p, q = panel.frequencies[0]
    model = ErrorModel(theta=0.0, dropout=0.0, miscall=0.0)
    number = np.array([[genotype_index(2)[0, 1]]])
    found = ratio_variances(panel, model, number, number)[0, 0]
    assert found == pytest.approx((1 - 2 * p) ** 2 / (p * q * 102), rel=1e-6)


def test_untyped_loci_add_nothing() -> None:
    panel = panel_of_counts(COUNTS)
    assert not ratio_variances(panel, ErrorModel(), np.array([[-1, 0]]), np.array([[0, -1]])).any()


@pytest.mark.parametrize("question", ["match", "kin"])
def test_the_command_prints_an_interval_beside_each_ratio(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], question: str
) -> None:
    random = np.random.default_rng(2)
    rows = [[f"a{animal}", *(str(100 + 2 * random.integers(6)) for _ in range(24))] for animal in range(30)]
    rows.append(["again", *rows[4][1:]])
    head = ["id", *(f"L{locus}_{half}" for locus in range(12) for half in (1, 2))]
    (tmp_path / "table.csv").write_text("\n".join(",".join(row) for row in [head, *rows]))
    words = ["individual", question, str(tmp_path / "table.csv"), "--id-column", "id"]
    assert main([*words, "--format", "jsonl"]) == 0
    best = json.loads(capsys.readouterr().out.splitlines()[0])
    assert {best["a"], best["b"]} == {"a4", "again"}
    assert best["lr_interval_95"].keys() == {name for name, value in best["log10_lr"].items() if value is not None}
    for name, (low, high) in best["lr_interval_95"].items():
        assert low < best["lr"][name] < high
    low, high = best["match_probability_interval_95"]
    assert low < best["match_probability"] < high
    assert main(words) == 0
    assert "95 % interval" in capsys.readouterr().out
