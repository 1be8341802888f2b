"""Legal cut-off dates, as data with their source: what a formation date is compared with.

A date is law for one taxon in one jurisdiction; a laboratory confirms the list for its cases and may give its own.
Verified means that the year was read in a source by the compilers of this list; a day not so verified is marked.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date
from importlib.resources import files

from analysis.errors import InputRefused

TABLE = "cutoff_dates.csv"
COLUMNS = ("code", "date", "taxon", "jurisdiction", "instrument", "verified")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutoff:
    """One legal date. `verified`: "day" or "year", how far the date was checked against a source."""

    code: str
    date: date
    taxon: str
    jurisdiction: str
    instrument: str
    verified: str

    @property
    def decimal_year(self) -> float:
        """The date as a decimal year, the beginning of the day."""
        return decimal_year(self.date)


def decimal_year(day: date) -> float:
    """1990-01-18 is 1990 + 17/365."""
    start = date(day.year, 1, 1)
    return day.year + (day - start).days / (date(day.year + 1, 1, 1) - start).days


def cutoffs(text: str | None = None, *, name: str = TABLE) -> tuple[Cutoff, ...]:
    """The list that comes with the program, or one given as CSV. Raises `InputRefused` for a bad row."""
    content = files("analysis.age").joinpath(TABLE).read_text(encoding="utf-8") if text is None else text
    reader = csv.DictReader(io.StringIO(content, newline=""))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise InputRefused(
            "The head of the table is not that of cut-off dates.",
            file=name,
            row=1,
            remedy=f"Its columns are {', '.join(COLUMNS)}.",
        )
    found = []
    for row in reader:
        try:
            day = date.fromisoformat(row["date"])
        except ValueError as error:
            raise InputRefused(
                f"«{row['date']}» is no date.",
                file=name,
                row=reader.line_num,
                field="date",
                remedy="Write YYYY-MM-DD.",
            ) from error
        texts = {key: row[key] for key in COLUMNS if key != "date"}
        found.append(Cutoff(date=day, **texts))
    return tuple(found)
