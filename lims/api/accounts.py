"""Oneself, one's tokens, and the accounts an administrator keeps."""

from typing import Any
from uuid import UUID

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lims.accounts.enums import RoleName
from lims.accounts.roles import Role, capabilities_of
from lims.accounts.selectors import grant_open, token_get, token_list, user_by_uuid, user_get, user_list
from lims.accounts.services import (
    GrantSpec,
    role_grant,
    role_revoke,
    token_create,
    token_revoke,
    user_create,
    user_deactivate,
)
from lims.api.base import View, created
from lims.api.fields import Code, Input, Output, PartyRef, Reason, text, when
from lims.api.operations import acts, creates, ends, lists, reads
from lims.casework.selectors.naming import party_named

AREA = "accounts"


class GrantHeld(Output):
    """A role held now, and how far it reaches."""

    role = serializers.CharField()
    scope = serializers.ChoiceField(choices=["lab", "agency", "case"])
    agency = serializers.UUIDField(allow_null=True)
    case = serializers.UUIDField(allow_null=True)


class MeOut(Output):
    """Who calls, and what they may do somewhere."""

    account = serializers.UUIDField()
    party = serializers.UUIDField()
    name = serializers.CharField()
    organisation = serializers.CharField()
    language = serializers.CharField()
    in_laboratory = serializers.BooleanField()
    grants = GrantHeld(many=True)
    capabilities = serializers.SerializerMethodField()

    def get_capabilities(self, actor: Any) -> list[str]:
        """Capabilities held in any scope."""
        return sorted(capabilities_of(actor.roles))


class TokenOut(Output):
    """A bearer token, without its secret."""

    uuid = serializers.UUIDField()
    name = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)


class TokenMade(TokenOut):
    """A bearer token with its secret, shown this once."""

    secret = serializers.CharField()


class TokenNew(Input):
    """A token to be made."""

    name = text(80, required=True)
    expires_at = when("When it ends; never when left out.", allow_null=True, default=None)


class RoleOut(Output):
    """A role of an account, with its dates."""

    role = serializers.CharField()
    scope = serializers.CharField()
    agency = PartyRef(allow_null=True)
    since = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True)


class UserOut(Output):
    """An account."""

    uuid = serializers.UUIDField()
    username = serializers.CharField()
    email = serializers.CharField()
    party = PartyRef()
    is_active = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    roles = RoleOut(many=True, source="role_grants.all")


class GrantNew(Input):
    """A role to give: for the laboratory, or for the cases of one agency."""

    role = Code(RoleName.values)
    agency = serializers.UUIDField(required=False, allow_null=True, default=None)


class GrantEnd(GrantNew):
    """A role to end."""

    reason = text(500, required=True)


class UserNew(Input):
    """An account to be made."""

    username = text(80, required=True)
    name = text(200, required=True)
    password = serializers.CharField(max_length=200, trim_whitespace=False)
    email = serializers.EmailField(required=False, allow_blank=True)
    language = Code(["en", "fr", "es"], required=False, default="en")
    organisation = serializers.UUIDField(required=False, allow_null=True, default=None)
    grants = GrantNew(many=True, required=False, default=list)


class Me(View):
    """Oneself."""

    @reads("me_get", MeOut, area=AREA)
    def get(self, request: Request) -> Response:
        """Who calls: account, party, roles and capabilities."""
        return self.one(self.actor, MeOut)


class Tokens(View):
    """One's own tokens."""

    @lists("token_list", TokenOut, area=AREA)
    def get(self, request: Request) -> Response:
        """The tokens that hold."""
        return self.page(token_list(user_id=self.actor.user_id), TokenOut)

    @creates("token_create", TokenNew, TokenMade, area=AREA, kept=False)
    def post(self, request: Request) -> Response:
        """Make a token of one's own account; its secret is answered once."""
        return _token(self, request.user)


class Token(View):
    """One token."""

    @ends("token_revoke", area=AREA)
    def delete(self, request: Request, uuid: UUID) -> Response:
        """End a token now."""
        token_revoke(actor=self.actor, token=token_get(actor=self.actor, uuid=uuid))
        return Response(status=204)


class Users(View):
    """All accounts."""

    @lists("user_list", UserOut, area=AREA)
    def get(self, request: Request) -> Response:
        """Every account with its roles, for the administrator."""
        return self.page(user_list(actor=self.actor), UserOut)

    @creates("user_create", UserNew, UserOut, area=AREA)
    def post(self, request: Request) -> Response:
        """Make an account with its first roles."""
        body = self.body(UserNew)
        organisation = body.pop("organisation")
        grants = tuple(_grant(one, f"grants/{row}/agency") for row, one in enumerate(body.pop("grants")))
        home = party_named(uuid=organisation, field="organisation") if organisation else None
        user = user_create(actor=self.actor, grants=grants, organisation=home, **body)
        made = user_get(actor=self.actor, uuid=user.uuid)
        return created(self.data(made, UserOut), location=f"/api/v1/users/{user.uuid}/")


class OneUser(View):
    """One account."""

    @reads("user_get", UserOut, area=AREA)
    def get(self, request: Request, uuid: UUID) -> Response:
        """One account with its roles."""
        return self.one(user_get(actor=self.actor, uuid=uuid), UserOut)


class UserGrants(View):
    """Roles of an account."""

    @acts("role_grant", GrantNew, UserOut, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Give a role from now on."""
        user = user_get(actor=self.actor, uuid=uuid)
        role_grant(actor=self.actor, user=user, grant=_grant(self.body(GrantNew), "agency"))
        return self.one(user_get(actor=self.actor, uuid=uuid), UserOut)


class UserGrantEnd(View):
    """The end of a role."""

    @acts("role_revoke", GrantEnd, UserOut, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """End a role now; the row stays."""
        user, body = user_get(actor=self.actor, uuid=uuid), self.body(GrantEnd)
        grant = grant_open(user=user, role=body["role"], agency=body["agency"])
        role_revoke(actor=self.actor, grant=grant, reason=body["reason"])
        return self.one(user_get(actor=self.actor, uuid=uuid), UserOut)


class UserDeactivate(View):
    """The end of an account."""

    @acts("user_deactivate", Reason, UserOut, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Close an account and end its roles; what its person holds is reassigned by order."""
        user = user_get(actor=self.actor, uuid=uuid)
        user_deactivate(actor=self.actor, user=user, reason=self.body(Reason)["reason"])
        return self.one(user_get(actor=self.actor, uuid=uuid), UserOut)


class UserTokens(View):
    """Tokens of another account: for instruments."""

    @creates("user_token_create", TokenNew, TokenMade, area=AREA, kept=False)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Make a token of an account, for an instrument or a script."""
        return _token(self, user_by_uuid(actor=self.actor, uuid=uuid))


def _token(view: View, user: Any) -> Response:
    body = view.body(TokenNew)
    token, secret = token_create(actor=view.actor, user=user, name=body["name"], expires_at=body["expires_at"])
    shown = view.data(token, TokenOut) | {"secret": secret}
    return created(shown, location=f"/api/v1/me/tokens/{token.uuid}/")


def _grant(body: dict[str, Any], field: str) -> GrantSpec:
    agency = party_named(uuid=body["agency"], field=field) if body["agency"] else None
    return GrantSpec(role=Role(body["role"]), agency=agency)


urlpatterns = [
    path("me/", Me.as_view()),
    path("me/tokens/", Tokens.as_view()),
    path("me/tokens/<uuid:uuid>/", Token.as_view()),
    path("users/", Users.as_view()),
    path("users/<uuid:uuid>/", OneUser.as_view()),
    path("users/<uuid:uuid>/roles/", UserGrants.as_view()),
    path("users/<uuid:uuid>/roles/end/", UserGrantEnd.as_view()),
    path("users/<uuid:uuid>/deactivate/", UserDeactivate.as_view()),
    path("users/<uuid:uuid>/tokens/", UserTokens.as_view()),
]
