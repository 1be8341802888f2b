"""Everything that changes custody or the ledger. Keyword-only, actor first, each in one transaction."""

from chain_of_custody.core.entry import StreamKey
from chain_of_custody.services.ledger import Act, EntryDraft, EntryRef, act_append
from chain_of_custody.services.parties import party_create

__all__ = [
    "Act",
    "EntryDraft",
    "EntryRef",
    "StreamKey",
    "act_append",
    "party_create",
]
