"""A caller of the API with a bearer token, as scripts and instruments are."""

import json
from typing import Any
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lims.accounts.actors import Actor
from lims.accounts.models import User
from lims.accounts.roles import Role
from lims.accounts.services import system_actor, token_create
from lims.casework.models import Case

Answer = Any


class Caller:
    """Somebody who calls with a token; every POST carries an Idempotency-Key unless told otherwise."""

    def __init__(self, actor: Actor) -> None:
        user = User.objects.get(pk=actor.user_id)
        maker = system_actor("command") if Role.INSTRUMENT in actor.roles else actor
        _token, self.secret = token_create(actor=maker, user=user, name="tests")
        self.actor = actor
        self.client = Client(raise_request_exception=False)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Any request under /api/v1/."""
        sent = {"Authorization": f"Bearer {self.secret}"} | {name.replace("_", "-"): v for name, v in headers.items()}
        data = b"" if body is None else json.dumps(body).encode()
        return self.client.generic(method, f"/api/v1/{path}", data=data, content_type="application/json", headers=sent)

    def get(self, path: str, **headers: str) -> Answer:
        """Read."""
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, *, key: str | None = None, **headers: str) -> Answer:
        """Act, under a key of its own."""
        return self.call("POST", path, {} if body is None else body, Idempotency_Key=key or str(uuid4()), **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Answer:
        """Edit."""
        return self.call("PATCH", path, body, **headers)

    def upload(
        self, path: str, content: bytes, *, name: str = "trace.ab1", role: str = "raw", **headers: str
    ) -> Answer:
        """Send one file as a form."""
        sent = {"Authorization": f"Bearer {self.secret}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        return self.client.post(
            f"/api/v1/{path}", {"file": SimpleUploadedFile(name, content), "role": role}, headers=sent
        )


def pointers(answer: Answer) -> list[str]:
    """The pointers of a problem."""
    return [entry.get("pointer") or f"?{entry['parameter']}" for entry in answer.json().get("errors", [])]


def problem(answer: Answer, status: int, code: str) -> dict[str, Any]:
    """The body of a problem of this status and code."""
    assert answer.status_code == status, (answer.status_code, answer.content)
    assert answer["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["code"] == code, body
    assert body["title"]
    assert body["detail"]
    return body


def ok(answer: Any, status: int = 200) -> Any:
    """The body of an answer that went well."""
    assert answer.status_code == status, (answer.status_code, answer.content)
    return answer.json() if answer.content else None


def registered(caller: Caller, case: Case, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    """Exhibits registered over the API."""
    body = {"exhibits": [{"kind": "specimen", "description": "Raw tusk", **row} for row in rows]}
    made: list[dict[str, Any]] = ok(caller.post(f"cases/{case.uuid}/exhibits/", body), 201)["exhibits"]
    return made
