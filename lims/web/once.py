"""A form is carried out once: a double click, a reload or a second tab leads to the first result.

Every form carries a random key. The first submission stores key, digest of what was sent and the address it led to in
the signed-in session; a second one with the same key gets that address. An advisory lock per session and key makes two
simultaneous submissions wait for each other, also between server processes. It is held outside any transaction, because
the service decides what its transaction is (and a refused attempt must stay recorded).
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypedDict
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase
from django.db import connection
from django.http import HttpRequest

_KEPT = 50
_SESSION_KEY = "sent_forms"
_NOT_CONTENT = frozenset({"csrfmiddlewaretoken", "idempotency_key"})


class Sent(TypedDict):
    """What is remembered of a submission."""

    body: str
    address: str


class SentBefore(Exception):
    """The same form was sent before with another content."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


def once(request: HttpRequest, key: UUID, do: Callable[[], str]) -> str:
    """Run `do` unless this form was carried out before; the address to go to either way.

    Raises:
        SentBefore: the key was used for another content (somebody went back and changed the form).
        DomainError: what `do` raises; nothing is remembered then.
    """
    session = request.session
    if session.session_key is None:
        return do()
    body = _digest(request)
    with _lock(f"{session.session_key}:{key}"):
        sent = _fresh(session)
        earlier = sent.get(str(key))
        if earlier is None:
            address = do()
            _remember(session, sent, str(key), Sent(body=body, address=address))
            return address
    if earlier["body"] != body:
        raise SentBefore(earlier["address"])
    return earlier["address"]


def _digest(request: HttpRequest) -> str:
    content = hashlib.sha256()
    for name in sorted(set(request.POST) - _NOT_CONTENT):
        for value in request.POST.getlist(name):
            content.update(f"{name}\0{value}\0".encode())
    for name in sorted(request.FILES):
        for upload in request.FILES.getlist(name):
            content.update(f"{name}\0{upload.name}\0{upload.size}\0".encode())
    return content.hexdigest()


def _fresh(session: SessionBase) -> dict[str, Sent]:
    stored = type(session)(session.session_key)
    return dict(stored.get(_SESSION_KEY, {}))


def _remember(session: SessionBase, sent: dict[str, Sent], key: str, entry: Sent) -> None:
    sent[key] = entry
    session[_SESSION_KEY] = dict(list(sent.items())[-_KEPT:])
    session.save()


@contextmanager
def _lock(name: str) -> Iterator[None]:
    number = int.from_bytes(hashlib.sha256(b"spoor/once\0" + name.encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [number])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [number])
