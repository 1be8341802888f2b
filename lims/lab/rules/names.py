"""Scientific names as checklists print them: with authors, years and several synonyms in one cell.

Botanical ranks below species keep their connecting term (ICN Art. 24.1), zoological ones have none (ICZN Art. 5.2).
"""

import re

_RANKS = frozenset(("subsp.", "ssp.", "var.", "f.", "forma", "subvar.", "cv."))
_NO_EPITHET = frozenset(
    ("in", "ex", "et", "and", "von", "van", "de", "der", "del", "non", "nec", "auct", "sensu", "al")
)
_GENUS = re.compile(r"[A-ZÆŒ][a-zæœëïöü]+(?:-[A-Za-z][a-z]+)*$")
_EPITHET = re.compile(r"[a-zæœëïöü]+(?:-[a-zæœëïöü]+)*$")
LONGEST = 160


def name_bare(text: str) -> str:
    """The name without author and year: «Lama vicugna (Molina, 1782)» gives «Lama vicugna»; empty when there is none.

    >>> name_bare("Panax japonicus var. major (Burkill) C.Y.Wu")
    'Panax japonicus var. major'
    """
    words = text.replace("\u00d7", " \u00d7 ").split()
    if not words or not _GENUS.match(words[0]):
        return ""
    kept, place = [words[0]], 1
    while place < len(words):
        word = words[place]
        if word in _RANKS or word == "\u00d7":
            if place + 1 >= len(words) or not _EPITHET.match(words[place + 1]):
                break
            kept += [word, words[place + 1]]
            place += 2
            continue
        if not _EPITHET.match(word) or word in _NO_EPITHET:
            break
        kept.append(word)
        place += 1
    return " ".join(kept)[:LONGEST]


def names_split(cell: str) -> tuple[str, ...]:
    """The names of a cell of synonyms, parted by commas or semicolons, without authors and years.

    Authors hold commas too: a piece counts only when it begins as a name of at least two words does.
    """
    found = (name_bare(piece.strip()) for piece in re.split(r"[,;]", cell))
    return tuple(dict.fromkeys(name for name in found if " " in name))


def genus_of(name: str) -> str:
    """The first word of a name."""
    return name.split(" ", 1)[0]
