"""The k-mer index: which distinct sequences share k-mers with a query.

Inverted lists in compressed-sparse-row form, three memory-mapped arrays shared by every worker on a
machine: `keys` (sorted k-mers), `offsets`, `postings` (numbers of distinct sequences). A query reads its
rarest k-mers first until a budget of postings is spent, so its cost does not grow with the set
(inverted lists by rarity: the idea behind stop-lists in text search).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from analysis.inputs import Progress
from analysis.species.bases import codes
from analysis.species.kmers import K, Kmers, canonical_kmers, distinct
from analysis.species.packing import array_open, bytes_open

POSTING_BUDGET: Final = 8_000
_LEAST_KMERS: Final = 12
_PARTITION: Final = 12_000_000
"""Pairs sorted at once, 8 bytes each: what bounds the memory of a build."""
_BATCH: Final = 4_000_000

_OWNER: Final = np.uint64(32)
_KMER: Final = np.uint64((1 << 32) - 1)

Ids = npt.NDArray[np.int64]

_PLACES: Final[Ids] = np.arange(2 * POSTING_BUDGET)


@dataclass(frozen=True, slots=True, kw_only=True)
class KmerIndex:
    """An opened index over `size` distinct sequences. `keys` (n,), `offsets` (n + 1,), `postings` (p,)."""

    keys: npt.NDArray[np.uint32]
    offsets: npt.NDArray[np.uint32]
    postings: npt.NDArray[np.uint32]
    size: int
    sampling: int

    def ranked(self, sequences: Sequence[bytes], *, pool: int, hidden: Ids) -> list[tuple[Ids, int]]:
        """The sequences that share most of each query's rarest k-mers, most first; and how many the first shares.

        At least `pool` of them, all that tie with the last one among them, so that numbering decides nothing; ties are
        by number. `hidden` ones are passed over. Several queries at once share what a call costs; what is found for one
        does not depend on the others.
        """
        kmers, at = canonical_kmers(codes(b"N".join(sequences)), sampling=self.sampling)
        # Any letter but A, C, G, T between two queries keeps k-mers from reaching across.
        starts = np.cumsum([0, *(len(sequence) + 1 for sequence in sequences[:-1])])
        owners = np.searchsorted(starts, at, side="right") - 1
        pairs = distinct((owners.astype(np.uint64) << _OWNER) | kmers)
        kmers, owners = (pairs & _KMER).astype(np.uint32), (pairs >> _OWNER).astype(np.int64)
        starts, lengths, owners = self._lists(kmers, owners, POSTING_BUDGET)
        bounds = np.searchsorted(owners, np.arange(len(sequences) + 1)).tolist()
        return [self._pool(starts[low:high], lengths[low:high], pool, hidden) for low, high in pairwise(bounds)]

    def shared_kmers(self, kmers: Kmers, budget: int = POSTING_BUDGET) -> tuple[Ids, Ids]:
        """(sequence numbers, k-mers shared), by number, for canonical k-mers at hand, sorted and each once."""
        starts, lengths, _ = self._lists(kmers, np.zeros(len(kmers), np.int64), budget)
        return _counted(self._postings(starts, lengths))

    def _lists(self, kmers: Kmers, owners: Ids, budget: int) -> tuple[Ids, Ids, Ids]:
        """Where the lists to read begin, how long they are, and whose: each owner's rarest first, up to the budget.

        `owners` says whose k-mer each is, ascending.
        """
        at, owners = self._found(kmers, owners)
        starts = self.offsets[at].astype(np.int64)
        lengths = self.offsets[at + 1].astype(np.int64) - starts
        order = ordered(owners, lengths)
        starts, lengths = starts[order], lengths[order]
        first = np.searchsorted(owners, owners)
        before = np.cumsum(lengths) - lengths
        spent = before - before[first] + lengths
        read = (spent < budget) | (np.arange(len(owners)) - first < _LEAST_KMERS)
        return starts[read], lengths[read], owners[read]

    def _postings(self, starts: Ids, lengths: Ids) -> npt.NDArray[np.uint32]:
        """What stands in some lists, one after the other."""
        places: Ids = (starts - lengths.cumsum() + lengths).repeat(lengths)
        places += _PLACES[: len(places)] if len(places) <= len(_PLACES) else np.arange(len(places))
        read: npt.NDArray[np.uint32] = self.postings.take(places)
        return read

    def _pool(self, starts: Ids, lengths: Ids, pool: int, hidden: Ids) -> tuple[Ids, int]:
        """`ranked` of one query from the lists to read: one at a time, as what is read then stays near the processor.

        In a set no larger than what is read it is counted in a table, in others sorted, whatever their size.
        """
        read = self._postings(starts, lengths)
        if not len(read):
            return np.zeros(0, np.int64), 0
        if 2 * self.size <= 3 * len(read):
            ids, counts = None, np.bincount(read, minlength=self.size)
            counts[hidden] = 0
        else:
            ids, counts = _counted(read)
            if len(hidden):
                counts[np.isin(ids, hidden)] = 0
        as_often = np.bincount(counts)
        most = len(as_often) - 1
        least = max(most - int(np.searchsorted(as_often[::-1].cumsum(), pool)), 1)
        kept = np.flatnonzero(counts >= least)
        # One sort of whole numbers that hold the count, most first, and the number.
        keys = (kept if ids is None else ids[kept]) - counts[kept] * self.size
        keys.sort()
        return keys % self.size, most

    def _found(self, kmers: Kmers, owners: Ids) -> tuple[Ids, Ids]:
        if not len(self.keys):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        at = self.keys.searchsorted(kmers)
        np.minimum(at, len(self.keys) - 1, out=at)
        known = self.keys[at] == kmers
        return at[known], owners[known]


def ordered(owners: Ids, values: Ids) -> Ids:
    """Where the values stand by owner, then size, then place: one sort of whole numbers that hold all three."""
    count = len(owners)
    keys = (owners * (int(values.max()) + 1) + values) * count + np.arange(count) if count else np.zeros(0, np.int64)
    keys.sort()
    return keys % max(count, 1)


def _counted(read: npt.NDArray[np.uint32]) -> tuple[Ids, Ids]:
    """Distinct numbers and how often each occurs, by number: a sort of the few read, whatever the size of the set."""
    read.sort()
    ends = np.append(np.flatnonzero(read[1:] != read[:-1]) + 1, len(read))[: len(read)]
    counts = ends.copy()
    counts[1:] -= ends[:-1]
    return read[ends - 1].astype(np.int64), counts


def index_build(folder: Path, sequences: Sequence[bytes], *, sampling: int, progress: Progress) -> None:
    """Write the index of `sequences` into `folder`, in partitions of the k-mer space to bound memory.

    Pairs of k-mer and sequence are computed once and spread over one scratch file a partition; then one
    partition after the other is sorted and written.
    """
    total = sum(len(sequence) for sequence in sequences) // sampling
    parts = max(1, -(-total // _PARTITION))
    with tempfile.TemporaryDirectory(prefix="kmers-", dir=folder.parent) as scratch:
        buckets = [Path(scratch) / f"{part:04d}" for part in range(parts)]
        _spread(buckets, sequences, sampling, progress)
        _sorted_write(folder, buckets, progress)


def _spread(buckets: Sequence[Path], sequences: Sequence[bytes], sampling: int, progress: Progress) -> None:
    # Canonical k-mers are the smaller of two, so small ones are common: even shares by the square.
    edges = ((1 - np.sqrt(1 - np.linspace(0, 1, len(buckets) + 1))) * (1 << 2 * K)).astype(np.uint64) << np.uint64(32)
    for done, pairs in _pairs(sequences, sampling):
        progress(0.5 * done / len(sequences), f"k-mers of {done} of {len(sequences)} sequences")
        cuts = np.searchsorted(pairs, edges[1:-1])
        for bucket, part in zip(buckets, np.split(pairs, cuts), strict=True):
            with bucket.open("ab") as out:
                part.astype("<u8").tofile(out)


def _sorted_write(folder: Path, buckets: Sequence[Path], progress: Progress) -> None:
    keys: list[Kmers] = []
    counts: list[Ids] = []
    with (folder / "postings.bin").open("wb") as out:
        for part, bucket in enumerate(buckets):
            progress(0.5 + 0.5 * part / len(buckets), f"k-mer index, part {part + 1} of {len(buckets)}")
            pairs = np.fromfile(bucket, "<u8") if bucket.exists() else np.zeros(0, "<u8")
            pairs.sort()
            (pairs & np.uint64(0xFFFFFFFF)).astype("<u4").tofile(out)
            pairs >>= np.uint64(32)
            first = np.flatnonzero(np.concatenate([[True], pairs[1:] != pairs[:-1]])[: len(pairs)])
            keys.append(pairs[first].astype(np.uint32))
            counts.append(np.diff(np.append(first, len(pairs))))
    offsets = np.concatenate([[0], np.cumsum(np.concatenate(counts))])
    np.save(folder / "kmer_keys.npy", np.concatenate(keys))
    np.save(folder / "kmer_offsets.npy", offsets.astype(np.uint32))


def _pairs(sequences: Sequence[bytes], sampling: int) -> Iterator[tuple[int, npt.NDArray[np.uint64]]]:
    """(sequences done, sorted k-mer << 32 | sequence number, each pair once), some million bases at a time."""
    start = 0
    while start < len(sequences):
        end, bases = start, 0
        while end < len(sequences) and bases < _BATCH:
            bases += len(sequences[end]) + 1
            end += 1
        # Any letter but A, C, G, T between two sequences keeps k-mers from reaching across.
        kmers, at = canonical_kmers(codes(b"N".join(sequences[start:end])), sampling=sampling)
        starts = np.cumsum([0, *(len(sequence) + 1 for sequence in sequences[start : end - 1])])
        numbers = np.searchsorted(starts, at, side="right") - 1 + start
        yield end, np.unique((kmers.astype(np.uint64) << np.uint64(32)) | numbers.astype(np.uint64))
        start = end


def index_open(folder: Path, *, size: int, sampling: int) -> KmerIndex:
    """Memory-map an index written by `index_build`."""
    return KmerIndex(
        keys=array_open(folder / "kmer_keys.npy").view(np.uint32),
        offsets=array_open(folder / "kmer_offsets.npy").view(np.uint32),
        postings=bytes_open(folder / "postings.bin").view("<u4"),
        size=size,
        sampling=sampling,
    )
