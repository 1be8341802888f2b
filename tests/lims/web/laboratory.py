"""A laboratory at work for the tests of the pages: people signed in, a case with evidence in every state."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from django.test import Client
from django.utils import timezone

from chain_of_custody.models import HandOver
from lims.accounts.actors import Actor
from lims.accounts.models import User
from lims.accounts.roles import Role
from lims.casework.models import Case, Container, Exhibit, Intake, Location, Sample, Submission
from lims.casework.services import custody
from lims.casework.services.cases import case_assign, external_reference_add
from lims.casework.services.exhibits import ExhibitFacts, component_add, exhibits_register, live_event_record
from lims.casework.services.intake import ContainerFacts, Delivery, intake_receive
from lims.casework.services.items import Amount
from lims.casework.services.labels import labels_print
from lims.casework.services.places import container_create
from lims.casework.services.samples import Taking, sample_take
from lims.casework.services.sampling import sampling_plan_draw
from lims.casework.services.submissions import LineFacts, submission_create
from tests.lims import builders


def client_of(user: User) -> Client:
    """A browser in which the person is signed in."""
    client = Client()
    client.force_login(user)
    return client


def enter(client: Client, who: Actor) -> Client:
    """The browser with another person signed in."""
    client.force_login(User.objects.get(pk=who.user_id))
    return client


@dataclass(slots=True)
class Desk:
    """Two people at work on one case, and what they did."""

    custodian_user: User = field(default_factory=lambda: builders.person(Role.CUSTODIAN, name="Tomás Ferreira"))
    technician_user: User = field(default_factory=lambda: builders.person(Role.TECHNICIAN, name="Ana Reyes"))
    manager_user: User = field(default_factory=lambda: builders.person(Role.MANAGER, name="Okello Odongo"))
    custodian: Actor = field(init=False)
    technician: Actor = field(init=False)
    manager: Actor = field(init=False)
    custodian_client: Client = field(init=False)
    technician_client: Client = field(init=False)
    case: Case = field(init=False)
    tusks: list[Exhibit] = field(init=False)
    lot: Exhibit = field(init=False)
    parrots: Exhibit = field(init=False)
    bag: Exhibit = field(init=False)
    sample: Sample = field(init=False)
    intake: Intake = field(init=False)
    freezer: Location = field(init=False)
    box: Container = field(init=False)
    submission: Submission = field(init=False)
    offer: HandOver = field(init=False)

    def __post_init__(self) -> None:
        """Sign in and open the case."""
        self.custodian = builders.actor_of(self.custodian_user)
        self.technician = builders.actor_of(self.technician_user)
        self.manager = builders.actor_of(self.manager_user)
        self.custodian_client = client_of(self.custodian_user)
        self.technician_client = client_of(self.technician_user)
        agency = builders.agency("Harbour Customs Service")
        self.case = builders.case(self.custodian, of=agency)

    def fill(self) -> None:
        """Evidence in every state."""
        builders.seizure(self.custodian, self.case)
        external_reference_add(actor=self.custodian, case=self.case, scheme="customs", value="HCS-2026-77120")
        self._arrive()
        self.tusks = builders.exhibits(self.custodian, self.case, 3, seal="S-8820")
        self._others()
        self._sample()
        self.freezer = builders.place(self.manager, "Freezer F2")
        self.box = container_create(
            actor=self.custodian,
            kind="box",
            description="F2-R3-B07",
            held_by=self.freezer.party,
            rows=9,
            columns=9,
        )
        self.offer = custody.handover_offer(
            actor=self.custodian,
            items=[self.tusks[1].item],
            to=builders.party(self.technician),
            purpose="examination",
        )
        labels_print(actor=self.custodian, items=[self.tusks[2].item], size="bag", medium="a4-bag")
        self.submission = submission_create(
            actor=self.manager,
            agency=self.case.agency,
            place="Berth 14",
            seized_at=builders.hours_ago(30),
            lines=[LineFacts(description="Bag of scales", pieces=12, seal_number="S-1")],
            agency_reference="HCS-78004",
        )

    def _arrive(self) -> None:
        self.intake = intake_receive(
            actor=self.custodian,
            case=self.case,
            delivery=Delivery(delivered_by=builders.driver("Joseph Mwangi"), containers_stated=3, waybill="WB 77"),
            containers=[
                ContainerFacts(
                    description="Crate of tusks",
                    seal_stated="C-100",
                    seal_found="C-100",
                    weight_stated_kg=Decimal("180"),
                    weight_found_kg=Decimal("181.4"),
                ),
                ContainerFacts(
                    description="Crate of scales", seal_stated="C-101", seal_found="C-101", seal_state="broken"
                ),
            ],
        )

    def _others(self) -> None:
        facts = [
            ExhibitFacts(kind="lot", description="Raw tusks", term="TUS", pieces_stated=12, pieces_found=11),
            ExhibitFacts(
                kind="live_animal",
                description="Grey parrots",
                declared_taxon="Psittacus erithacus",
                term="LIV",
                pieces_stated=40,
                pieces_found=40,
            ),
            ExhibitFacts(kind="mixed", description="Medicine bag", hazards="dust"),
        ]
        self.lot, self.parrots, self.bag = exhibits_register(
            actor=self.custodian, case=self.case, facts=facts, held_by=builders.party(self.custodian)
        )
        sampling_plan_draw(actor=self.custodian, lot=self.lot, rule="random", count=3, seed="seed of the test")
        live_event_record(actor=self.custodian, exhibit=self.parrots, kind="died", count=2, note="found at 06:00")
        component_add(
            actor=self.custodian, exhibit=self.bag, description="Dark powder", declared_taxon="Panthera tigris"
        )

    def _sample(self) -> None:
        tusk = self.tusks[0].item
        custody.seal_open(actor=self.custodian, item=builders.fresh(tusk), found="intact", reason="sampling")
        self.sample = sample_take(
            actor=self.custodian,
            takings=[
                Taking(parent=builders.fresh(tusk), amount=Decimal("0.5"), unit="g", waste=Decimal("0.01")),
            ],
            kind="powder",
            description="drilled at the base",
            method="SMP-04 v3",
        )
        sample_take(
            actor=self.custodian,
            takings=[Taking(parent=builders.fresh(self.sample.item), amount=Decimal("50"), unit="mg")],
            kind="extract",
            made=Amount(value=Decimal("80"), unit="ul"),
        )

    def investigator(self) -> User:
        """An investigator assigned to the case."""
        user = builders.person(name="Insp. Daniel Otieno")
        case_assign(actor=self.custodian, case=self.case, user=user, role="investigator")
        return user

    def due(self, days: int) -> None:
        """Give the case a date."""
        Case.objects.filter(pk=self.case.pk).update(due_on=timezone.localdate() + timedelta(days=days))

    def addresses(self) -> list[str]:
        """Pages that a custodian reads."""
        case, intake = self.case.reference, self.intake.reference
        box = self.intake.containers.order_by("pk").first()
        assert box is not None
        item = self.tusks[0].item.reference
        acts = ["sample", "seal", "open", "move", "reweigh", "use", "photographs", "correct", "label", "earlier"]
        acts += ["back-enter", "return", "dispose"]
        return [
            "/cases/",
            "/cases/?q=container",
            "/cases/new/",
            *(f"/cases/{case}/{tail}" for tail in ("", "items/", "items/?q=tusk+seal:open", "custody/", "log/")),
            *(
                f"/cases/{case}/{tail}/"
                for tail in ("edit", "state", "hold", "assign", "references", "reassign", "pool")
            ),
            f"/cases/{case}/seizures/new/",
            f"/cases/{case}/seizures/1/",
            f"/cases/{case}/exhibits/new/",
            f"/cases/{case}/intake/",
            f"/cases/{case}/intake/?form={self.submission.reference}",
            f"/cases/{case}/discrepancies/new/",
            f"/intakes/{intake}/",
            f"/intakes/{intake}/receipt.pdf",
            f"/intakes/{intake}/photographs/",
            f"/intakes/{intake}/complete/",
            f"/intakes/{intake}/itemise/{box.item.reference}/",
            *(f"/discrepancies/{row.uuid}/" for row in self.case.discrepancies.all()),
            f"/items/{item}/",
            f"/items/{self.sample.item.reference}/",
            f"/items/{self.lot.item.reference}/",
            f"/items/{self.parrots.item.reference}/",
            f"/items/{self.bag.item.reference}/",
            f"/items/{box.item.reference}/",
            f"/items/{self.box.item.reference}/",
            *(f"/items/{item}/{act}/" for act in acts),
            f"/items/{self.lot.item.reference}/sampling/",
            f"/items/{self.parrots.item.reference}/live/",
            f"/items/{self.bag.item.reference}/component/",
            "/handovers/",
            f"/handovers/new/?item={item}",
            f"/handovers/{self.offer.uuid}/",
            f"/handovers/{self.offer.uuid}/withdraw/",
            "/places/",
            "/places/new/",
            f"/places/{self.freezer.party.uuid}/",
            "/bench/box/new/",
            f"/bench/box/{self.box.item.reference}/",
            "/bench/scan/",
            "/bench/scan/paste/",
            "/labels/",
            f"/labels/?case={case}",
            f"/labels/?item={item}",
            "/bag-labels/",
            "/submissions/",
            "/submissions/new/",
            f"/submissions/{self.submission.reference}/",
            f"/submissions/{self.submission.reference}/form.pdf",
            f"/submissions/{self.submission.reference}/withdraw/",
            f"/submissions/{self.submission.reference}/labels/",
            "/status/",
            f"/status/{case}/",
            "/?today",
            "/me/",
            "/me/password/",
            "/me/pin/",
            "/me/tokens/",
        ]
