"""Two runs of a case side by side, from their rows."""

import json

from django.db.models import QuerySet

from lims.accounts.actors import Actor
from lims.lab.enums import JobState
from lims.lab.models import Run
from lims.lab.rules.comparing import Comparison, RunFacts, compare
from lims.lab.selectors.work import run_list


def runs_comparable(*, actor: Actor, run: Run) -> QuerySet[Run]:
    """Finished runs of the same method in the same case that the actor may see, newest first."""
    rows = run_list(actor=actor, case=run.case, state=JobState.DONE, method=run.method)
    return rows.exclude(pk=run.pk)


def runs_compare(first: Run, second: Run) -> Comparison:
    """What two runs share and where they differ; both with inputs, outputs and outcomes loaded."""
    return compare(_facts(first), _facts(second))


def _facts(run: Run) -> RunFacts:
    numbers: dict[str, str] = {}
    for outcome in sorted(run.outcomes.all(), key=lambda one: one.number):
        for number in outcome.summary.get("numbers", []):
            numbers[f"{outcome.subject}: {number['name']}"] = f"{number['value']:.6g}"
    files: dict[str, str] = {}
    for row in run.inputs.all():
        files[f"{row.role}: {row.file.name}"] = row.file.digest
    return RunFacts(
        how={
            "method": run.method,
            "version": run.method_version,
            "reference": ", ".join(f"{one} ({one.digest[:16]})" for one in run.sets),
            "seed": str(run.seed),
            **{f"parameter {name}": _text(value) for name, value in sorted(run.parameters.items())},
        },
        files=files,
        answers={
            one.subject: f"{one.identification} {one.name}".strip()
            for one in sorted(run.outcomes.all(), key=lambda one: one.number)
        },
        numbers=numbers,
        results={one.name: one.file.digest for one in sorted(run.outputs.all(), key=lambda one: one.name)},
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
