"""Reads of accounts, grants and the access log."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from chain_of_custody.models import Party
from lims.accounts.actors import Actor, Grant, require
from lims.accounts.enums import AccessKind
from lims.accounts.models import AccessEntry, ApiToken, RoleGrant, User, WorkerBeat
from lims.accounts.roles import LABORATORY_ROLES

CaseGrantReader = Callable[[int, datetime], list[Grant]]
"""Case assignments of a user that hold at an instant. `casework`, which lies above this app, registers its reader."""

CASE_GRANT_READERS: list[CaseGrantReader] = []


def grants_held(user_id: int, now: datetime | None = None) -> list[Grant]:
    """Grants of the user that hold at `now`: laboratory and agency roles, and case assignments."""
    at = now or timezone.now()
    rows = (
        RoleGrant.objects.filter(user_id=user_id, since__lte=at)
        .filter(Q(until__isnull=True) | Q(until__gt=at))
        .order_by("id")
        .values_list("role", "scope", "agency__uuid")
    )
    held = [Grant(role=role, scope=scope, agency=agency) for role, scope, agency in rows]
    if not any(grant.role in LABORATORY_ROLES and grant.scope == "lab" for grant in held):
        held += [grant for reader in CASE_GRANT_READERS for grant in reader(user_id, at)]
    return held


def actor_of_user(user: User, *, via: str) -> Actor:
    """The frozen actor of an account, with every grant that holds now."""
    grants = tuple(grants_held(user.pk))
    party = Party.objects.select_related("organisation").get(pk=user.party_id)
    return Actor(
        party=party.uuid,
        account=user.uuid,
        name=party.name,
        role=", ".join(dict.fromkeys(grant.role for grant in grants)) or "none",
        organisation=party.organisation.name if party.organisation else "",
        via=via,
        user_id=user.pk,
        party_id=party.pk,
        grants=grants,
        language=user.language,
    )


def user_of_token(secret: str) -> User | None:
    """The active account of a bearer token, None where the token is unknown, expired or revoked."""
    digest = hashlib.sha256(secret.encode()).hexdigest()
    token = (
        ApiToken.objects.select_related("user")
        .filter(digest=digest, revoked_at__isnull=True, user__is_active=True)
        .filter(Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now()))
        .first()
    )
    return token.user if token else None


def sign_in_blocked(username: str, address: str | None, *, limit: int = 8, minutes: int = 10) -> bool:
    """Whether this name or address failed too often lately (counted in the database, so over all instances)."""
    since = timezone.now() - timedelta(minutes=minutes)
    failures = AccessEntry.objects.filter(kind=AccessKind.SIGN_IN_FAILED, at__gte=since)
    by_name = failures.filter(reference=username[:80]).count()
    by_address = failures.filter(address=address).count() if address else 0
    return by_name >= limit or by_address >= limit * 5


def user_list(*, actor: Actor) -> QuerySet[User]:
    """Every account with its grants, for the administrator."""
    require(actor, "account.manage")
    return User.objects.select_related("party").prefetch_related("role_grants__agency").order_by("username")


def user_get(*, actor: Actor, uuid: UUID) -> User:
    """One account, for the administrator."""
    return user_list(actor=actor).get(uuid=uuid)


def user_exists() -> bool:
    """Whether the laboratory has any account: the first-run page is shown while it has none."""
    return User.objects.exists()


def staff_list(*, actor: Actor) -> QuerySet[User]:
    """Active laboratory staff, for choosing a receiver or a reviewer."""
    require(actor, "custody.act")
    now = timezone.now()
    staff = RoleGrant.objects.filter(
        role__in=[str(role) for role in LABORATORY_ROLES], scope="lab", since__lte=now
    ).filter(Q(until__isnull=True) | Q(until__gt=now))
    return (
        User.objects.filter(is_active=True, pk__in=staff.values("user_id"))
        .select_related("party")
        .order_by("party__name")
    )


def access_list(*, actor: Actor) -> QuerySet[AccessEntry]:
    """The access log, newest first."""
    require(actor, "access.read")
    return AccessEntry.objects.select_related("user__party").order_by("-id")


def reason_stated(*, user_id: int, case: UUID, hours: int = 8) -> bool:
    """Whether the person stated a reason for viewing this case within the last `hours`."""
    since = timezone.now() - timedelta(hours=hours)
    return AccessEntry.objects.filter(user_id=user_id, case=case, kind=AccessKind.REASON, at__gte=since).exists()


def worker_last_seen() -> datetime | None:
    """When any worker last ran a task."""
    seen: datetime | None = WorkerBeat.objects.aggregate(seen=Max("seen_at"))["seen"]
    return seen
