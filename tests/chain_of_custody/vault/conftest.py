"""A store of the test's own, somebody who stores, and what the files are about."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from chain_of_custody.services import StreamKey
from chain_of_custody.vault.filesystem_store import FilesystemStore
from tests.chain_of_custody.builders import Person, person


@pytest.fixture
def vault(settings: Any, tmp_path: Path) -> Path:
    """A store of the test's own."""
    settings.SPOOR_STORE_URL = f"file://{tmp_path}/vault"
    settings.SPOOR_HOME = tmp_path
    return tmp_path / "vault"


@pytest.fixture
def ada() -> Person:
    """Somebody who stores."""
    return person("Ada")


@pytest.fixture
def about() -> StreamKey:
    """The case that the files belong to."""
    return StreamKey(kind="case", id=uuid4())


@pytest.fixture
def store(tmp_path: Path) -> FilesystemStore:
    """A file store in a folder of the test's own."""
    return FilesystemStore(tmp_path / "vault")
