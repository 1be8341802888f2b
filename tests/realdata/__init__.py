"""Tests on real data, which are not part of the repository: skipped where ../shared/data is absent."""
