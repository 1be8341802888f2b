"""What the verifier said, as a verdict and numbered checks a person reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from chain_of_custody.core.verify import Report, Status
from lims.web.parts import Tone

_TONES: Mapping[Status, Tone] = {Status.PASSED: "ok", Status.INDETERMINATE: "warn", Status.FAILED: "bad"}
_STATES = {Status.PASSED: "ok", Status.INDETERMINATE: "warn", Status.FAILED: "bad"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer: its tone and its words."""

    tone: str
    title: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLine:
    """A numbered step: what was looked at, how it came out, where it fails."""

    number: int
    state: str
    label: str
    detail: str
    problems: tuple[str, ...]
    more: int


def verdict_of(status: Status, kind: str) -> Verdict:
    """The verdict in words."""
    titles = {
        Status.PASSED: _("Passed: complete, unaltered, in order"),
        Status.INDETERMINATE: _("Cannot tell: nothing is wrong, but not everything is proved"),
        Status.FAILED: _("Failed: it is not as the laboratory made it"),
    }
    notes = {
        Status.PASSED: _("It proves nothing about what was never recorded."),
        Status.INDETERMINATE: _("The steps marked below say what is missing for a proof."),
        Status.FAILED: _("The steps marked below name the file or entry that fails."),
    }
    return Verdict(tone=_TONES[status], title=titles[status], note=notes[status])


def checks_of(report: Report) -> list[CheckLine]:
    """The steps of a report, those that failed with where and why."""
    return [
        CheckLine(
            number=step.number,
            state=_STATES[step.status],
            label=step_name(step.name),
            detail=step.detail,
            problems=tuple(_problem(one) for one in step.findings),
            more=max(0, step.count - len(step.findings)),
        )
        for step in report.steps
    ]


def _problem(finding: Any) -> str:
    where = ", ".join(f"{name} {value}" for name, value in finding.where.items())
    return f"{finding.reason}: {finding.detail}{f' ({where})' if where else ''}"


def step_name(name: str) -> str:
    """What a step of the verifier looks at."""
    known = {
        "archive": _("Nothing missing, nothing added"),
        "bag": _("Every file is unchanged"),
        "pack signature": _("Signed by the laboratory"),
        "pack key": _("Signed with a key you trust"),
        "custody history": _("Custody history inside"),
        "file": _("The history can be read to its end"),
        "entries": _("Every entry is well formed"),
        "opened values": _("Names and texts are those committed to"),
        "streams": _("No entry missing or out of order"),
        "custody": _("Custody without gap"),
        "log": _("Every entry is in the ledger"),
        "checkpoint": _("The ledger's state is signed"),
        "key": _("The ledger's key is one you trust"),
        "end of streams": _("Nothing left out at the end"),
        "tiles": _("The published pieces of the ledger fit together"),
        "leaves": _("Every published entry is in the ledger"),
        "time stamp": _("An outside authority stamped the time"),
        "outside checkpoint": _("It continues the state you kept"),
    }
    return known.get(name, name.capitalize())
