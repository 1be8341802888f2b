"""Whoever manages accounts becomes nobody else by it; a password is not guessed at the moment of signing."""

import pytest

from lims.accounts.enums import AccessKind
from lims.accounts.models import AccessEntry
from lims.accounts.roles import Role
from lims.accounts.services import access_leaf, access_record, reauthenticate, token_create, user_deactivate
from lims.common.errors import BadInput, NotAllowed
from tests.lims import builders

pytestmark = pytest.mark.django_db


def test_an_administrator_makes_tokens_for_instruments_only() -> None:
    administrator = builders.actor(Role.ADMINISTRATOR)
    token_create(actor=administrator, user=builders.person(Role.INSTRUMENT), name="Sequencer")
    for roles in ((Role.CUSTODIAN,), (Role.INSTRUMENT, Role.ANALYST), ()):
        with pytest.raises(NotAllowed, match="Only instruments"):
            token_create(actor=administrator, user=builders.person(*roles), name="Mine now")


def test_a_password_is_not_guessed_at_the_moment_of_signing() -> None:
    account = builders.person(Role.REVIEWER)
    who = builders.actor_of(account)
    for guess in range(8):
        with pytest.raises(BadInput):
            reauthenticate(actor=who, password=f"guess number {guess}")
    with pytest.raises(NotAllowed, match="too often"):
        reauthenticate(actor=who, password=builders.PASSWORD)


def test_nothing_is_handed_to_somebody_whose_last_account_was_closed() -> None:
    administrator = builders.actor(Role.ADMINISTRATOR)
    account = builders.person(Role.ANALYST)
    user_deactivate(actor=administrator, user=account, reason="Left the laboratory")
    account.party.refresh_from_db()
    assert account.party.active is False


def test_the_name_shown_is_covered_by_the_leaf_of_an_access_line() -> None:
    access_record(kind=AccessKind.VIEW, actor=builders.actor(Role.AUDITOR), subject_kind="case")
    line = AccessEntry.objects.latest("pk")
    before = access_leaf(line)
    line.shown_as = "Somebody else"
    assert access_leaf(line) != before
