"""A PostgreSQL server of our own: made, started and stopped in the home, reachable by a private socket.

Only the server's programs are used. Passwords are checked by SCRAM-SHA-256 (RFC 7677) even on the socket,
whose folder is 0700. Two roles serve the application: the owner, which migrates, and the app, which owns
nothing.
"""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from deploy.embedded.binaries import PostgresPrograms, postgres_programs
from deploy.embedded.errors import FolderUnreachable, PartFailed, log_tail
from deploy.embedded.home import Home, first_closed_folder, private_folder, write_private
from deploy.embedded.leftovers import leftovers_end
from deploy.embedded.processes import NOBODY, Account, run_once, spawn, stop

SUPERUSER = "postgres"
OWNER = "spoor_owner"
APP = "spoor_app"
DATABASE = "spoor"
ROLES = Path(__file__).resolve().parent.parent / "db" / "roles.sql"
_PORT = 5432  # only the socket's name: no TCP address is opened

_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "max_connections": "80",
    "shared_buffers": "64MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "effective_cache_size": "256MB",
    "max_wal_size": "512MB",
    "wal_compression": "on",
    "max_worker_processes": "4",
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_min_duration_statement": "1000",
}
DURABLE: Mapping[str, str] = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
THROWAWAY: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "240",  # a test of a hundred clients at once, and the tests beside it
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One PostgreSQL data folder and the server on it."""

    home: Home
    durability: Mapping[str, str] = field(default_factory=lambda: DURABLE)

    @property
    def data(self) -> Path:
        return self.home.database / "data"

    @property
    def log(self) -> Path:
        return self.home.logs / "postgres.log"

    @property
    def socket_folder(self) -> Path:
        return self.home.sockets / "postgres"

    @property
    def programs(self) -> PostgresPrograms:
        """The programs that fit the data folder; before there is one, the newest at hand."""
        return postgres_programs(self.data)

    def url(self, user: str, database: str = DATABASE) -> str:
        """Address with the role's password, for the private socket."""
        password = self.home.secret(_secret_name(user))
        folder = quote(str(self.socket_folder))
        return f"postgresql://{user}:{quote(password, safe='')}@/{database}?host={folder}"

    def account(self) -> Account:
        """Under which account the server runs here; chosen at the first start and recorded."""
        if os.geteuid() != 0:
            return Account.SELF
        record = self.home.database / "runs-as"
        if record.exists():
            return Account(record.read_text(encoding="ascii").strip())
        chosen = _account_for_root(self)
        private_folder(self.home.database, owner=chosen.file_owner)
        write_private(record, chosen.value)
        return chosen

    def initialise(self) -> None:
        """Make the data folder unless there is one; one left half made by a crash is put aside."""
        private_folder(self.home.database, owner=self.account().file_owner)
        private_folder(self.socket_folder, owner=self.account().file_owner)
        if (self.home.database / "initialised").exists():
            self._check_reachable()
            return
        self._check_reachable()
        self._clear_half_made()
        programs = postgres_programs()
        password_file = self._password_file()
        try:
            run_once(
                _initdb_command(self.data, password_file, programs, sync=self.durability["fsync"] == "on"),
                account=self.account(),
                folder=self.home.database,
                log=self.log,
                what="Creating the database (initdb)",
            )
        finally:
            password_file.unlink()
        write_private(self.home.database / "initialised", f"{programs.major}")

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server and return at once; see ``wait_ready``. It ends with the caller, who holds the home.

        Its processes are unhurried: with many writers on few processors each finishes its statement in warm caches.
        """
        leftovers_end(self.data, self.socket_folder)
        programs = postgres_programs(self.data)
        with self.log.open("ab") as output:
            return spawn(
                [str(programs.folder / "postgres"), "-D", str(self.data), *self._options(programs)],
                account=self.account(),
                folder=self.home.database,
                output=output,
                environment=_plain_environment(),
                death_signal=signal.SIGINT,
                unhurried=True,
            )

    def wait_ready(self, server: subprocess.Popen[bytes], seconds: float = 60) -> None:
        """Wait until the server answers; crash recovery may take a while.

        Raises PartFailed with the log's last lines when it ends or does not answer in time.
        """
        deadline = time.monotonic() + seconds
        while True:
            if server.poll() is not None:
                raise PartFailed(
                    f"PostgreSQL ended at once (code {server.returncode}). Its last lines:\n{log_tail(self.log)}",
                    remedy=f"read {self.log}",
                )
            try:
                psycopg.connect(self.url(SUPERUSER, "postgres"), connect_timeout=2).close()
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise PartFailed(
                        f"PostgreSQL did not answer within {seconds:.0f} s: {error}\n{log_tail(self.log)}",
                        remedy=f"read {self.log}; after a crash recovery may take longer: start again",
                    ) from error
                time.sleep(0.05)
            else:
                return

    def stop(self, server: subprocess.Popen[bytes]) -> None:
        """Fast shutdown (SIGINT): open transactions are rolled back, the data are written cleanly."""
        if server.poll() is None:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                # Immediate shutdown; the write-ahead log brings everything committed back at the next start.
                server.send_signal(signal.SIGQUIT)
        stop(server, first=signal.SIGQUIT, grace=5)

    def provision(self) -> None:
        """Create roles and database where missing; passwords follow the secrets in the home."""
        with psycopg.connect(self.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            for role in (OWNER, APP):
                _ensure_role(connection, role, self.home.secret(_secret_name(role)))
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
            if known is None:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER))
                )
        self.grant(DATABASE)

    def grant(self, database: str) -> None:
        """Give both roles their rights, by the same file that a server of one's own is set up with."""
        with psycopg.connect(self.url(SUPERUSER, database), autocommit=True) as connection:
            connection.execute(ROLES.read_bytes())

    def _options(self, programs: PostgresPrograms) -> list[str]:
        settings = {**_SETTINGS, **self.durability, "unix_socket_directories": str(self.socket_folder)}
        if programs.major >= 18:
            settings["io_method"] = "sync"  # no I/O worker processes: a small machine
        return [f"--{name}={value}" for name, value in {**settings, "port": str(_PORT)}.items()]

    def _password_file(self) -> Path:
        path = self.home.database / "first-password"
        path.unlink(missing_ok=True)
        write_private(path, self.home.secret(_secret_name(SUPERUSER)))
        os.chown(path, self.account().file_owner, -1)
        return path

    def _clear_half_made(self) -> None:
        if self.data.exists():
            self.data.rename(self.data.with_name(f"data-unfinished-{int(time.time())}"))

    def _check_reachable(self) -> None:
        if self.account() is not Account.NOBODY:
            return
        for needed in (self.home.database, postgres_programs().folder, self.socket_folder):
            closed = first_closed_folder(needed, NOBODY)
            if closed is not None:
                raise _closed_to_nobody(closed, needed)


def _secret_name(role: str) -> str:
    return f"database-{role}"


def _ensure_role(connection: psycopg.Connection[tuple[object, ...]], role: str, password: str) -> None:
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
    verb = sql.SQL("ALTER" if known else "CREATE")
    connection.execute(
        sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}").format(
            verb, sql.Identifier(role), sql.Literal(password)
        )
    )


def _initdb_command(data: Path, password_file: Path, programs: PostgresPrograms, *, sync: bool) -> list[str]:
    # Comparison by code point from the server itself: an upgrade of the C library cannot reorder our indexes.
    builtin = ["--locale-provider=builtin", "--locale=C.UTF-8"] if programs.major >= 17 else ["--locale=C.UTF-8"]
    return [
        str(programs.folder / "initdb"),
        f"--pgdata={data}",
        f"--username={SUPERUSER}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--data-checksums",
        *builtin,
        *([] if sync else ["--no-sync"]),
    ]


def _plain_environment() -> dict[str, str]:
    # PG* variables of the person who starts us must not steer the server.
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "SPOOR_"))}


def _account_for_root(cluster: Cluster) -> Account:
    programs = postgres_programs().folder
    closed = [
        (folder, needed)
        for needed in (cluster.home.root, programs, cluster.home.sockets)
        if (folder := first_closed_folder(needed, NOBODY)) is not None
    ]
    if not closed:
        return Account.NOBODY
    probe = spawn([str(programs / "postgres"), "--version"], account=Account.NAMESPACE)
    if probe.wait(30) == 0:
        return Account.NAMESPACE
    raise _closed_to_nobody(*closed[0])


def _closed_to_nobody(folder: Path, needed: Path) -> FolderUnreachable:
    return FolderUnreachable(
        f"PostgreSQL does not run as root, and the account it runs as instead (uid {NOBODY}) "
        f"cannot pass {folder} on the way to {needed}.",
        remedy=f"let others pass through it (chmod o+x {folder}), or move Spoor to an open folder such as "
        "/srv/spoor, or start it as an ordinary user",
    )
