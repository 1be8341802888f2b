"""How times, quantities, codes and hashes are written on a page: one way everywhere."""

from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

_THIN = "\u202f"  # narrow no-break space: groups digits the same way in all three languages (ISO 80000-1)
_KEEP = "\u00a0"
_FORMS = {"full": "j M Y H:i", "day": "j M Y", "clock": "H:i", "seconds": "j M Y H:i:s", "long": "l j F Y"}


def offset_text(value: datetime) -> str:
    """The offset from UTC as `UTC+03:00`."""
    offset = value.utcoffset()
    minutes = 0 if offset is None else int(offset.total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def moment_html(value: datetime | date | None, form: str = "full") -> SafeString:
    """A `<time>` in the laboratory's zone.

    Args:
        value: a time with zone, or a date; None prints a dash.
        form: `full` (21 Nov 2026 14:02), `day`, `clock`, `seconds`, `long`, or `zone` (full, with the offset).
    """
    if value is None:
        return SafeString("–")
    if not isinstance(value, datetime):
        return format_html('<time datetime="{}">{}</time>', value.isoformat(), date_format(value, _FORMS["day"]))
    local = timezone.localtime(value)
    zone = offset_text(local)
    text = date_format(local, _FORMS["full" if form == "zone" else form])
    shown = f"{text} ({zone})" if form == "zone" else text
    stamp = local.isoformat(timespec="seconds")
    return format_html('<time datetime="{}" title="{} {}">{}</time>', stamp, text, zone, shown)


def number_text(value: Decimal | int | str) -> str:
    """A number with a point, as many decimals as were given, digits grouped by three from 10 000 on."""
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    whole, point, rest = text.partition(".")
    digits = whole.lstrip("-")
    if len(digits) > 4 and digits.isdigit():
        grouped = _THIN.join(_groups(digits))
        whole = f"-{grouped}" if whole.startswith("-") else grouped
    return whole + point + rest


def _groups(digits: str) -> list[str]:
    first = len(digits) % 3
    return ([digits[:first]] if first else []) + [digits[at : at + 3] for at in range(first, len(digits), 3)]


def quantity_text(value: Decimal | int | str | None, unit: str) -> str:
    """A number and its unit, never torn apart at a line's end; a dash when there is none."""
    return "–" if value is None else f"{number_text(value)}{_KEEP}{unit}"


def code_text(code: str) -> str:
    """A scan code in two groups of four: `7K3M 9Q2P`."""
    return f"{code[:4]}{_KEEP}{code[4:]}" if len(code) == 8 else code


def hash_text(digest: str) -> str:
    """The first and last four signs of a digest; the whole stands in the title."""
    return digest if len(digest) <= 12 else f"{digest[:4]}…{digest[-4:]}"


def bytes_text(size: int) -> str:
    """A file's size in decimal units (1 kB = 1000 bytes)."""
    if size < 1000:
        return f"{size}{_KEEP}B"
    value = Decimal(size)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 1000 or unit == "GB":
            break
    return f"{value:.1f}{_KEEP}{unit}"
