"""The exclusion test: exact probabilities on a tiny population, calibration and power in simulation."""

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest

from analysis.draws import Draws
from analysis.genotypes.reader import Layout, read_genotypes
from analysis.origin import exclusion
from analysis.origin.baseline import Baseline, baseline_build
from analysis.origin.exclusion import exclusion_test, null_scores
from analysis.origin.likelihood import log_likelihoods
from analysis.origin.queries import queries_align
from analysis.origin.synthetic import Design, synthetic_data
from tests.analysis.origin.conftest import baseline_of, table_of

# One locus, gametes 3/4 «1» and 1/4 «2»: made genotypes are 1/1, 1/2, 2/2 with 9/16, 6/16, 1/16.
TINY = "a P 1/1\nb P 1/2\nc Q 2/2\nd Q 2/2\n"


def binomial_band(p: float, n: int, z: float = 2.576) -> float:
    """Half the width of the 99 % band of a share (z = 3.29: 99.9 %, where several shares are looked at)."""
    return float(z * (p * (1 - p) / n) ** 0.5)


def p_values(baseline: Baseline, rows: str, simulations: int, seed: int = 1) -> np.ndarray:
    queries = queries_align(baseline, table_of(rows))
    scores = log_likelihoods(baseline, queries.codes)
    return exclusion_test(baseline, scores, queries.typed, simulations=simulations, seed=seed).p


def test_exact_probabilities_of_a_tiny_population() -> None:
    """By hand: made genotypes score log(.3125), log(.2083), log(.0625) with their own copies taken out;
    samples score log(.525), log(.35), log(.125). So 1/1 and 1/2 are never below, 2/2 lies above 1/16."""
    made = 20_000
    found = p_values(baseline_of(TINY), "x 1/1\ny 1/2\nz 2/2\n", made)[:, 0]
    assert found[:2] == pytest.approx([1.0, 1.0])
    assert found[2] == pytest.approx(1 / 16, abs=binomial_band(1 / 16, made))


def test_scores_of_made_genotypes() -> None:
    (scores,) = null_scores(baseline_of(TINY), 0, 20_000, Draws(3, 0))
    values, counts = np.unique(np.exp(scores).round(6), return_counts=True)
    assert values == pytest.approx([0.0625, 2.5 / 12, 0.3125], abs=1e-6)
    for share, expected in zip(counts / 20_000, (1 / 16, 6 / 16, 9 / 16), strict=True):
        assert share == pytest.approx(expected, abs=binomial_band(expected, 20_000, 3.29))


def test_a_genotype_never_made_gets_the_smallest_p() -> None:
    assert p_values(baseline_of("a P 1/1\nb P 1/1\nc Q 2/2\nd Q 2/2\n"), "x 2/2\n", 999)[0, 0] == 1 / 1000


def test_a_locus_typed_nowhere_in_a_population_is_drawn_from_all() -> None:
    baseline = baseline_of("a P 1/1 -\nb P 1/2 -\nc Q 2/2 5/6\nd Q 1/2 6/6\n")
    for scores in null_scores(baseline, 0, 500, Draws(1, 0)):
        assert np.isfinite(scores).all()
    assert p_values(baseline, "x 1/2 5/6\n", 500).shape == (1, 2)


def test_missing_loci_are_left_out_of_both_sides() -> None:
    """A sample typed at the first locus only gets the p of a baseline that has only that locus, up to
    the noise of resampling."""
    two = baseline_of("a P 1/1 5/5\nb P 1/2 5/6\nc Q 2/2 6/6\nd Q 2/2 5/6\n")
    found = p_values(two, "x 2/2 -\n", 20_000)[0, 0]
    assert found == pytest.approx(1 / 16, abs=binomial_band(1 / 16, 20_000))


def test_same_seed_same_numbers_other_seed_other_numbers() -> None:
    baseline = baseline_of(TINY)
    first, again, other = (p_values(baseline, "z 2/2\n", 2000, seed) for seed in (5, 5, 6))
    assert (first == again).all()
    assert (first != other).any()


def test_many_samples_and_few_samples_count_alike() -> None:
    """More than forty samples of one pattern go through a sorted search; the counts are the same."""
    baseline = baseline_of(TINY)
    many = "\n".join(f"x{number} {'2/2' if number % 2 else '1/2'}" for number in range(60))
    assert set(p_values(baseline, many, 3000)[:, 0]) == set(p_values(baseline, "a 2/2\nb 1/2\n", 3000)[:, 0])


def test_coins_taken_piece_by_piece_are_the_bits_of_the_stream_and_what_follows_comes_after_them() -> None:
    """NumPy's own stream of PCG64 as raw words, whose output its policy (NEP 19) never changes."""
    words = np.random.PCG64(np.random.SeedSequence(entropy=7, spawn_key=(2,))).random_raw(201)
    bits = np.unpackbits(words[:200].astype("<u8").view(np.uint8))
    draws = Draws(7, 2)
    coins = draws.coins(12_750)  # 200 words, the last one used in part
    taken = np.concatenate([coins.take((count, 2)).ravel() for count in (1, 5, 100, 0, 6_000, 269)])
    assert (taken == bits[:12_750]).all()
    assert draws.below(1 << 32, (1,))[0] == words[200] >> np.uint64(32)


def test_more_patterns_than_fit_at_once_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "\n".join(("w 1/1 5/5", "x 2/2 -", "y - 5/6", "z 1/2 6/6", "v - -"))
    baseline = baseline_of("a P 1/1 5/5\nb P 1/2 -\nc Q 2/2 6/6\nd Q - 5/6\n")
    whole = p_values(baseline, rows, 2_000)
    monkeypatch.setattr(exclusion, "_SUMS", 1)
    assert (p_values(baseline, rows, 2_000) == whole).all()


def test_memory_does_not_grow_with_the_number_of_loci() -> None:
    """100,000 made genotypes over 96 loci: their scores alone, all loci together, would be 77 MB."""
    made, peaks = 100_000, []
    for loci in (6, 96):
        animals = "\n".join(f"{name} {name[0]}" + " 1/2" * loci for name in ("P1", "P2", "Q1", "Q2"))
        baseline = baseline_of(animals)
        tracemalloc.start()
        p_values(baseline, "x" + " 1/2" * loci, made)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
    assert peaks[1] < 20e6


def simulated(seed: int, **design: float) -> tuple[Baseline, np.ndarray, np.ndarray]:
    """p-values (N, P) and true populations (-1: outside) of made data."""
    data = synthetic_data(Design(seed=seed, **design))  # type: ignore[arg-type]  # ints and floats by name
    table = read_genotypes(data.baseline_csv.encode(), name="b", layout=Layout(id="id", population="population"))
    baseline = baseline_build(table, population_column="population")
    samples = read_genotypes(data.samples_csv.encode(), name="s", layout=Layout(id="id"))
    queries = queries_align(baseline, samples)
    scores = log_likelihoods(baseline, queries.codes)
    found = exclusion_test(baseline, scores, queries.typed, simulations=2000, seed=seed)
    names = [data.truth[name] for name in samples.ids]
    return (
        baseline,
        found.p,
        np.array([-1 if name is None else baseline.populations.index(name) for name in names]),
    )


def test_true_populations_are_excluded_as_often_as_stated() -> None:
    """At p < 0.05 and 0.01, pooled over six made data sets, within the binomial 99 % band."""
    own = []
    for seed in range(6):
        _, p, truth = simulated(seed, samples=250, outside_samples=0, animals=60)
        own += list(p[np.arange(len(truth)), truth])
    for level in (0.01, 0.05):
        share = float((np.array(own) < level).mean())
        assert share == pytest.approx(level, abs=binomial_band(level, len(own)))


def test_strangers_are_answered_none() -> None:
    """A population far from all others (F_ST 0.5 from the common ancestor) is excluded everywhere."""
    strangers: list[bool] = []
    for seed in range(4):
        _, p, _ = simulated(seed, samples=0, outside_samples=25, fst_outside=0.5)
        strangers += np.all(p < 0.01, axis=1).tolist()
    assert np.mean(strangers) > 0.9


def test_draws_are_uniform_and_keyed() -> None:
    counts = np.bincount(Draws(1, 2).below(7, (70_000,)), minlength=7)
    assert abs(counts / 10_000 - 1).max() < 5 * 0.01
    assert Draws(1).coins(10_001).take((10_001,)).mean() == pytest.approx(0.5, abs=0.02)
    streams = [tuple(Draws(1, key).below(1000, (8,))) for key in range(4)]
    assert all(left != right for left, right in pairwise(streams))
