"""The filter grammar, sorting links and pages of lists."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from lims.web.listing import PAGE_SIZE, Column, ListRequest, query_parse

COLUMNS = (
    Column(key="item", label="Item", order="reference"),
    Column(key="what", label="What"),
    Column(key="since", label="Since", order="held_since"),
)


def asked(query: str, *, sort: str = "-since") -> ListRequest:
    request = RequestFactory().get(f"/items/?{query}")
    return ListRequest.of(request, columns=COLUMNS, filters=("held", "seal"), sort=sort)


def test_words_and_terms_are_told_apart() -> None:
    query = query_parse('ivory held:reyes seal:"not yet" "two words" seal:open', ("held", "seal"))
    assert query.words == ("ivory", "two words")
    assert query.terms == {"held": ("reyes",), "seal": ("not yet", "open")}
    assert query.unknown == ()


def test_unknown_key_is_named_with_those_that_exist_and_nothing_is_listed() -> None:
    ask = asked("q=colour:red")
    assert ask.problem == "«colour:» is not known here. This list knows held:, seal:"
    assert ask.listing(list(range(3))).rows == ()


@given(st.text(max_size=200))
def test_any_text_can_be_parsed(text: str) -> None:
    query = query_parse(text, ("held",))
    assert all(isinstance(word, str) for word in query.words)


def test_sort_becomes_fields_and_a_foreign_sort_falls_back() -> None:
    assert asked("sort=item").order_by == ("reference",)
    assert asked("sort=-item").order_by == ("-reference",)
    assert asked("sort=password").order_by == ("-held_since",)
    assert asked("sort=what").order_by == ("-held_since",)


@pytest.mark.parametrize(
    ("page", "number"), [("", 1), ("2", 2), ("0", 1), ("-1", 1), ("x", 1), ("²", 1), ("99999999", 1), ("9999", 3)]
)
def test_page_number_never_fails(page: str, number: int) -> None:
    assert asked(f"page={page}").listing(list(range(2 * PAGE_SIZE + 1))).number == number


def test_pages_hold_fifty_rows_and_lead_to_each_other() -> None:
    rows = list(range(120))
    second = asked("page=2&q=ivory").listing(rows)
    assert second.rows == tuple(range(50, 100))
    assert (second.pages, second.total) == (3, 120)
    assert parse_qs(urlsplit(second.next).query) == {"q": ["ivory"], "sort": ["-since"], "page": ["3"]}
    assert parse_qs(urlsplit(second.previous).query) == {"q": ["ivory"], "sort": ["-since"]}
    assert asked("page=3").listing(rows).next == ""
    assert asked("").listing(rows).previous == ""


def test_empty_list_is_one_page() -> None:
    empty = asked("").listing([])
    assert (empty.pages, empty.number, len(empty)) == (1, 1, 0)


def test_head_reverses_the_present_sort_and_keeps_the_filter() -> None:
    item, what, since = asked("q=ivory&sort=item&page=2").listing(list(range(60))).head()
    assert item.direction == "ascending"
    assert parse_qs(urlsplit(item.href).query) == {"q": ["ivory"], "sort": ["-item"]}
    assert what.href == ""
    assert (since.direction, parse_qs(urlsplit(since.href).query)["sort"]) == ("", ["since"])
