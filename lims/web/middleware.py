"""What every page gets on its way out: the content policy; and refusals of the domain as pages."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from lims.accounts.enums import AccessKind
from lims.accounts.services import access_record
from lims.casework.selectors.laboratory import laboratory_zone_activate
from lims.common.errors import NotAllowed
from lims.web.access import actor_of
from lims.web.problems import REFUSALS, status_of
from lims.web.views.errors import refusal_page

Respond = Callable[[HttpRequest], HttpResponse]

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
PERMISSIONS_POLICY = "camera=(self), microphone=(), geolocation=(), payment=(), usb=()"


class ContentSecurityPolicyMiddleware:
    """Nothing runs that did not come from this server as a file: no inline script or style, no other origin, no frame.

    No answer but a static file is kept by a cache: tablets are shared, and evidence must not come back from history.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the headers."""
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        if not request.path.startswith(settings.STATIC_URL):
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class LaboratoryZoneMiddleware:
    """Times are shown, and typed times read, in the laboratory's zone."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Choose the zone for this request alone."""
        laboratory_zone_activate()
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()


class RefusalMiddleware:
    """An exception of the domain that no view caught becomes a page; a refused attempt enters the access log.

    It is the outermost handler of the pages: the act's transaction is over, so the line in the log stays.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The page for a refusal; None leaves anything else to Django."""
        if not isinstance(exception, REFUSALS):
            return None
        if isinstance(exception, NotAllowed):
            access_record(
                kind=AccessKind.REFUSED,
                actor=actor_of(request),
                reason=str(exception.found or exception.code),
                path=request.path,
                address=request.META.get("REMOTE_ADDR"),
            )
        return refusal_page(request, exception, status_of(exception))
