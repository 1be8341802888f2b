"""Which locus a sequence is of, by laying it beside records whose locus is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from analysis.species.bases import reverse_complement
from analysis.species.library import SHORTEST, Library
from analysis.species.records import Record
from analysis.species.search import nearest

LEAST_IDENTITY: Final = 0.7
"""Homologous barcodes of one phylum are this alike as a rule; other loci share no stretch as long."""


def locus_assign(library: Library, record: Record) -> Record | str:
    """The record at the locus of its nearest record in a set, on that one's strand; else why it has none."""
    if len(record.sequence) < SHORTEST:
        return f"{len(record.sequence)} bases, fewer than {SHORTEST}"
    found = nearest(library, record.sequence)
    if not found or found[0].identity < LEAST_IDENTITY:
        return f"lies beside no record of the set {library.reference.name}: its locus is not known"
    number = int(library.records_of(found[0].sequence)[0])
    bases = reverse_complement(record.sequence) if found[0].reverse else record.sequence
    return replace(record, locus=library.loci[int(library.record_locus[number])], sequence=bases)
