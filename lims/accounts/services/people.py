"""Accounts and agencies: creation, dated grants, closing; the laboratory's first administrator."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.models import Party
from chain_of_custody.services import act_append, party_create, party_deactivate
from lims.accounts.actors import Actor, require
from lims.accounts.enums import GrantScope
from lims.accounts.models import RoleGrant, User
from lims.accounts.roles import Role
from lims.accounts.services.access import system_actor
from lims.accounts.services.drafts import account_draft, password_rules_check
from lims.common.checks import text_clean
from lims.common.errors import BadInput, NotAllowed, RuleViolation


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantSpec:
    """A role to grant: for the laboratory, or for the cases of one agency."""

    role: Role
    agency: Party | None = None


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


def named_party_create(
    *,
    actor: Actor,
    kind: str,
    name: str,
    organisation: Party | None = None,
    country: str = "",
    document_kind: str = "",
    document_number: str = "",
) -> Party:
    """Somebody without an account who takes part in custody: a driver, a court clerk, a rescue centre, a courier.

    Raises:
        NotAllowed: without `custody.act`.
        BadInput: a place, a system or an organisation (which has its own road), or half an identity document.
    """
    require(actor, "custody.act")
    if kind not in {"person", "courier"}:
        raise BadInput(_("Name a person or a courier here."), code="unknown-kind", field="kind", found=kind)
    with transaction.atomic():
        return party_create(
            actor=actor,
            kind=kind,
            name=text_clean(name, field="name", required=True, limit=200),
            organisation=organisation,
            country=country,
            document_kind=text_clean(document_kind, field="document_kind", limit=60),
            document_number=text_clean(document_number, field="document_number", limit=60),
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
    party: Party | None = None,
) -> User:
    """An account with its party and its first grants; `party` is the person of an account that exists already.

    Raises:
        NotAllowed: without `account.manage`.
        BadInput: the sign-in name is taken, the password too weak, or `party` is nobody who signs in.
    """
    require(actor, "account.manage")
    username = text_clean(username, field="username", required=True, limit=80)
    name = text_clean(name, field="name", required=True, limit=200)
    password_rules_check(password)
    with transaction.atomic():
        if User.objects.filter(username__iexact=username).exists():
            raise BadInput(
                _("«%(name)s» is taken. Choose another sign-in name.") % {"name": username}, field="username"
            )
        if party is None:
            party = party_create(actor=actor, kind="person", name=name, organisation=organisation, signs_in=True)
        elif party.kind != "person" or not party.signs_in:
            raise BadInput(_("«%(name)s» has no account yet.") % {"name": party.name}, field="party", found=party.name)
        user = User(username=username, email=email, party=party, language=language)
        user.set_password(password)
        user.save()
        act_append(
            actor=actor,
            drafts=[account_draft(user, "created", {"party": str(party.uuid)}, {"username": username})],
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
    if user.pk == actor.user_id:
        raise NotAllowed(_("Nobody gives a role to their own account. Ask another administrator."), code="own-account")
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
        act_append(actor=actor, drafts=[account_draft(user, "granted", values)])
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
        act_append(actor=actor, drafts=[account_draft(row.user, "revoked", {"role": row.role})], reason=reason)


def user_deactivate(*, actor: Actor, user: User, reason: str) -> None:
    """Close an account; what its party holds is then reassigned by `custody_reassign`.

    With a person's last account the party becomes inactive: nothing can be handed to somebody who cannot receive it.

    Raises:
        NotAllowed: without `account.manage`, or on one's own account.
    """
    require(actor, "account.manage")
    if user.pk == actor.user_id:
        raise NotAllowed(_("You cannot close your own account. Ask another administrator."), code="own-account")
    reason = text_clean(reason, field="reason", required=True)
    with transaction.atomic():
        row = User.objects.select_for_update(no_key=True, of=("self",)).select_related("party").get(pk=user.pk)
        row.is_active = False
        row.version += 1
        row.save(update_fields=["is_active", "version"])
        RoleGrant.objects.filter(user=row, until__isnull=True).update(until=timezone.now())
        act_append(actor=actor, drafts=[account_draft(row, "deactivated", {})], reason=reason)
        if row.party.active and not User.objects.filter(party=row.party, is_active=True).exists():
            party_deactivate(actor=actor, party=row.party, reason=reason)


def first_run(*, token: str, username: str, name: str, password: str, laboratory_via: str = "web") -> User:
    """The laboratory's first administrator, while no account exists, against the token printed at the first start.

    Raises:
        NotAllowed: an account exists already, or the token is wrong.
    """
    expected = first_run_token()
    if User.objects.exists() or not expected or not secrets.compare_digest(expected, token.strip()):
        raise NotAllowed(
            _("The set-up code is not right. It was printed when Spoor started and stands in %(path)s.")
            % {"path": first_run_path()},
            code="wrong-token",
            field="token",
        )
    with transaction.atomic():
        actor = system_actor(laboratory_via)
        user = user_create(
            actor=actor,
            username=username,
            name=name,
            password=password,
            grants=(GrantSpec(role=Role.ADMINISTRATOR),),
        )
    first_run_path().unlink(missing_ok=True)
    return user


def first_run_token() -> str:
    """The one-time code of the first start, empty where there is none."""
    path = first_run_path()
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""


def first_run_path() -> Path:
    """Where the one-time code stands until the first account exists."""
    return Path(settings.SPOOR_HOME) / "secrets" / "first-run-token"
