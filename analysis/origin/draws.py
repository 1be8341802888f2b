"""Random draws whose numbers never change.

NumPy keeps the raw output of its bit generators stable for ever but not what its distributions make of it
(NEP 19). A court may repeat an exclusion years later, so the few draws needed are made from raw bits here.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


class Draws:
    """A PCG64 stream for a seed and a key, so that each population has a stream of its own."""

    def __init__(self, seed: int, *key: int) -> None:
        if seed < 0:
            raise ValueError("a seed is zero or more")
        self._bits = np.random.PCG64(np.random.SeedSequence(entropy=seed, spawn_key=key))

    def below(self, limit: int, shape: tuple[int, ...]) -> npt.NDArray[np.intp]:
        """Whole numbers from 0 to limit-1; the bias is below limit / 2**32."""
        high = self._raw(shape) >> np.uint64(32)
        return ((high * np.uint64(limit)) >> np.uint64(32)).astype(np.intp)

    def sides(self, shape: tuple[int, ...]) -> npt.NDArray[np.intp]:
        """Fair coins, 0 or 1."""
        count = int(np.prod(shape))
        words = self._raw(((count + 63) // 64,)).astype("<u8")
        return np.unpackbits(words.view(np.uint8))[:count].reshape(shape).astype(np.intp)

    def uniform(self, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
        """Numbers in [0, 1) with 53 bits."""
        return (self._raw(shape) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def _raw(self, shape: tuple[int, ...]) -> npt.NDArray[np.uint64]:
        count = int(np.prod(shape))
        return self._bits.random_raw(count).astype(np.uint64).reshape(shape)
