"""The decision: which name, if any, the calibration of a set lets a sequence have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from analysis.outcome import Identification, Reason
from analysis.species.calibration import LocusCalibration, RankRule, Rate, Rule
from analysis.species.evidence import SpeciesDistance
from analysis.species.library import Library
from analysis.species.mixture import Mixture
from analysis.species.rules import Pairs, by_rank, names_rank, names_species, rank_of, stratum_of

GROUP_LIMIT: Final = 12
"""A group of more species than this says nothing; the genus or family is tried instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRate:
    """How often the rule that was applied went wrong on the set itself, with its definition."""

    name: str
    rate: Rate
    definition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What may be said, at which level, why, and the error rates that belong to it."""

    outcome: Identification
    taxon: str | None
    among: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    error_rates: tuple[ErrorRate, ...] = ()


def decide(library: Library, ranked: Sequence[SpeciesDistance], calibration: LocusCalibration | None) -> Decision:
    """Name a species, a group of species, a genus or a family, or none; the first that the calibration allows.

    `ranked` is not empty. Without a calibration nothing is named: no error rate is known.
    """
    if calibration is None:
        reason = Reason(
            code="not-calibrated",
            text="The set is not calibrated for this locus and length: no error rate is known. Run «species validate».",
        )
        return Decision(outcome=Identification.INCONCLUSIVE, taxon=None, reasons=(reason,))
    pairs = [(item.distance, item.species) for item in ranked]
    nearest = library.species[pairs[0][1]]
    several = stratum_of(library, pairs[0][1]) == "several"
    rule = calibration.species_several if several else calibration.species_one
    if rule.usable and nearest.verified and names_species(pairs, rule.distance, rule.gap):
        return _species(nearest.name, pairs, rule, library)
    group = _group(library, pairs, rule)
    if group is not None:
        return group
    return _higher(library, pairs, calibration, _why_no_species(library, pairs, rule))


def mixture_decision(library: Library, mixture: Mixture) -> Decision:
    """Two species in one sequence: which two, or which the two may be."""
    names = [tuple(library.species[number].name for number in pair) for pair in mixture.pairs]
    among = tuple(sorted({name for pair in names for name in pair}))
    both = " + ".join(names[0]) if len(names) == 1 else None
    if mixture.kind == "chimera":
        text = (
            f"The first part fits {names[0][0]}, the part from base {mixture.position} on {names[0][1]}; "
            f"joined they leave {mixture.unexplained} bases over, and no single record fits as well: "
            "a product of two templates."
        )
    else:
        text = (
            f"{mixture.codes} positions hold two bases; {' and '.join(names[0])} together leave "
            f"{mixture.unexplained} positions unexplained."
        )
    reasons = [Reason(code=mixture.kind, text=text)]
    if len(names) > 1:
        reasons.append(
            Reason(
                code="mixture-not-resolved", text=f"{len(names)} pairs of species explain the sequence equally well."
            )
        )
    return Decision(outcome=Identification.MIXTURE, taxon=both, among=among, reasons=tuple(reasons))


def _species(name: str, pairs: Pairs, rule: Rule, library: Library) -> Decision:
    following = (
        f"the next species, {library.species[pairs[1][1]].name}, lies at {pairs[1][0]:.2%}"
        if len(pairs) > 1
        else "no other species is near"
    )
    reason = Reason(
        code="within-species-limit",
        text=f"The nearest record of {name} lies at {pairs[0][0]:.2%}, within the limit of {rule.distance:.2%}; "
        f"{following}, and {rule.gap:.2%} between them is asked for.",
    )
    return Decision(
        outcome=Identification.SPECIES,
        taxon=name,
        among=(name,),
        reasons=(reason,),
        error_rates=_species_rates(rule),
    )


def _group(library: Library, pairs: Pairs, rule: Rule) -> Decision | None:
    """Several species within the gap of each other, near enough for a species: the locus does not tell them apart."""
    nearest = pairs[0][0]
    tied = [species for distance, species in pairs if distance == nearest or distance - nearest < rule.gap]
    if nearest > rule.distance or not 2 <= len(tied) <= GROUP_LIMIT:
        return None
    names = tuple(sorted(library.species[species].name for species in tied))
    reason = Reason(
        code="species-not-resolved",
        text=f"{len(names)} species lie within {rule.gap:.2%} of each other at {nearest:.2%} from the sequence; "
        "this locus does not tell them apart.",
    )
    return Decision(
        outcome=Identification.SPECIES_GROUP,
        taxon=_common_genus(library, tied),
        among=names,
        reasons=(reason,),
        error_rates=_species_rates(rule),
    )


def _common_genus(library: Library, species: Sequence[int]) -> str | None:
    genera = {library.species[number].genus for number in species}
    return genera.pop() if len(genera) == 1 else None


def _why_no_species(library: Library, pairs: Pairs, rule: Rule) -> Reason:
    nearest = library.species[pairs[0][1]]
    if not nearest.verified:
        return Reason(
            code="name-leaves-species-open",
            text=f"The nearest record is named «{nearest.name}», which settles no species.",
        )
    if not rule.usable:
        return Reason(
            code="species-not-safe-here",
            text=f"At this locus and length no rule keeps wrong names for absent species low enough "
            f"({_shown(rule.absent_named)} even at identity and the widest gap).",
        )
    return Reason(
        code="beyond-species-limit",
        text=f"The nearest record ({nearest.name}) lies at {pairs[0][0]:.2%}, beyond the limit of {rule.distance:.2%}: "
        "the true species may be missing from the set.",
    )


def _higher(library: Library, pairs: Pairs, calibration: LocusCalibration, why: Reason) -> Decision:
    for rank, rule, outcome in (
        ("genus", calibration.genus, Identification.GENUS),
        ("family", calibration.family, Identification.FAMILY),
    ):
        ranked = by_rank(library, pairs, rank)
        if rule.usable and names_rank(ranked, rule.distance, rule.gap):
            return Decision(
                outcome=outcome,
                taxon=ranked[0][1],
                among=_members(library, pairs, rank, ranked[0][1]),
                reasons=(why, _rank_reason(rank, ranked, rule)),
                error_rates=_rank_rates(rank, rule),
            )
    genus = calibration.genus
    far = Reason(
        code="beyond-genus-limit",
        text=f"No genus can be named either: the nearest record lies at {pairs[0][0]:.2%}; within {genus.distance:.2%} "
        f"and {genus.gap:.2%} nearer than any other genus is asked for.",
    )
    return Decision(outcome=Identification.INCONCLUSIVE, taxon=None, reasons=(why, far), error_rates=())


def _members(library: Library, pairs: Pairs, rank: str, name: str) -> tuple[str, ...]:
    return tuple(sorted(library.species[s].name for _, s in pairs if rank_of(library, s, rank) == name))


def _rank_reason(rank: str, ranked: Sequence[tuple[float, str]], rule: RankRule) -> Reason:
    return Reason(
        code=f"within-{rank}-limit",
        text=f"The {rank} {ranked[0][1]} lies at {ranked[0][0]:.2%}, within the limit of {rule.distance:.2%}, "
        f"and no other {rank} is within {rule.gap:.2%} of that.",
    )


def _species_rates(rule: Rule) -> tuple[ErrorRate, ...]:
    return (
        ErrorRate(
            name="absent_species_named",
            rate=rule.absent_named,
            definition="leave-one-species-out: absent species that this rule named as another species; "
            "each species counts once",
        ),
        ErrorRate(
            name="present_species_wrong",
            rate=rule.present_wrong,
            definition="leave-one-out: species with several records, one of them taken out, named as a wrong species; "
            "each species counts once",
        ),
        ErrorRate(
            name="present_species_named",
            rate=rule.present_called,
            definition="leave-one-out: species with several records, one of them taken out, named at all; "
            "each species counts once",
        ),
    )


def _rank_rates(rank: str, rule: RankRule) -> tuple[ErrorRate, ...]:
    return (
        ErrorRate(
            name=f"absent_{rank}_named",
            rate=rule.absent_named,
            definition=f"leave-one-{rank}-out: species whose {rank} is absent, given another {rank}; "
            "each species counts once",
        ),
        ErrorRate(
            name=f"present_{rank}_wrong",
            rate=rule.present_wrong,
            definition=f"leave-one-species-out with the {rank} present: species given a wrong {rank}; "
            "each species counts once",
        ),
    )


def _shown(rate: Rate) -> str:
    return f"{rate.count} of {rate.total}"
