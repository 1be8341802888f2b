"""What every endpoint shares: actor, access log, ETag and If-Match, idempotency, capped pages, bulk answers."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.pagination import BasePagination, CursorPagination, LimitOffsetPagination
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils import json
from rest_framework.views import APIView

from chain_of_custody.errors import CustodyError
from lims.accounts.actors import Actor
from lims.accounts.idempotency import FirstAnswer, idempotency_begin, idempotency_finish
from lims.accounts.selectors import reasons_stated
from lims.accounts.services import Seen, access_reason_clean, access_seen
from lims.api.authentication import request_actor
from lims.api.problems import BadQuery, PreconditionFailed, PreconditionRequired
from lims.casework.selectors.access import reason_needed
from lims.common.errors import DomainError, NotAllowed

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from lims.casework.models import Case

Handler = TypeVar("Handler", bound=Callable[..., Any])
Shape = type[serializers.BaseSerializer[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointing:
    """How the names services use for what is wrong become places in the request's body.

    Attributes:
        rows: the list in the body that a service's row number counts, such as `exhibits`.
        fields: service name to body path, such as `amount` to `amount/value`.
    """

    rows: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    def of(self, name: str, row: int | None) -> str:
        """The JSON pointer (RFC 6901, as a URI fragment) of a service's field and row."""
        place = [self.rows] if self.rows and row is not None else []
        if row is not None:
            place.append(str(row))
        inner = self.fields.get(name, name.replace(".", "/"))
        return "#/" + "/".join([*place, *([inner] if inner else [])])


class View(APIView):
    """A view that knows its actor, and records in the access log what it showed, after the answer is made.

    A handler says what it shows by `shows`; the lines are written by `dispatch`, outside any transaction of the act.
    """

    pointing: Pointing = Pointing()

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer, then record what was shown. A refused answer shows nothing; `problems` records the refusal."""
        self._seen: list[Seen] = []
        response = super().dispatch(request, *args, **kwargs)
        if self._seen and response.status_code < 400:
            access_seen(
                actor=self.actor,
                seen=self._seen,
                path=request.path,
                address=request.META.get("REMOTE_ADDR"),
            )
        return response

    @property
    def actor(self) -> Actor:
        """Who calls."""
        return request_actor(self.request)

    def body(self, serializer: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """The validated body.

        Raises:
            ValidationError: answered as 422 with a pointer for every value.
        """
        checked = serializer(data=self.request.data)
        checked.is_valid(raise_exception=True)
        data: dict[str, Any] = dict(checked.validated_data)
        return data

    def query(self, serializer: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """The validated query parameters; those of paging are left to the pages.

        Raises:
            BadQuery: answered as 422, each parameter by its name.
        """
        given = {name: value for name, value in self.request.query_params.items() if name not in _PAGING}
        checked = serializer(data=given)
        if not checked.is_valid():
            raise BadQuery(checked.errors)
        return dict(checked.validated_data)

    def shows(self, *cases: "Case", kind: str = "case", subject: Any = None, reference: str = "") -> None:
        """Say that case content is shown, before it is.

        An outsider to the case (`reason_needed`) gives a reason: in `X-Access-Reason`, or stated for the case within
        the last hours (Directive 2016/680 Art. 25 asks for logs of consultation with their justification [M]).

        Raises:
            NotAllowed: `reason-needed`, where no reason was given.
            BadInput: the reason given is too short.
        """
        given = self._reason()
        wanted = {case.uuid: case for case in cases}
        if not given:
            self._reasons_needed([case for case in cases if reason_needed(actor=self.actor, case=case)])
        for case in wanted.values():
            self._seen.append(
                Seen(
                    subject_kind=kind,
                    subject=subject or case.uuid,
                    reference=reference or case.reference,
                    case=case.uuid,
                    reason=given,
                )
            )

    def shows_index(self, kind: str) -> None:
        """Say that a list over cases is shown, which may be empty; the cases in it are named by `shows`."""
        self._seen.append(Seen(subject_kind=kind, reason=self._reason()))

    def _reason(self) -> str:
        given = self.request.headers.get("X-Access-Reason", "").strip()
        return access_reason_clean(_header_text(given)) if given else ""

    def _reasons_needed(self, cases: "Sequence[Case]") -> None:
        if not cases:
            return
        stated = reasons_stated(user_id=self.actor.user_id, cases=[case.uuid for case in cases])
        for case in cases:
            if case.uuid not in stated:
                raise NotAllowed(
                    _(
                        "Say why you look at %(reference)s: send X-Access-Reason with at least ten signs, or state "
                        "the reason at the case's access-reason. It is recorded."
                    )
                    % {"reference": case.reference},
                    code="reason-needed",
                    found=case.reference,
                )

    def one(self, row: Any, serializer: Shape, *, status: int = 200, version: int | None = None) -> Response:
        """One thing, with its ETag where it can be edited."""
        headers = {"ETag": etag(version)} if version is not None else {}
        return Response(self.data(row, serializer), status=status, headers=headers)

    def data(self, row: Any, serializer: Shape) -> dict[str, Any]:
        """A thing in its shape."""
        return cast("dict[str, Any]", serializer(row, context={"request": self.request, "actor": self.actor}).data)

    def page(
        self,
        rows: "QuerySet[Any] | Sequence[Any]",
        serializer: Shape,
        *,
        cursor: str | None = None,
        seen: Callable[[Any], "Case | None"] | None = None,
        index: str = "",
        also: Callable[[Sequence[Any]], None] | None = None,
    ) -> Response:
        """One capped page: limit and offset, or a cursor over the named ordering.

        Args:
            seen: the case of a row: every case on the page enters the access log once.
            index: what the list is, for the access log, where it goes over cases.
            also: called with the rows of the page, to load what they need in one statement.
        """
        paginator: Any = Cursor(cursor) if cursor else Pages()
        shown = paginator.paginate_queryset(rows, self.request, view=self)
        if index:
            self.shows_index(index)
        if seen is not None:
            self.shows(*(case for case in map(seen, shown) if case is not None))
        if also is not None:
            also(shown)
        context = {"request": self.request, "actor": self.actor}
        return cast("Response", paginator.get_paginated_response(serializer(shown, many=True, context=context).data))


class Pages(LimitOffsetPagination):
    """Limit and offset with a count; never more than 200 rows."""

    default_limit = 50
    max_limit = 200


class Cursor(CursorPagination):
    """A cursor over a feed that only grows; never more than 200 rows."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"

    def __init__(self, ordering: str) -> None:
        self.ordering = ordering


class Feed(BasePagination):
    """A feed numbered by sequence: `after` is the last number read."""

    def read(self, request: Request) -> tuple[int, int]:
        """The number to go on from and how many rows.

        Raises:
            BadQuery: not numbers.
        """
        values = {}
        for name, default in (("after", 0), ("limit", 50)):
            text = request.query_params.get(name, "")
            if text and not (text.isascii() and text.isdigit() and len(text) <= 18):
                raise BadQuery({name: [_("Give a whole number from 0 upwards.")]})
            values[name] = int(text) if text else default
        return values["after"], max(1, min(values["limit"], 200))


_PAGING = frozenset({"limit", "offset", "cursor", "after"})


def _header_text(given: str) -> str:
    """A header's text: servers hand its bytes over as Latin-1, people send UTF-8."""
    try:
        return given.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return given


def etag(version: int) -> str:
    """The ETag of a row version."""
    return f'"{version}"'


def if_match(request: Request) -> int:
    """The version the caller read.

    Raises:
        PreconditionRequired: no `If-Match` (428).
        PreconditionFailed: not one of our ETags (412).
    """
    given = request.headers.get("If-Match", "").strip()
    if not given:
        raise PreconditionRequired
    text = given.removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise PreconditionFailed
    return int(text)


def idempotent(method: Handler) -> Handler:
    """Honour `Idempotency-Key`: key, act and first answer stand or fall in one transaction."""

    @wraps(method)
    def answer(view: View, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return cast("Response", method(view, request, *args, **kwargs))
        fingerprint = _fingerprint(request)
        with transaction.atomic():
            begun = idempotency_begin(user_id=view.actor.user_id, key=key, path=request.path, body=fingerprint)
            if isinstance(begun, FirstAnswer):
                return Response(
                    begun.answer,
                    status=begun.status,
                    headers={**begun.headers, "Idempotency-Replayed": "true"},
                )
            response = cast("Response", method(view, request, *args, **kwargs))
            headers = {name: response[name] for name in ("ETag", "Location") if response.has_header(name)}
            idempotency_finish(record=begun, status=response.status_code, answer=_plain(response.data), headers=headers)
            return response

    return cast("Handler", answer)


def _fingerprint(request: Request) -> bytes:
    """What makes two requests the same: the body, or fields and content of an uploaded form."""
    inner = request._request
    if not (inner.content_type or "").startswith("multipart/"):
        return inner.body
    parts = [f"{name}={value}" for name, value in sorted(inner.POST.items())]
    for name, uploads in sorted(inner.FILES.lists()):
        for upload in uploads:
            digest = hashlib.sha256()
            for chunk in upload.chunks():
                digest.update(chunk)
            upload.seek(0)
            parts.append(f"{name}={upload.name}:{digest.hexdigest()}")
    return "\n".join(parts).encode()


def _plain(data: Any) -> Any:
    return json.loads(JSONRenderer().render(data).decode()) if data is not None else None


def created(data: Mapping[str, Any], *, location: str, version: int | None = None) -> Response:
    """201 with its address and ETag."""
    headers = {"Location": location} | ({"ETag": etag(version)} if version is not None else {})
    return Response(data, status=201, headers=headers)


def bulk(rows: Iterable[Any], act: Callable[[Any], dict[str, Any]], *, rows_name: str = "rows") -> Response:
    """Each row by itself; per-row results with their index. 200 when all went well, 207 when some were refused."""
    results: list[dict[str, Any]] = []
    for index, row in enumerate(rows):
        try:
            with transaction.atomic():
                results.append({"index": index, "status": "done", "result": act(row)})
        except (DomainError, CustodyError) as error:
            place = f"#/{rows_name}/{index}"
            refusal = {"index": index, "status": "refused", "code": error.code, "detail": str(error)}
            refusal["pointer"] = f"{place}/{error.field}" if error.field else place
            results.append(refusal | ({"remedy": error.remedy} if error.remedy else {}))
    refused = sum(1 for result in results if result["status"] == "refused")
    body = {"results": results, "done": len(results) - refused, "refused": refused}
    return Response(body, status=207 if refused else 200)
