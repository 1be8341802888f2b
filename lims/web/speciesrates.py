"""How often identification against a set is wrong, as its build counted it: for the page of the set."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from analysis.statistics import binomial_interval
from lims.web.numberlines import interval_words
from lims.web.tables import Table

_LEVEL = 0.95


def rates_tables(rates: Sequence[Mapping[str, Any]]) -> list[Table]:
    """A table with a row for each locus, length and rank; none where the build counted nothing."""
    ranks = {"species": _("species"), "genus": _("genus"), "family": _("family")}
    rows = [
        (
            str(one["locus"]),
            str(one["length"]) if one["length"] else _("whole"),
            words,
            _("yes") if one[rank]["usable"] else _("no"),
            _counted(one[rank]["present_wrong"]),
            _counted(one[rank]["absent_named"]),
        )
        for one in rates
        for rank, words in ranks.items()
        if rank in one
    ]
    if not rows:
        return []
    return [
        Table(
            title=_("How often it is right, how often wrong"),
            head=(
                (_("Locus"), False),
                (_("Bases"), True),
                (_("Answer"), False),
                (_("Given"), False),
                (_("Wrong on known samples"), False),
                (_("Named though absent from the set"), False),
            ),
            rows=tuple(rows),
            note=_(
                "Counted on the set itself: each record was searched for without itself, then without its species. "
                "Answers whose rule is too often wrong are not given."
            ),
        )
    ]


def _counted(pair: Sequence[int]) -> str:
    count, total = pair
    if not total:
        return _("none tried")
    interval = interval_words((*binomial_interval(count, total, level=_LEVEL), _LEVEL), share=True)
    return f"{_('%(n)s of %(all)s') % {'n': count, 'all': total}}; {interval}"
