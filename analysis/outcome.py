"""The result every method hands back, whatever its question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from analysis.canonical import Json, canonical_json


class Identification(StrEnum):
    """The outcomes an identification may have; «could not decide» is a result."""

    SPECIES = "species"
    SPECIES_GROUP = "species_group"
    GENUS = "genus"
    FAMILY = "family"
    EXCLUDED = "excluded"
    MIXTURE = "mixture"
    INCONCLUSIVE = "inconclusive"
    NO_RESULT = "no_result"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a finding is what it is: a stable `code` for programs, a `text` for people."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found.

    `outcome` is one of `Identification` for identifications, or one of the method's own documented
    values; `subject` is the taxon, population or person named; `among` lists every candidate
    that the outcome leaves open.
    """

    outcome: str
    subject: str | None
    statement: str
    reasons: tuple[Reason, ...] = ()
    among: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number is never printed without its unit, its definition and, where one can be had, its interval.

    `interval` is (low, high, level) with level in 0–1, for example (0.0, 0.028, 0.95).
    """

    name: str
    value: float
    unit: str
    definition: str
    interval: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelihoodRatio:
    """log10 of P(evidence | first proposition) / P(evidence | second proposition)."""

    log10: float
    numerator: str
    denominator: str
    definition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One check of the decision record: what was looked at, its state and the value seen.

    `state` is "passed", "warning", "failed" or "not_done".
    """

    code: str
    state: str
    text: str
    value: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure as data; drawing is done elsewhere. `kind` names its documented shape."""

    name: str
    kind: str
    title: str
    description: str
    data: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class InputDigest:
    """One input file as it was read: role, name and SHA-256 of its bytes."""

    role: str
    name: str
    sha256: str


class Frozen(Protocol):
    """A reference set, or one entry of a signed table: a name, a version and the digest of its content."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def sha256(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceDigest:
    """The frozen reference set that was used. `calibration_sha256` is of its separate calibration file."""

    name: str
    version: str
    sha256: str
    calibration_sha256: str | None = None

    @classmethod
    def of(cls, used: Frozen, *, calibration_sha256: str | None = None) -> ReferenceDigest:
        """What identifies the set that was used."""
        return cls(name=used.name, version=used.version, sha256=used.sha256, calibration_sha256=calibration_sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A finding with everything needed to judge and to repeat it (ISO/IEC 17025:2017, 7.5.1)."""

    method: str
    version: str
    question: str
    finding: Finding
    propositions: tuple[str, ...] = ()
    numbers: tuple[Number, ...] = ()
    likelihood_ratio: LikelihoodRatio | None = None
    caveats: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    figures: tuple[Figure, ...] = ()
    inputs: tuple[InputDigest, ...] = ()
    reference: ReferenceDigest | None = None
    parameters: Mapping[str, Json] = field(default_factory=dict)
    details: Mapping[str, Json] = field(default_factory=dict)
    seed: int = 0

    def to_json(self) -> bytes:
        """Canonical bytes: the same input gives the same bytes."""
        return canonical_json(self)
