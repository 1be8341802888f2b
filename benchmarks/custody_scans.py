"""From a scanned code to the item's custody, with a thousand and a million items."""

# ruff: noqa: PLC0415  (models can be imported only after the address of the database is known)

import time

import psycopg

from benchmarks.spoor_database import Bench


def scan_rows(number: int) -> list[float]:
    """Seconds of each of two hundred scans: a code resolved and its custody read, in a table of so many items."""
    from chain_of_custody.models import Item
    from chain_of_custody.selectors import custody_now

    codes = list(
        Item.objects.filter(reference__startswith="N-").order_by("?").values_list("scan_code", flat=True)[:200]
    )
    took = []
    for code in codes:
        begun = time.perf_counter()
        custody_now(Item.objects.get(scan_code=code))
        took.append(time.perf_counter() - begun)
    return sorted(took) if number else []


def scans(bench: Bench) -> None:
    """p50 and p95 at a thousand and a million items; the rows are put in as the superuser, without ledger entries."""
    made = 0
    for number in (1_000, 1_000_000):
        with psycopg.connect(bench.superuser, autocommit=True) as connection:
            connection.execute(
                "INSERT INTO chain_of_custody_item (uuid, kind, reference, scan_code, custodian_id, position, state, "
                "witnessed_from, last_act_at, version) SELECT gen_random_uuid(), 'exhibit', 'N-' || n, 'N' || n, "
                "(SELECT min(id) FROM chain_of_custody_party), '', 'held', now(), now(), 1 "
                "FROM generate_series(%s::int, %s::int) n",
                (made + 1, number),
            )
            connection.execute("ANALYZE chain_of_custody_item")
        made = number
        took = scan_rows(number)
        print(f"  scan to answer, {number:>9,} items: p50 {_ms(took, 0.5)}, p95 {_ms(took, 0.95)}")


def _ms(took: list[float], share: float) -> str:
    return f"{1000 * took[min(int(len(took) * share), len(took) - 1)]:.2f} ms"
