"""Everything that changes custody or the ledger. Keyword-only, actor first, each in one transaction."""

from chain_of_custody.core.entry import StreamKey
from chain_of_custody.rules import Permit
from chain_of_custody.services.claims import claimed_times
from chain_of_custody.services.endings import item_consume, item_dispose, item_return
from chain_of_custody.services.erasure import commitment_erase, commitments_forget
from chain_of_custody.services.handovers import (
    Receipt,
    handover_offer,
    handover_receive,
    handover_refuse,
    handover_withdraw,
)
from chain_of_custody.services.items import NewItem, item_create, item_touch_check, items_create, items_move
from chain_of_custody.services.ledger import Act, EntryDraft, EntryRef, act_append
from chain_of_custody.services.orders import custody_back_enter, custody_reassign, custody_state_earlier
from chain_of_custody.services.parties import (
    party_account_change,
    party_create,
    party_deactivate,
    party_forget,
    party_reactivate,
)
from chain_of_custody.services.seals import seal_apply, seal_open
from chain_of_custody.services.sequencer import sequencer_check, sequencer_loop, sequencer_run_once

__all__ = [
    "Act",
    "EntryDraft",
    "EntryRef",
    "NewItem",
    "Permit",
    "Receipt",
    "StreamKey",
    "act_append",
    "claimed_times",
    "commitment_erase",
    "commitments_forget",
    "custody_back_enter",
    "custody_reassign",
    "custody_state_earlier",
    "handover_offer",
    "handover_receive",
    "handover_refuse",
    "handover_withdraw",
    "item_consume",
    "item_create",
    "item_dispose",
    "item_return",
    "item_touch_check",
    "items_create",
    "items_move",
    "party_account_change",
    "party_create",
    "party_deactivate",
    "party_forget",
    "party_reactivate",
    "seal_apply",
    "seal_open",
    "sequencer_check",
    "sequencer_loop",
    "sequencer_run_once",
]
