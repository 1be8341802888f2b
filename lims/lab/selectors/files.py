"""The files of runs: which a run may read, and the case behind a run's results."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q, QuerySet

from chain_of_custody.models import Item, StoredFile
from lims.accounts.actors import Actor
from lims.casework.models import Case
from lims.casework.selectors.access import case_scope
from lims.casework.selectors.parts import case_files, files_get
from lims.lab.enums import JobState
from lims.lab.models import Run, RunOutput

CONSENSUS = "consensus.csv"
"""The table of genotypes that joined typings make, which other methods read."""


def case_of_run(uuid: UUID) -> Case | None:
    """The case of a run's stream."""
    run = Run.objects.select_related("case__agency").filter(uuid=uuid).first()
    return run.case if run else None


def files_readable(case: Case) -> QuerySet[StoredFile]:
    """What a run of the case may read: files handed in, and files that its finished runs made."""
    made = RunOutput.objects.filter(run__case=case, run__state=JobState.DONE)
    return StoredFile.objects.filter(Q(pk__in=case_files(case).values("pk")) | Q(pk__in=made.values("file")))


def run_files_get(*, actor: Actor, uuids: Sequence[UUID], case: Case) -> dict[UUID, StoredFile]:
    """Files that a run of the case may read.

    Raises:
        NotAllowed: without `file.read` in the case.
        BadInput: a file that is none of them, naming it; `row` is its place.
    """
    return files_get(actor=actor, uuids=uuids, case=case, among=files_readable(case))


def item_consensus_tables(*, actor: Actor, item: Item, case: Case) -> list[tuple[Run, StoredFile]]:
    """Tables that joined typings of an item, newest first, each with its run; nothing without `file.read`."""
    if not actor.may("file.read", case_scope(case)):
        return []
    rows = RunOutput.objects.filter(run__item=item, run__state=JobState.DONE, name=CONSENSUS)
    return [(row.run, row.file) for row in rows.select_related("run", "file__stream").order_by("-pk")]
