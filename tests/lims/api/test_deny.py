"""Deny by default: no endpoint answers without an account, and none gives anything to an account without grants."""

import re
import uuid
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from lims.accounts.roles import GRANTS, Role
from lims.accounts.services import system_actor, user_deactivate
from lims.casework.models import Case
from tests.lims import builders
from tests.lims.api.client import Caller
from tests.lims.builders import Laboratory

PUBLIC_FOR_SIGNED_IN = {"me/", "me/tokens/", "schema/", "code-lists/", "code-lists/<str:kind>/"}
"""What every account may read: itself, the shape of the API and the code lists."""
METHODS = ("GET", "POST", "PATCH", "DELETE")


def patterns() -> Iterator[str]:
    """Every address of the API as it is declared."""
    api = next(
        found
        for found in get_resolver().url_patterns
        if isinstance(found, URLResolver) and str(found.pattern) == "api/v1/"
    )
    for found in api.url_patterns:
        assert isinstance(found, URLPattern)
        yield str(found.pattern)


def addresses(known: Case | None = None) -> Iterator[tuple[str, str]]:
    """Every address with things in it that exist, where there are such, and with things that do not."""
    fill = {
        "<str:key>": str(known.uuid) if known else str(uuid.uuid4()),
        "<str:case>": str(known.uuid) if known else str(uuid.uuid4()),
        "<uuid:uuid>": str(uuid.uuid4()),
        "<str:upload>": "0" * 32,
        "<str:code>": "ABCDEFGH",
        "<int:copy>": "1",
        "<str:form>": "svg",
        "<str:kind>": "case",
    }
    for pattern in patterns():
        path = pattern
        for name, value in fill.items():
            path = path.replace(name, value)
        if pattern == "^.*$":
            path = "nothing/here/"
        path = re.sub(r"<uuid:\w+>", str(uuid.uuid4()), path)
        path = re.sub(r"<(?:str:)?\w+>", "x", path)
        yield pattern, path


@pytest.mark.django_db
def test_nothing_answers_without_an_account() -> None:
    client = Client(raise_request_exception=False)
    for pattern, path in addresses():
        for method in METHODS:
            answer = client.generic(method, f"/api/v1/{path}", data=b"{}", content_type="application/json")
            assert answer.status_code == 401, (method, pattern, answer.status_code)
            assert answer["Content-Type"] == "application/problem+json"
            assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.django_db
def test_an_account_without_grants_gets_nothing() -> None:
    case = builders.case(Laboratory().custodian)
    nobody = Caller(builders.actor())
    for pattern, path in addresses(case):
        if pattern in PUBLIC_FOR_SIGNED_IN:
            continue
        for method in METHODS:
            answer = nobody.call(method, path, {})
            if method == "GET" and answer.status_code == 200:
                assert answer.json()["results"] == [], (pattern, answer.content)
                continue
            assert answer.status_code in {403, 404, 405, 412, 415, 422, 428}, (method, pattern, answer.status_code)
            assert answer["Content-Type"] == "application/problem+json", (method, pattern)


@pytest.mark.django_db
@pytest.mark.parametrize("role", [role for role in Role if role not in GRANTS["case.read"]])
def test_no_role_without_case_read_sees_a_case(role: Role) -> None:
    lab = Laboratory()
    case = builders.case(lab.custodian)
    exhibit = builders.exhibits(lab.custodian, case)[0]
    caller = Caller(builders.actor(role))
    for path in (
        f"cases/{case.uuid}/",
        f"cases/{case.reference}/exhibits/",
        f"exhibits/{exhibit.item.uuid}/",
        f"items/{exhibit.item.uuid}/",
        f"items/{exhibit.item.uuid}/history/",
        f"items/{exhibit.item.uuid}/custody-export/",
        f"items/{exhibit.item.uuid}/custody-proof/",
        f"resolve/?code={exhibit.item.scan_code}",
        f"resolve/?code={case.reference}",
    ):
        answer = caller.get(path)
        assert answer.status_code == 404, (role, path, answer.status_code)
        assert str(case.title) not in answer.content.decode()
    for path in ("cases/", "exhibits/", "samples/", "items/", "discrepancies/", "containers/"):
        answer = caller.get(path)
        assert answer.status_code == 200, (path, answer.content)
        assert answer.json()["results"] == [], (role, path)


@pytest.mark.django_db
def test_a_revoked_token_and_a_closed_account_are_nobody() -> None:
    lab = Laboratory()
    caller = Caller(lab.technician)
    token = caller.get("me/tokens/").json()["results"][0]["uuid"]
    assert caller.call("DELETE", f"me/tokens/{token}/").status_code == 204
    assert caller.get("me/").status_code == 401
    other = Caller(lab.analyst)
    user_deactivate(actor=system_actor(), user=builders.User.objects.get(pk=lab.analyst.user_id), reason="left")
    assert other.get("me/").status_code == 401


@pytest.mark.django_db
def test_nobody_ends_another_persons_token() -> None:
    lab = Laboratory()
    mine, other = Caller(lab.technician), Caller(lab.analyst)
    token = mine.get("me/tokens/").json()["results"][0]["uuid"]
    assert other.call("DELETE", f"me/tokens/{token}/").status_code == 404
    assert mine.get("me/").status_code == 200
