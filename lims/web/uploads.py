"""Files that people hand in with a form, on their way to the evidence store."""

from collections.abc import Sequence
from typing import Any, BinaryIO, cast

from django.utils.translation import gettext as _

from chain_of_custody.models import StoredFile
from lims.accounts.actors import Actor
from lims.casework.models import Case
from lims.casework.services.files import case_file_store
from lims.common.errors import BadInput
from lims.web.camera import LIMIT_BYTES

PICTURES = ("image/jpeg", "image/png", "image/webp")
FORMS = (*PICTURES, "application/pdf")


def picture_store(*, actor: Actor, case: Case, upload: Any, role: str, field: str) -> StoredFile:
    """Store a photograph about a case.

    Raises:
        BadInput: not a JPEG, PNG or WebP picture.
        CustodyError: empty, over the limit, or refused by the store; nothing is written then.
    """
    return _store(actor, case, upload, role, field, PICTURES)


def form_store(*, actor: Actor, case: Case, upload: Any, field: str) -> StoredFile:
    """Store the photograph or scan of a signed paper form.

    Raises:
        BadInput: neither a picture nor a PDF.
        CustodyError: as `picture_store`.
    """
    return _store(actor, case, upload, "signed_form", field, FORMS)


def pictures_store(*, actor: Actor, case: Case, uploads: Sequence[Any], field: str) -> list[StoredFile]:
    """Store several photographs."""
    return [picture_store(actor=actor, case=case, upload=one, role="photograph", field=field) for one in uploads]


def _store(actor: Actor, case: Case, upload: Any, role: str, field: str, kinds: Sequence[str]) -> StoredFile:
    kind = str(upload.content_type or "").lower()
    if kind not in kinds:
        wanted = "JPEG, PNG, WebP, PDF" if kinds is FORMS else "JPEG, PNG, WebP"
        raise BadInput(
            _("«%(name)s» is %(kind)s. Hand in one of %(wanted)s.")
            % {"name": upload.name, "kind": kind or "?", "wanted": wanted},
            code="unknown-type",
            field=field,
            found=kind,
        )
    if upload.size > 4 * LIMIT_BYTES:
        raise BadInput(
            _("«%(name)s» is larger than 48 MB. Take it again with less detail.") % {"name": upload.name},
            code="too-large",
            field=field,
            found=upload.size,
        )
    return case_file_store(
        actor=actor, case=case, source=cast("BinaryIO", upload), name=upload.name, media_type=kind, role=role
    )
