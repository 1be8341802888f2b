"""Everything that reads custody and the ledger."""

from chain_of_custody.selectors.custody import (
    CustodyNow,
    custody_now,
    handover_lines,
    handover_list,
    item_history,
    item_list,
    item_proofs,
)
from chain_of_custody.selectors.export import (
    Export,
    export_open,
    log_verifier,
    reveal_everything,
    reveal_nothing,
)
from chain_of_custody.selectors.ledger import (
    HistoryRow,
    LedgerHealth,
    ProofRow,
    act_entries,
    checkpoint_latest,
    entries_latest,
    leaf_proof,
    ledger_check_last,
    ledger_check_newest,
    ledger_health,
    stream_entries,
    stream_proofs,
)
from chain_of_custody.selectors.publishing import tile_published, tlogproof_of_entry, tlogproof_of_stream
from chain_of_custody.selectors.tree import node_reader, tile_content

__all__ = [
    "CustodyNow",
    "Export",
    "HistoryRow",
    "LedgerHealth",
    "ProofRow",
    "act_entries",
    "checkpoint_latest",
    "custody_now",
    "entries_latest",
    "export_open",
    "handover_lines",
    "handover_list",
    "item_history",
    "item_list",
    "item_proofs",
    "leaf_proof",
    "ledger_check_last",
    "ledger_check_newest",
    "ledger_health",
    "log_verifier",
    "node_reader",
    "reveal_everything",
    "reveal_nothing",
    "stream_entries",
    "stream_proofs",
    "tile_content",
    "tile_published",
    "tlogproof_of_entry",
    "tlogproof_of_stream",
]
