"""A case with an issued report, on an installation of its own."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from lims.accounts.actors import Actor
from lims.accounts.roles import Role
from lims.accounts.services import reauthenticate
from lims.casework.services.cases import case_assign
from lims.lab.models import Report
from lims.lab.services.reports import report_sign
from tests.lims import builders
from tests.lims.lab import support


@dataclass(slots=True)
class Disclosure:
    """A bench with an issued report, the prosecutor of its case, and the keys of the installation."""

    bench: support.Bench
    report: Report
    prosecutor: Actor
    keys: support.Keys
    folder: Path


@pytest.fixture
def disclosure(keys: support.Keys, committed_db: object, tmp_path: Path) -> Disclosure:
    bench = support.bench()
    builders.seizure(bench.lab.custodian, bench.case)
    row = support.reviewed(bench)
    reviewer = bench.lab.reviewer
    proof = reauthenticate(actor=reviewer, password=builders.PASSWORD)
    row = report_sign(actor=reviewer, report=row, version=row.version, proof=proof)
    account = builders.person(name="Claire Dumont")
    case_assign(actor=bench.lab.custodian, case=bench.case, user=account, role=Role.PROSECUTOR.value)
    return Disclosure(bench=bench, report=row, prosecutor=builders.actor_of(account), keys=keys, folder=tmp_path)
