"""Origin by stable isotopes: harmonised values, calibrated isoscapes, posterior surfaces."""
