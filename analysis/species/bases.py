"""Nucleotide letters: IUPAC codes (Cornish-Bowden 1985), complements, sets of bases as bit masks."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import numpy.typing as npt

from analysis.errors import InputRefused

Bytes = npt.NDArray[np.uint8]

MASK_OF: Final[dict[str, int]] = {
    "A": 1, "C": 2, "G": 4, "T": 8, "U": 8,
    "R": 5, "Y": 10, "S": 6, "W": 9, "K": 12, "M": 3,
    "B": 14, "D": 13, "H": 11, "V": 7, "N": 15,
}  # fmt: skip
"""The bases a letter allows, one bit each: A 1, C 2, G 4, T 8."""

LETTER_OF: Final[dict[int, str]] = {mask: letter for letter, mask in MASK_OF.items() if letter != "U"}

_SPELT = str.maketrans("UIX?", "TNNN", "-._~")
"""How files spell what has a letter of its own here, and the gap marks of alignment programs."""
_COMPLEMENT = bytes.maketrans(b"ACGTURYSWKMBDHVN", b"TGCAAYRSWMKVHDBN")
_NOT_IUPAC = re.compile(rb"[^ACGTRYSWKMBDHVN]")
_PLAIN: Final = b"ACGT"

IUPAC_EQUALITIES: Final[list[tuple[str, str]]] = [
    (one, other)
    for one, mask in sorted(MASK_OF.items())
    for other, other_mask in sorted(MASK_OF.items())
    if one < other and mask & other_mask and "U" not in (one, other)
]
"""Pairs of letters that can stand for the same base, in the form edlib takes."""

_masks = bytearray(256)
_codes = bytearray([4] * 256)
for _letter, _mask in MASK_OF.items():
    _masks[ord(_letter)] = _masks[ord(_letter.lower())] = _mask
for _code, _letter in enumerate("ACGT"):
    _codes[ord(_letter)] = _code


def masks(sequence: bytes) -> Bytes:
    """Bit mask of every letter, shape (length,); 0 for a gap."""
    return np.frombuffer(sequence.translate(_masks), np.uint8)


def codes(sequence: bytes) -> Bytes:
    """0, 1, 2, 3 for A, C, G, T and 4 for every other letter, shape (length,)."""
    return np.frombuffer(sequence.translate(_codes), np.uint8)


def reverse_complement(sequence: bytes) -> bytes:
    """The other strand, read 5' to 3'; IUPAC codes are complemented too."""
    return sequence.translate(_COMPLEMENT)[::-1]


def has_ambiguity(sequence: bytes) -> bool:
    """Whether any letter is not A, C, G or T."""
    return bool(sequence.translate(None, _PLAIN))


def ambiguous_count(sequence: bytes) -> int:
    """How many letters are not A, C, G or T."""
    return len(sequence.translate(None, _PLAIN))


def clean(text: str, *, file: str | None = None, row: int | None = None) -> bytes:
    """Upper-case letters without white space and gap marks; U becomes T, inosine and «?» or X for unknown become N.

    Raises `InputRefused` for any letter that is not an IUPAC nucleotide code.
    """
    squeezed = "".join(text.split()).upper().translate(_SPELT)
    try:
        sequence = squeezed.encode("ascii")
        wrong = _NOT_IUPAC.search(sequence)
        found = None if wrong is None else f"{wrong.group().decode()!r} at position {wrong.start() + 1}"
    except UnicodeEncodeError as error:
        sequence, found = b"", f"{squeezed[error.start]!r} at position {error.start + 1}"
    if found is not None:
        raise InputRefused(
            f"The sequence holds {found}, which is no IUPAC nucleotide code.",
            file=file,
            row=row,
            field="sequence",
            remedy="Check that the file holds DNA sequences in FASTA form.",
        )
    return sequence
