"""Human references: `WF-2026-000123-E02-S03-H`.

Laboratory prefix, year, running number of the case, then one part per level (E exhibit, S sample, …), and
last one check character by ISO/IEC 7064 MOD 37,36 over all letters and digits before it.
"""

import re
from dataclasses import dataclass

from labels.errors import BadReference
from labels.iso7064 import check_character

_CASE = re.compile(r"([A-Z][A-Z0-9]{0,7})-(\d{4})-(\d{3,9})")
_PART = re.compile(r"[A-Z]{1,3}\d{2,6}")
_WITH_HYPHENS = re.compile(r"([A-Z][A-Z0-9]{0,7}-\d{4}-\d{3,9})((?:-[A-Z]{1,3}\d{2,6})*)(?:-([0-9A-Z]))?")
_WITHOUT_HYPHENS = re.compile(r"([A-Z]{1,8})(\d{4})(\d{6})((?:[A-Z]{1,3}\d{2})*)([0-9A-Z])")
_DASHES = str.maketrans({"\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "_": "-"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A reference taken apart: `case` without check character, `parts` from exhibit downwards."""

    case: str
    parts: tuple[str, ...]
    check: str

    def __str__(self) -> str:
        return "-".join((self.case, *self.parts, self.check))


def reference_compose(case: str, *parts: str) -> str:
    """The full reference with its check character: `reference_compose("WF-2026-000123", "E02", "S03")`.

    Raises:
        BadReference: a part with another form than letters and two to six digits, or a case of another form.
    """
    if not _CASE.fullmatch(case):
        message = f"«{case}» is not a case reference: prefix, year and number are expected, such as WF-2026-000123."
        raise BadReference(message, code="case-form", found=case)
    for part in parts:
        if not _PART.fullmatch(part):
            message = f"«{part}» is not a part of a reference: letters and digits are expected, such as E02."
            raise BadReference(message, code="part-form", found=part)
    body = "-".join((case, *parts))
    return f"{body}-{check_character(body.replace('-', ''))}"


def reference_parse(text: str) -> Reference:
    """A typed reference, checked: upper or lower case, dashes and spaces do not matter, O counts as 0 among
    digits.

    Raises:
        BadReference: another form, no check character, or one that does not fit (`probable` has the right
            one).
    """
    case, parts, check = _split(text)
    probable = reference_compose(case, *parts)
    if check is None:
        message = f"«{text}» lacks its check character. Probably {probable}."
        raise BadReference(message, code="check-missing", found=text, probable=probable)
    if not probable.endswith(f"-{check}"):
        message = (
            f"«{text}»: the check character {check} does not fit. "
            f"If everything before it is right, it is {probable}. Compare with the label."
        )
        raise BadReference(message, code="check", found=text, probable=probable)
    return Reference(case=case, parts=parts, check=check)


def reference_check(text: str) -> str:
    """The reference in its printed form. Raises BadReference like `reference_parse`."""
    return str(reference_parse(text))


def _split(text: str) -> tuple[str, tuple[str, ...], str | None]:
    typed = text.strip().upper().translate(_DASHES)
    for between in ("-", ""):
        found = _WITH_HYPHENS.fullmatch(_digits_read(re.sub(r"[\s-]*\s[\s-]*", between, typed)))
        if found:
            parts = tuple(part for part in found.group(2).split("-") if part)
            return found.group(1), parts, found.group(3)
    found = _WITHOUT_HYPHENS.fullmatch(re.sub(r"\s", "", typed))
    if found:
        prefix, year, number, tail, check = found.groups()
        return f"{prefix}-{year}-{number}", tuple(re.findall(r"[A-Z]{1,3}\d{2}", tail)), check
    message = f"«{text}» is not a reference of this laboratory, such as {reference_compose('WF-2026-000123', 'E02')}."
    raise BadReference(message, code="form", found=text)


def _digits_read(typed: str) -> str:
    """Letters O, I and L where only digits can stand read as 0 and 1 (never in the check character)."""
    groups = typed.split("-")
    if len(groups) < 3:
        return typed
    last = len(groups) - 1
    fixed = [groups[0]]
    for place, group in enumerate(groups[1:], start=1):
        head = re.match(r"[A-Z]?", group) if place > 2 else None
        keep = head.end() if head else 0
        single = place == last and len(group) == 1
        fixed.append(group if single else group[:keep] + re.sub("[IL]", "1", group[keep:].replace("O", "0")))
    return "-".join(fixed)
