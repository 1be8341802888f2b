"""Errors as pages, in our words: what is wrong and what to do next."""

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from lims.common.errors import ManyErrors
from lims.web.access import actor_of
from lims.web.problems import HEADINGS, Refusal, words_of


def error_page(request: HttpRequest, status: int, message: str, remedy: str = "") -> HttpResponse:
    """The page of an error: within the frame for those signed in, the gate for everyone else, a part for htmx."""
    values = {"status": status, "heading": HEADINGS[status], "message": message, "remedy": remedy}
    if request.headers.get("HX-Request") == "true":
        return render(request, "web/errors/_refused.html", values, status=status)
    base = "web/base.html" if actor_of(request) else "web/base_gate.html"
    return render(request, "web/errors/error.html", values | {"base": base}, status=status)


def refusal_page(request: HttpRequest, error: Refusal, status: int) -> HttpResponse:
    """The page of a refusal that no form took."""
    if status == 404:
        return error_404(request)
    if isinstance(error, ManyErrors):
        return error_page(request, status, " ".join(words_of(part) for part in error))
    return error_page(request, status, error.message, error.remedy or "")


def error_400(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A request that cannot be read, or carries more than is taken (413)."""
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent):
        return error_page(request, 413, _("Send less at once: a list in parts, large files through the upload page."))
    return error_page(
        request,
        400,
        _("It was damaged on the way or does not come from one of our pages. Go back and try again."),
    )


def error_403(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Refused."""
    return error_page(request, 403, _("Ask the laboratory manager if you need it. The attempt was recorded."))


def error_404(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The one 404: the same words whether a thing does not exist or may not be seen."""
    return error_page(
        request,
        404,
        _("Nothing is here, or it is not for you to see. Check the address, or scan or type the code again."),
    )


def error_500(request: HttpRequest) -> HttpResponse:
    """Our failure. Printed without the database, which may be the part that broke."""
    return HttpResponse(render_to_string("web/errors/broken.html"), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without a valid token: an old page, blocked cookies, or another site."""
    return error_page(
        request,
        403,
        _("This form is no longer valid: it is too old, somebody signed in or out meanwhile, or cookies are blocked."),
        _("Nothing was recorded. Go back, load the page again and send it once more."),
    )
