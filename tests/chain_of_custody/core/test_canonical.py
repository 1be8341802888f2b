"""Canonical JSON against the examples of RFC 8785, and the ledger's profile of it."""

import json
import struct
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain_of_custody.core.canonical import (
    INTEGER_LIMIT,
    canonical_bytes,
    canonical_parse,
    ecmascript_number,
    sha256_hex,
)
from chain_of_custody.core.errors import NotCanonical

# RFC 8785 appendix B: IEEE 754 bits and the JSON number.
NUMBERS = [
    ("0000000000000000", "0"),
    ("8000000000000000", "0"),
    ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"),
    ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("ffefffffffffffff", "-1.7976931348623157e+308"),
    ("4340000000000000", "9007199254740992"),
    ("c340000000000000", "-9007199254740992"),
    ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"),
    ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"),
    ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"),
    ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
    ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"),
    ("41b3de4355555554", "333333333.33333325"),
    ("41b3de4355555555", "333333333.3333333"),
    ("41b3de4355555556", "333333333.3333334"),
    ("41b3de4355555557", "333333333.33333343"),
    ("becbf647612f3696", "-0.0000033333333333333333"),
    ("43143ff3c1cb0959", "1424953923781206.2"),
]


@pytest.mark.parametrize(("bits", "text"), NUMBERS)
def test_numbers_of_rfc_8785_appendix_b(bits: str, text: str) -> None:
    (value,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical_bytes(value, floats=True) == text.encode()


@pytest.mark.parametrize("bits", ["7fffffffffffffff", "7ff0000000000000", "fff0000000000000"])
def test_nan_and_infinity_are_refused(bits: str) -> None:
    (value,) = struct.unpack(">d", bytes.fromhex(bits))
    with pytest.raises(NotCanonical):
        canonical_bytes(value, floats=True)


def test_the_example_of_rfc_8785_section_3_2_2() -> None:
    value = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"\u002f",
        "literals": [None, True, False],
    }
    # Section 3.2.4 gives the result as bytes.
    wanted = bytes.fromhex(
        "7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b3333333333333333332e"
        "333333333333332c31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282ac245c75303030665c"
        "6e4127425c225c5c5c5c5c222f227d"
    )
    assert canonical_bytes(value, floats=True) == wanted


def test_the_sorting_example_of_rfc_8785_section_3_2_3() -> None:
    value = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    order = list(json.loads(canonical_bytes(value)).values())
    assert order == [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]


def test_an_order_by_code_point_is_not_canonical() -> None:
    """The one case in which sorting by code point, as most libraries do, differs from RFC 8785."""
    with pytest.raises(NotCanonical, match="canonical form"):
        canonical_parse('{"\ufb33":1,"\U0001f600":2}'.encode())
    assert canonical_parse('{"\U0001f600":2,"\ufb33":1}'.encode()) == {"\ufb33": 1, "\U0001f600": 2}


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (1.5, "decimals as text"),
        (2**53, "2\\*\\*53"),
        (-(2**53), "2\\*\\*53"),
        ("\ud800", "surrogate"),
        ({"\udfff": 1}, "surrogate"),
        ({1: 1}, "not text"),
        (b"x", "bytes"),
        ({"a": {1, 2}}, "set"),
        (float("nan"), "decimals"),
    ],
)
def test_what_the_ledger_refuses(value: object, told: str) -> None:
    with pytest.raises(NotCanonical, match=told):
        canonical_bytes(value)


def test_depth_has_a_limit_for_writer_and_reader() -> None:
    for depth, fits in ((64, True), (65, False), (100_000, False)):
        text = b"[" * depth + b"]" * depth
        if fits:
            assert canonical_bytes(canonical_parse(text)) == text
        else:
            with pytest.raises(NotCanonical, match="deeper"):
                canonical_parse(text)


@pytest.mark.parametrize(
    "text",
    [
        b'{"b":1,"a":1}',
        b'{"a":1,"a":1}',
        b'{"a": 1}',
        b'{"a":1}\n',
        b'"\\u0041"',
        b'"\\/"',
        b'"\\ud83d\\ude00"',
        b"-0",
        b"1.0",
        b"1e2",
        b"NaN",
        b"Infinity",
        b"01",
        b"9007199254740992",
        b"1" * 5000,
        b'"\\ud800"',
        b'"\xff"',
        b'\xef\xbb\xbf""',
        b"",
        b'"\x7f\x01"',
    ],
)
def test_text_that_is_not_canonical(text: bytes) -> None:
    with pytest.raises(NotCanonical):
        canonical_parse(text)


def test_largest_integers() -> None:
    assert canonical_parse(b"9007199254740991") == INTEGER_LIMIT
    assert canonical_bytes(-INTEGER_LIMIT) == b"-9007199254740991"


class _Colour(StrEnum):
    RED = "red"


def test_text_subclasses_and_tuples_are_written_as_what_they_hold() -> None:
    assert canonical_bytes({"a": (_Colour.RED, 1), _Colour.RED: None}) == b'{"a":["red",1],"red":null}'


def test_sha256_of_abc() -> None:
    """FIPS 180-2 appendix B.1."""
    assert sha256_hex(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-INTEGER_LIMIT, INTEGER_LIMIT) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_round_trip(value: object) -> None:
    text = canonical_bytes(value)
    assert canonical_parse(text) == value
    assert json.loads(text) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_read_back_equal(value: float) -> None:
    assert float(ecmascript_number(value)) == value


@given(JSON, st.integers(min_value=0), st.integers(0, 255))
def test_a_changed_byte_is_another_value_or_refused(value: object, place: int, byte: int) -> None:
    text = bytearray(canonical_bytes(value))
    text[place % len(text)] = byte
    try:
        other = canonical_parse(bytes(text))
    except NotCanonical:
        return
    assert canonical_bytes(other) == bytes(text)
