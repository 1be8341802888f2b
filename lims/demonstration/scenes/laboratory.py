"""The laboratory: organisations, people, places, boxes."""

from lims.accounts.services import GrantSpec, agency_create, named_party_create, system_actor, token_create, user_create
from lims.casework.services.places import container_create, location_create
from lims.demonstration.cast import CAST, Character, token_keep
from lims.demonstration.world import Step, World

_AGENCIES = (
    ("customs", "Harbour Customs"),
    ("police", "Northern District Police, wildlife unit"),
    ("prosecution", "Office of the Public Prosecutor"),
    ("authority", "CITES Management Authority"),
)
_PLACES = (
    ("evidence_room", "Evidence room", "evidence_room"),
    ("freezer_1", "Freezer F1", "freezer"),
    ("freezer_2", "Freezer F2", "freezer"),
    ("bench_1", "Bench 1, before PCR", "bench"),
    ("bench_2", "Bench 2, after PCR", "bench"),
    ("weapons", "Weapons cabinet", "cabinet"),
    ("quarantine", "Quarantine station Meridian", "quarantine"),
)


def _organisations(world: World) -> None:
    for key, name in _AGENCIES:
        world.keep(f"agency.{key}", agency_create(actor=system_actor("command"), name=name).uuid)


def _people(world: World) -> None:
    for one in CAST:
        organisation = one.organisation or one.agency
        user = user_create(
            actor=system_actor("command"),
            username=one.key,
            name=one.name,
            password=world.passwords[one.key],
            grants=_grants(world, one),
            organisation=world.party(f"agency.{organisation}") if organisation else None,
            language=one.language,
        )
        world.keep(f"account.{one.key}", user.uuid)
        world.keep(f"person.{one.key}", user.party.uuid)


def _grants(world: World, one: Character) -> tuple[GrantSpec, ...]:
    agency = world.party(f"agency.{one.agency}") if one.agency else None
    return tuple(GrantSpec(role=role, agency=agency) for role in one.roles)


def _instrument(world: World) -> None:
    _token, secret = token_create(
        actor=world.actor("administrator"), user=world.user("sequencer"), name="Uploads of sequencer SEQ-01"
    )
    # Before the commit: a token in the file that the database never got is written over by the next start.
    token_keep(secret)


def _places(world: World) -> None:
    for key, name, kind in _PLACES:
        place = location_create(actor=world.actor("custodian"), name=name, kind=kind)
        world.keep(f"place.{key}", place.party.uuid)


def _boxes(world: World) -> None:
    technician = world.actor("technician")
    boxes = (
        ("box.powders", "box", "Powders, box 7", "freezer_1", 9, 9),
        ("box.extracts", "box", "Extracts, box 12", "freezer_2", 9, 9),
        ("plate.extracts", "plate", "Extraction plate EP-031", "freezer_2", 8, 12),
    )
    for key, kind, description, place, rows, columns in boxes:
        box = container_create(
            actor=technician,
            kind=kind,
            description=description,
            held_by=world.party(f"place.{place}"),
            rows=rows,
            columns=columns,
        )
        world.keep(key, box.item.uuid)


def _outsiders(world: World) -> None:
    custodian = world.actor("custodian")
    people = (
        ("driver", "person", "Juma Barasa", "customs", "service card", "HC-2291"),
        ("courier", "courier", "Savanna Secure Couriers", "", "", ""),
        ("keeper", "person", "Nadia Petrov", "", "identity card", "K 448 211"),
    )
    for key, kind, name, organisation, document, number in people:
        party = named_party_create(
            actor=custodian,
            kind=kind,
            name=name,
            organisation=world.party(f"agency.{organisation}") if organisation else None,
            document_kind=document,
            document_number=number,
        )
        world.keep(f"outside.{key}", party.uuid)


STEPS = (
    Step(name="organisations", days=420, do=_organisations),
    Step(name="people", days=420, at="09:30", do=_people),
    Step(name="instrument token", days=419, do=_instrument),
    Step(name="places", days=418, do=_places),
    Step(name="boxes and plate", days=60, do=_boxes),
    Step(name="people without account", days=30, do=_outsiders),
)
