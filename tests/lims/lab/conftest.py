"""An installation of its own for every test of the laboratory's work."""

from pathlib import Path
from typing import Any

import pytest

from tests.lims.lab import support


@pytest.fixture
def keys(settings: Any, tmp_path: Path) -> support.Keys:
    """Keys and folders of a fresh installation."""
    return support.installation(settings, tmp_path)


@pytest.fixture
def bench(keys: support.Keys, committed_db: object) -> support.Bench:
    """A laboratory with a case, on a database in which the test may commit."""
    return support.bench()
