"""The case behind the files of a run, so that its results can be read like every other file of the case."""

from uuid import UUID

from lims.casework.models import Case
from lims.lab.models import Run


def case_of_run(uuid: UUID) -> Case | None:
    """The case of a run's stream."""
    run = Run.objects.select_related("case__agency").filter(uuid=uuid).first()
    return run.case if run else None
