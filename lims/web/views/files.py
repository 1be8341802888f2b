"""Stored files of a case: handed out digest-checked, each reading recorded."""

from uuid import UUID

from django.http import HttpResponse
from django.urls import path
from django.views.decorators.http import require_GET

from lims.casework.selectors.files import file_get
from lims.casework.services.files import file_read
from lims.web.access import PageRequest, page_for
from lims.web.casefile import case_gate

_SHOWN = frozenset({"image/jpeg", "image/png", "image/webp"})


@page_for("file.read")
@require_GET
def file(request: PageRequest, uuid: UUID) -> HttpResponse:
    """One file: photographs are shown, everything else is only downloaded."""
    row, case = file_get(actor=request.actor, uuid=uuid)
    gate = case_gate(request, case)
    if gate is not None:
        return gate
    with file_read(actor=request.actor, file=row, case=case) as chunks:
        response = HttpResponse(b"".join(chunks))
    shown = row.media_type in _SHOWN
    response["Content-Type"] = row.media_type if shown else "application/octet-stream"
    response["Content-Disposition"] = f'{"inline" if shown else "attachment"}; filename="{row.uuid}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


urlpatterns = [path("files/<uuid:uuid>/", file, name="file")]
