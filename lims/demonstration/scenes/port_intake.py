"""The port container: case, seizure, closed receipt at night, itemising, differences countersigned, draw of tusks."""

import io
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from chain_of_custody.models import Item
from lims.casework.selectors.cases import discrepancy_list, intake_get
from lims.casework.services.cases import case_assign, case_open, external_reference_add
from lims.casework.services.custody import custody_state_earlier, items_move, seal_apply, seal_open
from lims.casework.services.discrepancies import discrepancy_explain
from lims.casework.services.exhibits import ExhibitFacts, component_add, live_event_record
from lims.casework.services.files import case_file_store
from lims.casework.services.intake import (
    ContainerFacts,
    Delivery,
    intake_complete,
    intake_itemise,
    intake_receive,
    photograph_attach,
)
from lims.casework.services.items import Amount
from lims.casework.services.sampling import sampling_plan_draw
from lims.casework.services.seizures import SeizureFacts, seizure_record
from lims.demonstration.acts import countersign
from lims.demonstration.pictures import placard
from lims.demonstration.world import Step, World

TITLE = "Container MRKU 481220-7, joint operation «Quiet Tide»"

_CONTAINERS = {
    "box.container": ContainerFacts(
        description="40-foot shipping container MRKU 481220-7",
        kind="shipping",
        seal_stated="HC-88240",
        seal_found="HC-88240",
        pieces_stated=512,
        condition="Doors closed, no damage",
    ),
    "box.scales": ContainerFacts(
        description="Two sacks, said to hold scales",
        kind="bag",
        seal_stated="HC-88241",
        seal_found="HC-88241",
        weight_stated_kg=Decimal(38),
        weight_found_kg=Decimal(38),
    ),
    "box.horn": ContainerFacts(
        description="Wooden crate, said to hold four pieces of horn",
        kind="crate",
        seal_stated="HC-88245",
        seal_found="HC-88245",
        seal_state="broken",
        pieces_stated=4,
        condition="Seal wire cut, lid closed",
    ),
    "box.medicine": ContainerFacts(
        description="Bag of packaged medicines", kind="bag", seal_stated="HC-88246", seal_found="HC-88246"
    ),
    "box.parrots": ContainerFacts(
        description="Eight transport cages with live parrots", kind="crate", pieces_stated=40, condition="Ventilated"
    ),
    "box.rifle": ContainerFacts(
        description="Rifle case", kind="other", seal_stated="HC-88249", seal_found="HC-88249", condition="Locked"
    ),
}


def _case(world: World) -> None:
    custodian = world.actor("custodian")
    case = case_open(
        actor=custodian,
        kind="casework",
        title=TITLE,
        agency=world.party("agency.customs"),
        synthetic=True,
        offence_date=(timezone.localtime() - timedelta(days=1)).date(),
        due_on=(timezone.localtime() + timedelta(days=35)).date(),
    )
    world.keep("case.port", case.uuid)
    for scheme, value in (("customs", "HC/2026/0731"), ("police", "ND-WU 118/26"), ("court", "CR 2216/2026")):
        external_reference_add(actor=custodian, case=case, scheme=scheme, value=value)
    seizure = seizure_record(actor=custodian, case=case, facts=_seizure(world))
    world.keep("seizure.port", seizure.uuid)
    case_assign(actor=custodian, case=case, user=world.user("investigator"), role="investigator")
    case_assign(actor=custodian, case=case, user=world.user("prosecutor"), role="prosecutor")


def _seizure(world: World) -> SeizureFacts:
    return SeizureFacts(
        place="Port Meridian, container terminal, berth 14",
        country="KE",
        seized_at=timezone.localtime() - timedelta(hours=20),
        zone="Africa/Nairobi",
        agency=world.party("agency.customs"),
        seizure_reference="HC/2026/0731-S",
        latitude=Decimal("-4.0521"),
        longitude=Decimal("39.6342"),
        uncertainty_m=150,
        operation="Quiet Tide",
        reason="export",
        transport="maritime",
        concealment="cargo",
        detection="xray",
        alleged_origin="TZ",
        alleged_transit=("KE", "MY"),
        alleged_destination="VN",
        documents="Bill of lading for «timber offcuts», number MSR-20261",
    )


def _receive(world: World) -> None:
    delivery = Delivery(
        delivered_by=world.party("outside.driver"),
        containers_stated=len(_CONTAINERS),
        waybill="HC-WB-5517",
        temperature="ambient",
        note="Received closed after hours; itemised on the following days.",
    )
    intake = intake_receive(
        actor=world.actor("custodian"),
        case=world.case("case.port"),
        delivery=delivery,
        containers=list(_CONTAINERS.values()),
    )
    world.keep("intake.port", intake.uuid)
    for name, row in zip(_CONTAINERS, intake.containers.select_related("item").order_by("pk"), strict=True):
        world.keep(name, row.item.uuid)
    for caption in ("Container doors with seal HC-88240", "Crate: seal HC-88245 cut", "Cages on arrival"):
        file = case_file_store(
            actor=world.actor("custodian"),
            case=world.case("case.port"),
            source=io.BytesIO(placard(caption)),
            name=f"{caption.split(':')[0].replace(' ', '-').lower()}.png",
            media_type="image/png",
            role="photograph",
        )
        photograph_attach(
            actor=world.actor("custodian"), case=world.case("case.port"), file=file, intake=intake, caption=caption
        )
    custody_state_earlier(
        actor=world.actor("custodian"),
        item=world.item("box.container"),
        holder="Harbour Customs, terminal guard",
        statement="Guarded at berth 14 from the seizure until the transport, according to the waybill.",
    )


def _countersign(world: World) -> None:
    countersign(world, "technician", world.case("case.port"))


def _open(world: World, name: str, found: str = "intact") -> Item:
    item = world.item(name)
    if item.sealed_by_id:
        seal_open(actor=world.actor("custodian"), item=item, found=found, reason="Itemising")
    world.clock.forward(minutes=12)
    return world.item(name)


def _itemise(world: World, box: str, facts: dict[str, ExhibitFacts], *, found: str = "intact") -> None:
    made = intake_itemise(
        actor=world.actor("custodian"),
        intake=intake_get(actor=world.actor("custodian"), uuid=world.uuid("intake.port")),
        container=_open(world, box, found),
        exhibits=list(facts.values()),
        seizure=world.seizure("seizure.port"),
    )
    for name, exhibit in zip(facts, made, strict=True):
        world.keep(name, exhibit.item.uuid)


def _tusks(world: World) -> None:
    lot = ExhibitFacts(
        kind="lot",
        description="Raw tusks and pieces of tusk, each numbered with a tag",
        declared_taxon="Loxodonta africana",
        term="TUS",
        purpose="T",
        source="U",
        amount=Amount(value=Decimal("2214.5"), unit="kg", tolerance=Decimal("0.5")),
        pieces_stated=512,
        pieces_found=511,
        condition="Dry, some with traces of soil",
    )
    _itemise(world, "box.container", {"exhibit.tusks": lot})


def _scales_and_horn(world: World) -> None:
    scales = ExhibitFacts(
        kind="specimen",
        description="Scales, two sacks",
        declared_taxon="Manis javanica",
        term="SCA",
        source="U",
        amount=Amount(value=Decimal(38), unit="kg", tolerance=Decimal("0.05")),
    )
    _itemise(world, "box.scales", {"exhibit.scales": scales})
    pieces = {
        f"exhibit.horn_{number}": ExhibitFacts(
            kind="specimen",
            description=f"Piece of horn {number} of 4",
            declared_taxon="Diceros bicornis",
            term="HOP",
            amount=Amount(value=Decimal(grams), unit="g", tolerance=Decimal("0.5")),
            mark=f"H{number}",
        )
        for number, grams in enumerate(("412", "388.5", "901", "140.2"), start=1)
    }
    _itemise(world, "box.horn", pieces, found="broken")


def _medicine(world: World) -> None:
    bag = ExhibitFacts(
        kind="mixed",
        description="Packaged medicines: plasters, wine, capsules",
        term="MED",
        amount=Amount(value=Decimal(640), unit="g", tolerance=Decimal(1)),
        hazards="Unknown plant and mineral parts: gloves",
    )
    _itemise(world, "box.medicine", {"exhibit.medicine": bag})
    custodian, exhibit = world.actor("custodian"), world.exhibit("exhibit.medicine")
    parts = (
        ("component.bone", "Bone pieces in a jar, labelled «tiger bone»", "Panthera tigris", "BON", 6),
        ("component.powder", "Grey powder, 30 sachets", "", "POW", 30),
        ("component.capsules", "Capsules labelled «pangolin scale»", "Manis pentadactyla", "MED", 24),
    )
    for name, description, taxon, term, pieces in parts:
        row = component_add(
            actor=custodian, exhibit=exhibit, description=description, declared_taxon=taxon, term=term, pieces=pieces
        )
        world.keep(name, row.uuid)


def _parrots_and_rifle(world: World) -> None:
    parrots = ExhibitFacts(
        kind="live_animal",
        description="Grey parrots, live, some with closed leg rings",
        declared_taxon="Psittacus erithacus",
        term="LIV",
        source="C",
        pieces_stated=40,
        pieces_found=40,
        condition="Weak, feathers damaged",
        hazards="Zoonoses: masks",
    )
    _itemise(world, "box.parrots", {"exhibit.parrots": parrots})
    rifle = ExhibitFacts(
        kind="weapon",
        description="Bolt-action rifle .375, serial number ground off",
        condition="Unloaded, bolt removed by the police armourer",
        hazards="Weapon",
        seal_number="WF-0071",
    )
    _itemise(world, "box.rifle", {"exhibit.rifle": rifle})
    custodian = world.actor("custodian")
    items_move(actor=custodian, items=[world.item("exhibit.rifle")], to=world.party("place.weapons"))
    items_move(actor=custodian, items=[world.item("exhibit.parrots")], to=world.party("place.quarantine"))


def _deaths(world: World) -> None:
    parrots = world.exhibit("exhibit.parrots")
    custodian = world.actor("custodian")
    live_event_record(actor=custodian, exhibit=parrots, kind="examined", count=40, note="Veterinary check on arrival.")
    world.clock.forward(hours=19)
    live_event_record(actor=custodian, exhibit=parrots, kind="died", mark="ring ZA-0412", note="Found dead in cage 3.")
    world.clock.forward(hours=30)
    live_event_record(actor=custodian, exhibit=parrots, kind="died", note="No ring. Carcass frozen as evidence.")


def _complete(world: World) -> None:
    _countersign(world)
    manager = world.actor("manager")
    for row in discrepancy_list(actor=manager, case=world.case("case.port"), open_only=True):
        if row.kind == "seal":
            discrepancy_explain(
                actor=manager,
                discrepancy=row,
                explanation="Cut by the customs examiner at the berth; his note of the examination is on file.",
                customer_told=True,
            )
    intake = intake_get(actor=world.actor("custodian"), uuid=world.uuid("intake.port"))
    intake_complete(actor=world.actor("custodian"), intake=intake)
    seal_apply(actor=world.actor("custodian"), item=world.item("box.container"), number="WF-0090")


def _draw(world: World) -> None:
    plan = sampling_plan_draw(
        actor=world.actor("technician"),
        lot=world.exhibit("exhibit.tusks"),
        rule="random",
        count=16,
        seed="quiet-tide-2026",
        statement="16 of 511 drawn at random. Were a tenth of the tusks of another origin, all 16 would miss it with "
        "probability 0.18. Nothing is said of single tusks that were not sampled.",
    )
    world.keep("plan.tusks", plan.uuid)


STEPS = (
    Step(name="port: case and seizure", days=21, at="14:30", do=_case),
    Step(name="port: received closed", days=20, at="21:40", do=_receive),
    Step(name="port: first differences countersigned", days=19, at="08:20", do=_countersign),
    Step(name="port: tusks counted", days=19, at="09:10", do=_tusks),
    Step(name="port: scales and horn", days=19, at="14:05", do=_scales_and_horn),
    Step(name="port: medicine", days=18, at="09:00", do=_medicine),
    Step(name="port: parrots and rifle", days=18, at="10:30", do=_parrots_and_rifle),
    Step(name="port: two parrots die", days=18, at="12:00", do=_deaths),
    Step(name="port: draw of tusks", days=16, at="11:00", do=_draw),
)
COMPLETE = Step(name="port: intake complete", days=15, at="17:20", do=_complete)
