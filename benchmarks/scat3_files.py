"""The files SCAT3 reads and writes (its manual, version 2.3), and what may be read from its sampled places."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis.origin.spatial.geography import EARTH_KM, distance_km, unit_vectors

Row = Mapping[str, str]
Places = npt.NDArray[np.float64]
UNTYPED, UNKNOWN = "-999", "-1"
_MARGIN = 0.1
"""How much wider than the box of the sites the boundary is on each side: the frame of the map."""
_STEPS = 200


@dataclass(frozen=True, slots=True)
class Widened:
    """A plane about a middle (degrees), `factor` times as wide as the land: SCAT3's steps of 130 and 250 km are made
    for a continent. A factor of 1 leaves degrees as they are."""

    latitude: float
    longitude: float
    factor: float

    def there(self, latitude: float, longitude: float) -> tuple[float, float]:
        """Degrees as SCAT3 is given them."""
        if self.factor == 1:
            return latitude, longitude
        east = (longitude - self.longitude) * math.cos(math.radians(self.latitude))
        return self.factor * (latitude - self.latitude), self.factor * east

    def back(self, places: Places) -> Places:
        """Degrees of SCAT3 (K, 2) brought back to the land."""
        if self.factor == 1:
            return places
        north, east = places[:, 0] / self.factor, places[:, 1] / self.factor
        return np.stack([self.latitude + north, self.longitude + east / math.cos(math.radians(self.latitude))], axis=1)


def files_write(folder: Path, queries: Sequence[Row], baseline: Sequence[Row], factor: float = 1.0) -> int:
    """Genotypes (the queries first), locations and boundary; how many loci there are.

    A query whose population is in the baseline carries its zone, so that SCAT3 takes it out of its own site;
    `queries` without one carry -1.
    """
    folder.mkdir(parents=True, exist_ok=True)
    loci = [name.removesuffix("_1") for name in baseline[0] if name.endswith("_1")]
    zones, places = _zones(queries, baseline)
    lines = []
    for row in (*queries, *baseline):
        for half in (1, 2):
            alleles = [_allele(row[f"{locus}_{half}"]) for locus in loci]
            lines.append(" ".join([row["id"], zones.get(row.get("population", ""), UNKNOWN), *alleles]))
    (folder / "genotypes.txt").write_text("\n".join(lines) + "\n")
    south, north, west, east = _frame([*baseline, *(row for row in queries if "population" in row)])
    wide = Widened(latitude=(south + north) / 2, longitude=(west + east) / 2, factor=factor)
    located = [_written(f"zone{zone} {zone}", wide.there(*places[name])) for name, zone in zones.items()]
    (folder / "locations.txt").write_text("\n".join(located) + "\n")
    corners = [(north, west), (north, east), (south, east), (south, west), (north, west)]
    (folder / "boundary.txt").write_text("\n".join(_written("", wide.there(*one)) for one in corners) + "\n")
    (folder / "widened.json").write_text(json.dumps(asdict(wide)))
    return len(loci)


def _zones(queries: Sequence[Row], baseline: Sequence[Row]) -> tuple[dict[str, str], dict[str, tuple[float, float]]]:
    """Numbers of the populations and the mean places of their animals."""
    members: dict[str, list[tuple[float, float]]] = {}
    for row in (*baseline, *(row for row in queries if "population" in row)):
        members.setdefault(row["population"], []).append((float(row["latitude"]), float(row["longitude"])))
    places = {name: tuple(np.mean(found, axis=0).tolist()) for name, found in members.items()}
    return {name: str(number) for number, name in enumerate(places, start=1)}, places


def _frame(rows: Iterable[Row]) -> tuple[float, float, float, float]:
    degrees = np.array([(float(row["latitude"]), float(row["longitude"])) for row in rows])
    (south, west), (north, east) = degrees.min(axis=0).tolist(), degrees.max(axis=0).tolist()
    high, wide = _MARGIN * (north - south), _MARGIN * (east - west)
    return south - high, north + high, west - wide, east + wide


def _allele(cell: str) -> str:
    return UNTYPED if cell in ("", "NA", "0") else cell


def _written(name: str, place: tuple[float, float]) -> str:
    return f"{name} {place[0]:.6f} {place[1]:.6f}".strip()


def places_read(folder: Path, name: str, burn_in: int) -> Places | None:
    """The places SCAT3 sampled for an animal after its burn-in (K, 2), on the land; none while it is not done."""
    path = folder / "out" / name
    lines = path.read_text().splitlines() if path.is_file() else []
    if not lines or not lines[-1].startswith("Acceptance"):
        return None
    wide = Widened(**json.loads((folder / "widened.json").read_text()))
    return wide.back(np.array([[float(word) for word in line.split()[:2]] for line in lines[burn_in:-1]]))


def points_of(places: Places) -> dict[str, tuple[float, float]]:
    """What may be reported as the point: the median latitude and longitude, as SCAT's manual says, the mean place,
    and the geometric median, as the map does."""
    vectors = unit_vectors(places[:, 0], places[:, 1])
    middle = vectors.mean(axis=0)
    mean = middle
    for _ in range(_STEPS):
        pull = 1 / (np.linalg.norm(vectors - middle, axis=1) + 1e-7)
        middle = (pull[:, None] * vectors).sum(axis=0) / pull.sum()
    latitude, longitude = np.median(places, axis=0).tolist()
    return {"medians": (latitude, longitude), "mean": _degrees(mean), "geometric median": _degrees(middle)}


def _degrees(vector: Places) -> tuple[float, float]:
    x, y, z = (vector / np.linalg.norm(vector)).tolist()
    return math.degrees(math.asin(z)), math.degrees(math.atan2(y, x))


def held(places: Places, truth: tuple[float, float], level: float = 0.95) -> bool:
    """Whether the truth lies where the sampled places are as dense as around the densest 95 % of them: a normal
    kernel of Silverman's (1986) width in two dimensions."""
    north, east = places[:, 0], places[:, 1] * math.cos(math.radians(truth[0]))
    flat = np.radians(np.stack([north, east], axis=1)) * EARTH_KM
    own = np.radians(np.array([truth[0], truth[1] * math.cos(math.radians(truth[0]))])) * EARTH_KM
    width = max(float(np.sqrt(flat.var(axis=0).mean())) * len(flat) ** (-1 / 6), 1e-3)

    def density(at: Places) -> Places:
        apart = ((at[:, None] - flat[None]) ** 2).sum(axis=2)
        found: Places = np.exp(-0.5 * apart / width**2).mean(axis=1)
        return found

    return bool(density(own[None])[0] >= np.quantile(density(flat), 1 - level))


def apart_km(point: tuple[float, float], truth: tuple[float, float]) -> float:
    """Great-circle kilometres."""
    return float(distance_km(*truth, np.array([point[0]]), np.array([point[1]]))[0])
