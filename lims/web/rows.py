"""Forms with several rows of the same kind: exhibits to register, bags to announce, crates as found.

A number of empty rows is always there, so that it works without script; «More rows» sends the form without recording
anything and comes back with more. Empty rows are left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from django.forms import BoundField

from lims.common.errors import DomainError
from lims.web.forms import PageForm
from lims.web.problems import Problem, Refusal, parts_of

MOST_ROWS = 200


class RowForm(PageForm):
    """One row; it may stay empty.

    Attributes:
        layout: names of its fields in order, `amount+unit` for two in one line; all when empty.
    """

    keyed = False
    use_required_attribute = False
    layout: ClassVar[Sequence[str]] = ()

    @property
    def filled(self) -> bool:
        """Whether somebody wrote into this row."""
        return self.is_bound and self.has_changed()

    def lines(self) -> list[tuple[BoundField, BoundField | None]]:
        """The controls of the row, each with its unit."""
        names = self.layout or [bound.name for bound in self.visible_fields()]
        pairs = [name.partition("+")[::2] for name in names]
        return [(self[first], self[second] if second else None) for first, second in pairs]


class RowsForm(PageForm):
    """A form whose `row_class` repeats below it.

    Attributes:
        row_class: the form of one row.
        at_first: how many rows an empty form shows.
        more: how many rows «More rows» adds.
    """

    row_class: ClassVar[type[RowForm]] = RowForm
    at_first = 5
    more = 5

    def __init__(
        self,
        *args: Any,
        row_arguments: Mapping[str, Any] | None = None,
        row_initials: Sequence[Mapping[str, Any]] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        number = self._number(max(self.at_first, len(row_initials)))
        self.asks_more = self.is_bound and "more_rows" in self.data
        given = dict(row_arguments or {})
        initials = [] if self.is_bound else list(row_initials)
        self.rows = [self._row(n, given, initials[n] if n < len(initials) else {}) for n in range(number)]

    def _number(self, default: int) -> int:
        if not self.is_bound:
            return default
        sent = str(self.data.get("rows", ""))
        number = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 5 else default
        return min(MOST_ROWS, max(1, number + (self.more if "more_rows" in self.data else 0)))

    def _row(self, number: int, given: dict[str, Any], initial: Mapping[str, Any]) -> RowForm:
        data = (self.data, self.files) if self.is_bound else (None, None)
        return self.row_class(
            *data,
            prefix=f"row{number}",
            empty_permitted=True,
            use_required_attribute=False,
            initial=dict(initial),
            **given,
        )

    @property
    def filled(self) -> list[RowForm]:
        """The rows somebody wrote into, in order: `error.row` of the services counts these."""
        return [row for row in self.rows if row.filled]

    def is_valid(self) -> bool:
        """Whether the form and every filled row are right; never while more rows are asked for."""
        own = super().is_valid()
        rows = [row.is_valid() for row in self.filled]
        return own and all(rows) and not self.asks_more

    def values(self) -> Iterator[dict[str, Any]]:
        """What the filled rows say."""
        for row in self.filled:
            yield row.cleaned_data

    def refuse(self, error: Refusal) -> None:
        """Errors that name a row go into that row."""
        filled = self.filled
        for part in parts_of(error):
            place = part.row if isinstance(part, DomainError) else None
            if place is not None and place < len(filled):
                filled[place].refuse(part)
            else:
                super().refuse(part)

    def summary(self) -> list[Problem]:
        """The form's own problems, then those of each row with its number."""
        if self.asks_more:
            return []
        problems = super().summary()
        for number, row in enumerate(self.rows, start=1):
            if row.filled and row.errors:
                problems += [
                    Problem(message=one.message, label=f"{number}. {one.label}", anchor=one.anchor, remedy=one.remedy)
                    for one in row.summary()
                ]
        return problems

    @property
    def has_errors(self) -> bool:
        """Whether something must be changed before it can be recorded."""
        return self.is_bound and not self.asks_more and (bool(self.errors) or any(row.errors for row in self.filled))
