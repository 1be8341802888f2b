"""One case at a time: nothing an act names beside its case may belong to another; nothing ends around its case."""

import io
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from chain_of_custody.errors import BadTime, LedgerError
from chain_of_custody.models import Item, Seal, StoredFile
from chain_of_custody.selectors import item_history
from chain_of_custody.services import claimed_times
from lims.accounts.roles import Role
from lims.casework.models import Case, Discrepancy, Submission
from lims.casework.services.cases import case_hold, external_reference_add
from lims.casework.services.custody import item_dispose, item_return, items_move, seal_open
from lims.casework.services.discrepancies import discrepancy_record
from lims.casework.services.exhibits import (
    ExhibitFacts,
    component_add,
    exhibit_correct,
    exhibits_register,
    live_event_record,
)
from lims.casework.services.files import case_file_store
from lims.casework.services.intake import (
    ContainerFacts,
    Delivery,
    intake_itemise,
    intake_receive,
    photograph_attach,
)
from lims.casework.services.items import Amount
from lims.casework.services.places import container_create
from lims.casework.services.samples import Taking, item_reweigh, item_use, sample_take
from lims.casework.services.submissions import LineFacts, submission_create, submission_withdraw
from lims.common.errors import BadInput, NotAllowed, RuleViolation
from tests.lims import builders
from tests.lims.builders import Laboratory

pytestmark = pytest.mark.django_db


@pytest.fixture
def other(lab: Laboratory) -> Case:
    return builders.case(lab.custodian)


def _item(lab: Laboratory, case: Case) -> Item:
    return builders.fresh(builders.exhibits(lab.custodian, case)[0].item)


def _box(lab: Laboratory, *inside: Item) -> Item:
    box = container_create(
        actor=lab.custodian, kind="box", description="Freezer box", held_by=builders.party(lab.custodian)
    ).item
    items_move(actor=lab.custodian, items=list(inside), container=box)
    return builders.fresh(box)


def _file(lab: Laboratory, case: Case) -> StoredFile:
    return case_file_store(
        actor=lab.custodian,
        case=case,
        source=io.BytesIO(b"picture"),
        name="p.jpg",
        media_type="image/jpeg",
        role="photograph",
    )


def _received(lab: Laboratory, case: Case, submission: Submission | None = None, **facts: str) -> list[Item]:
    delivery = Delivery(delivered_by=builders.driver(), containers_stated=1)
    container = ContainerFacts(description="crate", **facts)
    intake = intake_receive(
        actor=lab.custodian, case=case, delivery=delivery, containers=[container], submission=submission
    )
    return [row.item for row in intake.containers.all()]


def test_a_box_is_not_a_way_around_a_legal_hold(lab: Laboratory, case: Case) -> None:
    box = _box(lab, _item(lab, case))
    case_hold(actor=lab.custodian, case=case, hold=True, reason="Court order 7/26")
    with pytest.raises(RuleViolation, match="legal hold"):
        item_dispose(
            actor=lab.custodian, item=box, method="incineration", authority="Order", witness_name="A second person"
        )
    with pytest.raises(RuleViolation, match="legal hold"):
        item_return(actor=lab.custodian, item=box, to=builders.driver("Owner"), authority="Order", receipt="R1")


def test_ending_a_box_of_the_laboratory_needs_the_capability(lab: Laboratory, case: Case) -> None:
    box = container_create(
        actor=lab.technician, kind="box", description="Empty box", held_by=builders.party(lab.technician)
    ).item
    with pytest.raises(NotAllowed, match=r"item\.dispose"):
        item_dispose(
            actor=lab.technician, item=builders.fresh(box), method="incineration", authority="Own", witness_name="B"
        )


def test_released_animals_are_not_a_way_around_a_legal_hold(lab: Laboratory, case: Case) -> None:
    facts = ExhibitFacts(kind="live_animal", description="Parrots", pieces_stated=40, pieces_found=40)
    birds = exhibits_register(actor=lab.custodian, case=case, facts=[facts], held_by=builders.party(lab.custodian))[0]
    case_hold(actor=lab.custodian, case=case, hold=True, reason="Court order 7/26")
    assert live_event_record(actor=lab.custodian, exhibit=birds, kind="died", count=2).count == 2
    with pytest.raises(RuleViolation, match="legal hold"):
        live_event_record(actor=lab.custodian, exhibit=birds, kind="released", count=1)


def test_a_seizure_or_container_of_another_case_holds_no_exhibit(lab: Laboratory, case: Case, other: Case) -> None:
    facts = [ExhibitFacts(kind="specimen", description="Tusk")]
    me = builders.party(lab.custodian)
    seizure = builders.seizure(lab.custodian, other)
    with pytest.raises(BadInput) as refused:
        exhibits_register(actor=lab.custodian, case=case, facts=facts, held_by=me, seizure=seizure)
    assert (refused.value.code, refused.value.field) == ("other-case", "seizure")
    crate = builders.fresh(_received(lab, other)[0])
    with pytest.raises(BadInput) as refused:
        exhibits_register(actor=lab.custodian, case=case, facts=facts, held_by=me, container=crate)
    assert (refused.value.code, refused.value.field) == ("other-case", "container")


def test_only_what_came_with_an_intake_is_itemised_in_it(lab: Laboratory, case: Case) -> None:
    first, second = _received(lab, case)[0], _received(lab, case)[0]
    intake = case.intakes.get(containers__item=first)
    with pytest.raises(BadInput, match="did not come with"):
        intake_itemise(
            actor=lab.custodian,
            intake=intake,
            container=builders.fresh(second),
            exhibits=[ExhibitFacts(kind="specimen", description="Tusk")],
        )


def test_numbers_differences_and_photographs_stay_in_their_case(lab: Laboratory, case: Case, other: Case) -> None:
    strange = _item(lab, other)
    with pytest.raises(BadInput, match="is not an item of"):
        external_reference_add(actor=lab.custodian, case=case, scheme="police", value="CR/1", item=strange)
    with pytest.raises(BadInput, match="is not an item of"):
        discrepancy_record(actor=lab.custodian, case=case, kind="other", stated="a", found="b", item=strange)
    with pytest.raises(BadInput, match="is not an item of"):
        photograph_attach(actor=lab.custodian, case=case, file=_file(lab, case), item=strange)
    with pytest.raises(BadInput, match="was not handed in for"):
        photograph_attach(actor=lab.custodian, case=case, file=_file(lab, other), item=_item(lab, case))


def test_an_announcement_arrives_for_one_case_and_not_after_it_was_withdrawn(
    lab: Laboratory, case: Case, other: Case
) -> None:
    def announced() -> Submission:
        return submission_create(
            actor=lab.custodian,
            agency=case.agency,
            place="Port",
            seized_at=builders.hours_ago(9),
            lines=[LineFacts(description="bag")],
        )

    form = announced()
    _received(lab, case, form)
    _received(lab, case, form)
    with pytest.raises(RuleViolation, match="belongs to another case"):
        _received(lab, other, form)
    gone = announced()
    submission_withdraw(actor=lab.custodian, submission=gone, reason="Sent elsewhere")
    with pytest.raises(RuleViolation, match="was withdrawn"):
        _received(lab, case, gone)


def test_a_seal_found_broken_is_recorded_as_broken_everywhere(lab: Laboratory, case: Case) -> None:
    item = _received(lab, case, seal_stated="S-9", seal_found="S-9", seal_state="broken")[0]
    assert Seal.objects.get(item=item).state == "broken"
    created = next(row for row in item_history(item) if row.verb == "created")
    assert created.values["seal_state"] == "broken"
    assert Discrepancy.objects.get(case=case).kind == "seal"


def test_a_count_that_differs_opens_a_discrepancy_by_whatever_road(lab: Laboratory, case: Case) -> None:
    facts = [ExhibitFacts(kind="lot", description="Tusks", pieces_stated=512, pieces_found=512)]
    lot = exhibits_register(actor=lab.custodian, case=case, facts=facts, held_by=builders.party(lab.custodian))[0]
    assert not case.discrepancies.exists()
    exhibit_correct(actor=lab.custodian, exhibit=lot, version=lot.version, reason="Counted again", pieces_found=511)
    assert [(row.stated, row.found) for row in case.discrepancies.all()] == [("512 pieces", "511 pieces")]
    facts = [ExhibitFacts(kind="lot", description="Scales", pieces_stated=4, pieces_found=3)]
    exhibits_register(actor=lab.custodian, case=case, facts=facts, held_by=builders.party(lab.custodian))
    assert case.discrepancies.count() == 2
    with pytest.raises(BadInput, match="from 0 upwards"):
        exhibit_correct(actor=lab.custodian, exhibit=lot, version=lot.version + 1, reason="Slip", pieces_found=-1)


def test_a_mixed_bag_has_room_for_more_components_than_letters(lab: Laboratory, case: Case) -> None:
    facts = [ExhibitFacts(kind="mixed", description="Medicine bag")]
    bag = exhibits_register(actor=lab.custodian, case=case, facts=facts, held_by=builders.party(lab.custodian))[0]
    labels = [component_add(actor=lab.custodian, exhibit=bag, description=f"part {n}").label for n in range(28)]
    assert (labels[0], labels[25], labels[26], labels[27]) == ("A", "Z", "AA", "AB")


def test_work_on_an_item_cannot_claim_to_lie_before_its_previous_act(lab: Laboratory, case: Case) -> None:
    item = builders.fresh(builders.exhibits(lab.custodian, case, seal="S")[0].item)
    seal_open(actor=lab.custodian, item=item, found="intact")
    item, before = builders.fresh(item), builders.hours_ago(1)
    taking = Taking(parent=item, amount=Decimal(1), unit="g")
    with pytest.raises(BadTime):
        sample_take(actor=lab.custodian, takings=[taking], kind="powder", happened_at=before)
    with pytest.raises(BadTime):
        item_reweigh(actor=lab.custodian, item=item, value=Decimal(499), unit="g", happened_at=before)
    with pytest.raises(BadTime):
        item_use(actor=lab.custodian, item=item, amount=Decimal(1), unit="g", note="assay", happened_at=before)


def test_claimed_times_belong_to_demonstrations(settings: Any) -> None:
    settings.SPOOR_MODE = "lab"
    with pytest.raises(LedgerError, match="outside a demonstration"), claimed_times(timezone.now):
        pass


def test_nothing_comes_from_what_is_empty_nor_unnoticed(lab: Laboratory, case: Case) -> None:
    facts = [
        ExhibitFacts(
            kind="specimen",
            description="Powder",
            amount=Amount(value=Decimal(1), unit="kg", tolerance=Decimal("0.001")),
        )
    ]
    made = exhibits_register(actor=lab.custodian, case=case, facts=facts, held_by=builders.party(lab.custodian))
    item = builders.fresh(made[0].item)

    def take(amount: str, unit: str) -> None:
        taking = Taking(parent=item, amount=Decimal(amount), unit=unit)
        sample_take(actor=lab.custodian, takings=[taking], kind="powder", authority="Court order 12/26")

    with pytest.raises(BadInput, match="too little"):
        take("0.4", "mg")
    take("1.0005", "kg")  # half a gram more than there was: the scale's tolerance, once
    with pytest.raises(RuleViolation, match="left"):
        take("0.5", "g")


def test_an_investigator_reaches_no_box_of_the_laboratory(lab: Laboratory) -> None:
    box = container_create(
        actor=lab.custodian, kind="box", description="Box", held_by=builders.party(lab.custodian)
    ).item
    outsider = builders.actor(Role.INVESTIGATOR)
    with pytest.raises(NotAllowed):
        items_move(actor=outsider, items=[builders.fresh(box)], to=builders.party(outsider))
