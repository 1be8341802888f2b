"""Stored files and the case each belongs to."""

from collections.abc import Callable
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from chain_of_custody.models import Item, StoredFile
from lims.accounts.actors import Actor
from lims.casework.models import Case, Intake
from lims.casework.selectors.access import case_scope
from lims.casework.selectors.cases import item_case
from lims.casework.selectors.items import RELATED
from lims.common.errors import BadInput, NotFound

CaseReader = Callable[[UUID], Case | None]


def _of_case(uuid: UUID) -> Case | None:
    return Case.objects.select_related("agency").filter(uuid=uuid).first()


def _of_item(uuid: UUID) -> Case | None:
    item = Item.objects.select_related(*RELATED).filter(uuid=uuid).first()
    return item_case(item) if item else None


def _of_intake(uuid: UUID) -> Case | None:
    intake = Intake.objects.select_related("case__agency").filter(uuid=uuid).first()
    return intake.case if intake else None


CASE_OF_STREAM: dict[str, CaseReader] = {"case": _of_case, "item": _of_item, "intake": _of_intake}
"""How the case behind a file's stream is found, by the stream's kind. Apps above this one add theirs."""
CAPABILITY_OF_STREAM: dict[str, str] = {}
"""What one must be allowed besides, by the stream's kind: results of runs are not for everybody who reads files."""


def file_get(*, actor: Actor, uuid: UUID, capability: str = "file.read") -> tuple[StoredFile, Case]:
    """One stored file and its case.

    Raises:
        NotFound: the same answer whether it does not exist, belongs to no case, or may not be seen.
    """
    row = StoredFile.objects.select_related("stream", "uploaded_by").filter(uuid=uuid).first()
    reader = CASE_OF_STREAM.get(row.stream.kind) if row else None
    case = reader(row.stream.uuid) if row and reader else None
    wanted = {capability, CAPABILITY_OF_STREAM.get(row.stream.kind, capability)} if row else set()
    if row is None or case is None or not all(actor.may(one, case_scope(case)) for one in wanted):
        raise NotFound(_("There is no such file, or it is not yours to see."), code="file-not-found")
    return row, case


def file_named(*, actor: Actor, uuid: UUID, field: str) -> StoredFile:
    """A stored file named in a body.

    Raises:
        BadInput: it does not exist or may not be seen.
    """
    try:
        return file_get(actor=actor, uuid=uuid)[0]
    except NotFound as error:
        raise BadInput(str(error), code="unknown-file", field=field, found=str(uuid)) from error


def file_list(*, kind: str, uuid: UUID) -> QuerySet[StoredFile]:
    """The files about a case or an item already seen, newest first."""
    rows = StoredFile.objects.filter(stream__kind=kind, stream__uuid=uuid)
    return rows.select_related("stream", "uploaded_by").order_by("-id")
