"""Acts that several scenes repeat: hand-overs, files, reviews, signatures."""

import io
from collections.abc import Sequence

from chain_of_custody.models import Item, StoredFile
from chain_of_custody.services import Receipt
from lims.accounts.services import reauthenticate
from lims.casework.models import Case
from lims.casework.selectors.cases import discrepancy_list
from lims.casework.services.custody import handover_offer, handover_receive, items_move
from lims.casework.services.discrepancies import discrepancy_countersign
from lims.casework.services.files import item_file_store
from lims.demonstration.world import World
from lims.lab.models import Report, Review
from lims.lab.services.reports import report_sign
from lims.lab.services.reviews import review_decide, review_open, review_point_set


def give(world: World, giver: str, receiver: str, items: Sequence[Item], *, purpose: str, note: str = "") -> None:
    """Hand items over: released by one of the cast, received by another ten minutes later, seals intact."""
    offer = handover_offer(
        actor=world.actor(giver), items=items, to=world.party(f"person.{receiver}"), purpose=purpose, note=note
    )
    world.clock.forward(minutes=10)
    receipts = [Receipt(item=item, seal_found="intact" if item.sealed_by_id else "") for item in items]
    handover_receive(actor=world.actor(receiver), handover=offer, receipts=receipts)


def upload(world: World, who: str, item: Item, content: bytes, name: str, *, media_type: str, role: str) -> StoredFile:
    """Hand in a raw file about an item."""
    return item_file_store(
        actor=world.actor(who), item=item, source=io.BytesIO(content), name=name, media_type=media_type, role=role
    )


def review_pass(world: World, who: str, report: Report, *, note: str = "") -> Report:
    """Take the review that is due, pass every point, agree."""
    review = review_open(actor=world.actor(who), report=report)
    points_pass(world, who, review)
    review_decide(actor=world.actor(who), review=review, agree=True, note=note)
    report.refresh_from_db()
    return report


def points_pass(world: World, who: str, review: Review, *, but: Sequence[str] = ()) -> None:
    """Pass every point of a review apart from some."""
    for key in review.points.order_by("pk").values_list("key", flat=True):
        if key not in but:
            world.clock.forward(minutes=2)
            review_point_set(actor=world.actor(who), review=review, key=key, passed=True)


def sign(world: World, who: str, report: Report) -> Report:
    """Enter the password again and sign."""
    actor = world.actor(who)
    proof = reauthenticate(actor=actor, password=world.passwords[who])
    return report_sign(actor=actor, report=report, version=report.version, proof=proof)


def take_out(world: World, who: str, items: Sequence[Item]) -> None:
    """Take items out of a place into one's own hands."""
    items_move(actor=world.actor(who), items=items, to=world.party(f"person.{who}"))


def countersign(world: World, who: str, case: Case) -> None:
    """Countersign every difference of a case that waits for a second person."""
    actor = world.actor(who)
    for row in discrepancy_list(actor=actor, case=case, open_only=True):
        if row.countersigned_by_id is None:
            discrepancy_countersign(actor=actor, discrepancy=row)
