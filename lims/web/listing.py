"""Lists: one filter field (`held:reyes seal:open ivory`), sorting by links, pages of fifty.

COLUMNS = (
    Column(key="ref", label=_("Item"), order="reference"),
    Column(key="since", label=_("Since"), order="held_since"),
)
ask = ListRequest.of(request, columns=COLUMNS, filters=("held", "seal"), sort="-since")
items = item_list(actor=request.actor, words=ask.words, held=ask.one("held"), order_by=ask.order_by)
return page(request, "web/casework/items.html", {"items": ask.listing(items)})
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

PAGE_SIZE = 50
Row = TypeVar("Row")
_TERM = re.compile(r'(?:(?P<key>[a-z_]+):)?(?:"(?P<quoted>[^"]*)"|(?P<plain>\S+))')


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a list.

    Attributes:
        key: its name in the address.
        label: its title.
        order: the field the selector orders by, empty when it cannot be sorted.
        numeric: whether the title stands on the right.
    """

    key: str
    label: str
    order: str = ""
    numeric: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A filter text taken apart."""

    words: tuple[str, ...] = ()
    terms: Mapping[str, tuple[str, ...]]
    unknown: tuple[str, ...] = ()


def query_parse(text: str, keys: Sequence[str]) -> Query:
    """Words and `key:value` terms; quotes hold words together; a colon in a word that is no key stays in the word.

    >>> query_parse('ivory held:reyes seal:"not yet"', ("held", "seal"))
    Query(words=('ivory',), terms={'held': ('reyes',), 'seal': ('not yet',)}, unknown=())
    """
    words: list[str] = []
    terms: dict[str, tuple[str, ...]] = {}
    unknown: list[str] = []
    for found in _TERM.finditer(text):
        key, value = found["key"], found["plain"] if found["quoted"] is None else found["quoted"]
        if key is None:
            words.append(value)
        elif key in keys:
            terms[key] = (*terms.get(key, ()), value)
        else:
            unknown.append(key)
    return Query(words=tuple(words), terms=terms, unknown=tuple(unknown))


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A column's title as drawn: its link sorts, or reverses when it sorts already."""

    label: str
    href: str
    direction: str
    numeric: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRequest:
    """What a list's address asks for."""

    path: str
    text: str
    query: Query
    columns: tuple[Column, ...]
    keys: tuple[str, ...]
    sort: str
    number: int

    @classmethod
    def of(
        cls, request: HttpRequest, *, columns: Sequence[Column], filters: Sequence[str] = (), sort: str = ""
    ) -> "ListRequest":
        """Read `q`, `sort` and `page` of the address; anything unknown falls back to the default."""
        text = request.GET.get("q", "").strip()[:200]
        asked = request.GET.get("sort", "")
        sortable = {column.key for column in columns if column.order}
        page = request.GET.get("page", "")
        return cls(
            path=request.path,
            text=text,
            query=query_parse(text, filters),
            columns=tuple(columns),
            keys=tuple(filters),
            sort=asked if asked.removeprefix("-") in sortable else sort,
            number=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
        )

    @property
    def words(self) -> tuple[str, ...]:
        """The free words of the filter."""
        return self.query.words

    def one(self, key: str) -> str | None:
        """The last value given for a filter key, None where it was not given."""
        values = self.query.terms.get(key)
        return values[-1] if values else None

    @property
    def order_by(self) -> tuple[str, ...]:
        """The sort as fields for a selector's `order_by`."""
        key = self.sort.removeprefix("-")
        sign = "-" if self.sort.startswith("-") else ""
        return tuple(f"{sign}{column.order}" for column in self.columns if column.key == key and column.order)

    @property
    def problem(self) -> str:
        """What is wrong with the filter, with the keys that there are; empty when it can be used."""
        if not self.query.unknown:
            return ""
        keys = ", ".join(f"{key}:" for key in self.keys)
        if not keys:
            return _("«%(key)s:» is not known here. This list is filtered by words.") % {"key": self.query.unknown[0]}
        return _("«%(key)s:» is not known here. This list knows %(keys)s") % {
            "key": self.query.unknown[0],
            "keys": keys,
        }

    def address(self, **changes: str | int | None) -> str:
        """The list's address with other values; None leaves a value out."""
        values: dict[str, str | int | None] = {"q": self.text, "sort": self.sort, "page": self.number}
        values.update(changes)
        kept = {name: value for name, value in values.items() if value not in (None, "", 1)}
        return f"{self.path}?{urlencode(kept)}" if kept else self.path

    def listing(self, rows: "QuerySet[Any, Row] | Sequence[Row]") -> "Listing[Row]":
        """The page asked for; a number past the end gives the last page. A filter that is not understood gives none."""
        if self.problem:
            return Listing(ask=self, rows=(), total=0, number=1)
        total = rows.count() if isinstance(rows, QuerySet) else len(rows)
        number = min(self.number, _pages(total))
        start = (number - 1) * PAGE_SIZE
        return Listing(ask=self, rows=tuple(rows[start : start + PAGE_SIZE]), total=total, number=number)


def _pages(total: int) -> int:
    return max(1, -(-total // PAGE_SIZE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[Row]):
    """One page of a list, as the templates print it."""

    ask: ListRequest
    rows: tuple[Row, ...]
    total: int
    number: int

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return _pages(self.total)

    @property
    def previous(self) -> str:
        """The address of the page before, empty on the first."""
        return self.ask.address(page=self.number - 1) if self.number > 1 else ""

    @property
    def next(self) -> str:
        """The address of the page after, empty on the last."""
        return self.ask.address(page=self.number + 1) if self.number < self.pages else ""

    @property
    def text(self) -> str:
        """The filter as typed."""
        return self.ask.text

    @property
    def sort(self) -> str:
        """The sort as in the address."""
        return self.ask.sort

    @property
    def keys(self) -> tuple[str, ...]:
        """The filter keys this list knows."""
        return self.ask.keys

    @property
    def problem(self) -> str:
        """What is wrong with the filter."""
        return self.ask.problem

    @property
    def cleared(self) -> str:
        """The address without a filter."""
        return self.ask.address(q=None, page=None)

    def head(self) -> list[Head]:
        """The titles, with links that sort."""
        return [self._head(column) for column in self.ask.columns]

    def _head(self, column: Column) -> Head:
        up, down = self.ask.sort == column.key, self.ask.sort == f"-{column.key}"
        direction = "ascending" if up else "descending" if down else ""
        target = f"-{column.key}" if up else column.key
        href = self.ask.address(sort=target, page=None) if column.order else ""
        return Head(label=str(column.label), href=href, direction=direction, numeric=column.numeric)
