"""Forgetting a committed value when the law says so. The entry stays and still verifies; what it hid is gone."""

from uuid import UUID

from django.utils import timezone

from chain_of_custody.core.actor import Actor
from chain_of_custody.core.entry import StreamKey
from chain_of_custody.custody_schemas import COMMITMENT
from chain_of_custody.errors import Conflict, NotFound
from chain_of_custody.models import Commitment
from chain_of_custody.services.holding import text_required
from chain_of_custody.services.ledger import Act, EntryDraft, act_append
from chain_of_custody.services.transactions import one_transaction, writing


@one_transaction
def commitment_erase(*, actor: Actor, entry: UUID, field: str, authority: str) -> Act:
    """Erase salt and value behind one committed field of an entry, and record that, when and on whose authority.

    Backups and exports handed out before still hold the value: they have to be dealt with apart.

    Raises `NotFound` when the entry has no such field, `Conflict` when it was erased before, `BadInput` without
    authority.
    """
    authority = text_required(authority, field="authority", what="the authority for an erasure")
    row = (
        Commitment.objects.select_for_update(no_key=True, of=("self",))
        .select_related("entry__stream")
        .filter(entry__uuid=entry, field=field)
        .first()
    )
    if row is None:
        raise NotFound(f"entry {entry} has no committed field {field}", field="field", found=field)
    if row.erased_at is not None:
        raise Conflict(
            f"{field} of entry {entry} was erased at {row.erased_at.isoformat()}", field="field", found=field
        )
    stream = row.entry.stream
    draft = EntryDraft(
        stream=StreamKey(kind=stream.kind, id=stream.uuid),
        schema=COMMITMENT,
        verb="erased",
        values={"entry": str(entry), "field": field},
        committed={"authority": authority},
    )
    with writing():
        Commitment.objects.filter(pk=row.pk).update(salt=None, value=None, erased_at=timezone.now())
        return act_append(actor=actor, drafts=[draft])
