"""Canonical 14-mers: a k-mer and its reverse complement are one, so strand does not matter."""

from __future__ import annotations

from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from analysis.species.bases import Bytes

Kmers = npt.NDArray[np.uint32]
Whole = TypeVar("Whole", np.uint32, np.uint64)

K: Final = 14
_CODE_OF_BIT: Final = np.array([0, 0, 1, 0, 2, 0, 0, 0, 3, *[0] * 247], np.uint8)


def canonical_kmers(base_codes: Bytes, *, sampling: int) -> tuple[Kmers, npt.NDArray[np.int64]]:
    """All canonical 14-mers of a sequence that the hash keeps, and their start positions.

    `base_codes` is shape (length,) with 4 for anything but A, C, G, T (such k-mers are left out).
    One in `sampling` k-mers is kept, chosen by a hash of the k-mer alone (FracMinHash; Irber et al.
    2022, bioRxiv 2022.01.11.475838), so that equal sequences keep equal k-mers.
    """
    count = len(base_codes) - K + 1
    if count <= 0:
        return np.zeros(0, np.uint32), np.zeros(0, np.int64)
    forward, reverse = _both_strands(base_codes, count)
    bad = np.concatenate([[0], np.cumsum(base_codes > 3)])
    usable = bad[K:] == bad[:-K]
    kmers = np.minimum(forward, reverse)
    usable &= sampled(kmers, sampling)
    at = np.flatnonzero(usable)
    return kmers[at], at


def sampled(kmers: Kmers, sampling: int) -> npt.NDArray[np.bool_]:
    """Which canonical k-mers the hash keeps."""
    kept: npt.NDArray[np.bool_] = _hash(kmers) < np.uint32((1 << 32) // sampling - 1)
    return kept


def distinct(values: npt.NDArray[Whole]) -> npt.NDArray[Whole]:
    """Sorted values, each once."""
    values = np.sort(values)
    once: npt.NDArray[Whole] = values[np.concatenate([[True], values[1:] != values[:-1]])[: len(values)]]
    return once


def mixed_kmers(base_masks: Bytes, *, sampling: int, most: int = 5) -> Kmers:
    """Canonical 14-mers that a sequence with two-base codes can stand for, each once, those the hash keeps.

    Every window of at most `most` two-base codes is spelt out in all ways; windows with a code of three or four
    bases are left out. `base_masks` is shape (length,), one bit a base.
    """
    low = base_masks & (~base_masks + np.uint8(1))
    high = base_masks ^ low
    plain, paired = high == 0, (high != 0) & ((high & (high - np.uint8(1))) == 0)
    if len(base_masks) < K:
        return np.zeros(0, np.uint32)
    one = np.lib.stride_tricks.sliding_window_view(_CODE_OF_BIT[low], K)
    other = np.lib.stride_tricks.sliding_window_view(np.where(paired, _CODE_OF_BIT[high], _CODE_OF_BIT[low]), K)
    usable = np.lib.stride_tricks.sliding_window_view((plain | paired) & (base_masks != 0), K).all(axis=1)
    codes_in = (one != other).sum(axis=1)
    found = [
        _spelt(one[chosen], other[chosen], count)
        for count in range(most + 1)
        if len(chosen := np.flatnonzero(usable & (codes_in == count)))
    ]
    kmers = np.concatenate([*found, np.zeros(0, np.uint32)])
    return distinct(kmers[sampled(kmers, sampling)])


def _spelt(one: Bytes, other: Bytes, count: int) -> Kmers:
    """All spellings of windows with `count` two-base codes each."""
    differs = one != other
    place = np.cumsum(differs, axis=1) - 1
    shifts = np.arange(K - 1, -1, -1, dtype=np.uint32) * np.uint32(2)
    found = []
    for choice in range(1 << count):
        spelt = np.where(differs & ((choice >> np.maximum(place, 0)) & 1 == 1), other, one).astype(np.uint32)
        forward = (spelt << shifts).sum(axis=1, dtype=np.uint32)
        reverse = ((np.uint32(3) - spelt) << shifts[::-1]).sum(axis=1, dtype=np.uint32)
        found.append(np.minimum(forward, reverse))
    return np.concatenate(found)


def _both_strands(base_codes: Bytes, count: int) -> tuple[Kmers, Kmers]:
    """k-mers of both strands by doubling: windows of 1, 2, 4, 8 bases combine to 14 = 8 + 4 + 2."""
    ones = base_codes.astype(np.uint32) & np.uint32(3)
    forward = _windows(ones)
    mirrored = _windows((np.uint32(3) - ones)[::-1])
    return forward[:count], mirrored[::-1][:count]


def _windows(ones: Kmers) -> Kmers:
    twos = (ones[:-1] << np.uint32(2)) | ones[1:]
    fours = (twos[:-2] << np.uint32(4)) | twos[2:]
    eights = (fours[:-4] << np.uint32(8)) | fours[4:]
    count = len(ones) - K + 1
    kmers: Kmers = (eights[:count] << np.uint32(12)) | (fours[8 : 8 + count] << np.uint32(4))
    kmers |= twos[12 : 12 + count]
    return kmers


def _hash(kmers: Kmers) -> Kmers:
    """A 32-bit integer mixer (xor-shift and multiply, after Wang), the same on every machine."""
    mixed = kmers * np.uint32(0x9E3779B1)
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(0x85EBCA77)
    mixed ^= mixed >> np.uint32(13)
    return mixed
