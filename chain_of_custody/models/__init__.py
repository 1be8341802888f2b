"""Tables of the ledger, of custody and of stored files."""

from chain_of_custody.models.checks import LedgerCheck
from chain_of_custody.models.custody import HandOver, HandOverLine, Item, Party, Seal
from chain_of_custody.models.files import StoredFile, VaultAudit
from chain_of_custody.models.ledger import Checkpoint, Commitment, Entry, Leaf, Pending, Stream, Tile
from chain_of_custody.models.stamps import CheckpointStamp

__all__ = [
    "Checkpoint",
    "CheckpointStamp",
    "Commitment",
    "Entry",
    "HandOver",
    "HandOverLine",
    "Item",
    "Leaf",
    "LedgerCheck",
    "Party",
    "Pending",
    "Seal",
    "Stream",
    "StoredFile",
    "Tile",
    "VaultAudit",
]
