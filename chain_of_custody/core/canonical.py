"""Canonical JSON after RFC 8785 (JSON Canonicalization Scheme) and the hash used throughout.

The ledger uses a profile of it: no floating-point numbers (a measured value is a decimal in a string, so that
it keeps its digits) and only integers that every JSON reader holds exactly (RFC 7493: |n| < 2**53).
"""

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from json.encoder import encode_basestring
from typing import NoReturn

from chain_of_custody.core.errors import NotCanonical

Json = None | bool | int | float | str | list["Json"] | tuple["Json", ...] | Mapping[str, "Json"]

INTEGER_LIMIT = 2**53 - 1
DEPTH_LIMIT = 64


def sha256_hex(data: bytes) -> str:
    """The SHA-256 of the bytes, 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def canonical_bytes(value: object, *, floats: bool = False) -> bytes:
    """The RFC 8785 form of a JSON value, UTF-8.

    Objects are mappings with text keys, arrays are lists or tuples. `floats=True` leaves the ledger's profile
    and prints doubles as ECMAScript does (RFC 8785 section 3.2.2.3). Raises `NotCanonical` for anything
    without such a form: other types, NaN and infinities, integers beyond 2**53 - 1, lone surrogates, nesting
    deeper than 64 levels; and for any float in the ledger's profile.
    """
    try:
        return parsed_bytes(value) if _plain(value) else _written(value, floats=floats)
    except UnicodeEncodeError as error:
        unit = ord(error.object[error.start])
        raise NotCanonical(f"text contains a lone surrogate (U+{unit:04X})") from None
    except RecursionError:
        raise NotCanonical(f"nested deeper than {DEPTH_LIMIT} levels") from None


def canonical_parse(data: bytes) -> Json:
    """The value of canonical JSON text in the ledger's profile.

    Raises `NotCanonical` when the text is not JSON or when writing its value again does not give the very
    same bytes (white space, key order, repeated keys, other escapes, floats, `-0`, a byte order mark).
    """
    try:
        text = data.decode()
        value: Json = _decode(text)
        if _is_plain_object(text, value):
            return value
        again = parsed_bytes(value)
    except (UnicodeDecodeError, UnicodeEncodeError) as error:
        raise NotCanonical(f"not UTF-8 text without lone surrogates: {error.reason}") from None
    except json.JSONDecodeError as error:
        raise NotCanonical(f"not JSON: {error.msg} at character {error.pos}") from None
    except RecursionError:
        raise NotCanonical(f"nested deeper than {DEPTH_LIMIT} levels") from None
    if again != data:
        raise NotCanonical(f"not in canonical form: {_first_difference(data, again)}")
    return value


_match_plain = re.compile(
    r'\{(?:"[ !#-\[\]-~]*":(?:"[ !#-\[\]-~]*"|0|[1-9][0-9]{0,14}|null|true|false)(?:,(?!\})|(?=\})))*\}'
).fullmatch


def _is_plain_object(text: str, value: Json) -> bool:
    """Whether the text is canonical by its looks: the commonest kind, which needs not be written again to be sure.

    One flat object of ASCII texts without escapes, small integers and literals, its keys rising and distinct. With
    no quotation mark inside a text, `":` occurs once for each key.
    """
    if not isinstance(value, dict) or _match_plain(text) is None:
        return False
    keys = list(value)
    return keys == sorted(keys) and len(keys) == text.count('":')


def parsed_bytes(value: object) -> bytes:
    """`canonical_bytes` of a value that came out of `canonical_parse`, three times as fast.

    The C encoder sorts keys by code point, not by UTF-16 unit (they differ only above U+FFFF), and knows no
    limit of depth; where either could matter the exact writer runs.
    """
    text = _sorted_text(value)
    if text.count("{") + text.count("[") > DEPTH_LIMIT or (not text.isascii() and max(text) > "\uffff"):
        return _written(value, floats=False)
    return text.encode()


def _plain(value: object) -> bool:
    """Whether the C encoder writes this value as `_write` would; in doubt, no."""
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if isinstance(value, dict):
        return all(type(key) is str and _plain(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return all(map(_plain, value))
    return isinstance(value, int) and kind is int and -INTEGER_LIMIT <= value <= INTEGER_LIMIT


def _written(value: object, *, floats: bool) -> bytes:
    parts: list[str] = []
    _write(value, parts.append, floats, 0)
    return "".join(parts).encode()


def _write(value: object, put: Callable[[str], object], floats: bool, depth: int) -> None:
    if depth >= DEPTH_LIMIT and isinstance(value, Mapping | list | tuple):
        raise NotCanonical(f"nested deeper than {DEPTH_LIMIT} levels")
    if isinstance(value, str):
        put(encode_basestring(str.__str__(value)))
    elif value is None or isinstance(value, bool):
        put("null" if value is None else "true" if value else "false")
    elif isinstance(value, int):
        put(_integer_text(value))
    elif isinstance(value, float):
        put(_float_text(value, floats))
    elif isinstance(value, Mapping):
        _write_object(value, put, floats, depth)
    elif isinstance(value, list | tuple):
        for position, item in enumerate(value):
            put("," if position else "[")
            _write(item, put, floats, depth + 1)
        put("]" if value else "[]")
    else:
        raise NotCanonical(f"{type(value).__name__} has no JSON form: {value!r}; turn it into text first")


def _write_object(value: Mapping[object, object], put: Callable[[str], object], floats: bool, depth: int) -> None:
    for key in value:
        if not isinstance(key, str):
            raise NotCanonical(f"object key {key!r} is {type(key).__name__}, not text")
    keys = sorted((str(key) for key in value), key=_utf16_order)
    for position, key in enumerate(keys):
        put("," if position else "{")
        put(encode_basestring(key))
        put(":")
        _write(value[key], put, floats, depth + 1)
    put("}" if keys else "{}")


def _utf16_order(key: str) -> bytes:
    """RFC 8785 section 3.2.3 sorts keys by UTF-16 code units, which differs from code points above U+FFFF."""
    return key.encode("utf-16-be", "surrogatepass")


def _integer_text(value: int) -> str:
    if abs(value) > INTEGER_LIMIT:
        raise NotCanonical(f"integer {value} is beyond 2**53 - 1; write it as text")
    return int.__repr__(value)


def _float_text(value: float, allowed: bool) -> str:
    if not allowed:
        raise NotCanonical(f"floating-point number {value!r}; write decimals as text")
    if not math.isfinite(value):
        raise NotCanonical(f"{value!r} is not a JSON number")
    return ecmascript_number(value)


def ecmascript_number(value: float) -> str:
    """A finite double as ECMAScript prints it (ECMA-262, Number::toString): shortest digits that read back
    equal.

    Python's `repr` finds the same shortest digits; only the layout differs.
    """
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:
        return f"{sign}{digits}{'0' * (point - len(digits))}"
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    shown = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    return f"{sign}{shown}e{point - 1:+d}"


def _refuse_float(text: str) -> NoReturn:
    raise NotCanonical(f"number {text[:40]!r} is not an integer; decimals are written as text")


def _small_integer(text: str) -> int:
    if len(text) > 17:
        raise NotCanonical(f"integer of {len(text)} digits is beyond 2**53 - 1")
    value = int(text)
    if abs(value) > INTEGER_LIMIT:
        raise NotCanonical(f"integer {text} is beyond 2**53 - 1")
    return value


_decode = json.JSONDecoder(parse_float=_refuse_float, parse_int=_small_integer, parse_constant=_refuse_float).decode
_sorted_text = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode


def _first_difference(found: bytes, wanted: bytes) -> str:
    position = next((i for i, (a, b) in enumerate(zip(found, wanted, strict=False)) if a != b), None)
    if position is None:
        position = min(len(found), len(wanted))
    here, there = found[position : position + 12], wanted[position : position + 12]
    return f"byte {position} reads {here!r}, expected {there!r}"
