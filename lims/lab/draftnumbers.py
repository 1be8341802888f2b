"""Every number of a draft against the record it should come from. Pure: words and recorded values in, rows out.

A number is matched only with a value of the same kind (mass, volume, share, count, date, seal …) and, in a finding,
only with values of its own item and of the case; written in another unit of the kind (g for kg, % for a share) it is
converted. A rounded number matches when the record rounds to it at the digits written, two at least; a single digit has
to be exact. So a coincidence across kinds never reads «matched». ISO 21043-5 has a technical reviewer compare what is
reported with the record; the list tells where to look, it does not decide.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

NUMBERS_AT_MOST = 300
"""What one report's list holds; further numbers are counted as left out."""

_UNITS: dict[str, tuple[str, Decimal]] = {
    "kg": ("mass", Decimal(1000)),
    "g": ("mass", Decimal(1)),
    "mg": ("mass", Decimal("0.001")),
    "ug": ("mass", Decimal("0.000001")),
    "l": ("volume", Decimal(1)),
    "ml": ("volume", Decimal("0.001")),
    "ul": ("volume", Decimal("0.000001")),
    "m2": ("area", Decimal(1)),
    "m3": ("space", Decimal(1)),
    "m": ("length", Decimal(1)),
    "cm": ("length", Decimal("0.01")),
    "mm": ("length", Decimal("0.001")),
    "bp": ("bases", Decimal(1)),
    "%": ("share", Decimal("0.01")),
    "share": ("share", Decimal(1)),
    "no": ("count", Decimal(1)),
    "1": ("ratio", Decimal(1)),
}
_BARE = frozenset({"count", "ratio", "share", "per site"})
_SIGNS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻\u2212", "0123456789--")
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january janvier enero",
            "february février febrero",
            "march mars marzo",
            "april avril abril",
            "may mai mayo",
            "june juin junio",
            "july juillet julio",
            "august août agosto",
            "september septembre septiembre",
            "october octobre octubre",
            "november novembre noviembre",
            "december décembre diciembre",
        ),
        start=1,
    )
    for name in names.split()
}
_MONTH = "|".join(_MONTHS)
_REFERENCE = re.compile(r"\b[A-Z][A-Z0-9]{0,7}-\d{4}-\d{3,9}(?:-[A-Z0-9]+)*")
_SEAL = re.compile(r"\b(?:seals?|scellés?|precintos?)\s+(?:n[o°º]\.?\s*|number\s+)?([A-Z0-9/-]*\d[A-Z0-9/-]*)", re.I)
_DATE = re.compile(rf"\b(?:(\d{{4}})-(\d\d)-(\d\d)|(\d{{1,2}})\s+(?:de\s+)?({_MONTH})\s+(?:de\s+)?(\d{{4}}))\b", re.I)
_NUMBER = re.compile(
    r"(?<![\w./:-])([-\u2212]?\d[\d.,]*(?:[ \u00a0\u202f]\d{3}(?!\d))*(?:[.,]\d+)?)"
    r"(?:\s?[x×·]\s?10\^?([-\u2212]?\d+|[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)|[eE]([-+]?\d+))?"
    r"(?:[ \u00a0\u202f]?(%|kg|mg|µg|μg|ug|ml|µl|μl|ul|bp|mm|cm|m²|m³|m2|m3|g|l|m)(?![\w²³]))?(?![A-Za-z])",
    re.I,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A value the record holds: a number with its unit, a date or a seal; `about` is an item, empty for the case."""

    source: str
    value: Decimal | date | str
    unit: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Words of the draft; `about` is the item they are about, empty for the whole report."""

    place: str
    text: str
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftNumber:
    """A number as written, where it stands, and the records it agrees with; none: unmatched."""

    written: str
    place: str
    around: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    start: int
    end: int
    value: Decimal | date | str
    unit: str = ""
    digits: int = 0
    exponent: int = 0


def draft_numbers(
    passages: Sequence[Passage], records: Sequence[Recorded], *, language: str = "en"
) -> tuple[list[DraftNumber], int]:
    """The numbers of a draft in reading order, each with its sources, and how many were left out beyond the bound.

    Args:
        passages: the words of the draft.
        records: what the record holds.
        language: of the draft; outside English a comma is the decimal sign.
    """
    rows = [
        DraftNumber(
            written=passage.text[one.start : one.end].strip(),
            place=passage.place,
            around=passage.text[max(0, one.start - 30) : one.end + 30].strip(),
            sources=_sources(one, passage, records),
        )
        for passage in passages
        for one in sorted(_found(passage.text, comma=language != "en"), key=lambda found: found.start)
    ]
    return rows[:NUMBERS_AT_MOST], max(0, len(rows) - NUMBERS_AT_MOST)


def _sources(one: _Found, passage: Passage, records: Sequence[Recorded]) -> tuple[str, ...]:
    near = [row for row in records if not (row.about and passage.about) or row.about == passage.about]
    return tuple(dict.fromkeys(row.source for row in near if _agrees(one, row)))[:3]


def _found(text: str, *, comma: bool) -> Iterator[_Found]:
    text = _REFERENCE.sub(lambda found: " " * len(found.group()), text)
    for found in _SEAL.finditer(text):
        yield _Found(start=found.start(1), end=found.end(1), value=found.group(1).upper())
        text = _blank(text, found)
    for found in _DATE.finditer(text):
        if (day := _day(found)) is not None:
            yield _Found(start=found.start(), end=found.end(), value=day)
            text = _blank(text, found)
    for found in _NUMBER.finditer(text):
        if (one := _number(found, comma=comma)) is not None:
            yield one


def _blank(text: str, found: re.Match[str]) -> str:
    return text[: found.start()] + " " * len(found.group()) + text[found.end() :]


def _day(found: re.Match[str]) -> date | None:
    year, month, day, written_day, name, written_year = found.groups()
    try:
        return date(int(year or written_year), int(month or _MONTHS[name.lower()]), int(day or written_day))
    except ValueError:
        return None


def _number(found: re.Match[str], *, comma: bool) -> _Found | None:
    digits, power, short, unit = found.groups()
    digits = re.sub(r"[ \u00a0\u202f]", "", digits.translate(_SIGNS).rstrip(".,"))
    digits = digits.replace(".", "").replace(",", ".") if comma and "," in digits else digits.replace(",", "")
    if digits.count(".") > 1:
        return None
    exponent = int((power or short or "0").translate(_SIGNS))
    if abs(exponent) > 400 or len(digits) > 40:
        return None
    places = len(digits.partition(".")[2])
    name = (unit or "").lower().replace("µ", "u").replace("μ", "u").replace("²", "2").replace("³", "3")
    end = found.start(1) + len(found.group().rstrip(" .,"))
    return _Found(start=found.start(1), end=end, value=Decimal(digits), unit=name, digits=places, exponent=exponent)


def _agrees(one: _Found, row: Recorded) -> bool:
    if not isinstance(one.value, Decimal) or not isinstance(row.value, Decimal):
        return type(one.value) is type(row.value) and one.value == row.value
    kind, scale = _UNITS.get(row.unit, (row.unit, Decimal(1)))
    if one.unit:
        wanted, written = _UNITS[one.unit]
        return kind == wanted and _rounds(one, row.value * scale / written)
    if one.digits or one.exponent:
        return kind in _BARE and _rounds(one, row.value)
    return kind in {"count", "ratio"} and _rounds(one, row.value)


def _rounds(one: _Found, value: Decimal) -> bool:
    """Whether the record rounds to what is written; a half may have been rounded either way."""
    assert isinstance(one.value, Decimal)  # noqa: S101 - chosen by `_agrees`
    if abs(value) > Decimal("1e300") or not value.is_finite():
        return False
    value = value.scaleb(-one.exponent)
    if value == one.value:
        return True
    written = len(one.value.as_tuple().digits)
    if written < 2 or abs(value) >= Decimal("1e20"):
        return False
    step = Decimal(1).scaleb(-one.digits)
    return one.value in (value.quantize(step, ROUND_HALF_UP), value.quantize(step, ROUND_HALF_EVEN))
