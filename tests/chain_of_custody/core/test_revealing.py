"""Committed values: every choice of what is shown verifies, and no value passes for another's."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chain_of_custody.core.export import ExportRow, Opening, Scope
from chain_of_custody.core.verify import Report, Status
from tests.chain_of_custody.core.builders import (
    ITEM,
    LOG_KEY,
    STORE,
    Log,
    export_bytes,
    header,
    pack_bytes,
    reasons,
    small_log,
    verify_bytes,
)

LOG = small_log()
FIELDS = ("actor.name", "reason")
PLACES = list(product(range(len(LOG.raw)), FIELDS))


def judged(folder: Path, shown: dict[int, dict[str, Opening]]) -> Report:
    rows = [replace(row, revealed=shown.get(row.index, {})) for row in LOG.rows(Scope.FULL, reveal=False)]
    return verify_bytes(folder, export_bytes(header(LOG, Scope.FULL), rows), LOG_KEY)


@given(chosen=st.sets(st.sampled_from(PLACES)))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_choice_of_what_is_shown_verifies(tmp_path: Path, chosen: set[tuple[int, str]]) -> None:
    shown: dict[int, dict[str, Opening]] = {}
    for index, name in chosen:
        shown.setdefault(index, {})[name] = LOG.openings[index][name]
    report = judged(tmp_path, shown)
    assert report.status is Status.PASSED, report.lines()
    assert (report.facts["opened"], report.facts["withheld"]) == (len(chosen), len(PLACES) - len(chosen))


@given(source=st.sampled_from(PLACES), target=st.sampled_from(PLACES))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_value_passes_at_its_own_place_only(tmp_path: Path, source: tuple[int, str], target: tuple[int, str]) -> None:
    """Every name in this log is the same, so the value alone would fit: entry and field are in the commitment."""
    report = judged(tmp_path, {target[0]: {target[1]: LOG.openings[source[0]][source[1]]}})
    assert (report.status is Status.PASSED) is (source == target)
    assert reasons(report) == (set() if source == target else {"opening-mismatch"})


@pytest.mark.parametrize("name", FIELDS)
def test_a_value_of_another_pack_is_refused(tmp_path: Path, name: str) -> None:
    other = Log(seed=99)
    other.custody(UUID(int=201), "created", custodian=STORE)
    rows: list[ExportRow] = LOG.rows(Scope.ITEMS, [ITEM], reveal=False)
    rows[0] = replace(rows[0], revealed={name: other.openings[0][name]})
    pack = pack_bytes(custody=export_bytes(header(LOG, Scope.ITEMS), rows))
    assert reasons(verify_bytes(tmp_path, pack, LOG_KEY)) == {"opening-mismatch"}


def test_erased_values_leave_a_log_that_verifies(tmp_path: Path) -> None:
    """Salt and value of one field are gone for ever; all others are still shown."""
    shown = {index: dict(openings) for index, openings in enumerate(LOG.openings)}
    for openings in shown.values():
        del openings["actor.name"]
    report = judged(tmp_path, shown)
    assert report.status is Status.PASSED
    assert (report.facts["opened"], report.facts["withheld"]) == (9, 9)


def test_the_commitment_of_a_guessed_value_needs_the_salt(tmp_path: Path) -> None:
    """Whoever guesses the value but not the salt cannot show it."""
    held = LOG.openings[0]["actor.name"]
    guessed = Opening(bytes(32), held.value)
    assert reasons(judged(tmp_path, {0: {"actor.name": guessed}})) == {"opening-mismatch"}
