"""Errors as problem details (RFC 9457): one table from exceptions to status and type."""

import logging
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.core.signals import got_request_exception
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
log = logging.getLogger(__name__)
_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (errors.StaleVersion, status.HTTP_412_PRECONDITION_FAILED),
    (errors.BadInput, status.HTTP_422_UNPROCESSABLE_ENTITY),
    (errors.ManyErrors, status.HTTP_422_UNPROCESSABLE_ENTITY),
    (errors.RuleViolation, status.HTTP_422_UNPROCESSABLE_ENTITY),
    (errors.NotAllowed, status.HTTP_403_FORBIDDEN),
    (errors.NotFound, status.HTTP_404_NOT_FOUND),
    (errors.Conflict, status.HTTP_409_CONFLICT),
    (errors.Unavailable, status.HTTP_503_SERVICE_UNAVAILABLE),
    (vault.DigestMismatch, status.HTTP_500_INTERNAL_SERVER_ERROR),
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


class BadQuery(drf.ValidationError):
    """A query parameter is unknown or has no value it may have."""


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response:
    """The problem for an exception. Refused attempts are recorded after the rollback.

    What nobody expected is our failure: it is logged and signalled as Django does, and answered as a problem, too.
    """
    set_rollback()
    request, view = context.get("request"), context.get("view")
    problem = _problem(exc, getattr(view, "pointing", None)) or _broken(exc, request)
    if request is not None:
        problem["instance"] = request.path
        if problem["status"] == status.HTTP_403_FORBIDDEN or isinstance(exc, errors.NotFound | custody.NotFound):
            _refusal_record(request, problem)
    response = Response(problem, status=problem["status"], content_type=PROBLEM)
    challenge = getattr(exc, "auth_header", None)
    if challenge:
        response["WWW-Authenticate"] = challenge
    return response


def _problem(exc: Exception, pointing: Any = None) -> dict[str, Any] | None:
    if isinstance(exc, errors.ManyErrors):
        return _body(422, exc.code, exc.message, [entry for one in exc for entry in _entries(one, pointing)])
    for kind, code in _STATUS:
        if isinstance(exc, kind):
            return _body(code, _code(exc), str(exc), _entries(exc, pointing))
    if isinstance(exc, BadQuery):
        return _body(422, "bad-query", _("Some query parameters need correction."), list(_parameters(exc.detail)))
    if isinstance(exc, drf.ValidationError):
        return _body(422, "bad-input", _("Some values need correction."), list(_walk(exc.detail, "#")))
    return _framework_problem(exc)


def _framework_problem(exc: Exception) -> dict[str, Any] | None:
    if isinstance(exc, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent):
        words = _("Send less at once: a list in parts, a large file as a resumable upload.")
        return _body(status.HTTP_413_REQUEST_ENTITY_TOO_LARGE, "too-large", words, [])
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
    500: "Broken on our side",
    503: "Unavailable for now",
}


def _code(exc: Exception) -> str:
    return str(getattr(exc, "code", "") or "refused").replace("_", "-")


def _entries(exc: Exception, pointing: Any = None) -> list[dict[str, Any]]:
    field, row = getattr(exc, "field", None) or "", getattr(exc, "row", None)
    if not field and row is None:
        return []
    if pointing is None:
        pointer = "#/" + "/".join(str(part) for part in (row, field) if part not in (None, ""))
    else:
        pointer = pointing.of(field, row)
    entry: dict[str, Any] = {"pointer": pointer, "detail": str(exc), "code": _code(exc)}
    for name in ("found", "remedy", "file"):
        value = getattr(exc, name, None)
        if value is not None:
            entry[name] = str(value)
    return [entry]


def _broken(exc: Exception, request: Any) -> dict[str, Any]:
    log.error("The API failed at %s", getattr(request, "path", ""), exc_info=exc)
    got_request_exception.send(sender=None, request=getattr(request, "_request", request))
    words = _("Something broke on our side, and nothing was written. Try again; tell the laboratory if it stays.")
    return _body(status.HTTP_500_INTERNAL_SERVER_ERROR, "broken", words, [])


def _parameters(detail: Any) -> Iterator[dict[str, Any]]:
    for entry in _walk(detail, ""):
        yield {"parameter": entry["pointer"].strip("/"), "detail": entry["detail"], "code": entry["code"]}


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
        code = str(getattr(detail, "code", "invalid")).replace("_", "-")
        yield {"pointer": pointer, "detail": str(detail), "code": code}


def _refusal_record(request: Any, problem: dict[str, Any]) -> None:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return
    actor = getattr(request, "_spoor_actor", None) or actor_of_user(user, via="api")
    access_record(
        kind=AccessKind.REFUSED,
        actor=actor,
        reason=problem["detail"],
        path=request.path,
        address=request.META.get("REMOTE_ADDR"),
    )
