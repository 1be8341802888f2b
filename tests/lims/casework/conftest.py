"""A small laboratory and a case of it."""

import pytest

from lims.casework.models import Case
from tests.lims import builders
from tests.lims.builders import Laboratory


@pytest.fixture
def lab() -> Laboratory:
    """People of every role."""
    return Laboratory()


@pytest.fixture
def case(lab: Laboratory) -> Case:
    """An open case."""
    return builders.case(lab.custodian)
