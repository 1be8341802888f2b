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
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from analysis.inputs import Progress
from analysis.species.bases import codes
from analysis.species.kmers import K, Kmers, canonical_kmers, distinct

POSTING_BUDGET: Final = 8_000
_LEAST_KMERS: Final = 12
_PARTITION: Final = 12_000_000
"""Pairs sorted at once, 8 bytes each: what bounds the memory of a build."""
_BATCH: Final = 4_000_000

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class KmerIndex:
    """An opened index over `size` distinct sequences. `keys` (n,), `offsets` (n + 1,), `postings` (p,)."""

    keys: npt.NDArray[np.uint32]
    offsets: npt.NDArray[np.uint32]
    postings: npt.NDArray[np.uint32]
    size: int
    sampling: int

    def shared(self, base_codes: npt.NDArray[np.uint8]) -> tuple[Ids, Ids]:
        """(sequence numbers, k-mers shared), by number, over the query's rarest k-mers."""
        kmers, _ = canonical_kmers(base_codes, sampling=self.sampling)
        return self.shared_kmers(distinct(kmers))

    def shared_kmers(self, kmers: Kmers, budget: int = POSTING_BUDGET) -> tuple[Ids, Ids]:
        """The same for canonical k-mers at hand, sorted and each once."""
        at = self._found(kmers)
        if not len(at):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        starts = self.offsets[at].astype(np.int64)
        lengths = self.offsets[at + 1].astype(np.int64) - starts
        order = np.argsort(lengths, kind="stable")
        spent = np.cumsum(lengths[order])
        enough = max(int(np.searchsorted(spent, budget)), min(len(order), _LEAST_KMERS))
        order = order[:enough]
        return _count(self.postings[_ranges(starts[order], lengths[order])])

    def _found(self, kmers: Kmers) -> Ids:
        if not len(self.keys):
            return np.zeros(0, np.int64)
        at = np.searchsorted(self.keys, kmers)
        np.minimum(at, len(self.keys) - 1, out=at)
        found: Ids = at[self.keys[at] == kmers]
        return found


def _ranges(starts: Ids, lengths: Ids) -> Ids:
    """All positions of the ranges [start, start + length), one after the other."""
    ends = np.cumsum(lengths)
    positions = np.arange(int(ends[-1]))
    positions += np.repeat(starts - (ends - lengths), lengths)
    return positions


def _count(ids: npt.NDArray[np.uint32]) -> tuple[Ids, Ids]:
    """Distinct ids and how often each occurs: a sort of the few ids read, whatever the size of the set."""
    ids.sort()
    first = np.flatnonzero(np.concatenate([[True], ids[1:] != ids[:-1]]))
    return ids[first].astype(np.int64), np.diff(np.append(first, len(ids)))


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
    postings = folder / "postings.bin"
    return KmerIndex(
        keys=np.load(folder / "kmer_keys.npy", mmap_mode="r").view(np.ndarray),
        offsets=np.load(folder / "kmer_offsets.npy", mmap_mode="r").view(np.ndarray),
        postings=np.memmap(postings, "<u4", "r").view(np.ndarray)
        if postings.stat().st_size
        else np.zeros(0, np.uint32),
        size=size,
        sampling=sampling,
    )
