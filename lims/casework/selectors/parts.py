"""Components and stored files by UUID, checked against what the actor may see."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from chain_of_custody.models import StoredFile
from lims.accounts.actors import Actor, require
from lims.casework.models import Case, Exhibit, ExhibitComponent, Intake, Sample
from lims.casework.selectors.access import case_scope
from lims.common.errors import BadInput


def component_get(*, uuid: UUID) -> ExhibitComponent:
    """One component of a mixed exhibit; the services check its case.

    Raises:
        BadInput: none.
    """
    row = ExhibitComponent.objects.select_related("exhibit__case").filter(uuid=uuid).first()
    if row is None:
        raise BadInput(_("There is no such component."), code="unknown-component", field="component", found=str(uuid))
    return row


def files_get(
    *, actor: Actor, uuids: Sequence[UUID], case: Case, among: QuerySet[StoredFile] | None = None
) -> dict[UUID, StoredFile]:
    """Files handed in about the case or one of its items, or those `among` others of the case.

    Raises:
        NotAllowed: without `file.read` in the case.
        BadInput: a file that is none of them, naming it; `row` is its place.
    """
    require(actor, "file.read", case_scope(case))
    rows = case_files(case) if among is None else among
    found = {row.uuid: row for row in rows.filter(uuid__in=uuids)}
    for place, uuid in enumerate(uuids):
        if uuid not in found:
            raise BadInput(
                _("There is no such file in %(case)s.") % {"case": case.reference},
                code="unknown-file",
                field="file",
                found=str(uuid),
                row=place,
            )
    return found


def case_files(case: Case) -> QuerySet[StoredFile]:
    """Every stored file about the case, its items and intakes."""
    items = Q(stream__uuid__in=Exhibit.objects.filter(case=case).values("item__uuid"))
    items |= Q(stream__uuid__in=Sample.objects.filter(case=case).values("item__uuid"))
    about = Q(stream__kind="case", stream__uuid=case.uuid) | (Q(stream__kind="item") & items)
    about |= Q(stream__kind="intake", stream__uuid__in=Intake.objects.filter(case=case).values("uuid"))
    return StoredFile.objects.filter(about).select_related("uploaded_by", "stream")
