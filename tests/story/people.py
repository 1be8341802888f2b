"""The people of the story, each with a token for the API."""

from dataclasses import dataclass

from lims.accounts.models import User
from lims.accounts.roles import Role
from lims.accounts.services import token_create
from tests.lims import builders
from tests.system import Client, System


@dataclass(frozen=True, slots=True)
class Someone:
    """A person with an account and a caller of the API."""

    user: User
    api: Client

    @property
    def party(self) -> str:
        """UUID of the party behind the account."""
        return str(self.user.party.uuid)


def someone(system: System, *roles: Role, name: str) -> Someone:
    """A new person with laboratory-wide roles."""
    user = builders.person(*roles, name=name)
    _token, secret = token_create(actor=builders.actor_of(user), user=user, name="story")
    return Someone(user=user, api=system.client(secret))
