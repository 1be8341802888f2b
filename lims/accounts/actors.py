"""The frozen actor: who acts, in which roles, within which scope. Made once per request, never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from chain_of_custody.core.actor import Actor as LedgerActor
from lims.accounts.roles import LABORATORY_ROLES, role_allows
from lims.common.errors import NotAllowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role within a scope: the whole laboratory's work, one agency's cases, or one case (a dated assignment)."""

    role: str
    scope: str  # "lab" | "agency" | "case"
    agency: UUID | None = None
    case: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What an act is about, for the scope of a grant: a case and the agency that submitted it."""

    case: UUID | None = None
    agency: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor(LedgerActor):
    """A ledger actor with the grants that decide what it may do.

    Attributes:
        user_id: primary key of the account; 0 for the system itself (jobs, commands).
        party_id: primary key of the party who acts.
        grants: roles held now; empty for the system, which is checked by `system` alone.
        system: True only for Spoor's own jobs.
        language: the language messages to this person are written in.
    """

    user_id: int = 0
    party_id: int = 0
    grants: tuple[Grant, ...] = ()
    system: bool = False
    language: str = "en"
    request_id: str = ""
    signed_in_at: datetime | None = None

    @property
    def roles(self) -> tuple[str, ...]:
        """The names of the roles held in any scope, in the order they were granted."""
        return tuple(dict.fromkeys(grant.role for grant in self.grants))

    @property
    def in_laboratory(self) -> bool:
        """Whether the actor is laboratory staff."""
        return any(grant.role in LABORATORY_ROLES and grant.scope == "lab" for grant in self.grants)

    def may(self, capability: str, scope: Scope | None = None) -> bool:
        """Whether a grant held now allows the capability for the scope.

        Without a scope only a laboratory-wide grant counts, so that forgetting the scope refuses rather than allows.
        """
        return any(role_allows(grant.role, capability) and _covers(grant, scope) for grant in self.grants)

    def may_somewhere(self, capability: str) -> bool:
        """Whether a grant of any scope allows the capability: for menus and for lists filtered by `visible`."""
        return any(role_allows(grant.role, capability) for grant in self.grants)

    def scopes_of(self, capability: str) -> Sequence[Grant]:
        """The grants that allow the capability: what a selector filters by."""
        return [grant for grant in self.grants if role_allows(grant.role, capability)]


def _covers(grant: Grant, scope: Scope | None) -> bool:
    if grant.scope == "lab":
        return True
    if scope is None:
        return False
    if grant.scope == "case":
        return grant.case is not None and grant.case == scope.case
    return grant.agency is not None and grant.agency == scope.agency


def require(actor: Actor, capability: str, scope: Scope | None = None) -> None:
    """Refuse unless the actor may.

    Raises:
        NotAllowed: naming the capability and the roles that have it.
    """
    if actor.system or actor.may(capability, scope):
        return
    raise NotAllowed(
        _("Your role does not include this act (%(capability)s). Ask the laboratory manager.")
        % {"capability": capability},
        code="not-allowed",
        found=capability,
    )
