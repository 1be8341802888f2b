"""The keys a page shows are the public files; the secret ones need not be readable there."""

from pathlib import Path
from typing import Any

import pytest

from lims.disclosure.services.checks import own_keys
from tests.lims.lab.support import installation


def test_public_keys_are_read_without_the_secret_ones(settings: Any, tmp_path: Path) -> None:
    keys = installation(settings, tmp_path)
    for name in ("log.key", "pack.key"):
        (tmp_path / name).unlink()
    assert own_keys() == (keys.log.verifier, keys.pack.verifier)


@pytest.mark.parametrize("missing", ["log", "pack"])
def test_a_key_that_is_not_published_is_not_made_from_its_secret(settings: Any, tmp_path: Path, missing: str) -> None:
    keys = installation(settings, tmp_path)
    (tmp_path / f"{missing}.vkey").unlink()
    left = keys.pack if missing == "log" else keys.log
    assert own_keys() == (left.verifier,)
