"""Forgetting a committed value when the law says so. The entry stays and still verifies; what it hid is gone."""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from chain_of_custody.core.actor import Actor
from chain_of_custody.core.canonical import canonical_bytes
from chain_of_custody.core.entry import StreamKey
from chain_of_custody.custody_schemas import COMMITMENT
from chain_of_custody.errors import Conflict, NotFound
from chain_of_custody.models import Commitment
from chain_of_custody.services.holding import text_required
from chain_of_custody.services.ledger import Act, EntryDraft, act_append
from chain_of_custody.services.transactions import one_transaction, writing

_ERASE_NAMED = """
UPDATE chain_of_custody_commitment c SET salt = NULL, value = NULL, erased_at = clock_timestamp()
FROM chain_of_custody_entry e
WHERE e.id = c.entry_id AND c.value IS NOT NULL AND (
    (%(everywhere)s AND convert_from(c.value, 'UTF8') ILIKE ANY (%(names)s::text[]))
    OR (
        convert_from(c.value, 'UTF8') ILIKE ANY (%(words)s::text[])
        AND EXISTS (SELECT FROM unnest(%(known)s::bytea[]) AS k (id) WHERE position(k.id IN e.canonical) > 0)
    )
)
"""


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


def commitments_forget(*, names: Sequence[str], words: Sequence[str], known_as: Sequence[UUID], alone: bool) -> int:
    """Erase salt and value of every committed field that names a person; the caller records it. Returns how many.

    `names` are looked for in every entry when they are the person's alone (`alone`); otherwise, and for `words` (a
    sign-in name, the number of a document), only in entries that mention one of the UUIDs `known_as`, so that
    nothing of another person of the same name is lost.
    """
    given: dict[str, Any] = {
        "everywhere": alone,
        "names": [_containing(text) for text in names],
        "words": [_containing(text) for text in (*names, *words)],
        "known": [str(uuid).encode() for uuid in known_as],
    }
    with connection.cursor() as cursor:
        cursor.execute(_ERASE_NAMED, given)
        return int(cursor.rowcount)


def _containing(text: str) -> str:
    """The text as it stands inside canonical JSON, as a pattern of LIKE."""
    inside = canonical_bytes(text).decode()[1:-1]
    return "%" + re.sub(r"([\\%_])", r"\\\1", inside) + "%"
