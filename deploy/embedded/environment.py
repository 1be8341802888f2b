"""What the parts of an embedded Spoor read from their environment, and secrets made at the first start."""

import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from deploy.embedded.errors import DeployError
from deploy.embedded.home import Home, private_folder, write_private
from deploy.embedded.postgres import APP, OWNER, Cluster
from deploy.embedded.redis import Broker
from deploy.keys import keys_make

ROOT = Path(__file__).resolve().parent.parent.parent
DEFAULT_PORT = 8000
SETTINGS_FILE = "spoor.env"
FIRST_RUN = "first-run-token"


class Mode(StrEnum):
    """What a home is for. A home keeps its mode, so that nothing synthetic enters a laboratory's own log."""

    DEMO = "demo"
    LAB = "lab"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One start: which home, in which mode, with which settings from outside."""

    home: Home
    mode: Mode
    given: Mapping[str, str]

    @property
    def port(self) -> int:
        text = self.given.get("SPOOR_HTTP_PORT") or str(DEFAULT_PORT)
        if not text.isdigit() or not 0 < int(text) < 65536:
            raise DeployError(
                f"SPOOR_HTTP_PORT is «{text}», which is no port number.",
                remedy="give a number from 1 to 65535",
            )
        return int(text)

    @property
    def local_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def cluster(self) -> Cluster | None:
        """Our own database server, unless an address of another is given."""
        return None if self.given.get("SPOOR_DATABASE_URL") else Cluster(home=self.home)

    @property
    def broker(self) -> Broker | None:
        """Our own broker, unless an address of another is given."""
        return None if self.given.get("SPOOR_BROKER_URL") else Broker(home=self.home)

    def environment(self) -> dict[str, str]:
        """Environment of the parts that serve: they connect as the app role."""
        made = {
            "DJANGO_SETTINGS_MODULE": "lims.config.settings",
            "PYTHONUNBUFFERED": "1",
            "SPOOR_HOME": str(self.home.root),
            "SPOOR_MODE": self.mode.value,
            "SPOOR_HTTP_PORT": str(self.port),
            "SPOOR_SECRET_KEY_FILE": str(self.home.secrets / "django.key"),
        }
        if self.cluster is not None:
            made["SPOOR_DATABASE_URL"] = self.cluster.url(APP)
        if self.broker is not None:
            made["SPOOR_BROKER_URL"] = self.broker.url()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SPOOR_")}
        # What was given goes before what we choose; the owner's address is for migrations alone.
        given = {name: value for name, value in self.given.items() if name != "SPOOR_OWNER_DATABASE_URL"}
        return {**kept, **made, **given, "SPOOR_HOME": str(self.home.root), "SPOOR_MODE": self.mode.value}

    def owner_environment(self) -> dict[str, str]:
        """Environment for migrations: the default connection is the owner's."""
        ours = self.cluster
        owner = ours.url(OWNER) if ours is not None else self.given.get("SPOOR_OWNER_DATABASE_URL", "")
        if not owner:
            raise DeployError(
                "SPOOR_DATABASE_URL is given, SPOOR_OWNER_DATABASE_URL is not; migrations need it.",
                remedy="set SPOOR_OWNER_DATABASE_URL: same database, the owner's name and password",
            )
        return {**self.environment(), "SPOOR_DATABASE_URL": owner}

    def make_secrets(self) -> None:
        """Make at the first start what must differ in every installation; each file is 0600.

        A laboratory's own home also gets the code with which its first administrator is made; it goes with its use.
        """
        if self.mode is Mode.LAB and not (self.home.secrets / "django.key").exists():
            private_folder(self.home.secrets)
            write_private(self.home.secrets / FIRST_RUN, secrets.token_urlsafe(9))
        keys_make(self.home.secrets, f"spoor.local/{self.mode.value}-{secrets.token_hex(4)}")

    def mode_recorded(self) -> str:
        """The mode the home was made in; empty when it was never started."""
        try:
            return (self.home.root / "mode").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return ""

    def keep_mode(self) -> None:
        """Refuse a home that was made in the other mode."""
        write_private(self.home.root / "mode", self.mode.value)
        found = self.mode_recorded()
        if found != self.mode:
            raise DeployError(
                f"{self.home.root} belongs to a «{found}» system; it cannot be started as «{self.mode}».",
                remedy="demonstration and laboratory never share a home: name another SPOOR_HOME",
            )


def plan_read(mode: Mode, environment: Mapping[str, str]) -> Plan:
    """The plan from the caller's environment and the home's ``spoor.env``; the environment wins."""
    named = environment.get("SPOOR_HOME", "").strip()
    home = Home(root=Path(named).expanduser().absolute() if named else ROOT / "var" / mode.value)
    given = {name: value for name, value in environment.items() if name.startswith("SPOOR_") and value.strip()}
    return Plan(home=home, mode=mode, given={**settings_file_read(home.root / SETTINGS_FILE), **given})


def plans_known(environment: Mapping[str, str]) -> list[Plan]:
    """Plans of the homes that exist, each in the mode it was made in."""
    plans = [plan_read(mode, environment) for mode in Mode]
    return [plan for plan in plans if plan.mode_recorded() == plan.mode]


def settings_file_read(path: Path) -> dict[str, str]:
    """Settings that stay with a home, one ``SPOOR_NAME=value`` in a line, ``#`` before remarks.

    Raises DeployError with file and line when one cannot be read.
    """
    if not path.exists():
        return {}
    settings: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals or not name.strip().startswith("SPOOR_"):
            raise DeployError(
                f"{path}, line {number}: «{text}» is not a setting.", remedy="write it as SPOOR_NAME=value"
            )
        settings[name.strip()] = value.strip().strip("\"'")
    return settings


def python_command(*words: str) -> list[str]:
    """A command for the interpreter that runs us."""
    return [sys.executable, *words]


def has_command(name: str) -> bool:
    """Whether Spoor has a management command of that name."""
    return any(ROOT.glob(f"lims/*/management/commands/{name}.py")) or any(
        ROOT.glob(f"chain_of_custody/management/commands/{name}.py")
    )
