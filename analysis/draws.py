"""Random draws whose numbers never change.

NumPy keeps the raw output of its bit generators stable for ever but not what its distributions make of it
(NEP 19). A court may repeat an exclusion years later, so the few draws needed are made from raw bits here.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


class Coins:
    """Fair coins from a place in a stream of raw bits, unpacked as they are taken."""

    def __init__(self, bits: np.random.PCG64) -> None:
        self._bits = np.random.PCG64()
        self._bits.state = bits.state
        self._left = np.empty(0, dtype=np.uint8)

    def take(self, shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
        """The next coins, 0 or 1."""
        count = int(np.prod(shape))
        words = -(-max(0, count - len(self._left)) // 64)
        fresh = np.unpackbits(self._bits.random_raw(words).astype("<u8").view(np.uint8))
        found = np.concatenate([self._left, fresh])
        self._left = found[count:].copy()
        return found[:count].reshape(shape)


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

    def coins(self, count: int) -> Coins:
        """`count` fair coins, handed out piece by piece; what is drawn afterwards comes after all of them."""
        coins = Coins(self._bits)
        self._bits.advance((count + 63) // 64)
        return coins

    def uniform(self, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
        """Numbers in [0, 1) with 53 bits."""
        return (self._raw(shape) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def _raw(self, shape: tuple[int, ...]) -> npt.NDArray[np.uint64]:
        count = int(np.prod(shape))
        return self._bits.random_raw(count).astype(np.uint64).reshape(shape)
