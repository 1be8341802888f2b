"""Database, sequencer and acting processes killed with -9 at random moments: what was confirmed is there, once.

The acting processes call the services that web and worker call, in a PostgreSQL of their own with fsync on (the
session's is shared and fast). Ten rounds here; `make soak` runs sixty, SPOOR_SOAK_ROUNDS as many as you like. The real
worker is killed in `test_kill.py`, the real web process in `test_kill_upload.py`.
"""

import multiprocessing
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, InterfaceError, connection, connections, transaction

from chain_of_custody import schemas
from chain_of_custody.errors import SequencerRefused
from chain_of_custody.models import Entry, Item, Party, Pending
from chain_of_custody.services import EntryDraft, StreamKey, act_append, items_move, sequencer_loop
from chain_of_custody.services.verifying import ledger_verify_now
from deploy.embedded.home import Home
from deploy.embedded.postgres import APP, DATABASE, OWNER, SUPERUSER, Cluster
from tests.chain_of_custody.builders import Person, item, own_log, person
from tests.conftest import SERVERS, TEMPLATE, TestDatabase
from tests.system import wait_until

pytestmark = [pytest.mark.commits, pytest.mark.slow]
ROUNDS = int(os.environ.get("SPOOR_SOAK_ROUNDS", "10"))
SCHEMA = "tests.counted/1"
FORK = multiprocessing.get_context("fork")


class Durable:
    """A PostgreSQL with fsync on, filled with the migrated template, that can be killed and started again."""

    def __init__(self, root: Path) -> None:
        self.cluster = Cluster(home=Home(root=root))
        self.cluster.home.prepare()
        self.cluster.initialise()
        self.server = self.cluster.start()
        self.cluster.wait_ready(self.server)
        self.cluster.provision()
        self._fill()

    def _fill(self) -> None:
        programs = self.cluster.programs.folder
        dump = self.cluster.home.root / "template.dump"
        source = SERVERS.cluster.url(SUPERUSER, TEMPLATE)
        subprocess.run([programs / "pg_dump", "-Fc", "--no-owner", f"--file={dump}", source], check=True)
        target = self.cluster.url(SUPERUSER, DATABASE)
        words = [str(programs / "pg_restore"), "--no-owner", f"--role={OWNER}", "--dbname", target, str(dump)]
        subprocess.run(words, check=True)
        self.cluster.grant(DATABASE)

    def kill(self) -> None:
        self.server.kill()
        self.server.wait(120)

    def restart(self) -> None:
        self.server = self.cluster.start()
        self.cluster.wait_ready(self.server)


@pytest.fixture
def durable(tmp_path: Path, committed_db: TestDatabase) -> Iterator[Durable]:
    # Not the test's own monkeypatch: it is undone after the connection points back to the usual database.
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield from _durable(tmp_path, monkeypatch)


def _durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Durable]:
    tmp_path.chmod(0o711)
    own = Durable(tmp_path / "home")
    connection.close()
    for name, value in {
        "NAME": DATABASE,
        "HOST": str(own.cluster.socket_folder),
        "USER": APP,
        "PASSWORD": own.cluster.home.secret(f"database-{APP}"),
    }.items():
        monkeypatch.setitem(connection.settings_dict, name, value)
    own_log(tmp_path, monkeypatch)
    schemas.declare(SCHEMA, {"counted"})
    yield own
    connections.close_all()
    own.cluster.stop(own.server)


def acting(me: Person, thing: Item, shelf: Party, counter: UUID, told: Path) -> None:
    """Move an item and count, both in one transaction; write down each act once it was confirmed."""
    with told.open("ab", buffering=0) as out:
        while True:
            try:
                with transaction.atomic():
                    there = shelf if Item.objects.get(pk=thing.pk).custodian_id == me.party.pk else me.party
                    items_move(actor=me.actor, items=[thing], to=there, from_location=True)
                    draft = EntryDraft(stream=StreamKey(kind="counter", id=counter), schema=SCHEMA, verb="counted")
                    act = act_append(actor=me.actor, drafts=[draft])
                out.write(f"{act.entries[0].id}\n".encode())
            except (DatabaseError, InterfaceError):
                connection.close()
                time.sleep(0.05)


def sequencing() -> None:
    try:
        sequencer_loop(Event(), poll=0.02)
    except SequencerRefused:
        os._exit(3)


def forked(work: Any, *given: Any) -> BaseProcess:
    connections.close_all()
    process = FORK.Process(target=work, args=given, daemon=True)
    process.start()
    return process


def killed(process: BaseProcess) -> None:
    assert process.pid is not None
    assert process.is_alive(), f"it ended by itself with {process.exitcode}"
    os.kill(process.pid, signal.SIGKILL)
    process.join(120)


def test_after_every_kill_the_ledger_verifies_and_no_confirmed_act_is_missing(durable: Durable, tmp_path: Path) -> None:
    chance = random.Random(os.environ.get("SPOOR_SOAK_SEED", "20260304"))
    shelf = person("Shelf", kind="location").party
    crew = [(me := person(f"Actor {n}"), item(me), UUID(int=900 + n), tmp_path / f"told-{n}") for n in range(3)]
    parts: dict[str, tuple[Any, ...]] = {"sequencer": (sequencing,)}
    parts |= {
        f"actor {n}": (acting, me, thing, shelf, counter, told) for n, (me, thing, counter, told) in enumerate(crew)
    }
    running = {name: forked(*words) for name, words in parts.items()}
    try:
        for _round in range(ROUNDS):
            _some_more_acts(crew)
            time.sleep(chance.uniform(0, 0.4))
            victims = chance.sample(["database", *parts], chance.randint(1, 2))
            for name in victims:
                durable.kill() if name == "database" else killed(running[name])
            for name in victims:
                if name == "database":
                    durable.restart()
                else:
                    running[name] = forked(*parts[name])
            _as_confirmed(crew)
    finally:
        for process in running.values():
            process.kill()
            process.join(120)
    _as_confirmed(crew)


def _some_more_acts(crew: list[tuple[Person, Item, UUID, Path]]) -> None:
    """Wait until three more acts were confirmed, however slow the machine."""

    def confirmed() -> int:
        return sum(len(told.read_text().split()) for *_rest, told in crew if told.exists())

    before = confirmed()
    wait_until(lambda: confirmed() >= before + 3, seconds=300, what="acts go on")


def _as_confirmed(crew: list[tuple[Person, Item, UUID, Path]]) -> None:
    for _me, thing, counter, told in crew:
        confirmed = told.read_text().split() if told.exists() else []
        rows = Entry.objects.filter(stream__uuid=counter)
        kept = {str(uuid) for uuid in rows.values_list("uuid", flat=True)}
        assert set(confirmed) <= kept, "a confirmed act is missing"
        assert len(confirmed) == len(set(confirmed))
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            counted = Entry.objects.filter(stream__uuid=counter).count()
            assert Entry.objects.filter(stream__uuid=thing.uuid).count() == counted + 1, "half of an act"
    verdict = ledger_verify_now()
    assert verdict.passed, verdict.findings
    assert Pending.objects.count() + verdict.size <= Entry.objects.count()
