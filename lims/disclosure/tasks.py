"""Jobs of disclosure: a pack is built by a worker, once."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from celery import shared_task

from analysis.inputs import Progress
from chain_of_custody.core.errors import PackRefused
from lims.disclosure.execution import pack_compose
from lims.disclosure.models import DisclosurePack
from lims.disclosure.services.packs import TASK, pack_fail, pack_finish, pack_give_up, pack_start
from lims.lab.enums import JobState
from lims.lab.services.jobs import job_carry_out, jobs_sweep, worker_name


@shared_task(name=TASK)
def pack_build(pk: int) -> None:
    """Build one pack, once, whoever rings however often."""
    pack = pack_start(pk=pk, worker=worker_name())
    if pack is None:
        return

    def fail(*, error: str, state: str = JobState.FAILED) -> None:
        pack_fail(pack=pack, error=error, state=state)

    with tempfile.TemporaryDirectory(prefix="pack-") as folder:

        def work(progress: Progress) -> Callable[[], None]:
            built = pack_compose(pack, Path(folder), progress)
            return lambda: pack_finish(pack=pack, built=built)

        job_carry_out(
            jobs=DisclosurePack.objects,
            job=pack,
            name=f"Pack {pack.reference}",
            work=work,
            fail=fail,
            refusals=(PackRefused,),
        )


@shared_task(name="lims.disclosure.packs_sweep")
def packs_sweep() -> int:
    """Ring again for packs that wait or whose worker died."""
    return jobs_sweep(jobs=DisclosurePack.objects, task=TASK, give_up=pack_give_up)
