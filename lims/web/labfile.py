"""Opening pages about the laboratory's work: the reason an outsider states, the access log, files as downloads."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.http import content_disposition_header

from chain_of_custody.models import StoredFile
from lims.accounts.enums import AccessKind
from lims.accounts.services import access_record
from lims.casework.models import Case
from lims.casework.selectors.access import reason_needed
from lims.casework.selectors.cases import case_get
from lims.casework.services.files import file_check, file_chunks
from lims.web.access import PageRequest, page_for
from lims.web.casefile import View, case_gate, client_address
from lims.web.parts import Crumb


def opened(request: PageRequest, case: Case, *, kind: str, subject: UUID, reference: str) -> HttpResponse | None:
    """Record that somebody reads a record of a case; to the page that asks outsiders for a reason first, else None."""
    gate = case_gate(request, case)
    if gate is None and request.method in {"GET", "HEAD"}:
        access_record(
            kind=AccessKind.VIEW,
            actor=request.actor,
            subject_kind=kind,
            subject=subject,
            reference=reference,
            case=case.uuid,
            path=request.path,
            address=client_address(request),
        )
    return gate


def followed_case(capability: str) -> Callable[[View], View]:
    """A page about a case for whoever holds the capability in it, also from outside the laboratory.

    The view gets the case in place of its reference; every view is recorded.
    """

    def wrap(view: View) -> View:
        @page_for(capability)
        @wraps(view)
        def entered(request: PageRequest, /, reference: str, **given: Any) -> HttpResponseBase:
            case = case_get(actor=request.actor, key=reference, capability=capability)
            gate = opened(request, case, kind="case", subject=case.uuid, reference=case.reference)
            return gate or view(request, case, **given)

        return entered

    return wrap


def address_of(name: str, *given: object) -> str:
    """The address of a page of this system, empty where it has no such page."""
    try:
        return reverse(f"web:{name}", args=given)
    except NoReverseMatch:
        return ""


def path_of(request: PageRequest, case: Case, *steps: Crumb) -> list[Crumb]:
    """The path above the title: the case, where the person may open it, and further steps."""
    may = request.actor.may_somewhere("case.read")
    home = address_of("case", case.reference) if may else ""
    return [Crumb(label=case.reference, href=home), *steps]


def about_case(request: PageRequest, case: Case, *steps: Crumb) -> dict[str, Any]:
    """What every page about a record of a case prints: its mark, its path, and that the reader gave a reason."""
    return {
        "case": case,
        "synthetic": case.synthetic,
        "crumbs": path_of(request, case, *steps),
        "reason_given": reason_needed(actor=request.actor, case=case),
    }


def download(request: PageRequest, file: StoredFile, case: Case) -> HttpResponseBase:
    """A stored file of a case: read through against its digest first, then streamed; the reading is recorded."""
    gate = case_gate(request, case)
    if gate is not None:
        return gate
    file_check(actor=request.actor, file=file, case=case)
    chunks = file_chunks(actor=request.actor, file=file, case=case)
    return attachment(chunks, name=file.name, media_type=file.media_type, size=file.size)


def attachment(chunks: Iterable[bytes], *, name: str, media_type: str, size: int | None = None) -> HttpResponseBase:
    """Bytes as a file to keep, never shown in place: nothing a person handed in runs as a page of ours."""
    response = StreamingHttpResponse(chunks, content_type=media_type or "application/octet-stream")
    response.headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    if size is not None:
        response.headers["Content-Length"] = str(size)
    return response
