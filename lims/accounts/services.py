"""Acts on accounts: creation, dated grants, tokens, re-authentication, the access log."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.core.merkle import merkle_root
from chain_of_custody.models import Party
from chain_of_custody.services import EntryDraft, StreamKey, act_append, party_create
from lims.accounts.actors import Actor, require
from lims.accounts.enums import AccessKind, GrantScope
from lims.accounts.ledger import ACCESS_LOG, ACCOUNT, TOKEN
from lims.accounts.models import AccessAnchor, AccessEntry, ApiToken, RoleGrant, User, WorkerBeat
from lims.accounts.roles import Role
from lims.common.checks import text_clean
from lims.common.errors import BadInput, NotAllowed, RuleViolation

ACCESS_LOG_STREAM = UUID("5b1ef39c-6e4f-5c40-9d0e-2a0c6a1f0a01")
SYSTEM_PARTY = UUID("5b1ef39c-6e4f-5c40-9d0e-2a0c6a1f0a02")
_RE_AUTHENTICATION_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantSpec:
    """A role to grant: for the laboratory, or for the cases of one agency."""

    role: Role
    agency: Party | None = None


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


def system_actor(via: str = "task") -> Actor:
    """Spoor itself, for jobs and commands. Its party is created at first use."""
    party = Party.objects.filter(uuid=SYSTEM_PARTY).first()
    if party is None:
        party = _system_party_create(via)
    return Actor(
        party=party.uuid,
        account=None,
        name=party.name,
        role="system",
        via=via,
        party_id=party.pk,
        system=True,
    )


def _system_party_create(via: str) -> Party:
    birth = Actor(party=SYSTEM_PARTY, account=None, name="Spoor", role="system", via=via, system=True)
    with transaction.atomic():
        return party_create(actor=birth, kind="system", name="Spoor", uuid=SYSTEM_PARTY)


def agency_create(*, actor: Actor, name: str) -> Party:
    """An organisation that submits exhibits or asks for reports.

    Raises:
        NotAllowed: without `case.open` or `account.manage`.
    """
    if not actor.may("account.manage"):
        require(actor, "case.open")
    with transaction.atomic():
        return party_create(
            actor=actor, kind="organisation", name=text_clean(name, field="name", required=True, limit=200)
        )


def user_create(
    *,
    actor: Actor,
    username: str,
    name: str,
    password: str,
    grants: tuple[GrantSpec, ...],
    organisation: Party | None = None,
    email: str = "",
    language: str = "en",
) -> User:
    """An account with its party and its first grants.

    Raises:
        NotAllowed: without `account.manage`.
        BadInput: the sign-in name is taken, or the password too weak.
    """
    require(actor, "account.manage")
    username = text_clean(username, field="username", required=True, limit=80)
    name = text_clean(name, field="name", required=True, limit=200)
    _password_check(password)
    with transaction.atomic():
        if User.objects.filter(username__iexact=username).exists():
            raise BadInput(
                _("«%(name)s» is taken. Choose another sign-in name.") % {"name": username}, field="username"
            )
        party = party_create(actor=actor, kind="person", name=name, organisation=organisation, signs_in=True)
        user = User(username=username, email=email, party=party, language=language)
        user.set_password(password)
        user.save()
        act_append(
            actor=actor,
            drafts=[_account_draft(user, "created", {"party": str(party.uuid)}, {"username": username})],
        )
        for grant in grants:
            role_grant(actor=actor, user=user, grant=grant)
    return user


def role_grant(*, actor: Actor, user: User, grant: GrantSpec, since: datetime | None = None) -> RoleGrant:
    """Give a role from now on.

    Raises:
        NotAllowed: without `account.manage`.
        RuleViolation: the role is already held in this scope.
    """
    require(actor, "account.manage")
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if RoleGrant.objects.filter(user=user, role=grant.role, agency=grant.agency, until__isnull=True).exists():
            raise RuleViolation(_("This role is already held in this scope."), code="already-held", field="role")
        row = RoleGrant.objects.create(
            user=user,
            role=grant.role,
            scope=GrantScope.AGENCY if grant.agency else GrantScope.LAB,
            agency=grant.agency,
            since=since or timezone.now(),
        )
        values: dict[str, Json] = {"role": str(grant.role), "agency": str(grant.agency.uuid) if grant.agency else None}
        act_append(actor=actor, drafts=[_account_draft(user, "granted", values)])
    return row


def role_revoke(*, actor: Actor, grant: RoleGrant, reason: str) -> None:
    """End a role now. The row stays.

    Raises:
        NotAllowed: without `account.manage`.
        RuleViolation: it has ended already.
    """
    require(actor, "account.manage")
    reason = text_clean(reason, field="reason", required=True)
    with transaction.atomic():
        row = RoleGrant.objects.select_for_update(no_key=True).select_related("user").get(pk=grant.pk)
        if row.until is not None:
            raise RuleViolation(_("This role has already ended."), code="already-ended")
        row.until = timezone.now()
        row.save(update_fields=["until"])
        act_append(actor=actor, drafts=[_account_draft(row.user, "revoked", {"role": row.role})], reason=reason)


def user_deactivate(*, actor: Actor, user: User, reason: str) -> None:
    """Close an account; what its party holds is then reassigned by `custody_reassign`.

    Raises:
        NotAllowed: without `account.manage`, or on one's own account.
    """
    require(actor, "account.manage")
    if user.pk == actor.user_id:
        raise NotAllowed(_("You cannot close your own account. Ask another administrator."), code="own-account")
    reason = text_clean(reason, field="reason", required=True)
    with transaction.atomic():
        row = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        row.is_active = False
        row.version += 1
        row.save(update_fields=["is_active", "version"])
        RoleGrant.objects.filter(user=row, until__isnull=True).update(until=timezone.now())
        act_append(actor=actor, drafts=[_account_draft(row, "deactivated", {})], reason=reason)


def password_change(*, actor: Actor, user: User, old: str, new: str) -> None:
    """Change one's own password.

    Raises:
        BadInput: the old one is wrong or the new one too weak.
    """
    if user.pk != actor.user_id or not user.check_password(old):
        raise BadInput(_("The present password is not right. Type it again."), code="wrong-password", field="old")
    _password_check(new)
    with transaction.atomic():
        user.set_password(new)
        user.save(update_fields=["password"])
        act_append(actor=actor, drafts=[_account_draft(user, "password_changed", {})])


def first_run(*, token: str, username: str, name: str, password: str, laboratory_via: str = "web") -> User:
    """The laboratory's first administrator, while no account exists, against the token printed at the first start.

    Raises:
        NotAllowed: an account exists already, or the token is wrong.
    """
    expected = first_run_token()
    if User.objects.exists() or not expected or not secrets.compare_digest(expected, token.strip()):
        raise NotAllowed(
            _("The set-up code is not right. It was printed when Spoor started and stands in secrets/first-run-token."),
            code="wrong-token",
            field="token",
        )
    with transaction.atomic():
        actor = system_actor(laboratory_via)
        return user_create(
            actor=actor,
            username=username,
            name=name,
            password=password,
            grants=(GrantSpec(role=Role.ADMINISTRATOR),),
        )


def first_run_token() -> str:
    """The one-time code of the first start, empty where there is none."""
    path = Path(settings.SPOOR_HOME) / "secrets" / "first-run-token"
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""


def reauthenticate(*, actor: Actor, password: str) -> ReAuthentication:
    """Check the password again, for signing.

    Raises:
        BadInput: the password is wrong; recorded as a failed sign-in.
    """
    user = User.objects.get(pk=actor.user_id)
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


def preferences_set(*, actor: Actor, language: str | None = None, single_keys: bool | None = None) -> None:
    """Set one's own language and whether single keys are commands; None leaves a setting as it is."""
    wanted = {"language": language, "single_keys": single_keys}
    changes = {name: value for name, value in wanted.items() if value is not None}
    if changes:
        User.objects.filter(pk=actor.user_id).update(**changes)


def pin_check(*, user: User, pin: str) -> bool:
    """Whether the PIN is the user's; False where none is set."""
    return bool(user.pin_hash) and check_password(pin, user.pin_hash)


def token_create(*, actor: Actor, user: User, name: str, expires_at: datetime | None = None) -> tuple[ApiToken, str]:
    """A bearer token for the account; the secret is returned once and never stored.

    Raises:
        NotAllowed: for another's account without `account.manage`.
    """
    if user.pk != actor.user_id:
        require(actor, "account.manage")
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


def access_record(
    *,
    kind: AccessKind,
    actor: Actor | None = None,
    subject_kind: str = "",
    subject: UUID | None = None,
    reference: str = "",
    case: UUID | None = None,
    reason: str = "",
    path: str = "",
    address: str | None = None,
) -> None:
    """One line in the access log. Called by the outermost handler, outside the act's transaction."""
    AccessEntry.objects.create(
        kind=kind,
        user_id=(actor.user_id or None) if actor else None,
        shown_as=actor.name[:200] if actor else "",
        role=actor.role[:80] if actor else "",
        subject_kind=subject_kind,
        subject=subject,
        reference=reference[:80],
        case=case,
        reason=reason[:500],
        path=path[:300],
        address=address,
        salt=secrets.token_bytes(32),
    )


def access_reason_state(*, actor: Actor, case: UUID, reference: str, reason: str, address: str | None = None) -> None:
    """State why one views a case one is not assigned to (Directive 2016/680 Art. 25 [M]).

    Raises:
        BadInput: fewer than ten signs.
    """
    reason = text_clean(reason, field="reason", required=True)
    if len(reason) < 10:
        raise BadInput(_("Give the reason in at least ten signs: it is recorded."), code="too-short", field="reason")
    access_record(
        kind=AccessKind.REASON,
        actor=actor,
        subject_kind="case",
        subject=case,
        case=case,
        reference=reference,
        reason=reason,
        address=address,
    )


def access_anchor() -> AccessAnchor | None:
    """Enter the Merkle root of all access-log lines since the last anchor in the ledger; None where there are none."""
    with transaction.atomic():
        last = AccessAnchor.objects.select_for_update(no_key=True).order_by("-last").first()
        after = last.last if last else 0
        settled = timezone.now() - timedelta(seconds=30)
        rows = list(AccessEntry.objects.filter(pk__gt=after, at__lte=settled).order_by("pk"))
        if not rows:
            return None
        root = merkle_root([access_leaf(row) for row in rows]).hex()
        anchor = AccessAnchor.objects.create(first=rows[0].pk, last=rows[-1].pk, root=root)
        values: dict[str, Json] = {"first": anchor.first, "last": anchor.last, "lines": len(rows), "root": root}
        stream = StreamKey(kind="access_log", id=ACCESS_LOG_STREAM)
        draft = EntryDraft(stream=stream, schema=ACCESS_LOG, verb="anchored", values=values)
        act_append(actor=system_actor(), drafts=[draft])
    return anchor


def access_leaf(row: AccessEntry) -> bytes:
    """The leaf of an access-log line: SHA-256 over its salt and its fields, so that a root reveals nothing."""
    fields = (
        row.pk,
        row.at.isoformat(),
        row.kind,
        row.user_id,
        row.role,
        row.subject_kind,
        row.subject,
        row.reference,
        row.case,
        row.reason,
        row.path,
        row.address,
    )
    text = "\x1f".join("" if value is None else str(value) for value in fields)
    return hashlib.sha256(b"spoor/access/v1\0" + bytes(row.salt) + text.encode()).digest()


def worker_seen(*, host: str) -> None:
    """Note that a worker is alive."""
    WorkerBeat.objects.update_or_create(host=host[:200], defaults={"seen_at": timezone.now()})


def _account_draft(
    user: User, verb: str, values: dict[str, Json], committed: dict[str, Json] | None = None
) -> EntryDraft:
    return EntryDraft(
        stream=StreamKey(kind="account", id=user.uuid),
        schema=ACCOUNT,
        verb=verb,
        values=values,
        committed=committed or {},
    )


def _password_check(password: str) -> None:
    try:
        validate_password(password)
    except ValidationError as error:
        raise BadInput(" ".join(error.messages), code="weak-password", field="password") from error
