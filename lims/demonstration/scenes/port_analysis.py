"""The port container's analyses: traces and genotypes handed in, runs, a re-run, findings and an opinion."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils import timezone

from lims.casework.selectors.parts import component_get
from lims.demonstration.acts import upload
from lims.demonstration.synthetic import ABSENT, genotypes, query, stranger, traces
from lims.demonstration.working import run_complete
from lims.demonstration.world import Step, World
from lims.lab.models import Run, RunOutcome
from lims.lab.selectors.work import batch_get, outcome_get
from lims.lab.services.findings import FindingFacts, finding_record
from lims.lab.services.runs import run_queue, run_rerun

_AB1 = "application/vnd.appliedbiosystems.abif"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequenced:
    """An extract that was sequenced: what its synthetic sequence is drawn from and what it was declared to be."""

    key: str
    item: str
    number: int
    sequence: Callable[[int], str]
    declared: str = ""
    component: str = ""


def _of(species: str) -> Callable[[int], str]:
    return lambda number: query(species, number=number)


SEQUENCED = (
    Sequenced(key="scales", item="exhibit.scales", number=1, sequence=_of("Manis javanica"), declared="Manis javanica"),
    Sequenced(
        key="horn_1", item="exhibit.horn_1", number=2, sequence=_of("Diceros bicornis"), declared="Diceros bicornis"
    ),
    Sequenced(key="horn_2", item="exhibit.horn_2", number=3, sequence=_of(ABSENT)),
    Sequenced(
        key="bone",
        item="exhibit.medicine",
        number=4,
        sequence=_of("Bos taurus"),
        declared="Panthera tigris",
        component="component.bone",
    ),
    Sequenced(
        key="sachet",
        item="exhibit.medicine",
        number=5,
        sequence=lambda number: stranger(number=number),
        component="component.powder",
    ),
)


def _upload_traces(world: World) -> None:
    """The sequencer hands the traces in itself, with its token's account."""
    for one in SEQUENCED:
        item = world.item(f"extract.{one.key}")
        pair = traces(one.sequence(one.number), sample=one.key, number=one.number, run_on=timezone.localtime().date())
        for way, content in (("forward", pair.forward), ("reverse", pair.reverse)):
            file = upload(
                world,
                "sequencer",
                item,
                content,
                f"SYNTHETIC-{one.key}-{way[0].upper()}.ab1",
                media_type=_AB1,
                role=f"trace_{way}",
            )
            world.keep(f"file.{one.key}.{way}", file.uuid)


def _queue_species(world: World) -> None:
    analyst = world.actor("analyst")
    batch = batch_get(actor=analyst, key=world.uuid("batch.sequencing"))
    for one in SEQUENCED:
        run = run_queue(
            actor=analyst,
            case=world.case("case.port"),
            method="species.identify",
            inputs=[(f"trace_{way}", world.file(f"file.{one.key}.{way}")) for way in ("forward", "reverse")],
            item=world.item(f"extract.{one.key}"),
            component=component_get(uuid=world.uuid(one.component)) if one.component else None,
            batch=batch,
            reference=world.reference("reference.species"),
            parameters={"name": one.key, **({"declared": one.declared} if one.declared else {})},
        )
        world.keep(f"run.{one.key}", run.uuid)


def _queue_origin(world: World) -> None:
    analyst = world.actor("analyst")
    file = upload(
        world,
        "technician",
        world.item("exhibit.tusks"),
        genotypes().samples_csv.encode(),
        "SYNTHETIC-genotypes-16-tusks.csv",
        media_type="text/csv",
        role="genotypes",
    )
    run = run_queue(
        actor=analyst,
        case=world.case("case.port"),
        method="origin.assign",
        inputs=[("genotypes", file)],
        item=world.item("exhibit.tusks"),
        batch=batch_get(actor=analyst, key=world.uuid("batch.genotyping")),
        reference=world.reference("reference.origin"),
        parameters={"id_column": "id", "figures": 16},
        seed=20261121,
    )
    world.keep("run.origin", run.uuid)


def compute(*names: str) -> Callable[[World], None]:
    """Execute runs, or wait for the worker that has them."""

    def done(world: World) -> None:
        for name in names:
            run_complete(world.run(name))

    return done


def _rerun(world: World) -> None:
    again = run_rerun(actor=world.actor("second_analyst"), run=world.run("run.origin"))
    world.keep("run.origin_again", again.uuid)


_WORDS = {
    "species": "The sequence was identified as {name}. {rate}",
    "genus": "The sequence was identified as the genus {name}; the species was not resolved, and no record of every "
    "species of this genus is in the reference set. {rate}",
    "excluded": "The declared species is excluded: the sequence was identified as {name}. {rate}",
    "inconclusive": "No species, genus or family could be named from the sequence.",
    "no_result": "The sequence could not be compared.",
}


def _species_findings(world: World) -> None:
    for one in SEQUENCED:
        run = world.run(f"run.{one.key}")
        outcome = outcome_get(actor=world.actor("analyst"), run=run, number=1)
        named = outcome.identification in {"species", "genus", "excluded"}
        find(
            world,
            run,
            outcome,
            item=one.item,
            component=one.component,
            key=one.key,
            text=_WORDS.get(outcome.identification, _WORDS["inconclusive"]).format(
                name=outcome.name, rate="The error rates of this rule stand beside the result."
            ),
            name=outcome.name if named else "",
        )
        world.clock.forward(minutes=14)


def _origin_findings(world: World) -> None:
    """One finding on a tusk assigned to a population, one on the three that no population fits."""
    run = world.run("run.origin")
    answers = list(run.outcomes.order_by("number"))
    assigned = next(row for row in answers if row.identification == "assigned")
    strangers = [row for row in answers if row.identification == "none_of_these"]
    named = sum(1 for row in answers if row.identification == "assigned")
    find(
        world,
        run,
        assigned,
        item="exhibit.tusks",
        key="origin_assigned",
        text=f"{named} of {len(answers)} sampled tusks were assigned to a population or group of the baseline, each "
        f"with the posterior and exclusion p of the ranking; {assigned.subject} to {assigned.name}.",
        name=assigned.name,
    )
    world.clock.forward(minutes=20)
    find(
        world,
        run,
        strangers[0],
        item="exhibit.tusks",
        key="origin_none",
        text=f"{len(strangers)} sampled tusks ({', '.join(row.subject for row in strangers)}) fit none of the "
        "populations of the baseline.",
    )


def find(
    world: World,
    run: Run,
    outcome: RunOutcome,
    *,
    item: str,
    key: str,
    text: str,
    name: str = "",
    component: str = "",
) -> None:
    """Record a finding on an outcome and keep it for the report."""
    finding = finding_record(
        actor=world.actor("analyst"),
        case=world.case("case.port"),
        item=world.item(item),
        component=component_get(uuid=world.uuid(component)) if component else None,
        facts=FindingFacts(
            text=text, identification=outcome.identification, name_found=name, name_cites=name, basis=run.reference
        ),
        outcome=outcome,
    )
    world.keep(f"finding.{key}", finding.uuid)


def _opinion(world: World) -> None:
    finding = finding_record(
        actor=world.actor("analyst"),
        case=world.case("case.port"),
        item=world.item("exhibit.tusks"),
        facts=FindingFacts(
            kind="opinion",
            text="The consignment holds tusks of more than one origin; probably it was gathered from several stores.",
            basis="Assignment of sixteen tusks drawn at random, two of which fit no population of the baseline.",
        ),
    )
    world.keep("finding.opinion", finding.uuid)


_SPECIES_RUNS = tuple(f"run.{one.key}" for one in SEQUENCED)
STEPS = (
    Step(name="port: traces handed in", days=11, at="12:30", do=_upload_traces),
    Step(name="port: species runs queued", days=10, at="13:00", do=_queue_species),
    Step(name="port: species runs", days=10, at="13:01", do=compute(*_SPECIES_RUNS), atomic=False),
    Step(name="port: origin run queued", days=10, at="14:00", do=_queue_origin),
    Step(name="port: origin run", days=10, at="14:01", do=compute("run.origin"), atomic=False),
    Step(name="port: origin run again", days=9, at="10:00", do=_rerun),
    Step(name="port: origin run compared", days=9, at="10:01", do=compute("run.origin_again"), atomic=False),
    Step(name="port: species findings", days=9, at="11:00", do=_species_findings),
    Step(name="port: origin findings", days=9, at="14:00", do=_origin_findings),
    Step(name="port: opinion", days=9, at="15:30", do=_opinion),
)
