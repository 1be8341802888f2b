"""Payload schemas disclosure writes to the ledger. Names are never changed once written."""

from chain_of_custody.schemas import declare

REQUEST = declare("disclosure.request/1", verbs={"requested", "approved", "declined", "withheld", "delivered"})
PACK = declare("disclosure.pack/1", verbs={"ordered", "started", "built", "failed", "delivered", "opened"})
