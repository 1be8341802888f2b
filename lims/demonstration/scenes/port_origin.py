"""The port container on the map, with isotopes too, a horn of a registered animal, a pedigree, the age of a tusk."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chain_of_custody.core.canonical import Json
from lims.demonstration.acts import upload
from lims.demonstration.scenes.port_analysis import compute, find
from lims.demonstration.synthetic import (
    bred_parrots,
    horn_profile,
    increments,
    mapped_samples,
    parrot_claims,
    tusk_oxygen,
)
from lims.demonstration.world import Step, World
from lims.lab.services.runs import run_queue


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A run over a table, maybe with a second table and reference, and the finding made of its first outcome."""

    item: str
    method: str
    role: str
    file: str
    content: Callable[[], bytes]
    reference: str
    parameters: Mapping[str, Json]
    second: tuple[str, str, Callable[[], bytes]] | None = None
    second_reference: str = ""


QUESTIONS: Mapping[str, Question] = {
    "map": Question(
        item="exhibit.tusks",
        method="origin.map",
        role="genotypes",
        file="SYNTHETIC-genotypes-2-tusks.csv",
        content=mapped_samples,
        reference="reference.map",
        parameters={"id_column": "id"},
    ),
    "combined": Question(
        item="exhibit.tusks",
        method="origin.combined",
        role="genotypes",
        file="SYNTHETIC-genotypes-2-tusks-again.csv",
        content=mapped_samples,
        reference="reference.map",
        parameters={"id_column": "id", "independent": "Ivory grew where the elephant lived; neither chose the other."},
        second=("measurements", "SYNTHETIC-oxygen-2-tusks.csv", tusk_oxygen),
        second_reference="reference.isoscape",
    ),
    "match": Question(
        item="exhibit.horn_1",
        method="individual.match",
        role="genotypes",
        file="SYNTHETIC-profiles-horn.csv",
        content=horn_profile,
        reference="reference.profiles",
        parameters={"id_column": "id"},
    ),
    "pedigree": Question(
        item="exhibit.parrots",
        method="individual.parentage",
        role="genotypes",
        file="SYNTHETIC-genotypes-parrots.csv",
        content=bred_parrots,
        reference="reference.parrots",
        parameters={"id_column": "id"},
        second=("claims", "SYNTHETIC-pedigree-of-the-breeder.csv", parrot_claims),
    ),
    "age": Question(
        item="exhibit.tusks",
        method="age.radiocarbon",
        role="measurements",
        file="SYNTHETIC-radiocarbon-tusk.csv",
        content=increments,
        reference="reference.curve",
        parameters={"longest": 30},
    ),
}


def _queue(world: World) -> None:
    for key, one in QUESTIONS.items():
        item = world.item(one.item)
        tables = [(one.role, one.file, one.content), *([one.second] if one.second else [])]
        inputs = [
            (role, upload(world, "technician", item, content(), file, media_type="text/csv", role=role))
            for role, file, content in tables
        ]
        run = run_queue(
            actor=world.actor("analyst"),
            case=world.case("case.port"),
            method=one.method,
            inputs=inputs,
            item=item,
            reference=world.reference(one.reference),
            second=world.reference(one.second_reference) if one.second_reference else None,
            parameters=dict(one.parameters),
        )
        world.keep(f"run.{key}", run.uuid)


def _findings(world: World) -> None:
    for key, one in QUESTIONS.items():
        run = world.run(f"run.{key}")
        outcome = run.outcomes.order_by("number")[0]
        find(world, run, outcome, item=one.item, key=key, text=str(outcome.summary["statement"]))
        world.clock.forward(minutes=9)


_RUNS = tuple(f"run.{key}" for key in QUESTIONS)
STEPS = (
    Step(name="port: map, match, pedigree and age queued", days=9, at="16:00", do=_queue),
    Step(name="port: map, match, pedigree and age", days=9, at="16:01", do=compute(*_RUNS), atomic=False),
    Step(name="port: findings on map, match and age", days=9, at="17:00", do=_findings),
)
