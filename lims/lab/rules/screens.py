"""The contamination screen's list: what stands in it, how it is hashed, how its entries find their bases again."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from chain_of_custody.core.canonical import Json
from lims.lab.enums import ControlKind

MOST_EARLIER: Final = 1_000
"""Earlier sequences on one list: the latest. A list that was cut says so."""

MOST_OUTCOMES: Final = 100
"""Outcomes of one run whose sequences are kept to screen others against."""

SHORTEST: Final = 100
"""Bases below which a sequence tells nothing."""

NEGATIVE: Final = frozenset({ControlKind.REAGENT_BLANK, ControlKind.NO_TEMPLATE})


def bases_digest(salt: str, bases: str) -> str:
    """SHA-256 over the salt and the bases: says later that they are the same, and nothing else."""
    return hashlib.sha256(f"{salt}{bases}".encode("ascii")).hexdigest()


def list_digest(content: Mapping[str, Any]) -> str:
    """SHA-256 of a list in its one JSON form."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def method_list(content: Mapping[str, Any], bases: Mapping[str, str]) -> bytes:
    """The list as the method reads it: what is printed, and every entry with its bases; empty where they are gone."""
    sequences: list[dict[str, Json]] = [
        {"name": one["name"], "group": one["group"], "bases": bases.get(one["id"], "")} for one in content["sequences"]
    ]
    return json.dumps({"drawn": dict(content), "sequences": sequences}, sort_keys=True).encode()
