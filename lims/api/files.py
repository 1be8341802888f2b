"""Files: one in a multipart upload, large ones in resumable chunks, out again with their digest checked."""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import StreamingHttpResponse
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from chain_of_custody.vault.errors import FileTooLarge
from lims.api.base import View, created
from lims.api.cases import CaseView
from lims.api.downloads import download
from lims.api.fields import Input, Output, PartyRef, text
from lims.api.items import ItemView
from lims.api.operations import creates, downloads, ends, lists, reads, refusals
from lims.casework.selectors.cases import case_get, item_get
from lims.casework.selectors.files import file_get, file_list
from lims.casework.services.files import (
    case_file_store,
    upload_append,
    upload_begin,
    upload_discard,
    upload_get,
)
from lims.common.errors import BadInput
from lims.lab.services.rawfiles import RawFile, raw_file_store, raw_upload_finish

AREA = "files"
_FORM_ROOM = 64 * 1024
_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")


class FileOut(Output):
    """A stored file."""

    uuid = serializers.UUIDField()
    name = serializers.CharField()
    media_type = serializers.CharField()
    role = serializers.CharField()
    size = serializers.IntegerField()
    digest = serializers.CharField(help_text="SHA-256, hexadecimal.")
    uploaded_by = PartyRef()
    created_at = serializers.DateTimeField()
    retention_until = serializers.DateTimeField(allow_null=True)
    legal_hold = serializers.BooleanField()


class FileIn(Input):
    """One file and its role."""

    file = serializers.FileField(max_length=255, allow_empty_file=True)
    role = text(40, required=True, help_text="A lower-case word such as photograph.")


class ItemFileIn(FileIn):
    """One file of an item. A role that an analysis reads (trace_forward, genotypes, …) is read before it is kept."""

    id_column = text(80, help_text="In a table: the column that names the samples; id when left out.")


class UploadNew(Input):
    """A large file to be sent in chunks."""

    name = text(255, required=True)
    media_type = text(127, required=True)
    size = serializers.IntegerField(help_text="Bytes.")
    digest = serializers.RegexField("^[0-9a-f]{64}$", required=False, allow_null=True, default=None)


class UploadOut(Output):
    """A resumable upload and how far it is: go on at offset `received`."""

    id = serializers.CharField()
    name = serializers.CharField()
    media_type = serializers.CharField()
    size = serializers.IntegerField()
    received = serializers.IntegerField()
    complete = serializers.BooleanField()
    expires_at = serializers.DateTimeField()


class UploadFinish(Input):
    """What the file is about: a case, or an item of a case."""

    role = text(40, required=True)
    case = text(60, help_text="UUID or reference.")
    item = text(120, help_text="UUID, reference or scan code.")
    id_column = text(80, help_text="In a table of an item: the column that names the samples; id when left out.")


class ChunkParser(BaseParser):
    """The raw bytes of a chunk, handed on as a stream."""

    media_type = "application/octet-stream"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """The stream itself: the upload reads it piece by piece."""
        return {"stream": stream}


class FilesView(View):
    """Files come as multipart forms."""

    parser_classes = [MultiPartParser]

    def file_body(self, shape: type[FileIn] = FileIn) -> dict[str, Any]:
        """The file and its role. Refused by its declared length before a byte is read, where it is over the limit."""
        length = int(self.request.META.get("CONTENT_LENGTH") or 0)
        if length > settings.SPOOR_UPLOAD_LIMIT + _FORM_ROOM:
            raise FileTooLarge(
                _("The file has more than the %(limit)s bytes allowed.")
                % {"limit": f"{settings.SPOOR_UPLOAD_LIMIT:,}"},
                field="file",
                found=f"{length:,} bytes",
            )
        body = self.body(shape)
        upload = body.pop("file")
        return {
            **body,
            "source": upload,
            "name": upload.name,
            "media_type": upload.content_type or "application/octet-stream",
        }


class CaseFiles(CaseView, FilesView):
    """Files about a case."""

    @lists("case_file_list", FileOut, area=AREA)
    def get(self, request: Request, key: str) -> Response:
        """Files about a case, newest first."""
        return self.page(file_list(kind="case", uuid=self.case(seen=True).uuid), FileOut)

    @creates("case_file_store", FileIn, FileOut, area=AREA)
    def post(self, request: Request, key: str) -> Response:
        """Store a file about a case; it cannot be changed afterwards."""
        row = case_file_store(actor=self.actor, case=self.case(capability="file.upload"), **self.file_body())
        return created(self.data(row, FileOut), location=f"/api/v1/files/{row.uuid}/")


class ItemFiles(ItemView, FilesView):
    """Files about an item."""

    @lists("item_file_list", FileOut, area=AREA)
    def get(self, request: Request, key: str) -> Response:
        """Files about an item, newest first."""
        return self.page(file_list(kind="item", uuid=self.item(seen=True).uuid), FileOut)

    @creates("item_file_store", ItemFileIn, FileOut, area=AREA)
    def post(self, request: Request, key: str) -> Response:
        """Store a file about an item; it cannot be changed afterwards. What an analysis could not read is refused."""
        body = self.file_body(ItemFileIn)
        media_type = body.pop("media_type")
        file = RawFile(**body | {"id_column": body.get("id_column") or "id"})
        row = raw_file_store(
            actor=self.actor, item=self.item(capability="file.upload"), file=file, media_type=media_type
        )
        return created(self.data(row, FileOut), location=f"/api/v1/files/{row.uuid}/")


class OneFile(View):
    """One stored file."""

    @reads("file_get", FileOut, area=AREA)
    def get(self, request: Request, uuid: UUID) -> Response:
        """What is known of a stored file."""
        row, case = file_get(actor=self.actor, uuid=uuid)
        self.shows(case, kind="file", subject=row.uuid, reference=row.name[:80])
        return self.one(row, FileOut)


class FileContent(View):
    """The bytes of a file."""

    @downloads("file_download", "application/octet-stream", area=AREA)
    def get(self, request: Request, uuid: UUID) -> StreamingHttpResponse:
        """The bytes, checked against their digest before they are sent and while they are; recorded."""
        row, case = file_get(actor=self.actor, uuid=uuid)
        return download(self, row, case)


class Uploads(View):
    """Resumable uploads."""

    @creates("upload_begin", UploadNew, UploadOut, area=AREA)
    def post(self, request: Request) -> Response:
        """Begin a resumable upload of a large file."""
        session = upload_begin(actor=self.actor, **self.body(UploadNew))
        return created(self.data(session, UploadOut), location=f"/api/v1/uploads/{session.id}/")


class OneUpload(View):
    """One resumable upload."""

    parser_classes = [ChunkParser]

    @reads("upload_get", UploadOut, area=AREA)
    def get(self, request: Request, upload: str) -> Response:
        """How far one's upload is."""
        return self.one(upload_get(actor=self.actor, upload=upload), UploadOut)

    @extend_schema(
        operation_id="upload_append",
        tags=[AREA],
        parameters=[
            OpenApiParameter("Upload-Offset", OpenApiTypes.INT, OpenApiParameter.HEADER, required=True),
            OpenApiParameter(
                "Content-Digest",
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                required=True,
                description="SHA-256 of the chunk after RFC 9530: `sha-256=:BASE64:`.",
            ),
        ],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses=refusals({200: UploadOut}, 400, 409, 415, 422),
    )
    def patch(self, request: Request, upload: str) -> Response:
        """Add a chunk of at most 64 MB that begins at `Upload-Offset`; on the answer it is on the disk."""
        offset, digest = _offset(request), _chunk_digest(request)
        sent: Any = request.data
        session = upload_append(actor=self.actor, upload=upload, offset=offset, chunk=sent["stream"], digest=digest)
        return self.one(session, UploadOut)

    @ends("upload_discard", area=AREA)
    def delete(self, request: Request, upload: str) -> Response:
        """Forget an upload and its bytes; nothing of it has become evidence."""
        upload_discard(actor=self.actor, upload=upload)
        return Response(status=204)


class Finish(View):
    """The end of a resumable upload."""

    @creates("upload_finish", UploadFinish, FileOut, area=AREA)
    def post(self, request: Request, upload: str) -> Response:
        """Store what the upload gathered, about a case or an item. What its analysis could not read is refused."""
        body = self.body(UploadFinish)
        case = case_get(actor=self.actor, key=body["case"], capability="file.upload") if body.get("case") else None
        item = item_get(actor=self.actor, key=body["item"], capability="file.upload") if body.get("item") else None
        if (case is None) == (item is None):
            raise BadInput(_("Name the case or the item, one of the two."), code="required", field="case")
        row = raw_upload_finish(
            actor=self.actor,
            upload=upload,
            role=body["role"],
            case=case,
            item=item,
            id_column=body.get("id_column") or "id",
        )
        return created(self.data(row, FileOut), location=f"/api/v1/files/{row.uuid}/")


def _offset(request: Request) -> int:
    given = request.headers.get("Upload-Offset", "")
    if not (given.isascii() and given.isdigit() and len(given) <= 18):
        raise BadInput(_("Send Upload-Offset: the byte at which the chunk begins."), field="Upload-Offset", found=given)
    return int(given)


def _chunk_digest(request: Request) -> str:
    given = request.headers.get("Content-Digest", "")
    match = _DIGEST.search(given)
    if match is None:
        raise BadInput(
            _("Send Content-Digest: sha-256=:BASE64: of the chunk."), field="Content-Digest", found=given[:100]
        )
    try:
        return b64decode(match[1], validate=True).hex()
    except Base64Error as error:
        raise BadInput(_("The Content-Digest is not base64."), field="Content-Digest", found=given[:100]) from error


urlpatterns = [
    path("cases/<str:key>/files/", CaseFiles.as_view()),
    path("items/<str:key>/files/", ItemFiles.as_view()),
    path("files/<uuid:uuid>/", OneFile.as_view()),
    path("files/<uuid:uuid>/content/", FileContent.as_view()),
    path("uploads/", Uploads.as_view()),
    path("uploads/<str:upload>/", OneUpload.as_view()),
    path("uploads/<str:upload>/finish/", Finish.as_view()),
]
