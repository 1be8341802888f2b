"""Which kinds of reference a method is computed against."""

from collections.abc import Mapping

from lims.lab.enums import ReferenceKind

METHOD_KINDS: Mapping[str, tuple[ReferenceKind, ...]] = {
    "species.identify": (ReferenceKind.SPECIES,),
    "species.product": (ReferenceKind.SPECIES,),
    "origin.assign": (ReferenceKind.ORIGIN,),
    "origin.map": (ReferenceKind.ORIGIN,),
    "origin.mixture": (ReferenceKind.ORIGIN,),
    "origin.isotope": (ReferenceKind.ISOSCAPE,),
    "origin.haplotype": (ReferenceKind.HAPLOTYPES,),
    "individual.match": (ReferenceKind.PROFILES, ReferenceKind.ORIGIN),
    "individual.kin": (ReferenceKind.PROFILES, ReferenceKind.ORIGIN),
    "individual.parentage": (ReferenceKind.ORIGIN, ReferenceKind.PROFILES),
    "age.radiocarbon": (ReferenceKind.CURVE,),
    "captivity.classify": (ReferenceKind.TRAINING,),
}
"""A method that is not named here takes any kind and checks itself."""

PLACES_SHOWN = frozenset({"origin.map"})
"""Methods whose files show where reference animals were sampled: they are told to make squares of a restricted set."""
