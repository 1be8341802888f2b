"""Where the nodes of a network are drawn: forces between them, the same picture for the same links.

Fruchterman and Reingold (1991, Software: Practice and Experience 21: 1129-1164): nodes push each other away, edges
pull, steps get smaller. It begins on a spiral on which linked nodes follow each
other, so nothing is left to chance.
"""

import math
from collections.abc import Hashable, Sequence
from typing import TypeVar

import numpy as np

Place = tuple[float, float]
N = TypeVar("N", bound=Hashable)
STEPS = 160
_MARGIN = 0.08


def layout(nodes: Sequence[N], edges: Sequence[tuple[N, N, float]], *, ratio: float = 1.0) -> dict[N, Place]:
    """A place in the unit square for each node; edges carry a strength, `ratio` is width over height of the picture."""
    if not nodes:
        return {}
    order = {node: number for number, node in enumerate(nodes)}
    place = _spiral(_walked(len(nodes), [(order[a], order[b]) for a, b, _strength in edges]))
    pulls = np.zeros((len(nodes), len(nodes)))
    for first, second, strength in edges:
        a, b = order[first], order[second]
        pulls[a, b] = pulls[b, a] = max(pulls[a, b], 1.0 + math.log1p(max(strength, 0.0)) / 4)
    wanted = math.sqrt(1.0 / len(nodes))
    for step in range(STEPS):
        place = _stepped(place, pulls, wanted, 0.12 * (1 - step / STEPS), ratio)
    fitted = _fitted(place)
    return {node: (round(float(x), 4), round(float(y), 4)) for node, (x, y) in zip(nodes, fitted, strict=True)}


def _walked(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """The nodes, linked ones after each other: breadth first, from the first node of each connected part."""
    near: list[set[int]] = [set() for _node in range(count)]
    for a, b in edges:
        near[a].add(b)
        near[b].add(a)
    found: dict[int, None] = {}
    for start in range(count):
        waiting = [start]
        while waiting:
            node = waiting.pop(0)
            if node not in found:
                found[node] = None
                waiting += sorted(near[node] - found.keys())
    return list(found)


def _spiral(walk: Sequence[int]) -> np.ndarray:
    """A start without symmetry, which forces alone would not leave."""
    place = np.empty((len(walk), 2))
    for step, node in enumerate(walk):
        angle, radius = 2 * math.pi * step / len(walk), 0.25 + 0.2 * ((step * 0.618034) % 1)
        place[node] = math.cos(angle) * radius, math.sin(angle) * radius
    return place


def _stepped(place: np.ndarray, pulls: np.ndarray, wanted: float, most: float, ratio: float) -> np.ndarray:
    apart = place[:, None, :] - place[None, :, :]
    distance = np.maximum(np.sqrt((apart**2).sum(axis=2)), 1e-6)
    force = wanted**2 / distance - pulls * distance**2 / wanted
    moved = (apart * (force / distance)[:, :, None]).sum(axis=1) - place * np.array([0.15 / ratio, 0.15])
    length = np.maximum(np.sqrt((moved**2).sum(axis=1, keepdims=True)), 1e-9)
    stepped: np.ndarray = place + moved / length * np.minimum(length, most)
    return stepped


def _fitted(place: np.ndarray) -> np.ndarray:
    """Into the unit square with a margin, each axis by itself; a single line or point in the middle."""
    low, span = place.min(axis=0), np.ptp(place, axis=0)
    scaled = np.where(span > 1e-6, (place - low) / np.maximum(span, 1e-6), 0.5)
    fitted: np.ndarray = _MARGIN + scaled * (1 - 2 * _MARGIN)
    return fitted
