"""Results about age and keeping, ready to print."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from lims.web.outcomes.words import Details, interval_text
from lims.web.parts import Fact
from lims.web.shares import chance, equal, p_text
from lims.web.tables import Table, confusion_table


def dated_facts(details: Details) -> list[Fact]:
    """The strip of a date."""
    ranges = details["intervals"]
    facts = [
        Fact(
            label=_("Formed"),
            value=", ".join(f"{one['from']:.1f}–{one['to']:.1f}" for one in ranges),
            detail=_("95.4 %, all ranges"),
            lead=True,
        ),
        Fact(label="F14C", value=f"{details['f14c']:g} ± {details['sigma']:g}", detail=str(details["curve"])),
    ]
    likely = [one for one in details["cutoffs"] if float(one["formed_after"]) >= 0.5]
    latest = max(likely, key=lambda one: str(one["date"]), default=None)
    if latest:
        facts.append(
            Fact(
                label=_("After %(day)s") % {"day": latest["date"]},
                value=chance(latest["formed_after"]),
                detail=f"{latest['taxon']}, {latest['jurisdiction']}",
            )
        )
    return facts


def dated_tables(details: Details) -> list[Table]:
    """Ranges and the dates of the law."""
    limbs = {"rising": _("rising"), "falling": _("falling"), "before": _("before the bombs")}
    rows = []
    for level, ranges in sorted(details["levels"].items(), reverse=True):
        rows += [
            (
                f"{float(level):.1%}",
                f"{one['from']:.2f}",
                f"{one['to']:.2f}",
                chance(one["probability"]),
                limbs.get(one["limb"], one["limb"]) + (f", {_('at the end of the curve')}" if one["at_edge"] else ""),
            )
            for one in ranges
        ]
    head = (
        (_("Level"), False),
        (_("From"), True),
        (_("To"), True),
        (_("Probability"), True),
        (_("Limb"), False),
    )
    legal = tuple(
        (str(one["date"]), str(one["taxon"]), str(one["jurisdiction"]), chance(one["formed_after"]), _checked(one))
        for one in details["cutoffs"]
    )
    legal_head = (
        (_("Date"), False),
        (_("Taxon"), False),
        (_("Where"), False),
        (_("Formed after it"), True),
        (_("Date checked"), False),
    )
    note = _("A laboratory confirms these dates for its cases, or hands in its own table.")
    return [
        Table(title=_("Calendar ranges"), head=head, rows=tuple(rows)),
        Table(title=_("Formed after the dates of the law?"), head=legal_head, rows=legal, note=note),
    ]


def _checked(one: Mapping[str, Any]) -> str:
    return {"day": _("to the day"), "year": _("to the year")}.get(str(one["verified"]), str(one["verified"]))


def keeping_facts(details: Details) -> list[Fact]:
    """The strip of wild or captive."""
    cross = details["cross_validated"]
    out = details["outcome"] == "out_of_domain"
    return [
        Fact(
            label=_("Nearest class"),
            value=str(details["nearest_class"]),
            detail=equal(_("as far out: p = %(p)s") % {"p": p_text(details["domain_p"])}),
            tone="warn" if out else "",
            lead=True,
        ),
        Fact(
            label=_("Right among those named"),
            value=f"{cross['right']} / {cross['named']}",
            detail=interval_text(cross["interval_95"]),
        ),
    ]


def keeping_tables(details: Details) -> list[Table]:
    """Classes and the confusion matrix."""
    tables: list[Table] = []
    if details["outcome"] != "out_of_domain":
        rows = tuple((str(name), chance(share)) for name, share in details["posterior"].items())
        head = ((_("Class"), False), (_("Posterior"), True))
        tables.append(Table(title=_("Classes of the training set"), head=head, rows=rows))
    return [*tables, confusion_table(details["confusion"])]
