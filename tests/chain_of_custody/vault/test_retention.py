"""Retention as a state machine: whatever the order of calls, every promise once answered is kept."""

import io
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chain_of_custody.vault.errors import ObjectLocked, ObjectMissing, RetentionRefused
from chain_of_custody.vault.filesystem_store import FilesystemStore
from chain_of_custody.vault.objects import ObjectStat, Retention, RetentionMode, whole_second
from chain_of_custody.vault.retention import deletion_check, retention_extended, retention_merged

MODES = st.sampled_from(RetentionMode)
SECONDS = st.integers(min_value=-20, max_value=200)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
COMPLIANCE, GOVERNANCE = RetentionMode.COMPLIANCE, RetentionMode.GOVERNANCE


class KeptPromises(RuleBasedStateMachine):
    """The model knows no rule of retention, only the list of promises answered with yes and the hold."""

    def __init__(self) -> None:
        super().__init__()
        self.now = BEGIN
        self.promises: list[Retention] = []
        self.held = False
        self.folder = tempfile.TemporaryDirectory()

    def teardown(self) -> None:
        self.folder.cleanup()

    @initialize(mode=MODES, seconds=st.integers(min_value=1, max_value=200))
    def first(self, mode: RetentionMode, seconds: int) -> None:
        self.store = FilesystemStore(Path(self.folder.name) / "vault", clock=lambda: self.now)
        self.digest = ""
        self.store_again(mode, seconds)

    def _lock(self, mode: RetentionMode, seconds: int) -> Retention:
        return Retention(mode=mode, until=self.now + timedelta(seconds=seconds))

    def _binding(self, mode: RetentionMode) -> list[Retention]:
        return [promise for promise in self.promises if promise.mode is mode and promise.until > self.now]

    @rule(seconds=st.integers(min_value=0, max_value=120))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(mode=MODES, seconds=SECONDS)
    def store_again(self, mode: RetentionMode, seconds: int) -> None:
        wanted = self._lock(mode, seconds)
        try:
            stored = self.store.put_stream(io.BytesIO(b"evidence"), retention=wanted)
        except RetentionRefused:
            assert seconds <= 0
        else:
            # The answer is the promise: the same bytes as draft and as evidence are kept as evidence, longest of all.
            assert stored.retention.covers(wanted)
            latest = max([wanted.until, *(promise.until for promise in self.promises if promise.until > self.now)])
            assert stored.retention.until == latest, "kept longer than anyone asked"
            self.digest = stored.digest
            self.promises.append(stored.retention)

    @rule(mode=MODES, seconds=SECONDS)
    def extend(self, mode: RetentionMode, seconds: int) -> None:
        wanted = self._lock(mode, seconds)
        try:
            self.store.extend_retention(self.digest, retention=wanted)
        except ObjectMissing:
            assert not self.promises
        except RetentionRefused:
            weaker = mode is GOVERNANCE and bool(self._binding(COMPLIANCE))
            sooner = any(promise.until > wanted.until for promise in self.promises if promise.until > self.now)
            assert seconds <= 0 or weaker or sooner, "refused for no reason"
        else:
            self.promises.append(wanted)

    @rule(held=st.booleans())
    def hold(self, held: bool) -> None:
        try:
            (self.store.legal_hold_set if held else self.store.legal_hold_clear)(self.digest)
        except ObjectMissing:
            assert not self.promises
        else:
            self.held = held

    @rule(bypass=st.booleans())
    def delete(self, bypass: bool) -> None:
        bound = self.held or bool(self._binding(COMPLIANCE)) or (bool(self._binding(GOVERNANCE)) and not bypass)
        try:
            self.store.delete(self.digest, bypass_governance=bypass)
        except ObjectLocked:
            assert bound, "nothing held the object"
        except ObjectMissing:
            assert not self.promises
        else:
            assert not bound, "a promise was broken"
            self.promises.clear()
            self.held = False

    @invariant()
    def every_promise_stands(self) -> None:
        if not self.promises:
            return
        stat = self.store.stat(self.digest)
        assert stat.legal_hold is self.held
        for promise in self.promises:
            if promise.until > self.now:
                assert stat.retention is not None
                assert stat.retention.covers(promise)


TestKeptPromises = KeptPromises.TestCase
TestKeptPromises.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def lock(mode: RetentionMode, minutes: float) -> Retention:
    return Retention(mode=mode, until=BEGIN + timedelta(minutes=minutes))


class TestRules:
    """The table of Amazon's guide to Object Lock, line by line, at BEGIN."""

    @pytest.mark.parametrize(
        ("current", "wanted", "refusal"),
        [
            (None, lock(COMPLIANCE, 1), None),
            (None, lock(COMPLIANCE, 0), "retention-refused"),
            (lock(COMPLIANCE, 5), lock(COMPLIANCE, 6), None),
            (lock(COMPLIANCE, 5), lock(COMPLIANCE, 5), None),
            (lock(COMPLIANCE, 5), lock(COMPLIANCE, 4), "retention-shortened"),
            (lock(COMPLIANCE, 5), lock(GOVERNANCE, 6), "retention-downgraded"),
            (lock(GOVERNANCE, 5), lock(COMPLIANCE, 5), None),
            (lock(GOVERNANCE, 5), lock(COMPLIANCE, 4), "retention-shortened"),
            (lock(GOVERNANCE, 5), lock(GOVERNANCE, 4), "retention-shortened"),
            (lock(COMPLIANCE, -1), lock(GOVERNANCE, 1), None),
        ],
    )
    def test_extension(self, current: Retention | None, wanted: Retention, refusal: str | None) -> None:
        if refusal is None:
            assert retention_extended(current, wanted, now=BEGIN) == wanted
            return
        with pytest.raises(RetentionRefused) as caught:
            retention_extended(current, wanted, now=BEGIN)
        assert caught.value.code == refusal

    def test_merging_keeps_both(self) -> None:
        merged = retention_merged(lock(GOVERNANCE, 9), lock(COMPLIANCE, 2), now=BEGIN)
        assert merged == lock(COMPLIANCE, 9)
        assert retention_merged(lock(COMPLIANCE, -9), lock(GOVERNANCE, 2), now=BEGIN) == lock(GOVERNANCE, 2)

    def test_date_without_zone_is_no_date(self) -> None:
        with pytest.raises(ValueError, match="time zone"):
            Retention(mode=COMPLIANCE, until=datetime(2026, 1, 1))  # noqa: DTZ001

    @pytest.mark.parametrize(("micro", "second"), [(0, 0), (1, 1), (999_999, 1)])
    def test_seconds_round_up(self, micro: int, second: int) -> None:
        assert whole_second(BEGIN + timedelta(microseconds=micro)) == BEGIN + timedelta(seconds=second)

    @pytest.mark.parametrize(
        ("held", "retention", "bypass", "allowed"),
        [
            (False, None, False, True),
            (True, None, True, False),
            (False, lock(COMPLIANCE, 1), True, False),
            (False, lock(COMPLIANCE, 0), False, True),
            (False, lock(GOVERNANCE, 1), False, False),
            (False, lock(GOVERNANCE, 1), True, True),
            (True, lock(GOVERNANCE, 1), True, False),
        ],
    )
    def test_deletion(self, held: bool, retention: Retention | None, bypass: bool, allowed: bool) -> None:
        stat = ObjectStat(
            digest="0" * 64, size=1, key="k", version="", stored_at=BEGIN, retention=retention, legal_hold=held
        )
        if allowed:
            deletion_check(stat, now=BEGIN, bypass_governance=bypass)
        else:
            with pytest.raises(ObjectLocked):
                deletion_check(stat, now=BEGIN, bypass_governance=bypass)
