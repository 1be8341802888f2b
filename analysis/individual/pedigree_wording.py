"""A tested pedigree in words and JSON values: the same on the command line and in a result."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.canonical import Json
from analysis.individual.parentage import ParentageTest
from analysis.individual.pedigree import Descent, Link, PedigreeTest

CAVEATS = (
    (
        "Not excluded is not proven: relatives of the true parents often pass too. What was not typed is not "
        "supported, and a generation counts only where both parents are claimed, typed together and not excluded."
    ),
    "A few contradictions may be dropped or misread alleles or a mutation; how many are to be expected is stated.",
    "One parent and young look alike whichever is the older: the direction of a single claim is not tested.",
)
WHO_WORDS: Mapping[str, str] = {
    "unrelated": "unrelated animals",
    "one_unrelated": "one true parent and an unrelated animal",
    "one_sibling": "one true parent and a full sibling of the other",
    "sibling": "a full sibling of the one true parent",
    "young_sibling": "a full sibling of the young as its parent",
}


def pedigree_json(found: PedigreeTest) -> list[dict[str, Json]]:
    """A line per claim."""
    descents = {one.animal: one for one in found.descents}
    return [_line(link, descents[link.claim.young], found) for link in found.links]


def pedigree_readable(found: PedigreeTest) -> list[str]:
    """The readable form: the verdict on the whole, then every link."""
    descents = {one.animal: descent_words(one) for one in found.descents}
    lines = [
        verdict_words(found),
        *(
            f"{link.claim.young} ({parents_words(link)}): {said_words(link)}; {descents[link.claim.young]}"
            for link in found.links
        ),
        *resolution_words(found),
        *CAVEATS,
    ]
    return [*lines, *(words for link in found.links for words in alike_words(link))]


def verdict_words(found: PedigreeTest) -> str:
    """The verdict on the whole, with what breaks first and the level all tests share."""
    share = (
        f"{found.tested} of {len(found.links)} claims tested in {found.tests} tests, each at {found.alpha_each:.2g} "
        f"({found.alpha:g} for the whole)"
    )
    if found.first is None:
        return f"the pedigree is not excluded: {share}"
    first = found.first.claim.young
    return f"the pedigree is excluded, it breaks first at {first} ({parents_words(found.first)}): {share}"


def parents_words(link: Link) -> str:
    """Who is claimed."""
    return ", ".join(f"{kind} {name}" for kind, name in link.claim.parents)


def descent_words(one: Descent) -> str:
    """Generations claimed and supported."""
    return f"claimed generation F{one.generation}, supported F{one.supported}"


def said_words(link: Link) -> str:
    """What was found of one claim."""
    if not link.tests:
        return f"not tested, too little typed: {', '.join(link.untyped) or 'no loci together'}"
    parts = [_test_words(link, kind, test) for kind, test in link.tests.items()]
    if link.apart:
        named = dict(link.claim.parents)
        alone = ", ".join(
            f"{named[kind]} {'EXCLUDED' if test.excluded else 'not excluded'}" for kind, test in link.apart.items()
        )
        parts.append(f"alone: {alone}")
    if not link.whole:
        parts.append(f"the other parent is not typed enough ({', '.join(link.untyped) or 'no loci together'})")
    return "; ".join(parts)


def resolution_words(found: PedigreeTest) -> list[str]:
    """Which false claims the panel would miss."""
    return [
        f"NOT RESOLVED by this panel: {WHO_WORDS[who]} would be excluded in {power:.0%} of cases only"
        for who, power in found.not_resolved.items()
    ]


def alike_words(link: Link) -> list[str]:
    """Animals of a claim that show one genotype."""
    return [
        f"{one} and {other} show the same genotype at every locus typed in both: one sample twice?"
        for one, other in link.alike
    ]


def test_json(test: ParentageTest) -> dict[str, Json]:
    """A test as values."""
    return {
        "loci": test.loci,
        "contradictions": test.contradictions,
        "at": list(test.at),
        "expected": float(f"{test.expected:.6g}"),
        "p": float(f"{test.p:.6g}"),
        "power": float(f"{test.power:.6g}"),
        "powers": {who: float(f"{power:.6g}") for who, power in test.powers.items()},
        "excluded": test.excluded,
    }


def _test_words(link: Link, kind: str, test: ParentageTest) -> str:
    who = "" if kind == "pair" or len(link.claim.parents) == 1 else f"{dict(link.claim.parents)[kind]} alone "
    words = "EXCLUDED" if test.excluded else "not excluded"
    return (
        f"{who}{words}, {test.contradictions} contradictions at {test.loci} loci, {test.expected:.1f} expected of "
        f"typing errors, p {test.p:.2g}; {test.power:.0%} of unrelated claimants would be excluded"
    )


def _line(link: Link, own: Descent, found: PedigreeTest) -> dict[str, Json]:
    values: dict[str, Json] = {
        "young": link.claim.young,
        "mother": link.claim.mother or None,
        "father": link.claim.father or None,
        "tested": bool(link.tests),
        "untyped": list(link.untyped),
        "excluded": link.excluded if link.tests else None,
        "broken": list(link.broken),
        "tests": {kind: test_json(test) for kind, test in link.tests.items()},
        "apart": {kind: test_json(test) for kind, test in link.apart.items()},
        "alike": [list(pair) for pair in link.alike],
        "claimed_generation": own.generation,
        "supported_generation": own.supported,
        "alpha": found.alpha_each,
        "pedigree_excluded": found.excluded,
    }
    if len(link.tests) == 1:
        values |= test_json(next(iter(link.tests.values())))
    return values
