"""Folders of the tests of ``deploy``: short (sockets), and open to other accounts (the database's)."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A short folder that other accounts may pass."""
    folder = Path(tempfile.mkdtemp(prefix="spoor-t-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def without_root() -> None:
    """Skip where root cannot be an ordinary user anyway."""
    if os.geteuid() == 0:
        pytest.skip("root may do everything")
