"""Two-stage intake: closed containers tonight, items later. Stated stands against found; differences are recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.enums import SealState
from chain_of_custody.models import Item, Party, StoredFile
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from lims.accounts.actors import Actor, require
from lims.casework.enums import ContainerKind, IntakeState, SubmissionState
from lims.casework.ledger import CONTAINER, INTAKE
from lims.casework.models import (
    Case,
    Container,
    Exhibit,
    Intake,
    IntakeContainer,
    Photograph,
    Seizure,
    Submission,
)
from lims.casework.selectors.access import case_scope
from lims.casework.services.belonging import case_pk_check, file_of_case_check, item_of_case_check
from lims.casework.services.cases import case_lock, case_open_required, part_reference
from lims.casework.services.differences import ContainerFacts, container_differences, kilograms
from lims.casework.services.exhibits import ExhibitFacts, exhibits_register
from lims.casework.services.items import ItemSpec, items_make
from lims.casework.services.numbering import number_next
from lims.casework.services.pictures import picture_check
from lims.common.checks import not_in_future, text_clean
from lims.common.errors import BadInput, RuleViolation

__all__ = [
    "ContainerFacts",
    "Delivery",
    "intake_complete",
    "intake_itemise",
    "intake_receive",
    "photograph_attach",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What the driver and the papers say."""

    delivered_by: Party
    containers_stated: int
    waybill: str = ""
    temperature: str = ""
    note: str = ""
    received_at: datetime | None = None


def intake_receive(
    *,
    actor: Actor,
    case: Case,
    delivery: Delivery,
    containers: Sequence[ContainerFacts],
    submission: Submission | None = None,
) -> Intake:
    """Receive closed containers: count, seals and weights as stated and as found. Custody passes to the actor.

    Every difference opens a custody discrepancy that a second person countersigns; the intake goes on.

    Raises:
        NotAllowed: without `intake.receive`.
        BadInput: no containers, a negative weight, a time in the future, an unknown seal state.
        RuleViolation: the submission form was withdrawn, or its seizure arrived for another case.
    """
    require(actor, "intake.receive", case_scope(case))
    for row, one in enumerate(containers):
        _container_check(one, row)
    if not containers:
        raise BadInput(_("Describe at least one container, as found."), code="required", field="containers")
    when = not_in_future(delivery.received_at or timezone.now(), field="received_at")
    with transaction.atomic():
        locked = case_lock(case)
        case_open_required(locked)
        _submission_take(submission, locked)
        intake = _intake_create(actor, locked, delivery, len(containers), when, submission)
        holder = Party.objects.get(pk=actor.party_id)
        specs = [
            ItemSpec(
                kind="container",
                reference=part_reference(locked, f"B{number_next(f'bag-{locked.pk}'):02d}"),
                code=one.code,
                seal_number=one.seal_found,
                seal_state=one.seal_state,
                condition=one.condition,
            )
            for one in containers
        ]
        items = items_make(
            actor=actor,
            specs=specs,
            held_by=holder,
            received_from=delivery.delivered_by,
            happened_at=delivery.received_at,
        )
        _rows_create(intake, locked, items, containers)
        act_append(actor=actor, drafts=_received_drafts(intake, items, containers), happened_at=delivery.received_at)
        container_differences(actor, intake, items, containers)
    return intake


def intake_itemise(
    *,
    actor: Actor,
    intake: Intake,
    container: Item,
    exhibits: Sequence[ExhibitFacts],
    seizure: Seizure | None = None,
    happened_at: datetime | None = None,
) -> list[Exhibit]:
    """Itemise one opened container: its exhibits, each in the actor's custody and inside that container.

    Raises:
        NotAllowed: without `item.register`.
        RuleViolation: the intake is complete, or the container is still sealed.
    """
    case = Case.objects.select_related("agency").get(pk=intake.case_id)
    require(actor, "item.register", case_scope(case))
    with transaction.atomic():
        case_lock(case)
        row = Intake.objects.select_for_update(no_key=True, of=("self",)).get(pk=intake.pk)
        if row.state == IntakeState.COMPLETE:
            raise RuleViolation(_("%(intake)s is complete.") % {"intake": row.reference}, code="intake-complete")
        box = Item.objects.select_related("sealed_by", "custodian").get(pk=container.pk)
        _of_intake(row, box)
        if box.sealed_by_id:
            raise RuleViolation(
                _("%(item)s is under seal %(seal)s. Open the seal first.")
                % {"item": box.reference, "seal": box.sealed_by.number if box.sealed_by else ""},
                code="item-sealed",
                field="container",
            )
        made = exhibits_register(
            actor=actor,
            case=case,
            facts=exhibits,
            held_by=box.custodian,
            seizure=seizure,
            container=box,
            intake=row,
            happened_at=happened_at,
        )
        row.state = IntakeState.ITEMISING
        row.version += 1
        row.save(update_fields=["state", "version"])
        registered: list[Json] = [str(one.item.uuid) for one in made]
        values: dict[str, Json] = {"container": str(box.uuid), "exhibits": registered}
        act_append(actor=actor, drafts=[_draft(row, "itemised", values)])
    return made


def intake_complete(*, actor: Actor, intake: Intake) -> Intake:
    """Declare the itemising finished. Open discrepancies may remain: they go on by themselves.

    Raises:
        NotAllowed: without `item.register`.
        RuleViolation: complete already, or a difference that no second person has countersigned.
    """
    case = Case.objects.select_related("agency").get(pk=intake.case_id)
    require(actor, "item.register", case_scope(case))
    with transaction.atomic():
        case_lock(case)
        row = Intake.objects.select_for_update(no_key=True, of=("self",)).get(pk=intake.pk)
        if row.state == IntakeState.COMPLETE:
            raise RuleViolation(_("This intake is complete already."), code="already")
        waiting = row.discrepancies.filter(countersigned_by__isnull=True).count()
        if waiting:
            raise RuleViolation(
                _("%(count)s differences wait for a second person's signature. Ask a colleague to countersign them.")
                % {"count": waiting},
                code="countersign-first",
                field="discrepancies",
                found=waiting,
            )
        row.state = IntakeState.COMPLETE
        row.version += 1
        row.save(update_fields=["state", "version"])
        act_append(actor=actor, drafts=[_draft(row, "completed", {})])
    return row


def photograph_attach(
    *,
    actor: Actor,
    case: Case,
    file: StoredFile,
    intake: Intake | None = None,
    item: Item | None = None,
    caption: str = "",
) -> Photograph:
    """Attach a stored photograph to an intake or an item.

    Raises:
        NotAllowed: without `file.upload`.
        BadInput: an intake, an item or a file of another case, or a file that is no picture.
    """
    require(actor, "file.upload", case_scope(case))
    case_pk_check(intake.case_id if intake else None, case, field="intake")
    item_of_case_check(item, case, field="item")
    file_of_case_check(file, case)
    picture_check(file)
    with transaction.atomic():
        row = Photograph.objects.create(
            intake=intake, item=item, file=file, caption=text_clean(caption, field="caption", limit=200)
        )
        if intake is not None:
            act_append(
                actor=actor,
                drafts=[_draft(intake, "photographed", {"file": str(file.uuid), "sha256": file.digest})],
            )
    return row


def _submission_take(submission: Submission | None, case: Case) -> None:
    """Say that the announced seizure is here. It may arrive in several deliveries, all for one case."""
    if submission is None:
        return
    row = Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
    if row.state == SubmissionState.WITHDRAWN or row.case_id not in {None, case.pk}:
        raise RuleViolation(
            _("%(ref)s was withdrawn, or belongs to another case. Receive the delivery without it.")
            % {"ref": row.reference},
            code="wrong-submission",
            field="submission",
            found=row.reference,
        )
    row.state, row.case = SubmissionState.RECEIVED, case
    row.save(update_fields=["state", "case"])


def _of_intake(intake: Intake, box: Item) -> None:
    if not intake.containers.filter(item=box).exists():
        raise BadInput(
            _("%(item)s did not come with %(intake)s.") % {"item": box.reference, "intake": intake.reference},
            code="other-intake",
            field="container",
            found=box.reference,
        )


def _container_check(facts: ContainerFacts, row: int) -> None:
    try:
        text_clean(facts.description, field="description", required=True, limit=300)
        if facts.kind not in ContainerKind.values:
            raise BadInput(
                _("Choose what kind of container this is."),
                code="unknown-kind",
                field="kind",
                found=facts.kind,
            )
        if facts.seal_state not in SealState.values:
            raise BadInput(
                _("Choose how the seal was found."),
                code="unknown-seal-state",
                field="seal_state",
                found=facts.seal_state,
            )
        for name in ("weight_stated_kg", "weight_found_kg"):
            value = getattr(facts, name)
            if value is not None and value < 0:
                raise BadInput(
                    _("A weight is 0 kg or more, not %(found)s.") % {"found": value},
                    code="negative-amount",
                    field=name,
                    found=str(value),
                )
    except BadInput as error:
        error.row = row
        raise


def _intake_create(
    actor: Actor, case: Case, delivery: Delivery, found: int, when: datetime, submission: Submission | None
) -> Intake:
    if delivery.containers_stated < 0:
        raise BadInput(
            _("Give the number of containers as stated in the papers."),
            field="containers_stated",
            found=delivery.containers_stated,
        )
    number = number_next(f"intake-{when.year}")
    return Intake.objects.create(
        uuid=uuid4(),
        reference=f"IN-{when.year}-{number:05d}",
        case=case,
        submission=submission,
        delivered_by=delivery.delivered_by,
        received_by_id=actor.party_id,
        received_at=when,
        waybill=text_clean(delivery.waybill, field="waybill", limit=80),
        temperature=text_clean(delivery.temperature, field="temperature", limit=40),
        note=text_clean(delivery.note, field="note"),
        containers_stated=delivery.containers_stated,
        containers_found=found,
    )


def _rows_create(intake: Intake, case: Case, items: Sequence[Item], facts: Sequence[ContainerFacts]) -> None:
    Container.objects.bulk_create(
        [
            Container(item=item, case=case, kind=one.kind, description=one.description.strip())
            for item, one in zip(items, facts, strict=True)
        ]
    )
    IntakeContainer.objects.bulk_create(
        [
            IntakeContainer(
                intake=intake,
                item=item,
                seal_stated=one.seal_stated.strip(),
                seal_found=one.seal_found.strip(),
                seal_state=one.seal_state,
                weight_stated_kg=one.weight_stated_kg,
                weight_found_kg=one.weight_found_kg,
                pieces_stated=one.pieces_stated,
                condition=one.condition.strip(),
            )
            for item, one in zip(items, facts, strict=True)
        ]
    )


def _received_drafts(intake: Intake, items: Sequence[Item], facts: Sequence[ContainerFacts]) -> list[EntryDraft]:
    names: list[Json] = [str(item.uuid) for item in items[:400]]
    values: dict[str, Json] = {
        "reference": intake.reference,
        "case": str(intake.case.uuid),
        "delivered_by": str(intake.delivered_by.uuid),
        "containers_stated": intake.containers_stated,
        "containers_found": intake.containers_found,
        "containers": names,
        "waybill": intake.waybill,
    }
    drafts = [_draft(intake, "received", values)]
    for item, one in zip(items, facts, strict=True):
        about: dict[str, Json] = {
            "kind": one.kind,
            "intake": str(intake.uuid),
            "seal_stated": one.seal_stated,
            "seal_found": one.seal_found,
            "seal_state": one.seal_state,
            "weight_stated_kg": kilograms(one.weight_stated_kg),
            "weight_found_kg": kilograms(one.weight_found_kg),
            "pieces_stated": one.pieces_stated,
        }
        stream = StreamKey(kind="item", id=item.uuid)
        drafts.append(
            EntryDraft(
                stream=stream,
                schema=CONTAINER,
                verb="registered",
                values=about,
                committed={"description": one.description},
            )
        )
    return drafts


def _draft(intake: Intake, verb: str, values: dict[str, Json]) -> EntryDraft:
    stream = StreamKey(kind="intake", id=intake.uuid)
    return EntryDraft(stream=stream, schema=INTAKE, verb=verb, values=values)
