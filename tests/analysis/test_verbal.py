"""Words for likelihood ratios: the published bounds, mirrored, unrounded, named."""

import math

import pytest

from analysis.errors import InputRefused
from analysis.verbal import scales, verbal

HEAD = "scale,version,from,words,source\n"


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (1.0, "does not support"),
        (1.999, "does not support"),
        (2.0, "weak"),
        (9.999, "weak"),
        (10.0, "moderate support"),
        (999.9, "moderately strong"),
        (1e3, "strong support"),
        (1e4, "very strong"),
        (999_999.0, "very strong"),
        (1e6, "extremely"),
        (1e30, "extremely"),
    ],
)
def test_bands_of_enfsi(ratio: float, words: str) -> None:
    """Bounds are [lower, upper), of the unrounded ratio."""
    assert words in verbal(math.log10(ratio), scales()["ENFSI"]).words


def test_a_ratio_below_one_is_support_for_the_other_side() -> None:
    scale = scales()["ENFSI"]
    below, above = verbal(-3.0, scale), verbal(3.0, scale)
    assert below.words == above.words == "strong support"
    assert (below.for_first, above.for_first, verbal(0.0, scale).for_first) == (False, True, None)
    assert verbal(-math.inf, scale).words == "extremely strong support"


def test_scales_differ_and_are_named() -> None:
    found = {name: verbal(2.5, scale) for name, scale in scales().items()}
    assert found["SWGDAM"].words == "moderate support"
    assert found["AFSP"].words == "moderately strong support"
    assert len({one.sha256 for one in found.values()}) == 3
    assert scales()["ENFSI"].annex()[-1] == "1,000,000 or more: extremely strong support"


def test_bounds_are_printed_in_full() -> None:
    """A bound of a house scale is not rounded: 1,234,567 is not 1.23457e+06."""
    house = scales(HEAD + "X,1,1,weak,own\nX,1,31.6,fair,own\nX,1,1234567,strong,own\n", name="own.csv")["X"]
    assert house.annex() == (
        "1 to below 31.6: weak", "31.6 to below 1,234,567: fair", "1,234,567 or more: strong",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("X,1,2,weak,own\n", "starts at 1"),
        ("X,1,1,none,own\nX,1,10,a,own\nX,1,10,b,own\n", "bounds rise"),
        ("X,1,one,none,own\n", "no bound"),
        ("", "no scale"),
        ("X,1,1,none,own\nX,1,inf,a,own\n", "bounds rise"),
        ("X,1,1,none,own\nX,2,1,none,own\n", "several versions or sources"),
    ],
)
def test_tables_that_are_none(rows: str, words: str) -> None:
    with pytest.raises(InputRefused, match=words):
        scales(HEAD + rows, name="own.csv")
    with pytest.raises(InputRefused):
        verbal(math.nan, scales()["ENFSI"])
