"""The rules of retention and legal hold: pure, the same for every store.

They follow S3 Object Lock (Amazon S3 User Guide, «Locking objects with Object Lock»): a COMPLIANCE date moves
only later and its mode never changes while it runs; a GOVERNANCE lock yields to a privileged call that says
so; a legal hold stands apart from both and has no date. One rule is ours: GOVERNANCE dates move only later
too.
"""

from datetime import datetime

from chain_of_custody.vault.errors import (
    ObjectLocked,
    RetentionDowngraded,
    RetentionRefused,
    RetentionShortened,
)
from chain_of_custody.vault.objects import ObjectStat, Retention, RetentionMode, whole_second


def retention_new(wanted: Retention, *, now: datetime) -> Retention:
    """The retention to write for a new object: the date in whole seconds, which must lie in the future."""
    until = whole_second(wanted.until)
    if until <= now:
        raise RetentionRefused(
            f"Retention until {until.isoformat()} is already over.",
            field="until",
            found=until.isoformat(),
            remedy=f"Give a date after {now.isoformat(timespec='seconds')}.",
        )
    return Retention(mode=wanted.mode, until=until)


def retention_extended(current: Retention | None, wanted: Retention, *, now: datetime) -> Retention:
    """The retention after a request to extend; raises where it would take something back.

    `RetentionShortened` for an earlier date, `RetentionDowngraded` for COMPLIANCE to GOVERNANCE while it
    runs. A lock that has run out binds no longer and may be set anew.
    """
    new = retention_new(wanted, now=now)
    if current is None or current.until <= now:
        return new
    if new.until < current.until:
        raise RetentionShortened(
            f"The object is kept until {current.until.isoformat()}; that date can only move later.",
            field="until",
            found=new.until.isoformat(),
        )
    if current.mode is RetentionMode.COMPLIANCE and new.mode is RetentionMode.GOVERNANCE:
        raise RetentionDowngraded(
            f"The object is in compliance mode until {current.until.isoformat()}; that cannot be weakened.",
            field="mode",
            found=new.mode.value,
        )
    return new


def retention_merged(current: Retention | None, wanted: Retention, *, now: datetime) -> Retention:
    """What both ask for: the stronger mode and the later date (the same bytes stored twice)."""
    new = retention_new(wanted, now=now)
    if current is None or current.until <= now:
        return new
    strict = RetentionMode.COMPLIANCE in {current.mode, new.mode}
    mode = RetentionMode.COMPLIANCE if strict else RetentionMode.GOVERNANCE
    return Retention(mode=mode, until=max(current.until, new.until))


def deletion_check(stat: ObjectStat, *, now: datetime, bypass_governance: bool) -> None:
    """Raise `ObjectLocked` while anything holds the object; GOVERNANCE yields to `bypass_governance`."""
    if stat.legal_hold:
        raise ObjectLocked(
            f"Object {stat.digest} is under legal hold.",
            found="legal hold",
            remedy="Clear the hold first; that is an act of its own.",
        )
    lock = stat.retention
    if lock is None or lock.until <= now:
        return
    if lock.mode is RetentionMode.COMPLIANCE or not bypass_governance:
        raise ObjectLocked(
            f"Object {stat.digest} is kept in {lock.mode.value} mode until {lock.until.isoformat()}.",
            found=lock.until.isoformat(),
            remedy="Wait until then; governance mode also yields to a call that sets it aside explicitly.",
        )
