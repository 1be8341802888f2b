"""Wild or captive: distributions against closed forms, the classifier against Bayes, refusals."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from analysis.__main__ import main
from analysis.captivity.classify import CaptivityOutcome, Training, cross_validate, judge, training_of
from analysis.captivity.distributions import f_survival, incomplete_beta
from analysis.errors import InputRefused


def test_the_f_distribution_in_closed_form() -> None:
    """With two numerator degrees P(F >= x) = (1 + 2x/n)^(-n/2); with (1, 1) it is 1 - (2/pi) atan(sqrt(x)); in
    tables the upper 5 % point of F(3, 10) is 3.708."""
    for x in (0.1, 1.0, 4.7, 30.0):
        assert f_survival(x, 2, 12) == pytest.approx((1 + 2 * x / 12) ** -6, rel=1e-10)
        assert f_survival(x, 1, 1) == pytest.approx(1 - 2 / math.pi * math.atan(math.sqrt(x)), rel=1e-9)
    assert f_survival(3.708, 3, 10) == pytest.approx(0.05, abs=5e-5)
    assert incomplete_beta(2.0, 3.0, 0.4) == pytest.approx(0.5248, abs=1e-12)  # polynomial: 6x² - 8x³ + 3x⁴


def made(seed: int, *, per_class: int = 40, apart: float = 3.0) -> Training:
    """Wild about (0, 0), captive about (apart, 0), correlated by 0.5."""
    random = np.random.default_rng(seed)
    shape = np.linalg.cholesky(np.array([[1.0, 0.5], [0.5, 1.0]]))
    values = random.normal(size=(2 * per_class, 2)) @ shape.T
    values[per_class:, 0] += apart
    return training_of(["d13C", "d15N"], ["wild"] * per_class + ["captive"] * per_class, values)


def test_with_many_animals_the_ratio_is_that_of_the_normal_densities() -> None:
    """The log ratio of two normals with one covariance S is (m1 - m0)' S^-1 (x - (m1 + m0)/2)."""
    training = made(1, per_class=20_000)
    inverse = np.linalg.inv(np.array([[1.0, 0.5], [0.5, 1.0]]))
    for x in ([0.5, 0.5], [2.0, -0.5], [1.5, 1.0]):
        found = judge(training, np.array(x))
        expected = abs(np.array([3.0, 0.0]) @ inverse @ (np.array(x) - [1.5, 0.0])) / math.log(10)
        assert found.log10_lr == pytest.approx(expected, abs=0.06)


def test_the_share_of_right_answers_is_the_theoretical_one() -> None:
    """Without a threshold, two normals a Mahalanobis distance D apart are told apart with probability Phi(D / 2)."""
    right = total = 0
    for seed in range(6):
        good, named = cross_validate(made(seed, per_class=100), threshold=0.5, alpha=1e-9).named
        right, total = right + good, total + named
    distance = math.sqrt(9 * 4 / 3)
    expected = 0.5 * math.erfc(-distance / 2 / math.sqrt(2))
    assert right / total == pytest.approx(expected, abs=2.576 * math.sqrt(expected * (1 - expected) / total) + 0.005)


def test_the_domain_test_refuses_as_often_as_stated_and_refuses_strangers() -> None:
    refused = []
    for seed in range(40):
        training = made(seed, per_class=30)
        random = np.random.default_rng(1000 + seed)
        new = random.normal(size=(50, 2)) @ np.linalg.cholesky(np.array([[1.0, 0.5], [0.5, 1.0]])).T
        refused += [judge(training, row, alpha=0.05).domain_p for row in new]
    share = float((np.array(refused) < 0.05).mean())
    # The nearest of two classes is looked at, so wild animals are refused at most as often as stated.
    assert share <= 0.05 + 2.576 * math.sqrt(0.05 * 0.95 / len(refused))
    stranger = judge(made(1), np.array([0.0, 40.0]))
    assert stranger.outcome is CaptivityOutcome.OUT_OF_DOMAIN
    assert stranger.subject is None


def test_the_prior_counts() -> None:
    training, middle = made(2), np.array([1.5, 0.0])
    for share in (0.1, 0.9):
        found = judge(training, middle, prior={"wild": share, "captive": 1 - share})
        even = judge(training, middle).posterior["wild"]
        odds = even / (1 - even) * share / (1 - share)
        assert found.posterior["wild"] == pytest.approx(odds / (1 + odds))


def test_refusals() -> None:
    training = made(3)
    with pytest.raises(InputRefused, match="missing"):
        judge(training, np.array([np.nan, 1.0]))
    with pytest.raises(InputRefused, match="prior"):
        judge(training, np.zeros(2), prior={"wild": 1.0})
    with pytest.raises(InputRefused, match="one class"):
        training_of(["x"], ["wild"] * 20, np.zeros((20, 1)))
    with pytest.raises(InputRefused, match="5 animals"):
        training_of(["x"], ["wild"] * 20 + ["captive"] * 5, np.zeros((25, 1)))
    with pytest.raises(InputRefused, match="independently"):
        judge(training_of(["x", "y"], ["a"] * 20 + ["b"] * 20, np.ones((40, 2))), np.ones(2))


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    training = made(4)
    rows = [
        f"{training.classes[label]},{x},{y}"
        for label, (x, y) in zip(training.labels.tolist(), training.values.tolist(), strict=True)
    ]
    (tmp_path / "training.csv").write_text("\n".join(["keeping,d13C,d15N", *rows]))
    (tmp_path / "samples.csv").write_text("id,d13C,d15N\nclaw,-0.5,0.2\nodd,0,50\n")
    words = ["captivity", "classify", str(tmp_path / "samples.csv"), "--training", str(tmp_path / "training.csv")]
    words += ["--id-column", "id", "--class-column", "keeping", "--variable", "d13C", "--variable", "d15N"]
    assert main([*words, "--format", "jsonl"]) == 0
    claw, odd = map(json.loads, capsys.readouterr().out.splitlines())
    assert (claw["outcome"], claw["subject"], odd["outcome"]) == ("class", "wild", "out_of_domain")
    assert sum(sum(said.values()) for said in claw["confusion"].values()) == 80
    assert main([*words, "--prior", "wild=0.7", "--prior", "captive=0.3"]) == 0
    assert "odd: out_of_domain" in capsys.readouterr().out
    assert main([*words, "--prior", "wild"]) == 1
    (tmp_path / "samples.csv").write_text("id,d13C,d15N\nclaw,-0.5,high\n")
    assert main(words) == 1
    assert "row 2" in capsys.readouterr().err
