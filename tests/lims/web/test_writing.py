"""Times, numbers and codes are written one way everywhere."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from django.utils import timezone as django_timezone
from django.utils import translation

from lims.web import writing


@pytest.mark.parametrize(
    ("hours", "text"),
    [(3, "UTC+03:00"), (-3.5, "UTC-03:30"), (5.75, "UTC+05:45"), (0, "UTC+00:00")],
)
def test_offset_is_written_with_sign_and_minutes(hours: float, text: str) -> None:
    assert writing.offset_text(datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=hours)))) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1234, "1234"),
        (12345, "12\u202f345"),
        (1234567, "1\u202f234\u202f567"),
        (Decimal("-48207.50"), "-48\u202f207.50"),
        (Decimal("1E+5"), "100\u202f000"),
        (Decimal("0.00012"), "0.00012"),
        ("300.0", "300.0"),
    ],
)
def test_digits_are_grouped_and_decimals_kept(number: Decimal | int | str, text: str) -> None:
    assert writing.number_text(number) == text


def test_quantity_is_never_torn_from_its_unit() -> None:
    assert writing.quantity_text(Decimal("300.0"), "mg") == "300.0\u00a0mg"
    assert writing.quantity_text(None, "mg") == "–"


def test_moment_is_shown_in_the_laboratory_s_zone() -> None:
    with django_timezone.override("Africa/Nairobi"), translation.override("en"):
        html = writing.moment_html(datetime(2026, 11, 21, 11, 2, tzinfo=UTC), "zone")
    assert ">21 Nov 2026 14:02 (UTC+03:00)</time>" in html
    assert 'datetime="2026-11-21T14:02:00+03:00"' in html


def test_month_names_follow_the_reader_s_language() -> None:
    with translation.override("es"):
        assert ">3 Ene 2026</time>" in writing.moment_html(date(2026, 1, 3))


def test_no_time_is_a_dash() -> None:
    assert writing.moment_html(None) == "–"


def test_codes_and_hashes_are_shortened_for_the_eye() -> None:
    assert writing.code_text("7K3M9Q2P") == "7K3M\u00a09Q2P"
    assert writing.hash_text("0be2" + "0" * 56 + "77d1") == "0be2…77d1"


@pytest.mark.parametrize(
    ("size", "text"),
    [(999, "999\u00a0B"), (1000, "1.0\u00a0kB"), (84_200_000, "84.2\u00a0MB"), (2 * 10**12, "2000.0\u00a0GB")],
)
def test_file_sizes_are_decimal(size: int, text: str) -> None:
    assert writing.bytes_text(size) == text
