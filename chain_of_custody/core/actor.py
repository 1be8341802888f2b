"""Who did an act, frozen as shown at the time."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The person or system behind an act.

    `party` is the person in the sense of custody; `account` the sign-in used, None for people without one and
    for the system. `via` is the door the act came through: "web", "api", "task" or "command".
    """

    party: UUID
    account: UUID | None
    name: str
    role: str
    organisation: str = ""
    via: str
