"""The table of methods: held to what the methods themselves read, and asked before a run is queued."""

import dataclasses
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from analysis.individual.kinship import ErrorModel
from analysis.individual.parentage import ALPHA
from analysis.origin.assign import Settings
from analysis.registry import _MODULES, METHODS
from analysis.species.denoising import LEAST_READS
from lims.common.errors import BadInput, RuleViolation
from lims.lab.rules.methods import METHOD_SHAPES, Parameter, squared
from tests.lims.lab import methods_support as made
from tests.lims.lab.support import Bench

SHARED = {
    "individual": ("analysis/individual/inputs.py",),
    "origin.combined": ("analysis/origin/spatial/method.py", "analysis/origin/isotope/tables.py"),
    "origin.isotope": ("analysis/origin/isotope/tables.py",),
}
_READ = re.compile(r'inputs\.(?:text|real|whole|names|parameters\.get)\(\s*"(\w+)"')
_ROLE = re.compile(r'inputs\.(?:one|of_role)\(\s*"(\w+)"')
NOT_OFFERED = {
    "origin.assign": {
        "baseline_id_column",
        "population_column",
        "group_column",
    },  # of a bare table, not of a frozen set
    "origin.combined": {"figures"},  # of the map alone
    "individual.consensus": {"theta", "dropout", "miscall", "frequencies_of"},
    "individual.match": set(),
}


def _source(method: str) -> str:
    paths = [Path(str(import_module(_MODULES[method]).__file__))]
    paths += [Path(one) for key in (method, method.partition(".")[0]) for one in SHARED.get(key, ())]
    return "\n".join(path.read_text() for path in paths)


def test_every_method_has_its_row() -> None:
    assert set(METHOD_SHAPES) == set(METHODS)


@pytest.mark.parametrize("method", sorted(METHOD_SHAPES))
def test_the_table_offers_what_the_method_reads(method: str) -> None:
    """Parameters that a method reads by name stand in its row, and roles too."""
    source, shape = _source(method), METHOD_SHAPES[method]
    read = set(_READ.findall(source)) - NOT_OFFERED.get(method, set())
    offered = {one.name for one in shape.parameters}
    by_loop = {"young", "mother", "father", "scale_column", "value_column"}
    assert read <= offered, read - offered
    assert offered - read <= by_loop, offered - read - by_loop
    roles = set(_ROLE.findall(source))
    assert {one.name for one in shape.roles if one.needed} <= roles | {"genotypes"}


def test_defaults_are_those_of_the_methods() -> None:
    def default(method: str, name: str) -> Any:
        one = METHOD_SHAPES[method].parameter(name)
        assert one is not None
        return one.default

    for settings, method in ((Settings(), "origin.assign"), (ErrorModel(), "individual.match")):
        for field in dataclasses.fields(settings):
            if METHOD_SHAPES[method].parameter(field.name):
                assert default(method, field.name) == getattr(settings, field.name), (method, field.name)
    for name in ("simulations", "figures"):
        one = METHOD_SHAPES["origin.assign"].parameter(name)
        assert one is not None
        assert one.least is not None
        least = int(one.least)
        assert getattr(Settings(**{name: least}), name) == least, "the method takes what the table lets through"
    assert default("individual.parentage", "alpha") == ALPHA
    assert default("species.product", "least") == LEAST_READS


@pytest.mark.parametrize(
    ("one", "value", "problem"),
    [
        (Parameter(name="a", kind="whole", least=1, most=3), 2, ""),
        (Parameter(name="a", kind="whole", least=1, most=3), 4, "out-of-range"),
        (Parameter(name="a", kind="whole"), 2.0, "bad-type"),
        (Parameter(name="a", kind="whole"), True, "bad-type"),
        (Parameter(name="a", kind="number", least=0, most=1), 1, ""),
        (Parameter(name="a", kind="number", least=0, most=1), float("nan"), "out-of-range"),
        (Parameter(name="a", kind="flag"), False, ""),
        (Parameter(name="a", kind="flag"), 0, "bad-type"),
        (Parameter(name="a"), 3, "bad-type"),
        (Parameter(name="a", choices=("x", "y")), "z", "unknown"),
        (Parameter(name="a", choices=("x", "y")), "", ""),
        (Parameter(name="a", needed=True), " ", "required"),
        (Parameter(name="a", needed=True), None, "required"),
        (Parameter(name="a"), None, ""),
    ],
    ids=range(14),
)
def test_what_is_wrong_with_a_value(one: Parameter, value: Any, problem: str) -> None:
    assert one.problem(value) == problem


def test_a_run_is_refused_before_it_is_queued(bench: Bench) -> None:
    table = {"genotypes": bench.data.samples_csv}
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"simulatons": 1000}, "unknown-parameter", "parameters"),
        ({"simulations": 10}, "out-of-range", "simulations"),
        ({"simulations": "many"}, "bad-type", "simulations"),
        ({"table_format": "excel"}, "unknown", "table_format"),
    ]
    for given, code, field in cases:
        with pytest.raises(BadInput) as refused:
            made.run(bench, "origin.assign", table, bench.baseline, **given)
        assert (refused.value.code, refused.value.field) == (code, field)
    with pytest.raises(BadInput) as unknown:
        made.run(bench, "origin.assign", {"measurements": bench.data.samples_csv}, bench.baseline)
    assert unknown.value.code == "unknown-role"
    with pytest.raises(BadInput) as missing:
        made.run(bench, "origin.map", {"range_map": "{}"}, bench.baseline)
    assert missing.value.code == "bad-count"
    with pytest.raises(BadInput) as no_reference:
        made.run(bench, "origin.assign", table, None)
    assert (no_reference.value.code, no_reference.value.field) == ("required", "reference")
    with pytest.raises(RuleViolation) as none_taken:
        made.run(bench, "individual.consensus", {"genotype_runs": bench.data.samples_csv}, bench.baseline)
    assert none_taken.value.code == "other-kind"


@pytest.mark.parametrize(
    ("method", "km", "asked", "squares"),
    [
        ("origin.map", 50, None, 50),
        ("origin.map", 50, 10, 50),
        ("origin.map", 50, 100, 100),
        ("origin.combined", 50, 0, 50),
        ("origin.map", 50, True, 50),
        ("origin.map", 0, 10, 10),
        ("origin.map", 0, None, None),
        ("origin.assign", 50, None, None),
    ],
)
def test_nobody_asks_for_smaller_squares_than_the_set_shows(
    method: str, km: int, asked: object, squares: object
) -> None:
    given: dict[str, Any] = {} if asked is None else {"generalise_km": asked}
    assert squared(method, km, given).get("generalise_km") == squares
    assert given == ({} if asked is None else {"generalise_km": asked})
