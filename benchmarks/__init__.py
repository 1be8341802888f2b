"""Benchmarks: each prints figures and ratios against a peer of the same run. They are not tests."""
