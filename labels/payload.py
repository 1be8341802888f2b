"""Scan codes and what a QR code says.

A scan code is eight signs of Crockford's base 32 (no I, L, O, U). Seven are random and opaque: no primary
key, no fact of the case. The eighth checks them: read as elements of GF(32), field polynomial x^5 + x^2 +
1, the signs c0..c7 satisfy

    c0·a^0 + c1·a^1 + … + c7·a^7 = 0,    a a primitive element.

The powers a^0..a^7 differ and none is zero, so every single wrong sign breaks the sum, and so does every
swap of two different signs, neighbours or not (a^i + a^j is never zero). This is the parity check of a
Reed-Solomon code with one check symbol (Reed and Solomon 1960, J. SIAM 8:300).

A QR code carries `HTTPS://HOST/X/CODE` in upper case, which stays in QR's alphanumeric mode (ISO/IEC 18004,
7.4.4) and so in the smallest symbol; a tube carries the code alone.
"""

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from labels.errors import BadScanCode, ForeignLabel, LabelError

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 8
RANDOM_BYTES = 5
_FIELD_POLYNOMIAL = 0b100101
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0", " ": "", "-": "", "\u00a0": "", "\u2013": "", "\u2010": ""})
# Pairs that people and keyboards confuse. Short on purpose: the more pairs, the seldomer only one code fits.
_LOOK_ALIKES = ("8B", "5S", "2Z", "0D", "0Q", "6G", "17", "VY", "MN", "CG", "EF", "PR", "BD", "38", "YZ")
_HOST = re.compile(r"[A-Z0-9](?:[A-Z0-9.-]*[A-Z0-9])?(?::[0-9]{1,5})?")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "last")


def scan_code_new(random_bytes: bytes) -> str:
    """A scan code from at least five random bytes (35 of their bits are used).

    The caller draws the bytes and keeps codes unique; a code is never used again.

    Raises:
        ValueError: fewer than five bytes.
    """
    if len(random_bytes) < RANDOM_BYTES:
        message = f"{len(random_bytes)} random bytes are too few: {RANDOM_BYTES} are needed."
        raise ValueError(message)
    number = int.from_bytes(random_bytes[:RANDOM_BYTES], "big") >> 5
    digits = [(number >> (5 * place)) & 31 for place in range(CODE_LENGTH - 1)]
    return "".join(ALPHABET[value] for value in [*digits, _value_that_fits(digits, CODE_LENGTH - 1)])


def scan_code_check(text: str) -> str:
    """The scan code that `text` means: upper case, without spaces and hyphens, I and L read as 1, O as 0.

    Raises:
        BadScanCode: wrong length, a sign that codes do not have, or a check that does not fit. Names the
            unlikely sign and the probable code where exactly one near code fits (a look-alike sign, or two
            neighbours swapped).
    """
    signs = text.strip().upper().translate(_READ_AS)
    strange = [place for place, sign in enumerate(signs) if sign not in ALPHABET]
    if len(signs) != CODE_LENGTH:
        message = f"«{text}» is not a scan code: it has {len(signs)} signs, a code has {CODE_LENGTH}. Scan again."
        raise BadScanCode(message, code="length", found=text)
    if strange:
        raise _strange_sign(text, signs, strange)
    if _syndrome(signs):
        raise _misfit(text, signs)
    return signs


def scan_code_show(code: str) -> str:
    """The code as printed for people: two groups of four."""
    return f"{code[:4]} {code[4:]}"


def scan_code_near(text: str) -> tuple[str, ...]:
    """All valid codes one slip away from `text`: one sign wrong, two neighbours swapped, one sign left out
    or doubled.

    For asking which of them exist; without that knowledge they are equally likely.
    """
    signs = text.strip().upper().translate(_READ_AS)
    if len(signs) == CODE_LENGTH:
        found = {*_one_replaced(signs), *_swapped(signs)}
    elif len(signs) == CODE_LENGTH - 1:
        found = {code for place in range(CODE_LENGTH) for code in _erased(f"{signs[:place]}?{signs[place:]}", place)}
    elif len(signs) == CODE_LENGTH + 1:
        shorter = {signs[:place] + signs[place + 1 :] for place in range(len(signs))}
        found = {code for code in shorter if _is_code(code)}
    else:
        found = set()
    return tuple(sorted(found - {signs}))


def qr_payload(host: str, code: str, *, scheme: str = "HTTPS") -> str:
    """The text of a QR code, `HTTPS://HOST/X/CODE`, upper case.

    Raises:
        BadScanCode: the code is not valid.
        LabelError: the host holds signs that QR's alphanumeric mode has not.
    """
    if scheme.upper() not in {"HTTP", "HTTPS"}:
        raise LabelError(f"«{scheme}» is not http or https.", code="scheme", found=scheme)
    upper = host.strip().upper()
    if not _HOST.fullmatch(upper):
        message = (
            f"«{host}» cannot stand in a QR code: use a host name of letters, digits, dots and hyphens, with a port."
        )
        raise LabelError(message, code="host", found=host)
    return f"{scheme.upper()}://{upper}/X/{scan_code_check(code)}"


def payload_parse(text: str, host: str) -> str:
    """The scan code in what a scanner or a person entered: a code alone, or our own label address.

    Args:
        text: as entered.
        host: this laboratory's host, with its port when labels carry one.

    Raises:
        ForeignLabel: another laboratory's label, or no label of this kind at all.
        BadScanCode: ours, or a code alone, but damaged.
    """
    entered = text.strip()
    address = _address(entered)
    if address is None:
        return _code_alone(entered)
    named = address.netloc.upper()
    place = re.fullmatch(r"/X/([^/]+)/?", address.path.upper())
    if named != host.strip().upper():
        raise _foreign(entered, named.lower(), place.group(1) if place else "")
    if place is None:
        message = f"«{entered}» is an address of this laboratory, but not of a label. Scan the label of the item."
        raise LabelError(message, code="not-a-label", found=entered)
    return scan_code_check(place.group(1))


def _code_alone(entered: str) -> str:
    signs = entered.upper().translate(_READ_AS)
    if signs and abs(len(signs) - CODE_LENGTH) > 1:
        message = f"«{entered}» is not a label of this laboratory. Scan the label with the code of eight signs."
        raise ForeignLabel(message, found=entered, host="")
    return scan_code_check(entered)


def _address(entered: str) -> SplitResult | None:
    if not re.match(r"https?://", entered, re.IGNORECASE):
        return None
    try:
        return urlsplit(entered)
    except ValueError:
        return None


def _foreign(entered: str, host: str, code: str) -> ForeignLabel:
    valid = code if _is_code(code) else None
    whose = f"belongs to {host}" if host else "names no laboratory"
    message = (
        f"This label {whose}, not to this laboratory. Register it as an external reference, or scan our own label."
    )
    return ForeignLabel(message, found=entered, host=host, scan_code=valid)


def _strange_sign(text: str, signs: str, strange: list[int]) -> BadScanCode:
    place = strange[0]
    probable = next(_erased(signs, place), None) if len(strange) == 1 else None
    message = f"«{text}» is not a scan code: {_ordinal(place)} sign, {signs[place]}, does not occur in codes."
    return BadScanCode(message + _advice(probable), code="sign", found=text, position=place + 1, probable=probable)


def _misfit(text: str, signs: str) -> BadScanCode:
    near = {*_look_alikes(signs), *_swapped(signs)}
    probable = near.pop() if len(near) == 1 else None
    position = None
    if probable:
        position = next(place for place in range(CODE_LENGTH) if probable[place] != signs[place]) + 1
    what = f"{_ordinal(position - 1)} sign does not fit" if position else "the check sign does not fit"
    message = f"«{text}» is not a scan code: {what}."
    return BadScanCode(message + _advice(probable), code="check", found=text, position=position, probable=probable)


def _ordinal(place: int) -> str:
    return f"the {_ORDINALS[place]}"


def _advice(probable: str | None) -> str:
    return (
        f" Probably {scan_code_show(probable)}. Scan again."
        if probable
        else " Read it again, sign by sign, or scan it."
    )


def _erased(signs: str, place: int) -> Iterator[str]:
    """The one code that has the other signs of `signs`; none when another of them is no sign of codes."""
    others = [ALPHABET.find(sign) for sign in signs]
    if all(value >= 0 for index, value in enumerate(others) if index != place):
        others[place] = 0
        yield signs[:place] + ALPHABET[_value_that_fits(others, place)] + signs[place + 1 :]


def _one_replaced(signs: str) -> Iterator[str]:
    for place in range(CODE_LENGTH):
        yield from _erased(signs, place)


def _look_alikes(signs: str) -> Iterator[str]:
    for place, code in enumerate(_one_replaced(signs)):
        if signs[place] + code[place] in _LOOK_ALIKES or code[place] + signs[place] in _LOOK_ALIKES:
            yield code


def _swapped(signs: str) -> Iterator[str]:
    for place in range(CODE_LENGTH - 1):
        turned = signs[:place] + signs[place + 1] + signs[place] + signs[place + 2 :]
        if turned != signs and _is_code(turned):
            yield turned


def _is_code(signs: str) -> bool:
    return len(signs) == CODE_LENGTH and all(sign in ALPHABET for sign in signs) and not _syndrome(signs)


def _syndrome(signs: str) -> int:
    return _weighted_sum([ALPHABET.index(sign) for sign in signs])


def _weighted_sum(values: list[int]) -> int:
    total = 0
    for place, value in enumerate(values):
        total ^= _times_power(value, place)
    return total


def _value_that_fits(values: list[int], place: int) -> int:
    """The value at `place` for which the weighted sum of `values` (0 or absent there) becomes zero."""
    missing = _weighted_sum(values)
    return next(value for value in range(32) if _times_power(value, place) == missing)


def _times_power(value: int, exponent: int) -> int:
    """`value` times a^exponent in GF(32), where a is the polynomial x."""
    for _ in range(exponent):
        value <<= 1
        if value & 32:
            value ^= _FIELD_POLYNOMIAL
    return value
