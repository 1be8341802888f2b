"""Stored files given out: read through and checked first, then streamed; every reading is recorded."""

from base64 import b64encode
from typing import TYPE_CHECKING

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from lims.api.base import View
from lims.casework.services.files import file_check, file_chunks

if TYPE_CHECKING:
    from chain_of_custody.models import StoredFile
    from lims.casework.models import Case


def download(view: View, file: "StoredFile", case: "Case") -> StreamingHttpResponse:
    """The bytes of a file of the case, as an attachment that no browser guesses about.

    The file is read twice, in constant memory: once to be sure of its digest, so that altered bytes are a problem in
    words and not a broken download; once to be sent, checked again.

    Raises:
        NotAllowed: without `file.read`, or without the reason an outsider gives.
        DigestMismatch, ObjectMissing: the store does not have what was handed in.
    """
    view.shows(case, kind="file", subject=file.uuid, reference=file.name[:80])
    file_check(actor=view.actor, file=file, case=case)
    headers = {
        "Content-Length": str(file.size),
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=file.name) or "attachment",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Repr-Digest": f"sha-256=:{_base64(file.digest)}:",
    }
    chunks = file_chunks(actor=view.actor, file=file, case=case)
    return StreamingHttpResponse(chunks, content_type=file.media_type, headers=headers)


def _base64(digest: str) -> str:
    return b64encode(bytes.fromhex(digest)).decode()
