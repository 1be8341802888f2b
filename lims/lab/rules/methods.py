"""What each method is run with: roles of files, references, parameters. Pages, API and service read this table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.genotypes.reader import TableFormat
from lims.lab.enums import ReferenceKind

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """Files of one role: whether a run needs one, and whether it may have several."""

    name: str
    needed: bool = False
    several: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter: `kind` is text, whole, number, flag or table (an object of numbers).

    Bounds hold for numbers, `choices` for texts.
    `default` is what counts where nothing is given, None where nothing does; `needed` ones must be given.
    """

    name: str
    kind: str = "text"
    default: Value = None
    least: float | None = None
    most: float | None = None
    needed: bool = False
    choices: tuple[str, ...] = ()

    def problem(self, value: Any) -> str:
        """What is wrong with a value, as a code; empty where nothing is."""
        if value is None:
            return "required" if self.needed else ""
        if not isinstance(value, _TYPES[self.kind]) or (isinstance(value, bool) and self.kind != "flag"):
            return "bad-type"
        if isinstance(value, str):
            empty = not value.strip()
            return "required" if self.needed and empty else "" if empty or self._offered(value.strip()) else "unknown"
        if isinstance(value, int | float) and not isinstance(value, bool):
            low = self.least is not None and not value >= self.least
            high = self.most is not None and not value <= self.most
            return "out-of-range" if low or high else ""
        return ""

    def _offered(self, value: str) -> bool:
        return not self.choices or value in self.choices


_TYPES: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "whole": (int,),
    "number": (int, float),
    "flag": (bool,),
    "table": (dict,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodShape:
    """What a run of a method is started with.

    `kinds`: kinds of reference it is computed against, none where it needs none. `second_kinds`: of the second
    reference, for a method that joins two. `places`: population data must have coordinates. `screened`: the laboratory
    adds the list of sequences to screen against.
    """

    roles: tuple[Role, ...]
    kinds: tuple[ReferenceKind, ...] = ()
    second_kinds: tuple[ReferenceKind, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    places: bool = False
    screened: bool = False

    def parameter(self, name: str) -> Parameter | None:
        """One parameter by its name."""
        return next((one for one in self.parameters if one.name == name), None)


def _text(name: str, default: str | None = None) -> Parameter:
    return Parameter(name=name, default=default)


def _number(name: str, default: float | None, least: float, most: float) -> Parameter:
    return Parameter(name=name, kind="number", default=default, least=least, most=most)


def _whole(name: str, default: int, least: int, most: int) -> Parameter:
    return Parameter(name=name, kind="whole", default=default, least=least, most=most)


_ID = _text("id_column", "id")
_FORMAT = Parameter(name="table_format", default="auto", choices=tuple(TableFormat))
_ERRORS = (
    _number("theta", 0.03, 0, 0.5),
    _number("dropout", 0.01, 0, 0.5),
    _number("miscall", 0.005, 0, 0.5),
)
_SQUARES = _number("generalise_km", 0, 0, 20_000)
_REGION = _text("frequencies_of")
_CALIBRATED = Parameter(name="calibrated", kind="flag", default=True)
_GENOTYPES = Role(name="genotypes", needed=True)
_MEASUREMENTS = Role(name="measurements", needed=True)
_RANGE = Role(name="range_map")
_AGAINST = Role(name="against")
_VALUES = (_text("value_column", "value"), _text("scale_column", "scale"), _text("deviation_column"))

METHOD_SHAPES: Mapping[str, MethodShape] = {
    "species.identify": MethodShape(
        roles=(
            Role(name="trace_forward"),
            Role(name="trace_reverse"),
            Role(name="sequence", several=True),
            Role(name="edits"),
            Role(name="screen", several=True),
        ),
        kinds=(ReferenceKind.SPECIES,),
        screened=True,
        parameters=(_text("declared"), _text("declared_species"), _text("locus"), _text("name")),
    ),
    "species.product": MethodShape(
        roles=(
            Role(name="amplicons", needed=True),
            Role(name="blank", several=True),
            Role(name="positive", several=True),
        ),
        kinds=(ReferenceKind.SPECIES,),
        parameters=(
            _text("declared"),
            _text("expected"),
            _whole("least", 8, 1, 1_000_000),
            Parameter(name="denoiser", default="own", choices=("own", "vsearch")),
        ),
    ),
    "origin.assign": MethodShape(
        roles=(_GENOTYPES,),
        kinds=(ReferenceKind.ORIGIN,),
        parameters=(
            _ID,
            _whole("simulations", 10_000, 100, 1_000_000),
            _number("alpha", 0.01, 0, 1),
            _number("threshold", 0.9, 0, 1),
            _number("least_typed", 0.6, 0, 1),
            _whole("figures", 50, 0, 1000),
            _FORMAT,
        ),
    ),
    "origin.map": MethodShape(
        roles=(_GENOTYPES, _RANGE),
        kinds=(ReferenceKind.ORIGIN,),
        places=True,
        parameters=(
            _ID,
            _CALIBRATED,
            _SQUARES,
            _whole("figures", 20, 0, 1000),
            _FORMAT,
        ),
    ),
    "origin.mixture": MethodShape(
        roles=(_GENOTYPES,),
        kinds=(ReferenceKind.ORIGIN,),
        parameters=(_ID, _text("by_column"), _whole("replicates", 200, 20, 10_000), _FORMAT),
    ),
    "origin.isotope": MethodShape(roles=(_MEASUREMENTS,), kinds=(ReferenceKind.ISOSCAPE,), parameters=(_ID, *_VALUES)),
    "origin.combined": MethodShape(
        roles=(_GENOTYPES, _MEASUREMENTS, _RANGE),
        kinds=(ReferenceKind.ORIGIN,),
        second_kinds=(ReferenceKind.ISOSCAPE,),
        places=True,
        parameters=(Parameter(name="independent", needed=True), _ID, *_VALUES, _CALIBRATED, _SQUARES, _FORMAT),
    ),
    "origin.haplotype": MethodShape(roles=(_MEASUREMENTS,), kinds=(ReferenceKind.HAPLOTYPES,), parameters=(_ID,)),
    "individual.match": MethodShape(
        roles=(_GENOTYPES, _AGAINST),
        kinds=(ReferenceKind.PROFILES, ReferenceKind.ORIGIN),
        parameters=(
            _ID,
            _number("least_match", 0.85, 0.5, 1),
            _number("least_shared", 0.85, 0.1, 1),
            *_ERRORS,
            _REGION,
            _FORMAT,
        ),
    ),
    "individual.kin": MethodShape(
        roles=(_GENOTYPES, _AGAINST),
        kinds=(ReferenceKind.ORIGIN, ReferenceKind.PROFILES),
        parameters=(
            _ID,
            _number("least_lr", 1000, 1, 1e12),
            _number("least_shared", 0.8, 0.1, 1),
            *_ERRORS,
            _REGION,
            _FORMAT,
        ),
    ),
    "individual.parentage": MethodShape(
        roles=(_GENOTYPES, Role(name="claims")),
        kinds=(ReferenceKind.ORIGIN, ReferenceKind.PROFILES),
        parameters=(
            _ID,
            _text("young"),
            _text("mother"),
            _text("father"),
            _number("alpha", 0.001, 1e-9, 0.5),
            *_ERRORS,
            _REGION,
            _FORMAT,
        ),
    ),
    "individual.consensus": MethodShape(
        roles=(Role(name="genotype_runs", needed=True),),
        parameters=(_ID, _whole("allele_runs", 2, 1, 100), _whole("homozygote_runs", 3, 1, 100), _FORMAT),
    ),
    "age.radiocarbon": MethodShape(
        roles=(_MEASUREMENTS, Role(name="cutoffs")),
        kinds=(ReferenceKind.CURVE,),
        parameters=(_number("longest", None, 0.1, 500),),
    ),
    "captivity.classify": MethodShape(
        roles=(_MEASUREMENTS,),
        kinds=(ReferenceKind.TRAINING,),
        parameters=(
            _ID,
            _number("threshold", 0.9, 0.5, 1),
            _number("alpha", 0.01, 0.0001, 0.2),
            Parameter(name="prior", kind="table"),
        ),
    ),
}
"""One row per method; defaults are those of the methods, and a test holds them together."""

PLACES_SHOWN = frozenset({"origin.map", "origin.combined"})
"""Methods whose answers rest on where reference animals were sampled: they are told to make squares of a restricted
set."""


def squared(method: str, km: int, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters; a method that rests on places gets squares of the set's size, and no caller can undo it."""
    given = dict(parameters)
    if method not in PLACES_SHOWN or not km:
        return given
    asked = given.get("generalise_km")
    wanted = asked if isinstance(asked, int | float) and not isinstance(asked, bool) else 0
    return {**given, "generalise_km": max(wanted, km)}
