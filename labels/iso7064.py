"""Check characters of ISO/IEC 7064:2003, hybrid system MOD 37,36 (one sign of 0-9 A-Z).

It finds every single wrong sign. It misses some transpositions of neighbours, which is why scan codes,
which are typed far more often, use another rule (`labels.payload`).
"""

SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MODULUS = 36


def check_character(text: str) -> str:
    """The check character of `text`, which holds only 0-9 and A-Z.

    Raises:
        ValueError: a sign outside the set.
    """
    product = _MODULUS
    for sign in text:
        total = (product + _value(sign)) % _MODULUS or _MODULUS
        product = (total * 2) % (_MODULUS + 1)
    return SIGNS[(_MODULUS + 1 - product) % _MODULUS]


def is_valid(text: str) -> bool:
    """Whether the last sign of `text` is the check character of the signs before it."""
    return len(text) > 1 and check_character(text[:-1]) == text[-1]


def _value(sign: str) -> int:
    value = SIGNS.find(sign)
    if value < 0:
        message = f"{sign!r} is not one of 0-9 and A-Z."
        raise ValueError(message)
    return value
