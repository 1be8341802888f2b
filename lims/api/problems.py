"""Errors as problem details (RFC 9457): one table from exceptions to status and type."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions as drf
from rest_framework import status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from analysis.errors import AnalysisError
from chain_of_custody import errors as custody
from chain_of_custody.vault import errors as vault
from labels.errors import LabelError
from lims.accounts.enums import AccessKind
from lims.accounts.selectors import actor_of_user
from lims.accounts.services import access_record
from lims.common import errors

PROBLEM = "application/problem+json"
_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (errors.StaleVersion, status.HTTP_412_PRECONDITION_FAILED),
    (errors.BadInput, status.HTTP_422_UNPROCESSABLE_ENTITY),
    (errors.ManyErrors, status.HTTP_422_UNPROCESSABLE_ENTITY),
    (errors.RuleViolation, status.HTTP_422_UNPROCESSABLE_ENTITY),
    (errors.NotAllowed, status.HTTP_403_FORBIDDEN),
    (errors.NotFound, status.HTTP_404_NOT_FOUND),
    (errors.Conflict, status.HTTP_409_CONFLICT),
    (errors.Unavailable, status.HTTP_503_SERVICE_UNAVAILABLE),
    (vault.VaultError, status.HTTP_503_SERVICE_UNAVAILABLE),
    (custody.NotFound, status.HTTP_404_NOT_FOUND),
    (custody.NotYourHalf, status.HTTP_403_FORBIDDEN),
    (custody.NotCustodian, status.HTTP_409_CONFLICT),
    (custody.BadInput, status.HTTP_422_UNPROCESSABLE_ENTITY),
    (custody.BadTime, status.HTTP_422_UNPROCESSABLE_ENTITY),
    (custody.PermitRequired, status.HTTP_422_UNPROCESSABLE_ENTITY),
    (custody.CustodyError, status.HTTP_409_CONFLICT),
    (LabelError, status.HTTP_422_UNPROCESSABLE_ENTITY),
    (AnalysisError, status.HTTP_422_UNPROCESSABLE_ENTITY),
)


class PreconditionRequired(drf.APIException):
    """An edit without `If-Match`."""

    status_code = status.HTTP_428_PRECONDITION_REQUIRED
    default_detail = "Send If-Match with the ETag you read, so that nobody's change is lost."
    default_code = "if-match-required"


class PreconditionFailed(drf.APIException):
    """An edit whose `If-Match` is not a version."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = "The If-Match header is not an ETag of this resource."
    default_code = "stale-version"


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """The problem for an exception; None lets Django answer 500. Refused attempts are recorded after the rollback."""
    set_rollback()
    problem = _problem(exc)
    if problem is None:
        return None
    request = context.get("request")
    if request is not None:
        problem["instance"] = request.path
        if problem["status"] == status.HTTP_403_FORBIDDEN:
            _refusal_record(request, problem)
    response = Response(problem, status=problem["status"], content_type=PROBLEM)
    challenge = getattr(exc, "auth_header", None)
    if challenge:
        response["WWW-Authenticate"] = challenge
    return response


def _problem(exc: Exception) -> dict[str, Any] | None:
    if isinstance(exc, errors.ManyErrors):
        return _body(422, exc.code, exc.message, [entry for one in exc for entry in _entries(one)])
    for kind, code in _STATUS:
        if isinstance(exc, kind):
            return _body(code, _code(exc), str(exc), _entries(exc))
    if isinstance(exc, drf.ValidationError):
        return _body(422, "bad-input", _("Some values need correction."), list(_walk(exc.detail, "#")))
    if isinstance(exc, drf.APIException):
        codes = exc.get_codes()
        return _body(
            exc.status_code,
            codes.replace("_", "-") if isinstance(codes, str) else "refused",
            str(exc.detail),
            [],
        )
    if isinstance(exc, Http404):
        return _body(404, "not-found", _("There is nothing at this address, or it is not yours to see."), [])
    if isinstance(exc, PermissionDenied):
        return _body(403, "not-allowed", str(exc) or _("Your role does not include this act."), [])
    return None


def _body(code: int, kind: str, detail: str, entries: list[dict[str, Any]]) -> dict[str, Any]:
    title = _TITLES.get(code, "Refused")
    body: dict[str, Any] = {
        "type": f"/problems/{kind}",
        "title": title,
        "status": code,
        "detail": detail,
        "code": kind,
    }
    if entries:
        body["errors"] = entries
    return body


_TITLES = {
    400: "Malformed request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    412: "Changed meanwhile",
    413: "Too large",
    415: "Unsupported media type",
    422: "Needs correction",
    428: "If-Match needed",
    429: "Too many requests",
    503: "Unavailable for now",
}


def _code(exc: Exception) -> str:
    return str(getattr(exc, "code", "") or "refused").replace("_", "-")


def _entries(exc: Exception) -> list[dict[str, Any]]:
    field = getattr(exc, "field", None)
    if not field:
        return []
    row = getattr(exc, "row", None)
    pointer = "#/" + "/".join(str(part) for part in ((row,) if row is not None else ()) + (field,))
    entry: dict[str, Any] = {"pointer": pointer, "detail": str(exc), "code": _code(exc)}
    for name in ("found", "remedy", "file"):
        value = getattr(exc, name, None)
        if value is not None:
            entry[name] = str(value)
    return [entry]


def _walk(detail: Any, pointer: str) -> Iterator[dict[str, Any]]:
    if isinstance(detail, dict):
        for name, below in detail.items():
            yield from _walk(below, f"{pointer}/{name}" if name != "non_field_errors" else pointer)
    elif isinstance(detail, list):
        if detail and not isinstance(detail[0], drf.ErrorDetail):
            for index, below in enumerate(detail):
                yield from _walk(below, f"{pointer}/{index}")
        else:
            for one in detail:
                yield from _walk(one, pointer)
    else:
        yield {"pointer": pointer, "detail": str(detail), "code": str(getattr(detail, "code", "invalid"))}


def _refusal_record(request: Any, problem: dict[str, Any]) -> None:
    user = getattr(request, "user", None)
    actor = actor_of_user(user, via="api") if user is not None and user.is_authenticated else None
    access_record(
        kind=AccessKind.REFUSED,
        actor=actor,
        reason=problem["detail"],
        path=request.path,
        address=request.META.get("REMOTE_ADDR"),
    )
