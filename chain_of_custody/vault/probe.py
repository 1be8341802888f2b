"""Object Lock is proved, never assumed: try to break it and demand that every attempt is refused.

Locked objects of one minute are put, then deleted, shortened, downgraded, deleted under legal hold, and the
bucket's versioning is suspended: each must be refused and leave the object as it was. Two controls must work
(extending a lock, deleting an object nothing holds any more); without them a refusal could come from a
missing permission instead of a lock.
"""

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Protocol

from chain_of_custody.errors import CustodyError
from chain_of_custody.vault.errors import ObjectLocked, RetentionRefused
from chain_of_custody.vault.objects import (
    EnforcedBy,
    ProbeCheck,
    ProbeOutcome,
    ProbeReport,
    Retention,
    RetentionMode,
    utc_now,
    whole_second,
)

PROBE_SECONDS = 60


class Refused(Exception):
    """The store said no to an attempt; the text is its answer."""


class ProbeTarget(Protocol):
    """Single attempts on a store, guarded by nothing but the lock under test.

    An attempt raises `Refused` when the lock refused it, any `CustodyError` when it could not be decided.
    """

    def put(self, content: bytes, *, retention: Retention | None, legal_hold: bool) -> str:
        """Store a new object and return the handle the other calls take."""
        ...

    def content(self, handle: str) -> bytes: ...
    def retention(self, handle: str) -> Retention | None: ...
    def delete(self, handle: str, *, bypass_governance: bool = False) -> None: ...
    def retention_set(self, handle: str, retention: Retention) -> None: ...
    def hold_clear(self, handle: str) -> None: ...

    def protection_remove(self, handle: str) -> None:
        """Try to take away what the lock rests on (versioning of the bucket, the record of the lock)."""
        ...


def probe_run(
    target: ProbeTarget, *, store: str, enforced_by: EnforcedBy, clock: Callable[[], datetime] = utc_now
) -> ProbeReport:
    """Make every attempt and report all of them; one that fails does not end the others."""
    checks = tuple(_checks(target, clock))
    return ProbeReport(store=store, enforced_by=enforced_by, checks=checks)


def _checks(target: ProbeTarget, clock: Callable[[], datetime]) -> Iterator[ProbeCheck]:
    until = whole_second(clock()) + timedelta(seconds=PROBE_SECONDS)
    compliance = Retention(mode=RetentionMode.COMPLIANCE, until=until)
    governance = Retention(mode=RetentionMode.GOVERNANCE, until=until)
    shorter = Retention(mode=RetentionMode.COMPLIANCE, until=until - timedelta(seconds=PROBE_SECONDS // 2))
    longer = Retention(mode=RetentionMode.COMPLIANCE, until=until + timedelta(seconds=2))

    def refused(name: str, attempt: Callable[[str], None], lock: Retention | None, *, hold: bool = False) -> ProbeCheck:
        return _must_refuse(target, name, attempt, lock, hold=hold)

    yield _must_work("put_and_read", lambda: _put_and_read(target, compliance))
    yield refused("delete", target.delete, compliance)
    yield refused("delete_with_bypass", lambda handle: target.delete(handle, bypass_governance=True), compliance)
    yield refused("shorten", lambda handle: target.retention_set(handle, shorter), compliance)
    yield refused("downgrade", lambda handle: target.retention_set(handle, governance), compliance)
    yield refused("governance_delete", target.delete, governance)
    yield refused("legal_hold_delete", target.delete, None, hold=True)
    yield refused("suspend_versioning", target.protection_remove, compliance)
    yield _must_work("extend", lambda: _extend(target, compliance, longer))
    yield _must_work("delete_after_release", lambda: _delete_after_release(target))


def _must_refuse(
    target: ProbeTarget, name: str, attempt: Callable[[str], None], lock: Retention | None, *, hold: bool
) -> ProbeCheck:
    content = os.urandom(1024)
    try:
        handle = target.put(content, retention=lock, legal_hold=hold)
        try:
            attempt(handle)
        except (Refused, ObjectLocked, RetentionRefused) as answer:
            detail = _said(answer)
        else:
            return ProbeCheck(name=name, outcome=ProbeOutcome.FAILED, detail="the store accepted it")
        return _after_refusal(target, name, handle, content, lock, hold=hold, detail=detail)
    except (Refused, CustodyError) as error:
        return ProbeCheck(name=name, outcome=ProbeOutcome.FAILED, detail=f"could not be decided: {_said(error)}")


def _after_refusal(
    target: ProbeTarget,
    name: str,
    handle: str,
    content: bytes,
    lock: Retention | None,
    *,
    hold: bool,
    detail: str,
) -> ProbeCheck:
    """A refusal counts only if the object is what it was."""
    now = target.retention(handle)
    if target.content(handle) != content:
        return ProbeCheck(name=name, outcome=ProbeOutcome.FAILED, detail=f"refused ({detail}), yet the bytes changed")
    if lock is not None and (now is None or not now.covers(lock)):
        return ProbeCheck(
            name=name, outcome=ProbeOutcome.FAILED, detail=f"refused ({detail}), yet the lock is now {now}"
        )
    if hold:
        target.hold_clear(handle)
        target.delete(handle)
    return ProbeCheck(name=name, outcome=ProbeOutcome.REFUSED, detail=detail)


def _must_work(name: str, step: Callable[[], str]) -> ProbeCheck:
    try:
        return ProbeCheck(name=name, outcome=ProbeOutcome.PASSED, detail=step())
    except (Refused, CustodyError) as error:
        return ProbeCheck(name=name, outcome=ProbeOutcome.FAILED, detail=_said(error))


def _said(answer: Refused | CustodyError) -> str:
    found = getattr(answer, "found", None)
    return f"{answer} ({found})" if found else str(answer)


def _put_and_read(target: ProbeTarget, lock: Retention) -> str:
    content = os.urandom(1024)
    handle = target.put(content, retention=lock, legal_hold=False)
    found = target.retention(handle)
    if target.content(handle) != content:
        raise Refused("the object read back is not the object put")
    if found is None or not found.covers(lock):
        raise Refused(f"the lock asked for was {lock}, the store reports {found}")
    return f"locked until {found.until.isoformat()}"


def _extend(target: ProbeTarget, lock: Retention, longer: Retention) -> str:
    handle = target.put(os.urandom(1024), retention=lock, legal_hold=False)
    target.retention_set(handle, longer)
    found = target.retention(handle)
    if found is None or not found.covers(longer):
        raise Refused(f"extending was answered with yes, yet the store reports {found}")
    return f"extended to {found.until.isoformat()}"


def _delete_after_release(target: ProbeTarget) -> str:
    handle = target.put(os.urandom(1024), retention=None, legal_hold=True)
    target.hold_clear(handle)
    target.delete(handle)
    return "an object without lock can be deleted, so the refusals above come from the lock"
