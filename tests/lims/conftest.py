"""What tests of several parts of the application share."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import translation

from chain_of_custody.core.note import SignerKey
from tests.lims.lab import support


@pytest.fixture(autouse=True)
def _english_first() -> None:
    """A page asked for in French by an earlier test leaves its language behind in the thread."""
    translation.activate("en")


@pytest.fixture
def log_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log of the test's own: key, origin, and the file that holds its checkpoint."""
    key = SignerKey.generate("spoor.test/log")
    (tmp_path / "log.key").write_text(key.encode())
    monkeypatch.setattr(settings, "SPOOR_LOG_KEY_FILE", tmp_path / "log.key")
    monkeypatch.setattr(settings, "SPOOR_LOG_VKEY_FILE", tmp_path / "none.vkey")
    monkeypatch.setattr(settings, "SPOOR_LOG_ORIGIN", "spoor.test/log")
    monkeypatch.setattr(settings, "SPOOR_HOME", tmp_path)


@pytest.fixture
def keys(settings: Any, tmp_path: Path) -> support.Keys:
    """Keys and folders of a fresh installation."""
    return support.installation(settings, tmp_path)


@pytest.fixture
def bench(keys: support.Keys, committed_db: object) -> support.Bench:
    """A laboratory with a case, on a database in which the test may commit."""
    return support.bench()
