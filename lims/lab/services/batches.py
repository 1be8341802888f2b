"""Bench batches and their controls. A failed control blocks its batch until quality records a disposition."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.models import Item
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from lims.accounts.actors import Actor, require
from lims.casework.services.numbering import number_next
from lims.common.checks import text_clean
from lims.common.errors import BadInput, RuleViolation
from lims.lab.enums import BatchKind, BatchState, ControlKind, ControlOutcome
from lims.lab.ledger import BATCH
from lims.lab.models import Batch, BatchControl, BatchItem

_PREFIX = {"extraction": "EX", "pcr": "PC", "sequencing": "SQ", "genotyping": "GT"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlSpec:
    """A control of a batch and what it is expected to show."""

    kind: str
    position: str = ""
    expectation: str = ""


def batch_open(
    *,
    actor: Actor,
    kind: str,
    method: str,
    items: Sequence[tuple[Item, str]],
    controls: Sequence[ControlSpec],
    plate: Item | None = None,
    reagents: str = "",
    instrument: str = "",
) -> Batch:
    """Open a batch of items at their positions, with at least one control.

    Raises:
        NotAllowed: without `batch.work`.
        BadInput: no items, no controls, unknown kinds, a position given twice.
    """
    require(actor, "batch.work")
    _shape_check(kind, items, controls)
    with transaction.atomic():
        reference = f"{_PREFIX[kind]}-{number_next(f'batch-{kind}'):04d}"
        batch = Batch.objects.create(
            uuid=uuid4(),
            reference=reference,
            kind=kind,
            method=text_clean(method, field="method", required=True, limit=120),
            plate=plate,
            reagents=text_clean(reagents, field="reagents", limit=300),
            instrument=text_clean(instrument, field="instrument", limit=120),
            opened_by_id=actor.party_id,
            opened_at=timezone.now(),
        )
        BatchItem.objects.bulk_create([BatchItem(batch=batch, item=item, position=spot) for item, spot in items])
        BatchControl.objects.bulk_create(
            [BatchControl(batch=batch, kind=c.kind, position=c.position, expectation=c.expectation) for c in controls]
        )
        values: dict[str, Json] = {
            "reference": reference,
            "kind": kind,
            "method": batch.method,
            "items": len(items),
            "controls": [c.kind for c in controls],
        }
        joined = [_item_draft(item, batch, spot) for item, spot in items]
        act_append(actor=actor, drafts=[_draft(batch, "opened", values), *joined])
    return batch


def control_read(*, actor: Actor, control: BatchControl, passed: bool, note: str = "") -> BatchControl:
    """Read a control. A failed one blocks the batch at once; the reading is never undone.

    Raises:
        NotAllowed: without `batch.work`.
        BadInput: failed without a note.
        RuleViolation: read already.
    """
    require(actor, "batch.work")
    note = text_clean(note, field="note", required=not passed, limit=300)
    with transaction.atomic():
        batch = Batch.objects.select_for_update(no_key=True).get(pk=control.batch_id)
        row = BatchControl.objects.get(pk=control.pk)
        if row.outcome != ControlOutcome.PENDING:
            raise RuleViolation(_("This control has been read already."), code="already-read")
        row.outcome = ControlOutcome.PASSED if passed else ControlOutcome.FAILED
        row.note, row.read_by_id, row.read_at = note, actor.party_id, timezone.now()
        row.save()
        drafts = [_draft(batch, "control_read", {"kind": row.kind, "position": row.position, "outcome": row.outcome})]
        if not passed and batch.state == BatchState.OPEN:
            batch.state = BatchState.BLOCKED
            batch.version += 1
            batch.save(update_fields=["state", "version"])
            drafts.append(_draft(batch, "blocked", {"control": row.kind}))
        act_append(actor=actor, drafts=drafts, reason=note)
    return row


def batch_release(*, actor: Actor, batch: Batch) -> Batch:
    """Release a batch whose controls all passed.

    Raises:
        NotAllowed: without `batch.work`.
        RuleViolation: controls are unread or failed.
    """
    require(actor, "batch.work")
    with transaction.atomic():
        row = Batch.objects.select_for_update(no_key=True).get(pk=batch.pk)
        unread = row.controls.exclude(outcome=ControlOutcome.PASSED).count()
        if row.state != BatchState.OPEN or unread:
            raise RuleViolation(
                _("%(batch)s is released when every control has passed; %(count)s have not.")
                % {"batch": row.reference, "count": unread},
                code="controls-open",
            )
        return _close(actor, row, BatchState.RELEASED, "released", "")


def batch_dispose(*, actor: Actor, batch: Batch, release: bool, disposition: str) -> Batch:
    """Quality's disposition of a blocked batch: release with the cause explained, or reject. Both stay in the record.

    Raises:
        NotAllowed: without `quality.manage`.
        RuleViolation: the batch is not blocked.
    """
    require(actor, "quality.manage")
    disposition = text_clean(disposition, field="disposition", required=True)
    with transaction.atomic():
        row = Batch.objects.select_for_update(no_key=True).get(pk=batch.pk)
        if row.state != BatchState.BLOCKED:
            raise RuleViolation(_("%(batch)s is not blocked.") % {"batch": row.reference}, code="not-blocked")
        row.disposition, row.disposed_by_id = disposition, actor.party_id
        return _close(actor, row, BatchState.RELEASED if release else BatchState.REJECTED, "disposed", disposition)


def _close(actor: Actor, row: Batch, state: str, verb: str, reason: str) -> Batch:
    row.state = state
    row.version += 1
    row.save()
    act_append(actor=actor, drafts=[_draft(row, verb, {"state": state})], reason=reason)
    return row


def _shape_check(kind: str, items: Sequence[tuple[Item, str]], controls: Sequence[ControlSpec]) -> None:
    if kind not in BatchKind.values:
        raise BadInput(_("Choose what kind of batch this is."), code="unknown-kind", field="kind", found=kind)
    if not items:
        raise BadInput(_("A batch needs at least one item."), code="required", field="items")
    if not controls:
        raise BadInput(_("A batch needs at least one control."), code="required", field="controls")
    for control in controls:
        if control.kind not in ControlKind.values:
            raise BadInput(_("Choose what kind of control this is."), field="controls", found=control.kind)
    spots = [spot for _item, spot in items if spot] + [control.position for control in controls if control.position]
    twice = sorted({spot for spot in spots if spots.count(spot) > 1})
    if twice:
        raise BadInput(
            _("Position %(spot)s is given twice.") % {"spot": ", ".join(twice)}, code="duplicate", field="positions"
        )


def _draft(batch: Batch, verb: str, values: dict[str, Json]) -> EntryDraft:
    return EntryDraft(stream=StreamKey(kind="batch", id=batch.uuid), schema=BATCH, verb=verb, values=values)


def _item_draft(item: Item, batch: Batch, spot: str) -> EntryDraft:
    values: dict[str, Json] = {"batch": str(batch.uuid), "reference": batch.reference, "position": spot}
    return EntryDraft(stream=StreamKey(kind="item", id=item.uuid), schema=BATCH, verb="joined", values=values)
