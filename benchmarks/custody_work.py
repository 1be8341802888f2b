"""Writers of the custody benchmarks: their parties and items, and the acts that each does over and over."""

# ruff: noqa: PLC0415  (models can be imported only after the address of the database is known)

from collections.abc import Callable
from typing import Any
from uuid import UUID

ITEMS = 8
"""Items each writer passes around."""
BULK_ITEMS = 500


def people(writer: int) -> tuple[Any, Any, Any]:
    """Actor, own party and shelf of one writer; made by `prepare`."""
    from chain_of_custody.core.actor import Actor
    from chain_of_custody.models import Party

    me = Party.objects.get(name=f"Writer {writer}")
    actor = Actor(party=me.uuid, account=UUID(int=writer + 2), name=me.name, role="custodian", via="command")
    return actor, me, Party.objects.get(name="Shelf")


def prepare(writers: int) -> None:
    """Parties, one shelf, and items whose UUIDs a pgbench script can name."""
    from chain_of_custody.core.actor import Actor
    from chain_of_custody.services import NewItem, items_create, party_create

    system = Actor(party=UUID(int=1), account=None, name="Spoor", role="system", via="command")
    party_create(actor=system, kind="location", name="Shelf")
    for writer in range(writers):
        party_create(actor=system, kind="person", name=f"Writer {writer}", signs_in=True)
        actor, me, _shelf = people(writer)
        for kind, number in (("S", ITEMS), ("B", BULK_ITEMS), ("H", 1)):
            new = [
                NewItem(kind="exhibit", reference=f"{kind}-{writer}-{n}", uuid=item_uuid(kind, writer * 1000 + n))
                for n in range(number)
            ]
            items_create(actor=actor, new=new, custodian=me)


def item_uuid(kind: str, number: int) -> UUID:
    """The UUID of a bench item: its last twelve digits are its number."""
    return UUID(f"{ {'S': '5', 'B': 'b', 'H': 'c'}[kind] }0000000-0000-4000-8000-{number:012d}")


def work_moves(writer: int) -> Callable[[], int]:
    """One act: an item goes to the shelf or back into the writer's hands."""
    from chain_of_custody.models import Item
    from chain_of_custody.services import items_move

    actor, me, shelf = people(writer)
    items = list(Item.objects.filter(reference__startswith=f"S-{writer}-").order_by("pk"))
    turn = [0]

    def act() -> int:
        number = turn[0]
        turn[0] += 1
        away = (number // len(items)) % 2 == 0
        chosen = [items[number % len(items)]]
        items_move(actor=actor, items=chosen, to=shelf if away else me, from_location=True, reason="benchmark")
        return 1

    return act


def work_handovers(writer: int) -> Callable[[], int]:
    """Two acts: an item is offered to the neighbour, and the neighbour receives it; then back."""
    from chain_of_custody.models import Item
    from chain_of_custody.services import Receipt, handover_offer, handover_receive

    sides = [people(writer), people(writer ^ 1)]
    item = Item.objects.get(reference=f"H-{writer}-0")

    def act() -> int:
        giver, receiver = sides
        offer = handover_offer(actor=giver[0], items=[item], to=receiver[1], purpose="examination")
        handover_receive(actor=receiver[0], handover=offer, receipts=[Receipt(item=item)])
        sides.reverse()
        return 2

    return act


def work_bulk(writer: int) -> Callable[[], int]:
    """One call: five hundred items go to the shelf or back; so many entries."""
    from chain_of_custody.models import Item
    from chain_of_custody.services import items_move

    actor, me, shelf = people(writer)
    items = list(Item.objects.filter(reference__startswith=f"B-{writer}-").order_by("pk"))
    turn = [0]

    def act() -> int:
        turn[0] += 1
        items_move(actor=actor, items=items, to=shelf if turn[0] % 2 else me, from_location=True, reason="benchmark")
        return len(items)

    return act


WORKS = {"moves": work_moves, "handovers": work_handovers, "bulk": work_bulk}
