"""Typed readers of the environment. All that is missing or wrong is reported at once, with a remedy for each."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


class SettingsInvalid(Exception):
    """Spoor cannot start: the named environment variables are missing or wrong."""


@dataclass(slots=True)
class Env:
    """Reads `SPOOR_*` variables and collects every problem, so that one start names them all."""

    source: Mapping[str, str] = field(default_factory=lambda: os.environ)
    problems: list[str] = field(default_factory=list)

    def text(self, name: str, default: str | None = None) -> str:
        """A text; without a default its absence is a problem."""
        value = self.source.get(name, "").strip()
        if value:
            return value
        if default is None:
            self.problems.append(f"{name} is not set")
            return ""
        return default

    def number(self, name: str, default: int) -> int:
        """A whole number."""
        value = self.source.get(name, "").strip()
        if not value:
            return default
        if not value.isdigit():
            self.problems.append(f"{name} is «{value}»; a whole number is expected, such as {default}")
            return default
        return int(value)

    def flag(self, name: str, *, default: bool) -> bool:
        """A yes or no, written 1/0, true/false, yes/no or on/off."""
        value = self.source.get(name, "").strip().lower()
        if not value:
            return default
        if value in {"1", "true", "yes", "on"}:
            return True
        if value in {"0", "false", "no", "off"}:
            return False
        self.problems.append(f"{name} is «{value}»; 1 or 0 is expected")
        return default

    def folder(self, name: str, default: Path) -> Path:
        """A folder; it need not exist yet."""
        return Path(self.source.get(name, "").strip() or default).expanduser().absolute()

    def listed(self, name: str, default: str) -> list[str]:
        """Comma-separated words."""
        return [part.strip() for part in self.text(name, default).split(",") if part.strip()]

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        """One of the allowed words."""
        value = self.text(name, default)
        if value not in allowed:
            self.problems.append(f"{name} is «{value}»; one of {', '.join(allowed)} is expected")
            return default
        return value

    def database(self, name: str, *, required: bool) -> dict[str, Any] | None:
        """`postgresql://user:password@host:port/name?host=/socket/folder` as a Django database."""
        value = self.source.get(name, "").strip()
        if not value:
            if required:
                self.problems.append(
                    f"{name} is not set (postgresql://user:password@host:5432/name); "
                    "«make demo» or «make up» starts a database of its own"
                )
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
            self.problems.append(f"{name} is not a PostgreSQL address (postgresql://user:password@host:5432/name)")
            return None
        options = dict(parse_qsl(parts.query))
        host = options.pop("host", "") or unquote(parts.hostname or "")
        port = options.pop("port", "") or str(parts.port or "")
        given = options.pop("options", "")
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.strip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": host,
            "PORT": port,
            "CONN_MAX_AGE": 600,
            "CONN_HEALTH_CHECKS": True,
            # Zero: what asks to be prepared is (chain_of_custody.services.statements); Django's own statements are not.
            # Left alone, PostgreSQL plans statements over arrays anew at each execution, which cost more than running
            # them; one plan serves, since every one of them goes by keys.
            "OPTIONS": {
                "prepare_threshold": 0,
                **options,
                "options": f"-c plan_cache_mode=force_generic_plan {given}".strip(),
            },
        }

    def secret_file(self, name: str, default: Path) -> str:
        """The content of a secret's file; an absent file is a problem unless the variable was left unset."""
        path = self.folder(name, default)
        try:
            return path.read_text(encoding="utf-8").strip()
        except OSError as error:
            if name in self.source:
                self.problems.append(f"{name}: {path} cannot be read ({error.strerror})")
            return ""

    def raise_problems(self) -> None:
        """Stop the start when anything was missing.

        Raises:
            SettingsInvalid: with every problem found.
        """
        if self.problems:
            raise SettingsInvalid("Spoor cannot start:\n  - " + "\n  - ".join(self.problems))
