"""Exhibits: registration one by one or as a lot, components, corrections, live animals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import uuid4

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.models import Item, Party
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from lims.accounts.actors import Actor, require
from lims.casework.codelists import code_check, list_versions
from lims.casework.enums import ExhibitKind, LiveEventKind
from lims.casework.ledger import EXHIBIT
from lims.casework.models import Case, Exhibit, ExhibitComponent, Intake, LiveEvent, Seizure
from lims.casework.rules import plain
from lims.casework.selectors.access import case_scope
from lims.casework.services.belonging import case_pk_check, item_of_case_check
from lims.casework.services.cases import case_lock, case_open_required, part_reference
from lims.casework.services.differences import exhibit_differences
from lims.casework.services.items import Amount, ItemSpec, items_make
from lims.common.checks import not_in_future, text_clean
from lims.common.errors import BadInput, ManyErrors, RuleViolation, StaleVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitFacts:
    """What is recorded of one exhibit."""

    kind: str
    description: str
    declared_taxon: str = ""
    term: str = ""
    purpose: str = ""
    source: str = ""
    amount: Amount | None = None
    pieces_stated: int | None = None
    pieces_found: int | None = None
    mark: str = ""
    condition: str = ""
    hazards: str = ""
    seal_number: str = ""
    code: str = ""


def exhibits_register(
    *,
    actor: Actor,
    case: Case,
    facts: Sequence[ExhibitFacts],
    held_by: Party,
    seizure: Seizure | None = None,
    container: Item | None = None,
    intake: Intake | None = None,
    happened_at: datetime | None = None,
) -> list[Exhibit]:
    """Register exhibits in one act: items, labels, amounts and entries, in few statements however many they are.

    Where the pieces found are not those stated, a custody discrepancy is opened.

    Raises:
        NotAllowed: without `item.register`.
        BadInput: unknown codes, negative amounts, no description (`row` names the exhibit); a seizure or container of
            another case.
        RuleViolation: the case is closed.
    """
    require(actor, "item.register", case_scope(case))
    if not facts:
        raise BadInput(_("Describe at least one exhibit."), code="required", field="exhibits")
    checked = _all_checked(facts)
    case_pk_check(seizure.case_id if seizure else None, case, field="seizure")
    item_of_case_check(container, case, field="container", own_boxes=True)
    with transaction.atomic():
        locked = case_lock(case)
        case_open_required(locked)
        first = (Exhibit.objects.filter(case=locked).aggregate(last=Max("number"))["last"] or 0) + 1
        specs = [_spec(one, part_reference(locked, f"E{first + n:02d}")) for n, one in enumerate(checked)]
        items = items_make(actor=actor, specs=specs, held_by=held_by, container=container, happened_at=happened_at)
        exhibits = Exhibit.objects.bulk_create(
            [
                _row(one, item, locked, seizure, first + n)
                for n, (one, item) in enumerate(zip(checked, items, strict=True))
            ]
        )
        act_append(
            actor=actor,
            drafts=[_registered(row, one) for row, one in zip(exhibits, checked, strict=True)],
            happened_at=happened_at,
        )
        exhibit_differences(actor, locked, exhibits, intake)
    return exhibits


def component_add(
    *,
    actor: Actor,
    exhibit: Exhibit,
    description: str,
    declared_taxon: str = "",
    term: str = "",
    pieces: int | None = None,
) -> ExhibitComponent:
    """Name one taxon or kind of thing inside a mixed exhibit.

    Raises:
        NotAllowed: without `item.register`.
        RuleViolation: the exhibit is not a mixed bag or a lot.
    """
    case = Case.objects.select_related("agency").get(pk=exhibit.case_id)
    require(actor, "item.register", case_scope(case))
    if exhibit.kind not in {ExhibitKind.MIXED, ExhibitKind.LOT}:
        raise RuleViolation(_("Only mixed bags and lots have components."), code="not-mixed", field="exhibit")
    description = text_clean(description, field="description", required=True, limit=300)
    term = code_check("term", term, field="term")
    with transaction.atomic():
        case_lock(case)
        row = Exhibit.objects.select_for_update(no_key=True, of=("self",)).select_related("item").get(pk=exhibit.pk)
        label = _letters(row.components.count())
        component = ExhibitComponent.objects.create(
            uuid=uuid4(),
            exhibit=row,
            label=label,
            description=description,
            declared_taxon=declared_taxon.strip(),
            term=term,
            pieces=pieces,
        )
        values: dict[str, Json] = {
            "component": str(component.uuid),
            "label": label,
            "term": term,
            "pieces": pieces,
            "declared_taxon": component.declared_taxon,
        }
        act_append(actor=actor, drafts=[exhibit_draft(row, "component_added", values, {"description": description})])
    return component


def exhibit_correct(
    *,
    actor: Actor,
    exhibit: Exhibit,
    version: int,
    reason: str,
    description: str | None = None,
    declared_taxon: str | None = None,
    condition: str | None = None,
    pieces_found: int | None = None,
) -> Exhibit:
    """Correct what was recorded; the earlier entry stays and the new one names both values.

    A corrected count that is not the one stated opens a custody discrepancy.

    Raises:
        NotAllowed: without `item.register`.
        BadInput: a negative number of pieces, or a text that is too long.
        StaleVersion: somebody else changed it since.
    """
    case = Case.objects.select_related("agency").get(pk=exhibit.case_id)
    require(actor, "item.register", case_scope(case))
    reason = text_clean(reason, field="reason", required=True)
    given: dict[str, object] = {
        name: None if text is None else text_clean(text, field=name, required=name == "description", limit=limit)
        for name, text, limit in (
            ("description", description, 300),
            ("declared_taxon", declared_taxon, 120),
            ("condition", condition, 300),
        )
    }
    _pieces_check("pieces_found", pieces_found)
    given["pieces_found"] = pieces_found
    with transaction.atomic():
        case_lock(case)
        row = Exhibit.objects.select_for_update(no_key=True, of=("self",)).select_related("item").get(pk=exhibit.pk)
        if row.version != version:
            raise StaleVersion(
                _("Somebody else changed %(reference)s meanwhile. Look at the change, then save again.")
                % {"reference": row.item.reference},
                field="version",
                found=version,
            )
        changed: dict[str, Json] = {
            name: {"old": str(getattr(row, name) or ""), "new": str(value)}
            for name, value in given.items()
            if value is not None and value != getattr(row, name)
        }
        for name in changed:
            setattr(row, name, given[name])
        row.version += 1
        row.save()
        act_append(actor=actor, drafts=[exhibit_draft(row, "corrected", {}, {"changed": changed})], reason=reason)
        if "pieces_found" in changed:
            exhibit_differences(actor, case, [row])
    return row


def live_event_record(
    *,
    actor: Actor,
    exhibit: Exhibit,
    kind: str,
    count: int = 1,
    mark: str = "",
    note: str = "",
    happened_at: datetime | None = None,
) -> LiveEvent:
    """Record what happened to live animals in custody. Deaths, births, escapes and releases change their number.

    Raises:
        NotAllowed: without `custody.act`.
        RuleViolation: not live animals, more of them than there are, or a release under a legal hold.
    """
    case = Case.objects.select_related("agency").get(pk=exhibit.case_id)
    require(actor, "custody.act", case_scope(case))
    if kind not in LiveEventKind.values:
        raise BadInput(_("Choose what happened."), code="unknown-kind", field="kind", found=kind)
    when = not_in_future(happened_at or timezone.now(), field="happened_at")
    with transaction.atomic():
        if case_lock(case).legal_hold and kind == LiveEventKind.RELEASED:
            raise RuleViolation(
                _("%(reference)s is under legal hold: nothing is returned or disposed of until it is lifted.")
                % {"reference": case.reference},
                code="legal-hold",
            )
        row = Exhibit.objects.select_for_update(no_key=True, of=("self",)).select_related("item").get(pk=exhibit.pk)
        row.live_count = _live_after(row, kind, count)
        row.version += 1
        row.save(update_fields=["live_count", "version"])
        values: dict[str, Json] = {"kind": kind, "count": count, "alive": row.live_count}
        committed: dict[str, Json] = {"note": note, "mark": mark}
        act = act_append(actor=actor, drafts=[exhibit_draft(row, "live_event", values, committed)], happened_at=when)
        return LiveEvent.objects.create(
            exhibit=row,
            kind=kind,
            count=count,
            mark=text_clean(mark, field="mark", limit=80),
            note=text_clean(note, field="note"),
            happened_at=when,
            recorded_by_id=actor.party_id,
            act=act.id,
        )


def _live_after(row: Exhibit, kind: str, count: int) -> int:
    if row.kind != ExhibitKind.LIVE_ANIMAL:
        raise RuleViolation(_("%(item)s is not a live animal.") % {"item": row.item.reference}, code="not-live")
    if count < 1:
        raise BadInput(_("Give a number from 1 upwards."), code="too-small", field="count", found=count)
    alive = row.live_count or 0
    if kind == LiveEventKind.BORN:
        return alive + count
    if kind in {LiveEventKind.DIED, LiveEventKind.ESCAPED, LiveEventKind.RELEASED}:
        if count > alive:
            raise RuleViolation(
                _("%(count)s are more than the %(alive)s alive.") % {"count": count, "alive": alive},
                code="not-enough",
                field="count",
                found=count,
            )
        return alive - count
    return alive


def exhibit_draft(
    exhibit: Exhibit, verb: str, values: dict[str, Json], committed: dict[str, Json] | None = None
) -> EntryDraft:
    """An entry about the exhibit in its item's stream."""
    stream = StreamKey(kind="item", id=exhibit.item.uuid)
    kept = {name: value for name, value in (committed or {}).items() if value}
    return EntryDraft(stream=stream, schema=EXHIBIT, verb=verb, values=values, committed=kept)


def _all_checked(facts: Sequence[ExhibitFacts]) -> list[ExhibitFacts]:
    """All rows, or every row's error at once."""
    checked, errors = [], []
    for row, one in enumerate(facts):
        try:
            checked.append(_checked(one, row))
        except BadInput as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise ManyErrors([*errors])
    return checked


def _letters(number: int) -> str:
    """A, B … Z, AA, AB …: the label of a component, counted from 0."""
    rest, letters = number + 1, ""
    while rest:
        rest, place = divmod(rest - 1, 26)
        letters = chr(ord("A") + place) + letters
    return letters


def _pieces_check(name: str, value: int | None) -> None:
    if value is not None and not 0 <= value <= 10_000_000:
        raise BadInput(_("Give a number of pieces from 0 upwards."), code="out-of-range", field=name, found=value)


def _checked(facts: ExhibitFacts, row: int) -> ExhibitFacts:
    try:
        if facts.kind not in ExhibitKind.values:
            raise BadInput(
                _("Choose what kind of exhibit this is."), code="unknown-kind", field="kind", found=facts.kind
            )
        text_clean(facts.description, field="description", required=True, limit=300)
        code_check("term", facts.term, field="term")
        code_check("purpose", facts.purpose, field="purpose")
        code_check("source", facts.source, field="source")
        for name in ("pieces_stated", "pieces_found"):
            _pieces_check(name, getattr(facts, name))
        if facts.amount is not None:
            facts.amount.check()
    except BadInput as error:
        error.row = row
        raise
    return facts


def _spec(facts: ExhibitFacts, reference: str) -> ItemSpec:
    return ItemSpec(
        kind="exhibit",
        reference=reference,
        code=facts.code,
        amount=facts.amount,
        seal_number=facts.seal_number,
        condition=facts.condition,
    )


def _row(facts: ExhibitFacts, item: Item, case: Case, seizure: Seizure | None, number: int) -> Exhibit:
    live = facts.kind == ExhibitKind.LIVE_ANIMAL
    return Exhibit(
        item=item,
        case=case,
        seizure=seizure,
        number=number,
        kind=facts.kind,
        description=facts.description.strip(),
        declared_taxon=facts.declared_taxon.strip(),
        term=facts.term,
        purpose=facts.purpose,
        source=facts.source,
        code_lists=list_versions("term", "purpose", "source"),
        pieces_stated=facts.pieces_stated,
        pieces_found=facts.pieces_found,
        mark=facts.mark,
        condition=facts.condition,
        hazards=facts.hazards,
        live_count=(facts.pieces_found if facts.pieces_found is not None else facts.pieces_stated or 1)
        if live
        else None,
    )


def _registered(row: Exhibit, facts: ExhibitFacts) -> EntryDraft:
    amount = facts.amount
    values: dict[str, Json] = {
        "case": str(row.case.uuid),
        "number": row.number,
        "kind": row.kind,
        "term": row.term,
        "purpose": row.purpose,
        "source": row.source,
        "declared_taxon": row.declared_taxon,
        "code_lists": dict(row.code_lists),
        "pieces_stated": row.pieces_stated,
        "pieces_found": row.pieces_found,
        "amount": plain(Decimal(amount.value)) if amount else None,
        "unit": amount.unit if amount else None,
        "seizure": str(row.seizure.uuid) if row.seizure else None,
    }
    return exhibit_draft(
        row, "registered", values, {"description": row.description, "mark": row.mark, "hazards": row.hazards}
    )
