"""The supervisor: one per home, restarts what dies, leaves nothing behind, says what is wrong."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from deploy.embedded.environment import Mode, Plan, plan_read, plans_known, settings_file_read
from deploy.embedded.errors import DeployError, DiskFull, PortTaken
from deploy.embedded.guards import check_port
from deploy.embedded.home import Home
from deploy.embedded.postgres import OWNER, Cluster
from deploy.embedded.prepared import prepared, prepared_record
from deploy.embedded.processes import Identity, wait_gone
from deploy.embedded.supervisor import Supervisor
from tests.deploy.support import ROOT, eventually, free_port, quick_cluster, serving


@dataclass
class System:
    """A supervisor in a process of its own."""

    process: subprocess.Popen[bytes]
    home: Home
    words: Path
    port: int

    def says(self, text: str, seconds: float = 240) -> bool:
        return eventually(lambda: text in self.words.read_text(), seconds)

    def parts(self) -> dict[str, Identity]:
        known = json.loads(self.home.parts.read_text())
        return {name: Identity(**fields) for name, fields in known.items()}

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(120)


@contextmanager
def started(root: Path, port: int | None = None, *code: str) -> Iterator[System]:
    words = root.with_suffix(".words")
    port = port or free_port()
    with words.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.deploy.small_system", str(root), str(port), *code],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    system = System(process=process, home=Home(root=root), words=words, port=port)
    try:
        yield system
    finally:
        system.end()


@contextmanager
def ready(root: Path) -> Iterator[System]:
    with started(root) as system:
        assert system.says("Spoor is ready"), system.words.read_text()
        yield system


def owner_connection(home: Home) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(Cluster(home=home).url(OWNER))


def test_stops_cleanly_on_sigterm_and_keeps_data(open_folder: Path) -> None:
    with ready(open_folder / "home") as system:
        parts = system.parts()
        assert set(parts) == {"database", "broker", "web"}
        with owner_connection(system.home) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        system.process.terminate()
        assert system.process.wait(120) == 0
        assert "all data are kept" in system.words.read_text()
        assert not any(who.alive for who in parts.values())
    with ready(open_folder / "home") as again, owner_connection(again.home) as connection:
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)


def test_a_killed_supervisor_leaves_nothing_and_the_next_start_works(open_folder: Path) -> None:
    with ready(open_folder / "home") as system:
        parts = system.parts()
        system.process.kill()
        system.process.wait()
        assert all(wait_gone(who, 120) for who in parts.values())
    with ready(open_folder / "home"):
        pass


def test_everything_killed_at_once_and_started_again(open_folder: Path) -> None:
    with ready(open_folder / "home") as system:
        with owner_connection(system.home) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        for pid in (system.process.pid, *(who.pid for who in system.parts().values())):
            os.kill(pid, signal.SIGKILL)
        system.process.wait()
    with ready(open_folder / "home") as again, owner_connection(again.home) as connection:
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)


@pytest.mark.parametrize("name", ["web", "database", "broker"])
def test_a_part_that_dies_is_started_again_and_named(open_folder: Path, name: str) -> None:
    with ready(open_folder / "home") as system:
        before = system.parts()[name]
        os.kill(before.pid, signal.SIGKILL)
        assert system.says(f"the part «{name}» was ended by SIGKILL")
        assert system.says(f"the part «{name}» runs again"), system.words.read_text()
        after = system.parts()[name]
        assert after.alive
        assert after != before


def test_a_part_that_dies_at_once_ends_the_start_with_its_last_words(open_folder: Path) -> None:
    with started(open_folder / "home", None, "raise SystemExit('the spoor is cold')") as system:
        assert system.process.wait(240) == 1
        words = system.words.read_text()
        assert "The part «web» ended 3 times while starting (ended with code 1)" in words
        assert "the spoor is cold" in words
        assert not system.home.parts.exists()


def test_a_second_supervisor_on_one_home_is_refused(open_folder: Path) -> None:
    with ready(open_folder / "home") as first, started(open_folder / "home") as second:
        assert second.process.wait(120) == 1
        assert first.process.poll() is None
    words = (open_folder / "home").with_suffix(".words").read_text()
    assert f"already runs on {open_folder / 'home'} (process {first.process.pid})" in words
    assert "make down" in words


def test_a_taken_port_is_named_with_a_free_one(open_folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTaken) as caught:
            check_port(port)
    assert f"Port {port} on 127.0.0.1 is taken" in caught.value.message
    offered = int(caught.value.remedy.partition("SPOOR_HTTP_PORT=")[2].split()[0])
    assert offered != port
    check_port(offered)


def test_a_full_disk_is_refused_before_anything_is_written(open_folder: Path) -> None:
    home = Home(root=open_folder / "home")
    home.prepare()
    with pytest.raises(DiskFull, match=r"MB are free on the disk of .*home; Spoor needs 1125899906842624 MB"):
        home.check_space(2**70)


def test_demonstration_and_laboratory_never_share_a_home(open_folder: Path) -> None:
    def plan(mode: Mode) -> Plan:
        return plan_read(mode, {"SPOOR_HOME": str(open_folder / "home")})

    plan(Mode.DEMO).home.prepare()
    plan(Mode.DEMO).keep_mode()
    with pytest.raises(DeployError, match="belongs to a «demo» system; it cannot be started as «lab»"):
        plan(Mode.LAB).keep_mode()


def test_a_refused_start_changes_nothing_and_frees_the_home(open_folder: Path) -> None:
    plan = plan_read(Mode.LAB, {"SPOOR_HOME": str(open_folder / "home"), "SPOOR_HTTP_PORT": "no"})
    with pytest.raises(DeployError, match="SPOOR_HTTP_PORT is «no»"):
        Supervisor(plan, say=lambda _text: None).run()
    assert plan.home.holder() is None
    assert list(plan.home.secrets.iterdir()) == []


def test_settings_file_is_read_and_the_environment_wins(open_folder: Path) -> None:
    home = open_folder / "home"
    home.mkdir()
    (home / "spoor.env").write_text('# ours\nSPOOR_PUBLIC_URL="https://lab.example.org"\nSPOOR_HTTP_PORT=9001\n')
    plan = plan_read(Mode.LAB, {"SPOOR_HOME": str(home), "SPOOR_HTTP_PORT": "9002"})
    assert plan.given["SPOOR_PUBLIC_URL"] == "https://lab.example.org"
    assert plan.port == 9002
    (home / "spoor.env").write_text("SPOOR_HTTP_PORT=1\nport 2\n")
    with pytest.raises(DeployError, match="line 2: «port 2» is not a setting"):
        settings_file_read(home / "spoor.env")


def test_secrets_are_made_once_and_differ_between_homes(open_folder: Path) -> None:
    def content(name: str) -> dict[str, str]:
        plan = plan_read(Mode.LAB, {"SPOOR_HOME": str(open_folder / name)})
        plan.home.prepare()
        plan.make_secrets()
        return {path.name: path.read_text() for path in plan.home.secrets.iterdir()}

    first = content("a")
    assert set(first) == {"django.key", "first-run-token", "log.key", "log.vkey", "pack.key", "pack.vkey"}
    assert content("a") == first
    assert all(content("b")[name] != text for name, text in first.items())
    for path in (open_folder / "a" / "secrets").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600


def test_the_set_up_code_is_made_once_and_only_for_a_laboratory(open_folder: Path) -> None:
    lab = plan_read(Mode.LAB, {"SPOOR_HOME": str(open_folder / "lab")})
    lab.home.prepare()
    lab.make_secrets()
    code = lab.home.secrets / "first-run-token"
    assert len(code.read_text().strip()) >= 12
    code.unlink()
    lab.make_secrets()
    assert not code.exists()
    demo = plan_read(Mode.DEMO, {"SPOOR_HOME": str(open_folder / "demo")})
    demo.home.prepare()
    demo.make_secrets()
    assert not (demo.home.secrets / "first-run-token").exists()


def test_a_home_is_known_once_in_the_mode_it_was_made_in(open_folder: Path) -> None:
    environment = {"SPOOR_HOME": str(open_folder / "home")}
    assert plans_known(environment) == []
    plan = plan_read(Mode.DEMO, environment)
    plan.home.prepare()
    plan.keep_mode()
    assert [(known.mode, known.home.root) for known in plans_known(environment)] == [(Mode.DEMO, open_folder / "home")]


def test_preparation_is_repeated_when_database_or_settings_changed(open_folder: Path) -> None:
    environment = {"SPOOR_HOME": str(open_folder / "home")}
    plan = plan_read(Mode.LAB, environment)
    with serving(quick_cluster(plan.home.root)):
        (plan.home.root / "static").mkdir()
        prepared_record(plan)
        assert not prepared(plan), "a database without a record of migrations is never prepared"
        with owner_connection(plan.home) as connection:
            connection.execute("CREATE TABLE django_migrations (id int, app text, name text, applied timestamptz)")
            connection.execute("INSERT INTO django_migrations VALUES (1, 'lab', '0001_initial', now())")
        prepared_record(plan)
        assert prepared(plan)
        assert not prepared(plan_read(Mode.LAB, {**environment, "SPOOR_LABORATORY": "Another"}))
        with owner_connection(plan.home) as connection:
            connection.execute("UPDATE django_migrations SET applied = applied - interval '1 day'")
        assert not prepared(plan)


def test_status_finds_the_port_of_the_start_and_down_stops_it_and_waits(open_folder: Path) -> None:
    with ready(open_folder / "home") as system:
        environment = {**os.environ, "SPOOR_HOME": str(system.home.root)}
        status = [sys.executable, "-m", "deploy.embedded", "status"]
        told = subprocess.run(status, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
        assert f"process {system.process.pid}, http://127.0.0.1:{system.port}, well" in told
        down = [sys.executable, "-m", "deploy.embedded", "down"]
        done = subprocess.run(down, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        assert f"process {system.process.pid}" in done.stdout
        assert system.home.holder() is None
        assert system.process.wait(120) == 0
        again = subprocess.run(down, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        assert "No Spoor runs" in again.stdout
