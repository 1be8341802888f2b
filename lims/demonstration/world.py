"""What the scenes share: the people, the clock, and the names under which earlier steps left what they made."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chain_of_custody.models import Item, Party, StoredFile
from lims.accounts.actors import Actor
from lims.accounts.models import User
from lims.accounts.selectors import actor_of_user, user_get
from lims.accounts.services import system_actor
from lims.casework.models import Case, Exhibit, Intake, Seizure
from lims.casework.selectors.cases import case_get, exhibit_get, intake_get, item_get, seizure_get
from lims.casework.selectors.naming import party_named
from lims.casework.services.files import file_get
from lims.demonstration.clock import Clock, clock_at
from lims.demonstration.models import SeedStep
from lims.lab.models import ReferenceSet, Report, Run
from lims.lab.selectors.reports import report_get
from lims.lab.selectors.work import reference_get, run_get

_BASE = "base"


@dataclass(slots=True)
class World:
    """The demonstration while it is being made."""

    base: datetime
    passwords: Mapping[str, str]
    known: dict[str, str] = field(default_factory=dict)
    fresh: dict[str, str] = field(default_factory=dict)
    clock: Clock = field(default_factory=lambda: Clock(timezone.now()))

    def keep(self, name: str, uuid: UUID) -> None:
        """Name something for later steps."""
        self.fresh[name] = str(uuid)

    def uuid(self, name: str) -> UUID:
        """What an earlier step named."""
        return UUID(self.fresh.get(name) or self.known[name])

    def names(self, prefix: str) -> list[str]:
        """Every name with a prefix, in order of its making."""
        return [name for name in {**self.known, **self.fresh} if name.startswith(prefix)]

    def user(self, key: str) -> User:
        """An account of the cast."""
        return user_get(actor=system_actor("command"), uuid=self.uuid(f"account.{key}"))

    def actor(self, key: str) -> Actor:
        """Somebody of the cast, with the roles and assignments held at the clock's time."""
        return actor_of_user(self.user(key), via="web")

    def party(self, name: str) -> Party:
        """A party by its name; `person.KEY` for somebody of the cast."""
        return party_named(uuid=self.uuid(name), field="party")

    def case(self, name: str) -> Case:
        """A case."""
        return case_get(actor=system_actor("command"), key=self.uuid(name))

    def seizure(self, name: str) -> Seizure:
        """A seizure."""
        return seizure_get(actor=system_actor("command"), uuid=self.uuid(name))

    def item(self, name: str) -> Item:
        """An item as it is now."""
        return item_get(actor=self.actor("custodian"), key=self.uuid(name))

    def items(self, names: Iterable[str]) -> list[Item]:
        """Several items as they are now."""
        return [self.item(name) for name in names]

    def exhibit(self, name: str) -> Exhibit:
        """The exhibit of an item."""
        return exhibit_get(actor=system_actor("command"), key=self.uuid(name))

    def file(self, name: str) -> StoredFile:
        """A stored file."""
        return file_get(uuid=self.uuid(name))

    def intake(self, name: str) -> Intake:
        """An intake."""
        return intake_get(actor=system_actor("command"), uuid=self.uuid(name))

    def run(self, name: str) -> Run:
        """An analysis run."""
        return run_get(actor=system_actor("command"), key=self.uuid(name))

    def report(self, name: str) -> Report:
        """A report."""
        return report_get(actor=system_actor("command"), key=self.uuid(name))

    def reference(self, name: str) -> ReferenceSet:
        """A reference set."""
        return reference_get(actor=system_actor("command"), uuid=self.uuid(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One piece of the demonstration, made whole or not at all.

    `days` before the first start and `at` (24-hour clock, laboratory time) say when it claims to have happened. A step
    that computes (`atomic=False`) commits as it goes and must be safe to begin again.
    """

    name: str
    days: float
    do: Callable[[World], None]
    at: str = "09:00"
    atomic: bool = True


def world_open(passwords: Mapping[str, str]) -> World:
    """The world as far as it has been made."""
    row, _made = SeedStep.objects.get_or_create(name=_BASE, defaults={"made": {"at": timezone.now().isoformat()}})
    known: dict[str, str] = {}
    for made in SeedStep.objects.exclude(name=_BASE).order_by("pk").values_list("made", flat=True):
        known |= made
    return World(base=datetime.fromisoformat(row.made["at"]), passwords=passwords, known=known)


def steps_run(world: World, steps: Iterable[Step], tell: Callable[[str], None]) -> int:
    """Make every step that has not been made; returns how many that were."""
    done = set(SeedStep.objects.values_list("name", flat=True))
    count = 0
    for step in steps:
        if step.name not in done:
            tell(step.name)
            _step_run(world, step)
            count += 1
    return count


def _step_run(world: World, step: Step) -> None:
    world.fresh = {}
    with clock_at(_moment(world.base, step)) as clock:
        world.clock = clock
        if step.atomic:
            with transaction.atomic():
                step.do(world)
                SeedStep.objects.create(name=step.name, made=world.fresh)
        else:
            step.do(world)
            SeedStep.objects.create(name=step.name, made=world.fresh)
    world.known |= world.fresh


def _moment(base: datetime, step: Step) -> datetime:
    """The step's time, which lies an hour or more before the first start: scenes let up to an hour pass."""
    hour, minute = (int(part) for part in step.at.split(":"))
    local = timezone.localtime(base) - timedelta(days=step.days)
    wanted = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return min(wanted, base - timedelta(hours=1))
