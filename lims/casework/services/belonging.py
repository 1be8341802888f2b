"""What an act names beside its case belongs to that case: no entry, page or report of one case speaks of another."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from chain_of_custody.models import Item, StoredFile
from lims.casework.models import Case, ExhibitComponent
from lims.casework.selectors.cases import item_case
from lims.casework.selectors.parts import case_files
from lims.common.errors import BadInput


def item_of_case_check(item: Item | None, case: Case, *, field: str, own_boxes: bool = False) -> None:
    """Refuse an item of another case; `own_boxes` lets the laboratory's own containers pass.

    Raises:
        BadInput: it belongs to another case, or to none.
    """
    if item is None:
        return
    owner = item_case(item)
    if (owner is None and own_boxes) or (owner is not None and owner.pk == case.pk):
        return
    raise BadInput(
        _("%(item)s is not an item of %(case)s.") % {"item": item.reference, "case": case.reference},
        code="other-case",
        field=field,
        found=item.reference,
    )


def case_pk_check(owner: int | None, case: Case, *, field: str) -> None:
    """Refuse a record whose case, by primary key, is another one; None (no record named) passes.

    Raises:
        BadInput: it belongs to another case.
    """
    if owner is not None and owner != case.pk:
        raise BadInput(
            _("This belongs to another case than %(case)s.") % {"case": case.reference}, code="other-case", field=field
        )


def component_of_item_check(component: ExhibitComponent | None, item: Item, *, field: str = "component") -> None:
    """Refuse a component of another exhibit than the item is, or was taken from.

    Raises:
        BadInput: it belongs to another exhibit.
    """
    if component is None:
        return
    exhibit, sample = getattr(item, "exhibit", None), getattr(item, "sample", None)
    own = exhibit.pk if exhibit is not None else sample.exhibit_id if sample is not None else None
    if own != component.exhibit_id:
        raise BadInput(
            _("Component %(label)s is not part of %(item)s.") % {"label": component.label, "item": item.reference},
            code="other-exhibit",
            field=field,
            found=component.label,
        )


def file_of_case_check(file: StoredFile | None, case: Case, *, field: str = "file") -> None:
    """Refuse a stored file that was handed in about something else than the case, its items and intakes.

    Raises:
        BadInput: it belongs elsewhere.
    """
    if file is not None and not case_files(case).filter(pk=file.pk).exists():
        raise BadInput(
            _("«%(file)s» was not handed in for %(case)s.") % {"file": file.name, "case": case.reference},
            code="other-case",
            field=field,
            found=file.name,
        )


def file_of_items_check(file: StoredFile | None, items: Iterable[Item], *, field: str = "file") -> None:
    """Refuse a form or certificate that was handed in for none of the cases of the items it is about.

    One form may list items of several cases; it is kept with one of them.

    Raises:
        BadInput: it belongs elsewhere, or the items belong to no case.
    """
    if file is None:
        return
    cases = {case.pk: case for item in items if (case := item_case(item)) is not None}
    if any(case_files(case).filter(pk=file.pk).exists() for case in cases.values()):
        return
    raise BadInput(
        _("«%(file)s» was not handed in for %(case)s.")
        % {"file": file.name, "case": ", ".join(case.reference for case in cases.values()) or _("a case")},
        code="other-case",
        field=field,
        found=file.name,
    )
