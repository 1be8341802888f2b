"""The embedded PostgreSQL: made once, kept, brought back after a kill, private."""

import os
import signal
import stat
from pathlib import Path

import psycopg
import pytest

from deploy.embedded.errors import FolderUnreachable
from deploy.embedded.postgres import APP, DURABLE, OWNER, Cluster
from deploy.embedded.processes import NOBODY, Account, identity, wait_gone
from tests.deploy.support import as_ordinary_user, quick_cluster, serving

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has the choice of accounts")


def write_row(cluster: Cluster) -> None:
    with psycopg.connect(cluster.url(OWNER)) as connection:
        connection.execute("CREATE TABLE exhibit (reference text)")
        connection.execute("INSERT INTO exhibit VALUES ('E01')")


def rows(cluster: Cluster) -> list[tuple[str]]:
    with psycopg.connect(cluster.url(APP)) as connection:
        return connection.execute("SELECT reference FROM exhibit").fetchall()


def test_a_second_start_finds_the_data_of_the_first(open_folder: Path) -> None:
    cluster = quick_cluster(open_folder / "home")
    with serving(cluster):
        write_row(cluster)
    with serving(quick_cluster(open_folder / "home")) as again:
        assert rows(again) == [("E01",)]


def test_comes_back_after_kill_9_with_what_was_committed(open_folder: Path) -> None:
    cluster = quick_cluster(open_folder / "home", DURABLE)
    cluster.initialise()
    server = cluster.start()
    cluster.wait_ready(server)
    cluster.provision()
    write_row(cluster)
    server.kill()
    server.wait()
    assert (cluster.data / "postmaster.pid").exists()
    with serving(cluster):
        assert rows(cluster) == [("E01",)]


def test_a_mark_that_names_a_stranger_is_removed(open_folder: Path) -> None:
    """After a restart of the machine the number in postmaster.pid may belong to anyone, here to this test."""
    cluster = quick_cluster(open_folder / "home")
    with serving(cluster):
        pass
    (cluster.data / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster.data}\n")
    with serving(cluster):
        pass


def test_a_server_left_over_is_ended_first(open_folder: Path) -> None:
    cluster = quick_cluster(open_folder / "home")
    cluster.initialise()
    left = cluster.start()
    cluster.wait_ready(left)
    os.kill(left.pid, 0)
    with serving(cluster):
        assert left.wait(120) == 0


def test_a_half_made_data_folder_is_put_aside(open_folder: Path) -> None:
    cluster = quick_cluster(open_folder / "home")
    cluster.home.database.mkdir()
    cluster.data.mkdir()
    (cluster.data / "PG_VERSION").write_text("18\n")
    with serving(cluster):
        assert [path.name for path in cluster.home.database.glob("data-unfinished-*")]


def test_passwords_differ_and_only_their_owner_reads_them(open_folder: Path) -> None:
    first, second = quick_cluster(open_folder / "a"), quick_cluster(open_folder / "b")
    assert len({first.url(OWNER), first.url(APP), second.url(OWNER), second.url(APP)}) == 4
    for path in first.home.secrets.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(first.home.secrets.stat().st_mode) == 0o700


@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="only Linux has this way of sharing a processor")
def test_neither_the_server_nor_its_sessions_break_into_the_turn_of_others(open_folder: Path) -> None:
    cluster = quick_cluster(open_folder / "home")
    with serving(cluster), psycopg.connect(cluster.url(APP)) as connection:
        session = connection.info.backend_pid
        server = int((cluster.data / "postmaster.pid").read_text().splitlines()[0])
        assert os.sched_getscheduler(server) == os.sched_getscheduler(session) == os.SCHED_BATCH
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


def test_opens_no_tcp_port_and_a_private_socket_folder(open_folder: Path) -> None:
    with serving(quick_cluster(open_folder / "home")) as cluster:
        with psycopg.connect(cluster.url(APP)) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
            assert connection.execute("SHOW password_encryption").fetchone() == ("scram-sha-256",)
        assert stat.S_IMODE(cluster.socket_folder.stat().st_mode) == 0o700


def test_a_long_path_gets_a_short_socket_folder(open_folder: Path) -> None:
    cluster = quick_cluster(open_folder / ("long" * 40))
    assert not cluster.socket_folder.is_relative_to(cluster.home.root)
    try:
        with serving(cluster), psycopg.connect(cluster.url(APP)) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        cluster.socket_folder.rmdir()
        cluster.home.sockets.rmdir()


@needs_root
def test_root_starts_it_as_nobody_where_that_account_can_reach_it(open_folder: Path) -> None:
    with serving(quick_cluster(open_folder / "home")) as cluster:
        assert cluster.account() is Account.NOBODY
        assert (cluster.home.database / "runs-as").read_text().strip() == "nobody"
        assert (cluster.data / "PG_VERSION").stat().st_uid == NOBODY


@needs_root
def test_root_starts_it_in_a_namespace_where_folders_are_private(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    try:
        with serving(quick_cluster(closed / "home")) as cluster:
            assert cluster.account() is Account.NAMESPACE
            assert (cluster.data / "PG_VERSION").stat().st_uid == 0
    except FolderUnreachable as error:
        pytest.skip(f"this machine allows root no user namespace: {error.message}")


@needs_root
def test_a_folder_closed_later_is_named_with_the_remedy(open_folder: Path) -> None:
    cluster = quick_cluster(open_folder / "home")
    with serving(cluster):
        pass
    open_folder.chmod(0o700)
    with pytest.raises(FolderUnreachable) as caught:
        cluster.initialise()
    assert str(open_folder) in caught.value.message
    assert f"chmod o+x {open_folder}" in caught.value.remedy


def test_runs_as_an_ordinary_user(open_folder: Path) -> None:
    open_folder.chmod(0o777)
    code = (
        "import sys; from pathlib import Path; from tests.deploy.support import quick_cluster, serving\n"
        "with serving(quick_cluster(Path(sys.argv[1]))) as c: print(c.account(), c.data.stat().st_uid)"
    )
    done = as_ordinary_user(code, str(open_folder / "home"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["self", str(os.geteuid() or NOBODY)]


def test_an_ordinary_user_learns_which_folder_cannot_be_written(open_folder: Path) -> None:
    open_folder.chmod(0o555)
    code = (
        "import sys; from pathlib import Path; from deploy.embedded.home import Home\n"
        "from deploy.embedded.errors import FolderUnreachable\n"
        "try: Home(root=Path(sys.argv[1])).prepare()\n"
        "except FolderUnreachable as error: print(error)"
    )
    done = as_ordinary_user(code, str(open_folder / "home"))
    open_folder.chmod(0o711)
    assert done.returncode == 0, done.stderr
    assert f"cannot write to {open_folder}/home" in done.stdout
    assert "SPOOR_HOME=" in done.stdout


def test_a_server_dies_with_its_starter(open_folder: Path) -> None:
    """Even by kill -9: the starter has no time to say good-bye."""
    code = (
        "import os, sys, signal; from pathlib import Path; from tests.deploy.support import quick_cluster\n"
        "c = quick_cluster(Path(sys.argv[1])); c.initialise(); s = c.start(); c.wait_ready(s)\n"
        "print(s.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    open_folder.chmod(0o777)
    done = as_ordinary_user(code, str(open_folder / "home"))
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert wait_gone(identity(int(done.stdout)), 120)
