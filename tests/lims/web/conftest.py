"""Pages as a browser meets them first: nothing cached, an installation where one is asked for."""

from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache

from tests.lims.lab import support


@pytest.fixture(autouse=True)
def _nothing_cached() -> None:
    cache.clear()


@pytest.fixture
def keys(settings: Any, tmp_path: Path) -> support.Keys:
    """Keys and folders of a fresh installation."""
    return support.installation(settings, tmp_path)


@pytest.fixture
def bench(keys: support.Keys, committed_db: object) -> support.Bench:
    """A laboratory with a case, on a database in which the test may commit."""
    return support.bench()
