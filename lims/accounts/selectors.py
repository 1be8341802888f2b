"""Reads of accounts, grants and the access log."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, Max, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.models import Party
from lims.accounts.actors import Actor, Grant, require
from lims.accounts.enums import AccessKind
from lims.accounts.models import AccessEntry, ApiToken, RoleGrant, User, WorkerBeat
from lims.accounts.roles import LABORATORY_ROLES
from lims.common.errors import NotFound

ROLE_WORD_LONGEST = 64
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
    """The frozen actor of an account, with every grant that holds now.

    One statement for laboratory staff and two for others, and one more where the account came without its party.
    """
    grants = tuple(grants_held(user.pk))
    loaded = User.party.is_cached(user) and Party.organisation.is_cached(user.party)
    party = user.party if loaded else Party.objects.select_related("organisation").get(pk=user.party_id)
    return Actor(
        party=party.uuid,
        account=user.uuid,
        name=party.name,
        role=_role_word(grants),
        organisation=party.organisation.name if party.organisation else "",
        via=via,
        user_id=user.pk,
        party_id=party.pk,
        grants=grants,
        language=user.language,
    )


def _role_word(grants: tuple[Grant, ...]) -> str:
    """The roles held, as the one lower-case word that an entry of the ledger has for them: `custodian_technician`."""
    held = list(dict.fromkeys(grant.role for grant in grants))
    word = "_".join(held) or "none"
    return word if len(word) <= ROLE_WORD_LONGEST else held[0]


def user_of_token(secret: str) -> User | None:
    """The active account of a bearer token, None where the token is unknown, expired or revoked."""
    digest = hashlib.sha256(secret.encode()).hexdigest()
    token = (
        ApiToken.objects.select_related("user__party__organisation")
        .filter(digest=digest, revoked_at__isnull=True, user__is_active=True)
        .filter(Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now()))
        .first()
    )
    return token.user if token else None


def sign_in_blocked(username: str, address: str | None, *, limit: int = 8, minutes: int = 10) -> bool:
    """Whether this name or address failed too often lately (counted in the database, so over all instances)."""
    since = timezone.now() - timedelta(minutes=minutes)
    failures = AccessEntry.objects.filter(kind=AccessKind.SIGN_IN_FAILED, at__gte=since)
    by_name = failures.filter(reference__iexact=username.strip()[:80]).count()
    by_address = failures.filter(address=address).count() if address else 0
    return by_name >= limit or by_address >= limit * 5


def user_list(*, actor: Actor) -> QuerySet[User]:
    """Every account with its grants, for the administrator."""
    require(actor, "account.manage")
    return User.objects.select_related("party").prefetch_related("role_grants__agency").order_by("username")


def user_get(*, actor: Actor, uuid: UUID) -> User:
    """One account, for the administrator."""
    user = user_list(actor=actor).filter(uuid=uuid).first()
    if user is None:
        raise NotFound(_("There is no such account."), code="account-not-found")
    return user


def user_exists() -> bool:
    """Whether the laboratory has any account: the first-run page is shown while it has none."""
    return User.objects.exists()


def user_by_uuid(*, actor: Actor, uuid: UUID) -> User:
    """One active account, for whoever assigns people to cases or manages accounts.

    Raises:
        NotAllowed: without either capability.
        NotFound: no such account.
    """
    if not actor.may_somewhere("case.assign"):
        require(actor, "account.manage")
    user = User.objects.select_related("party").filter(uuid=uuid).first()
    if user is None:
        raise NotFound(_("There is no such account."), code="account-not-found", field="account", found=str(uuid))
    return user


def grant_open(*, user: User, role: str, agency: UUID | None) -> RoleGrant:
    """The role of this scope that the account holds now.

    Raises:
        NotFound: it does not.
    """
    open_now = RoleGrant.objects.filter(user=user, role=role, until__isnull=True)
    row = (open_now.filter(agency__uuid=agency) if agency else open_now.filter(agency__isnull=True)).first()
    if row is None:
        raise NotFound(_("The account does not hold this role now."), code="not-held", field="role", found=role)
    return row


def token_list(*, user_id: int) -> QuerySet[ApiToken]:
    """The tokens of an account that hold, newest first."""
    return ApiToken.objects.filter(user_id=user_id, revoked_at__isnull=True).order_by("-id")


def token_get(*, actor: Actor, uuid: UUID) -> ApiToken:
    """One token of the actor's own account, or of any account for the administrator.

    Raises:
        NotFound: no such token, or not the actor's.
    """
    rows = ApiToken.objects.select_related("user").filter(uuid=uuid)
    found = (rows if actor.may("account.manage") else rows.filter(user_id=actor.user_id)).first()
    if found is None:
        raise NotFound(_("There is no such token."), code="token-not-found")
    return found


def party_list(*, actor: Actor, kind: str = "", search: str = "") -> QuerySet[Party]:
    """Parties that can hold or receive evidence, by name; for whoever handles evidence or manages accounts.

    Raises:
        NotAllowed: without `custody.act`, `case.read` for the laboratory, or `account.manage`.
    """
    if not actor.may("custody.act") and not actor.may("account.manage"):
        require(actor, "case.read")
    rows = Party.objects.select_related("organisation").exclude(kind="system").filter(active=True)
    if kind:
        rows = rows.filter(kind=kind)
    if search:
        rows = rows.filter(name__icontains=search)
    return rows.order_by("name", "id")


def parties_named(*, uuids: Iterable[UUID]) -> dict[UUID, Party]:
    """Parties by UUID, in one statement; those that do not exist are missing."""
    rows = Party.objects.select_related("organisation").filter(uuid__in=set(uuids))
    return {party.uuid: party for party in rows}


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


def access_list(*, actor: Actor, case: UUID | None = None, kind: str = "") -> QuerySet[AccessEntry]:
    """The access log, newest first; of one case, or of one kind of line, where asked."""
    require(actor, "access.read")
    rows = AccessEntry.objects.select_related("user__party").order_by("-id")
    if case is not None:
        rows = rows.filter(case=case)
    return rows.filter(kind=kind) if kind else rows


def reason_stated(*, user_id: int, case: UUID, hours: int = 8) -> bool:
    """Whether the person stated a reason for viewing this case within the last `hours`."""
    since = timezone.now() - timedelta(hours=hours)
    return AccessEntry.objects.filter(user_id=user_id, case=case, kind=AccessKind.REASON, at__gte=since).exists()


def reasons_stated(*, user_id: int, cases: Iterable[UUID], hours: int = 8) -> set[UUID]:
    """For which of the cases the person stated a reason within the last `hours`."""
    since = timezone.now() - timedelta(hours=hours)
    rows = AccessEntry.objects.filter(user_id=user_id, case__in=list(cases), kind=AccessKind.REASON, at__gte=since)
    return {case for case in rows.values_list("case", flat=True) if case is not None}


def worker_last_seen() -> datetime | None:
    """When any worker last ran a task."""
    seen: datetime | None = WorkerBeat.objects.aggregate(seen=Max("seen_at"))["seen"]
    return seen


def outside_users(*, actor: Actor) -> QuerySet[User]:
    """Active investigators and prosecutors, for assigning them to a case.

    Raises:
        NotAllowed: without `case.assign` in any scope.
    """
    if not actor.may_somewhere("case.assign"):
        require(actor, "case.assign")
    now = timezone.now()
    outside = RoleGrant.objects.filter(role__in=["investigator", "prosecutor"], since__lte=now)
    outside = outside.filter(Q(until__isnull=True) | Q(until__gt=now))
    staff = RoleGrant.objects.filter(role__in=[str(role) for role in LABORATORY_ROLES], until__isnull=True)
    users = User.objects.filter(is_active=True).exclude(pk__in=staff.values("user_id"))
    granted = Q(pk__in=outside.values("user_id"))
    nobody_yet = ~Q(pk__in=RoleGrant.objects.filter(until__isnull=True).values("user_id"))
    return users.filter(granted | nobody_yet).select_related("party").order_by("party__name")


def user_of_actor(*, actor: Actor) -> User:
    """The account behind an actor who signed in."""
    return User.objects.select_related("party__organisation").get(pk=actor.user_id)


def user_search(*, actor: Actor, words: Sequence[str] = (), role: str = "", state: str = "") -> QuerySet[User]:
    """Accounts by words in name or sign-in name, by a role held now, by state (`active`, `closed`)."""
    rows = user_list(actor=actor)
    for word in words:
        rows = rows.filter(Q(party__name__icontains=word) | Q(username__icontains=word))
    if role:
        held = RoleGrant.objects.filter(role=role, until__isnull=True)
        rows = rows.filter(pk__in=held.values("user_id"))
    if state:
        rows = rows.filter(is_active=state == "active")
    return rows


def grants_of(*, actor: Actor, user: User) -> QuerySet[RoleGrant]:
    """The roles of an account, those held now first.

    Raises:
        NotAllowed: without `account.manage`.
    """
    require(actor, "account.manage")
    rows = RoleGrant.objects.filter(user=user).select_related("agency", "user")
    return rows.order_by(F("until").desc(nulls_first=True), "-since")


def access_search(
    *, actor: Actor, words: Sequence[str] = (), who: str = "", kind: str = "", about: str = ""
) -> QuerySet[AccessEntry]:
    """The access log by words (in reason or path), person, kind of line, reference; newest first."""
    rows = access_list(actor=actor, kind=kind)
    for word in words:
        rows = rows.filter(Q(reason__icontains=word) | Q(path__icontains=word) | Q(reference__icontains=word))
    if who:
        rows = rows.filter(shown_as__icontains=who)
    return rows.filter(reference__istartswith=about) if about else rows
