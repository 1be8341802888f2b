"""What waits today: an announced seizure, an offered hand-over, a batch whose controls are not read."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from lims.casework.services.custody import handover_offer
from lims.casework.services.samples import Taking, sample_take
from lims.casework.services.submissions import LineFacts, submission_create
from lims.demonstration.acts import give, take_out
from lims.demonstration.world import Step, World
from lims.lab.services.batches import ControlSpec, batch_open


def _announced(world: World) -> None:
    submission = submission_create(
        actor=world.actor("investigator"),
        agency=world.party("agency.customs"),
        place="Northern border post, lane 2",
        seized_at=timezone.localtime() - timedelta(hours=5),
        lines=[
            LineFacts(description="Crate with tortoises, live", pieces=18, declared_taxon="Geochelone elegans"),
            LineFacts(description="Bag of dried seahorses", pieces=1, seal_number="HC-88510"),
            LineFacts(description="Phone of the driver", pieces=1, seal_number="HC-88511"),
        ],
        agency_reference="HC/2026/0802",
        expected_on=(timezone.localtime() + timedelta(days=2)).date(),
        question="Which species are these? Are the tortoises from the wild?",
    )
    world.keep("submission.border", submission.uuid)


def _offered(world: World) -> None:
    """Horn pieces 3 and 4 wait for the technician to receive them."""
    from_room = world.items(("exhibit.horn_3", "exhibit.horn_4"))
    custodian = world.actor("custodian")
    take_out(world, "custodian", from_room)
    handover_offer(
        actor=custodian,
        items=world.items(("exhibit.horn_3", "exhibit.horn_4")),
        to=world.party("person.technician"),
        purpose="examination",
        note="Asked for by the prosecutor on the telephone; request follows.",
    )


def _batch(world: World) -> None:
    technician = world.actor("technician")
    take_out(world, "custodian", [world.item("box.fins")])
    give(world, "custodian", "technician", [world.item("exhibit.fins")], purpose="examination")
    items = []
    for number, column in enumerate("ABCDEF", start=1):
        taking = Taking(parent=world.item("exhibit.fins"), amount=Decimal(1), unit="g")
        sample = sample_take(
            actor=technician,
            takings=[taking],
            kind="tissue",
            description=f"Fin {number}",
            position_on_item=f"fin {number}, base",
        )
        items.append((sample.item, f"{column}1"))
        world.clock.forward(minutes=2)
    batch_open(
        actor=technician,
        kind="extraction",
        method="Silica column",
        items=items,
        controls=[ControlSpec(kind="reagent_blank", position="H12"), ControlSpec(kind="positive", position="G12")],
        reagents="kit lot 2304",
    )


STEPS = (
    Step(name="today: submission form", days=0.3, at="07:30", do=_announced),
    Step(name="today: hand-over offered", days=0.2, at="08:05", do=_offered),
    Step(name="today: batch open", days=0.1, at="08:20", do=_batch),
)
