"""How an operation is declared: what it is called, takes and answers, for the OpenAPI document and for the caller."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from lims.api.base import idempotent
from lims.api.fields import Problem, feed, paged

Handler = TypeVar("Handler", bound=Callable[..., Any])
AnyShape = type[serializers.Serializer[Any]]

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="1 to 200 signs. The same key and body sent again get the first answer; another body gets 422.",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="The ETag read with the resource. 428 when it is missing, 412 when it is stale.",
)
ACCESS_REASON = OpenApiParameter(
    "X-Access-Reason",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description=(
        "Why you look, at least ten signs: needed from whoever is not of the laboratory, unless stated at the case's "
        "access-reason within the last eight hours. It is recorded."
    ),
)
ETAG = OpenApiParameter(
    "ETag", OpenApiTypes.STR, OpenApiParameter.HEADER, response=True, description="The version, for If-Match."
)
LOCATION = OpenApiParameter(
    "Location", OpenApiTypes.STR, OpenApiParameter.HEADER, response=[201], description="Address of what was made."
)


def _number(name: str, words: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.INT, description=words)


_LIMIT = _number("limit", "Rows of a page, at most 200; 50 when left out.")
_PAGE = (_LIMIT, _number("offset", "Rows to skip."))
_CURSOR = (_LIMIT, OpenApiParameter("cursor", OpenApiTypes.STR, description="From `next` or `previous`."))
_FEED = (_LIMIT, _number("after", "Go on behind this number; `next_after` of the piece before."))

_WORDS = {
    400: "The body cannot be read.",
    401: "Nobody is signed in, or the token does not hold.",
    403: "Not allowed, or a reason is needed.",
    404: "There is nothing here, or it is not yours to see.",
    409: "Something else happened first, or a rule of custody stands against it.",
    412: "Changed since it was read.",
    415: "Not a media type that is read here.",
    422: "Values need correction, or a rule of the field refuses; each with its pointer.",
    428: "If-Match is missing.",
}


def refusals(good: dict[int, Any], *codes: int) -> dict[Any, Any]:
    bad = {
        (code, "application/problem+json"): OpenApiResponse(Problem, description=_WORDS[code])
        for code in (401, 403, 404, *codes)
    }
    return {**good, **bad}


def _area(name: str) -> list[str]:
    return [name]


def reads(
    name: str,
    shape: AnyShape,
    *,
    area: str,
    query: AnyShape | None = None,
    edited: bool = False,
) -> Callable[[Handler], Handler]:
    """One thing: 200 with its shape, and an ETag where it can be edited."""
    parameters: list[Any] = [ACCESS_REASON, *([ETAG] if edited else []), *([query] if query else [])]
    return extend_schema(
        operation_id=name, tags=_area(area), parameters=parameters, responses=refusals({200: shape}, 422)
    )


def lists(
    name: str,
    shape: AnyShape,
    *,
    area: str,
    query: AnyShape | None = None,
    by: str = "page",
) -> Callable[[Handler], Handler]:
    """Capped pages of things: `by` is "page" (limit, offset, count), "cursor" or "feed" (numbered)."""
    made = {
        "page": (paged(shape), _PAGE),
        "cursor": (paged(shape, cursor=True), _CURSOR),
        "feed": (feed(shape), _FEED),
    }
    answer, paging = made[by]
    parameters: list[Any] = [ACCESS_REASON, *paging, *([query] if query else [])]
    return extend_schema(
        operation_id=name, tags=_area(area), parameters=parameters, responses=refusals({200: answer}, 422)
    )


def creates(
    name: str, request: AnyShape | None, shape: AnyShape | None, *, area: str, status: int = 201, kept: bool = True
) -> Callable[[Handler], Handler]:
    """A POST that makes evidence, custody or a job: 201 with its address, under an Idempotency-Key.

    `kept` is false where the answer holds a secret, which is nowhere stored: there a key is not honoured.
    """
    return _post(name, request, {status: shape}, area=area, headers=[LOCATION] if status == 201 else [], kept=kept)


def acts(
    name: str, request: AnyShape | None, shape: AnyShape | None, *, area: str, also: dict[int, Any] | None = None
) -> Callable[[Handler], Handler]:
    """A POST that is an act on what is there: 200 with its outcome, under an Idempotency-Key."""
    return _post(name, request, {200: shape, **(also or {})}, area=area, headers=[])


def _post(
    name: str, request: AnyShape | None, good: dict[int, Any], *, area: str, headers: Sequence[Any], kept: bool = True
) -> Callable[[Handler], Handler]:
    schema = extend_schema(
        operation_id=name,
        tags=_area(area),
        parameters=[*([IDEMPOTENCY_KEY] if kept else []), *headers],
        request=request,
        responses=refusals(good, 400, 409, 415, 422),
    )

    def declare(method: Handler) -> Handler:
        declared: Handler = schema(idempotent(method) if kept else method)
        return declared

    return declare


def edits(name: str, request: AnyShape, shape: AnyShape, *, area: str) -> Callable[[Handler], Handler]:
    """A PATCH, or a POST that changes a versioned row: 200 with the new ETag, under If-Match."""
    return extend_schema(
        operation_id=name,
        tags=_area(area),
        parameters=[IF_MATCH, ETAG],
        request=request,
        responses=refusals({200: shape}, 400, 409, 412, 415, 422, 428),
    )


def ends(name: str, *, area: str) -> Callable[[Handler], Handler]:
    """A DELETE that ends something which is not evidence: 204."""
    return extend_schema(operation_id=name, tags=_area(area), responses=refusals({204: None}))


def downloads(name: str, *media: str, area: str, request: AnyShape | None = None) -> Callable[[Handler], Handler]:
    """Bytes, digest-checked where they come from the evidence store."""
    good: Any = {(200, one): OpenApiTypes.BINARY for one in media}
    return extend_schema(
        operation_id=name,
        tags=_area(area),
        parameters=[ACCESS_REASON],
        request=request,
        responses=refusals(good, 422),
    )
