"""The queries of a validation: which species are taken out of a set, and which records are asked for."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from analysis.species.records import Record
from benchmarks.species_data import fragment, unsettled, with_errors
from benchmarks.species_scores import Query

HIDDEN = 0.15
SEED = 17
FEW_SPECIES, SPLITS = 300, 3
SHORT_LOCUS = 400
MOST_OF_LONG = 80
"""Present and absent queries of a long locus as a rule, for megablast takes some 60 ms for each."""


def split(records: Sequence[Record], draw: random.Random, most: int) -> tuple[list[Record], list[Query]]:
    """References, and queries: records of the set to be left out one at a time, and records of removed species."""
    of: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        if record.verified:
            of[record.species].append(record)
    names = sorted(of)
    absent = set(draw.sample(names, int(HIDDEN * len(names))))
    kept = [record for record in records if record.species not in absent]
    present = [record for name in names if name not in absent and len(of[name]) > 1 for record in of[name]]
    missing = [record for record in records if record.species in absent]
    chosen = [(record, True) for record in draw.sample(present, min(most, len(present)))]
    chosen += [(record, False) for record in draw.sample(missing, min(most, len(missing)))]
    return kept, [_query(record, there) for record, there in chosen]


def every_present(records: Sequence[Record], draw: random.Random, most: int) -> list[Query]:
    """All records whose species has several, `most` of them at random where there are more."""
    of: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        if record.verified:
            of[record.species].append(record)
    present = [record for name in sorted(of) if len(of[name]) > 1 for record in of[name]]
    return [_query(record, True) for record in draw.sample(present, min(most, len(present)))]


def _query(record: Record, there: bool) -> Query:
    return Query(name=record.accession, species=record.species, present=there, bases=record.sequence.decode())


def seeds_of(records: Sequence[Record]) -> Sequence[int]:
    """One split; several of a set of few species, of which 15 % say little."""
    few = len({record.species for record in records if record.verified}) < FEW_SPECIES
    return range(SEED, SEED + SPLITS) if few else (SEED,)


def query_sets(queries: list[Query]) -> dict[str, list[Query]]:
    """The queries as they are, with codes, and as fragments with errors."""
    noise = np.random.Generator(np.random.PCG64(3))
    return {
        "plain": queries,
        "1 % IUPAC codes": [replace(query, bases=unsettled(query.bases, 0.01, noise)) for query in queries],
        "150 bases, 1 % errors": [
            replace(query, bases=with_errors(fragment(query.bases, 150, noise), 0.01, noise))
            for query in queries
            if len(query.bases) > 200
        ],
    }


def for_peers(queries: Sequence[Query], of_long: int) -> list[Query]:
    """All queries of a short locus, `of_long` of each kind of a long one."""
    lengths = sorted(len(query.bases) for query in queries)
    short = lengths[len(lengths) // 2] < SHORT_LOCUS
    parts = {there: [query for query in queries if query.present is there] for there in (True, False)}
    return [query for there, part in parts.items() for query in (part if short else part[:of_long])]
