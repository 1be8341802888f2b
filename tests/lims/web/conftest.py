"""Pages as a browser meets them first: nothing cached."""

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _nothing_cached() -> None:
    cache.clear()
