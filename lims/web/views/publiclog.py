"""The log under `/log/` as C2SP tlog-tiles: for anybody, since leaves are salted commitments that reveal nothing."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from chain_of_custody.selectors import checkpoint_latest, log_verifier, tile_published

_FOR_EVER = "public, max-age=31536000, immutable"
_BRIEFLY = "public, max-age=5"


@require_safe
def checkpoint(_request: HttpRequest) -> HttpResponse:
    """The newest signed state of the log (C2SP tlog-checkpoint)."""
    last = checkpoint_latest()
    return _missing() if last is None else _answer(last.text.encode(), "text/plain; charset=utf-8", _BRIEFLY)


@require_safe
def key(_request: HttpRequest) -> HttpResponse:
    """The log's public key as text. Whoever verifies gets key or fingerprint also by another way."""
    return _answer(f"{log_verifier()}\n".encode(), "text/plain; charset=utf-8", _BRIEFLY)


@require_safe
def tile(_request: HttpRequest, name: str) -> HttpResponse:
    """Hashes of the tree, or the leaves: content that never changes once it is signed for."""
    data = tile_published(name)
    return _missing() if data is None else _answer(data, "application/octet-stream", _FOR_EVER)


def _answer(data: bytes, media_type: str, caching: str) -> HttpResponse:
    return HttpResponse(
        data,
        content_type=media_type,
        headers={
            "Cache-Control": caching,
            "X-Content-Type-Options": "nosniff",
            "Access-Control-Allow-Origin": "*",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )


def _missing() -> HttpResponse:
    return HttpResponse("The log has nothing here.\n", status=404, content_type="text/plain; charset=utf-8")


urlpatterns = [
    path("checkpoint", checkpoint, name="log_checkpoint"),
    path("key", key, name="log_key"),
    path("tile/<path:name>", tile, name="log_tile"),
]
