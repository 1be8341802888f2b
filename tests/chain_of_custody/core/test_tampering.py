"""The whole tamper set through the Python verifier; tests/browser/test_verifier_page.py has it through the page."""

from pathlib import Path

import pytest

from chain_of_custody.core.verify import Status
from tests.chain_of_custody.core.builders import reasons, verify_bytes
from tests.chain_of_custody.core.forgeries import everything
from tests.chain_of_custody.core.tampering import Case

CASES = everything()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_verdict_and_its_reason(tmp_path: Path, case: Case) -> None:
    report = verify_bytes(tmp_path, case.data, *case.keys, outside=case.outside)
    if case.reason:
        assert report.status is not Status.PASSED
        assert case.reason in reasons(report), report.lines()
    else:
        assert report.status is Status.PASSED, report.lines()


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES) > 120
