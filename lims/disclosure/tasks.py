"""Jobs of disclosure: a pack is built by a worker, once."""

import logging
import os
import socket
import tempfile
from pathlib import Path

from celery import shared_task

from analysis.errors import Cancelled
from chain_of_custody.core.errors import PackRefused
from chain_of_custody.errors import CustodyError
from lims.common.errors import DomainError
from lims.disclosure.execution import pack_compose
from lims.disclosure.models import DisclosurePack
from lims.disclosure.services.packs import TASK, pack_fail, pack_finish, pack_give_up, pack_start
from lims.lab.enums import JobState
from lims.lab.services.jobs import Heart, LeaseLost, jobs_sweep

log = logging.getLogger(__name__)


@shared_task(name=TASK)
def pack_build(pk: int) -> None:
    """Build one pack, once, whoever rings however often."""
    pack = pack_start(pk=pk, worker=f"{socket.gethostname()}:{os.getpid()}")
    if pack is None:
        return
    try:
        with tempfile.TemporaryDirectory(prefix="pack-") as folder:
            with Heart(jobs=DisclosurePack.objects, job=pack) as heart:
                built = pack_compose(pack, Path(folder), heart.progress)
            pack_finish(pack=pack, built=built)
    except LeaseLost:
        log.warning("Pack %s was taken over; this attempt is dropped.", pack.reference)
    except Cancelled:
        pack_fail(pack=pack, error="Cancelled on request.", state=JobState.CANCELLED)
    except (DomainError, CustodyError, PackRefused) as error:
        pack_fail(pack=pack, error=str(error))
    except Exception:
        log.exception("Pack %s failed", pack.reference)
        pack_fail(
            pack=pack, error="An unexpected error stopped this pack. The administrator finds it in the worker's log."
        )
        raise


@shared_task(name="lims.disclosure.packs_sweep")
def packs_sweep() -> int:
    """Ring again for packs that wait or whose worker died."""
    return jobs_sweep(jobs=DisclosurePack.objects, task=TASK, give_up=pack_give_up)
