"""A running system with a case, an item, and work that is held in its middle until a test has interrupted it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from analysis.origin.synthetic import Design, synthetic_data
from chain_of_custody.models import Entry, Item, StoredFile
from lims.accounts.roles import Role
from lims.lab.models import JobBase, Run
from tests.lims import builders
from tests.story.people import Someone, someone
from tests.system import System, running_system, wait_until

J = TypeVar("J", bound=JobBase)
DESIGN = Design(
    seed=11,
    groups=4,
    populations_per_group=6,
    animals=30,
    loci=16,
    samples=2,
    outside_samples=0,
    fst_groups=0.15,
    fst_populations=0.10,
)
SIMULATIONS = 1000
HELD_FROM = 0.2
"""Share of the work from which on a held job waits."""
OVER_SECONDS = 300


@dataclass(slots=True)
class Work:
    """One open case with an item, reference population data, and the people who act."""

    system: System
    technician: Someone
    analyst: Someone
    case: str
    item: Item
    baseline: str
    genotypes: str

    def queue(self) -> Run:
        """Queue an origin run through the API; as it stands in the database."""
        body = {
            "method": "origin.assign",
            "inputs": [{"role": "genotypes", "file": self.genotypes}],
            "item": self.item.reference,
            "reference_set": self.baseline,
            "parameters": {"simulations": SIMULATIONS, "figures": 1},
        }
        made = self.analyst.api.post(f"cases/{self.case}/runs/", body)
        return Run.objects.get(uuid=made["uuid"])


def work(system: System) -> Work:
    """The case and its people; the web part must run."""
    custodian = someone(system, Role.CUSTODIAN, name="Tomás Ferreira")
    technician = someone(system, Role.TECHNICIAN, name="Ana Reyes")
    analyst = someone(system, Role.ANALYST, name="Amina Yusuf")
    manager = someone(system, Role.MANAGER, name="Okello Odongo")
    who = builders.actor_of(custodian.user)
    case = builders.case(who)
    item = builders.fresh(builders.exhibits(who, case)[0].item)
    data = synthetic_data(DESIGN)
    columns = {"id_column": "id", "population_column": "population", "group_column": "group"}
    baseline = analyst.api.reference(
        {"kind": "origin", "name": "Synthetic baseline", "edition": "1", "provenance": "generated",
         "synthetic": "true", "parameters": json.dumps(columns)},
        [("files", "baseline.csv", data.baseline_csv.encode())],
    )  # fmt: skip
    manager.api.post(f"reference-sets/{baseline['uuid']}/approval/", {"note": "Checked against the generator."})
    genotypes = technician.api.upload(
        f"items/{item.uuid}/files/", {"role": "genotypes"}, [("file", "genotypes.csv", data.samples_csv.encode())]
    )
    return Work(
        system=system,
        technician=technician,
        analyst=analyst,
        case=case.reference,
        item=item,
        baseline=baseline["uuid"],
        genotypes=genotypes["uuid"],
    )


@contextmanager
def holding_system(home: Path, environment: Mapping[str, str]) -> Iterator[System]:
    """A system, not started yet, whose worker holds jobs in their middle when asked to."""
    with running_system(home, {**environment, "SPOOR_TEST_HOLD": str(home / "hold")}) as system:
        system.worker_app = "tests.integration.held"
        yield system


def hold(system: System) -> None:
    """From now on jobs wait in their middle."""
    file = Path(system.environment["SPOOR_TEST_HOLD"])
    draft = file.with_suffix(".new")
    draft.write_text(str(HELD_FROM), encoding="ascii")
    draft.rename(file)


def let_go(system: System) -> None:
    """Jobs go on to their end."""
    Path(system.environment["SPOOR_TEST_HOLD"]).unlink()


def in_the_middle(job: J) -> J:
    """Wait until a worker computes the job, has told of progress and is held."""

    def begun() -> J | None:
        now = type(job)._default_manager.get(pk=job.pk)
        assert not now.over, f"it was over before it could be interrupted: {now.state} {now.error}"
        return now if now.progress >= HELD_FROM else None

    found: J = wait_until(begun, seconds=OVER_SECONDS, what=f"{job} is being computed")
    return found


def over(job: J) -> J:
    """Wait until the job is over."""

    def ended() -> J | None:
        now = type(job)._default_manager.get(pk=job.pk)
        return now if now.over else None

    found: J = wait_until(ended, seconds=OVER_SECONDS, what=f"{job} is over")
    return found


def entries(kind: str, uuid: Any) -> list[dict[str, Any]]:
    """Every ledger entry of a stream, in order."""
    rows = Entry.objects.filter(stream__kind=kind, stream__uuid=uuid).order_by("sequence")
    return [json.loads(bytes(row.canonical)) for row in rows]


def finished_once(run: Run, *, attempt: int) -> None:
    """The run is done by that attempt, with one result in database, ledger and vault."""
    done = over(run)
    assert (done.state, done.error, done.attempt) == ("done", "", attempt)
    told = entries("run", run.uuid)
    acts = [one for one in told if one["schema"].startswith("lab.run/")]
    assert [one["verb"] for one in acts] == ["queued", *["started"] * attempt, "finished"]
    assert [one["values"]["attempt"] for one in acts if one["verb"] == "started"] == list(range(1, attempt + 1))
    outputs = {row.name: row.file.digest for row in done.outputs.select_related("file")}
    assert {"outcomes.json", "ranking.json", "ranking.csv"} <= outputs.keys()
    assert {one["name"]: one["sha256"] for one in acts[-1]["values"]["outputs"]} == outputs
    kept = StoredFile.objects.filter(stream__kind="run", stream__uuid=run.uuid)
    assert sorted(kept.values_list("name", flat=True)) == sorted(outputs)
    assert sum(one["verb"] == "stored" for one in told) == len(outputs)
    assert done.outcomes.count() == DESIGN.samples


def another(system: System, folder: Path) -> System:
    """A second host of the same laboratory: own logs and clock, the same database, broker and store."""
    folder.mkdir()
    return System(home=folder, environment=system.environment, port=system.port, worker_app=system.worker_app)
