"""Two runs side by side: inputs, method, parameters, answers, numbers and result files, and which of them differ.

A repetition of a computation on the same inputs must give the same bytes; where it does not, or where two runs are
meant to differ, a reviewer sees in what (ISO/IEC 17025:2017 7.2.1, 7.7.1; reproducible computation).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Section(StrEnum):
    """What a line is about, in the order of the page."""

    HOW = "how"
    FILES = "files"
    ANSWERS = "answers"
    NUMBERS = "numbers"
    RESULTS = "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """A run as names and texts. `how` holds method, version, parameters, reference and seed; `files` role to digest."""

    how: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    results: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing of both runs; empty where a run lacks it."""

    section: Section
    name: str
    first: str
    second: str

    @property
    def same(self) -> bool:
        """Whether both runs say the same."""
        return self.first == self.second


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Every line of two runs, and what follows from them."""

    lines: tuple[Line, ...]

    def of(self, section: Section) -> tuple[Line, ...]:
        """The lines of one section, those that differ first."""
        return tuple(sorted((one for one in self.lines if one.section == section), key=lambda one: one.same))

    @property
    def differing(self) -> tuple[Line, ...]:
        """Lines that differ."""
        return tuple(one for one in self.lines if not one.same)

    @property
    def same_inputs(self) -> bool:
        """Whether both computed the same thing: the bytes must then be the same."""
        return all(one.same for one in self.lines if one.section in (Section.HOW, Section.FILES))

    @property
    def same_results(self) -> bool:
        """Whether every result file has the same bytes."""
        return all(one.same for one in self.lines if one.section == Section.RESULTS)

    @property
    def same_answers(self) -> bool:
        """Whether both name the same, whatever their bytes."""
        return all(one.same for one in self.lines if one.section == Section.ANSWERS)


def compare(first: RunFacts, second: RunFacts) -> Comparison:
    """Both runs, line by line, in a fixed order."""
    lines: list[Line] = []
    for section in Section:
        one, other = getattr(first, section.value), getattr(second, section.value)
        lines += [
            Line(section=section, name=name, first=one.get(name, ""), second=other.get(name, ""))
            for name in _names(one, other)
        ]
    return Comparison(lines=tuple(lines))


def _names(one: Iterable[str], other: Iterable[str]) -> list[str]:
    """Every name once: those of the first in its order, then what the second adds."""
    return list(dict.fromkeys([*one, *other]))
