"""`Idempotency-Key`: the same request sent twice is done once (IETF draft idempotency-key-header-07)."""

import hashlib
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from lims.accounts.models import IdempotencyRecord
from lims.common.errors import BadInput, RuleViolation


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAnswer:
    """What was answered the first time."""

    status: int
    answer: Any
    headers: dict[str, str]


def idempotency_begin(*, user_id: int, key: str, path: str, body: bytes) -> IdempotencyRecord | FirstAnswer:
    """Take the key for this act, or get the first answer. Call inside its transaction, before the act.

    A second request with the same key waits until the first has committed; when the first was refused, its key was rolled
    back with it and the second runs.

    Raises:
        BadInput: the key is empty or longer than 200 signs.
        RuleViolation: the same key with another body or address.
    """
    if not 1 <= len(key) <= 200:
        raise BadInput(_("An Idempotency-Key has 1 to 200 signs."), code="bad-idempotency-key", field="Idempotency-Key")
    fingerprint = hashlib.sha256(path.encode() + b"\0" + body).hexdigest()
    try:
        with transaction.atomic():
            return IdempotencyRecord.objects.create(user_id=user_id, key=key, path=path[:300], fingerprint=fingerprint)
    except IntegrityError:
        first = IdempotencyRecord.objects.get(user_id=user_id, key=key)
    if first.fingerprint != fingerprint:
        raise RuleViolation(
            _("This Idempotency-Key was used for another request. Use a new key."),
            code="idempotency-key-reused",
            field="Idempotency-Key",
            found=key,
        )
    return FirstAnswer(status=first.status, answer=first.answer, headers=dict(first.headers))


def idempotency_finish(*, record: IdempotencyRecord, status: int, answer: Any, headers: dict[str, str]) -> None:
    """Keep the answer with the act."""
    record.status, record.answer, record.headers = status, answer, headers
    record.save(update_fields=["status", "answer", "headers"])
