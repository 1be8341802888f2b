"""Regions of genotype and isotope value together hold the places of animals whose sites were left out."""

import pytest

from benchmarks.combined_coverage import measured


@pytest.mark.slow
def test_combined_regions_hold_left_out_places() -> None:
    """Exact binomial 99 % bands: of 180 animals about 95 % 0.90 to 0.99; half of it for 90 % is 0.06, for 50 % 0.10,
    and for 50 % of the 60 of sampled sites 0.17. Together the two narrow what either says alone."""
    found = measured(120, seeds=(1,), animals=60)
    for name in ("own site left out", "never sampled"):
        one = found[name]
        assert 0.90 <= one.together[:, 3].mean() <= 0.99
        assert abs(one.together[:, 2].mean() - 0.90) <= 0.06
        assert abs(one.together[:, 0].mean() - 0.50) <= 0.10
    sampled = found["sampled sites"].together[:, 0]
    assert abs(sampled.mean() - 0.50) <= 0.17, "half of the posterior held four fifths of these before"
    left = found["own site left out"]
    assert left.area.mean() < 0.8 * left.genetic_area.mean()
