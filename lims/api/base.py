"""What every endpoint shares: actor, ETag and If-Match, idempotency, capped pages, bulk answers."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.pagination import CursorPagination, LimitOffsetPagination
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils import json
from rest_framework.views import APIView

from chain_of_custody.errors import CustodyError
from lims.accounts.actors import Actor
from lims.accounts.idempotency import FirstAnswer, idempotency_begin, idempotency_finish
from lims.api.authentication import request_actor
from lims.api.problems import PreconditionFailed, PreconditionRequired
from lims.common.errors import DomainError, NotFound

Handler = TypeVar("Handler", bound=Callable[..., Response])
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The same key and body sent again get the first answer; another body gets 422.",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="The ETag read with the resource. 428 when it is missing, 412 when it is stale.",
)


class View(APIView):
    """A view that knows its actor."""

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

    def page(
        self,
        rows: QuerySet[Any],
        serializer: type[serializers.BaseSerializer[Any]],
        *,
        cursor: str | None = None,
    ) -> Response:
        """One capped page: limit and offset, or a cursor over the named ordering."""
        paginator = _Cursor(cursor) if cursor else _Pages()
        shown = paginator.paginate_queryset(rows, self.request, view=self)
        return paginator.get_paginated_response(serializer(shown, many=True, context={"request": self.request}).data)


class _Pages(LimitOffsetPagination):
    default_limit = 50
    max_limit = 200


class _Cursor(CursorPagination):
    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"

    def __init__(self, ordering: str) -> None:
        self.ordering = ordering


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
    if not text.isdigit():
        raise PreconditionFailed
    return int(text)


def idempotent(method: Handler) -> Handler:
    """Honour `Idempotency-Key`: key, act and first answer stand or fall in one transaction."""

    @wraps(method)
    def answer(view: View, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return method(view, request, *args, **kwargs)
        user_id = view.actor.user_id or 0
        raw = request._request.body if not request._request.FILES else _files_fingerprint(request)
        with transaction.atomic():
            begun = idempotency_begin(user_id=user_id, key=key, path=request.path, body=raw)
            if isinstance(begun, FirstAnswer):
                return Response(
                    begun.answer,
                    status=begun.status,
                    headers={**begun.headers, "Idempotency-Replayed": "true"},
                )
            response = method(view, request, *args, **kwargs)
            headers = {name: response[name] for name in ("ETag", "Location") if response.has_header(name)}
            idempotency_finish(record=begun, status=response.status_code, answer=_plain(response.data), headers=headers)
            return response

    return answer  # type: ignore[return-value]


def _files_fingerprint(request: Request) -> bytes:
    parts = [f"{name}={value}" for name, value in sorted(request._request.POST.items())]
    for name, uploads in sorted(request._request.FILES.lists()):
        parts += [f"{name}={upload.name}:{upload.size}" for upload in uploads]
    return "\n".join(parts).encode()


def _plain(data: Any) -> Any:
    return json.loads(JSONRenderer().render(data).decode()) if data is not None else None


def created(data: Mapping[str, Any], *, location: str, version: int | None = None) -> Response:
    """201 with its address and ETag."""
    headers = {"Location": location} | ({"ETag": etag(version)} if version is not None else {})
    return Response(data, status=201, headers=headers)


def bulk(rows: Sequence[Any], act: Callable[[Any], dict[str, Any]]) -> Response:
    """Each row by itself; per-row results with their index. 200 when all went well, 207 when some were refused."""
    results: list[dict[str, Any]] = []
    for index, row in enumerate(rows):
        try:
            with transaction.atomic():
                results.append({"index": index, "status": "done", "result": act(row)})
        except (DomainError, CustodyError) as error:
            results.append(
                {
                    "index": index,
                    "status": "refused",
                    "code": error.code,
                    "detail": str(error),
                    "pointer": f"#/{index}/{error.field}" if error.field else f"#/{index}",
                }
            )
    refused = sum(1 for result in results if result["status"] == "refused")
    body = {"results": results, "done": len(results) - refused, "refused": refused}
    return Response(body, status=207 if refused else 200)


def first_or_404(rows: QuerySet[Model]) -> Any:
    """The first row.

    Raises:
        NotFound: none.
    """
    row = rows.first()
    if row is None:
        raise NotFound(_("There is nothing at this address, or it is not yours to see."))
    return row
