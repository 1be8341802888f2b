"""Where a mitochondrial haplotype was seen, and how little that may say.

Frequencies by region with exact intervals (Clopper & Pearson 1934). «Seen at k of n sites» speaks of the sampling: a
region where a haplotype was not seen among few animals is not excluded, and the upper end of the interval says how
common it may still be there. Mitochondria follow mothers only; where females stay, the haplotype tells the geography
of herds (Ishida et al. 2013; Okello et al. 2008 for elephants), not of the whole animal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.errors import InputRefused
from analysis.statistics import binomial_interval

CAVEAT = (
    "«Not seen» is a statement about the sampling, not about the place: the upper end of the interval is what may "
    "still be there. Mitochondrial DNA is inherited through mothers only and counts as one marker."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HaplotypeRegion:
    """Of `animals` typed in a region `seen` have the haplotype; exact 95 % interval of its frequency; seen at
    `sites_seen` of `sites` sites."""

    region: str
    animals: int
    seen: int
    interval: tuple[float, float]
    sites: int
    sites_seen: int


def haplotype_regions(
    haplotype: str, records: Sequence[tuple[str, str, str]], *, name: str = "reference"
) -> tuple[HaplotypeRegion, ...]:
    """Regions, most frequent first, from reference records of region, site and haplotype.

    Raises `InputRefused` for no records and for an empty haplotype.
    """
    if not haplotype.strip():
        raise InputRefused("The haplotype has no name.", field="haplotype", remedy="Name it as the reference does.")
    if not records:
        raise InputRefused("The reference holds no animals.", file=name, remedy="Choose another reference.")
    animals = Counter(region for region, _, _ in records)
    seen = Counter(region for region, _, found in records if found == haplotype)
    sites = Counter(region for region, _ in {(region, site) for region, site, _ in records})
    hits = {(region, site) for region, site, found in records if found == haplotype}
    sites_seen = Counter(region for region, _ in hits)
    found = [
        HaplotypeRegion(
            region=region,
            animals=count,
            seen=seen[region],
            interval=binomial_interval(seen[region], count),
            sites=sites[region],
            sites_seen=sites_seen[region],
        )
        for region, count in animals.items()
    ]
    return tuple(sorted(found, key=lambda item: (-item.seen / item.animals, item.region)))
