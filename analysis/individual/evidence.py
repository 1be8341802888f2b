"""Is a profile of evidence among the animals of a reference table?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.genotypes.table import GenotypeTable
from analysis.individual.linksearch import LinkProfile, table_of
from analysis.individual.pairs import matching_pairs
from analysis.individual.panel import genotype_numbers, panel_of

LEAST_LOCI = 8
"""Fewer loci may agree by chance between two animals."""


def evidence_row(table: GenotypeTable, loci: Sequence[Mapping[str, Sequence[str]]], *, name: str) -> int | None:
    """The first row of the table's file that agrees with one of the genotypes at every locus that both have, at 8 loci
    or more; None where there is none."""
    profiles = [
        LinkProfile(
            id=str(number),
            seizure="",
            taxon="",
            panel=name,
            genotype={locus: (pair[0], pair[1]) for locus, pair in one.items() if locus in table.loci},
        )
        for number, one in enumerate(loci)
    ]
    known = table_of([one for one in profiles if len(one.genotype) >= LEAST_LOCI], name=name)
    if not len(known):
        return None
    panel = panel_of([known, table])
    pairs = matching_pairs(
        genotype_numbers(panel, table), genotype_numbers(panel, known), least_shared=LEAST_LOCI, least_match=1.0
    )
    return table.lines[min(pair.first for pair in pairs)] if pairs else None
