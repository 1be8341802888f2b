"""Three seizures of tusks that belong together: one animal in two of them, families split over two. All invented."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from lims.casework.services.cases import case_open
from lims.casework.services.custody import items_move
from lims.casework.services.exhibits import ExhibitFacts, exhibits_register
from lims.casework.services.files import case_file_store
from lims.casework.services.seizures import SeizureFacts, seizure_record
from lims.demonstration.synthetic import Animal, herd, young
from lims.demonstration.working import search_complete
from lims.demonstration.world import Step, World
from lims.lab.services.profiles import ProfileTable, profiles_enter
from lims.links.enums import LinkAct, LinkBasis
from lims.links.selectors.links import link_list
from lims.links.selectors.searches import search_get
from lims.links.services.links import link_release, link_review
from lims.links.services.searches import search_order

PANEL = "SYNTHETIC 16 loci"
_PIECES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Haul:
    """A case of tusks."""

    key: str
    title: str
    agency: str
    place: str
    operation: str
    days_ago: int


HAULS = (
    Haul(key="tusks_port", title="Tusks among dried fish", agency="agency.customs", place="Container terminal, gate 4",
         operation="Operation Acacia", days_ago=9),
    Haul(key="tusks_road", title="Tusks under a lorry's bed", agency="agency.police", place="Weighbridge on the A109",
         operation="Operation Acacia", days_ago=5),
    Haul(key="tusks_air", title="Cut tusks in air freight", agency="agency.customs", place="Airport cargo shed 2",
         operation="", days_ago=1),
)  # fmt: skip


def animals() -> dict[str, list[Animal]]:
    """Genotypes of each haul: the first tusk at the port and on the road are one animal's; five mothers of the road
    have young in the air freight."""
    strangers = herd(3 * _PIECES + 5)
    port, road, air = (strangers[n * _PIECES : (n + 1) * _PIECES] for n in range(3))
    road[0] = port[0]
    fathers = strangers[3 * _PIECES :]
    air[1:6] = [young(mother, father, n) for n, (mother, father) in enumerate(zip(road[1:6], fathers, strict=True))]
    return {"tusks_port": port, "tusks_road": road, "tusks_air": air}


def _receive(world: World) -> None:
    custodian = world.actor("custodian")
    for one in HAULS:
        case = case_open(
            actor=custodian, kind="casework", title=one.title, agency=world.party(one.agency), synthetic=True
        )
        facts = SeizureFacts(
            place=one.place,
            country="KE",
            seized_at=timezone.localtime() - timedelta(days=one.days_ago),
            zone="Africa/Nairobi",
            agency=world.party(one.agency),
            operation=one.operation,
        )
        seizure = seizure_record(actor=custodian, case=case, facts=facts)
        tusks = [
            ExhibitFacts(kind="specimen", description=f"Tusk {n}", declared_taxon="Loxodonta africana", term="TUS")
            for n in range(1, _PIECES + 1)
        ]
        made = exhibits_register(
            actor=custodian, case=case, facts=tusks, held_by=world.party("person.custodian"), seizure=seizure
        )
        items_move(actor=custodian, items=[exhibit.item for exhibit in made], to=world.party("place.evidence_room"))
        world.keep(f"case.{one.key}", case.uuid)
        world.keep(f"seizure.{one.key}", seizure.uuid)


def _profiles(world: World) -> None:
    technician = world.actor("technician")
    for key, genotypes in animals().items():
        case = world.case(f"case.{key}")
        names = list(case.exhibits.order_by("number").values_list("item__reference", flat=True))
        file = case_file_store(
            actor=technician,
            case=case,
            source=io.BytesIO(_table(names, genotypes)),
            name=f"SYNTHETIC-{key}.csv",
            media_type="text/csv",
            role="genotypes",
        )
        table = ProfileTable(
            panel=PANEL,
            basis="Consensus of three replicates; invented",
            taxon="Loxodonta africana",
            quality_columns=("replicates",),
        )
        profiles_enter(actor=technician, case=case, file=file, table=table)
        world.clock.forward(minutes=10)


def _table(names: Sequence[str], genotypes: Sequence[Animal]) -> bytes:
    out = io.StringIO()
    sheet = csv.writer(out, lineterminator="\n")
    sheet.writerow(["item", "replicates", *(f"SYN{n:02}_{side}" for n in range(1, 17) for side in (1, 2))])
    for name, animal in zip(names, genotypes, strict=True):
        sheet.writerow([name, 3, *(allele for pair in animal for allele in pair)])
    return out.getvalue().encode()


def _order(world: World) -> None:
    world.keep("links.search", search_order(actor=world.actor("analyst")).uuid)


def _search(world: World) -> None:
    search_complete(search_get(actor=world.actor("analyst"), uuid=world.uuid("links.search")))


def _review(world: World) -> None:
    """The same animal is confirmed; the families wait for the reviewer. One side has released its link."""
    reviewer = world.actor("reviewer")
    for view in link_list(actor=reviewer):
        if view.basis == LinkBasis.DIRECT and view.state.waiting:
            note = "Both electropherograms read again; all sixteen loci agree."
            link_review(actor=reviewer, link=view.link, seen=view.state.last, decision=LinkAct.CONFIRMED, note=note)
            world.clock.forward(hours=2)
            side = next(one for one in (view.link.first, view.link.second) if one.agency.name == _agency(world))
            link_release(
                actor=world.actor("manager"), link=view.link, side=side, note="Asked by letter of the agency's head."
            )


def _agency(world: World) -> str:
    return world.party("agency.police").name


STEPS = (
    Step(name="links: three seizures of tusks", days=24, at="10:00", do=_receive),
    Step(name="links: profiles", days=20, at="09:00", do=_profiles),
    Step(name="links: search ordered", days=19, at="09:00", do=_order),
    Step(name="links: search", days=19, at="09:20", do=_search, atomic=False),
    Step(name="links: reviewed", days=18, at="14:00", do=_review),
)
