"""A claimed pedigree, tested link by link: is a stock bred in captivity over the generations it claims?

A claim whose animals are typed is tested as a pair or as a single parent (`parentage`); where a claimed pair is not
typed together, each parent that is typed is tested alone. A pedigree of many tests would show some small p by chance
alone, so each test is made at `alpha` divided by their number (Bonferroni), which does not depend on how they come
out: a wholly true pedigree is then excluded with a probability of at most `alpha`. An animal's generation is one more
than that of its lesser parent, founders being 0: «F2» needs two generations on both sides. It is supported only where
every link behind it was tested as a pair and none is excluded; «supported» is not proof, for relatives of true parents
often pass too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from analysis.errors import InputRefused
from analysis.genotypes.table import MISSING, GenotypeTable
from analysis.individual.claims import Claim
from analysis.individual.kinship import ErrorModel
from analysis.individual.panel import RESOLVED, Panel, genotype_numbers, panel_of
from analysis.individual.parentage import ALPHA, FEWEST_LOCI, Mendel, ParentageTest, alpha_check
from analysis.individual.pedigree_shape import claims_in_order, names_check
from analysis.inputs import Progress, no_progress

Genotypes = Mapping[str, npt.NDArray[np.integer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A claim and its tests, by what is tested: "pair", or "mother", "father" alone.

    `untyped` have no genotype to speak of. Of an excluded pair, `apart` tells of each parent alone whether it can be
    one; that is no part of the decision. `alike` are animals of the claim that show one genotype.
    """

    claim: Claim
    tests: Mapping[str, ParentageTest]
    untyped: tuple[str, ...]
    apart: Mapping[str, ParentageTest] = field(default_factory=dict)
    alike: tuple[tuple[str, str], ...] = ()

    @property
    def excluded(self) -> bool:
        """Whether a test of it is."""
        return any(test.excluded for test in self.tests.values())

    @property
    def whole(self) -> bool:
        """Whether everything claimed was tested."""
        return "pair" in self.tests or len(self.tests) == len(self.claim.parents)

    @property
    def broken(self) -> tuple[str, ...]:
        """Kinds of the parents that cannot be: those excluded alone, or both of a pair that only fails together."""
        alone = [kind for kind, test in (self.apart or self.tests).items() if kind != "pair" and test.excluded]
        return tuple(alone) or (tuple(kind for kind, _ in self.claim.parents) if self.excluded else ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Descent:
    """An animal's claimed generation in captivity, and how far back tested links that are not excluded carry it."""

    animal: str
    generation: int
    supported: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PedigreeTest:
    """All links, with so many `tests`, each at `alpha_each`; `excluded` if any of them is.

    `first` is the excluded link that lies furthest back: nearest to the founders, then first in the table.
    `not_resolved` are false claims that the panel would exclude in fewer than 80 % of cases, each with the smallest
    share of all tests.
    """

    links: tuple[Link, ...]
    descents: tuple[Descent, ...]
    alpha: float
    alpha_each: float
    tests: int
    excluded: bool
    first: Link | None
    not_resolved: Mapping[str, float]

    @property
    def tested(self) -> int:
        """Claims of which something was tested."""
        return sum(bool(link.tests) for link in self.links)


def pedigree_of(
    table: GenotypeTable,
    claims: Sequence[Claim],
    *,
    frequencies: GenotypeTable | None,
    model: ErrorModel,
    alpha: float = ALPHA,
    file: str = "",
    progress: Progress = no_progress,
) -> tuple[PedigreeTest, Panel]:
    """Test the claims of a file among the animals of a table: the one door of command and job.

    Raises `InputRefused` as `pedigree_test` does, and for an animal that is not in the table and not stated as untyped.
    """
    names_check(claims, table, file)
    panel = panel_of([table], frequencies_from=frequencies)
    numbers = genotype_numbers(panel, table)
    genotypes = {name: numbers[:, row] for row, name in enumerate(table.ids)}
    return pedigree_test(claims, panel, genotypes, model, alpha=alpha, file=file, progress=progress), panel


def pedigree_test(
    claims: Sequence[Claim],
    panel: Panel,
    genotypes: Genotypes,
    model: ErrorModel,
    *,
    alpha: float = ALPHA,
    file: str = "",
    progress: Progress = no_progress,
) -> PedigreeTest:
    """Test a pedigree; genotypes are numbers per locus (L,) by animal, -1 where not typed.

    Raises `InputRefused` for a pedigree that cannot be: parents given twice, an animal that is its own ancestor, one
    that is mother here and father there; and where no link can be tested.
    """
    alpha_check(alpha)
    order = claims_in_order(claims, file)
    plans = {claim.young: _plan(claim, genotypes) for claim in claims}
    tests = sum(map(len, plans.values()))
    if not tests:
        raise InputRefused(
            "No claim of the pedigree can be tested: its animals are not typed together.",
            file=file or None,
            field="young",
            remedy=f"Type parents and young at {FEWEST_LOCI} loci or more.",
        )
    mendel, each = Mendel(panel, model), alpha / tests
    by_young = {}
    for place, claim in enumerate(claims):
        progress(place / len(claims), f"testing {claim.young}")
        by_young[claim.young] = _link(claim, plans[claim.young], genotypes, mendel, each)
    return PedigreeTest(
        links=tuple(by_young[claim.young] for claim in claims),
        descents=_descents(order, by_young),
        alpha=alpha,
        alpha_each=each,
        tests=tests,
        excluded=any(link.excluded for link in by_young.values()),
        first=next((by_young[claim.young] for claim in order if by_young[claim.young].excluded), None),
        not_resolved=not_resolved([test for link in by_young.values() for test in link.tests.values()]),
    )


def not_resolved(tests: Sequence[ParentageTest]) -> dict[str, float]:
    """False claims that are excluded too seldom, with the smallest share of these tests."""
    least: dict[str, float] = {}
    for test in tests:
        for who, power in test.powers.items():
            least[who] = min(power, least.get(who, 1.0))
    return {who: power for who, power in least.items() if power < RESOLVED}


def _plan(claim: Claim, genotypes: Genotypes) -> tuple[str, ...]:
    """What is tested of a claim, decided by what is typed alone: the pair, or each parent that is typed."""
    kinds = tuple(kind for kind, _ in claim.parents)
    if len(kinds) == 2 and _together(genotypes, [name for _, name in claim.animals]) >= FEWEST_LOCI:
        return ("pair",)
    return tuple(kind for kind, name in claim.parents if _together(genotypes, [claim.young, name]) >= FEWEST_LOCI)


def _together(genotypes: Genotypes, names: Sequence[str]) -> int:
    """Loci at which all are typed."""
    if any(name not in genotypes for name in names):
        return 0
    return int(np.all([genotypes[name] != MISSING for name in names], axis=0).sum())


def _link(claim: Claim, plan: tuple[str, ...], genotypes: Genotypes, mendel: Mendel, alpha: float) -> Link:
    def one(kind: str) -> ParentageTest:
        if kind == "pair":
            names = [genotypes[name] for _, name in claim.animals]
            return mendel.pair(*names, alpha=alpha)
        return mendel.parent(genotypes[claim.young], genotypes[dict(claim.parents)[kind]], alpha=alpha)

    tests = {kind: one(kind) for kind in plan}
    apart = [kind for kind, _ in claim.parents] if any(test.excluded for test in tests.values()) else []
    return Link(
        claim=claim,
        tests=tests,
        untyped=tuple(name for _, name in claim.animals if _together(genotypes, [name]) < FEWEST_LOCI),
        apart={kind: one(kind) for kind in apart} if "pair" in tests else {},
        alike=_alike(claim, genotypes),
    )


def _alike(claim: Claim, genotypes: Genotypes) -> tuple[tuple[str, str], ...]:
    """Pairs of a claim that show one genotype at every locus typed in both, at eight or more."""
    names = [name for _, name in claim.animals]
    found = []
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            if _together(genotypes, [one, other]) >= FEWEST_LOCI:
                a, b = genotypes[one], genotypes[other]
                both = (a != MISSING) & (b != MISSING)
                if bool((a[both] == b[both]).all()):
                    found.append((one, other))
    return tuple(found)


def _descents(order: Sequence[Claim], links: Mapping[str, Link]) -> tuple[Descent, ...]:
    claimed: dict[str, int] = {}
    supported: dict[str, int] = {}
    for claim in order:
        names = [name for _, name in claim.parents]
        link = links[claim.young]
        holds = "pair" in link.tests and not link.excluded
        # One parent alone says nothing about the other side: it may be wild.
        claimed[claim.young] = 1 + min(claimed.get(name, 0) for name in names) if len(names) == 2 else 0
        supported[claim.young] = 1 + min(supported.get(name, 0) for name in names) if holds else 0
    return tuple(
        Descent(animal=claim.young, generation=claimed[claim.young], supported=supported[claim.young])
        for claim in order
    )
