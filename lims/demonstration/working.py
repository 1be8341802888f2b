"""Jobs of the demonstration: done here when no worker does them, awaited when one has taken them."""

import time
from contextlib import AbstractContextManager, nullcontext

from chain_of_custody.selectors import ledger_health
from chain_of_custody.services import sequencer_run_once
from lims.accounts.services import system_actor
from lims.common.errors import Unavailable
from lims.demonstration.clock import clock_usual
from lims.disclosure.models import DisclosurePack
from lims.disclosure.selectors.requests import pack_get
from lims.disclosure.tasks import pack_build
from lims.lab.enums import JobState
from lims.lab.models import JobBase, ReferenceSet, Run
from lims.lab.selectors.work import reference_get, run_get
from lims.lab.tasks import reference_build, run_execute
from lims.links.models import LinkSearch
from lims.links.selectors.searches import search_get
from lims.links.tasks import search_execute

_PATIENCE_SECONDS = 120
_GRACE_SECONDS = 2.0


def run_complete(run: Run) -> Run:
    """Execute a run here unless it is over, or wait for the worker that has it.

    Raises:
        Unavailable: it did not end, or ended without a result.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not (run := run_get(actor=system_actor("command"), key=run.uuid)).over:
        with _clock_for(run):
            run_execute(run.pk)
        _wait(deadline, run.reference)
    if run.state != JobState.DONE:
        raise Unavailable(f"Run {run.reference} ended «{run.state}»: {run.error}")
    return run


def reference_complete(reference: ReferenceSet) -> None:
    """Build a reference set here unless that is over, or wait for the worker that has it.

    Raises:
        Unavailable: it did not end, or ended without a set.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (build := reference_get(actor=system_actor("command"), uuid=reference.uuid).build) and not build.over:
        with _clock_for(build):
            reference_build(build.pk)
        _wait(deadline, str(reference))
    if build is None or build.state != JobState.DONE:
        raise Unavailable(f"{reference} could not be built: {build.error if build else 'no job'}")


def pack_complete(pack: DisclosurePack) -> DisclosurePack:
    """Build a pack here unless it is over, or wait for the worker that has it.

    Raises:
        Unavailable: it did not end, or ended without a pack.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not (pack := pack_get(actor=system_actor("command"), key=pack.uuid)).over:
        log_settle()
        with _clock_for(pack):
            pack_build(pack.pk)
        _wait(deadline, pack.reference)
    if pack.state != JobState.DONE:
        raise Unavailable(f"Pack {pack.reference} ended «{pack.state}»: {pack.error}")
    return pack


def search_complete(search: LinkSearch) -> None:
    """Compute a search for links here unless it is over, or wait for the worker that has it.

    Raises:
        Unavailable: it did not end, or ended without a result.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    actor = system_actor("command")
    while not (search := search_get(actor=actor, uuid=search.uuid)).over:
        with _clock_for(search):
            search_execute(search.pk)
        _wait(deadline, search.reference)
    if search.state != JobState.DONE:
        raise Unavailable(f"Search {search.reference} ended «{search.state}»: {search.error}")


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
