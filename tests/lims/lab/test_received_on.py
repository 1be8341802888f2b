"""A report says when an exhibit was received: with its intake, not when it was itemised."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from chain_of_custody.models import Item
from lims.casework.models import Case
from lims.casework.selectors.arrivals import exhibits_received
from lims.casework.services.custody import items_move
from lims.casework.services.exhibits import ExhibitFacts
from lims.casework.services.intake import ContainerFacts, Delivery, intake_itemise, intake_receive
from lims.documents.data.parts import Marks
from lims.lab.selectors.report_data import report_data
from lims.lab.services.findings import FindingFacts, finding_record
from lims.lab.services.reports import ReportFacts, report_draft
from tests.lims import builders
from tests.lims.builders import Laboratory

pytestmark = pytest.mark.django_db
RECEIVED = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def _itemised(lab: Laboratory, case: Case) -> Item:
    """An exhibit out of a crate received in March, taken out of the crate since."""
    intake = intake_receive(
        actor=lab.custodian,
        case=case,
        delivery=Delivery(delivered_by=builders.driver(), containers_stated=1, received_at=RECEIVED),
        containers=[ContainerFacts(description="crate")],
    )
    crate = builders.fresh(intake.containers.get().item)
    facts = [ExhibitFacts(kind="specimen", description="Tusk")]
    exhibit = intake_itemise(actor=lab.custodian, intake=intake, container=crate, exhibits=facts)[0]
    item = builders.fresh(exhibit.item)
    items_move(actor=lab.custodian, items=[item], to=builders.party(lab.custodian))
    assert builders.fresh(item).container_id is None
    return builders.fresh(item)


def test_received_on_is_the_day_of_the_intake() -> None:
    lab = Laboratory()
    case = builders.case(lab.custodian)
    brought, direct = _itemised(lab, case), builders.fresh(builders.exhibits(lab.custodian, case)[0].item)
    findings = [
        finding_record(
            actor=lab.analyst,
            case=case,
            item=one,
            facts=FindingFacts(text="Ivory", kind="opinion", basis="Schreger lines"),
        )
        for one in (brought, direct)
    ]
    facts = ReportFacts(title="Two tusks", question="What is it?", findings=findings)
    row = report_draft(actor=lab.analyst, case=case, facts=facts)
    data = report_data(row, kind="draft", issued_at=timezone.now(), marks=Marks(), signer=None)
    days = {one.reference: one.received_on for one in data.items}
    assert days[brought.reference] == timezone.localtime(RECEIVED).date()
    assert days[direct.reference] == timezone.localtime(direct.created_at).date()
    assert exhibits_received(case) == {brought.uuid: RECEIVED}
