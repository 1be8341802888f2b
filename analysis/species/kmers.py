"""Canonical 14-mers: a k-mer and its reverse complement are one, so strand does not matter."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from analysis.species.bases import Bytes

Kmers = npt.NDArray[np.uint32]

K: Final = 14


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
    usable &= _hash(kmers) < np.uint32((1 << 32) // sampling - 1)
    at = np.flatnonzero(usable)
    return kmers[at], at


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
