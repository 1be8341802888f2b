"""The same web, worker and clock over RabbitMQ instead of Redis."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kombu import Connection

from tests.conftest import TestDatabase
from tests.integration.rabbitmq import packages_missing, rabbitmq_node
from tests.integration.working import finished_once, hold, holding_system, in_the_middle, let_go, work

MISSING = packages_missing()

pytestmark = [
    pytest.mark.commits,
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"needs Debian's packages {', '.join(MISSING)}"),
]


@pytest.fixture
def broker() -> Iterator[str]:
    with rabbitmq_node() as address:
        yield address


def test_a_run_finishes_over_amqp(committed_db: TestDatabase, broker: str, tmp_path: Path) -> None:
    environment = {**committed_db.environment(), "SPOOR_BROKER_URL": broker, "SPOOR_RUN_LEASE_SECONDS": "3"}
    with holding_system(tmp_path, environment) as system:
        system.start("worker", "web")
        bench = work(system)
        finished_once(bench.queue(), attempt=1)
        hold(system)
        interrupted = in_the_middle(bench.queue())
        system.kill("worker")
        let_go(system)
        system.start("worker")
        finished_once(interrupted, attempt=2)
        system.stop("worker")
        lost = bench.queue()
        with Connection(broker) as line, line.channel() as channel:
            assert channel.queue_purge("analysis") >= 1
        system.start("worker")
        finished_once(lost, attempt=1)
