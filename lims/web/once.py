"""A form is carried out once: a double click, a reload or a second tab leads to the first result.

Every form carries a random key. The first submission keeps the key with the address it led to, in the same transaction
as the act itself; a second one waits for the first and gets that address. Refused submissions keep nothing.
"""

import hashlib
from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest

from lims.accounts.idempotency import FirstAnswer, idempotency_begin, idempotency_finish

_NOT_CONTENT = frozenset({"csrfmiddlewaretoken", "idempotency_key"})


def once(request: HttpRequest, *, user_id: int, key: str, do: Callable[[], str]) -> str:
    """Run `do` unless this form was carried out before; the address to go to either way.

    Raises:
        RuleViolation: `idempotency-key-reused`, when the key was used for another content (somebody went back and
            changed the form).
        DomainError: what `do` raises; nothing is kept then.
    """
    with transaction.atomic():
        begun = idempotency_begin(user_id=user_id, key=f"form:{key}", path=request.path, body=_content(request))
        if isinstance(begun, FirstAnswer):
            return str(begun.answer["address"])
        address = do()
        idempotency_finish(record=begun, status=302, answer={"address": address}, headers={})
    return address


def _content(request: HttpRequest) -> bytes:
    content = hashlib.sha256()
    for name in sorted(set(request.POST) - _NOT_CONTENT):
        for value in request.POST.getlist(name):
            content.update(f"{name}\0{value}\0".encode())
    for name in sorted(request.FILES):
        for upload in request.FILES.getlist(name):
            content.update(f"{name}\0{getattr(upload, 'name', '')}\0{getattr(upload, 'size', 0)}\0".encode())
    return content.digest()
