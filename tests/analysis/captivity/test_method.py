"""Wild or captive as a method: a class is named, a stranger refused."""

from pathlib import Path

import numpy as np
import pytest

from analysis.captivity.reference import training_freeze
from tests.analysis.methods import run


@pytest.fixture
def training(tmp_path: Path) -> Path:
    random = np.random.default_rng(8)
    rows = ["id,keeping,d13C,d15N"]
    for number in range(60):
        kind, shift = ("captive", 4.0) if number % 2 else ("wild", 0.0)
        c, n = random.normal(size=2)
        rows.append(f"T{number},{kind},{-20 + shift + c:.3f},{8 + n:.3f}")
    folder = tmp_path / "training"
    training_freeze(
        folder,
        "\n".join(rows).encode(),
        file="t.csv",
        name="Training",
        version="1",
        class_column="keeping",
        variables=["d13C", "d15N"],
    )
    return folder


def test_keeping_is_named_and_a_stranger_is_refused(tmp_path: Path, training: Path) -> None:
    table = "id,d13C,d15N\nW,-20.2,8.1\nC,-15.8,7.9\nX,40,60\n"
    wild, captive, stranger = run("captivity.classify", tmp_path, {"measurements": table}, training).outcomes
    assert (wild.finding.outcome, wild.finding.subject) == ("keeping", "wild")
    assert (captive.finding.outcome, captive.finding.subject) == ("keeping", "captive")
    assert stranger.finding.outcome == "out_of_domain"
    assert stranger.finding.subject is None
    assert stranger.likelihood_ratio is None
    assert not any(one.name.startswith("posterior") for one in stranger.numbers)
    confusion = wild.details["confusion"]
    assert isinstance(confusion, dict)
    assert sum(sum(said.values()) for said in confusion.values() if isinstance(said, dict)) == 60  # type: ignore[arg-type,misc]
