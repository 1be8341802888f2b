"""Scan codes: what the check sign must find is tried on every case, not on examples."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labels.errors import BadScanCode, ForeignLabel, LabelError
from labels.payload import (
    ALPHABET,
    payload_parse,
    qr_payload,
    scan_code_check,
    scan_code_near,
    scan_code_new,
    scan_code_show,
)

HOST = "spoor.example"
random_bytes = st.binary(min_size=5, max_size=5)
CODES = [
    scan_code_new(bytes([value * 37 % 256, value, value * 91 % 256, 255 - value, value])) for value in range(0, 256, 5)
]


def _valid(text: str) -> bool:
    try:
        scan_code_check(text)
    except BadScanCode:
        return False
    return True


def _completed(signs: list[str], free: int) -> str:
    """The code with these signs, whatever stands at `free`."""
    with pytest.raises(BadScanCode) as caught:
        scan_code_check("".join([*signs[:free], "U", *signs[free + 1 :]]))
    assert caught.value.probable is not None
    return caught.value.probable


def test_alphabet_is_crockfords() -> None:
    """Crockford's base 32 leaves out I, L, O and U."""
    assert len(ALPHABET) == 32
    assert not set("ILOU") & set(ALPHABET)
    assert sorted(ALPHABET) == list(ALPHABET)


@given(random_bytes)
def test_a_new_code_is_valid_and_keeps_its_35_random_bits(source: bytes) -> None:
    code = scan_code_new(source)
    assert len(code) == 8
    assert scan_code_check(code) == code
    number = sum(ALPHABET.index(sign) << (5 * place) for place, sign in enumerate(code[:7]))
    assert number == int.from_bytes(source, "big") >> 5


@pytest.mark.parametrize("place", range(8))
def test_every_single_substitution_is_found(place: int) -> None:
    for code in CODES:
        for sign in ALPHABET:
            if sign != code[place]:
                assert not _valid(code[:place] + sign + code[place + 1 :])


def test_exactly_one_check_sign_fits_any_seven_signs() -> None:
    for code in CODES:
        assert [sign for sign in ALPHABET if _valid(code[:7] + sign)] == [code[7]]


def test_linear_so_one_code_proves_all() -> None:
    """The sum of two codes, sign by sign as vectors over GF(2), is a code: what is never missed once is
    never missed."""
    for left, right in itertools.pairwise(CODES):
        total = "".join(ALPHABET[ALPHABET.index(a) ^ ALPHABET.index(b)] for a, b in zip(left, right, strict=True))
        assert _valid(total)


@pytest.mark.parametrize("place", range(7))
def test_every_swap_of_neighbours_is_found(place: int) -> None:
    """All 32 × 31 pairs of signs at every place, each within a code that holds them."""
    rest = 2 if place < 2 else 0
    for first, second in itertools.permutations(ALPHABET, 2):
        signs = ["0"] * 8
        signs[place], signs[place + 1] = first, second
        free = 7 if place + 1 < 7 else rest
        code = _completed(signs, free)
        assert code[place : place + 2] == first + second
        assert _valid(code)
        swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        assert not _valid(swapped)


@given(random_bytes, st.integers(0, 7), st.integers(0, 7))
def test_swaps_over_any_distance_are_found(source: bytes, left: int, right: int) -> None:
    code = list(scan_code_new(source))
    code[left], code[right] = code[right], code[left]
    assert _valid("".join(code)) == ("".join(code) == scan_code_new(source))


@given(random_bytes)
def test_spaces_hyphens_case_and_look_alike_letters_do_not_matter(source: bytes) -> None:
    code = scan_code_new(source)
    shown = scan_code_show(code)
    assert scan_code_check(shown) == code
    assert scan_code_check(f"  {shown.lower().replace(' ', '-')} ") == code
    assert scan_code_check(code.replace("1", "l").replace("0", "o")) == code
    assert scan_code_check(code.replace("1", "I").replace("0", "O")) == code


def test_a_strange_sign_names_its_place_and_the_only_code_that_fits() -> None:
    for code in CODES:
        with pytest.raises(BadScanCode) as caught:
            scan_code_check(code[:2] + "U" + code[3:])
        assert caught.value.code == "sign"
        assert caught.value.position == 3
        assert caught.value.probable == code
        assert "the third sign, U" in caught.value.message


def test_a_look_alike_names_the_probable_code_or_none_but_never_a_wrong_certainty() -> None:
    named = 0
    for code in CODES:
        for place, sign in enumerate(code):
            if sign != "8":
                continue
            typed = code[:place] + "B" + code[place + 1 :]
            with pytest.raises(BadScanCode) as caught:
                scan_code_check(typed)
            assert code in scan_code_near(typed)
            assert caught.value.probable in {code, None}
            if caught.value.probable:
                named += 1
                assert caught.value.position == place + 1
    assert named > 0


@given(random_bytes, st.integers(0, 6))
def test_near_codes_hold_the_one_meant(source: bytes, place: int) -> None:
    code = scan_code_new(source)
    left_out = code[:place] + code[place + 1 :]
    doubled = code[:place] + code[place] * 2 + code[place + 1 :]
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert code in scan_code_near(left_out)
    assert code in scan_code_near(doubled)
    assert swapped == code or code in scan_code_near(swapped)
    assert all(_valid(near) for near in scan_code_near(left_out))


@pytest.mark.parametrize(
    ("text", "code"), [("", "length"), ("7K3M 9Q2", "length"), ("7K3M 9Q2P1", "length"), ("????????", "sign")]
)
def test_what_is_no_code_says_so(text: str, code: str) -> None:
    with pytest.raises(BadScanCode) as caught:
        scan_code_check(text)
    assert caught.value.code == code
    assert caught.value.probable is None
    assert caught.value.found == text


@given(random_bytes)
def test_address_there_and_back(source: bytes) -> None:
    code = scan_code_new(source)
    payload = qr_payload(HOST, code)
    assert payload == f"HTTPS://SPOOR.EXAMPLE/X/{code}"
    assert payload_parse(payload, HOST) == code
    assert payload_parse(payload.lower(), "SPOOR.example") == code
    assert payload_parse(f" {payload}/ ", HOST) == code
    assert payload_parse(scan_code_show(code), HOST) == code


def test_address_with_port() -> None:
    payload = qr_payload("lab.local:8443", CODES[0])
    assert payload == f"HTTPS://LAB.LOCAL:8443/X/{CODES[0]}"
    assert payload_parse(payload, "lab.local:8443") == CODES[0]
    with pytest.raises(ForeignLabel):
        payload_parse(payload, "lab.local")


def test_another_laboratorys_label_names_its_host() -> None:
    with pytest.raises(ForeignLabel) as caught:
        payload_parse(qr_payload("other-lab.example", CODES[0]), HOST)
    assert caught.value.host == "other-lab.example"
    assert caught.value.scan_code == CODES[0]
    assert "other-lab.example" in caught.value.message


@pytest.mark.parametrize("text", ["HCS-2026-77120-2", "https://elsewhere.example/a?b=c", "5901234123457 "])
def test_other_barcodes_are_foreign(text: str) -> None:
    with pytest.raises(ForeignLabel) as caught:
        payload_parse(text, HOST)
    assert caught.value.scan_code is None


def test_our_address_with_a_damaged_code_is_a_bad_code_not_a_foreign_one() -> None:
    damaged = CODES[3][:7] + ("0" if CODES[3][7] != "0" else "1")
    with pytest.raises(BadScanCode):
        payload_parse(f"HTTPS://SPOOR.EXAMPLE/X/{damaged}", HOST)


def test_our_other_addresses_are_no_labels() -> None:
    with pytest.raises(LabelError) as caught:
        payload_parse("https://spoor.example/cases/", HOST)
    assert caught.value.code == "not-a-label"


@pytest.mark.parametrize("host", ["lab_1.example", "", "lab.example/x", "läb.example", "[::1]", "user@lab.example"])
def test_hosts_that_qr_cannot_hold_are_refused(host: str) -> None:
    with pytest.raises(LabelError) as caught:
        qr_payload(host, CODES[0])
    assert caught.value.code == "host"


def test_too_few_random_bytes() -> None:
    with pytest.raises(ValueError, match="too few"):
        scan_code_new(b"1234")
