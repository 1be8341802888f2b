"""A tested pedigree in words and JSON values."""

from __future__ import annotations

from analysis.canonical import Json
from analysis.individual.pedigree import Descent, Link, PedigreeTest

CAVEAT = (
    "Not excluded is not proven: relatives of the true parents often pass too. What was not typed is not supported; a "
    "generation counts only where both parents are claimed, typed and not excluded."
)


def pedigree_json(found: PedigreeTest) -> list[dict[str, Json]]:
    """A line per claim."""
    descents = {one.animal: one for one in found.descents}
    return [_line(link, descents[link.claim.young], found) for link in found.links]


def pedigree_readable(found: PedigreeTest) -> list[str]:
    """The readable form: the verdict on the whole, then every link."""
    tested = sum(link.test is not None for link in found.links)
    verdict = "the pedigree is excluded" if found.excluded else "the pedigree is not excluded"
    each = f"each at {found.alpha_each:.2g} ({found.alpha:g} for the whole)"
    lines = [f"{verdict}: {tested} of {len(found.links)} claims tested, {each}"]
    descents = {one.animal: one for one in found.descents}
    for link in found.links:
        own = descents[link.claim.young]
        parents = ", ".join(f"{kind} {name}" for kind, name in link.claim.parents)
        lines.append(
            f"{link.claim.young} ({parents}): {_said(link)}; claimed generation F{own.generation}, supported "
            f"F{own.supported}"
        )
    return [*lines, CAVEAT]


def _said(link: Link) -> str:
    if link.test is None:
        return f"not tested, too little typed: {', '.join(link.untyped)}"
    test = link.test
    words = "EXCLUDED" if test.excluded else "not excluded"
    return (
        f"{words}, {test.contradictions} contradictions at {test.loci} loci, {test.expected:.1f} expected of typing "
        f"errors, p {test.p:.2g}; {test.power:.0%} of unrelated claimants would be excluded"
    )


def _line(link: Link, own: Descent, found: PedigreeTest) -> dict[str, Json]:
    test = link.test
    values: dict[str, Json] = {
        "young": link.claim.young,
        "mother": link.claim.mother or None,
        "father": link.claim.father or None,
        "tested": test is not None,
        "untyped": list(link.untyped),
        "excluded": None if test is None else test.excluded,
        "claimed_generation": own.generation,
        "supported_generation": own.supported,
        "alpha": found.alpha_each,
        "pedigree_excluded": found.excluded,
    }
    if test is not None:
        values |= {
            "loci": test.loci,
            "contradictions": test.contradictions,
            "at": list(test.at),
            "expected": float(f"{test.expected:.6g}"),
            "p": float(f"{test.p:.6g}"),
            "power": float(f"{test.power:.6g}"),
        }
    return values
