"""Mixture proportions: against the maximum by search, planted shares, and what rubias publishes."""

import gzip
import json

import numpy as np
import pytest

from analysis.errors import InputRefused
from analysis.genotypes.reader import Layout, read_genotypes
from analysis.origin.baseline import baseline_build
from analysis.origin.mixture import mixtures, shares_of
from analysis.origin.synthetic import Design, synthetic_data
from tests.analysis.origin.conftest import REAL, baseline_of, table_of


def test_two_populations_by_search() -> None:
    """With two populations the likelihood has one variable; a fine search finds the same maximum."""
    random = np.random.default_rng(3)
    scores = random.normal(0, 2, (40, 2))
    shares = np.linspace(0.0005, 0.9995, 2000)
    likelihood = np.exp(scores)
    levels = np.log(likelihood[:, :1] * shares + likelihood[:, 1:] * (1 - shares)).sum(axis=0)
    assert shares_of(scores, np.ones((1, 40)))[0, 0] == pytest.approx(shares[levels.argmax()], abs=1e-3)


def test_weights_are_repeated_animals() -> None:
    random = np.random.default_rng(4)
    scores = random.normal(0, 1, (6, 3))
    weights = np.array([[2.0, 0.0, 1.0, 3.0, 1.0, 1.0]])
    repeated = np.repeat(scores, weights[0].astype(int), axis=0)
    assert shares_of(scores, weights) == pytest.approx(shares_of(repeated, np.ones((1, 8))), abs=1e-4)


def test_planted_shares_lie_in_their_intervals() -> None:
    """Animals of known populations: the true shares of at least 90 % of the populations lie inside."""
    inside = []
    for seed in range(3):
        data = synthetic_data(Design(seed=seed, samples=200, outside_samples=0, fst_populations=0.08))
        table = read_genotypes(data.baseline_csv.encode(), name="b", layout=Layout(id="id", population="population"))
        baseline = baseline_build(table, population_column="population")
        samples = read_genotypes(data.samples_csv.encode(), name="s", layout=Layout(id="id"))
        (found,) = mixtures(baseline, samples, replicates=100, seed=seed)
        truth = list(data.truth.values())
        inside += [item.low - 1e-4 <= truth.count(item.name) / 200 <= item.high + 1e-4 for item in found.populations]
        assert sum(item.share for item in found.populations) == pytest.approx(1.0)
    assert np.mean(inside) >= 0.9


def test_the_same_seed_gives_the_same_intervals() -> None:
    baseline = baseline_of("a P 1/1\nb P 1/2\nc Q 2/2\nd Q 2/2\n")
    table = table_of("\n".join(f"x{number} {'1/1' if number % 3 else '2/2'}" for number in range(30)))
    assert mixtures(baseline, table, seed=2) == mixtures(baseline, table, seed=2)
    assert mixtures(baseline, table, seed=2) != mixtures(baseline, table, seed=3)


def test_refusals() -> None:
    baseline = baseline_of("a P 1/1\nb P 1/2\nc Q 2/2\nd Q 2/2\n")
    with pytest.raises(InputRefused, match="2 typed animals"):
        mixtures(baseline, table_of("x 1/1\ny 2/2\nz -\n"))
    with pytest.raises(InputRefused, match="5 replicates"):
        mixtures(baseline, table_of("x 1/1\n"), replicates=5)


@pytest.mark.skipif(not REAL.is_dir(), reason="the real genotype tables are not beside this repository")
def test_rec1_of_the_chinook_fishery_lies_in_the_published_intervals(capsys: pytest.CaptureFixture[str]) -> None:
    """rubias publishes for rec1 Central Valley fall 0.821 (0.790-0.848), Klamath 0.0669, Rogue 0.0606,
    California Coast 0.0300; the published value must lie in our interval and ours in the published one."""
    from analysis.__main__ import main

    words = ["origin", "mixture", str(REAL / "chinook_mix.tsv.gz"), "--baseline", str(REAL / "chinook.tsv.gz")]
    words += ["--id-column", "indiv", "--population-column", "collection", "--group-column", "repunit"]
    assert main([*words, "--by-column", "collection", "--replicates", "100", "--format", "jsonl"]) == 0
    found = {line["mixture"]: line for line in map(json.loads, capsys.readouterr().out.splitlines())}
    assert {name: line["animals"] for name, line in found.items()} == {"rec1": 743, "rec2": 772, "rec3": 741}
    groups = {item["group"]: item for item in found["rec1"]["groups"]}
    assert 0.790 <= groups["CentralValleyfa"]["share"] <= 0.848
    published = {"CentralValleyfa": 0.821, "KlamathR": 0.0669, "RogueR": 0.0606, "CaliforniaCoast": 0.0300}
    for name, share in published.items():
        low, high = groups[name]["interval_95"]
        assert low <= share <= high, name
    with gzip.open(REAL / "chinook_mix.tsv.gz", "rt") as table:
        assert sum(1 for _ in table) == 2257
