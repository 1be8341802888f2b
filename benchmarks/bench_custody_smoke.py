"""Custody acts through their services, against plain INSERTs of the same ledger rows in the same run.

A PostgreSQL of its own with fsync on, thrown away afterwards; the application connects as the app role. One client,
so these are latencies more than capacity. The peer inserts the rows of entry, commitment and pending that the
services wrote, already computed, into bare copies of the three tables (same columns and indexes, no triggers, no
foreign keys): what a table without custody rules, hashes and locks would cost on this server.
"""

# ruff: noqa: PLC0415  (models can be imported only after the address of the database is known)

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from deploy.embedded.environment import ROOT
from deploy.embedded.home import Home
from deploy.embedded.postgres import APP, DATABASE, OWNER, SUPERUSER, Cluster
from deploy.keys import keys_make

SINGLE = 300
BULK_CALLS = 10
BULK_ITEMS = 500
TABLES = ("entry", "commitment", "pending")
COLUMNS = {
    "entry": "id, uuid, stream_id, sequence, act, recorded_at, canonical, hash",
    "commitment": "entry_id, field, salt, value",
    "pending": "entry_id",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """How many of something in how many seconds."""

    what: str
    number: int
    seconds: float

    @property
    def rate(self) -> float:
        """Per second."""
        return self.number / self.seconds


@contextmanager
def database() -> Iterator[str]:
    """A migrated PostgreSQL with fsync on; yields the superuser's address. Django is not loaded yet."""
    home = Home(root=Path(tempfile.mkdtemp(prefix="spoor-bench-")))
    home.prepare()
    keys_make(home.secrets, "spoor.bench/log")
    cluster = Cluster(home=home)
    cluster.initialise()
    server = cluster.start()
    try:
        cluster.wait_ready(server)
        cluster.provision()
        os.environ.update(
            DJANGO_SETTINGS_MODULE="lims.config.settings",
            SPOOR_MODE="test",
            SPOOR_HOME=str(home.root),
            SPOOR_DATABASE_URL=cluster.url(APP),
            SPOOR_BROKER_URL="memory://",
        )
        owner = {**os.environ, "SPOOR_DATABASE_URL": cluster.url(OWNER)}
        migrate = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"]
        subprocess.run(migrate, cwd=ROOT, env=owner, check=True)
        yield cluster.url(SUPERUSER, DATABASE)
    finally:
        cluster.stop(server)
        shutil.rmtree(home.root, ignore_errors=True)


def timed(what: str, number: int, work: Callable[[], object]) -> Measured:
    """Run the work once and note how long it took."""
    begun = time.perf_counter()
    work()
    return Measured(what=what, number=number, seconds=time.perf_counter() - begun)


def acts_single() -> tuple[Measured, int]:
    """One item put into a place and taken out again, each act in a transaction of its own."""
    from chain_of_custody.core.actor import Actor
    from chain_of_custody.models import Entry
    from chain_of_custody.services import item_create, items_move, party_create

    system = Actor(party=UUID(int=1), account=None, name="Spoor", role="system", via="command")
    holder = party_create(actor=system, kind="person", name="Ada Example", signs_in=True)
    shelf = party_create(actor=system, kind="location", name="Shelf 1")
    actor = Actor(party=holder.uuid, account=UUID(int=2), name=holder.name, role="custodian", via="command")
    item = item_create(actor=actor, kind="exhibit", reference="BENCH-1", custodian=holder)
    before = Entry.objects.order_by("-id").values_list("id", flat=True)[0]

    def run() -> None:
        for number in range(SINGLE):
            there = shelf if number % 2 == 0 else holder
            items_move(actor=actor, items=[item], to=there, from_location=True, reason="benchmark")

    return timed("single acts through the service", SINGLE, run), before


def acts_bulk() -> tuple[Measured, int]:
    """Many items taken into custody by one call; one entry each."""
    from chain_of_custody.core.actor import Actor
    from chain_of_custody.models import Entry
    from chain_of_custody.services import NewItem, items_create, party_create

    system = Actor(party=UUID(int=1), account=None, name="Spoor", role="system", via="command")
    holder = party_create(actor=system, kind="person", name="Bo Example", signs_in=True)
    actor = Actor(party=holder.uuid, account=UUID(int=3), name=holder.name, role="custodian", via="command")
    before = Entry.objects.order_by("-id").values_list("id", flat=True)[0]

    def run() -> None:
        for call in range(BULK_CALLS):
            new = [NewItem(kind="exhibit", reference=f"BULK-{call}-{n}") for n in range(BULK_ITEMS)]
            items_create(actor=actor, new=new, custodian=holder, reason="benchmark")

    return timed("bulk entries through the service", BULK_CALLS * BULK_ITEMS, run), before


def plain(url: str, after: int, what: str, *, whole_calls: int = 0) -> Measured:
    """Insert the same rows into bare copies: one transaction an act, or one for each bulk call."""
    with psycopg.connect(url, autocommit=True) as connection:
        for table in TABLES:
            connection.execute(f"DROP TABLE IF EXISTS bare_{table}".encode())
            likeness = f"(LIKE chain_of_custody_{table} INCLUDING INDEXES INCLUDING IDENTITY)"
            connection.execute(f"CREATE TABLE bare_{table} {likeness}".encode())
        rows = {table: _rows(connection, table, after) for table in TABLES}
        entries = rows["entry"]
        hidden: dict[Any, list[tuple[Any, ...]]] = {}
        for row in rows["commitment"]:
            hidden.setdefault(row[0], []).append(row)
        size = len(entries) // whole_calls if whole_calls else 1
        batches = [entries[start : start + size] for start in range(0, len(entries), size)]

        def run() -> None:
            for batch in batches:
                secret = [row for entry in batch for row in hidden.get(entry[0], [])]
                with connection.transaction(), connection.cursor() as cursor:
                    _insert(cursor, "entry", batch)
                    _insert(cursor, "commitment", secret)
                    _insert(cursor, "pending", [(entry[0],) for entry in batch])

        return timed(what, len(entries), run)


def _rows(connection: Any, table: str, after: int) -> list[tuple[Any, ...]]:
    key = "id" if table == "entry" else "entry_id"
    query = f"SELECT {COLUMNS[table]} FROM chain_of_custody_{table} WHERE {key} > %s ORDER BY {key}"  # noqa: S608
    return list(connection.execute(query.encode(), (after,)).fetchall())


def _insert(cursor: Any, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        marks = ", ".join(["%s"] * len(rows[0]))
        key = "OVERRIDING SYSTEM VALUE " if table == "entry" else ""
        cursor.executemany(f"INSERT INTO bare_{table} ({COLUMNS[table]}) {key}VALUES ({marks})".encode(), rows)


def _line(service: Measured, peer: Measured) -> None:
    for one in (service, peer):
        print(f"  {one.what:36} {one.number:6} in {one.seconds:6.2f} s  {one.rate:9.0f} a second")
    print(f"  {'ratio service / plain':36} {service.rate / peer.rate:.2f}")


def main() -> int:
    """Measure and print; the pair of a ratio is measured on the same server, one after the other."""
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, load at the start {load:.1f}; fsync on")
    with database() as url:
        import django

        django.setup()
        from django.db import connection

        single, mark = acts_single()
        _line(single, plain(url, mark, "plain INSERTs, one transaction each"))
        bulk, mark = acts_bulk()
        _line(bulk, plain(url, mark, "plain INSERTs, one transaction a call", whole_calls=BULK_CALLS))
        connection.close()
    print(f"load at the end {os.getloadavg()[0]:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
