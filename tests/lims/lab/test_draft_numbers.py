"""Numbers of a draft against the record. Expected values by arithmetic."""

from datetime import date
from decimal import Decimal

from lims.lab.draftnumbers import NUMBERS_AT_MOST, Passage, Recorded, draft_numbers

RECORDS = (
    Recorded(source="mass of E01", value=Decimal("1.25"), unit="kg", about="E01"),
    Recorded(source="pieces of E02", value=Decimal(511), unit="no", about="E02"),
    Recorded(source="identity", value=Decimal("0.99615"), unit="share", about="E01"),
    Recorded(source="LR", value=Decimal(1234567), unit="1", about="E01"),
    Recorded(source="seizure", value=date(2026, 3, 14)),
    Recorded(source="seal of E01", value="KE-44821", about="E01"),
)


def matched(text: str, *, about: str = "", language: str = "en") -> list[tuple[str, tuple[str, ...]]]:
    rows, _left = draft_numbers([Passage(place="Findings", text=text, about=about)], RECORDS, language=language)
    return [(row.written, row.sources) for row in rows]


def test_units_of_one_kind_are_converted_and_others_never_match() -> None:
    assert matched("1250 g, 1.25 kg and 1.3 kg") == [
        ("1250 g", ("mass of E01",)),
        ("1.25 kg", ("mass of E01",)),
        ("1.3 kg", ("mass of E01",)),  # 1.25 kg at one place, the half rounded up
    ]
    assert matched("511 tusks, 511 g, 511 mL, 511 %, 1.25 mL, 1.25") == [
        ("511", ("pieces of E02",)),
        ("511 g", ()),
        ("511 mL", ()),
        ("511 %", ()),
        ("1.25 mL", ()),
        ("1.25", ()),
    ]


def test_shares_as_percentages_and_ratios_with_powers() -> None:
    assert matched("99.6 % or 0.996, not 99.7 % nor 0.9962 %") == [
        ("99.6 %", ("identity",)),
        ("0.996", ("identity",)),
        ("99.7 %", ()),
        ("0.9962 %", ()),
    ]
    assert matched("1.2e6, 1.23 × 10^6, 1.23 × 10⁶, 1,234,567, 1.3e6, 1e6") == [
        ("1.2e6", ("LR",)),
        ("1.23 × 10^6", ("LR",)),
        ("1.23 × 10⁶", ("LR",)),
        ("1,234,567", ("LR",)),
        ("1.3e6", ()),
        ("1e6", ()),  # one digit alone proves nothing: 1234567 is not 1e6
    ]


def test_dates_and_seals_match_as_such_and_references_are_no_numbers() -> None:
    text = "WF-2026-000123-E01-K, seal KE-44821, seal KE-44822, 14 March 2026, 2026-03-14, 2026-03-15"
    assert matched(text) == [
        ("KE-44821", ("seal of E01",)),
        ("KE-44822", ()),
        ("14 March 2026", ("seizure",)),
        ("2026-03-14", ("seizure",)),
        ("2026-03-15", ()),
    ]
    assert matched("le 14 mars 2026, 1,25 kg, 99,6 %", language="fr") == [
        ("14 mars 2026", ("seizure",)),
        ("1,25 kg", ("mass of E01",)),
        ("99,6 %", ("identity",)),
    ]


def test_a_finding_matches_values_of_its_own_item_only() -> None:
    assert matched("511 pieces, 1.25 kg", about="E01") == [("511", ()), ("1.25 kg", ("mass of E01",))]
    assert matched("511 pieces, 1.25 kg", about="E02") == [("511", ("pieces of E02",)), ("1.25 kg", ())]


def test_the_list_is_bounded_and_says_what_it_left_out() -> None:
    passage = Passage(place="Limits", text=" ".join(["7"] * (NUMBERS_AT_MOST + 9)))
    rows, left = draft_numbers([passage], RECORDS)
    assert (len(rows), left) == (NUMBERS_AT_MOST, 9)
    assert not any(row.sources for row in rows)
