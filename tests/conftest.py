"""The database and broker of the tests: real PostgreSQL and Redis, thrown away afterwards.

Nothing is started until the first test asks for it. Then one PostgreSQL (fsync off) and one Redis serve
the whole session, all xdist workers included. A template database is migrated once by the *owner* role; every
worker gets a clone and connects as the *app* role, so that tests meet the rights of the running system.

- ``@pytest.mark.django_db`` (or the fixture ``db``): the test runs in a transaction that is rolled back.
- ``@pytest.mark.commits`` (or the fixture ``committed_db``): the test may commit, use several connections,
  threads, workers and live servers; it gets a database of its own, cloned from the template, dropped
  afterwards. The fixture's value is a ``TestDatabase`` with addresses and the environment for child
  processes.
- ``embedded_redis``: a ``TestBroker``; every xdist worker has a Redis database of its own, emptied first.

``SPOOR_TESTS_PURE=1`` leaves Django out: for the tests of the pure packages.
"""

import atexit
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

if TYPE_CHECKING:
    from pytest_django.plugin import DjangoDbBlocker

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from deploy.bootstrap import bytecode_apart  # noqa: E402  (the repository must be on the path first)

bytecode_apart()

from deploy.embedded.home import Home  # noqa: E402
from deploy.embedded.postgres import APP, OWNER, SUPERUSER  # noqa: E402
from deploy.embedded.throwaway import Throwaway  # noqa: E402
from deploy.keys import keys_make  # noqa: E402
from tests.order import in_shares  # noqa: E402

SETTINGS = "lims.config.settings"
TEMPLATE = "spoor_template"
_HOME_VARIABLE = "SPOOR_TEST_HOME"
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
WORKER_NUMBER = int(WORKER.removeprefix("gw")) + 1 if WORKER.startswith("gw") else 0


# How long an example takes says how busy the machine is, not whether the property holds.
hypothesis_settings.register_profile("spoor", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("spoor")


def _session_home() -> Home:
    """The home of this session; xdist's workers inherit the controller's."""
    known = os.environ.get(_HOME_VARIABLE)
    if known:
        return Home(root=Path(known))
    home = Home(root=Path(tempfile.mkdtemp(prefix="spoor-tests-")))
    os.environ[_HOME_VARIABLE] = str(home.root)
    os.environ["SPOOR_TEST_SESSION"] = str(os.getpid())
    home.prepare()
    atexit.register(_forget, home.root, os.getpid())
    return home


def _forget(root: Path, session: int) -> None:
    # A started server removes the home itself once this process is gone.
    if os.getpid() == session and not (root / "asked").exists():
        shutil.rmtree(root, ignore_errors=True)


HOME = _session_home()
SERVERS = Throwaway(home=HOME)


@contextmanager
def alone(name: str) -> Iterator[None]:
    """What no two processes of this session may do at once."""
    with (HOME.root / f"{name}.lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def servers_start() -> Throwaway:
    """Start PostgreSQL and Redis unless this session has them already."""
    with alone("servers"):
        if not (HOME.root / "asked").exists():
            (HOME.root / "asked").touch()
            with (HOME.logs / "throwaway.log").open("ab") as log:
                subprocess.Popen(
                    [
                        sys.executable,
                        "-m",
                        "deploy.embedded.throwaway",
                        str(HOME.root),
                        os.environ["SPOOR_TEST_SESSION"],
                    ],
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        _wait_ready()
    return SERVERS


def _wait_ready() -> None:
    deadline = time.monotonic() + 300
    while not (HOME.root / "ready").exists():
        failed = HOME.root / "failed"
        if failed.exists():
            pytest.fail(f"The servers of the tests did not start: {failed.read_text()}", pytrace=False)
        if time.monotonic() > deadline:
            pytest.fail(f"The servers of the tests did not start in time; see {HOME.logs}", pytrace=False)
        time.sleep(0.02)


@dataclass(frozen=True, slots=True, kw_only=True)
class TestDatabase:
    """One database of the tests and how to reach it."""

    __test__ = False
    name: str

    @property
    def url(self) -> str:
        """As the app role."""
        return SERVERS.cluster.url(APP, self.name)

    @property
    def owner_url(self) -> str:
        """As the owner role, which migrates."""
        return SERVERS.cluster.url(OWNER, self.name)

    @property
    def superuser_url(self) -> str:
        """As PostgreSQL's superuser: to play an attacker who owns the database, or to look at everything."""
        return SERVERS.cluster.url(SUPERUSER, self.name)

    def environment(self) -> dict[str, str]:
        """Environment for a child process (worker, command, server) that works on this database."""
        return {**os.environ, "SPOOR_DATABASE_URL": self.url, "DJANGO_SETTINGS_MODULE": SETTINGS}


@dataclass(frozen=True, slots=True, kw_only=True)
class TestBroker:
    """The Redis database of this xdist worker."""

    __test__ = False
    url: str
    socket: Path
    database: int

    def environment(self) -> dict[str, str]:
        """The variables a child process needs to use it."""
        return {"SPOOR_BROKER_URL": self.url}


def _administer(statement: str) -> None:
    import psycopg

    with psycopg.connect(SERVERS.cluster.url(SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute(statement.encode())


def _clone(name: str, template: str = TEMPLATE) -> TestDatabase:
    # One at a time: PostgreSQL refuses to copy a template that another session is reading.
    with alone("template"):
        _administer(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER "{OWNER}" STRATEGY FILE_COPY')
    return TestDatabase(name=name)


def _drop(name: str) -> None:
    _administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _migrated_template() -> None:
    """Migrate the template once per session, as the owner."""
    with alone("migrate"):
        if (HOME.root / "migrated").exists():
            return
        _administer(f'CREATE DATABASE "{TEMPLATE}" OWNER "{OWNER}"')
        SERVERS.cluster.grant(TEMPLATE)
        template = TestDatabase(name=TEMPLATE)
        done = subprocess.run(
            [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0", "--skip-checks"],
            cwd=ROOT,
            env={**template.environment(), "SPOOR_DATABASE_URL": template.owner_url},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            _administer(f'DROP DATABASE "{TEMPLATE}" WITH (FORCE)')
            pytest.fail(f"The migrations failed on the template database:\n{done.stderr[-4000:]}", pytrace=False)
        (HOME.root / "migrated").touch()


def _environment() -> Mapping[str, str]:
    """What the settings read; the addresses are known before the servers run."""
    return {
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "SPOOR_MODE": "test",
        "SPOOR_HOME": str(HOME.root),
        "SPOOR_DATABASE_URL": SERVERS.cluster.url(APP, f"spoor_{WORKER}"),
        "SPOOR_BROKER_URL": SERVERS.broker.url(WORKER_NUMBER),
        "SPOOR_STORE_URL": f"file://{HOME.vault / WORKER}",
        "SPOOR_SECRET_KEY_FILE": str(HOME.secrets / "django.key"),
        "SPOOR_PUBLIC_URL": "http://testserver",
    }


def _load_django() -> str:
    """Load the application; answers why not when that fails, so that pure tests still run."""
    if os.environ.get("SPOOR_TESTS_PURE") == "1":
        return "the application is left out (SPOOR_TESTS_PURE=1)"
    keys_make(HOME.secrets, "spoor.test/log")
    (HOME.vault / WORKER).mkdir(exist_ok=True)
    # What the caller's shell says of a running Spoor must not reach the tests.
    meant = ("SPOOR_TEST", "SPOOR_CHROMIUM", "SPOOR_SCREENSHOTS")  # for the tests themselves
    for name in [name for name in os.environ if name.startswith("SPOOR_") and not name.startswith(meant)]:
        del os.environ[name]
    os.environ.update(_environment())
    import django
    from django.conf import settings
    from django.utils.functional import empty

    try:
        django.setup()
    except Exception as error:  # noqa: BLE001  (whatever it is, every test of the application reports it)
        settings._wrapped = empty
        del os.environ["DJANGO_SETTINGS_MODULE"]
        return f"the application does not load: {type(error).__name__}: {error}"
    return ""


WHY_NO_DJANGO = _load_django()


def _point(alias_settings: dict[str, Any], database: str) -> None:
    from django.db import connection

    connection.close()
    pool = getattr(connection, "close_pool", None)
    if pool is not None:
        pool()
    alias_settings["NAME"] = database


@pytest.fixture(scope="session")
def migrated_template() -> str:
    """Name of the migrated template database; starts the servers when needed."""
    if WHY_NO_DJANGO:
        pytest.fail(WHY_NO_DJANGO, pytrace=False)
    servers_start()
    _migrated_template()
    return TEMPLATE


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: "DjangoDbBlocker", migrated_template: str
) -> Iterator[None]:
    """Give this xdist worker a clone of the template (in place of pytest-django's fixture)."""
    from django.db import connection

    name = f"spoor_{WORKER}"
    _clone(name)
    with django_db_blocker.unblock():
        _point(connection.settings_dict, name)
    yield
    with django_db_blocker.unblock():
        connection.close()
    _drop(name)


@contextmanager
def database_own(
    blocker: "DjangoDbBlocker", *, template: str = TEMPLATE, name: str = "", keep: bool = False
) -> Iterator[TestDatabase]:
    """A clone of a template, to which Django's connection points meanwhile; dropped, or kept by its name."""
    from django.db import connection, connections

    mine = _clone(name or f"spoor_{WORKER}_{time.monotonic_ns():x}", template)
    usual = str(connection.settings_dict["NAME"])
    variable = os.environ["SPOOR_DATABASE_URL"]
    kept = False
    with blocker.unblock():
        _point(connection.settings_dict, mine.name)
        os.environ["SPOOR_DATABASE_URL"] = mine.url
        try:
            yield mine
            kept = keep
        finally:
            connections.close_all()
            _point(connection.settings_dict, usual)
            os.environ["SPOOR_DATABASE_URL"] = variable
            if not kept:
                _drop(mine.name)


@pytest.fixture
def committed_db(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: "DjangoDbBlocker"
) -> Iterator[TestDatabase]:
    """A database of the test's own in which it may commit; Django's connection points to it meanwhile."""
    if "_django_db_helper" in request.fixturenames and request.node.get_closest_marker("django_db"):
        pytest.fail("mark the test with either «commits» or «django_db», not both", pytrace=False)
    with database_own(django_db_blocker) as mine:
        yield mine


@pytest.fixture
def transactional_db(committed_db: TestDatabase) -> TestDatabase:
    """pytest-django's name (``live_server`` asks for it); the database is dropped, not flushed."""
    return committed_db


@pytest.fixture(autouse=True)
def _commits_marker(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("commits"):
        request.getfixturevalue("committed_db")


@pytest.fixture
def embedded_redis() -> TestBroker:
    """This worker's Redis database, emptied."""
    import redis

    broker = servers_start().broker
    with redis.Redis(unix_socket_path=str(broker.socket), db=WORKER_NUMBER) as client:
        client.flushdb()
    return TestBroker(url=broker.url(WORKER_NUMBER), socket=broker.socket, database=WORKER_NUMBER)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Let each xdist worker load Django with settings of its own.

    Found in the environment a worker inherits, the name of the settings makes pytest-django load them before this file
    has named the worker's own store and broker.
    """
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)


def pytest_report_header() -> str | None:
    """Say at the top when only pure tests can pass."""
    return f"spoor: {WHY_NO_DJANGO}" if WHY_NO_DJANGO else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse pytest-django's flushing tests: the app role may not truncate the ledger, and must not.

    Several processes take slow modules first.
    """
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker is not None and (marker.kwargs.get("transaction") or marker.args[:1] == (True,)):
            raise pytest.UsageError(
                f"{item.nodeid}: use @pytest.mark.commits instead of django_db(transaction=True); "
                "it gives the test a database of its own"
            )
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers > 1:
        items[:] = in_shares(
            items, workers, module=lambda item: item.path, slow=lambda item: bool(item.get_closest_marker("slow"))
        )
