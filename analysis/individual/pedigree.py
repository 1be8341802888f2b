"""A claimed pedigree, tested link by link: is a stock bred in captivity over the generations it claims?

Each claim whose animals are typed is tested as a pair or as a single parent (`parentage`). A pedigree of many links
would show some small p by chance alone, so each link is tested at `alpha` divided by the number of links (Bonferroni):
a wholly true pedigree is then excluded with a probability of at most `alpha`. An animal's generation is one more than
that of its lesser parent, founders being 0: «F2» needs two generations on both sides. It is supported only where
every link behind it was tested and none is excluded; «supported» is not proof, for relatives of true parents often
pass too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.errors import InputRefused
from analysis.individual.claims import Claim
from analysis.individual.kinship import ErrorModel
from analysis.individual.panel import Panel
from analysis.individual.parentage import ALPHA, FEWEST_LOCI, ParentageTest, pair_test, parent_test

Genotypes = Mapping[str, npt.NDArray[np.integer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A claim and its test, which is `None` where the animals in `untyped` have no genotype to speak of."""

    claim: Claim
    test: ParentageTest | None
    untyped: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Descent:
    """An animal's claimed generation in captivity, and how far back tested links that are not excluded carry it."""

    animal: str
    generation: int
    supported: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PedigreeTest:
    """All links, each tested at `alpha_each`; `excluded` if any of them is."""

    links: tuple[Link, ...]
    descents: tuple[Descent, ...]
    alpha: float
    alpha_each: float
    excluded: bool


def pedigree_test(
    claims: Sequence[Claim], panel: Panel, genotypes: Genotypes, model: ErrorModel, *, alpha: float = ALPHA
) -> PedigreeTest:
    """Test a pedigree; genotypes are numbers per locus (L,) by animal, -1 where not typed.

    Raises `InputRefused` for a pedigree that cannot be: parents given twice, an animal that is its own ancestor, one
    that is mother here and father there; and where no link can be tested.
    """
    order = _structure(claims)
    testable = [claim for claim in claims if not _untyped(claim, genotypes)]
    if not testable:
        raise InputRefused(
            "No claim of the pedigree can be tested: its animals are not typed together.",
            field="young",
            remedy=f"Type parents and young at {FEWEST_LOCI} loci or more.",
        )
    each = alpha / len(testable)
    links = tuple(_link(claim, panel, genotypes, model, each) for claim in claims)
    return PedigreeTest(
        links=links,
        descents=_descents(order, links),
        alpha=alpha,
        alpha_each=each,
        excluded=any(link.test is not None and link.test.excluded for link in links),
    )


def _link(claim: Claim, panel: Panel, genotypes: Genotypes, model: ErrorModel, alpha: float) -> Link:
    untyped = _untyped(claim, genotypes)
    if untyped:
        return Link(claim=claim, test=None, untyped=untyped)
    young = genotypes[claim.young]
    parents = [genotypes[name] for _, name in claim.parents]
    if len(parents) == 2:
        test = pair_test(panel, young, parents[0], parents[1], model, alpha=alpha)
    else:
        test = parent_test(panel, young, parents[0], model, alpha=alpha)
    return Link(claim=claim, test=test, untyped=())


def _untyped(claim: Claim, genotypes: Genotypes) -> tuple[str, ...]:
    """Animals without a genotype; all of them where they are typed together at too few loci."""
    names = [claim.young, *(name for _, name in claim.parents)]
    missing = tuple(name for name in names if name not in genotypes)
    if missing:
        return missing
    together = np.all([genotypes[name] >= 0 for name in names], axis=0)
    return () if int(together.sum()) >= FEWEST_LOCI else tuple(names)


def _structure(claims: Sequence[Claim]) -> list[Claim]:
    """The claims with ancestors before descendants."""
    by_young: dict[str, Claim] = {}
    kinds: dict[str, str] = {}
    for claim in claims:
        if claim.young in by_young:
            raise InputRefused(
                f"Parents of «{claim.young}» are claimed twice.",
                row=claim.line, field="young", remedy="Keep one line for each young animal.",
            )  # fmt: skip
        by_young[claim.young] = claim
        for kind, name in claim.parents:
            if kinds.setdefault(name, kind) != kind:
                raise InputRefused(
                    f"«{name}» is a {kinds[name]} above and a {kind} here.",
                    row=claim.line, field=kind, remedy="An animal is the one or the other: correct the pedigree.",
                )  # fmt: skip
    order: list[Claim] = []
    placed: set[str] = set()
    waiting = list(by_young.values())
    while waiting:
        ready = [one for one in waiting if all(name in placed or name not in by_young for _, name in one.parents)]
        if not ready:
            raise InputRefused(
                f"«{waiting[0].young}» is its own ancestor, or descends from one that is.",
                row=waiting[0].line, field="young", remedy="Correct the pedigree: it runs in a circle.",
            )  # fmt: skip
        order += ready
        placed |= {one.young for one in ready}
        waiting = [one for one in waiting if one.young not in placed]
    return order


def _descents(order: Sequence[Claim], links: Sequence[Link]) -> tuple[Descent, ...]:
    tests = {link.claim.young: link.test for link in links}
    claimed: dict[str, int] = {}
    supported: dict[str, int] = {}
    for claim in order:
        names = [name for _, name in claim.parents]
        test = tests[claim.young]
        holds = len(names) == 2 and test is not None and not test.excluded
        # One parent alone says nothing about the other side: it may be wild.
        claimed[claim.young] = 1 + min(claimed.get(name, 0) for name in names) if len(names) == 2 else 0
        supported[claim.young] = 1 + min(supported.get(name, 0) for name in names) if holds else 0
    return tuple(
        Descent(animal=claim.young, generation=claimed[claim.young], supported=supported[claim.young])
        for claim in order
    )
