"""Two runs of a case side by side, from their rows."""

import json
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from lims.accounts.actors import Actor
from lims.common.errors import NotFound, RuleViolation
from lims.lab.enums import JobState
from lims.lab.models import Run
from lims.lab.rules.comparing import Comparison, RunFacts, compare
from lims.lab.selectors.work import run_get, run_list


def runs_comparable(*, actor: Actor, run: Run) -> QuerySet[Run]:
    """Finished runs of the same method in the same case that the actor may see, newest first."""
    rows = run_list(actor=actor, case=run.case, state=JobState.DONE, method=run.method)
    return rows.exclude(pk=run.pk)


def run_other(*, actor: Actor, run: Run, other: UUID) -> Run:
    """The run to compare with.

    Raises:
        RuleViolation: the first is not finished.
        NotFound: none that may be compared: not finished, another method or case, or not the actor's to see.
    """
    if run.state != JobState.DONE:
        raise RuleViolation(_("Only a finished run can be compared."), code="not-done", field="run")
    if not runs_comparable(actor=actor, run=run).filter(uuid=other).exists():
        raise NotFound(
            _("There is no such finished run of this method in the case."), code="run-not-found", field="other"
        )
    return run_get(actor=actor, key=other)


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
