"""Parts killed with -9 in the middle of work: what was confirmed is there, what was not leaves nothing behind."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from analysis.species.synthetic import barcodes
from chain_of_custody.models import StoredFile
from lims.lab.models import ReferenceBuild, Run
from tests.conftest import TestBroker, TestDatabase
from tests.integration.working import (
    Work,
    another,
    entries,
    finished_once,
    hold,
    holding_system,
    in_the_middle,
    let_go,
    over,
    work,
)
from tests.system import System, wait_until

pytestmark = [pytest.mark.commits, pytest.mark.slow]

LEASE_SECONDS = "3"
GENERA = ("Fictus", "Ignotus", "Novus", "Pictus", "Probatus", "Simulatus", "Vagus", "Quaesitus", "Certus", "Dubius")


@pytest.fixture
def system(committed_db: TestDatabase, embedded_redis: TestBroker, tmp_path: Path) -> Iterator[System]:
    environment = {
        **committed_db.environment(),
        **embedded_redis.environment(),
        "SPOOR_RUN_LEASE_SECONDS": LEASE_SECONDS,
    }
    with holding_system(tmp_path, environment) as running:
        running.start("worker", "web")
        yield running


@pytest.fixture
def bench(system: System) -> Work:
    return work(system)


def _flush(broker: TestBroker) -> None:
    with redis.Redis(unix_socket_path=str(broker.socket), db=broker.database) as client:
        assert client.keys("spoor:*") or client.keys("*"), "the broker was expected to hold something"
        client.flushdb()


def _signal(system: System, number: int) -> None:
    os.killpg(system.running["worker"].pid, number)


def test_a_run_whose_worker_was_killed_finishes_once_after_the_restart(bench: Work) -> None:
    hold(bench.system)
    run = in_the_middle(bench.queue())
    bench.system.kill("worker")
    stopped = Run.objects.get(pk=run.pk)
    assert (stopped.state, stopped.attempt, stopped.outputs.count()) == ("running", 1, 0)
    let_go(bench.system)
    bench.system.start("worker")
    finished_once(run, attempt=2)


def test_a_worker_that_comes_back_late_writes_nothing(bench: Work, tmp_path: Path) -> None:
    hold(bench.system)
    run = in_the_middle(bench.queue())
    _signal(bench.system, signal.SIGSTOP)
    let_go(bench.system)
    second = another(bench.system, tmp_path / "second")
    try:
        second.start("worker")
        assert over(run).attempt == 2
        before = entries("run", run.uuid)
        _signal(bench.system, signal.SIGCONT)
        log = bench.system.home / "worker.log"
        wait_until(lambda: "was taken over" in log.read_text(), seconds=300, what="the late worker gives up")
    finally:
        second.stop()
    finished_once(run, attempt=2)
    assert entries("run", run.uuid) == before


def test_runs_finish_although_the_broker_lost_every_ring(bench: Work, embedded_redis: TestBroker) -> None:
    bench.system.stop("worker")
    waiting = bench.queue()
    _flush(embedded_redis)
    bench.system.start("worker")
    finished_once(waiting, attempt=1)
    hold(bench.system)
    under_way = in_the_middle(bench.queue())
    behind = bench.queue()
    _flush(embedded_redis)
    let_go(bench.system)
    finished_once(under_way, attempt=1)
    finished_once(behind, attempt=1)


def test_a_reference_set_whose_worker_was_killed_is_built_once_after_the_restart(bench: Work) -> None:
    fields = {"kind": "species", "name": "Synthetic COI", "edition": "1", "provenance": "generated"}
    species = [f"{genus} {epithet}" for genus in GENERA for epithet in ("primus", "secundus", "tertius", "quartus")]
    library = barcodes(species, seed=5)
    fasta = "".join(one.fasta for one in library).encode()
    hold(bench.system)
    answer = bench.analyst.api.upload_call("reference-sets/", fields, [("files", "COI.fasta", fasta)])
    build = ReferenceBuild.objects.get(reference__uuid=answer.body["uuid"])
    address = f"/api/v1/reference-sets/{answer.body['uuid']}/"
    assert (answer.status, answer.headers["Location"], answer.body["state"]) == (202, address, "draft")
    twice = bench.analyst.api.upload_call("reference-sets/", fields, [("files", "COI.fasta", fasta)])
    assert (twice.status, twice.body["code"]) == (422, "taken")
    in_the_middle(build)
    bench.system.kill("worker")
    stopped = ReferenceBuild.objects.select_related("reference").get(pk=build.pk)
    assert (stopped.state, stopped.attempt, stopped.reference.state) == ("running", 1, "draft")
    let_go(bench.system)
    bench.system.start("worker")
    done = over(build)
    assert (done.state, done.error, done.attempt) == ("done", "", 2)
    row = done.reference
    acts = [one["verb"] for one in entries("reference", row.uuid) if one["schema"].startswith("lab.reference/")]
    assert (row.state, row.records, acts) == ("proposed", len(library), ["drafted", "built"])
    stored = StoredFile.objects.filter(stream__kind="reference", stream__uuid=row.uuid)
    roles = Counter(stored.values_list("role", flat=True))
    tables = row.tables.count()
    assert roles == {"reference": 1, "reference_source": 1, "reference_table": tables}
    assert stored.values("name").distinct().count() == 2 + tables
    assert tables > 0


def test_a_running_run_is_cancelled_and_leaves_no_result(bench: Work) -> None:
    hold(bench.system)
    run = in_the_middle(bench.queue())
    answer = bench.analyst.api.call("POST", f"runs/{run.uuid}/cancel/")
    assert answer.status == 202
    assert answer.headers["Location"] == f"/api/v1/runs/{run.uuid}/"
    ended = over(run)
    assert (ended.state, ended.attempt, ended.outputs.count(), ended.outcomes.count()) == ("cancelled", 1, 0, 0)
    assert [one["verb"] for one in entries("run", run.uuid)] == ["queued", "started", "cancelled"]
    again = bench.analyst.api.call("POST", f"runs/{run.uuid}/cancel/")
    assert (again.status, again.body["code"]) == (422, "run-over")
