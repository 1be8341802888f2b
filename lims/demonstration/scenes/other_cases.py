"""Three more cases and a proficiency test: one closed and returned, one in review, a test, one just received."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from lims.casework.models import Case
from lims.casework.services.cases import case_assign, case_close, case_open
from lims.casework.services.custody import item_return, items_move, seal_apply, seal_open
from lims.casework.services.exhibits import ExhibitFacts
from lims.casework.services.intake import ContainerFacts, Delivery, intake_complete, intake_itemise, intake_receive
from lims.casework.services.items import Amount
from lims.casework.services.samples import Taking, sample_take
from lims.casework.services.seizures import SeizureFacts, seizure_record
from lims.demonstration.acts import countersign, give, review_pass, sign, upload
from lims.demonstration.synthetic import query
from lims.demonstration.working import run_complete
from lims.demonstration.world import Step, World
from lims.lab.selectors.work import finding_get, outcome_get
from lims.lab.services.findings import FindingFacts, finding_record
from lims.lab.services.reports import ReportFacts, report_draft, report_submit
from lims.lab.services.requests import Asked, examination_decide, examination_request
from lims.lab.services.runs import run_queue

_DECLARATION = "This report belongs to a demonstration. It is SYNTHETIC and is not evidence."


@dataclass(frozen=True, slots=True, kw_only=True)
class Small:
    """A case of one closed bag."""

    key: str
    title: str
    agency: str
    place: str
    reason: str
    bag: ContainerFacts
    kind: str = "casework"
    due_in_days: int = 30


_SKIN = Small(
    key="skin",
    title="Spotted skin in a parked car",
    agency="agency.police",
    place="Ring road, kilometre 12",
    reason="possession",
    bag=ContainerFacts(
        description="Evidence bag with a folded skin", kind="bag", seal_stated="ND-301", seal_found="ND-301"
    ),
)
_FINS = Small(
    key="fins",
    title="Dried fins on the trawler «Amiral»",
    agency="agency.customs",
    place="Fishing harbour, quay 3",
    reason="nodocument",
    bag=ContainerFacts(
        description="Sack of dried fins",
        kind="bag",
        seal_stated="HC-88310",
        seal_found="HC-88310",
        weight_stated_kg=Decimal("12.4"),
        weight_found_kg=Decimal("12.1"),
    ),
    due_in_days=9,
)
_PENDANTS = Small(
    key="pendants",
    title="Carved pendants in airport parcels",
    agency="agency.customs",
    place="Airport mail centre",
    reason="misdeclared",
    bag=ContainerFacts(
        description="Mail sack with nine parcels", kind="bag", seal_stated="HC-88402", seal_found="HC-88402"
    ),
)
_TEST = Small(
    key="test",
    title="Proficiency test PT-2026-2, four sequences",
    agency="agency.authority",
    place="By mail",
    reason="other",
    bag=ContainerFacts(
        description="Envelope of the provider", kind="bag", seal_stated="PT-2026-2-17", seal_found="PT-2026-2-17"
    ),
    kind="proficiency",
)


def _open(world: World, small: Small) -> Case:
    custodian = world.actor("custodian")
    case = case_open(
        actor=custodian,
        kind=small.kind,
        title=small.title,
        agency=world.party(small.agency),
        synthetic=True,
        due_on=(timezone.localtime() + timedelta(days=small.due_in_days)).date(),
    )
    world.keep(f"case.{small.key}", case.uuid)
    if small.kind == "casework":
        facts = SeizureFacts(
            place=small.place,
            country="KE",
            seized_at=timezone.localtime() - timedelta(hours=9),
            zone="Africa/Nairobi",
            agency=world.party(small.agency),
            reason=small.reason,
        )
        world.keep(f"seizure.{small.key}", seizure_record(actor=custodian, case=case, facts=facts).uuid)
    delivery = Delivery(delivered_by=world.party("outside.courier"), containers_stated=1, waybill=f"SSC-{small.key}")
    intake = intake_receive(actor=custodian, case=case, delivery=delivery, containers=[small.bag])
    world.keep(f"intake.{small.key}", intake.uuid)
    world.keep(f"box.{small.key}", intake.containers.get().item.uuid)
    return case


def _itemise(world: World, small: Small, facts: Mapping[str, ExhibitFacts]) -> None:
    custodian = world.actor("custodian")
    world.clock.forward(hours=17)
    seal_open(actor=custodian, item=world.item(f"box.{small.key}"), found="intact", reason="Itemising")
    intake = world.intake(f"intake.{small.key}")
    made = intake_itemise(
        actor=custodian,
        intake=intake,
        container=world.item(f"box.{small.key}"),
        exhibits=list(facts.values()),
        seizure=world.seizure(f"seizure.{small.key}") if small.kind == "casework" else None,
    )
    for name, exhibit in zip(facts, made, strict=True):
        world.keep(name, exhibit.item.uuid)
    world.clock.forward(minutes=25)
    countersign(world, "technician", world.case(f"case.{small.key}"))
    intake_complete(actor=custodian, intake=world.intake(f"intake.{small.key}"))


def _skin(world: World) -> None:
    _open(world, _SKIN)
    skin = ExhibitFacts(
        kind="specimen",
        description="Spotted skin without head and feet",
        declared_taxon="Panthera pardus",
        term="SKI",
        amount=Amount(value=Decimal(1850), unit="g", tolerance=Decimal(1)),
    )
    _itemise(world, _SKIN, {"exhibit.skin": skin})
    request = examination_request(
        actor=world.actor("manager"),
        case=world.case("case.skin"),
        lines=[Asked(item=world.item("exhibit.skin"), question="species")],
    )
    examination_decide(actor=world.actor("manager"), request=request, version=request.version, accept=True)


def _skin_run(world: World) -> None:
    give(world, "custodian", "technician", [world.item("exhibit.skin")], purpose="examination")
    technician = world.actor("technician")
    taking = Taking(parent=world.item("exhibit.skin"), amount=Decimal(2), unit="g")
    sample = sample_take(actor=technician, takings=[taking], kind="tissue", description="Skin, edge", method="Scalpel")
    world.keep("tissue-skin", sample.item.uuid)
    text = f">SYNTHETIC-skin\n{query('Panthera pardus', number=40)}\n".encode()
    file = upload(
        world,
        "technician",
        world.item("tissue-skin"),
        text,
        "SYNTHETIC-skin.fasta",
        media_type="text/plain",
        role="sequence",
    )
    run = run_queue(
        actor=world.actor("analyst"),
        case=world.case("case.skin"),
        method="species.identify",
        inputs=[("sequence", file)],
        item=world.item("tissue-skin"),
        reference=world.reference("reference.species"),
        parameters={"declared": "Panthera pardus"},
    )
    world.keep("run.skin", run.uuid)


def _skin_report(world: World) -> None:
    analyst, run = world.actor("analyst"), world.run("run.skin")
    outcome = outcome_get(actor=analyst, run=run, number=1)
    finding = finding_record(
        actor=analyst,
        case=world.case("case.skin"),
        item=world.item("exhibit.skin"),
        facts=FindingFacts(
            text=f"The sequence was identified as {outcome.name}.",
            identification=outcome.identification,
            name_found=outcome.name,
            name_cites=outcome.name,
        ),
        outcome=outcome,
    )
    facts = ReportFacts(
        title="Species of one skin",
        question="Which species is the skin from?",
        findings=[finding],
        declaration=_DECLARATION,
        recipients=("Northern District Police, wildlife unit",),
    )
    report = report_draft(actor=analyst, case=world.case("case.skin"), facts=facts)
    report = report_submit(actor=analyst, report=report, version=report.version)
    world.clock.forward(hours=24)
    report = review_pass(world, "reviewer", report)
    report = review_pass(world, "manager", report)
    sign(world, "reviewer", report)
    world.keep("report.skin", report.uuid)


def _skin_closed(world: World) -> None:
    give(world, "technician", "custodian", [world.item("exhibit.skin")], purpose="storage")
    custodian = world.actor("custodian")
    seal_apply(actor=custodian, item=world.item("exhibit.skin"), number="WF-0064")
    world.clock.forward(hours=73)
    item_return(
        actor=custodian,
        item=world.item("exhibit.skin"),
        to=world.party("agency.police"),
        authority="Order of the court registry 88/26",
        receipt="Receipt 88/26-R",
    )
    case = world.case("case.skin")
    case_close(actor=custodian, case=case, version=case.version, reason="Report issued, exhibit returned.")


def _fins(world: World) -> None:
    _open(world, _FINS)
    fins = ExhibitFacts(
        kind="lot",
        description="Dried fins, first dorsal fins among them",
        declared_taxon="Sphyrna lewini",
        term="DFN",
        amount=Amount(value=Decimal("12.1"), unit="kg", tolerance=Decimal("0.02")),
        pieces_stated=140,
        pieces_found=140,
    )
    _itemise(world, _FINS, {"exhibit.fins": fins})
    case_assign(
        actor=world.actor("custodian"),
        case=world.case("case.fins"),
        user=world.user("investigator"),
        role="investigator",
    )
    items_move(actor=world.actor("custodian"), items=[world.item("box.fins")], to=world.party("place.evidence_room"))


def _fins_report(world: World) -> None:
    """Morphology by the second analyst: no run stands behind it, and the report waits for its reviewer."""
    analyst = world.actor("second_analyst")
    finding = finding_record(
        actor=analyst,
        case=world.case("case.fins"),
        item=world.item("exhibit.fins"),
        facts=FindingFacts(
            source="morphology",
            text="Thirty-one first dorsal fins are tall, dull and pale with a curved rear edge, as in hammerheads.",
            identification="genus",
            name_found="Sphyrna",
            name_cites="Sphyrna spp.",
            basis="Shape and colour compared with the laboratory's key for dried fins.",
        ),
    )
    world.keep("finding-fins", finding.uuid)
    world.clock.forward(hours=3)
    facts = ReportFacts(
        title="Morphology of dried fins",
        question="Are fins of protected sharks among them?",
        findings=[finding_get(actor=analyst, uuid=finding.uuid)],
        limits="The other fins were not told apart.",
        declaration=_DECLARATION,
        recipients=("Harbour Customs",),
    )
    report = report_draft(actor=analyst, case=world.case("case.fins"), facts=facts)
    report_submit(actor=analyst, report=report, version=report.version)
    world.keep("report.fins", report.uuid)


def _test(world: World) -> None:
    _open(world, _TEST)
    sheet = ExhibitFacts(kind="document", description="Data carrier with four sequences of the provider")
    _itemise(world, _TEST, {"exhibit.test": sheet})
    names = ("Loxodonta africana", "Ceratotherium simum", "Panthera leo", "Smutsia gigantea")
    text = "".join(f">SYNTHETIC-PT{n}\n{query(name, number=60 + n)}\n" for n, name in enumerate(names, start=1))
    file = upload(
        world,
        "analyst",
        world.item("exhibit.test"),
        text.encode(),
        "SYNTHETIC-PT-2026-2.fasta",
        media_type="text/plain",
        role="sequence",
    )
    run = run_queue(
        actor=world.actor("second_analyst"),
        case=world.case("case.test"),
        method="species.identify",
        inputs=[("sequence", file)],
        item=world.item("exhibit.test"),
        reference=world.reference("reference.species"),
    )
    world.keep("run.test", run.uuid)


def _pendants(world: World) -> None:
    _open(world, _PENDANTS)
    items_move(
        actor=world.actor("custodian"), items=[world.item("box.pendants")], to=world.party("place.evidence_room")
    )


def _compute_skin(world: World) -> None:
    run_complete(world.run("run.skin"))


def _compute_test(world: World) -> None:
    run_complete(world.run("run.test"))


EARLIER = (
    Step(name="skin: received and itemised", days=70, at="16:00", do=_skin),
    Step(name="skin: sampled and queued", days=68, at="09:30", do=_skin_run),
    Step(name="skin: run", days=67, at="09:00", do=_compute_skin, atomic=False),
    Step(name="skin: report", days=66, at="09:00", do=_skin_report),
    Step(name="skin: returned and closed", days=60, at="09:00", do=_skin_closed),
    Step(name="proficiency test", days=28, at="15:00", do=_test),
    Step(name="proficiency test: run", days=27, at="09:00", do=_compute_test, atomic=False),
)
LATER = (
    Step(name="fins: received and itemised", days=6, at="15:00", do=_fins),
    Step(name="fins: report waits for review", days=2, at="11:00", do=_fins_report),
    Step(name="pendants: received closed", days=0.6, at="20:40", do=_pendants),
)
