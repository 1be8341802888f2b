"""The state of the system as the foot and the notices of every page show it: one read, kept for a few seconds."""

from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache

from chain_of_custody.enums import CheckState
from chain_of_custody.errors import CustodyError
from chain_of_custody.selectors import checkpoint_latest, ledger_check_last
from chain_of_custody.vault.objects import EnforcedBy
from chain_of_custody.vault.services import vault_probe_last


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemState:
    """What the last probe of the evidence store and the last signed checkpoint said.

    Attributes:
        enforced: whether the last probe proved that write-once is enforced; None before the first probe.
        by_server: whether the store's own server enforces it (Object Lock); False for software WORM.
        reachable: whether the store's settings name a store that can be opened.
        checkpoint_size: how many acts the last signed checkpoint covers; 0 before the first.
        checkpoint_at: when it was signed.
        unsound: whether the last verification of the ledger that ended found something that does not hold.
    """

    enforced: bool | None = None
    by_server: bool = False
    reachable: bool = True
    checkpoint_size: int = 0
    checkpoint_at: datetime | None = None
    unsound: bool = False

    @property
    def unproved(self) -> bool:
        """Whether the last probe found that a lock was not enforced."""
        return self.enforced is False


_KEY = "web.system_state"
_KEPT_SECONDS = 10


def system_state() -> SystemState:
    """The present state, at most ten seconds old, so that a page does not pay for it each time."""
    known = cache.get(_KEY)
    if isinstance(known, SystemState):
        return known
    state = _read()
    cache.set(_KEY, state, _KEPT_SECONDS)
    return state


def _read() -> SystemState:
    checkpoint = checkpoint_latest()
    size, signed = (checkpoint.size, checkpoint.created_at) if checkpoint else (0, None)
    check = ledger_check_last()
    unsound = check is not None and check.state == CheckState.FAILED
    try:
        probe = vault_probe_last()
    except CustodyError:
        return SystemState(reachable=False, checkpoint_size=size, checkpoint_at=signed, unsound=unsound)
    return SystemState(
        enforced=probe.enforced if probe else None,
        by_server=probe is not None and probe.enforced_by is EnforcedBy.SERVER,
        checkpoint_size=size,
        checkpoint_at=signed,
        unsound=unsound,
    )
