"""A plain table of a result or a check: texts in rows, a head, a sentence below."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`head` gives each column's name and whether it is numeric; `marked` rows are the answer's own.

    `folded` tables are shown only when asked for.
    """

    title: str
    head: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    marked: frozenset[int] = frozenset()
    folded: bool = False

    @property
    def lines(self) -> list[tuple[bool, list[tuple[str, bool]]]]:
        """Rows as the template walks them: whether marked, and cells with whether each is numeric."""
        return [
            (place in self.marked, [(cell, numeric) for cell, (_name, numeric) in zip(row, self.head, strict=True)])
            for place, row in enumerate(self.rows)
        ]


def confusion_table(confusion: Mapping[str, Mapping[str, int]]) -> Table:
    """What was said of animals of known class when each was left out."""
    answers = sorted({said for row in confusion.values() for said in row})
    words = {"inconclusive": _("inconclusive"), "out_of_domain": _("out of domain")}
    return Table(
        title=_("Confusion matrix"),
        head=((_("True class"), False), *((words.get(said, said), True) for said in answers)),
        rows=tuple(
            (str(true), *(str(row.get(said, 0)) for said in answers)) for true, row in sorted(confusion.items())
        ),
        note=_("Every animal was left out once; columns are what was said of it."),
    )
