"""Accounts for the administrator, the access log for the auditor, one's own password, PIN and tokens, Today."""

import pytest
from django.core.cache import cache
from django.test import Client

from lims.accounts.models import ApiToken, RoleGrant, User
from lims.accounts.roles import Role
from lims.accounts.selectors import actor_of_user, user_of_token
from lims.casework.services import custody
from tests.lims import builders
from tests.lims.web.laboratory import Desk, client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator() -> Client:
    return client_of(builders.person(Role.ADMINISTRATOR, name="Ada Min"))


def account_form(**changes: str) -> dict[str, str]:
    """A new account as typed."""
    return {
        "name": "Insp. Otieno",
        "username": "otieno",
        "language": "fr",
        "password": builders.PASSWORD,
        "role": "investigator",
        "new_agency": "Harbour Customs",
    } | changes


def test_investigator_of_a_new_organisation_gets_that_agencys_cases_only(administrator: Client) -> None:
    response = administrator.post("/accounts/new/", account_form())
    user = User.objects.get(username="otieno")
    assert response["Location"] == f"/accounts/{user.uuid}/"
    grant = RoleGrant.objects.get(user=user)
    assert (grant.role, grant.scope, grant.agency.name if grant.agency else "") == (
        "investigator",
        "agency",
        "Harbour Customs",
    )
    assert user.language == "fr"


@pytest.mark.parametrize(
    ("changes", "words"), [({"password": "short"}, "too short"), ({"username": "taken"}, "is taken")]
)
def test_account_that_cannot_be_is_refused_whole(administrator: Client, changes: dict[str, str], words: str) -> None:
    administrator.post("/accounts/new/", account_form(username="taken"))
    before = User.objects.count()
    response = administrator.post("/accounts/new/", account_form(**changes))
    assert response.status_code == 422
    assert words in response.content.decode()
    assert User.objects.count() == before


def test_role_is_given_ended_and_the_account_closed(administrator: Client) -> None:
    user = builders.person(Role.TECHNICIAN, name="Ana Reyes")
    home = f"/accounts/{user.uuid}/"
    assert administrator.post(f"{home}grant/", {"role": "analyst"}).status_code == 302
    assert actor_of_user(user, via="web").roles == ("technician", "analyst")
    grant = RoleGrant.objects.get(user=user, role="technician")
    assert administrator.post(f"{home}revoke/{grant.pk}/", {"reason": ""}).status_code == 422
    assert administrator.post(f"{home}revoke/{grant.pk}/", {"reason": "moved to analysis"}).status_code == 302
    assert actor_of_user(user, via="web").roles == ("analyst",)
    assert administrator.post(f"{home}close/", {"reason": "has left"}).status_code == 302
    user.refresh_from_db()
    assert not user.is_active
    assert "closed" in administrator.get(home).content.decode()


def test_lists_of_accounts_and_roles_answer_and_filter(administrator: Client) -> None:
    builders.person(Role.TECHNICIAN, name="Ana Reyes")
    text = administrator.get("/accounts/?q=role:technician").content.decode()
    assert "Ana Reyes" in text
    assert "Ada Min" not in text.split("<main")[1]
    assert "case.read" in administrator.get("/roles/").content.decode()


def test_only_the_administrator_manages_accounts() -> None:
    desk = Desk()
    for address in ("/accounts/", "/accounts/new/", f"/accounts/{desk.manager_user.uuid}/"):
        assert desk.custodian_client.get(address).status_code == 403


def test_auditor_finds_who_looked_at_a_case() -> None:
    desk = Desk()
    desk.technician_client.get(f"/cases/{desk.case.reference}/")
    auditor = client_of(builders.person(Role.AUDITOR))
    text = auditor.get(f"/views/?q=about:{desk.case.reference}+kind:view").content.decode()
    assert "Ana Reyes" in text
    assert f"/cases/{desk.case.reference}/" in text
    assert desk.technician_client.get("/views/").status_code == 403


def test_password_is_changed_and_this_session_goes_on() -> None:
    user = builders.person(Role.TECHNICIAN)
    client = client_of(user)
    new = "another-long-passphrase"
    wrong = client.post("/me/password/", {"old": "wrong", "new": new, "again": new})
    assert wrong.status_code == 422
    assert "present password is not right" in wrong.content.decode()
    differ = client.post("/me/password/", {"old": builders.PASSWORD, "new": new, "again": "x"})
    assert "The two passwords differ" in differ.content.decode()
    assert client.post("/me/password/", {"old": builders.PASSWORD, "new": new, "again": new}).status_code == 302
    assert client.get("/me/").status_code == 200
    user.refresh_from_db()
    assert user.check_password(new)


def test_pin_needs_the_password() -> None:
    user = builders.person(Role.TECHNICIAN)
    client = client_of(user)
    assert client.post("/me/pin/", {"pin": "2580", "password": "wrong"}).status_code == 422
    assert client.post("/me/pin/", {"pin": "abc", "password": builders.PASSWORD}).status_code == 422
    user.refresh_from_db()
    assert user.pin_hash == ""
    assert client.post("/me/pin/", {"pin": "2580", "password": builders.PASSWORD}).status_code == 302
    user.refresh_from_db()
    assert user.pin_hash


def test_token_is_shown_once_works_and_ends() -> None:
    user = builders.person(Role.TECHNICIAN)
    client = client_of(user)
    form = {"name": "sequencer upload", "days": "30", "password": builders.PASSWORD}
    text = client.post("/me/tokens/", form).content.decode()
    secret = text.split("spoor_")[1].split("<")[0]
    assert user_of_token(f"spoor_{secret}") == user
    assert secret not in client.get("/me/tokens/").content.decode()
    token = ApiToken.objects.get()
    other = client_of(builders.person(Role.TECHNICIAN))
    assert other.post(f"/me/tokens/{token.uuid}/end/").status_code == 404
    assert client.post(f"/me/tokens/{token.uuid}/end/").status_code == 302
    assert user_of_token(f"spoor_{secret}") is None


def test_today_names_what_waits() -> None:
    desk = Desk()
    desk.fill()
    text = desk.technician_client.get("/?today").content.decode()
    assert "Receive 1 item from Tomás Ferreira" in text
    assert "Countersign: 3 containers stated, 2 containers found" in text
    assert f"Itemise {desk.intake.reference}" in text
    assert '<span class="count hot">1' in text
    custody.handover_withdraw(actor=desk.custodian, handover=desk.offer, reason="mistake")
    cache.clear()
    assert "Receive 1 item" not in desk.technician_client.get("/?today").content.decode()
