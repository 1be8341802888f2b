"""What a verification says: numbered steps, each passed, indeterminate or failed with a named reason."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from chain_of_custody.core.canonical import Json


class Status(StrEnum):
    """Outcome of a step and of the whole. Indeterminate: nothing is wrong, but what was given does not prove
    it.
    """

    PASSED = "passed"
    INDETERMINATE = "indeterminate"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong or not proven: a stable reason, a sentence, and where (line, entry, file)."""

    status: Status
    reason: str
    detail: str
    where: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A numbered check. `findings` are the first few; `count` says how many there were."""

    number: int
    name: str
    detail: str
    findings: tuple[Finding, ...] = ()
    count: int = 0

    @property
    def status(self) -> Status:
        return _worst(finding.status for finding in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Verdict on one file. `facts` name what was verified: origin, size, key fingerprints, counts."""

    file: str
    kind: str
    steps: tuple[Step, ...]
    facts: Mapping[str, Json]

    @property
    def status(self) -> Status:
        return _worst(step.status for step in self.steps)

    def to_json(self) -> dict[str, Json]:
        """The report as JSON: `verdict`, `reasons`, `facts` and `steps`."""
        reasons = [finding.reason for step in self.steps for finding in step.findings]
        return {
            "file": self.file,
            "kind": self.kind,
            "verdict": self.status.value,
            "reasons": list(dict.fromkeys(reasons)),
            "facts": dict(self.facts),
            "steps": [_step_json(step) for step in self.steps],
        }

    def lines(self) -> list[str]:
        """The report for people."""
        out = [f"{self.kind} {self.file}"]
        for step in self.steps:
            out.append(f"{step.number:>3}. {step.status.value:<13} {step.name}: {step.detail}")
            out += [f"     {one.reason}: {one.detail}{_place(one.where)}" for one in step.findings]
            if step.count > len(step.findings):
                out.append(f"     and {step.count - len(step.findings)} more")
        out += [f"     {name}: {value}" for name, value in self.facts.items()]
        return [*map(printable, out), f"verdict: {self.status.value}"]


def printable(text: str) -> str:
    r"""The text with every sign that moves, hides or turns others round written as `\x1b` or `\u202e`.

    These are Unicode's general categories Cc (controls and line feeds), Cf (bidi and zero width), Zl, Zp, Zs (but the
    space), Cs, Co and Cn: names in a file must not be able to write a line of the report.
    """
    return "".join(map(_printable_sign, text))


def _printable_sign(sign: str) -> str:
    if sign == " " or unicodedata.category(sign) not in _UNSEEN:
        return sign
    return sign.encode("unicode_escape", "surrogatepass").decode("ascii")


_UNSEEN = frozenset(("Cc", "Cf", "Zl", "Zp", "Zs", "Cs", "Co", "Cn"))


class Steps:
    """Collects findings while a file is read, then numbers the steps."""

    LIMIT = 5

    def __init__(self) -> None:
        self._open: dict[str, list[Finding]] = {}
        self._count: dict[str, int] = {}
        self._detail: dict[str, str] = {}

    def begin(self, *names: str) -> None:
        """Announce steps, in order; without a finding a step passes once it is `done`."""
        for name in names:
            self._open.setdefault(name, [])
            self._count.setdefault(name, 0)

    def done(self, name: str, detail: str) -> None:
        """Say what a step looked at. A step never done counts as not reached."""
        self.begin(name)
        self._detail[name] = detail

    def fail(self, name: str, reason: str, detail: str, where: Mapping[str, Json] | None = None) -> None:
        self._add(name, Finding(status=Status.FAILED, reason=reason, detail=detail, where=where or {}))

    def doubt(self, name: str, reason: str, detail: str, where: Mapping[str, Json] | None = None) -> None:
        self._add(name, Finding(status=Status.INDETERMINATE, reason=reason, detail=detail, where=where or {}))

    def failed(self, name: str) -> bool:
        return any(finding.status is Status.FAILED for finding in self._open[name])

    @property
    def status(self) -> Status:
        """The verdict as things stand."""
        return _worst(step.status for step in self.numbered())

    def _add(self, name: str, finding: Finding) -> None:
        self.begin(name)
        self._count[name] += 1
        if len(self._open[name]) < self.LIMIT:
            self._open[name].append(finding)

    def numbered(self) -> tuple[Step, ...]:
        """All steps. One that was never done and has no finding is indeterminate, "not-reached"."""
        return tuple(self._step(number, name) for number, name in enumerate(self._open, 1))

    def _step(self, number: int, name: str) -> Step:
        findings = tuple(self._open[name])
        if name not in self._detail and not findings:
            detail = "not reached, because the file could not be read to its end"
            findings = (Finding(status=Status.INDETERMINATE, reason="not-reached", detail=detail),)
        detail = self._detail.get(name, "not completed")
        return Step(
            number=number,
            name=name,
            detail=detail,
            findings=findings,
            count=max(self._count[name], len(findings)),
        )


def _worst(statuses: Iterable[Status]) -> Status:
    found = set(statuses)
    for status in (Status.FAILED, Status.INDETERMINATE):
        if status in found:
            return status
    return Status.PASSED


def _step_json(step: Step) -> dict[str, Json]:
    return {
        "number": step.number,
        "name": step.name,
        "status": step.status.value,
        "detail": step.detail,
        "count": step.count,
        "findings": [
            {
                "status": finding.status.value,
                "reason": finding.reason,
                "detail": finding.detail,
                "where": dict(finding.where),
            }
            for finding in step.findings
        ],
    }


def _place(where: Mapping[str, Json]) -> str:
    return f" ({', '.join(f'{name} {value}' for name, value in where.items())})" if where else ""
