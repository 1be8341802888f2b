"""Neighbour-joining trees with bootstrap (Saitou & Nei 1987; Studier & Keppler 1988; Felsenstein 1985).

All replicates are computed together: their distances by one matrix product of site weights with the substitutions
of every pair, their trees step by step on stacked matrices. A thousand replicates of 50 barcodes take about a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from analysis.errors import InputRefused
from analysis.species.alignment import gapped
from analysis.species.bases import Bytes, masks

REPLICATES: Final = 1000
MOST: Final = 400
FARTHEST: Final = 5.0
"""K2P distance written where it is not defined (too many differences): beyond any that is."""

_STACK: Final = 50
_TRANSITIONS: Final = (5, 10)
Distances = npt.NDArray[np.float64]
Sets = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """An inner branch: the leaves on the side without the first leaf, its length, and its support (0–1)."""

    leaves: frozenset[int]
    length: float
    support: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """An unrooted tree: leaf names (sorted), inner branches, and Newick text with supports in per cent."""

    names: tuple[str, ...]
    joints: tuple[Joint, ...]
    newick: str
    sites: int
    replicates: int

    def support_of(self, members: set[str]) -> float | None:
        """Support of the branch that parts `members` from all others; None where there is no such branch.

        A single leaf and all but one leaf are always parted: 1.
        """
        wanted = frozenset(place for place, name in enumerate(self.names) if name in members)
        if len(wanted) in {0, len(self.names)}:
            return None
        if len(wanted) in {1, len(self.names) - 1}:
            return 1.0
        if 0 in wanted:
            wanted = frozenset(range(len(self.names))) - wanted
        for joint in self.joints:
            if joint.leaves == wanted:
                return 1.0 if joint.support is None else joint.support
        return None


def tree_build(sequences: Mapping[str, bytes], *, replicates: int = REPLICATES, seed: int = 1) -> Tree:
    """The NJ tree of named sequences from K2P distances, with bootstrap supports.

    Sequences are laid along the longest one (the first by name of equally long ones): insertions against it are left
    out, what a sequence lacks counts as unknown, pairs are compared at sites both have. The order of `sequences`
    changes nothing; `seed` draws the sites of the replicates. Raises `InputRefused` for fewer than 4 or more than 400
    sequences.
    """
    return _trees(sequences, (frozenset(sequences),), replicates, seed)[0]


def trees_build(
    sequences: Mapping[str, bytes], without: str, *, replicates: int = REPLICATES, seed: int = 1
) -> tuple[Tree, Tree]:
    """The tree of all sequences and that of all but one, to the bit as `tree_build` makes them one after the other.

    Where both have one frame, sites drawn and distances serve both. Raises `InputRefused` as `tree_build` does.
    """
    rest = {name: sequences[name] for name in sorted(sequences) if name != without}
    if _frame([sequences[name] for name in sorted(sequences)]) != _frame(list(rest.values())):
        whole = tree_build(sequences, replicates=replicates, seed=seed)
        return whole, tree_build(rest, replicates=replicates, seed=seed)
    whole, other = _trees(sequences, (frozenset(sequences), frozenset(rest)), replicates, seed)
    return whole, other


def _trees(sequences: Mapping[str, bytes], choices: Sequence[frozenset[str]], replicates: int, seed: int) -> list[Tree]:
    """A tree of each choice of the sequences, all laid along one frame."""
    for chosen in choices:
        _count_check(len(chosen))
    names = tuple(sorted(sequences))
    rows = laid_along([sequences[name] for name in names])
    sites = rows.shape[1]
    kinds = _pair_kinds(rows)
    places = [np.array([place for place, name in enumerate(names) if name in chosen]) for chosen in choices]
    whole = _k2p(kinds, np.ones((sites, 1), np.float32), len(names))
    joined = [_join(_part(whole, kept)) for kept in places]
    splits = [_splits(steps, len(kept))[0] for (steps, _), kept in zip(joined, places, strict=True)]
    counts = [np.zeros(len(found), np.int64) for found in splits]
    random = np.random.Generator(np.random.PCG64(seed))
    for start in range(0, replicates, _STACK):
        size = min(_STACK, replicates - start)
        weights = random.multinomial(sites, np.full(sites, 1 / sites), size).T.astype(np.float32)
        distances = _k2p(kinds, weights, len(names))
        for choice, kept in enumerate(places):
            counts[choice] += _found_in(splits[choice], _splits(_join(_part(distances, kept))[0], len(kept)))
    trees = []
    for kept, found, count, (steps, lengths) in zip(places, splits, counts, joined, strict=True):
        own = tuple(names[place] for place in kept.tolist())
        trees.append(_tree(own, found, count, (steps[0], lengths[0]), sites, replicates))
    return trees


def _count_check(count: int) -> None:
    if not 4 <= count <= MOST:
        raise InputRefused(
            f"A tree needs 4 to {MOST} sequences, found {count}.", field="sequences", remedy="Choose others."
        )


def _part(distances: Distances, kept: npt.NDArray[np.int64]) -> Distances:
    """The rows and columns of some leaves, in their order."""
    return distances if len(kept) == distances.shape[1] else distances[:, kept[:, None], kept]


def _frame(sequences: Sequence[bytes]) -> bytes:
    """The longest sequence, the first of equally long ones: all are laid along it."""
    return max(sequences, key=len, default=b"")


def laid_along(sequences: Sequence[bytes]) -> Bytes:
    """Bit masks of all sequences along the longest one, shape (sequences, its length); 0 where one has nothing."""
    frame = _frame(sequences)
    rows = np.zeros((len(sequences), len(frame)), np.uint8)
    for place, sequence in enumerate(sequences):
        if len(sequence) == len(frame) and _agree(sequence, frame):
            rows[place] = masks(sequence)
            continue
        along, own = gapped(frame, sequence)
        kept = np.frombuffer(along.encode(), np.uint8) != ord("-")
        rows[place] = masks(own.encode())[kept]
    return rows


def _agree(one: bytes, other: bytes) -> bool:
    """Whether two sequences of equal length lie in one frame: seven tenths of their bases agree as they stand."""
    return int(np.count_nonzero(masks(one) & masks(other))) >= 0.7 * len(one)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kinds:
    """Of every pair (upper triangle), by site: transition, transversion, not comparable.

    Each holds the sites alone at which it is true for some pair; `at` says which they are. Weights are whole numbers
    below 2²⁴, so that sums in single precision are exact and leaving out sites of zeros changes no bit.
    """

    transitions: npt.NDArray[np.float32]
    transversions: npt.NDArray[np.float32]
    missing: npt.NDArray[np.float32]
    at: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]


def _pair_kinds(rows: Bytes) -> _Kinds:
    one, other = np.triu_indices(len(rows), 1)
    plain = (rows & (rows - np.uint8(1))) == 0
    left, right = rows[one], rows[other]
    both = (left != 0) & (right != 0)
    differ = both & ((left & right) == 0) & plain[one] & plain[other]
    transitions = differ & np.isin(left | right, _TRANSITIONS)
    every = (transitions, differ & ~transitions, ~both)
    first, second, third = (np.flatnonzero(kind.any(axis=0)) for kind in every)
    cut = [kind[:, at].astype(np.float32) for kind, at in zip(every, (first, second, third), strict=True)]
    return _Kinds(transitions=cut[0], transversions=cut[1], missing=cut[2], at=(first, second, third))


def _k2p(kinds: _Kinds, weights: npt.NDArray[np.float32], count: int) -> Distances:
    """Kimura's distances of all pairs under each column of site weights, shape (columns, count, count)."""
    first, second, third = kinds.at
    total = weights.sum(axis=0) - kinds.missing @ weights[third]
    compared = np.maximum(total, 1e-9)
    p, q = (kinds.transitions @ weights[first]) / compared, (kinds.transversions @ weights[second]) / compared
    inner, outer = 1.0 - 2.0 * p - q, 1.0 - 2.0 * q
    defined = (inner > 1e-6) & (outer > 1e-6) & (total > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = np.where(defined, -0.5 * np.log(inner) - 0.25 * np.log(outer), FARTHEST)
    whole = np.zeros((weights.shape[1], count, count))
    one, other = np.triu_indices(count, 1)
    whole[:, one, other] = whole[:, other, one] = np.minimum(values, FARTHEST).T
    return whole


def _join(distances: Distances) -> tuple[Sets, Distances]:
    """Neighbour joining of a stack of matrices, shape (stack, leaves, leaves).

    Returns, for each matrix, sets of leaves as bits (stack, leaves, 2, words), the pair that each step joins and, as
    the last three rows, what is left for the middle; and lengths (stack, leaves − 2, 3): the pair's two branches,
    and in the last row the three of the middle.
    """
    stack, count, _ = distances.shape
    words = -(-count // 64)
    d = distances.copy()
    every = np.arange(stack)
    sets = np.zeros((stack, count, words), np.uint64)
    for leaf in range(count):
        sets[:, leaf, leaf // 64] = np.uint64(1) << np.uint64(leaf % 64)
    joined = np.zeros((stack, count - 3, 2, words), np.uint64)
    lengths = np.zeros((stack, count - 2, 3))
    for step in range(count - 3):
        size = count - step
        d = np.ascontiguousarray(d[:, :size, :size])
        sums = d.sum(axis=2)
        q = (size - 2) * d
        q -= sums[:, :, None]
        q -= sums[:, None, :]
        q[:, np.arange(size), np.arange(size)] = np.inf
        place = q.reshape(stack, -1).argmin(axis=1)
        i, j = np.minimum(place // size, place % size), np.maximum(place // size, place % size)
        between = d[every, i, j]
        lengths[:, step, 0] = 0.5 * between + (sums[every, i] - sums[every, j]) / (2 * (size - 2))
        lengths[:, step, 1] = between - lengths[:, step, 0]
        joined[:, step, 0], joined[:, step, 1] = sets[every, i], sets[every, j]
        _merge(d, sets, i, j)
    a, b, c = d[:, 0, 1], d[:, 0, 2], d[:, 1, 2]
    lengths[:, -1] = np.stack([(a + b - c) / 2, (a + c - b) / 2, (b + c - a) / 2], axis=1)
    middle = np.repeat(sets[:, :3, None], 2, axis=2)
    return np.concatenate([joined, middle], axis=1), lengths


def _merge(d: Distances, sets: Sets, i: npt.NDArray[np.int64], j: npt.NDArray[np.int64]) -> None:
    """Put the joined pair at place i of each matrix; the last place moves to where j was."""
    every, last = np.arange(len(d)), d.shape[1] - 1
    merged = 0.5 * (d[every, i] + d[every, j] - d[every, i, j][:, None])
    d[every, i], d[every, :, i] = merged, merged
    d[every, i, i] = 0.0
    sets[every, i] |= sets[every, j]
    d[every, j] = d[:, last]
    d[every, :, j] = d[:, :, last]
    d[every, j, j] = 0.0
    sets[every, j] = sets[:, last]


def _splits(joined: Sets, count: int) -> Sets:
    """The inner branches of each tree as the side without leaf 0, shape (trees, count − 3, words)."""
    union = joined[:, : count - 3, 0] | joined[:, : count - 3, 1]
    full = np.zeros(union.shape[-1], np.uint64)
    for leaf in range(count):
        full[leaf // 64] |= np.uint64(1) << np.uint64(leaf % 64)
    has_first = (union[..., 0] & np.uint64(1)) != 0
    found: Sets = np.where(has_first[..., None], full ^ union, union)
    return found


def _found_in(splits: Sets, replicates: Sets) -> npt.NDArray[np.int64]:
    """In how many replicates each split occurs."""
    same = (splits[:, None, None, :] == replicates[None]).all(axis=-1)
    counts: npt.NDArray[np.int64] = same.any(axis=2).sum(axis=1)
    return counts


def _tree(
    names: tuple[str, ...],
    splits: Sets,
    counts: npt.NDArray[np.int64],
    parts: tuple[Sets, Distances],
    sites: int,
    replicates: int,
) -> Tree:
    joined, lengths = parts
    count = len(names)
    texts = {1 << leaf: _quoted(name) for leaf, name in enumerate(names)}
    branch: dict[int, float] = {}
    for step in range(count - 3):
        one, other = (_whole(joined[step, side]) for side in (0, 1))
        branch[one], branch[other] = float(lengths[step, 0]), float(lengths[step, 1])
        label = f"{100 * int(counts[step]) / replicates:.0f}" if replicates else ""
        texts[one | other] = f"({texts[one]}:{branch[one]:.6f},{texts[other]}:{branch[other]:.6f}){label}"
    last = [_whole(joined[count - 3 + place, 0]) for place in range(3)]
    branch.update(zip(last, lengths[-1].tolist(), strict=True))
    joints = [
        Joint(
            leaves=frozenset(leaf for leaf in range(count) if _whole(splits[step]) >> leaf & 1),
            length=branch[_whole(joined[step, 0]) | _whole(joined[step, 1])],
            support=int(counts[step]) / replicates if replicates else None,
        )
        for step in range(count - 3)
    ]
    newick = "(" + ",".join(f"{texts[members]}:{branch[members]:.6f}" for members in last) + ");"
    return Tree(names=names, joints=tuple(joints), newick=newick, sites=sites, replicates=replicates)


def _whole(words: Sets) -> int:
    return sum(int(word) << 64 * place for place, word in enumerate(words.tolist()))


def _quoted(name: str) -> str:
    """A Newick label: quoted where it holds anything but letters, digits, dots, dashes and underscores."""
    return (
        name
        if name.replace("_", "").replace(".", "").replace("-", "").isalnum()
        else "'" + name.replace("'", "''") + "'"
    )
