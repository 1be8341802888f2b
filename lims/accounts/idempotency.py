"""`Idempotency-Key`: the same request sent twice is done once (IETF draft idempotency-key-header-07)."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from lims.accounts.models import IdempotencyRecord
from lims.common.errors import BadInput, RuleViolation

# The insert waits for a first request still under way: it sees either its row or, after a rollback, nothing.
_TAKE = """
INSERT INTO accounts_idempotencyrecord (user_id, key, path, fingerprint, status, answer, headers, created_at)
VALUES (%s, %s, %s, %s, 0, NULL, '{}', %s)
ON CONFLICT (user_id, key) DO NOTHING
RETURNING id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAnswer:
    """What was answered the first time."""

    status: int
    answer: Any
    headers: dict[str, str]


def idempotency_begin(*, user_id: int, key: str, path: str, body: bytes) -> IdempotencyRecord | FirstAnswer:
    """Take the key for this act, or get the first answer. Call inside its transaction, before the act.

    A second request with the same key waits until the first has committed; when the first was refused, its key was
    rolled back with it and the second runs.

    Raises:
        BadInput: the key is empty or longer than 200 signs.
        RuleViolation: the same key with another body or address.
    """
    if not 1 <= len(key) <= 200:
        raise BadInput(_("An Idempotency-Key has 1 to 200 signs."), code="bad-idempotency-key", field="Idempotency-Key")
    fingerprint = hashlib.sha256(path.encode() + b"\0" + body).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [user_id, key, path[:300], fingerprint, timezone.now()])
        taken = cursor.fetchone()
    if taken is not None:
        return IdempotencyRecord(pk=taken[0], user_id=user_id, key=key, path=path[:300], fingerprint=fingerprint)
    first = IdempotencyRecord.objects.get(user_id=user_id, key=key)
    if first.fingerprint != fingerprint:
        raise RuleViolation(
            _("This Idempotency-Key was used for another request. Use a new key."),
            code="idempotency-key-reused",
            field="Idempotency-Key",
            found=key,
        )
    return FirstAnswer(status=first.status, answer=first.answer, headers=dict(first.headers))


def idempotency_expire(*, hours: int = 48) -> int:
    """Forget answers older than `hours`: they may hold case content. Returns how many."""
    count, _kinds = IdempotencyRecord.objects.filter(created_at__lt=timezone.now() - timedelta(hours=hours)).delete()
    return count


def idempotency_finish(*, record: IdempotencyRecord, status: int, answer: Any, headers: dict[str, str]) -> None:
    """Keep the answer with the act."""
    record.status, record.answer, record.headers = status, answer, headers
    record.save(update_fields=["status", "answer", "headers"])
