"""The decision: which name, if any, the calibration of a set lets a sequence have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import floor
from typing import Final

from analysis.outcome import Identification, Reason
from analysis.species.calibration import LocusCalibration, RankRule, Rate, Rule
from analysis.species.confidence import confidence_of
from analysis.species.evidence import SpeciesDistance
from analysis.species.library import Library
from analysis.species.mixture import Mixture
from analysis.species.naming import named_together
from analysis.species.rules import Pairs, by_rank, names_rank, rank_of

_LEFT_OUT: Final = "leave-one-out: species with several records, one of them taken out"


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


def decide(
    library: Library, ranked: Sequence[SpeciesDistance], calibration: LocusCalibration | None, within: float | None
) -> Decision:
    """Name a species, a group of species, a genus or a family, or none; the first that the calibration allows.

    `ranked` is not empty, `within` is the largest distance inside the nearest species (`library.within`). Without a
    calibration nothing is named: no error rate is known.
    """
    if calibration is None:
        reason = Reason(
            code="not-calibrated",
            text="The set is not calibrated for this locus and length: no error rate is known. Run «species validate».",
        )
        return Decision(outcome=Identification.INCONCLUSIVE, taxon=None, reasons=(reason,))
    pairs = [(item.distance, item.species) for item in ranked]
    nearest, rule, fitted = library.species[pairs[0][1]], calibration.species, calibration.confidence
    number, value = (0, 0.0) if fitted is None else named_together(fitted, rule, pairs, within)
    if number == 1 and nearest.verified:
        return _species(nearest.name, pairs, rule, library, value)
    if number > 1:
        return _group(library, pairs, rule, number, value)
    sure = None if fitted is None else confidence_of(fitted, pairs, within)
    return _higher(library, pairs, calibration, _why_no_species(library, pairs, rule, sure))


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


def _species(name: str, pairs: Pairs, rule: Rule, library: Library, value: float) -> Decision:
    near = Reason(
        code="within-species-limit",
        text=f"The nearest record of {name} lies at {pairs[0][0]:.2%}, within the limit of {rule.distance:.2%}; "
        f"{_following(library, pairs, 1)}.",
    )
    sure = Reason(
        code="sure-enough",
        text=f"The confidence is {thousandths(value)}, and {rule.confidence} is asked for: {_shown(rule.absent_named)} "
        "absent species of the set would be named.",
    )
    return Decision(
        outcome=Identification.SPECIES,
        taxon=name,
        among=(name,),
        reasons=(near, sure),
        error_rates=_species_rates(rule),
    )


def _following(library: Library, pairs: Pairs, number: int) -> str:
    if len(pairs) == number:
        return "no other species is near"
    return f"the next species, {library.species[pairs[number][1]].name}, lies at {pairs[number][0]:.2%}"


def thousandths(value: float) -> str:
    """A confidence as it is printed: rounded down, so that none looks as if it reached what it does not."""
    return f"{floor(1000 * value) / 1000:.3f}"


def _group(library: Library, pairs: Pairs, rule: Rule, number: int, value: float) -> Decision:
    """Several species that the locus does not tell apart, but from all others."""
    members = [species for _, species in pairs[:number]]
    names = tuple(sorted(library.species[species].name for species in members))
    reason = Reason(
        code="species-not-resolved",
        text=f"{number} species lie at {pairs[0][0]:.2%} to {pairs[number - 1][0]:.2%} from the sequence, and this "
        f"locus does not tell them apart well enough; {_following(library, pairs, number)}. Taken as one species "
        f"their confidence is {thousandths(value)}, and {rule.group_confidence} is asked for.",
    )
    return Decision(
        outcome=Identification.SPECIES_GROUP,
        taxon=_common_genus(library, members),
        among=names,
        reasons=(reason,),
        error_rates=_group_rates(rule),
    )


def _common_genus(library: Library, species: Sequence[int]) -> str | None:
    genera = {library.species[number].genus for number in species}
    return genera.pop() if len(genera) == 1 else None


def _why_no_species(library: Library, pairs: Pairs, rule: Rule, sure: float | None) -> Reason:
    nearest = library.species[pairs[0][1]]
    if not nearest.verified:
        return Reason(
            code="name-leaves-species-open",
            text=f"The nearest record is named «{nearest.name}», which settles no species.",
        )
    if not rule.usable or sure is None:
        return Reason(
            code="species-not-safe-here",
            text="At this locus and length no confidence keeps wrong names for absent species low enough.",
        )
    if pairs[0][0] > rule.distance:
        return Reason(
            code="beyond-species-limit",
            text=f"The nearest record ({nearest.name}) lies at {pairs[0][0]:.2%}, beyond the limit of "
            f"{rule.distance:.2%}: the true species may be missing from the set.",
        )
    return _why_not_sure(library, pairs, rule, sure)


def _why_not_sure(library: Library, pairs: Pairs, rule: Rule, sure: float) -> Reason:
    nearest, (distance, _) = library.species[pairs[0][1]], pairs[0]
    if len(pairs) > 1 and (pairs[1][0] == distance or pairs[1][0] - distance < rule.gap):
        other = library.species[pairs[1][1]].name
        return Reason(
            code="species-alike",
            text=f"{nearest.name} and {other} lie equally near, at {distance:.2%}; {rule.gap:.2%} between them is "
            "asked for, and no group of species stands apart either.",
        )
    return Reason(
        code="not-sure-enough",
        text=f"The nearest record ({nearest.name}) lies at {distance:.2%}; {_following(library, pairs, 1)}. The "
        f"confidence is {thousandths(sure)}, and {rule.confidence} is asked for: the true species may be missing "
        "from the set.",
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
    return _rates_of_species(rule.absent_named, rule.present_wrong, rule.present_called)


@lru_cache(maxsize=64)
def _rates_of_species(absent_named: Rate, wrong: Rate, named: Rate) -> tuple[ErrorRate, ...]:
    """A set has few rules, and their rates stand in every answer."""
    rates = {
        "absent_species_named": (
            absent_named,
            "leave-one-species-out: absent species that this rule named as another species",
        ),
        "present_species_wrong": (wrong, f"{_LEFT_OUT}, named as a wrong species"),
        "present_species_named": (named, f"{_LEFT_OUT}, named at all"),
    }
    return _rates(rates)


def _group_rates(rule: Rule) -> tuple[ErrorRate, ...]:
    rates = {
        "absent_species_grouped": (
            rule.absent_grouped,
            "leave-one-species-out: absent species for which this rule named a group of others",
        ),
        "present_species_outside": (rule.present_outside, f"{_LEFT_OUT}, given a group that does not hold it"),
        "present_species_grouped": (rule.present_grouped, f"{_LEFT_OUT}, given a group"),
    }
    return _rates(rates)


def _rates(rates: Mapping[str, tuple[Rate, str]]) -> tuple[ErrorRate, ...]:
    return tuple(
        ErrorRate(name=name, rate=rate, definition=f"{words}; each species counts once")
        for name, (rate, words) in rates.items()
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
