"""The state of the system as the foot and the notices of every page show it: one read, kept for a few seconds."""

from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemState:
    """What the last probe of the evidence store and the last signed checkpoint said.

    Attributes:
        enforced: whether the last probe proved that write-once is enforced; None before the first probe.
        probed_at: when that was.
        by_server: whether the store's own server enforces it (Object Lock); False for software WORM.
        checkpoint_size: how many acts the last signed checkpoint covers; 0 before the first.
        checkpoint_at: when it was signed.
    """

    enforced: bool | None = None
    probed_at: datetime | None = None
    by_server: bool = False
    checkpoint_size: int = 0
    checkpoint_at: datetime | None = None

    @property
    def unproved(self) -> bool:
        """Whether the last probe found that a lock was not enforced."""
        return self.enforced is False


_KEPT_SECONDS = 10


def system_state() -> SystemState:
    """The present state, at most ten seconds old, so that a page does not pay for it each time."""
    known = cache.get("web.system_state")
    if isinstance(known, SystemState):
        return known
    state = _read()
    cache.set("web.system_state", state, _KEPT_SECONDS)
    return state


def _read() -> SystemState:
    return SystemState()
