"""What a reference of each kind is made from: how many files, and what must be said about them."""

from collections.abc import Mapping
from dataclasses import dataclass

from lims.lab.enums import ReferenceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Files and parameters of a kind of reference. `most` None: any number of files."""

    least: int = 1
    most: int | None = 1
    needed: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()

    @property
    def parameters(self) -> tuple[str, ...]:
        """Every parameter the builder knows."""
        return (*self.needed, *self.optional)


SHAPES: Mapping[str, Shape] = {
    ReferenceKind.SPECIES: Shape(most=None, optional=("locus", "against", "exclude", "names")),
    ReferenceKind.ORIGIN: Shape(
        needed=("id_column", "population_column"),
        optional=("group_column", "latitude_column", "longitude_column", "permit_column", "table_format"),
    ),
    ReferenceKind.ISOSCAPE: Shape(least=2, most=3, needed=("element",), optional=("scale",)),
    ReferenceKind.HAPLOTYPES: Shape(),
    ReferenceKind.PROFILES: Shape(needed=("id_column",), optional=("table_format",)),
    ReferenceKind.PANEL: Shape(),
    ReferenceKind.CURVE: Shape(most=6, optional=("zone",)),
    ReferenceKind.TRAINING: Shape(needed=("class_column", "variables")),
    ReferenceKind.SCALE: Shape(),
    ReferenceKind.LINK_RULE: Shape(),
}
"""One row per kind. What builds it stands in `lims.lab.builders`."""
