"""Stored files of a case: read through against their digest first, then streamed; each reading recorded."""

from uuid import UUID

from django.http import HttpResponseBase, StreamingHttpResponse
from django.urls import path
from django.views.decorators.http import require_GET

from lims.casework.selectors.files import file_get
from lims.web.access import PageRequest, page_for
from lims.web.labfile import download

_SHOWN = frozenset({"image/jpeg", "image/png", "image/webp"})


@page_for("file.read")
@require_GET
def file(request: PageRequest, uuid: UUID) -> HttpResponseBase:
    """One file: photographs are shown, everything else is only downloaded. Constant memory whatever its size."""
    row, case = file_get(actor=request.actor, uuid=uuid)
    response = download(request, row, case)
    if row.media_type in _SHOWN and isinstance(response, StreamingHttpResponse):
        response.headers["Content-Disposition"] = f'inline; filename="{row.uuid}"'
    return response


urlpatterns = [path("files/<uuid:uuid>/", file, name="file")]
