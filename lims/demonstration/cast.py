"""Who works in the demonstration laboratory, and their passwords: drawn at the first start, kept in a file (0600)."""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from lims.accounts.roles import Role

FILE = "demo-credentials.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """Somebody with an account. `agency` is the key of the organisation whose cases the role covers, or empty."""

    key: str
    name: str
    roles: tuple[Role, ...]
    agency: str = ""
    organisation: str = ""
    language: str = "en"


CAST = (
    Character(key="administrator", name="Ines Halvorsen", roles=(Role.ADMINISTRATOR,)),
    Character(key="manager", name="Okello Odongo", roles=(Role.MANAGER,)),
    Character(key="custodian", name="Tomás Ferreira", roles=(Role.CUSTODIAN,)),
    Character(key="technician", name="Ana Reyes", roles=(Role.TECHNICIAN,)),
    Character(key="analyst", name="Amina Yusuf", roles=(Role.ANALYST,)),
    Character(key="second_analyst", name="Samuel Okoro", roles=(Role.ANALYST,)),
    Character(key="reviewer", name="Lena Brandt", roles=(Role.REVIEWER,)),
    Character(key="investigator", name="Daniel Otieno", roles=(Role.INVESTIGATOR,), agency="customs"),
    Character(key="prosecutor", name="Claire Dumont", roles=(), organisation="prosecution", language="fr"),
    Character(key="authority", name="Ruth Achterberg", roles=(Role.AUTHORITY,), organisation="authority"),
    Character(key="auditor", name="Marta Lindqvist", roles=(Role.AUDITOR,)),
    Character(key="sequencer", name="Sequencer SEQ-01", roles=(Role.INSTRUMENT,)),
)
"""The prosecutor has no role of her own: she is assigned to cases, with a date."""


def credentials_read() -> dict[str, str]:
    """Passwords and the instrument's token by key; drawn and written before the first account is made."""
    path = _path()
    if path.is_file():
        known: dict[str, str] = {row["key"]: row["password"] for row in json.loads(path.read_text())["accounts"]}
        return known
    drawn = {one.key: secrets.token_urlsafe(12) for one in CAST}
    _write(drawn, token="")
    return drawn


def token_keep(token: str) -> None:
    """Write the instrument's token beside the passwords."""
    _write(credentials_read(), token=token)


def _path() -> Path:
    return Path(settings.SPOOR_HOME) / FILE


def _write(passwords: dict[str, str], *, token: str) -> None:
    rows = [
        {
            "key": one.key,
            "name": one.name,
            "username": one.key,
            "password": passwords[one.key],
            "roles": [str(role) for role in one.roles] or ["prosecutor"],
        }
        for one in CAST
    ]
    body = {"notice": "SYNTHETIC demonstration laboratory", "accounts": rows, "instrument_token": token}
    fresh = _path().with_suffix(".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump(body, out, ensure_ascii=False, indent=1)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(_path())
