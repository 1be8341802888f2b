"""The job of a reference set: taken by a worker, finished once, cancelled, or ended with the reason."""

import io

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.models import StoredFile
from chain_of_custody.services import StreamKey, act_append
from chain_of_custody.vault.services import file_store
from lims.accounts.actors import Actor, require
from lims.accounts.services import system_actor
from lims.common.errors import RuleViolation
from lims.lab.enums import JobState, ReferenceState
from lims.lab.execution import FrozenReference
from lims.lab.models import ReferenceBuild, ReferenceSet, ReferenceTable
from lims.lab.services.jobs import job_cancel, job_finish, job_take
from lims.lab.services.references import reference_draft


def build_start(*, pk: int, worker: str) -> ReferenceBuild | None:
    """Take the build for this worker; None when somebody else has it or it is over."""
    return job_take(jobs=ReferenceBuild.objects, pk=pk, worker=worker)


def build_finish(*, build: ReferenceBuild, frozen: FrozenReference) -> None:
    """Write the built set once: archive, content hash, error rates and entry in one transaction.

    From here on the set waits for a second person, and never changes.

    Raises:
        LeaseLost: another worker has the build now; nothing was written.
    """
    actor = system_actor()
    with transaction.atomic():
        job_finish(jobs=ReferenceBuild.objects, job=build, state=JobState.DONE)
        row = _locked(build)
        row.file = _archive_store(actor, row, frozen)
        row.digest, row.records, row.summary = frozen.digest, frozen.records, frozen.summary
        _tables_store(actor, row, frozen)
        row.checks, row.state = frozen.checks, ReferenceState.PROPOSED
        row.save(update_fields=["file", "digest", "records", "summary", "checks", "state"])
        values: dict[str, Json] = {
            "attempt": build.attempt,
            "digest": row.digest,
            "file": str(row.file.uuid),
            "records": row.records,
        }
        act_append(actor=actor, drafts=[reference_draft(row, "built", values)])


def build_fail(*, build: ReferenceBuild, error: str, state: str = JobState.FAILED) -> None:
    """End the build without a set, with the reason; the edition is free again.

    Raises:
        LeaseLost: another worker has the build now; nothing was written.
    """
    with transaction.atomic():
        job_finish(jobs=ReferenceBuild.objects, job=build, state=state, error=error)
        _not_built(system_actor(), build, error)


def build_give_up(build: ReferenceBuild) -> None:
    """A build whose workers died three times is failed; the set can be proposed again."""
    build_fail(build=build, error=_("The worker stopped %(n)s times while building this set.") % {"n": build.attempt})


def build_cancel(*, actor: Actor, reference: ReferenceSet) -> None:
    """Ask the build of a set to stop. One that waits is cancelled at once, one that runs at its next step.

    Raises:
        NotAllowed: without `reference.manage`.
        RuleViolation: it is over.
    """
    require(actor, "reference.manage")
    with transaction.atomic():
        over = RuleViolation(_("The build of %(set)s is over already.") % {"set": reference}, code="build-over")
        build = reference.builds.order_by("pk").last()
        if build is None:
            raise over
        cancelled = job_cancel(jobs=ReferenceBuild.objects, job=build, over=over)
        if cancelled is not None:
            _not_built(actor, cancelled, "")


def _locked(build: ReferenceBuild) -> ReferenceSet:
    return ReferenceSet.objects.select_for_update(no_key=True).get(pk=build.reference_id)


def _not_built(actor: Actor, build: ReferenceBuild, error: str) -> None:
    row = _locked(build)
    row.state = ReferenceState.NOT_BUILT
    row.save(update_fields=["state"])
    committed: dict[str, Json] = {"error": error[:2000]} if error else {}
    act_append(actor=actor, drafts=[reference_draft(row, "not_built", {"attempt": build.attempt}, committed)])


def _archive_store(actor: Actor, row: ReferenceSet, frozen: FrozenReference) -> StoredFile:
    return file_store(
        actor=actor,
        stream=StreamKey(kind="reference", id=row.uuid),
        source=io.BytesIO(frozen.archive),
        name=f"{row.name}-{row.edition}.zip",
        media_type="application/zip",
        role="reference",
        limit=settings.SPOOR_UPLOAD_LIMIT,
    )


def _tables_store(actor: Actor, row: ReferenceSet, frozen: FrozenReference) -> None:
    for name, content in frozen.tables:
        file = file_store(
            actor=actor,
            stream=StreamKey(kind="reference", id=row.uuid),
            source=io.BytesIO(content),
            name=f"{row.name}-{row.edition}-{name}",
            media_type="text/csv",
            role="reference_table",
            limit=settings.SPOOR_UPLOAD_LIMIT,
        )
        ReferenceTable.objects.create(reference=row, name=name, file=file)
