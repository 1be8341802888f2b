"""Fetching records of references by accession, and searching for accessions: asked for, gone on with, finished once."""

import io
import tempfile
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from analysis.errors import InputRefused
from chain_of_custody.core.canonical import Json
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from chain_of_custody.vault.services import file_content, file_store
from lims.accounts.actors import Actor, require
from lims.accounts.services import system_actor
from lims.common.bell import ring
from lims.common.checks import text_clean
from lims.common.errors import BadInput, RuleViolation
from lims.lab.enums import JobState, ReferenceKind
from lims.lab.fetching import FetchedRecords, accessions_of, partial_path, wanted_check
from lims.lab.ledger import FETCH
from lims.lab.models import RecordFetch, ReferenceSet
from lims.lab.selectors.fetches import fetching_problem
from lims.lab.services.jobs import job_cancel, job_finish, job_take
from lims.lab.services.references import reference_propose

TASK = "lims.lab.fetch_execute"
MOST_ACCESSIONS = 20_000
"""Accessions of one list: some three hours at NCBI's pace without a key."""

MOST_SEARCHES = 2_000
"""Species and loci of one search: some eleven minutes at NCBI's pace without a key."""

MOST_EACH = 50
"""Accessions of a species and locus that a search may list."""

_OVER = (JobState.FAILED, JobState.CANCELLED)


def fetch_ask(*, actor: Actor, name: str, accessions: str) -> RecordFetch:
    """Queue the fetching of a list of accessions, one a line.

    Raises:
        NotAllowed: without `reference.manage`.
        RuleViolation: this laboratory fetches nothing from the network.
        BadInput: no name, no accession, one that is none (naming its line), too many.
    """
    require(actor, "reference.manage")
    _open_check()
    name = text_clean(name, field="name", required=True, limit=120)
    wanted = _accessions(accessions)
    with transaction.atomic():
        row = RecordFetch.objects.create(uuid=uuid4(), name=name, accessions=wanted, asked_by_id=actor.party_id)
        values: dict[str, Json] = {"accessions": len(wanted), "server": settings.SPOOR_NCBI_SERVER}
        act_append(actor=actor, drafts=[_draft(row, "queued", values)])
        ring(TASK, row.pk)
    return row


def search_ask(*, actor: Actor, name: str, wanted: Sequence[tuple[str, str]], most: int = 5) -> RecordFetch:
    """Queue a search for accessions of species at loci, at most `most` of each; what is fetched is chosen after it.

    Raises:
        NotAllowed: without `reference.manage`.
        RuleViolation: this laboratory asks nothing of the network.
        BadInput: no name, nothing to search for, too much.
    """
    require(actor, "reference.manage")
    _open_check()
    name = text_clean(name, field="name", required=True, limit=120)
    pairs = list(dict.fromkeys(wanted))
    if not pairs:
        raise BadInput(_("Nothing is missing, so there is nothing to search for."), code="required", field="species")
    if len(pairs) > MOST_SEARCHES:
        words = _("%(n)s pairs of species and locus are missing; one search takes %(most)s. Narrow the list.")
        raise BadInput(
            words % {"n": len(pairs), "most": MOST_SEARCHES},
            code="too-many",
            field="species",
            found=str(len(pairs)),
        )
    try:
        wanted_check(pairs)
    except InputRefused as error:
        raise BadInput(str(error), code="bad-list", field="species") from error
    if not 1 <= most <= MOST_EACH:
        words = _("Between 1 and %(most)s accessions of each can be listed.") % {"most": MOST_EACH}
        raise BadInput(words, code="out-of-range", field="most", found=str(most))
    with transaction.atomic():
        row = RecordFetch.objects.create(
            uuid=uuid4(), name=name, wanted=[list(pair) for pair in pairs], most=most, asked_by_id=actor.party_id
        )
        values: dict[str, Json] = {"searches": len(pairs), "server": settings.SPOOR_NCBI_SERVER}
        act_append(actor=actor, drafts=[_draft(row, "queued", values)])
        ring(TASK, row.pk)
    return row


def fetch_resume(*, actor: Actor, fetch: RecordFetch) -> RecordFetch:
    """Go on with a fetch that failed or was cancelled: what came is not asked for again.

    Raises:
        NotAllowed: without `reference.manage`.
        RuleViolation: it is not over, it is done, or this laboratory fetches nothing.
    """
    require(actor, "reference.manage")
    _open_check()
    with transaction.atomic():
        row = RecordFetch.objects.select_for_update(no_key=True, of=("self",)).get(pk=fetch.pk)
        if row.state not in _OVER:
            raise RuleViolation(_("Only a fetch that failed or was cancelled goes on."), code="not-over")
        row.state, row.attempt, row.error = JobState.QUEUED, 0, ""
        row.cancel_requested, row.finished_at = False, None
        row.save(update_fields=["state", "attempt", "error", "cancel_requested", "finished_at"])
        act_append(actor=actor, drafts=[_draft(row, "resumed", {})])
        ring(TASK, row.pk)
    return row


def fetch_cancel(*, actor: Actor, fetch: RecordFetch) -> None:
    """Ask a fetch to stop; what came is kept, and it can go on later.

    Raises:
        NotAllowed: without `reference.manage`.
        RuleViolation: it is over.
    """
    require(actor, "reference.manage")
    with transaction.atomic():
        over = RuleViolation(_("This fetch is over already."), code="fetch-over")
        row = job_cancel(jobs=RecordFetch.objects, job=fetch, over=over)
        if row is not None:
            act_append(actor=actor, drafts=[_draft(row, "cancelled", {})])


def fetch_start(*, pk: int, worker: str) -> RecordFetch | None:
    """Take the fetch for this worker; None when somebody else has it or it is over."""
    return job_take(jobs=RecordFetch.objects, pk=pk, worker=worker)


def fetch_finish(*, fetch: RecordFetch, found: FetchedRecords) -> None:
    """Keep the records as they came and the report, once.

    Raises:
        LeaseLost: another worker has the fetch now; nothing was written.
    """
    states = ("found", "none") if fetch.wanted else ("came", "kept", "missing")
    counts = {state: sum(one["state"] == state for one in found.report) for state in states}
    actor = system_actor()
    with transaction.atomic():
        job_finish(jobs=RecordFetch.objects, job=fetch, state=JobState.DONE, report=found.report)
        stored = None
        if found.content:
            stored = file_store(
                actor=actor,
                stream=StreamKey(kind="record_fetch", id=fetch.uuid),
                source=io.BytesIO(found.content),
                name=f"fetched-{fetch.uuid.hex[:8]}.gb",
                media_type="text/plain",
                role="reference_source",
                limit=settings.SPOOR_UPLOAD_LIMIT,
            )
            RecordFetch.objects.filter(pk=fetch.pk).update(file=stored)
        values: dict[str, Json] = {**counts, "sha256": stored.digest if stored else None}
        act_append(actor=actor, drafts=[_draft(fetch, "finished", values)])
    partial_path(fetch).unlink(missing_ok=True)


def fetch_fail(*, fetch: RecordFetch, error: str, state: str = JobState.FAILED) -> None:
    """End the fetch with the reason; what came so far is kept for going on.

    Raises:
        LeaseLost: another worker has the fetch now; nothing was written.
    """
    with transaction.atomic():
        job_finish(jobs=RecordFetch.objects, job=fetch, state=state, error=error)
        verb = "cancelled" if state == JobState.CANCELLED else "failed"
        act_append(actor=system_actor(), drafts=[_draft(fetch, verb, {}, {"error": error[:2000]})])


def fetch_give_up(fetch: RecordFetch) -> None:
    """A fetch whose workers died three times is failed; it can go on where it stopped."""
    fetch_fail(
        fetch=fetch, error=_("The worker stopped %(n)s times in the middle of this fetch.") % {"n": fetch.attempt}
    )


def fetch_propose(*, actor: Actor, fetch: RecordFetch, name: str, edition: str, locus: str) -> ReferenceSet:
    """Propose a reference set from the records of a fetch; curation and approval follow as for any other.

    Raises:
        NotAllowed: without `reference.manage`.
        RuleViolation: the fetch brought no record.
        BadInput: what `reference_propose` refuses.
    """
    require(actor, "reference.manage")
    if fetch.file is None:
        raise RuleViolation(_("This fetch brought no record."), code="nothing-fetched")
    content = file_content(fetch.file)
    came = sum(one["state"] != "missing" for one in fetch.report)
    return reference_propose(
        actor=actor,
        kind=ReferenceKind.SPECIES,
        name=name,
        edition=edition,
        files=[(fetch.file.name, io.BytesIO(content))],
        parameters={"locus": locus} if locus else {},
        provenance=_("%(n)s GenBank records fetched by accession, %(day)s.")
        % {"n": came, "day": fetch.finished_at.date().isoformat() if fetch.finished_at else "–"},
    )


def _open_check() -> None:
    if problem := fetching_problem():
        raise RuleViolation(problem, code="offline", field="accessions")


def _accessions(text: str) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="accessions-") as folder:
        try:
            found = accessions_of(text, scratch=Path(folder))
        except InputRefused as error:
            raise BadInput(str(error), code="bad-list", field="accessions") from error
    if len(found) > MOST_ACCESSIONS:
        raise BadInput(
            _("The list names %(n)s accessions; one fetch takes %(most)s. Part it.")
            % {"n": len(found), "most": MOST_ACCESSIONS},
            code="too-many",
            field="accessions",
            found=str(len(found)),
        )
    return found


def _draft(
    row: RecordFetch, verb: str, values: dict[str, Json], committed: dict[str, Json] | None = None
) -> EntryDraft:
    stream = StreamKey(kind="record_fetch", id=row.uuid)
    return EntryDraft(stream=stream, schema=FETCH, verb=verb, values=values, committed=committed or {})
