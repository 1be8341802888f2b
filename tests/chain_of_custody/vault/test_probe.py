"""The probe against stores with one hole each: a hole must be found and named."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from chain_of_custody.vault.errors import ObjectMissing, StoreUnreachable
from chain_of_custody.vault.objects import EnforcedBy, ProbeOutcome, ProbeReport, Retention, RetentionMode
from chain_of_custody.vault.probe import Refused, probe_run
from tests.chain_of_custody.vault.contract import CHECKS

NOW = datetime(2026, 5, 6, 7, 8, 9, 500_000, tzinfo=UTC)


class Kept:
    def __init__(self, content: bytes, retention: Retention | None, held: bool) -> None:
        self.content, self.retention, self.held = content, retention, held


class PretendedStore:
    """A store in memory that enforces everything but its holes; an independent reading of the S3 rules."""

    def __init__(self, *holes: str) -> None:
        self.holes = set(holes)
        self.objects: dict[str, Kept] = {}

    def put(self, content: bytes, *, retention: Retention | None, legal_hold: bool) -> str:
        if "unreachable" in self.holes:
            raise StoreUnreachable("nobody listens")
        if "drops_lock" in self.holes:
            retention = None
        handle = str(len(self.objects))
        self.objects[handle] = Kept(content, retention, legal_hold)
        return handle

    def _kept(self, handle: str) -> Kept:
        if handle not in self.objects:
            raise ObjectMissing(handle, where="memory")
        return self.objects[handle]

    def content(self, handle: str) -> bytes:
        return self._kept(handle).content

    def retention(self, handle: str) -> Retention | None:
        return self._kept(handle).retention

    def delete(self, handle: str, *, bypass_governance: bool = False) -> None:
        kept = self._kept(handle)
        if "no_permission" in self.holes:
            raise Refused("you may not delete anything")
        if "two_faced" in self.holes and kept.retention:
            kept.content = b""
            raise Refused("no, but yes")
        mode = kept.retention.mode if kept.retention else None
        if mode is RetentionMode.COMPLIANCE:
            open_door = "delete" in self.holes or (bypass_governance and "bypass" in self.holes)
        else:
            open_door = mode is None or bypass_governance or "governance" in self.holes
        if not open_door or (kept.held and "hold" not in self.holes):
            raise Refused("locked")
        del self.objects[handle]

    def retention_set(self, handle: str, retention: Retention) -> None:
        kept = self._kept(handle)
        if "deaf" in self.holes:
            return
        if kept.retention and retention.until < kept.retention.until and "shorten" not in self.holes:
            raise Refused("shorter")
        if kept.retention and retention.mode is not kept.retention.mode and "downgrade" not in self.holes:
            raise Refused("weaker")
        kept.retention = retention

    def hold_clear(self, handle: str) -> None:
        self._kept(handle).held = False

    def protection_remove(self, handle: str) -> None:
        if "suspend" not in self.holes:
            raise Refused("versioning stays on")


def probe(*holes: str) -> ProbeReport:
    clock: Callable[[], datetime] = lambda: NOW  # noqa: E731
    return probe_run(PretendedStore(*holes), store="memory", enforced_by=EnforcedBy.SERVER, clock=clock)


def test_store_without_holes() -> None:
    report = probe()
    assert {check.name: check.outcome for check in report.checks} == CHECKS
    assert (report.enforced, report.failures) == (True, ())
    assert report.label == "WORM enforced by the storage server"


@pytest.mark.parametrize(
    ("hole", "named"),
    [
        ("delete", {"delete", "delete_with_bypass"}),
        ("bypass", {"delete_with_bypass"}),
        ("shorten", {"shorten"}),
        ("downgrade", {"downgrade"}),
        ("governance", {"governance_delete"}),
        ("hold", {"legal_hold_delete"}),
        ("suspend", {"suspend_versioning"}),
        ("deaf", {"shorten", "downgrade", "extend"}),
        ("two_faced", {"delete", "delete_with_bypass", "governance_delete"}),
        ("no_permission", {"delete_after_release", "legal_hold_delete"}),
        (
            "drops_lock",
            {"put_and_read", "delete", "delete_with_bypass", "shorten", "downgrade", "governance_delete"}
            | {"suspend_versioning"},
        ),
        ("unreachable", set(CHECKS)),
    ],
)
def test_hole_is_found_and_named(hole: str, named: set[str]) -> None:
    report = probe(hole)
    assert {check.name for check in report.failures} == named
    assert report.enforced is False
    assert report.label == "WORM not enforced"


def test_locks_last_about_a_minute_and_whole_seconds() -> None:
    store = PretendedStore()
    probe_run(store, store="memory", enforced_by=EnforcedBy.SERVER, clock=lambda: NOW)
    untils = {kept.retention.until for kept in store.objects.values() if kept.retention}
    assert all(timedelta(seconds=60) <= until - NOW <= timedelta(seconds=63) for until in untils)
    assert all(until.microsecond == 0 for until in untils)


def test_report_without_checks_proves_nothing() -> None:
    assert ProbeReport(store="memory", enforced_by=EnforcedBy.SERVER, checks=()).enforced is False


def test_undecided_says_so() -> None:
    details = [check.detail for check in probe("unreachable").failures]
    assert sum("could not be decided" in detail for detail in details) == 7
    assert all("nobody listens" in detail for detail in details)
    assert {check.outcome for check in probe("unreachable").checks} == {ProbeOutcome.FAILED}
