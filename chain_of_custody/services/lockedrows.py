"""Items under lock with all inside them, their streams, and the parties the rules ask about, by one statement."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS

from chain_of_custody.core.actor import Actor
from chain_of_custody.custody_schemas import ITEM_STREAM
from chain_of_custody.enums import CARRIERS
from chain_of_custody.errors import NotFound
from chain_of_custody.models import Item, Party
from chain_of_custody.services.arrays import Bigints, Texts
from chain_of_custody.services.statements import prepared
from chain_of_custody.services.streams import Heads, heads_of

# Items under lock, and the parties the rules ask about: the custodians, those named, and the organisations they belong
# to. No join: a row whose joined column changed while we waited for its lock would silently drop out. Arrays, because
# the planner reads a whole table rather than trust the size of a recursive query. Parties are as they were when the
# statement began; a custodian from after that is read apart (`_parties`).
_LOCK = """
WITH RECURSIVE tree (id, carries) AS (
    SELECT id, kind = ANY(%s::text[]) FROM chain_of_custody_item WHERE id = ANY(%s::bigint[])
    UNION
    SELECT i.id, i.kind = ANY(%s::text[])
    FROM chain_of_custody_item i JOIN tree ON i.container_id = tree.id AND tree.carries
), locked AS MATERIALIZED (
    SELECT {items} FROM chain_of_custody_item
    WHERE id = ANY(ARRAY(SELECT id FROM tree UNION SELECT unnest(%s::bigint[])))
    ORDER BY id
    FOR NO KEY UPDATE
), named AS MATERIALIZED (
    SELECT {parties} FROM chain_of_custody_party
    WHERE id = ANY(ARRAY(SELECT custodian_id FROM locked) || %s::bigint[]) OR uuid = %s
), people AS (
    SELECT * FROM named
    UNION
    SELECT {parties} FROM chain_of_custody_party WHERE id = ANY(ARRAY(SELECT organisation_id FROM named))
){heads}
SELECT true, locked.*, {no_parties}{head} FROM locked{head_from}
UNION ALL
SELECT false, {no_items}, people.*{no_head} FROM people
"""

# The streams of the items in the tree as well, once the items are locked: an act that appends to nothing else then
# needs no statement for it. The clock is read as rows come out, after the locks: the latest reading is under them all.
_HEADS = """, heads AS MATERIALIZED (
    SELECT s.id, s.kind, s.uuid, s.head_sequence, s.head_hash, s.head_recorded_at FROM chain_of_custody_stream s
    WHERE s.kind = '{kind}' AND s.uuid = ANY(ARRAY(SELECT uuid FROM locked WHERE id IN (SELECT id FROM tree)))
    ORDER BY s.id
    FOR NO KEY UPDATE
)"""
_HEAD = ", heads.*, clock_timestamp()"
_HEAD_FROM = " LEFT JOIN heads ON heads.uuid = locked.uuid"
_NO_HEAD = ", NULL" * 7

# The same parties alone.
_PARTIES = """
WITH named AS MATERIALIZED (
    SELECT * FROM chain_of_custody_party WHERE id = ANY(%s::bigint[]) OR uuid = %s
)
SELECT {columns} FROM named
UNION
SELECT {columns} FROM chain_of_custody_party WHERE id IN (SELECT organisation_id FROM named)
"""

_STREAM_PARTS = ("heads", "head", "head_from", "no_head")


class Locked(NamedTuple):
    """Items and parties by primary key, and the heads of the items' streams where they were asked for."""

    items: dict[int, Item]
    parties: dict[int, Party]
    heads: Heads | None


def rows_lock(
    actor: Actor, keys: Sequence[int], also: Sequence[int], parties: Sequence[int], *, streams: bool
) -> Locked:
    """Lock the items of `keys` with all their contents, and those of `also`; read the parties the rules ask about.

    Raises `NotFound` for an unknown item.
    """
    if not keys and not also:
        return Locked({}, _parties(actor, parties), None)
    kinds = Texts(kind.value for kind in CARRIERS)
    values = [kinds, Bigints(keys), kinds, Bigints(also), Bigints(parties), actor.party]
    while True:
        rows, people, heads = _read(values, streams=streams)
        carriers = [key for key, item in rows.items() if item.kind in CARRIERS and key not in also]
        # What was put in while we waited is outside the snapshot; putting in needs the container's lock, so once
        # nothing is missing nothing can come.
        if not carriers or not Item.objects.filter(container__in=carriers).exclude(pk__in=rows).exists():
            break
    missing = [key for key in (*keys, *also) if key not in rows]
    if missing:
        raise NotFound(f"there is no item with key {missing[0]}", field="items", found=str(missing[0]))
    custodians = {item.custodian_id for item in rows.values()}
    if not custodians <= people.keys():
        people = _parties(actor, {*custodians, *parties})
    return Locked(rows, people, heads)


def _read(values: Sequence[Any], *, streams: bool) -> Locked:
    items, parties = _columns(Item), _columns(Party)
    cursor = prepared()
    cursor.execute(_statement(streams), values)
    rows, people, heads = {}, {}, []
    width = 1 + len(items)
    end = width + len(parties)
    for row in cursor.fetchall():
        if not row[0]:
            party = Party.from_db(DEFAULT_DB_ALIAS, parties, row[width:end])
            people[party.pk] = party
            continue
        item = Item.from_db(DEFAULT_DB_ALIAS, items, row[1:width])
        rows[item.pk] = item
        if streams and row[end] is not None:
            heads.append(row[end:])
    return Locked(rows, _joined(people), heads_of(heads) if heads else None)


@cache
def _columns(model: type[Item | Party]) -> list[str]:
    """The attributes of a row, in the order of the statements here; each is called as its column is."""
    return [field.attname for field in model._meta.concrete_fields]


@cache
def _statement(streams: bool) -> str:
    items, parties = _columns(Item), _columns(Party)
    heads = _HEADS.format(kind=ITEM_STREAM)
    return _LOCK.format(
        items=", ".join(items),
        parties=", ".join(parties),
        no_items=", ".join(["NULL"] * len(items)),
        no_parties=", ".join(["NULL"] * len(parties)),
        **dict(zip(_STREAM_PARTS, (heads, _HEAD, _HEAD_FROM, _NO_HEAD) if streams else ("",) * 4, strict=True)),
    )


def _parties(actor: Actor, keys: Iterable[int]) -> dict[int, Party]:
    names = _columns(Party)
    cursor = prepared()
    cursor.execute(_PARTIES.format(columns=", ".join(names)), [Bigints(keys), actor.party])
    rows = [Party.from_db(DEFAULT_DB_ALIAS, names, row) for row in cursor.fetchall()]
    return _joined({party.pk: party for party in rows})


def _joined(people: dict[int, Party]) -> dict[int, Party]:
    """The parties, each with its organisation at hand."""
    for party in people.values():
        if party.organisation_id is not None:
            party.organisation = people.get(party.organisation_id)
    return people
