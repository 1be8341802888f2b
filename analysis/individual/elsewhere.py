"""Seizures whose alleles the frequencies do not know: animals of one other region look alike without being kin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from analysis.genotypes.table import GenotypeTable

FEWEST = 3
SHARE = 20
"""Told from three unknown copies and one in twenty on: by the first a rare allele, by the second a typing error stays
untold. Set by judgement [M]."""


def elsewhere_notices(
    profiles: Iterable[tuple[str, Mapping[str, tuple[str, str]]]], frequencies: GenotypeTable
) -> list[str]:
    """A sentence where seizures hold alleles the frequencies do not, none otherwise; `profiles` are seizure and
    genotype, whose loci the frequencies must have."""
    known = dict(zip(frequencies.loci, map(frozenset, frequencies.alleles), strict=True))
    copies: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for seizure, genotype in profiles:
        copies[seizure] += 2 * len(genotype)
        unknown[seizure] += sum(allele not in known[locus] for locus, pair in genotype.items() for allele in pair)
    odd = sum(unknown[one] >= FEWEST and unknown[one] * SHARE >= copies[one] for one in copies)
    words = (
        f"In {odd} of {len(copies)} seizures one allele copy in twenty or more is not among those of "
        f"«{frequencies.name}»: from another region? These frequencies hold for every pair; search such seizures apart."
    )
    return [words] if odd else []
