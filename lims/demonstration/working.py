"""Jobs of the demonstration: done here when no worker does them, awaited when one has taken them."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

from chain_of_custody.selectors import ledger_health
from chain_of_custody.services import sequencer_run_once
from lims.accounts.services import system_actor
from lims.common.errors import Unavailable
from lims.demonstration.clock import clock_usual
from lims.disclosure.models import DisclosurePack
from lims.disclosure.selectors.requests import pack_get
from lims.disclosure.tasks import pack_build
from lims.lab.enums import JobState
from lims.lab.models import JobBase, ReferenceBuild, ReferenceSet, Run
from lims.lab.selectors.work import reference_get, run_get
from lims.lab.tasks import reference_build, run_execute
from lims.links.models import LinkSearch
from lims.links.selectors.searches import search_get
from lims.links.tasks import search_execute

J = TypeVar("J", bound=JobBase)

_PATIENCE_SECONDS = 120
_GRACE_SECONDS = 2.0


def run_complete(run: Run) -> Run:
    """Execute a run here unless it is over, or wait for the worker that has it.

    Raises:
        Unavailable: it did not end, or ended without a result.
    """
    actor = system_actor("command")
    return _ended(lambda: run_get(actor=actor, key=run.uuid), run_execute, f"Run {run.reference}")


def reference_complete(reference: ReferenceSet) -> None:
    """Build a reference set here unless that is over, or wait for the worker that has it.

    Raises:
        Unavailable: it did not end, or ended without a set.
    """

    def build_now() -> ReferenceBuild:
        build = reference_get(actor=system_actor("command"), uuid=reference.uuid).build
        if build is None:
            raise Unavailable(f"{reference} has no job that builds it.")
        return build

    _ended(build_now, reference_build, f"The build of {reference}")


def pack_complete(pack: DisclosurePack) -> DisclosurePack:
    """Build a pack here unless it is over, or wait for the worker that has it.

    Raises:
        Unavailable: it did not end, or ended without a pack.
    """

    def pack_now() -> DisclosurePack:
        log_settle()
        return pack_get(actor=system_actor("command"), key=pack.uuid)

    return _ended(pack_now, pack_build, f"Pack {pack.reference}")


def search_complete(search: LinkSearch) -> None:
    """Compute a search for links here unless it is over, or wait for the worker that has it.

    Raises:
        Unavailable: it did not end, or ended without a result.
    """
    actor = system_actor("command")
    _ended(lambda: search_get(actor=actor, uuid=search.uuid), search_execute, f"Search {search.reference}")


def _ended(now: Callable[[], J], do: Callable[[int], object], name: str) -> J:
    """The job once it is done; `now` reads it anew, `do` works on it unless a worker has it."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not (job := now()).over:
        with _clock_for(job):
            do(job.pk)
        _wait(deadline, name)
    if job.state != JobState.DONE:
        raise Unavailable(f"{name} ended «{job.state}»: {job.error}")
    return job


def log_settle() -> None:
    """Wait until the log has taken in every act; where no sequencer works, be one for a moment.

    Two at once do no harm: each batch is taken under an advisory lock.
    """
    last, since = ledger_health().pending, time.monotonic()
    while last:
        time.sleep(0.1)
        pending = ledger_health().pending
        if pending < last:
            since = time.monotonic()
        elif time.monotonic() - since > _GRACE_SECONDS:
            sequencer_run_once()
        last = pending


def _clock_for(job: JobBase) -> AbstractContextManager[None]:
    """A job that waits is done at the time of the scene; one that somebody began is judged by the real clock."""
    return nullcontext() if job.state == JobState.QUEUED else clock_usual()


def _wait(deadline: float, what: str) -> None:
    if time.monotonic() > deadline:
        raise Unavailable(f"{what} did not end within {_PATIENCE_SECONDS} seconds. Start the demonstration again.")
    time.sleep(0.05)
