"""Scan codes and labels: issue, bind, print, void. A code is never used again."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.models import Item, Party
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from labels.payload import scan_code_new
from lims.accounts.actors import Actor, Scope, require
from lims.casework.enums import LabelState
from lims.casework.ledger import LABEL
from lims.casework.models import Case, ExternalReference, Label, LabelPrint, Submission, SubmissionLine
from lims.casework.selectors.access import case_scope
from lims.casework.selectors.cases import item_case
from lims.common.checks import text_clean
from lims.common.errors import NotAllowed, RuleViolation


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedLabel:
    """What a label shows: everything the renderer needs, frozen at the print."""

    code: str
    reference: str
    description: str
    copy: int
    synthetic: bool
    external: tuple[str, ...] = ()


def codes_new(count: int) -> list[str]:
    """Unused scan codes. 35 random bits: a clash is rare, and the unique column catches it for the next draw."""
    codes: set[str] = set()
    while len(codes) < count:
        fresh = {scan_code_new(secrets.token_bytes(5)) for _unused in range(count - len(codes))}
        codes |= fresh - set(Label.objects.filter(code__in=fresh).values_list("code", flat=True))
    return sorted(codes)


def labels_issue(*, items: Sequence[tuple[Item, str]]) -> list[Label]:
    """Live labels for new items under codes already drawn; called by the service that makes the items."""
    return Label.objects.bulk_create([Label(code=code, item=item) for item, code in items])


def label_issue_party(*, party: Party) -> Label:
    """The live label of a place or of a person's badge; the same again when there is one."""
    found = Label.objects.filter(party=party, state=LabelState.LIVE).first()
    return found or Label.objects.create(code=codes_new(1)[0], party=party)


def labels_reserve(*, lines: Sequence[SubmissionLine]) -> list[Label]:
    """Reserve a code for each announced bag: its label can be printed before the seizure arrives."""
    codes = codes_new(len(lines))
    return Label.objects.bulk_create(
        [
            Label(code=code, state=LabelState.RESERVED, submission_line=line)
            for line, code in zip(lines, codes, strict=True)
        ]
    )


def label_replace(*, actor: Actor, item: Item, reason: str) -> Label:
    """Void the item's code and issue another, because the label was lost, copied or damaged.

    Raises:
        NotAllowed: without `label.print` in the item's case.
    """
    _print_allowed(actor, [item])
    reason = text_clean(reason, field="reason", required=True, limit=200)
    with transaction.atomic():
        locked = Item.objects.select_for_update(no_key=True, of=("self",)).get(pk=item.pk)
        old = Label.objects.filter(item=locked, state=LabelState.LIVE).first()
        if old is not None:
            old.state, old.voided_at = LabelState.VOID, timezone.now()
            old.save(update_fields=["state", "voided_at"])
        label = Label.objects.create(code=codes_new(1)[0], item=locked)
        locked.scan_code = label.code
        locked.save(update_fields=["scan_code"])
        values: dict[str, Json] = {"code": label.code, "voids": old.code if old else None}
        act_append(actor=actor, drafts=[_draft(locked.uuid, "voided", values)], reason=reason)
    return label


def labels_print(
    *, actor: Actor, items: Sequence[Item], size: str, medium: str, reason: str = ""
) -> list[PrintedLabel]:
    """Record a print of each item's label and return what to draw. Every copy is numbered; a reprint needs a reason.

    Raises:
        NotAllowed: without `label.print` in the case of every item.
        RuleViolation: a reprint without reason.
    """
    cases = _print_allowed(actor, items)
    with transaction.atomic():
        pks = sorted(item.pk for item in items)
        list(Item.objects.filter(pk__in=pks).order_by("pk").select_for_update(no_key=True, of=("self",)))
        external = _external(pks)
        labels = {label.item_id: label for label in Label.objects.filter(item_id__in=pks, state=LabelState.LIVE)}
        copies = _copies(list(labels.values()))
        reason = text_clean(reason, field="reason", required=any(copies.values()), limit=200)
        now = timezone.now()
        prints, drafts, shown = [], [], []
        for item in items:
            label = labels[item.pk]
            copy = copies.get(label.pk, 0) + 1
            prints.append(
                LabelPrint(
                    label=label,
                    copy=copy,
                    size=size,
                    medium=medium,
                    printed_by_id=actor.party_id,
                    printed_at=now,
                    reason=reason,
                )
            )
            drafts.append(
                _draft(item.uuid, "printed", {"code": label.code, "copy": copy, "size": size, "medium": medium})
            )
            shown.append(_shown(item, cases[item.pk], label.code, copy, external.get(item.pk, ())))
        LabelPrint.objects.bulk_create(prints)
        act_append(actor=actor, drafts=drafts, reason=reason)
    return shown


def labels_print_announced(
    *, actor: Actor, submission: Submission, size: str, medium: str, reason: str = ""
) -> list[PrintedLabel]:
    """Record a print of the labels of announced bags, before the seizure arrives; as `labels_print` otherwise.

    Raises:
        NotAllowed: without `label.print` for the submitting agency.
        RuleViolation: nothing is waiting any more, or a reprint without reason.
    """
    require(actor, "label.print", Scope(agency=submission.agency.uuid))
    with transaction.atomic():
        lines = SubmissionLine.objects.filter(submission=submission).order_by("number")
        labels = list(
            Label.objects.filter(submission_line__in=lines, state=LabelState.RESERVED)
            .select_related("submission_line")
            .order_by("submission_line__number")
            .select_for_update(no_key=True, of=("self",))
        )
        if not labels:
            raise RuleViolation(_("No bag of this form waits for its label."), code="nothing-waits")
        copies = _copies(labels)
        reason = text_clean(reason, field="reason", required=any(copies.values()), limit=200)
        now = timezone.now()
        rows = [
            LabelPrint(
                label=label,
                copy=copies.get(label.pk, 0) + 1,
                size=size,
                medium=medium,
                printed_by_id=actor.party_id,
                printed_at=now,
                reason=reason,
            )
            for label in labels
        ]
        LabelPrint.objects.bulk_create(rows)
        printed: list[Json] = [{"code": row.label.code, "copy": row.copy} for row in rows]
        stream = StreamKey(kind="submission", id=submission.uuid)
        values: dict[str, Json] = {"printed": printed, "size": size, "medium": medium}
        act_append(
            actor=actor,
            drafts=[EntryDraft(stream=stream, schema=LABEL, verb="printed", values=values)],
            reason=reason,
        )
    return [_announced(row, submission) for row in rows]


def _announced(row: LabelPrint, submission: Submission) -> PrintedLabel:
    line = row.label.submission_line
    return PrintedLabel(
        code=row.label.code,
        reference=f"{submission.reference}/{line.number if line else 0}",
        description=line.description[:60] if line else "",
        copy=row.copy,
        synthetic=settings.SPOOR_MODE == "demo",
    )


def badge_issue(*, actor: Actor, party: Party) -> Label:
    """The scan code of a person's badge or of a place; the same again where there is one.

    Raises:
        NotAllowed: without `label.print`.
    """
    require(actor, "label.print")
    with transaction.atomic():
        found = Label.objects.filter(party=party, state=LabelState.LIVE).first()
        if found is not None:
            return found
        label = label_issue_party(party=party)
        stream = StreamKey(kind="party", id=party.uuid)
        values: dict[str, Json] = {"code": label.code}
        act_append(actor=actor, drafts=[EntryDraft(stream=stream, schema=LABEL, verb="issued", values=values)])
    return label


def _copies(labels: Sequence[Label]) -> dict[int, int]:
    rows = LabelPrint.objects.filter(label__in=labels).values("label_id").annotate(last=Max("copy"))
    return {row["label_id"]: row["last"] for row in rows}


def _print_allowed(actor: Actor, items: Sequence[Item]) -> dict[int, Case | None]:
    cases: dict[int, Case | None] = {}
    for item in items:
        case = item_case(item)
        cases[item.pk] = case
        if case is not None:
            require(actor, "label.print", case_scope(case))
        elif not actor.in_laboratory:
            raise NotAllowed(_("Only laboratory staff print labels of the laboratory's own containers."))
    if not cases:
        raise RuleViolation(_("Choose at least one item."), code="required", field="items")
    return cases


def _external(pks: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The first two of other people's numbers for each item, in one statement."""
    numbers: dict[int, tuple[str, ...]] = {}
    for pk, value in ExternalReference.objects.filter(item_id__in=pks).order_by("id").values_list("item_id", "value"):
        if pk is not None:
            numbers[pk] = (*numbers.get(pk, ()), value)[:2]
    return numbers


def _shown(item: Item, case: Case | None, code: str, copy: int, external: tuple[str, ...]) -> PrintedLabel:
    exhibit, sample = getattr(item, "exhibit", None), getattr(item, "sample", None)
    text = exhibit.description if exhibit else f"{sample.get_kind_display()} {sample.description}" if sample else ""
    return PrintedLabel(
        code=code,
        reference=item.reference,
        description=text.strip()[:60],
        copy=copy,
        synthetic=bool(case and case.synthetic),
        external=external,
    )


def _draft(item: UUID, verb: str, values: dict[str, Json]) -> EntryDraft:
    return EntryDraft(stream=StreamKey(kind="item", id=item), schema=LABEL, verb=verb, values=values)
