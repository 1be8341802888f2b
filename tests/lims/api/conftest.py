"""A small laboratory whose people call the API."""

import pytest

from lims.casework.models import Case
from tests.lims import builders
from tests.lims.api.client import Caller
from tests.lims.builders import Laboratory


@pytest.fixture
def lab(db: None) -> Laboratory:
    return Laboratory()


@pytest.fixture
def custodian(lab: Laboratory) -> Caller:
    return Caller(lab.custodian)


@pytest.fixture
def technician(lab: Laboratory) -> Caller:
    return Caller(lab.technician)


@pytest.fixture
def case(lab: Laboratory) -> Case:
    return builders.case(lab.custodian)
