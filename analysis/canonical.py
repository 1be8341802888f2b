"""One byte form for every result: the same values give the same bytes on every machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


def jsonable(value: object) -> Json:
    """Turn frozen dataclasses, enumerations and tuples into plain JSON values.

    Raises `TypeError` for anything that has no JSON form.
    """
    if isinstance(value, Enum):
        return jsonable(value.value)
    if isinstance(value, float):
        return value + 0.0  # -0.0 and 0.0 are one number and must be one byte form
    if value is None or isinstance(value, bool | int | str):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: jsonable(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    raise TypeError(f"no JSON form for {type(value).__name__}")


def canonical_json(value: object) -> bytes:
    """UTF-8 JSON with sorted keys, no white space, shortest round-trip floats.

    Raises `ValueError` for NaN and infinities: they are not numbers a report may print.
    """
    text = json.dumps(jsonable(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def plain_json(value: Json) -> bytes:
    """As `canonical_json`, for values that are JSON already: no walk through them is needed."""
    return _PLAIN.encode(value).encode()


_PLAIN = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def readable_json(value: object) -> bytes:
    """The same values, indented for people; still sorted and still one byte form."""
    text = json.dumps(jsonable(value), sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"


def sha256_hex(content: bytes) -> str:
    """SHA-256 of `content`, in lower-case hexadecimal."""
    return hashlib.sha256(content).hexdigest()
