"""The reference records reported for a query, with the distances printed beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from analysis.species.alignment import counted, k2p
from analysis.species.library import Library
from analysis.species.search import Near, rows_of

GAPPED_K2P: Final = 2
"""Comparisons with gaps whose columns are laid out to count K2P: the nearest ones; the rest cost more than they say."""


class Hit(NamedTuple):
    """A reference record near the query. Numbers as in `identify.DEFINITIONS`."""

    accession: str
    taxon: str
    locus: str
    identity: float
    edits: int
    overlap: int
    coverage: float
    k2p: float | None
    strand: str
    note: str


def hits_of(library: Library, bases: bytes, found: Sequence[Near], limit: int) -> tuple[Hit, ...]:
    """At least the `limit` best records; all that tie with the last one are kept, so that no tie is hidden."""
    shown: list[tuple[Near, list[int]]] = []
    records = 0
    for near in found:
        if records >= limit and near.identity != shown[-1][0].identity:
            break
        carriers = library.carriers(near.sequence)
        shown.append((near, carriers))
        records += len(carriers)
    hits: list[Hit] = []
    for (near, carriers), distance in zip(shown, _k2p(library, bases, [near for near, _ in shown]), strict=True):
        identity, edits, overlap, strand = near.identity, near.edits, near.overlap, "-" if near.reverse else "+"
        coverage = overlap / len(bases)
        for record in carriers:
            accession, taxon, locus, note = library.labels(record)
            hit = (accession, taxon, locus, identity, edits, overlap, coverage, distance, strand, note)
            hits.append(tuple.__new__(Hit, hit))  # as in `analysis.species.placing`
    return tuple(hits)


def _k2p(library: Library, bases: bytes, shown: Sequence[Near]) -> list[float | None]:
    distances: list[float | None] = []
    gapped = 0
    for near in shown:
        if near.counts is not None:
            distances.append(k2p(*near.counts))
        elif gapped < GAPPED_K2P:
            gapped += 1
            distances.append(counted(*rows_of(library, near, bases)).k2p)
        else:
            distances.append(None)
    return distances
