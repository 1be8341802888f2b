"""What one cell says: an allele, nothing, or something that must not be guessed."""

from __future__ import annotations

import re

_INTEGER = re.compile(r"(\d+)(?:[.,]0*)?$")
_DECIMAL = re.compile(r"\d+[.,]\d+$")
_POWER = re.compile(r"\d+(?:[.,]\d+)?E[+-]?\d+$")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}$|\d{1,2}[-. ][A-Z]{3,4}\.?$|[A-Z]{3,4}\.?[- ]\d{2,4}$")
_BASES = re.compile(r"[ACGT]|[ID]|[ACGT-]{2,120}$")

MISSING_WORDS = frozenset({"", "NA", "0", "-9"})
"""What the tables of the field write for «not typed»; a bare `?`, `N` or `-` is asked about, not guessed."""

LARGEST = 9999


class NotAnAllele(ValueError):
    """The cell is neither an allele nor a known sign for missing; the text is the remedy."""


def allele_of(cell: str) -> str | None:
    """The allele a cell names, `None` where it is not typed.

    Fragment lengths and coded alleles are whole numbers from 1 to 9999 (`135`, `0135` and `135.0` are one
    allele); bases, insertion/deletion signs and microhaplotypes are kept in capitals. Raises `NotAnAllele`.
    """
    text = cell.strip().upper()
    if text in MISSING_WORDS:
        return None
    whole = _INTEGER.match(text)
    if whole:
        return _number(int(whole[1]))
    if re.match(r"-9(\.0*)?$", text):
        return None
    if _BASES.fullmatch(text) and text.strip("-"):
        return text
    if _POWER.match(text) or _DATE.match(text):
        raise NotAnAllele(
            "A spreadsheet turned it into a power or a date. Format the columns as text, and type the original again."
        )
    if _DECIMAL.match(text):
        raise NotAnAllele("Fragment lengths must be binned to whole alleles first.")
    raise NotAnAllele("Write an allele as a whole number or a base; not typed is empty, NA, 0 or -9.")


def allele_key(allele: str) -> tuple[int, int, str]:
    """Sort numbers as numbers, before letters."""
    return (0, int(allele), "") if allele.isdigit() else (1, 0, allele)


def _number(value: int) -> str | None:
    if value == 0:
        return None
    if value > LARGEST:
        raise NotAnAllele(f"Alleles above {LARGEST} are not known: two alleles in one cell?")
    return str(value)
