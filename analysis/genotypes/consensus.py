"""One genotype from repeated typings, with the dropout and false-allele rates the repeats show.

The multi-tube rule (Taberlet et al. 1996, Nucleic Acids Res. 24: 3189-3194): an allele is accepted when it was seen
in two runs, a homozygote when it was seen alone in three. Rates follow Broquet & Petit (2004, Mol. Ecol. 13:
3601-3608): dropout is counted over typed runs of consensus heterozygotes, false alleles over all typed runs of
consensus genotypes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.errors import InputRefused
from analysis.genotypes.table import MISSING, Codes, GenotypeTable
from analysis.statistics import binomial_interval


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsensusRule:
    """In how many runs an allele, and a homozygote, must be seen."""

    allele_runs: int = 2
    homozygote_runs: int = 3

    def __post_init__(self) -> None:
        if not 1 <= self.allele_runs <= self.homozygote_runs:
            raise InputRefused(
                f"A rule of {self.allele_runs} and {self.homozygote_runs} runs.",
                field="allele_runs",
                remedy="Ask for one run or more, and for a homozygote no fewer than for an allele.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class LocusRates:
    """Of `heterozygous_runs` of accepted heterozygotes `dropouts` showed one allele; of `runs` of accepted genotypes
    `false_alleles` showed an allele that is not in the consensus. `undecided` samples reached no consensus."""

    locus: str
    runs: int
    heterozygous_runs: int
    dropouts: int
    false_alleles: int
    undecided: int

    @property
    def dropout_interval(self) -> tuple[float, float]:
        """Exact 95 % interval of the dropout rate."""
        return binomial_interval(self.dropouts, self.heterozygous_runs)

    @property
    def false_allele_interval(self) -> tuple[float, float]:
        """Exact 95 % interval of the false-allele rate."""
        return binomial_interval(self.false_alleles, self.runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consensus:
    """One row per sample, untyped where the runs do not decide; rates per locus; samples with three or more accepted
    alleles at a locus (mixed, or two animals) as (sample, locus)."""

    table: GenotypeTable
    rates: tuple[LocusRates, ...]
    mixed: tuple[tuple[str, str], ...]


def consensus(runs: GenotypeTable, sample_column: str, rule: ConsensusRule | None = None) -> Consensus:
    """Join the runs of a table, each a row with an identifier of its own, by the sample they name."""
    rule = rule or ConsensusRule()
    names = runs.columns[sample_column]
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        rows.setdefault(name, []).append(row)
    codes = np.full((len(runs.loci), len(rows), 2), MISSING, dtype=np.int16)
    mixed: list[tuple[str, str]] = []
    rates = []
    for locus, locus_name in enumerate(runs.loci):
        found = _Counts()
        for place, (name, own) in enumerate(rows.items()):
            genotype = _accepted(runs.codes[locus, own], rule)
            if genotype is not None and len(genotype) > 2:
                mixed.append((name, locus_name))
                genotype = None
            found.add(runs.codes[locus, own], genotype)
            if genotype is not None:
                codes[locus, place] = sorted((genotype * 2)[:2])
        rates.append(found.rates(locus_name))
    table = GenotypeTable(
        name=runs.name,
        ids=tuple(rows),
        loci=runs.loci,
        alleles=runs.alleles,
        codes=codes,
        lines=tuple(runs.lines[own[0]] for own in rows.values()),
        columns={column: tuple(cells[own[0]] for own in rows.values()) for column, cells in runs.columns.items()},
        notices=(*runs.notices, _joined(len(runs), len(rows))),
    )
    return Consensus(table=table, rates=tuple(rates), mixed=tuple(mixed))


def _accepted(pairs: Codes, rule: ConsensusRule) -> list[int] | None:
    """Alleles seen often enough, or `None` where the runs do not decide."""
    typed = [set(pair.tolist()) for pair in pairs if pair[0] != MISSING]
    seen = Counter(allele for alleles in typed for allele in alleles)
    alleles = sorted(allele for allele, count in seen.items() if count >= rule.allele_runs)
    if len(alleles) >= 2:
        return alleles
    alone = sum(alleles == [next(iter(found))] for found in typed if len(found) == 1)
    # Where another allele was seen once, enough runs of the homozygote outvote it.
    if len(alleles) == 1 and alone >= rule.homozygote_runs:
        return alleles
    return None


class _Counts:
    def __init__(self) -> None:
        self._runs = self._het = self._dropped = self._false = self._undecided = 0

    def add(self, pairs: Codes, genotype: Sequence[int] | None) -> None:
        typed = [set(pair.tolist()) for pair in pairs if pair[0] != MISSING]
        if genotype is None:
            self._undecided += bool(typed)
            return
        self._runs += len(typed)
        self._false += sum(bool(alleles - set(genotype)) for alleles in typed)
        if len(genotype) == 2:
            self._het += len(typed)
            self._dropped += sum(len(alleles) == 1 and alleles <= set(genotype) for alleles in typed)

    def rates(self, locus: str) -> LocusRates:
        return LocusRates(
            locus=locus,
            runs=self._runs,
            heterozygous_runs=self._het,
            dropouts=self._dropped,
            false_alleles=self._false,
            undecided=self._undecided,
        )


def _joined(runs: int, samples: int) -> str:
    typed = "1 run was" if runs == 1 else f"{runs} runs were"
    return f"{typed} joined into {samples} sample{'' if samples == 1 else 's'}."
