"""Three hauls in an installation of their own."""

from pathlib import Path
from typing import Any

import pytest

from tests.lims.links import support
from tests.lims.links.support import Links


@pytest.fixture
def made(settings: Any, tmp_path: Path, db: None, monkeypatch: pytest.MonkeyPatch) -> Links:
    """The three hauls with their profiles."""
    return support.installed_hauls(settings, tmp_path, monkeypatch)
