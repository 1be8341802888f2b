"""What the build of a reference found, as its reader may see it: exact places only for those who may."""

from collections.abc import Mapping
from typing import Any

from analysis.origin.spatial.generalise import generalised
from lims.accounts.actors import Actor
from lims.lab.models import ReferenceSet
from lims.lab.selectors.referenceaccess import coordinates_shown


def reference_checks(*, actor: Actor, reference: ReferenceSet) -> dict[str, Any]:
    """The checks of a set already seen; sampled places are squares of `coarse_km` where the actor has no more right.

    `places_km` is the size of the squares, 0 for exact places.
    """
    found = dict(reference.checks)
    places = found.get("places")
    if not isinstance(places, list):
        return found
    km = 0 if coordinates_shown(actor=actor, reference=reference) else reference.coarse_km
    return {**found, "places": _coarse(places, km), "places_km": km}


def _coarse(places: list[Mapping[str, Any]], km: float) -> list[dict[str, Any]]:
    if km <= 0:
        return [dict(one) for one in places]
    counts: dict[tuple[float, float, str], int] = {}
    for one in places:
        latitude, longitude = generalised(float(one["latitude"]), float(one["longitude"]), km)
        key = (latitude, longitude, str(one["population"]))
        counts[key] = counts.get(key, 0) + int(one["animals"])
    return [
        {"latitude": latitude, "longitude": longitude, "population": name, "animals": count}
        for (latitude, longitude, name), count in sorted(counts.items())
    ]
