"""The peer of the custody benchmarks: pgbench with the SQL of one move, recorded as the application sends it."""

# ruff: noqa: PLC0415  (models can be imported only after the address of the database is known)

import re
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.custody_work import BULK_ITEMS, ITEMS, work_moves
from benchmarks.spoor_database import Bench

PEER_READS = """
SELECT heads.id AS stream, head_sequence + 1 AS next, clock_timestamp() AS now, gen_random_uuid() AS entry
FROM locked JOIN heads ON heads.uuid = locked.uuid WHERE (SELECT count(*) FROM people) > 0
"""


def statements_of_a_move() -> list[tuple[str, list[Any]]]:
    """The SQL of one act and its parameters."""
    from django.db import connection

    act = work_moves(0)
    act()
    seen: list[tuple[str, list[Any]]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append((sql, list(params)))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        act()
    return seen


def pgbench_script() -> str:
    """One act's statements in one transaction, with the client's own row in place of the one they were recorded for."""
    from chain_of_custody.models import Item, Party

    first, holder, shelf = (
        Item.objects.get(reference="S-0-0").pk,
        Party.objects.get(name="Writer 0"),
        Party.objects.get(name="Shelf"),
    )
    lock, write = statements_of_a_move()
    # The client reads the head of its stream; the parties, which the rules in Python ask about, are read for nothing.
    answer = lock[0].index("SELECT true, locked.*")
    lock = (lock[0][:answer] + PEER_READS, lock[1])
    item = "ARRAY[:item]"
    new = {0: ":now", 2: ":to", 4: item, 6: "ARRAY[:stream]", 7: "ARRAY[:entry]", 8: "ARRAY[:next]"}
    new |= {11: "gen_random_uuid()", 12: ":now", 17: ":now"}
    new[13] = "ARRAY[" + ", ".join([":entry"] * len(write[1][14].values)) + "]"
    lines = [
        f"\\set k random(0, {ITEMS - 1})",
        f"\\set item {first} + :client_id * {ITEMS + BULK_ITEMS + 1} + :k",
        f"\\set me {holder.pk} + :client_id",
        f"\\set to random(0, 1) * ({shelf.pk} - :me) + :me",
        "BEGIN;",
        _filled(lock, {1: item, 4: "ARRAY[:to]"}) + " \\gset",
        _filled(write, new) + ";",
        "COMMIT;",
    ]
    return "\n".join(lines) + "\n"


def _filled(statement: tuple[str, list[Any]], ours: dict[int, str]) -> str:
    """The statement on one line, its parameters written in or replaced by pgbench's expressions."""
    pieces = " ".join(statement[0].split()).split("%s")
    values = [ours.get(number, _literal(value)) for number, value in enumerate(statement[1])]
    return "".join(piece + value for piece, value in zip(pieces, [*values, ""], strict=True))


def _literal(value: Any) -> str:
    from chain_of_custody.services.arrays import Column

    if value is None:
        return "NULL"
    if isinstance(value, Column):
        return "ARRAY[" + ", ".join(map(_literal, value.values)) + "]"
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'"
    return str(value) if isinstance(value, int) else f"'{value}'"


def peer(bench: Bench, script: Path, clients: int, seconds: float) -> float:
    """Transactions a second of pgbench with so many clients."""
    words = [str(bench.programs / "pgbench"), "--no-vacuum", "--protocol=prepared", "--jobs=2", f"--file={script}"]
    words += [f"--client={clients}", f"--time={max(int(seconds), 1)}", bench.app]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    failed = re.search(r"number of failed transactions: ([0-9]+)", done.stdout)
    if done.returncode != 0 or found is None or (failed and failed.group(1) != "0"):
        raise SystemExit(f"pgbench failed:\n{done.stdout}{done.stderr}")
    return float(found.group(1))
