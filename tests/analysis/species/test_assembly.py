"""One column of two reads, and when a pair of reads looks like two specimens: limits to the letter."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.species.assembly import Consensus, Disagreement, _call


@pytest.mark.parametrize(
    ("forward", "reverse", "called"),
    [
        (("A", 30), ("A", 40), ("A", 70)),
        (("A", 50), ("A", 60), ("A", 90)),
        (("A", 30), ("C", 20), ("A", 10)),
        (("A", 20), ("C", 30), ("C", 10)),
        (("A", 29), ("C", 20), ("M", 9)),
        (("A", 20), ("G", 20), ("R", 1)),
        (("A", 20), ("-", 25), ("-", 5)),
        (("A", 25), ("-", 20), ("A", 5)),
    ],
)
def test_equal_calls_add_and_the_better_by_ten_stands(
    forward: tuple[str, int], reverse: tuple[str, int], called: tuple[str, int]
) -> None:
    assert _call(*forward, *reverse) == called


def disagreement(quality: int) -> Disagreement:
    return Disagreement(
        position=1, forward="A", forward_quality=quality, reverse="C", reverse_quality=40, consensus="M",
        forward_base=1, reverse_base=1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("overlap", "firm", "suspect"),
    [(100, 2, False), (100, 3, True), (600, 3, True), (1000, 4, False), (1000, 5, True), (None, 9, False)],
)
def test_a_pair_is_suspect_at_half_a_per_cent_of_firm_disagreements_and_three_at_least(
    overlap: int | None, firm: int, suspect: bool
) -> None:
    unsure = [disagreement(19)] * 9
    made = Consensus(
        bases=b"", qualities=np.zeros(0, np.int64), reads=(), overlap=overlap,
        disagreements=(*unsure, *[disagreement(20)] * firm),
    )  # fmt: skip
    assert (made.firm_disagreements, made.suspect_pair) == (firm, suspect)
