"""Links between seizures: profiles of evidence in, evidence per pair of seizures out.

Within one species and one marker panel only. Profiles of one animal within a seizure are merged first; then every
animal is compared with every animal of the other seizures, and what is found is added up per pair of seizures
(`analysis.individual.links`) beside what chance lets expect for just these pairs and their typed loci
(`analysis.individual.chance`). Pairs of relatives leave no trace but their number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from analysis.errors import InputRefused
from analysis.genotypes.alleles import allele_key
from analysis.genotypes.table import MISSING, GenotypeTable
from analysis.individual.chance import KIN, ChanceRates, chance_rates
from analysis.individual.elsewhere import elsewhere_notices
from analysis.individual.kinship import ErrorModel, LocusTables, locus_tables
from analysis.individual.linkpairs import Pairs, compared, found_pairs, merged
from analysis.individual.linkrules import LinkRule
from analysis.individual.links import Evidence, direct_bound, evidence_of
from analysis.individual.panel import genotype_numbers, panel_of
from analysis.inputs import Progress, no_progress

METHOD = "individual.links"
VERSION = "1.0"
CITATION = "Wasser et al. 2022, Nat. Hum. Behav. 6: 371-382; Balding & Nichols 1994, Forensic Sci. Int. 64: 125-140"
MOST_SEIZURES = 2_000
Genotype = Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkProfile:
    """A profile of evidence: its name, the seizure it belongs to, species, marker panel, alleles by locus."""

    id: str
    seizure: str
    taxon: str
    panel: str
    genotype: Genotype


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectMatch:
    """One animal in two seizures, with its numbers."""

    a: str
    b: str
    shared_loci: int
    matching_loci: int
    log10_lr: float
    log10_over_siblings: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SeizurePair:
    """Two seizures that were compared, `first` before `second` by name. `animals` are those of each that took part."""

    first: str
    second: str
    taxon: str
    panel: str
    loci: int
    animals: tuple[int, int]
    evidence: Evidence
    matches: tuple[DirectMatch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupResult:
    """One species and panel: what was compared, what was found in all, and what chance lets expect in all."""

    taxon: str
    panel: str
    loci: tuple[str, ...]
    frequencies: str
    theta: float
    profiles: int
    animals: int
    merged: tuple[tuple[str, ...], ...]
    left_out: tuple[tuple[str, str], ...]
    pairs_compared: int
    direct_log10: float
    rates: tuple[ChanceRates, ...]
    observed: tuple[int, ...]
    expected: tuple[float, ...]
    direct: int
    direct_expected: float
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSearchResult:
    """Groups, and every pair of seizures compared, strongest first. `budget`: chance links expected at most."""

    groups: tuple[GroupResult, ...]
    pairs: tuple[SeizurePair, ...]
    seizure_pairs: int
    budget: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """The profiles of one species and panel, ready to be compared."""

    key: tuple[str, str]
    table: GenotypeTable
    numbers: npt.NDArray[np.int32]
    units: tuple[str, ...]
    tables: Sequence[LocusTables]
    needed: int
    theta: float
    left_out: tuple[tuple[str, str], ...]
    frequencies: str
    notices: tuple[str, ...]


@dataclass(slots=True)
class _Told:
    groups: list[GroupResult] = field(default_factory=list)
    pairs: list[SeizurePair] = field(default_factory=list)


def link_search(
    profiles: Sequence[LinkProfile],
    rule: LinkRule,
    *,
    reference: Mapping[str, GenotypeTable] | None = None,
    theta: float | None = None,
    seed: int = 1,
    progress: Progress = no_progress,
) -> LinkSearchResult:
    """Compare the profiles of different seizures.

    `reference` gives tables by species whose allele frequencies are used; else they are those of the compared profiles.
    `theta` takes the place of the rule's for every species. The answer depends on neither the order nor the names of
    seizures, but for the order in which they are listed.

    Raises `InputRefused` where no two seizures can be compared, an identifier stands twice, or there are too many.
    """
    _profiles_check(profiles)
    ready = [_group(key, rows, rule, reference or {}, theta) for key, rows in _grouped(profiles)]
    prepared = [(group, _animals(group, rule, len(ready), progress)) for group in ready]
    comparisons = sum(len(_unit_pairs(group.units, animals)) for group, animals in prepared)
    if not comparisons:
        raise InputRefused(
            "There are no two seizures with profiles of one species and panel that are typed well enough.",
            field="profiles",
            remedy=f"Two profiles must share {rule.least_shared_loci} typed loci or more.",
        )
    told = _Told()
    for group, animals in prepared:
        _compare(told, group, animals, rule, groups=len(ready), comparisons=comparisons, seed=seed, progress=progress)
    order = sorted(told.pairs, key=lambda one: (-one.evidence.similarity, one.first, one.second, one.taxon, one.panel))
    return LinkSearchResult(
        groups=tuple(told.groups), pairs=tuple(order), seizure_pairs=comparisons, budget=2 * rule.budget
    )


def _profiles_check(profiles: Sequence[LinkProfile]) -> None:
    name, times = Counter(one.id for one in profiles).most_common(1)[0] if profiles else ("", 0)
    if times > 1:
        raise InputRefused(f"«{name}» stands twice.", field="profiles", remedy="Give each profile once.")
    seizures = len({one.seizure for one in profiles})
    if seizures > MOST_SEIZURES:
        raise InputRefused(
            f"{seizures} seizures are more than {MOST_SEIZURES}.", field="profiles", remedy="Choose fewer seizures."
        )


def _grouped(profiles: Iterable[LinkProfile]) -> list[tuple[tuple[str, str], list[LinkProfile]]]:
    groups: dict[tuple[str, str], list[LinkProfile]] = {}
    for one in profiles:
        groups.setdefault((one.taxon, one.panel), []).append(one)
    return [(key, sorted(groups[key], key=lambda one: (one.seizure, one.id))) for key in sorted(groups)]


def _group(
    key: tuple[str, str],
    rows: Sequence[LinkProfile],
    rule: LinkRule,
    reference: Mapping[str, GenotypeTable],
    theta: float | None,
) -> _Group:
    loci = len({locus for one in rows for locus in one.genotype})
    needed = rule.shared_needed(loci)
    typed = [one for one in rows if len(one.genotype) >= needed]
    left_out = tuple(
        (one.id, f"typed at {len(one.genotype)} loci, {needed} are needed")
        for one in rows
        if len(one.genotype) < needed
    )
    table = table_of(typed, name=f"{key[0]}, {key[1]}")
    own = reference.get(key[0])
    fits = own is not None and set(table.loci) <= set(own.loci)
    panel = panel_of([table], frequencies_from=own if fits else None) if typed else None
    notices = []
    if own is not None and not fits:
        notices.append(f"«{own.name}» lacks loci of the panel; the frequencies are those of the profiles compared.")
    elif own is None and typed:
        notices.append("The frequencies are those of the profiles compared, relatives among them included.")
    elif own is not None:
        notices += elsewhere_notices([(one.seizure, one.genotype) for one in typed], own)
    model = ErrorModel(
        theta=rule.theta_of(key[0]) if theta is None else theta, dropout=rule.dropout, miscall=rule.miscall
    )
    return _Group(
        key=key,
        table=table,
        numbers=genotype_numbers(panel, table) if panel else np.empty((0, 0), np.int32),
        units=tuple(one.seizure for one in typed),
        tables=[locus_tables(p, model) for p in panel.frequencies] if panel else [],
        needed=needed,
        theta=model.theta,
        left_out=left_out,
        frequencies=own.name if own is not None and fits else "",
        notices=tuple(notices),
    )


def table_of(profiles: Sequence[LinkProfile], *, name: str) -> GenotypeTable:
    """Profiles as a table: loci in order of name, a locus that a profile lacks not typed."""
    loci = tuple(sorted({locus for one in profiles for locus in one.genotype}))
    codes = np.full((len(loci), len(profiles), 2), MISSING, np.int16)
    alleles: list[tuple[str, ...]] = []
    for place, locus in enumerate(loci):
        found = {allele for one in profiles for allele in one.genotype.get(locus, ())}
        names = tuple(sorted(found, key=allele_key))
        code = {allele: number for number, allele in enumerate(names)}
        for row, one in enumerate(profiles):
            if locus in one.genotype:
                codes[place, row] = sorted(code[allele] for allele in one.genotype[locus])
        alleles.append(names)
    return GenotypeTable(
        name=name,
        ids=tuple(one.id for one in profiles),
        loci=loci,
        alleles=tuple(alleles),
        codes=codes,
        lines=tuple(range(2, len(profiles) + 2)),
    )


def _animals(group: _Group, rule: LinkRule, groups: int, progress: Progress) -> list[list[int]]:
    """Rows of each animal within its seizure, the best typed first: profiles of one animal are one."""
    if not group.units:
        return []
    return merged(
        group.numbers,
        group.units,
        [table.log_ratio("identity") for table in group.tables],
        [table.log_ratio("full_siblings") for table in group.tables],
        needed=group.needed,
        least=direct_bound(groups * len(group.units) ** 2 // 2, rule),
        over=rule.direct_over_siblings_log10,
        progress=progress,
    )


def _unit_pairs(units: Sequence[str], animals: Sequence[Sequence[int]]) -> list[tuple[str, str]]:
    names = sorted({units[rows[0]] for rows in animals})
    return [(first, second) for place, first in enumerate(names) for second in names[place + 1 :]]


def _compare(
    told: _Told,
    group: _Group,
    animals: Sequence[Sequence[int]],
    rule: LinkRule,
    *,
    groups: int,
    comparisons: int,
    seed: int,
    progress: Progress,
) -> None:
    chosen = [rows[0] for rows in animals]
    numbers, units = group.numbers[:, chosen], [group.units[row] for row in chosen]
    names = sorted(set(units))
    counts = compared(numbers, [names.index(unit) for unit in units], needed=group.needed, progress=progress)
    bound = direct_bound(groups * counts.pairs, rule)
    rates = (
        chance_rates(
            group.tables,
            counts.masks,
            bins=rule.bins,
            direct_log10=bound,
            over_siblings_log10=rule.direct_over_siblings_log10,
            draws=rule.draws,
            seed=seed,
            progress=progress,
        )
        if len(names) > 1
        else {}
    )
    logs = {name: [table.log_ratio(name) for table in group.tables] for name in ("identity", *KIN)}
    pairs = found_pairs(numbers, units, logs, rule, needed=group.needed, direct=bound, progress=progress)
    ids = [group.table.ids[row] for row in chosen]
    made = [
        _pair(group, rule, (first, second), names, Counter(units), counts.of, rates, pairs, ids, comparisons)
        for first, second in _unit_pairs(group.units, animals)
    ]
    told.pairs += made
    told.groups.append(_told(group, animals, made, counts.pairs, bound, rates))


def _pair(
    group: _Group,
    rule: LinkRule,
    key: tuple[str, str],
    names: Sequence[str],
    sizes: Mapping[str, int],
    counts: Mapping[tuple[int, int], Mapping[int, int]],
    rates: Mapping[int, ChanceRates],
    found: Mapping[tuple[str, str], Pairs],
    ids: Sequence[str],
    comparisons: int,
) -> SeizurePair:
    strata = counts.get((names.index(key[0]), names.index(key[1])), {})
    hits = found.get(key, Pairs(bins=len(rule.bins)))
    return SeizurePair(
        first=key[0],
        second=key[1],
        taxon=group.key[0],
        panel=group.key[1],
        loci=len(group.table.loci),
        animals=(sizes[key[0]], sizes[key[1]]),
        evidence=_evidence(hits, strata, rates, rule, comparisons),
        matches=_matches(hits, ids),
    )


def _evidence(
    hits: Pairs, strata: Mapping[int, int], rates: Mapping[int, ChanceRates], rule: LinkRule, comparisons: int
) -> Evidence:
    """What was found beside what chance lets expect; `strata` are the pairs compared, by loci typed in both."""
    bins = range(len(rule.bins))
    return evidence_of(
        pairs_compared=sum(strata.values()),
        direct=len(hits.direct),
        direct_expected=sum(many * rates[shared].direct for shared, many in strata.items()),
        observed=hits.kin,
        expected=[sum(many * rates[shared].kin[place] for shared, many in strata.items()) for place in bins],
        rule=rule,
        comparisons=comparisons,
    )


def _matches(hits: Pairs, ids: Sequence[str]) -> tuple[DirectMatch, ...]:
    return tuple(
        DirectMatch(
            a=ids[one.a],
            b=ids[one.b],
            shared_loci=one.shared,
            matching_loci=one.matching,
            log10_lr=one.identity,
            log10_over_siblings=one.over_siblings,
        )
        for one in hits.direct
    )


def _told(
    group: _Group,
    animals: Sequence[Sequence[int]],
    pairs: Sequence[SeizurePair],
    compared_pairs: int,
    bound: float,
    rates: Mapping[int, ChanceRates],
) -> GroupResult:
    ids = group.table.ids
    return GroupResult(
        taxon=group.key[0],
        panel=group.key[1],
        loci=group.table.loci,
        frequencies=group.frequencies,
        theta=group.theta,
        profiles=len(group.units),
        animals=len(animals),
        merged=tuple(tuple(ids[row] for row in rows) for rows in animals if len(rows) > 1),
        left_out=group.left_out,
        pairs_compared=compared_pairs,
        direct_log10=bound,
        rates=tuple(rates[shared] for shared in sorted(rates)),
        observed=tuple(sum(column) for column in zip(*(one.evidence.observed for one in pairs), strict=True)),
        expected=tuple(sum(column) for column in zip(*(one.evidence.expected for one in pairs), strict=True)),
        direct=sum(one.evidence.direct for one in pairs),
        direct_expected=sum(one.evidence.direct_expected for one in pairs),
        notices=group.notices,
    )
