"""The k-mer index: which distinct sequences share k-mers with a query.

Inverted lists in compressed-sparse-row form, three memory-mapped arrays shared by every worker on a
machine: `keys` (sorted k-mers), `offsets`, `postings` (numbers of distinct sequences). A query reads its
rarest k-mers first until a budget of postings is spent, so its cost does not grow with the set
(inverted lists by rarity: the idea behind stop-lists in text search).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from analysis.inputs import Progress
from analysis.species.bases import codes
from analysis.species.kmers import Kmers, canonical_kmers

POSTING_BUDGET: Final = 20_000
_LEAST_KMERS: Final = 12
_PARTITION: Final = 24_000_000
_DENSE: Final = 200_000

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class KmerIndex:
    """An opened index over `size` distinct sequences. `keys` (n,), `offsets` (n + 1,), `postings` (p,)."""

    keys: npt.NDArray[np.uint32]
    offsets: npt.NDArray[np.uint64]
    postings: npt.NDArray[np.uint32]
    size: int
    sampling: int

    def shared(self, base_codes: npt.NDArray[np.uint8]) -> tuple[Ids, Ids]:
        """(sequence numbers, k-mers shared), unordered, over the query's rarest k-mers."""
        kmers, _ = canonical_kmers(base_codes, sampling=self.sampling)
        at = self._found(np.unique(kmers))
        if not len(at):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        starts = self.offsets[at].astype(np.int64)
        lengths = self.offsets[at + 1].astype(np.int64) - starts
        order = np.argsort(lengths, kind="stable")
        spent = np.cumsum(lengths[order])
        enough = max(int(np.searchsorted(spent, POSTING_BUDGET)), min(len(order), _LEAST_KMERS))
        order = order[:enough]
        return _count(self.postings[_ranges(starts[order], lengths[order])], self.size)

    def _found(self, kmers: Kmers) -> Ids:
        at = np.searchsorted(self.keys, kmers)
        np.minimum(at, max(len(self.keys) - 1, 0), out=at)
        return at[self.keys[at] == kmers] if len(self.keys) else at[:0]


def _ranges(starts: Ids, lengths: Ids) -> Ids:
    """All positions of the ranges [start, start + length), one after the other."""
    ends = np.cumsum(lengths)
    positions = np.arange(int(ends[-1]))
    positions += np.repeat(starts - (ends - lengths), lengths)
    return positions


def _count(ids: npt.NDArray[np.uint32], size: int) -> tuple[Ids, Ids]:
    if size > _DENSE:
        touched, times = np.unique(ids, return_counts=True)
        return touched.astype(np.int64), times.astype(np.int64)
    counts = np.bincount(ids)
    found = np.flatnonzero(counts)
    return found.astype(np.int64), counts[found].astype(np.int64)


def index_build(folder: Path, sequences: Sequence[bytes], *, sampling: int, progress: Progress) -> None:
    """Write the index of `sequences` into `folder`, in partitions of the k-mer space to bound memory."""
    total = sum(len(sequence) for sequence in sequences) // sampling
    parts = max(1, -(-total // _PARTITION))
    edges = np.linspace(0, 1 << 28, parts + 1).astype(np.uint64)
    keys: list[npt.NDArray[np.uint32]] = []
    counts: list[Ids] = []
    with (folder / "postings.bin").open("wb") as out:
        for part in range(parts):
            progress(part / parts, f"k-mer index, part {part + 1} of {parts}")
            pairs = _pairs(sequences, sampling, int(edges[part]), int(edges[part + 1]))
            part_keys, part_counts = np.unique((pairs >> np.uint64(32)).astype(np.uint32), return_counts=True)
            keys.append(part_keys)
            counts.append(part_counts)
            (pairs & np.uint64(0xFFFFFFFF)).astype("<u4").tofile(out)
    offsets = np.concatenate([[0], np.cumsum(np.concatenate(counts))])
    np.save(folder / "kmer_keys.npy", np.concatenate(keys))
    np.save(folder / "kmer_offsets.npy", offsets.astype(np.uint64))


def _pairs(sequences: Sequence[bytes], sampling: int, low: int, high: int) -> npt.NDArray[np.uint64]:
    """Sorted (k-mer << 32 | sequence number) of the k-mers in [low, high), each pair once."""
    chunks: list[npt.NDArray[np.uint64]] = []
    for number, sequence in enumerate(sequences):
        kmers, _ = canonical_kmers(codes(sequence), sampling=sampling)
        kmers = np.unique(kmers)
        first, last = np.searchsorted(kmers, [low, high])
        chunks.append((kmers[first:last].astype(np.uint64) << np.uint64(32)) | np.uint64(number))
    pairs = np.concatenate(chunks) if chunks else np.zeros(0, np.uint64)
    pairs.sort()
    return pairs


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
