"""Regions of reference population data: its populations and groups, with how many animals each has."""

from lims.lab.enums import ReferenceKind
from lims.lab.models import ReferenceSet


def reference_regions(reference: ReferenceSet) -> dict[str, int]:
    """Animals by population and by group, names in order; empty for other kinds of reference.

    A name that is both a population and a group stands for the animals of either, as in `analysis.individual.regions`.
    """
    if reference.kind != ReferenceKind.ORIGIN:
        return {}
    rows = (reference.checks.get("validation") or {}).get("populations") or []
    found: dict[str, int] = {}
    for row in rows:
        for name in {str(row["population"]), str(row["group"] or row["population"])}:
            found[name] = found.get(name, 0) + int(row["animals"])
    return dict(sorted(found.items()))
