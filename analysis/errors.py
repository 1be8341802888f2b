"""What can go wrong in an analysis. These errors know no HTTP and no database."""

from __future__ import annotations

from typing import Self


class AnalysisError(Exception):
    """An analysis cannot go on.

    `message` says what is wrong and the value found; `file`, `row` (1-based) and `field`
    say where; `remedy` says what to do next.
    """

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        row: int | None = None,
        field: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.row = row
        self.field = field
        self.remedy = remedy

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the named fields when a worker process hands the error back."""
        return (_rebuild, (type(self), self.message, self.file, self.row, self.field, self.remedy))

    def placed(self, *, file: str, row: int | None = None) -> Self:
        """The same error with the file it is about, and the row, where it names none yet."""
        return type(self)(
            self.message,
            file=self.file or file,
            row=row if self.row is None else self.row,
            field=self.field,
            remedy=self.remedy,
        )

    def __str__(self) -> str:
        """One line: place, what is wrong, what to do."""
        place = ", ".join(
            part
            for part in (
                self.file,
                None if self.row is None else f"row {self.row}",
                None if self.field is None else f"field {self.field}",
            )
            if part
        )
        text = f"{place}: {self.message}" if place else self.message
        return f"{text} {self.remedy}" if self.remedy else text


class InputRefused(AnalysisError):
    """An input file, parameter or reference set cannot be used as it is."""


class Cancelled(AnalysisError):
    """The caller asked for the run to stop; a progress callback raises it."""


def _rebuild(
    kind: type[AnalysisError],
    message: str,
    file: str | None,
    row: int | None,
    field: str | None,
    remedy: str | None,
) -> AnalysisError:
    return kind(message, file=file, row=row, field=field, remedy=remedy)
