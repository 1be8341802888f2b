"""Results about individuals, relatives and parents, ready to print."""

import math
from collections.abc import Sequence

from django.utils.translation import gettext as _

from lims.web.outcomes.words import Details, interval_text, ratio_of, ratio_text
from lims.web.parts import Fact
from lims.web.shares import percent
from lims.web.tables import Table


def match_facts(details: Details) -> list[Fact]:
    """The strip of a search."""
    pairs = details["pairs"]
    search = Fact(label=_("Searched"), value=str(details["search"]))
    if not pairs or "with" not in pairs[0]:
        return [Fact(label=_("Found"), value=_("none"), lead=True), search] if "search" in details else []
    best = pairs[0]
    return [
        Fact(
            label=_("Best match"),
            value=str(best["with"]),
            detail=_("%(n)s of %(all)s loci agree") % {"n": best["matching_loci"], "all": best["shared_loci"]},
            lead=True,
        ),
        Fact(label=_("Likelihood ratio, one animal"), value=ratio_of(best["log10_lr"].get("identity"))),
        Fact(
            label=_("Match probability"),
            value=f"{float(best['match_probability']):.2g}",
            detail=_("%(low)s to %(high)s")
            % {"low": f"{best['interval_95'][0]:.2g}", "high": f"{best['interval_95'][1]:.2g}"},
        ),
        search,
    ]


def match_tables(details: Details) -> list[Table]:
    """Profiles that agree."""
    rows = tuple(
        (
            str(one["with"]),
            f"{one['matching_loci']} / {one['shared_loci']}",
            ratio_of(one["log10_lr"].get("identity")),
            _log_ends((one.get("log10_lr_interval_95") or {}).get("identity")),
            f"{float(one['match_probability']):.2g}",
            f"{one['interval_95'][0]:.2g}–{one['interval_95'][1]:.2g}",
        )
        for one in details["pairs"]
    )
    head = (
        (_("Profile"), False),
        (_("Loci that agree"), True),
        (_("LR, one animal"), True),
        (_("95 % interval of the LR"), True),
        (_("Match probability"), True),
        (_("95 % interval"), True),
    )
    return [Table(title=_("Profiles that agree"), head=head, rows=rows, marked=frozenset({0}))] if rows else []


def _log_ends(ends: Sequence[float] | None) -> str:
    """The ends of an interval of log10 ratios as ratios."""
    return "–" if ends is None else f"{ratio_text(ends[0])}–{ratio_text(ends[1])}"


def _ends(ends: Sequence[float] | None) -> str:
    """The ends of an interval of ratios."""
    return "–" if ends is None else _log_ends([math.log10(max(end, 1e-300)) for end in ends])


def kin_facts(details: Details) -> list[Fact]:
    """The strip of a screen for relatives."""
    chance = float(details["pairs_compared"]) / float(details["least_lr"])
    return [
        Fact(
            label=_("Pairs above the ratio"),
            value=str(len(details["pairs"])),
            detail=_("at most %(n)s by chance, per relationship") % {"n": f"{chance:.2g}"},
            lead=True,
        ),
        Fact(label=_("Pairs compared"), value=f"{details['pairs_compared']:,}"),
        Fact(
            label=_("The panel tells"),
            value=", ".join(str(one["words"]) for one in details["power"] if one["resolved"]) or _("nothing"),
        ),
    ]


def kin_tables(details: Details) -> list[Table]:
    """What the panel can tell; the pairs are leads, folded away."""
    power = tuple(
        (
            str(one["words"]),
            percent(one["detected"]),
            f"{one['mean_log10_lr']:.1f} ± {one['deviation']:.1f}",
            f"{one['unrelated_mean']:.1f}",
            _("yes") if one["resolved"] else _("not resolved"),
        )
        for one in details["power"]
    )
    head = (
        (_("Relationship"), False),
        (_("True pairs found"), True),
        (_("log10 LR, true pairs"), True),
        (_("Unrelated"), True),
        (_("Resolved by this panel"), False),
    )
    tables = [Table(title=_("What the panel can tell"), head=head, rows=power)]
    return [*tables, *_leads(details)]


def _leads(details: Details) -> list[Table]:
    leads = tuple(
        (
            f"{one['a']} – {one['b']}",
            f"{one['matching_loci']} / {one['shared_loci']}",
            str(one["best"]).replace("_", " "),
            ratio_of(one["log10_lr"].get(one["best"])),
            _ends((one.get("lr_interval_95") or {}).get(one["best"])),
            f"{float(one['chance_finds_at_most']):.2g}",
        )
        for one in details["pairs"]
    )
    lead_head = (
        (_("Pair"), False),
        (_("Loci that agree"), True),
        (_("Best relationship"), False),
        (_("LR"), True),
        (_("95 % interval of the LR"), True),
        (_("Chance finds at most"), True),
    )
    if not leads:
        return []
    note = _("Leads for the laboratory. No single pair is evidence, and none goes into a finding or a report.")
    return [Table(title=_("Leads, none of them evidence"), head=lead_head, rows=leads, note=note, folded=True)]


def consensus_facts(details: Details) -> list[Fact]:
    """The strip of joined typings."""
    mixed = details["mixed"]
    typed = len(details["genotype"])
    facts = [
        Fact(
            label=_("Loci confirmed"),
            value=_("%(n)s of %(all)s") % {"n": typed, "all": details["loci"]},
            detail=", ".join(details["undecided"][:6]),
            lead=True,
        ),
        Fact(label=_("Typings"), value=str(details["typings"])),
    ]
    if mixed:
        facts.append(Fact(label=_("Three alleles or more"), value=", ".join(mixed[:6]), tone="bad"))
    return facts


def consensus_tables(details: Details) -> list[Table]:
    """The genotype, and what the repeats of all samples disagree about, locus by locus."""
    own = tuple((locus, " / ".join(pair)) for locus, pair in details["genotype"].items())
    rates = tuple(
        (
            str(one["locus"]),
            _counted(one["dropouts"], one["heterozygous_runs"], one["dropout_interval_95"]),
            _counted(one["false_alleles"], one["runs"], one["false_allele_interval_95"]),
            str(one["undecided"]),
        )
        for one in details["repeat_rates"]
    )
    head = (
        (_("Locus"), False),
        (_("Dropouts in typings of heterozygotes"), True),
        (_("False alleles in typings"), True),
        (_("Samples without a consensus"), True),
    )
    note = _("Counted over all samples of the file, with exact 95 % intervals.")
    genotype = Table(title=_("Genotype"), head=((_("Locus"), False), (_("Alleles"), False)), rows=own)
    return [
        *([genotype] if own else []),
        Table(title=_("What the repeats disagree about"), head=head, rows=rates, note=note),
    ]


def _counted(seen: int, of: int, interval: Sequence[float] | None) -> str:
    return f"{seen} / {of} ({interval_text(interval)})" if interval else f"{seen} / {of}"
