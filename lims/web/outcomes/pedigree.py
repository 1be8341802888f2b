"""Results about claimed parents and whole pedigrees, ready to print."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from lims.web.outcomes.words import Details
from lims.web.parts import Fact
from lims.web.shares import p_text, percent
from lims.web.tables import Table

MOST_ROWS = 500


def who_words(who: str) -> str:
    """Who a false claim names instead of the parents."""
    known = {
        "unrelated": _("unrelated animals"),
        "one_unrelated": _("one true parent and an unrelated animal"),
        "one_sibling": _("one true parent and a full sibling of the other"),
        "sibling": _("a full sibling of the one true parent"),
        "young_sibling": _("a full sibling of the young as its parent"),
    }
    return known.get(who, who.replace("_", " "))


def _kind_words(kind: str) -> str:
    return {"mother": _("mother"), "father": _("father"), "pair": _("the pair")}.get(kind, kind)


def pedigree_facts(details: Details) -> list[Fact]:
    """The strip of a pedigree: excluded or not, what was tested, the level that all tests share."""
    found = details["pedigree"]
    first = found["first"]
    return [
        Fact(
            label=_("The claimed pedigree"),
            value=_("excluded") if found["excluded"] else _("not excluded"),
            detail=_("breaks first at %(name)s") % {"name": first} if first else _("which does not prove it"),
            tone="bad" if found["excluded"] else "",
            lead=True,
        ),
        Fact(
            label=_("Claims that cannot be true"),
            value=_("%(n)s of %(all)s") % {"n": found["claims_excluded"], "all": found["claims"]},
            detail=_("%(n)s tested") % {"n": found["claims_tested"]},
            tone="warn" if found["claims_tested"] < found["claims"] else "",
        ),
        Fact(
            label=_("Level of each test"),
            value=f"{found['alpha_each']:.2g}",
            detail=_("%(alpha)s for the whole, shared by %(n)s tests")
            % {"alpha": f"{found['alpha']:g}", "n": found["tests"]},
        ),
        Fact(
            label=_("Not resolved by this panel"),
            value=str(len(found["not_resolved"])) if found["not_resolved"] else _("nothing"),
            detail="; ".join(who_words(who) for who in found["not_resolved"]),
            tone="warn" if found["not_resolved"] else "",
        ),
    ]


def pedigree_tables(details: Details) -> list[Table]:
    """Every claim, as the drawing shows it, then the false claims that this panel would often miss."""
    claims = details["claims"]
    shown = claims[:MOST_ROWS]
    head = (
        (_("Young"), False),
        (_("Mother"), False),
        (_("Father"), False),
        (_("Answer"), False),
        (_("Contradictions"), True),
        (_("Expected"), True),
        ("p", True),
        (_("Unrelated excluded"), True),
        (_("Generation claimed"), True),
        (_("supported"), True),
    )
    note = _(
        "The same as in the drawing: lines drawn through are claims that are not excluded, lines broken and crossed "
        "out are excluded, dotted ones with a question mark were not tested."
    )
    if len(shown) < len(claims):
        rest = {"n": len(shown), "all": len(claims)}
        note = f"{note} {_('%(n)s of %(all)s claims; parentage.csv holds all.') % rest}"
    rows = tuple(_claim_row(one) for one in shown)
    tables = [Table(title=_("Claims of the pedigree"), head=head, rows=rows, note=note)]
    return [*tables, *_resolution(details["pedigree"]["not_resolved"])]


def _claim_row(one: Mapping[str, Any]) -> tuple[str, ...]:
    tests = list(one["tests"].values())
    return (
        str(one["young"]),
        str(one["mother"] or "–"),
        str(one["father"] or "–"),
        answer_words(one),
        "; ".join(f"{test['contradictions']} / {test['loci']}" for test in tests) or "–",
        "; ".join(f"{test['expected']:.2g}" for test in tests) or "–",
        "; ".join(p_text(test["p"]) for test in tests) or "–",
        "; ".join(percent(test["power"]) for test in tests) or "–",
        f"F{one['claimed_generation']}",
        f"F{one['supported_generation']}",
    )


def answer_words(one: Mapping[str, Any]) -> str:
    """What was found of a claim, with who cannot be a parent, or who was not typed."""
    if not one["tested"]:
        return _("not tested: %(names)s not typed") % {"names": ", ".join(one["untyped"]) or _("together")}
    if one["excluded"]:
        broken = one["broken"]
        whom = _kind_words(broken[0]) if len(broken) == 1 else _("the pair")
        return _("excluded: %(whom)s") % {"whom": whom}
    alone = [_kind_words(kind) for kind in one["tests"] if kind != "pair"]
    both = one["mother"] and one["father"]
    return _("possible; tested alone: %(whom)s") % {"whom": ", ".join(alone)} if both and alone else _("possible")


def _resolution(missed: Mapping[str, float]) -> list[Table]:
    if not missed:
        return []
    head = ((_("False claim"), False), (_("Excluded at least in"), True))
    rows = tuple((who_words(who), percent(power)) for who, power in missed.items())
    note = _("Such claims would often pass: below 80 %, a pedigree that is not excluded says nothing against them.")
    return [Table(title=_("What this panel does not resolve"), head=head, rows=rows, note=note)]


def parentage_facts(details: Details) -> list[Fact]:
    """The strip of a claim."""
    tests = details["tests"]
    if not tests:
        return [Fact(label=_("Claim"), value=_("not tested: too little typed"), tone="warn", lead=True)]
    whole = tests.get("pair") or next(iter(tests.values()))
    return [
        Fact(
            label=_("Contradictions"),
            value=_("%(n)s of %(all)s loci") % {"n": whole["contradictions"], "all": whole["loci"]},
            detail=_("%(n)s expected of a true family") % {"n": f"{whole['expected']:.2g}"},
            tone="bad" if any(one["excluded"] for one in tests.values()) else "",
            lead=True,
        ),
        Fact(
            label=_("p of a true family"),
            value=p_text(whole["p"]),
            detail=_("excluded below %(alpha)s") % {"alpha": f"{details['alpha']:.2g}"},
        ),
        Fact(label=_("Unrelated claimants excluded"), value=percent(whole["power"])),
    ]


def parentage_tables(details: Details) -> list[Table]:
    """The tests of a claim, what each parent of an excluded pair is alone, and false claims by how often they show."""
    apart = (details.get("claim") or {}).get("apart") or {}
    rows = [_test_row(details, kind, one, "") for kind, one in details["tests"].items()]
    rows += [_test_row(details, kind, one, _("alone")) for kind, one in apart.items()]
    head = (
        (_("Claim"), False),
        (_("Contradictions"), True),
        (_("Expected"), True),
        ("p", True),
        (_("Power"), True),
        (_("Answer"), False),
        (_("At"), False),
    )
    note = _("Each parent alone says which of the two cannot be; it is no part of the decision.") if apart else ""
    tables = [Table(title=_("Claims tested"), head=head, rows=tuple(rows), note=note)] if rows else []
    return [*tables, *_powers(details["tests"])]


def _test_row(details: Details, kind: str, one: Mapping[str, Any], alone: str) -> tuple[str, ...]:
    return (
        " ".join(filter(None, (_kind_words(kind), str(details.get(kind) or ""), f"({alone})" if alone else ""))),
        f"{one['contradictions']} / {one['loci']}",
        f"{one['expected']:.2g}",
        p_text(one["p"]),
        percent(one["power"]),
        _("excluded") if one["excluded"] else _("possible"),
        ", ".join(one["at"][:8]) or "–",
    )


def _powers(tests: Mapping[str, Any]) -> list[Table]:
    rows: Sequence[tuple[str, ...]] = [
        (_kind_words(kind), who_words(who), percent(power), _("yes") if power >= 0.8 else _("not resolved"))
        for kind, one in tests.items()
        for who, power in (one.get("powers") or {}).items()
    ]
    head = (
        (_("Tested"), False),
        (_("Claimed instead"), False),
        (_("Excluded"), True),
        (_("Resolved by this panel"), False),
    )
    return [Table(title=_("How often a false claim would be excluded"), head=head, rows=tuple(rows))] if rows else []
