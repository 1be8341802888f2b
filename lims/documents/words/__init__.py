"""The fixed words of documents in English, French and Spanish, as data beside this module."""

import json
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import get_args

from lims.documents.data.parts import Language
from lims.documents.errors import DocumentRefused

LANGUAGES: tuple[Language, ...] = get_args(Language)


@cache
def words(language: Language) -> dict[str, str]:
    """All fixed words of one language.

    Raises:
        DocumentRefused: a language without a catalogue.
    """
    if language not in LANGUAGES:
        message = f"There is no catalogue for «{language}». Use one of {', '.join(LANGUAGES)}."
        raise DocumentRefused(message, field="language", found=language)
    text = files(__name__).joinpath(f"{language}.json").read_text(encoding="utf-8")
    catalogue: dict[str, str] = json.loads(text)
    return catalogue


def date_words(value: date, language: Language) -> str:
    """A day as printed: `21 Nov 2026`."""
    month = words(language)["months"].split()[value.month - 1]
    return f"{value.day} {month} {value.year}"


def time_words(value: datetime, language: Language) -> str:
    """A time as printed, to the minute with its offset: `21 Nov 2026 14:02 (UTC+03:00)`.

    Raises:
        DocumentRefused: the time has no zone.
    """
    offset = value.utcoffset()
    if offset is None:
        message = f"The time {value.isoformat()} has no zone. Give it with an offset."
        raise DocumentRefused(message, code="no-zone", found=value.isoformat())
    minutes = int(offset.total_seconds() // 60)
    sign = "+" if minutes >= 0 else "\u2212"
    shown = f"UTC{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}" if minutes else "UTC"
    return f"{date_words(value, language)} {value:%H:%M} ({shown})"
