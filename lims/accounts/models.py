"""Accounts: users point down to a Party; grants are dated rows, never edited in place."""

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q

from chain_of_custody.models import Party
from lims.accounts.enums import AccessKind, GrantScope, RoleName


class UserManager(BaseUserManager["User"]):
    """Looks users up by sign-in name; creation goes through `services.user_create`."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """The user with this sign-in name, whatever the case of its letters."""
        return self.get(username__iexact=username)


class User(AbstractBaseUser):
    """An account. The person behind it is a Party, which outlives the account.

    A person with two accounts (an analyst who is also the administrator) is one Party, so that who did the work and
    who reviewed it are told apart by person.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    username = models.CharField(max_length=80, unique=True)
    email = models.EmailField(blank=True)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="users")
    language = models.CharField(max_length=5, default="en")
    pin_hash = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    single_keys = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"

    def __str__(self) -> str:
        return self.username


class RoleGrant(models.Model):
    """A role held by a user, for the laboratory or for one agency, between two instants."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="role_grants")
    role = models.CharField(max_length=20, choices=RoleName.choices)
    scope = models.CharField(max_length=10, choices=GrantScope.choices, default=GrantScope.LAB)
    agency = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=RoleName.values), name="role_grant_role"),
            models.CheckConstraint(
                condition=Q(scope=GrantScope.LAB, agency__isnull=True)
                | Q(scope=GrantScope.AGENCY, agency__isnull=False),
                name="role_grant_scope",
            ),
            models.UniqueConstraint(
                fields=["user", "role", "agency"],
                condition=Q(until__isnull=True),
                nulls_distinct=False,
                name="role_grant_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} ({self.scope})"


class ApiToken(models.Model):
    """A bearer token of an account, for instruments and scripts. Only its SHA-256 is kept."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class AccessEntry(models.Model):
    """One line of the access log: who looked at what, who was refused, who stated which reason.

    `leaf` is empty but for lines of a person forgotten since: it is the leaf the line had when it still named them.
    """

    at = models.DateTimeField(auto_now_add=True)
    kind = models.CharField(max_length=20, choices=AccessKind.choices)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    shown_as = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=80, blank=True)
    subject_kind = models.CharField(max_length=40, blank=True)
    subject = models.UUIDField(null=True, blank=True)
    reference = models.CharField(max_length=80, blank=True)
    case = models.UUIDField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    path = models.CharField(max_length=300, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    salt = models.BinaryField(max_length=32, default=bytes)
    leaf = models.BinaryField(max_length=32, default=bytes)

    class Meta:
        indexes = [
            models.Index(fields=["case", "id"], name="access_by_case"),
            models.Index(fields=["user", "id"], name="access_by_user"),
            models.Index(fields=["kind", "reference", "at"], name="access_by_kind"),
        ]
        constraints = [models.CheckConstraint(condition=Q(kind__in=AccessKind.values), name="access_kind")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.shown_as} {self.kind} {self.reference}"


class AccessAnchor(models.Model):
    """The Merkle root over a run of access-log lines, as it entered the ledger."""

    first = models.BigIntegerField()
    last = models.BigIntegerField(unique=True)
    root = models.CharField(max_length=64)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.first}-{self.last} {self.root[:12]}"


class WorkerBeat(models.Model):
    """When each worker last ran a task: what `/healthz` reads."""

    host = models.CharField(max_length=200, unique=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.host


class IdempotencyRecord(models.Model):
    """The first answer to a request sent with an `Idempotency-Key`, kept in the act's own transaction."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=200)
    path = models.CharField(max_length=300)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    answer = models.JSONField(null=True)
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.key}"


class Forgetting(models.Model):
    """A person to be forgotten by law: asked for by one, confirmed by another. It does not name the person.

    `erased` counts what was erased; `left` says where the name still stands and how often, by table and column.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    legal_basis = models.CharField(max_length=500)
    reason = models.CharField(max_length=500)
    asked_by = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    confirmed_by = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    erased = models.JSONField(default=dict)
    left = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["party"], name="forgetting_once"),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True, confirmed_at__isnull=True)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False) & ~Q(confirmed_by=models.F("asked_by")),
                name="forgetting_by_two",
            ),
        ]

    def __str__(self) -> str:
        return str(self.uuid)
