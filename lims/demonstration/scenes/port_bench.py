"""The port container on the bench: hand-overs, sub-samples, powders, extracts on a plate, batches with controls."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from chain_of_custody.models import Item
from lims.casework.selectors.cases import sampling_plan_get
from lims.casework.services.custody import handover_offer, handover_refuse, items_move, seal_apply, seal_open
from lims.casework.services.items import Amount
from lims.casework.services.labels import labels_print
from lims.casework.services.samples import Taking, item_reweigh, sample_take
from lims.demonstration.acts import give
from lims.demonstration.scenes.port_intake import COMPLETE
from lims.demonstration.world import Step, World
from lims.lab.models import Batch
from lims.lab.services.batches import ControlSpec, batch_dispose, batch_open, batch_release, control_read
from lims.lab.services.requests import Asked, examination_decide, examination_request

_DOZEN = tuple(f"{row}{column}" for column in (1, 2, 3) for row in "ABCDEFGH")
HORN = ("exhibit.horn_1", "exhibit.horn_2")


def _request(world: World) -> None:
    lines = [
        Asked(item=world.item("exhibit.tusks"), question="origin", note="Sixteen tusks drawn at random"),
        Asked(item=world.item("exhibit.scales"), question="species"),
        *(Asked(item=world.item(name), question="species") for name in HORN),
        Asked(item=world.item("exhibit.medicine"), question="species", note="Bone, powder, capsules"),
    ]
    request = examination_request(
        actor=world.actor("investigator"),
        case=world.case("case.port"),
        lines=lines,
        propositions="The bone comes from a tiger, or from another animal.",
        destructive_allowed=True,
    )
    world.keep("request.port", request.uuid)
    world.clock.forward(hours=3)
    examination_decide(
        actor=world.actor("manager"),
        request=request,
        version=request.version,
        accept=True,
        note="Methods in scope; sampling plan agreed.",
        due_on=(timezone.localtime() + timedelta(days=28)).date(),
    )


def _refused(world: World) -> None:
    """The rifle is offered to the bench by mistake, and refused."""
    items_move(actor=world.actor("custodian"), items=[world.item("exhibit.rifle")], to=world.party("person.custodian"))
    rifle = world.item("exhibit.rifle")
    offer = handover_offer(
        actor=world.actor("custodian"), items=[rifle], to=world.party("person.technician"), purpose="examination"
    )
    world.clock.forward(minutes=18)
    handover_refuse(
        actor=world.actor("technician"),
        handover=offer,
        items=[rifle],
        reason="No licence for weapons on the DNA bench; belongs to the police armourer.",
    )
    world.clock.forward(minutes=9)
    items_move(actor=world.actor("custodian"), items=[world.item("exhibit.rifle")], to=world.party("place.weapons"))


def _to_bench(world: World) -> None:
    names = ("exhibit.tusks", "exhibit.scales", *HORN, "exhibit.medicine")
    give(world, "custodian", "technician", world.items(names), purpose="examination", note="For sampling on bench 1")


def _tissues(world: World) -> None:
    technician = world.actor("technician")
    plan = sampling_plan_get(actor=technician, uuid=world.uuid("plan.tusks"))
    for number, piece in enumerate(plan.sampled, start=1):
        sample = sample_take(
            actor=technician,
            takings=[_taking(world.item("exhibit.tusks"), "12", "g")],
            kind="tissue",
            description=f"Ivory, tusk {piece}",
            method="Coring drill 16 mm, cleaned and changed between pieces",
            position_on_item=f"tusk {piece}, base",
        )
        world.keep(f"tissue.tusk_{number:02d}", sample.item.uuid)
        world.clock.forward(minutes=7)
    others = {
        "tissue.scales": ("exhibit.scales", "4", "Scale, sack 1", "sack 1"),
        "tissue.horn_1": (HORN[0], "2.5", "Horn shavings", "base"),
        "tissue.horn_2": (HORN[1], "2.5", "Horn shavings", "base"),
        "tissue.bone": ("exhibit.medicine", "3", "Bone piece from the jar", "component A"),
        "tissue.sachet": ("exhibit.medicine", "2", "Powder of one sachet", "component B"),
    }
    for name, (parent, grams, description, spot) in others.items():
        sample = sample_take(
            actor=technician,
            takings=[_taking(world.item(parent), grams, "g")],
            kind="tissue",
            description=description,
            method="Sterile blade",
            position_on_item=spot,
        )
        world.keep(name, sample.item.uuid)
        world.clock.forward(minutes=6)


def _taking(item: Item, amount: str, unit: str, waste: str = "0") -> Taking:
    return Taking(parent=item, amount=Decimal(amount), unit=unit, waste=Decimal(waste))


def _labels(world: World) -> None:
    items = world.items(world.names("tissue."))
    labels_print(actor=world.actor("technician"), items=items, size="tube-25x10", medium="sheet")
    world.clock.forward(minutes=20)
    labels_print(
        actor=world.actor("technician"), items=items[:1], size="tube-25x10", medium="sheet", reason="First one smeared"
    )


def _powders(world: World) -> None:
    technician = world.actor("technician")
    for name in world.names("tissue.tusk_"):
        key = name.replace("tissue", "powder")
        sample = sample_take(
            actor=technician,
            takings=[_taking(world.item(name), "600", "mg", waste="15")],
            kind="powder",
            description="Ivory powder",
            method="Freezer mill, 3 cycles",
        )
        world.keep(key, sample.item.uuid)
        world.clock.forward(minutes=9)
    first = world.item("powder.tusk_01")
    item_reweigh(actor=technician, item=first, value=Decimal("596.4"), unit="mg", note="Static loss in the tube")


def _extracts(world: World) -> None:
    technician = world.actor("technician")
    sources = [*world.names("powder.tusk_"), *(name for name in world.names("tissue.") if "tusk" not in name)]
    for name in sources:
        key = name.replace("powder", "extract").replace("tissue", "extract")
        sample = sample_take(
            actor=technician,
            takings=[_taking(world.item(name), "120", "mg")],
            kind="extract",
            made=Amount(value=Decimal(80), unit="ul", tolerance=Decimal(1)),
            description="DNA extract",
            method="Silica column, two blanks per batch",
        )
        world.keep(key, sample.item.uuid)
    names = world.names("extract.")
    items_move(
        actor=technician,
        items=world.items(names),
        container=world.item("plate.extracts"),
        positions=list(_DOZEN[: len(names)]),
    )


def _extraction_batch(world: World) -> None:
    """A blank shows a product: the batch is blocked, and quality disposes of it after a new blank."""
    batch = _batch(world, "extraction", "Silica column, ivory protocol 4", world.names("extract."), "box 12 reagents")
    blank, other = batch.controls.order_by("pk")
    control_read(actor=world.actor("technician"), control=other, passed=True)
    control_read(
        actor=world.actor("technician"), control=blank, passed=False, note="Faint product in the reagent blank H12."
    )
    world.clock.forward(hours=22)
    batch_dispose(
        actor=world.actor("manager"),
        batch=batch,
        release=True,
        disposition="Product sequenced: human, not of any sample. Tip box discarded, blank repeated twice and clean.",
    )
    world.keep("batch.extraction", batch.uuid)


def _sequencing_batch(world: World) -> None:
    names = [name for name in world.names("extract.") if "tusk" not in name]
    batch = _batch(world, "sequencing", "COI barcode, both directions", names, "terminator kit lot 2291")
    for control in batch.controls.order_by("pk"):
        control_read(actor=world.actor("technician"), control=control, passed=True)
    world.clock.forward(hours=1)
    batch_release(actor=world.actor("technician"), batch=batch)
    world.keep("batch.sequencing", batch.uuid)


def _genotyping_batch(world: World) -> None:
    batch = _batch(world, "genotyping", "16 microsatellites, three multiplexes", world.names("extract.tusk_"), "kit 88")
    for control in batch.controls.order_by("pk"):
        control_read(actor=world.actor("technician"), control=control, passed=True)
    batch_release(actor=world.actor("technician"), batch=batch)
    world.keep("batch.genotyping", batch.uuid)


def _batch(world: World, kind: str, method: str, names: list[str], reagents: str) -> Batch:
    batch = batch_open(
        actor=world.actor("technician"),
        kind=kind,
        method=method,
        items=list(zip(world.items(names), _DOZEN, strict=False)),
        controls=[
            ControlSpec(kind="reagent_blank" if kind == "extraction" else "no_template", position="H12"),
            ControlSpec(kind="positive", position="G12", expectation="Synthetic control DNA"),
        ],
        plate=world.item("plate.extracts"),
        reagents=reagents,
        instrument="SEQ-01" if kind in {"sequencing", "genotyping"} else "",
    )
    world.clock.forward(hours=4)
    return batch


def _back(world: World) -> None:
    """What was sampled goes back; the tusks are sealed in their container, tubes stay in the powders' box."""
    technician = world.actor("technician")
    tubes = world.items(name for name in [*world.names("tissue."), *world.names("powder.")])
    positions = [f"{row}{column}" for row in "ABCDEFGHI" for column in range(1, 10)][: len(tubes)]
    items_move(actor=technician, items=tubes, container=world.item("box.powders"), positions=positions)
    names = ("exhibit.tusks", "exhibit.scales", *HORN, "exhibit.medicine")
    give(world, "technician", "custodian", world.items(names), purpose="storage")
    custodian = world.actor("custodian")
    seal_open(actor=custodian, item=world.item("box.container"), found="intact", reason="Tusks go back inside")
    items_move(actor=custodian, items=[world.item("exhibit.tusks")], container=world.item("box.container"))
    seal_apply(actor=custodian, item=world.item("box.container"), number="WF-0091")
    rest = ("box.container", "exhibit.scales", *HORN, "exhibit.horn_3", "exhibit.horn_4", "exhibit.medicine")
    items_move(actor=custodian, items=world.items(rest), to=world.party("place.evidence_room"))


STEPS = (
    Step(name="port: examination request", days=18, at="15:00", do=_request),
    Step(name="port: rifle refused", days=17, at="09:15", do=_refused),
    Step(name="port: to the bench", days=16, at="13:00", do=_to_bench),
    Step(name="port: tissues", days=15, at="08:10", do=_tissues),
    Step(name="port: tube labels", days=15, at="12:10", do=_labels),
    COMPLETE,
    Step(name="port: powders", days=14, at="08:30", do=_powders),
    Step(name="port: extracts", days=13, at="09:00", do=_extracts),
    Step(name="port: extraction batch", days=13, at="11:00", do=_extraction_batch),
    Step(name="port: sequencing batch", days=11, at="09:00", do=_sequencing_batch),
    Step(name="port: genotyping batch", days=11, at="14:00", do=_genotyping_batch),
    Step(name="port: back to the evidence room", days=10, at="09:00", do=_back),
)
