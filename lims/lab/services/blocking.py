"""A failed control blocks what was worked up with it, by whatever road its results come."""

from django.utils.translation import gettext as _

from chain_of_custody.models import Item
from lims.common.errors import RuleViolation
from lims.lab.enums import BatchState
from lims.lab.models import Batch, Report

_UNUSABLE = (BatchState.BLOCKED, BatchState.REJECTED)


def batch_usable_check(batch: Batch | None) -> None:
    """Refuse a batch whose control failed, until quality has released it (ISO/IEC 17025 7.7, 7.10).

    Raises:
        RuleViolation: it is blocked or rejected.
    """
    if batch is not None and batch.state in _UNUSABLE:
        raise _blocked(batch)


def item_usable_check(item: Item | None) -> None:
    """Refuse an item that stands in a blocked batch, where no batch is named.

    Raises:
        RuleViolation: a batch of the item waits for quality's disposition.
    """
    if item is None:
        return
    batch = Batch.objects.filter(items__item=item, state=BatchState.BLOCKED).order_by("pk").first()
    if batch is not None:
        raise _blocked(batch)


def report_usable_check(report: Report) -> None:
    """Refuse a report that rests on a run of a blocked or rejected batch: a control may fail after the run.

    Raises:
        RuleViolation: one of its findings does.
    """
    batch = Batch.objects.filter(runs__findings__reports=report, state__in=_UNUSABLE).order_by("pk").first()
    if batch is not None:
        raise _blocked(batch)


def _blocked(batch: Batch) -> RuleViolation:
    return RuleViolation(
        _("A control of %(batch)s failed. Nothing of it is analysed until quality records a disposition.")
        % {"batch": batch.reference},
        code="batch-blocked",
        field="batch",
        found=batch.reference,
    )
