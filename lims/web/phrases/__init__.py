"""Sentences of methods in the language of the page.

A result is stored in English, as it was computed: what was signed never changes with the reader. The sentences are
few, with names and numbers in them; here each is known by its form and told in the page's language. A sentence that is
not known stands as it was stored, marked as English.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

from django.utils.translation import get_language, gettext

from lims.web.phrases import individual, law, origin, product, referencerecords, species, statements, tissue, traces

_NUMBER, _TAXON = r"\S+?", "[^;:]+?"
"""What a slot for a number and one for a scientific name hold: a sentence that goes on after a name is another one."""
_SLOT = re.compile(r"%\((\w+)\)s")
_DEEPEST = 6
"""How deep sentences may stand in sentences: the screen for contamination says up to five in a row."""
_AREAS = (origin, tissue, individual, species, product, traces, referencerecords, law, statements)
_NUMBERS = frozenset(
    {
        *("n", "all", "m", "every", "tests", "runs", "more", "rest", "least", "most", "expected"),
        *("p", "alpha", "each_alpha", "share", "level", "ratio", "at", "limit", "gap", "support"),
    }
)
"""Slots that hold one number: without this a long sentence would be taken for the short one at its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A sentence and the language it is in, where that is not the page's."""

    text: str
    lang: str = ""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """A phrase, what recognises it, and its longest piece that never changes."""

    phrase: str
    pattern: re.Pattern[str]
    piece: str


def said(text: str, names: Collection[str] = ()) -> Said:
    """A sentence of a method in the language of the page; `names` are not to be taken apart at an «and»."""
    if not text or (get_language() or "en").startswith("en"):
        return Said(text=text)
    found = _told(text, frozenset(names), _DEEPEST)
    return Said(text=text, lang="en") if found is None else Said(text=found)


def said_all(texts: object, names: Collection[str] = ()) -> tuple[Said, ...]:
    """Several sentences, such as the caveats of an outcome."""
    return tuple(said(str(one), names) for one in texts or ()) if isinstance(texts, list | tuple) else ()


def known(text: str) -> bool:
    """Whether a sentence has the form of a phrase."""
    return any(_matched(form, text) is not None for form in _forms())


def _told(text: str, names: frozenset[str], deep: int) -> str | None:
    for form in _forms():
        slots = _matched(form, text)
        if slots is not None:
            return gettext(form.phrase) % {slot: _slot(slot, value, names, deep) for slot, value in slots.items()}
    return None


def _matched(form: _Form, text: str) -> Mapping[str, str] | None:
    found = form.pattern.fullmatch(text) if form.piece in text else None
    return None if found is None else found.groupdict()


def _slot(slot: str, value: str, names: frozenset[str], deep: int) -> str:
    """What stands in a slot: `said…` is a sentence again, `list…` names, `each…` sentences in a row, others stay.

    `rows…` are sentences between semicolons, which keep their own commas.
    """
    if deep == 0:
        return value
    if slot.startswith("said"):
        return _told(value, names, deep - 1) or value
    if slot.startswith("rows"):
        return "; ".join(_told(part, names, deep - 1) or part for part in value.split("; "))
    if slot.startswith("list"):
        return _listed(value, names, deep)
    if slot.startswith("each_") or slot == "each":
        return _each(value, names, deep)
    return value


def _each(value: str, names: frozenset[str], deep: int) -> str:
    for between, word in (("; ", "; "), (", or ", gettext(", or ")), (", ", ", ")):
        if between in value:
            return word.join(_each(part, names, deep - 1) for part in value.split(between)) if deep else value
    return _told(value, names, deep - 1) or value if deep else value


def _listed(value: str, names: frozenset[str], deep: int) -> str:
    """«A, B and C» or «A, B and 3 more»; each name may be a phrase itself («A as mother»)."""
    more = re.fullmatch(r"(.+) and (\d+) more", value)
    if more:
        return gettext("%(names)s and %(n)s more") % {"names": more[1], "n": more[2]}
    first, _joint, last = value.rpartition(" and ")
    if not first or value in names:
        return _told(value, names, deep - 1) or value
    words = {"names": _told(first, names, deep - 1) or first, "last": _told(last, names, deep - 1) or last}
    return gettext("%(names)s and %(last)s") % words


@cache
def _forms() -> tuple[_Form, ...]:
    """Every phrase, those with the most fixed words first: they say more exactly what they are."""
    found = [_form(phrase) for area in _AREAS for phrase in area.PHRASES]
    return tuple(sorted(found, key=lambda form: -len(_SLOT.sub("", form.phrase))))


def _form(phrase: str) -> _Form:
    """What recognises a phrase; a slot that stands twice holds the same both times."""
    parts = _SLOT.split(phrase)
    fixed = [part.replace("%%", "%") for part in parts[::2]]
    pattern = re.escape(fixed[0])
    for place, (slot, piece) in enumerate(zip(parts[1::2], fixed[1:], strict=True)):
        held = _NUMBER if slot in _NUMBERS else _TAXON if slot.startswith("taxon") else ".+?"
        again = slot in parts[1 : 2 * place + 1 : 2]
        pattern += (f"(?P={slot})" if again else f"(?P<{slot}>{held})") + re.escape(piece)
    return _Form(phrase=phrase, pattern=re.compile(pattern), piece=max(fixed, key=len))
