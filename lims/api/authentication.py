"""Who calls the API: a bearer token, or the session of a signed-in page (with CSRF protection)."""

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.authentication import SessionAuthentication as DrfSessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from lims.accounts.actors import Actor
from lims.accounts.selectors import actor_of_user, user_of_token

if TYPE_CHECKING:  # the framework reads these classes while it loads its views
    from rest_framework.views import APIView

    from lims.accounts.models import User


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer spoor_…`."""

    def authenticate(self, request: Request) -> "tuple[User, str] | None":
        """The token's account; None when no bearer token was sent."""
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        user = user_of_token(parts[1].decode("latin-1")) if len(parts) == 2 else None
        if user is None:
            raise AuthenticationFailed(_("This token is unknown, expired or revoked."))
        return user, "token"

    def authenticate_header(self, request: Request) -> str:
        """Answer 401 rather than 403 to the unknown."""
        return 'Bearer realm="spoor"'


class SessionAuthentication(DrfSessionAuthentication):
    """The page's session; unsafe requests need the CSRF token."""


class SignedIn(BasePermission):
    """Deny by default: nobody without an account calls anything. Capabilities are the services' business."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Whether somebody is signed in."""
        return bool(request.user.is_authenticated)


def request_actor(request: Request) -> Actor:
    """The frozen actor of an API request, made once."""
    cached: Actor | None = getattr(request, "_spoor_actor", None)
    if cached is None:
        user: Any = request.user
        cached = actor_of_user(user, via="api")
        request._spoor_actor = cached  # type: ignore[attr-defined]
    return cached


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the token appears in the OpenAPI document."""

    target_class = "lims.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """The OpenAPI security scheme."""
        return {"type": "http", "scheme": "bearer"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the session cookie appears in the OpenAPI document."""

    target_class = "lims.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """The OpenAPI security scheme."""
        return {"type": "apiKey", "in": "cookie", "name": "spoor_session"}
