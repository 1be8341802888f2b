"""What the frame around every page shows. Everything is read at first use, so that a partial pays for nothing."""

from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language

from lims.accounts.actors import Actor
from lims.accounts.enums import RoleName
from lims.casework.selectors.laboratory import laboratory_kept
from lims.web.access import actor_of
from lims.web.navigation import Section, address, navigation, start_page
from lims.web.state import SystemState, system_state
from lims.web.writing import offset_text

LANGUAGES = (("en", "English"), ("fr", "Français"), ("es", "Español"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language of the switch, in its own words."""

    code: str
    name: str
    current: bool


class Frame:
    """The frame of a page: who is signed in, the menu, the notices, the foot."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def actor(self) -> Actor | None:
        """The signed-in person, None on gate pages."""
        return actor_of(self._request)

    @cached_property
    def navigation(self) -> list[Section]:
        """The menu."""
        return navigation(self.actor, self._request.path) if self.actor else []

    @cached_property
    def roles(self) -> str:
        """The person's roles in words."""
        names = dict(RoleName.choices)
        return ", ".join(str(names[role]) for role in self.actor.roles if role in names) if self.actor else ""

    @cached_property
    def start(self) -> str:
        """Where the mark in the top bar leads."""
        return start_page(self.actor) if self.actor else "/"

    @cached_property
    def state(self) -> SystemState:
        """The state of the store and the ledger."""
        return system_state()

    @property
    def single_keys(self) -> bool:
        """Whether single keys are commands for this person."""
        return bool(getattr(self._request.user, "single_keys", True))

    @property
    def languages(self) -> list[Language]:
        """The switch of languages."""
        now = get_language()
        return [Language(code=code, name=name, current=now.startswith(code)) for code, name in LANGUAGES]

    @property
    def zone(self) -> str:
        """The laboratory's zone and its offset now."""
        return f"{timezone.get_current_timezone_name()} ({offset_text(timezone.localtime())})"

    @property
    def laboratory(self) -> str:
        """The laboratory's name."""
        return laboratory_kept().name

    @property
    def version(self) -> str:
        """The version of Spoor."""
        return str(settings.SPOOR_VERSION)

    @property
    def synthetic(self) -> bool:
        """Whether everything here is invented (the demonstration laboratory)."""
        return bool(settings.SPOOR_MODE == "demo")

    @property
    def find(self) -> str:
        """The address that resolves a code, reference or case number; empty while there is none."""
        return address("find")

    @property
    def camera(self) -> str:
        """The camera page."""
        return address("camera")

    @property
    def decode(self) -> str:
        """Where frames of a camera are sent when the browser cannot read codes itself."""
        return address("decode")


def frame(request: HttpRequest) -> dict[str, object]:
    """Context processor: `frame` in every template."""
    return {"frame": Frame(request)}
