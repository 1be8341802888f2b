"""What of a person stands outside the ledger and is erased with them: accounts, access log, answers kept."""

import json
from collections.abc import Sequence

from django.apps import apps
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Cast
from django.utils import timezone

from lims.accounts.models import AccessEntry, ApiToken, RoleGrant, User
from lims.accounts.services.access import access_leaf

_ANSWERS = """
UPDATE accounts_idempotencyrecord SET answer = replace(answer::text, %(name)s, 'forgotten')::jsonb
WHERE strpos(answer::text, %(name)s) > 0
"""


def account_erase(*, accounts: Sequence[User], name: str, alone: bool) -> dict[str, int]:
    """Erase sign-in names, contact data and secrets of closed accounts, and the lines of the access log that name them.

    Returns how many rows of each. The caller records it in the ledger.
    """
    for user in accounts:
        ApiToken.objects.filter(user=user, revoked_at__isnull=True).update(revoked_at=timezone.now())
        ApiToken.objects.filter(user=user).update(name="forgotten")
        RoleGrant.objects.filter(user=user, until__isnull=True).update(until=timezone.now())
    lines = _access_erase(accounts, name, alone=alone)
    for user in accounts:
        user.username, user.email, user.pin_hash = f"forgotten-{user.uuid}", "", ""
        user.set_unusable_password()
        user.version += 1
        user.save()
    if alone:
        with connection.cursor() as cursor:
            cursor.execute(_ANSWERS, {"name": json.dumps(name, ensure_ascii=False)[1:-1]})
    return {"accounts": len(accounts), "access_lines": lines}


def _access_erase(accounts: Sequence[User], name: str, *, alone: bool) -> int:
    """Keep of each line the leaf it had, so that the anchored root still comes out; its salt goes with the name."""
    wanted = Q(user__in=accounts)
    for user in accounts:
        wanted |= Q(shown_as__iexact=user.username) | Q(reference__iexact=user.username)
    texts = ("shown_as", "reference", "reason", "path")
    for field in texts if alone else ():
        wanted |= Q(**{f"{field}__icontains": name})
    gone = 0
    own = {user.pk for user in accounts}
    names = {name.casefold(), *(user.username.casefold() for user in accounts)}
    for row in AccessEntry.objects.filter(wanted).order_by("pk").iterator(chunk_size=500):
        row.leaf = access_leaf(row)
        row.salt, row.shown_as = b"", "" if row.user_id in own or _names(row.shown_as, names) else row.shown_as
        row.address = None if row.user_id in own or row.user_id is None else row.address
        for field in texts[1:]:
            if _names(getattr(row, field), names):
                setattr(row, field, "")
        row.save()
        gone += 1
    return gone


def _names(text: str, names: set[str]) -> bool:
    return any(name in text.casefold() for name in names)


def name_places(name: str) -> dict[str, int]:
    """Where a name still stands as text, by table and column: free text that only a person can judge."""
    places: dict[str, int] = {}
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, models.CharField | models.TextField | models.JSONField):
                text = Cast(field.attname, models.TextField())
                count = model._default_manager.annotate(said=text).filter(said__icontains=name).count()
                if count:
                    places[f"{model._meta.db_table}.{field.column}"] = count
    return places
