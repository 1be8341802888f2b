"""The pages of casework answer, in every role, with evidence behind them."""

import pytest
from django.core.cache import cache
from django.utils import translation

from tests.lims.web.laboratory import Desk

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english() -> None:
    cache.clear()
    translation.activate("en")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_every_page_of_a_case_answers(desk: Desk) -> None:
    desk.fill()
    for address in desk.addresses():
        response = desk.custodian_client.get(address)
        assert response.status_code == 200, f"{address}: {response.status_code} {response.content[:300]!r}"
