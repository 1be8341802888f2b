"""The ledger only grows: by trigger for everybody, by grant for the application's role."""

from collections.abc import Iterator

import psycopg
import pytest
from django.core.checks import run_checks
from django.db import IntegrityError, ProgrammingError, connection, transaction

from chain_of_custody.guard import GROWING, TRIGGERS, ledger_guard_check
from chain_of_custody.models import Commitment, Entry, Leaf, Pending, Stream
from tests.chain_of_custody.builders import at, item, person
from tests.conftest import TestDatabase

KEPT = ("party", "item", "seal", "handover", "handoverline", "storedfile")


@pytest.mark.django_db
def test_both_walls_stand_for_the_role_in_use() -> None:
    report = ledger_guard_check()
    assert report.role == "spoor_app"
    assert report.closed, report
    assert run_checks(databases=["default"], tags=["database"]) == []


LEDGER = (*GROWING, "commitment", "stream", "pending")
FORBIDDEN = [
    (table, statement)
    for table in LEDGER
    for statement in (
        'UPDATE {0} SET "{1}" = "{1}"',
        "DELETE FROM {0}",
        "TRUNCATE {0} CASCADE",
        "DROP TABLE {0}",
        "ALTER TABLE {0} DISABLE TRIGGER ALL",
        "DROP TRIGGER ledger_append_only ON {0}",
    )
    # The sequencer deletes the row of an entry that has its place; a trigger allows no other.
    if (table, statement) != ("pending", "DELETE FROM {0}")
]


@pytest.mark.django_db
@pytest.mark.parametrize(("table", "statement"), FORBIDDEN)
def test_the_application_may_not_even_ask(table: str, statement: str) -> None:
    column = {"leaf": "index", "pending": "entry_id"}.get(table, "id")
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), transaction.atomic():
        connection.cursor().execute(statement.format(f"chain_of_custody_{table}", column))


@pytest.mark.django_db
@pytest.mark.parametrize("table", KEPT)
def test_custody_records_are_not_deleted(table: str) -> None:
    for statement in ("DELETE FROM chain_of_custody_{}", "TRUNCATE chain_of_custody_{} CASCADE"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            connection.cursor().execute(statement.format(table))


@pytest.mark.django_db
def test_a_waiting_entry_cannot_be_dropped() -> None:
    person("Ada")
    with pytest.raises(IntegrityError, match="no place in the log"), transaction.atomic():
        Pending.objects.all().delete()


@pytest.mark.django_db
def test_a_commitment_can_be_forgotten_and_nothing_else() -> None:
    person("Ada")
    rows = Commitment.objects.filter(field="name")
    for wrong in (
        {"value": b'"Eve"'},
        {"salt": None, "value": None},
        {"erased_at": at(9)},
        {"salt": None, "value": b'"Eve"', "erased_at": at(9)},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**wrong)
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        rows.update(field="reason")
    assert rows.update(salt=None, value=None, erased_at=at(9)) == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(salt=b"x" * 32, value=b'"Ada"', erased_at=None)


@pytest.mark.django_db
def test_a_streams_head_only_advances() -> None:
    ada = person("Ada")
    tusk = item(ada)
    rows = Stream.objects.filter(uuid=tusk.uuid)
    for wrong in ({"head_sequence": 1}, {"head_sequence": 0, "head_hash": None, "head_recorded_at": None}):
        with pytest.raises(IntegrityError, match="only advances"), transaction.atomic():
            rows.update(**wrong)


@pytest.mark.django_db
def test_leaves_leave_no_gap() -> None:
    person("Ada")
    entry = Entry.objects.get()
    with pytest.raises(IntegrityError, match="do not follow"), transaction.atomic():
        Leaf.objects.create(index=1, entry=entry, salt=b"s" * 32, data=b"d" * 32)


@pytest.fixture
def owner(committed_db: TestDatabase) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(committed_db.owner_url, autocommit=True) as opened:
        yield opened


@pytest.mark.parametrize("table", [*LEDGER, *KEPT])
def test_triggers_stop_the_owner_too(owner: psycopg.Connection[tuple[object, ...]], table: str) -> None:
    person("Ada")
    refused = ["TRUNCATE {} CASCADE"]
    if table in GROWING:
        refused.append("UPDATE {} SET {} = {}")
    if table != "pending":
        refused.append("DELETE FROM {}")
    column = "index" if table == "leaf" else "id"
    for statement in refused:
        text = statement.format(f"chain_of_custody_{table}", f'"{column}"', f'"{column}"')
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="refused"):
            owner.execute(text.encode())


def test_a_wall_taken_down_is_noticed(
    owner: psycopg.Connection[tuple[object, ...]], committed_db: TestDatabase
) -> None:
    owner.execute("ALTER TABLE chain_of_custody_entry DISABLE TRIGGER ledger_append_only")
    owner.execute("DROP TRIGGER ledger_erasure_only ON chain_of_custody_commitment")
    owner.execute("GRANT DELETE ON chain_of_custody_leaf TO spoor_app")
    report = ledger_guard_check()
    assert report.triggers == (
        "ledger_append_only on chain_of_custody_entry",
        "ledger_erasure_only on chain_of_custody_commitment",
    )
    assert report.rights == ("DELETE on chain_of_custody_leaf",)
    found = run_checks(databases=["default"], tags=["database"])
    assert [message.id for message in found] == ["chain_of_custody.E001", "chain_of_custody.W001"]


def test_every_trigger_is_listed_for_the_check(owner: psycopg.Connection[tuple[object, ...]]) -> None:
    rows = owner.execute(
        "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
        "WHERE NOT t.tgisinternal AND c.relname LIKE 'chain\\_of\\_custody\\_%'"
    ).fetchall()
    listed = {(f"chain_of_custody_{table}", name) for table, names in TRIGGERS.items() for name in names}
    assert listed == set(rows)
