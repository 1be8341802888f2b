"""Builders that call the services: an exhibit without its ledger entry is a state that cannot exist."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

from django.utils import timezone

from chain_of_custody.models import Item, Party
from chain_of_custody.services import party_create
from lims.accounts.actors import Actor
from lims.accounts.models import User
from lims.accounts.roles import Role
from lims.accounts.selectors import actor_of_user
from lims.accounts.services import GrantSpec, agency_create, system_actor, user_create
from lims.casework.models import Case, Exhibit, Location, Seizure
from lims.casework.services.cases import case_open
from lims.casework.services.exhibits import ExhibitFacts, exhibits_register
from lims.casework.services.items import Amount
from lims.casework.services.places import location_create
from lims.casework.services.seizures import SeizureFacts, seizure_record

PASSWORD = "a-long-enough-passphrase"
_NUMBER = count(1)
SEIZED_AT = datetime(2026, 10, 16, 22, 40, tzinfo=UTC)


def person(*roles: Role, name: str = "", agency: Party | None = None) -> User:
    """An account with laboratory-wide roles, or for one agency's cases."""
    number = next(_NUMBER)
    return user_create(
        actor=system_actor("command"),
        username=f"person{number}",
        name=name or f"Person {number}",
        password=PASSWORD,
        grants=tuple(GrantSpec(role=role, agency=agency) for role in roles),
        organisation=agency,
    )


def actor(*roles: Role, name: str = "", agency: Party | None = None) -> Actor:
    """The actor of a new account."""
    return actor_of_user(person(*roles, name=name, agency=agency), via="web")


def actor_of(user: User) -> Actor:
    """The actor of an account as its grants are now."""
    return actor_of_user(user, via="web")


def party(who: Actor) -> Party:
    """The party behind an actor."""
    return Party.objects.get(pk=who.party_id)


def agency(name: str = "") -> Party:
    """An organisation that submits exhibits."""
    return agency_create(actor=system_actor("command"), name=name or f"Agency {next(_NUMBER)}")


def driver(name: str = "Unknown driver") -> Party:
    """A party without an account."""
    return party_create(
        actor=system_actor("command"), kind="person", name=name, document_kind="passport", document_number="X1"
    )


def case(custodian: Actor, *, kind: str = "casework", of: Party | None = None) -> Case:
    """An open case."""
    return case_open(actor=custodian, kind=kind, title="Container at the port", agency=of or agency())


def seizure(custodian: Actor, in_case: Case) -> Seizure:
    """A seizure in the case."""
    facts = SeizureFacts(
        place="Berth 14", country="KE", seized_at=SEIZED_AT, zone="Africa/Nairobi", agency=in_case.agency
    )
    return seizure_record(actor=custodian, case=in_case, facts=facts)


def exhibits(custodian: Actor, in_case: Case, number: int = 1, *, grams: str = "500", seal: str = "") -> list[Exhibit]:
    """Exhibits in the custodian's hands."""
    facts = [
        ExhibitFacts(
            kind="specimen",
            description=f"Raw tusk {n}",
            declared_taxon="Loxodonta africana",
            term="TUS",
            amount=Amount(value=Decimal(grams), unit="g", tolerance=Decimal("0.5")),
            seal_number=f"{seal}{n}" if seal else "",
        )
        for n in range(1, number + 1)
    ]
    return exhibits_register(actor=custodian, case=in_case, facts=facts, held_by=party(custodian))


def place(manager: Actor, name: str = "", kind: str = "freezer") -> Location:
    """A place that can hold evidence."""
    return location_create(actor=manager, name=name or f"Freezer {next(_NUMBER)}", kind=kind)


def fresh(item: Item) -> Item:
    """The item as it is now, with what selectors load."""
    return Item.objects.select_related(
        "custodian", "sealed_by", "exhibit__case__agency", "sample__case__agency", "container_of__case__agency"
    ).get(pk=item.pk)


def hours_ago(hours: float) -> datetime:
    """A claimed time in the past."""
    return timezone.now() - timedelta(hours=hours)


@dataclass(slots=True)
class Laboratory:
    """A small laboratory: who works there, an agency, a case."""

    custodian: Actor = field(default_factory=lambda: actor(Role.CUSTODIAN, name="Tomás Ferreira"))
    technician: Actor = field(default_factory=lambda: actor(Role.TECHNICIAN, name="Ana Reyes"))
    analyst: Actor = field(default_factory=lambda: actor(Role.ANALYST, name="Amina Yusuf"))
    reviewer: Actor = field(default_factory=lambda: actor(Role.REVIEWER, name="Lena Brandt"))
    manager: Actor = field(default_factory=lambda: actor(Role.MANAGER, name="Okello Odongo"))
