"""Acts on one's own account: password, PIN, preferences, bearer tokens, signing."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from lims.accounts.actors import Actor, require
from lims.accounts.enums import AccessKind
from lims.accounts.ledger import TOKEN
from lims.accounts.models import ApiToken, User
from lims.accounts.roles import Role
from lims.accounts.selectors import grants_held, sign_in_blocked
from lims.accounts.services.access import access_record
from lims.accounts.services.drafts import account_draft, password_rules_check
from lims.common.checks import text_clean
from lims.common.errors import BadInput, NotAllowed

_RE_AUTHENTICATION_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class ReAuthentication:
    """Proof that the actor has just entered the password again (21 CFR 11.200 style re-entry at signing)."""

    user_id: int
    at: datetime

    def check(self, actor: Actor) -> None:
        """Refuse a proof of somebody else or an old one.

        Raises:
            NotAllowed: not the actor's own, or older than five minutes.
        """
        age = (timezone.now() - self.at).total_seconds()
        if self.user_id != actor.user_id or not 0 <= age <= _RE_AUTHENTICATION_SECONDS:
            raise NotAllowed(_("Enter your password again to sign."), code="re-authentication", field="password")


def reauthenticate(*, actor: Actor, password: str) -> ReAuthentication:
    """Check the password again, for signing.

    Raises:
        BadInput: the password is wrong; recorded as a failed sign-in.
        NotAllowed: too many failures lately, as at sign-in.
    """
    user = User.objects.get(pk=actor.user_id)
    if sign_in_blocked(user.username, None):
        raise NotAllowed(
            _("The password was wrong too often. Wait ten minutes, then type it again."),
            code="too-many-attempts",
            field="password",
        )
    if not user.check_password(password):
        access_record(kind=AccessKind.SIGN_IN_FAILED, actor=actor, reference=user.username)
        raise BadInput(_("The password is not right. Type it again."), code="wrong-password", field="password")
    return ReAuthentication(user_id=user.pk, at=timezone.now())


def pin_set(*, actor: Actor, pin: str) -> None:
    """Set one's own PIN of 4 to 8 digits, which confirms a receipt on a shared tablet.

    Raises:
        BadInput: not 4 to 8 digits.
    """
    if not (pin.isdigit() and 4 <= len(pin) <= 8):
        raise BadInput(_("A PIN has 4 to 8 digits."), code="bad-pin", field="pin")
    User.objects.filter(pk=actor.user_id).update(pin_hash=make_password(pin))


def pin_check(*, user: User, pin: str) -> bool:
    """Whether the PIN is the user's; False where none is set."""
    return bool(user.pin_hash) and check_password(pin, user.pin_hash)


def preferences_set(*, actor: Actor, language: str | None = None, single_keys: bool | None = None) -> None:
    """Set one's own language and whether single keys are commands; None leaves a setting as it is."""
    wanted = {"language": language, "single_keys": single_keys}
    changes = {name: value for name, value in wanted.items() if value is not None}
    if changes:
        User.objects.filter(pk=actor.user_id).update(**changes)


def password_change(*, actor: Actor, user: User, old: str, new: str) -> None:
    """Change one's own password.

    Raises:
        BadInput: the old one is wrong or the new one too weak.
    """
    if user.pk != actor.user_id or not user.check_password(old):
        raise BadInput(_("The present password is not right. Type it again."), code="wrong-password", field="old")
    password_rules_check(new)
    with transaction.atomic():
        user.set_password(new)
        user.save(update_fields=["password"])
        act_append(actor=actor, drafts=[account_draft(user, "password_changed", {})])


def token_create(*, actor: Actor, user: User, name: str, expires_at: datetime | None = None) -> tuple[ApiToken, str]:
    """A bearer token for the account; the secret is returned once and never stored.

    Whoever manages accounts makes tokens for instruments only: with a token of a person they would act, and read case
    content, as that person.

    Raises:
        NotAllowed: for another's account without `account.manage`, or for one that is not an instrument's alone.
    """
    if Role.INSTRUMENT in actor.roles and not actor.in_laboratory:
        raise NotAllowed(_("An instrument makes no tokens. The administrator makes one for it."), code="instrument")
    if user.pk != actor.user_id:
        require(actor, "account.manage")
        held = {grant.role for grant in grants_held(user.pk)}
        if not actor.system and held != {Role.INSTRUMENT}:
            raise NotAllowed(
                _("Only instruments get their token from somebody else. A person makes it in their own account."),
                code="not-an-instrument",
                field="account",
            )
    secret = "spoor_" + secrets.token_urlsafe(32)
    with transaction.atomic():
        token = ApiToken.objects.create(
            user=user,
            name=text_clean(name, field="name", required=True, limit=80),
            digest=hashlib.sha256(secret.encode()).hexdigest(),
            expires_at=expires_at,
        )
        stream = StreamKey(kind="account", id=user.uuid)
        values: dict[str, Json] = {"token": str(token.uuid), "expires": expires_at.isoformat() if expires_at else None}
        act_append(actor=actor, drafts=[EntryDraft(stream=stream, schema=TOKEN, verb="created", values=values)])
    return token, secret


def token_revoke(*, actor: Actor, token: ApiToken) -> None:
    """End a token now.

    Raises:
        NotAllowed: for another's account without `account.manage`.
    """
    if token.user_id != actor.user_id:
        require(actor, "account.manage")
    with transaction.atomic():
        updated = ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=timezone.now())
        if updated:
            stream = StreamKey(kind="account", id=token.user.uuid)
            values: dict[str, Json] = {"token": str(token.uuid)}
            act_append(actor=actor, drafts=[EntryDraft(stream=stream, schema=TOKEN, verb="revoked", values=values)])
