"""Human references and ISO/IEC 7064 MOD 37,36."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labels.errors import BadReference
from labels.iso7064 import SIGNS, check_character, is_valid
from labels.reference import reference_check, reference_compose, reference_parse

# Published identifiers that use MOD 37,36: the IFPI's GRid standard; EIDR's own examples of DOI names; ISAN.
PUBLISHED = [
    ("A12425GABC1234002", "M"),  # GRid A1-2425G-ABC1234002-M
    ("779185342C2390308610", "5"),  # EIDR 10.5240/7791-8534-2C23-9030-8610-5
    ("F85AE100B0685B8FB1C8", "T"),  # EIDR 10.5240/F85A-E100-B068-5B8F-B1C8-T
    ("000000018CFA0000", "I"),  # ISAN 0000-0001-8CFA-0000-I
    ("00000000D07A0090", "Q"),  # ISAN 0000-0000-D07A-0090-Q
]


@pytest.mark.parametrize(("text", "expected"), PUBLISHED)
def test_published_check_characters(text: str, expected: str) -> None:
    assert check_character(text) == expected
    assert is_valid(text + expected)


@given(st.text(alphabet=SIGNS, min_size=1, max_size=24), st.data())
def test_every_single_wrong_sign_is_found(text: str, data: st.DataObject) -> None:
    whole = text + check_character(text)
    place = data.draw(st.integers(0, len(whole) - 1))
    for sign in SIGNS:
        if sign != whole[place]:
            assert not is_valid(whole[:place] + sign + whole[place + 1 :])


def test_signs_outside_the_set_are_refused() -> None:
    with pytest.raises(ValueError, match="is not one of"):
        check_character("WF-2026")


def test_reference_has_the_standards_check_character() -> None:
    reference = reference_compose("WF-2026-000123", "E02", "S03")
    assert reference == f"WF-2026-000123-E02-S03-{check_character('WF2026000123E02S03')}"


@given(st.integers(0, 999_999), st.integers(1, 999), st.integers(1, 99))
def test_reference_there_and_back_however_typed(number: int, exhibit: int, sample: int) -> None:
    reference = reference_compose(f"WF-2026-{number:06}", f"E{exhibit:02}", f"S{sample:02}")
    assert reference_check(reference) == reference
    assert reference_check(reference.lower()) == reference
    assert reference_check(reference.replace("-", "–")) == reference
    assert reference_check(reference.replace("-", " ")) == reference
    parsed = reference_parse(reference)
    assert (parsed.case, parsed.parts) == (f"WF-2026-{number:06}", (f"E{exhibit:02}", f"S{sample:02}"))


def test_letters_that_look_like_digits_are_read_as_digits_but_not_in_the_check_character() -> None:
    reference = reference_compose("WF-2026-000123", "E02")
    head, check = reference.rsplit("-", 1)
    assert reference_check(f"WF-2O26-OOO123-EO2-{check}") == reference
    assert head == "WF-2026-000123-E02"


def test_reference_without_hyphens() -> None:
    reference = reference_compose("WF-2026-000123", "E02", "S03")
    assert reference_check(reference.replace("-", "")) == reference


def test_wrong_check_character_names_the_right_reference() -> None:
    reference = reference_compose("WF-2026-000123", "E02")
    wrong = reference[:-1] + ("A" if reference[-1] != "A" else "B")
    with pytest.raises(BadReference) as caught:
        reference_check(wrong)
    assert caught.value.code == "check"
    assert caught.value.probable == reference


def test_missing_check_character_is_named() -> None:
    with pytest.raises(BadReference) as caught:
        reference_check("WF-2026-000123-E02")
    assert caught.value.code == "check-missing"
    assert caught.value.probable == reference_compose("WF-2026-000123", "E02")


@pytest.mark.parametrize("text", ["", "E02", "WF-26-000123", "WF-2026-000123-02-X", "'; DROP TABLE item; --"])
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(BadReference) as caught:
        reference_check(text)
    assert caught.value.code == "form"


@pytest.mark.parametrize(
    ("case", "part"), [("2026-000123", "E02"), ("WF-2026-000123", "e02"), ("WF-2026-000123", "E2")]
)
def test_parts_of_another_form_are_not_composed(case: str, part: str) -> None:
    with pytest.raises(BadReference):
        reference_compose(case, part)
