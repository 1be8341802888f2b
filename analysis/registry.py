"""The methods this package offers, by name.

The mapping is static; a method's module is loaded when the method is first asked for, so
that a worker that assigns origins never loads sequence libraries. Each module named here has a
`METHOD: Method`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType

from analysis.errors import AnalysisError
from analysis.inputs import Progress, RunInputs, RunResult

_MODULES: Mapping[str, str] = MappingProxyType(
    {
        "age.radiocarbon": "analysis.age.method",
        "captivity.classify": "analysis.captivity.method",
        "individual.consensus": "analysis.individual.consensus_method",
        "individual.kin": "analysis.individual.kin_method",
        "individual.match": "analysis.individual.match_method",
        "individual.parentage": "analysis.individual.parentage_method",
        "origin.assign": "analysis.origin.method",
        "origin.combined": "analysis.origin.combined_method",
        "origin.haplotype": "analysis.origin.haplotype_method",
        "origin.isotope": "analysis.origin.isotope.method",
        "origin.map": "analysis.origin.spatial.method",
        "origin.mixture": "analysis.origin.mixture_method",
        "species.identify": "analysis.species.method",
        "species.product": "analysis.species.product",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A method with what a court asks about it: version, source, assumptions, limits, validation."""

    name: str
    version: str
    citation: str
    assumptions: tuple[str, ...]
    limits: tuple[str, ...]
    validation: str
    run: Callable[[RunInputs, Progress], RunResult]


class _Methods(Mapping[str, Method]):
    """`_MODULES`, with each method loaded on first use."""

    def __getitem__(self, name: str) -> Method:
        method = import_module(_MODULES[name]).METHOD
        if not isinstance(method, Method) or method.name != name:
            raise AnalysisError(f"{_MODULES[name]} does not hold the method «{name}».")
        return method

    def __iter__(self) -> Iterator[str]:
        return (name for name, module in _MODULES.items() if find_spec(module) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return name in set(self)


METHODS: Mapping[str, Method] = _Methods()
