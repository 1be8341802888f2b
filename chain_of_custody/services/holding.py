"""Items locked for an act, with everything inside them, and what the rules need to know of them."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError

from chain_of_custody.core.actor import Actor
from chain_of_custody.core.canonical import Json
from chain_of_custody.core.entry import StreamKey
from chain_of_custody.custody_schemas import ITEM, ITEM_STREAM
from chain_of_custody.enums import ItemState, Verb
from chain_of_custody.errors import BadInput, Conflict, NotFound, SealTaken
from chain_of_custody.models import Item, Party, Seal
from chain_of_custody.rules import PartyFacts, Standing, check_act, check_state, check_time
from chain_of_custody.services.arrays import Bigints
from chain_of_custody.services.ledger import EntryDraft
from chain_of_custody.services.lockedrows import rows_lock
from chain_of_custody.services.statements import prepared
from chain_of_custody.services.streams import Heads

_SEALED_AROUND = """
WITH RECURSIVE up (start, container_id) AS (
    SELECT id, container_id FROM chain_of_custody_item WHERE id = ANY(%s::bigint[])
    UNION ALL
    SELECT up.start, i.container_id FROM up JOIN chain_of_custody_item i ON i.id = up.container_id
)
SELECT up.start, c.reference, s.number
FROM up
JOIN chain_of_custody_item c ON c.id = up.container_id
JOIN chain_of_custody_seal s ON s.id = c.sealed_by_id
"""

_CONFLICTS: Mapping[str, tuple[type[Conflict], str, str]] = {
    "seal_number_once_in_use": (SealTaken, "this seal number is in force on another item", "number"),
    "seal_one_on_an_item": (Conflict, "the item was sealed meanwhile", "item"),
    "item_position_once": (Conflict, "the position in the container is taken", "position"),
    "hand_over_line_one_open": (Conflict, "an item was offered meanwhile", "items"),
    "chain_of_custody_item_reference": (Conflict, "the reference names another item already", "reference"),
    "chain_of_custody_item_scan_code": (Conflict, "the scan code is on another item already", "scan_code"),
}


@dataclass(slots=True)
class Holding:
    """Locked items. `roots` are the ones named; `inside` maps the key of everything in them to its root.

    `me` is the actor's party, `parties` all custodians and others asked for, `seals` those in force, by primary key.
    `heads` are the locked streams of roots and contents, None where they were not asked for.
    """

    roots: list[Item]
    inside: dict[int, Item]
    contents: list[Item]
    others: dict[int, Item]
    me: Party
    parties: dict[int, Party]
    seals: dict[int, Seal]
    sealed_around: dict[int, tuple[str, str]]
    heads: Heads | None

    @property
    def everything(self) -> list[Item]:
        """Roots and all their contents."""
        return [*self.roots, *self.contents]

    def standing(self, item: Item) -> Standing:
        """The item as the rules see it."""
        seal = self.seals.get(item.sealed_by_id or 0)
        return Standing(
            reference=item.reference,
            state=ItemState(item.state),
            custodian=self.facts(self.parties[item.custodian_id]),
            last_act_at=item.last_act_at,
            seal="" if seal is None else seal.number,
            sealed_in=self.sealed_around.get(item.pk),
        )

    def facts(self, party: Party) -> PartyFacts:
        """The party as the rules see it."""
        organisation = self.parties.get(party.organisation_id or 0)
        return PartyFacts(
            uuid=party.uuid,
            name=party.name,
            kind=party.kind,
            organisation=None if organisation is None else organisation.uuid,
            signs_in=party.signs_in,
            active=party.active,
        )

    @property
    def actor(self) -> PartyFacts:
        """The actor as the rules see it."""
        return self.facts(self.me)


def hold(
    actor: Actor,
    items: Collection[Item],
    *,
    parties: Iterable[Party] = (),
    also: Iterable[Item] = (),
    streams: bool = True,
) -> Holding:
    """Lock the items, all their contents and the items of `also`, by ascending key, and read what rules need.

    Then lock the streams of the items and their contents, for an act that appends to these alone (`Holding.heads`, for
    `act_append`). `streams=False` where more rows are to be locked, or other streams written, before that.

    Raises `BadInput` for an item named twice, `NotFound` for an unknown actor or item.
    """
    keys = [item.pk for item in items]
    also_keys = [item.pk for item in also]
    if len(set(keys)) != len(keys):
        raise BadInput("an item is named twice", field="items")
    rows, people, heads = rows_lock(actor, keys, also_keys, [party.pk for party in parties], streams=streams)
    named = [rows[key] for key in keys]
    roots = [item for item in named if _root(item, rows, set(keys)) is item]
    inside = _inside(roots, rows)
    everything = [*roots, *(rows[key] for key in inside)]
    me = next((party for party in people.values() if party.uuid == actor.party), None)
    if me is None:
        raise NotFound(f"the actor's party {actor.party} is not known", field="actor", found=str(actor.party))
    return Holding(
        roots=roots,
        inside=inside,
        contents=[rows[key] for key in inside],
        others={key: rows[key] for key in also_keys},
        me=me,
        parties=people,
        seals=_seals([*everything, *(rows[key] for key in also_keys)]),
        sealed_around=_sealed_around([*roots, *(rows[key] for key in also_keys)]),
        heads=heads,
    )


def items_named(items: Collection[Item]) -> None:
    """Raise `BadInput` when an act names no items."""
    if not items:
        raise BadInput("no items are named", field="items", remedy="Scan or choose at least one item.")


def check_held(holding: Holding, verb: Verb, happened_at: datetime | None, *, from_location: bool = False) -> None:
    """The actor may do this physical act on the roots, at that time, and nothing inside them is in the way."""
    for item in holding.roots:
        standing = holding.standing(item)
        check_act(verb, standing, holding.actor, from_location=from_location)
        check_time(happened_at, standing)
    for item in holding.contents:
        check_state(verb, holding.standing(item))


def _root(item: Item, rows: Mapping[int, Item], named: Collection[int]) -> Item:
    """The outermost named item around an item; itself when none is."""
    outermost, here = item, item
    while here.container_id is not None and here.container_id in rows:
        here = rows[here.container_id]
        if here.pk in named:
            outermost = here
    return outermost


def _inside(roots: Sequence[Item], rows: Mapping[int, Item]) -> dict[int, Item]:
    named = {item.pk for item in roots}
    found = {}
    for key, item in rows.items():
        root = _root(item, rows, named)
        if key not in named and root.pk in named:
            found[key] = root
    return found


def _seals(items: Iterable[Item]) -> dict[int, Seal]:
    keys = [item.sealed_by_id for item in items if item.sealed_by_id is not None]
    return Seal.objects.in_bulk(keys) if keys else {}


def _sealed_around(items: Iterable[Item]) -> dict[int, tuple[str, str]]:
    keys = [item.pk for item in items if item.container_id is not None]
    if not keys:
        return {}
    cursor = prepared()
    cursor.execute(_SEALED_AROUND, [Bigints(keys)])
    return {start: (reference, number) for start, reference, number in cursor.fetchall()}


def item_drafts(
    holding: Holding,
    verb: Verb,
    *,
    to: Party | None = None,
    values: Mapping[str, Json] | None = None,
    own: Mapping[int, Mapping[str, Json]] | None = None,
    committed: Mapping[str, Json] | None = None,
    own_committed: Mapping[int, Mapping[str, Json]] | None = None,
) -> list[EntryDraft]:
    """One entry per held item. `own` values are those of single items by key; contents name their container."""
    drafts = []
    for item in holding.everything:
        holder = holding.parties[item.custodian_id]
        mine: dict[str, Json] = {"item": str(item.uuid), "from": str(holder.uuid)}
        hidden: dict[str, Json] = {"from.name": holder.name}
        if to is not None:
            mine["to"] = str(to.uuid)
            hidden["to.name"] = to.name
        if item.pk in holding.inside:
            mine["carried_in"] = str(holding.inside[item.pk].uuid)
        mine |= {**(values or {}), **(own or {}).get(item.pk, {})}
        hidden |= {**(committed or {}), **(own_committed or {}).get(item.pk, {})}
        drafts.append(item_draft(item, verb, mine, {name: value for name, value in hidden.items() if value}))
    return drafts


def item_draft(item: Item, verb: Verb, values: Mapping[str, Json], committed: Mapping[str, Json]) -> EntryDraft:
    """One entry in the item's stream."""
    stream = StreamKey(kind=ITEM_STREAM, id=item.uuid)
    return EntryDraft(stream=stream, schema=ITEM, verb=verb.value, values=values, committed=committed)


def left_containers(holding: Holding) -> dict[int, dict[str, Json]]:
    """For each root that leaves a container, that container's UUID, to be named in its entry."""
    keys = {item.container_id for item in holding.roots if item.container_id is not None}
    if not keys:
        return {}
    found = dict(Item.objects.filter(pk__in=keys).values_list("pk", "uuid"))
    return {
        item.pk: {"left_container": str(found[item.container_id])}
        for item in holding.roots
        if item.container_id is not None
    }


def text_required(text: str, *, field: str, what: str, limit: int = 2000) -> str:
    """The text without outer spaces. Raises `BadInput` when empty or too long."""
    clean = text.strip()
    if not clean or len(clean) > limit:
        raise BadInput(f"{what} needs 1 to {limit} characters, not {len(clean)}", field=field, found=clean[:40])
    return clean


@contextmanager
def conflicts() -> Iterator[None]:
    """Turn the database's refusal of a duplicate into the words for it."""
    try:
        yield
    except IntegrityError as error:
        name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
        for known, (kind, message, field) in _CONFLICTS.items():
            if name.startswith(known):
                raise kind(message, field=field) from error
        raise
