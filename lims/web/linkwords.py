"""Links in words: which seizures, what makes it a link, how strong, beside what chance lets expect."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lims.casework.models import Seizure
from lims.links.enums import LinkAct, LinkBasis
from lims.links.models import LinkEntry
from lims.links.selectors.links import LinkView, Node
from lims.web.describing import Badge
from lims.web.parts import Event
from lims.web.writing import number_text

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_STANDINGS = {"unreviewed": "warn", "confirmed": "ok", "rejected": "idle"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkLine:
    """One link as a list prints it."""

    view: LinkView
    href: str
    first: str
    second: str
    basis: str
    strength: str
    direct: str
    kin: str
    standing: Badge


@dataclass(frozen=True, slots=True, kw_only=True)
class BinLine:
    """Kin pairs of one bin of likelihood ratios: found, and expected by chance."""

    ratio: str
    observed: int
    expected: str


def seizure_title(seizure: Seizure) -> str:
    """The case's reference and the seizure's number in it."""
    return f"{seizure.case.reference} / {seizure.number}"


def seizure_day(seizure: Seizure) -> str:
    """Country and day."""
    return f"{seizure.country}, {date_format(timezone.localtime(seizure.seized_at), 'j M Y')}"


def seizure_href(seizure: Seizure) -> str:
    """Where the seizure stands on the page of its case."""
    return f"{reverse('web:case', args=[seizure.case.reference])}#seizure-{seizure.number}"


def node_title(node: Node) -> str:
    """A consignment: its first seizure, and how many more were merged with it."""
    more = ngettext(" + %(n)s more", " + %(n)s more", len(node.also)) % {"n": len(node.also)} if node.also else ""
    return seizure_title(node.seizure) + more


def node_href(node: Node) -> str:
    """Where a consignment leads."""
    return seizure_href(node.seizure)


def basis_words(value: str) -> str:
    """What makes it a link."""
    return str(LinkBasis(value).label) if value else "–"


def standing_badge(view: LinkView) -> Badge:
    """Where the link stands; a find after the last review waits for the next."""
    state = view.state
    if state.standing != "unreviewed" and state.waiting:
        return Badge(kind="warn", text=_("to be reviewed again"))
    words = {"unreviewed": _("not reviewed"), "confirmed": _("confirmed"), "rejected": _("rejected")}
    return Badge(kind=_STANDINGS[state.standing], text=words[state.standing])


def link_line(view: LinkView) -> LinkLine:
    """A link as a list prints it."""
    told = view.evidence
    return LinkLine(
        view=view,
        href=reverse("web:link", args=[view.link.reference]),
        first=seizure_title(view.link.first),
        second=seizure_title(view.link.second),
        basis=basis_words(view.basis),
        strength=f"{view.similarity:.1f}",
        direct=against_chance(told.get("direct", 0), told.get("direct_expected", 0.0)),
        kin=against_chance(sum(told.get("observed", ())), sum(told.get("expected", ()))),
        standing=standing_badge(view),
    )


def against_chance(found: int, expected: float) -> str:
    """A count beside what chance lets expect: never one without the other."""
    return _("%(found)s (by chance %(expected)s)") % {"found": found, "expected": small(expected)}


def small(value: float) -> str:
    """A number that may be very small: two figures, powers of ten below a thousandth."""
    if value == 0:
        return "0"
    if value >= 0.001:
        return f"{value:.2g}" if value < 100 else f"{value:.0f}"
    return _power(value)


def ratio_words(log10: float) -> str:
    """A likelihood ratio from its logarithm; a power of ten from a million on."""
    if log10 < 6:
        return number_text(round(10**log10))
    whole = math.floor(log10 + 1e-9)
    return f"{10 ** (log10 - whole):.1f} × 10{str(whole).translate(_RAISED)}"


def _power(value: float) -> str:
    mantissa, _e, exponent = f"{value:.1e}".partition("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(_RAISED)}"


def bin_lines(bins: Sequence[float], observed: Sequence[int], expected: Sequence[float]) -> list[BinLine]:
    """Kin pairs per bin, the last open above."""
    starts = [ratio_words(start) for start in bins]
    words = [f"{start} – {end}" for start, end in pairwise(starts)] + [_("%(start)s or more") % {"start": starts[-1]}]
    return [
        BinLine(ratio=ratio, observed=seen, expected=small(chance))
        for ratio, seen, chance in zip(words, observed, expected, strict=True)
    ]


def entry_event(entry: LinkEntry) -> Event:
    """An entry of the history as the timeline prints it."""
    title = str(entry.get_act_display())
    if entry.side is not None:
        title = f"{title}: {seizure_title(entry.side)}"
    parts = [entry.by.name]
    if entry.search is not None:
        parts.append(_("search %(reference)s") % {"reference": entry.search.reference})
        parts.append(
            _("method %(name)s %(version)s") % {"name": entry.search.method, "version": entry.search.method_version}
        )
        parts.append(_("rule %(name)s %(version)s") % {"name": entry.search.rule, "version": entry.search.rule_version})
    if entry.note:
        parts.append(f"«{entry.note}»")
    kinds = {LinkAct.REJECTED: "gap", LinkAct.CONFIRMED: "seal", LinkAct.MERGED: "seal"}
    return Event(title=title, at=entry.at, detail=" · ".join(parts), kind=kinds.get(LinkAct(entry.act), ""))  # type: ignore[arg-type]


def numbers(view: LinkView) -> list[tuple[str, str]]:
    """The numbers of the last find, each with what it means."""
    told: dict[str, Any] = view.evidence
    if not told:
        return []
    return [
        (_("Panel"), _("%(panel)s, %(loci)s loci") % {"panel": told["panel"], "loci": told["loci"]}),
        (_("Animals compared"), f"{told['animals'][0]} × {told['animals'][1]}"),
        (_("Pairs compared"), str(told["pairs_compared"])),
        (_("Same animal"), against_chance(told["direct"], told["direct_expected"])),
        (_("Same animal from likelihood ratio"), ratio_words(told["direct_log10"])),
        (
            _("Full siblings taken for one animal"),
            _("at most %(rate)s of such pairs") % {"rate": small(told["siblings_as_one"])},
        ),
        (_("Relatives, all bins"), against_chance(sum(told["observed"]), sum(told["expected"]))),
        (
            _("Chance of such counts of relatives"),
            _("%(p)s; a link needs %(bound)s or less among %(pairs)s pairs of seizures")
            % {"p": small(told["p"]), "bound": small(told["p_bound"]), "pairs": told["seizure_pairs"]},
        ),
        (_("Similarity"), f"{told['similarity']:.2f}"),
        (_("Theta"), f"{told['theta']:g}"),
        (_("Allele frequencies"), told["frequencies"] or _("those of the profiles compared")),
    ]
