"""Signing in, roles and the first run under hostile use."""

from pathlib import Path
from typing import Any

import pytest

from lims.accounts.enums import AccessKind
from lims.accounts.models import User
from lims.accounts.roles import Role
from lims.accounts.selectors import sign_in_blocked
from lims.accounts.services import GrantSpec, access_record, first_run, role_grant
from lims.common.errors import NotAllowed
from tests.lims import builders

pytestmark = pytest.mark.django_db


def test_another_spelling_of_a_name_does_not_go_round_the_pause() -> None:
    for _attempt in range(8):
        access_record(kind=AccessKind.SIGN_IN_FAILED, reference="authority")
    for spelling in ("authority", "AUTHORITY", " Authority"):
        assert sign_in_blocked(spelling, None)
    assert not sign_in_blocked("somebody", None)


def test_nobody_gives_a_role_to_their_own_account() -> None:
    administrator = builders.actor(Role.ADMINISTRATOR)
    own = User.objects.get(pk=administrator.user_id)
    with pytest.raises(NotAllowed):
        role_grant(actor=administrator, user=own, grant=GrantSpec(role=Role.MANAGER))


def test_the_set_up_code_serves_once(settings: Any, tmp_path: Path) -> None:
    settings.SPOOR_HOME = tmp_path
    (tmp_path / "secrets").mkdir()
    code = tmp_path / "secrets" / "first-run-token"
    code.write_text("abc-def-ghi\n")
    with pytest.raises(NotAllowed):
        first_run(token="guess", username="ada", name="Ada", password=builders.PASSWORD)
    first_run(token="abc-def-ghi", username="ada", name="Ada", password=builders.PASSWORD)
    assert not code.exists()
    with pytest.raises(NotAllowed):
        first_run(token="abc-def-ghi", username="bob", name="Bob", password=builders.PASSWORD)
