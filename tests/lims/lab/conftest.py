"""What tests of the laboratory's work share."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.analysis.species.ncbi import Server, serving


@pytest.fixture
def ncbi(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Server]:
    """A server of records on loopback, and a laboratory that asks it."""
    monkeypatch.setattr("Bio.Entrez.sleep_between_tries", 0)
    monkeypatch.setattr("Bio.Entrez._open.previous", 0.0, raising=False)
    with serving() as server:
        settings.SPOOR_NCBI_EMAIL = "lab@example.org"
        settings.SPOOR_NCBI_SERVER = server.address
        yield server
