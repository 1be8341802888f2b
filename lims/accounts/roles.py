"""Who may do what: every capability of every role, on one screen. What is not marked is refused."""

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    """The roles of the laboratory and of those it serves."""

    CUSTODIAN = "custodian"
    TECHNICIAN = "technician"
    ANALYST = "analyst"
    REVIEWER = "reviewer"
    MANAGER = "manager"
    INVESTIGATOR = "investigator"
    PROSECUTOR = "prosecutor"
    AUTHORITY = "authority"  # CITES Management Authority officer
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    INSTRUMENT = "instrument"  # an API token on a sequencer or a scanner


LABORATORY_ROLES = frozenset({Role.CUSTODIAN, Role.TECHNICIAN, Role.ANALYST, Role.REVIEWER, Role.MANAGER})
_COLUMNS = list(Role)

#                        cus tec ana rev man inv pro aut aud adm ins
_MATRIX = """
case.open                 x   .   .   .   x   .   .   .   .   .   .
case.edit                 x   .   .   .   x   .   .   .   .   .   .
case.read                 x   x   x   x   x   .   .   .   x   .   .
case.assign               x   .   .   .   x   .   .   .   .   .   .
seizure.record            x   .   .   .   x   .   .   .   .   .   .
submission.create         x   .   .   .   x   x   .   .   .   .   .
status.read               x   x   x   x   x   x   x   .   x   .   .
intake.receive            x   x   .   .   .   .   .   .   .   .   .
item.register             x   x   x   .   .   .   .   .   .   .   .
discrepancy.countersign   x   x   x   x   x   .   .   .   .   .   .
sample.take               x   x   x   .   .   .   .   .   .   .   .
custody.act               x   x   x   x   x   .   .   .   .   .   .
custody.reassign          x   .   .   .   x   .   .   .   .   .   .
item.dispose              x   .   .   .   x   .   .   .   .   .   .
location.manage           x   .   .   .   x   .   .   .   .   .   .
label.print               x   x   x   .   x   x   .   .   .   .   .
scan.session              x   x   x   x   x   .   .   .   .   .   .
file.upload               x   x   x   .   x   .   .   .   .   .   x
file.read                 x   x   x   x   x   .   .   .   x   .   .
hold.set                  x   .   .   .   x   .   .   .   .   .   .
examination.request       x   .   x   .   x   x   x   .   .   .   .
examination.accept        .   .   x   .   x   .   .   .   .   .   .
batch.work                .   x   x   .   .   .   .   .   .   .   .
run.start                 .   x   x   .   .   .   .   .   .   .   .
run.read                  .   x   x   x   x   .   .   .   x   .   .
profile.enter             .   x   x   .   .   .   .   .   .   .   .
link.read                 .   .   x   x   x   .   .   .   x   .   .
link.search               .   .   x   .   .   .   .   .   .   .   .
link.review               .   .   x   x   .   .   .   .   .   .   .
link.release              .   .   .   .   x   x   x   .   .   .   .
reference.manage          .   .   x   .   x   .   .   .   .   .   .
finding.write             .   .   x   .   .   .   .   .   .   .   .
report.write              .   .   x   .   .   .   .   .   .   .   .
report.read               x   x   x   x   x   .   .   .   x   .   .
review.technical          .   .   x   x   .   .   .   .   .   .   .
review.administrative     x   .   .   x   x   .   .   .   .   .   .
report.sign               .   .   x   x   .   .   .   .   .   .   .
quality.manage            .   .   .   .   x   .   .   .   .   .   .
pack.request              .   .   .   .   .   .   x   .   .   .   .
pack.approve              .   .   .   .   x   .   .   .   .   .   .
pack.read                 .   .   .   .   x   .   x   .   x   .   .
trade.report              .   .   .   .   x   .   .   x   .   .   .
ledger.read               .   .   .   .   x   .   .   .   x   .   .
access.read               .   .   .   .   x   .   .   .   x   .   .
account.manage            .   .   .   .   .   .   .   .   .   x   .
person.forget             .   .   .   .   .   .   .   .   .   x   .
person.confirm            .   .   .   .   x   .   .   .   .   .   .
settings.manage           .   .   .   .   .   .   .   .   .   x   .
"""


def _read(matrix: str) -> dict[str, frozenset[Role]]:
    grants: dict[str, frozenset[Role]] = {}
    for line in matrix.strip().splitlines():
        capability, *marks = line.split()
        if len(marks) != len(_COLUMNS) or set(marks) - {"x", "."}:
            raise ValueError(f"roles matrix: {capability} needs {len(_COLUMNS)} marks, each x or .")
        grants[capability] = frozenset(role for role, mark in zip(_COLUMNS, marks, strict=True) if mark == "x")
    return grants


GRANTS = _read(_MATRIX)


def role_allows(role: Role | str, capability: str) -> bool:
    """Whether the matrix marks the capability for the role; a capability that is not in the matrix is a KeyError."""
    return role in GRANTS[capability]


def capabilities_of(roles: Iterable[Role | str]) -> frozenset[str]:
    """Every capability that one of the roles has, in any scope."""
    held = set(roles)
    return frozenset(name for name, allowed in GRANTS.items() if allowed & held)
