"""Signing in, the first account, languages, errors in our words, and what the frame shows to whom."""

from io import BytesIO
from pathlib import Path

import pytest
import qrcode
from django.conf import LazySettings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory, override_settings
from django.urls import path

from lims.accounts.enums import AccessKind
from lims.accounts.models import AccessEntry, User
from lims.accounts.roles import Role
from lims.accounts.selectors import actor_of_user
from lims.common.errors import StaleVersion, Unavailable
from lims.config import urls as config_urls
from lims.web import state
from lims.web.access import PageRequest, page_for
from lims.web.middleware import CONTENT_SECURITY_POLICY
from lims.web.navigation import navigation
from lims.web.state import SystemState
from lims.web.views import errors
from tests.lims import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def technician() -> User:
    return builders.person(Role.TECHNICIAN, name="Ana Reyes")


@pytest.fixture
def signed_in(client: Client, technician: User) -> Client:
    client.force_login(technician)
    return client


def test_stranger_is_sent_to_sign_in_and_back(client: Client, technician: User) -> None:
    assert client.get("/me/")["Location"] == "/sign-in/?next=/me/"
    response = client.post(
        "/sign-in/", {"username": technician.username, "password": builders.PASSWORD, "next": "/me/"}
    )
    assert response["Location"] == "/me/"
    assert AccessEntry.objects.filter(kind=AccessKind.SIGN_IN, user=technician).count() == 1


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil.example"]
)
def test_nobody_is_sent_elsewhere_after_signing_in(client: Client, technician: User, elsewhere: str) -> None:
    response = client.post(
        "/sign-in/", {"username": technician.username, "password": builders.PASSWORD, "next": elsewhere}
    )
    assert response["Location"] == "/"


def test_wrong_password_is_refused_in_words_and_recorded(client: Client, technician: User) -> None:
    response = client.post("/sign-in/", {"username": technician.username, "password": "wrong"})
    assert response.status_code == 422
    assert b"The user name or password is wrong. The attempt was recorded." in response.content
    assert b'wrong"' not in response.content
    assert AccessEntry.objects.filter(kind=AccessKind.SIGN_IN_FAILED, reference=technician.username).count() == 1


def test_unknown_name_and_wrong_password_read_the_same(client: Client, technician: User) -> None:
    answers = [
        client.post("/sign-in/", {"username": name, "password": "x"}) for name in (technician.username, "nobody")
    ]
    texts = [answer.content.decode().replace(technician.username, "").replace("nobody", "") for answer in answers]
    strip = [text.split("csrfmiddlewaretoken")[0] + text.split("id_username")[1] for text in texts]
    assert strip[0] == strip[1]


def test_after_eight_failures_even_the_right_password_waits(client: Client, technician: User) -> None:
    for _ in range(8):
        client.post("/sign-in/", {"username": technician.username, "password": "wrong"})
    response = client.post("/sign-in/", {"username": technician.username, "password": builders.PASSWORD})
    assert response.status_code == 422
    assert b"Wait 10 minutes" in response.content
    assert "_auth_user_id" not in client.session


def test_sign_out_needs_a_post_and_ends_the_session(signed_in: Client) -> None:
    assert signed_in.get("/sign-out/").status_code == 405
    assert signed_in.post("/sign-out/")["Location"] == "/sign-in/?signed-out"
    assert b"You are signed out." in signed_in.get("/sign-in/?signed-out").content
    assert signed_in.get("/")["Location"].startswith("/sign-in/")


def set_up(**changes: str) -> dict[str, str]:
    words = "correct horse battery"
    return {"token": "wxyz-1234", "name": "Ada Min", "username": "ada", "password": words, "repeated": words} | changes


@pytest.fixture
def empty_system(tmp_path: Path, settings: LazySettings) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "first-run-token").write_text("wxyz-1234\n")
    settings.SPOOR_HOME = tmp_path


@pytest.mark.usefixtures("empty_system")
def test_empty_system_leads_to_set_up_and_makes_its_administrator(client: Client) -> None:
    assert client.get("/sign-in/")["Location"] == "/set-up/"
    assert client.post("/set-up/", set_up())["Location"] == "/"
    user = User.objects.get(username="ada")
    assert actor_of_user(user, via="web").roles == ("administrator",)
    assert client.session["_auth_user_id"] == str(user.pk)
    assert client.get("/set-up/")["Location"] == "/sign-in/"


@pytest.mark.usefixtures("empty_system")
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"token": "guess"}, "The set-up code is not right"),
        ({"repeated": "another"}, "The two passwords differ"),
        ({"password": "short", "repeated": "short"}, "too short"),
        ({"name": ""}, "This field is required"),
    ],
)
def test_set_up_that_is_refused_makes_nothing(client: Client, changes: dict[str, str], words: str) -> None:
    response = client.post("/set-up/", set_up(**changes))
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not User.objects.exists()


def test_set_up_is_closed_once_an_account_exists(client: Client, technician: User) -> None:
    client.post("/set-up/", set_up())
    assert User.objects.count() == 1


def test_content_policy_is_on_every_page_and_nothing_is_cached(signed_in: Client) -> None:
    for address in ("/", "/me/", "/sign-in/", "/nothing/", "/demo/components/"):
        response = signed_in.get(address)
        assert response["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        if response.status_code != 302:
            assert response["Cache-Control"] == "private, no-store"
    assert "unsafe" not in CONTENT_SECURITY_POLICY


def test_language_is_kept_in_the_cookie_and_the_account(signed_in: Client, technician: User) -> None:
    response = signed_in.post("/language/", {"language": "fr", "next": "/me/"})
    assert response["Location"] == "/me/"
    technician.refresh_from_db()
    assert technician.language == "fr"
    page = signed_in.get("/me/").content.decode()
    assert '<html lang="fr">' in page
    assert "Se déconnecter" in page


def test_unknown_language_is_refused_with_those_words(signed_in: Client) -> None:
    response = signed_in.post("/language/", {"language": "xx"})
    assert response.status_code == 422
    assert "«xx» is not one of the languages here." in response.content.decode()


def test_single_keys_can_be_switched_off(signed_in: Client, technician: User) -> None:
    signed_in.post("/me/keys/", {})
    technician.refresh_from_db()
    assert technician.single_keys is False
    assert 'data-keys="off"' in signed_in.get("/me/").content.decode()


def test_page_not_there_is_said_within_the_frame(signed_in: Client) -> None:
    response = signed_in.get("/nothing/here/")
    assert response.status_code == 404
    assert b"There is no such page" in response.content
    assert b"Ana Reyes" in response.content


def test_form_without_its_token_is_refused_in_words(technician: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(technician)
    response = client.post("/me/keys/", {})
    assert response.status_code == 403
    assert b"This form is no longer valid" in response.content


@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=100)
def test_too_large_a_request_is_413(signed_in: Client) -> None:
    response = signed_in.post("/me/keys/", {"x": "y" * 200})
    assert response.status_code == 413
    assert b"Send less at once" in response.content


def test_failure_on_our_side_is_said_without_the_database() -> None:
    response = errors.error_500(RequestFactory().get("/"))
    assert response.status_code == 500
    assert "Something broke on our side" in response.content.decode()


@page_for("report.sign")
def sign_page(request: PageRequest) -> object:
    raise AssertionError("opened")


@page_for()
def stale_page(request: PageRequest) -> object:
    raise StaleVersion("Someone else changed this exhibit at 10:11.", remedy="Look at the change, then save again.")


@page_for()
def down_page(request: PageRequest) -> object:
    raise Unavailable("The evidence store does not answer.")


class Urls:
    urlpatterns = [
        *config_urls.urlpatterns,
        path("t/sign/", sign_page),  # type: ignore[arg-type]
        path("t/stale/", stale_page),  # type: ignore[arg-type]
        path("t/down/", down_page),  # type: ignore[arg-type]
    ]
    handler400, handler403 = config_urls.handler400, config_urls.handler403
    handler404, handler500 = config_urls.handler404, config_urls.handler500


@override_settings(ROOT_URLCONF=Urls)
def test_page_beyond_the_role_is_refused_and_the_attempt_recorded(signed_in: Client, technician: User) -> None:
    response = signed_in.get("/t/sign/")
    assert response.status_code == 403
    assert b"Your role does not include this page (report.sign)" in response.content
    entry = AccessEntry.objects.get(kind=AccessKind.REFUSED)
    assert (entry.user, entry.path, entry.reason) == (technician, "/t/sign/", "report.sign")


@override_settings(ROOT_URLCONF=Urls)
def test_outsiders_get_the_same_404_for_forbidden_and_absent_pages(client: Client) -> None:
    client.force_login(builders.person(Role.INVESTIGATOR, agency=builders.agency()))
    forbidden, absent = client.get("/t/sign/"), client.get("/t/absent/")
    assert (forbidden.status_code, absent.status_code) == (404, 404)
    pages = [page.content.decode() for page in (forbidden, absent)]
    tokens = [page.split('"X-CSRFToken": "')[1].split('"')[0] for page in pages]
    assert pages[0].replace(tokens[0], "") == pages[1].replace(tokens[1], "")


@override_settings(ROOT_URLCONF=Urls)
def test_refusals_of_the_domain_have_their_status_and_remedy(signed_in: Client) -> None:
    stale = signed_in.get("/t/stale/")
    assert stale.status_code == 409
    assert b"Look at the change, then save again." in stale.content
    assert signed_in.get("/t/down/").status_code == 503


@override_settings(ROOT_URLCONF=Urls)
def test_htmx_gets_the_refusal_as_a_part(signed_in: Client) -> None:
    part = signed_in.get("/t/stale/", headers={"HX-Request": "true"}).content.decode()
    assert 'role="alert"' in part
    assert "<html" not in part


def test_menu_is_the_union_of_the_roles_without_doubles() -> None:
    actor = builders.actor(Role.ANALYST, Role.REVIEWER)
    links = [link.href for section in navigation(actor, "/") for link in section.links]
    assert len(links) == len(set(links))
    assert links[0] == "/"


def test_marks_that_must_be_seen(signed_in: Client, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    page = signed_in.get("/me/").content.decode()
    assert "SYNTHETIC" not in page
    settings.SPOOR_MODE = "demo"
    monkeypatch.setattr(state, "_read", lambda: SystemState(enforced=False))
    cache.clear()
    page = signed_in.get("/me/").content.decode()
    assert "SYNTHETIC – not evidence." in page
    assert "WORM not enforced." in page
    assert "Evidence store: WORM not enforced" in page


def test_component_sheet_is_hidden_in_a_laboratory(signed_in: Client, settings: LazySettings) -> None:
    assert signed_in.get("/demo/components/").status_code == 200
    settings.SPOOR_MODE = "lab"
    assert signed_in.get("/demo/components/").status_code == 404


def test_unreadable_code_is_explained_to_the_laboratory_only(signed_in: Client, client: Client) -> None:
    response = signed_in.get("/find/", {"code": "7K3M9Q2P"})
    assert response.status_code == 422
    assert "«7K3M9Q2P» is not a scan code" in response.content.decode()
    client.force_login(builders.person(Role.INVESTIGATOR, agency=builders.agency()))
    outside = client.get("/find/", {"code": "7K3M9Q2P"})
    assert outside.status_code == 404
    assert "7K3M9Q2P" not in outside.content.decode()


def photograph(payload: str) -> SimpleUploadedFile:
    file = BytesIO()
    qrcode.make(payload).get_image().convert("L").save(file, "PNG")
    return SimpleUploadedFile("label.png", file.getvalue(), "image/png")


def test_photograph_of_a_label_leads_to_its_code(signed_in: Client) -> None:
    response = signed_in.post("/bench/camera/", {"photo": photograph("HTTP://TESTSERVER/X/7K3M9Q2P")})
    assert response["Location"] == "/find/?code=HTTP%3A%2F%2FTESTSERVER%2FX%2F7K3M9Q2P"


def test_frame_of_the_camera_is_decoded(signed_in: Client) -> None:
    response = signed_in.post("/bench/camera/decode/", {"photo": photograph("7K3M9Q2P")})
    assert response.json() == {"codes": [{"text": "7K3M9Q2P", "format": "QR Code"}]}


def test_photograph_without_a_code_says_what_to_do(signed_in: Client) -> None:
    response = signed_in.post("/bench/camera/", {"photo": SimpleUploadedFile("x.png", b"nothing")})
    assert response.status_code == 422
    assert b"Take a photograph as JPEG, PNG or WebP." in response.content
