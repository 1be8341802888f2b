"""Labels and their recorded copies."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from chain_of_custody.models import Item, Party
from lims.accounts.actors import Actor, Scope
from lims.casework.models import Label, LabelPrint
from lims.casework.selectors.access import case_scope
from lims.casework.selectors.cases import item_case
from lims.casework.selectors.items import RELATED
from lims.common.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelCopy:
    """A recorded copy of a label and what it shows."""

    code: str
    copy: int
    size: str
    reference: str
    lines: tuple[str, ...]
    synthetic: bool


def label_list(*, item: Item) -> QuerySet[Label]:
    """The labels of an item already seen, newest first, with the number of their prints."""
    return item.labels.annotate(copies=Count("prints")).order_by("-id")


def label_of_party(*, party: Party) -> Label | None:
    """The live label of a place or a badge."""
    return Label.objects.filter(party=party, state="live").first()


def label_copies(*, actor: Actor, wanted: Sequence[tuple[str, int]]) -> list[LabelCopy]:
    """Recorded copies in the order wanted, with what they show: a copy that was never recorded is not drawn.

    Raises:
        NotFound: no such copy, or not the actor's to print.
    """
    related = (
        *(f"label__item__{path}" for path in RELATED),
        "label__party",
        "label__submission_line__submission__agency",
    )
    rows = (
        LabelPrint.objects.filter(label__code__in=[code for code, _copy in wanted])
        .select_related(*related)
        .prefetch_related("label__item__external_references")
    )
    found = {(row.label.code, row.copy): row for row in rows}
    return [_copy_shown(actor, found.get(one)) for one in wanted]


def _copy_shown(actor: Actor, row: LabelPrint | None) -> LabelCopy:
    if row is None or not _may_print(actor, row.label):
        raise NotFound(_("No such copy has been recorded. Print the label first."), code="copy-not-found")
    label = row.label
    reference, lines, synthetic = _words(label)
    return LabelCopy(
        code=label.code, copy=row.copy, size=row.size, reference=reference, lines=lines, synthetic=synthetic
    )


def _may_print(actor: Actor, label: Label) -> bool:
    if label.item is not None:
        case = item_case(label.item)
        return actor.may("label.print", case_scope(case)) if case else actor.in_laboratory
    if label.submission_line is not None:
        agency = label.submission_line.submission.agency
        return actor.may("label.print", Scope(agency=agency.uuid))
    return actor.in_laboratory


def _words(label: Label) -> tuple[str, tuple[str, ...], bool]:
    if label.item is not None:
        case = item_case(label.item)
        exhibit = getattr(label.item, "exhibit", None)
        sample = getattr(label.item, "sample", None)
        text = exhibit.description if exhibit else sample.get_kind_display() if sample else ""
        others = tuple(row.value for row in label.item.external_references.all())[:2]
        return label.item.reference, (*(t for t in (text.strip()[:60],) if t), *others), bool(case and case.synthetic)
    if label.submission_line is not None:
        line = label.submission_line
        return f"{line.submission.reference}/{line.number}", (line.description[:60],), False
    return label.party.name if label.party else label.code, (), False
