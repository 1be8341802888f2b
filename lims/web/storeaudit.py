"""The last comparison of the evidence store with the record, in words: how old it is, what differs, what to do."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chain_of_custody.models import VaultAudit
from chain_of_custody.vault.services import AuditProblem, vault_audit_last, vault_audit_wrong
from lims.web.describing import Badge

LATE = timedelta(hours=36)
"""A nightly audit older than this was missed."""

_WORDS: dict[AuditProblem, tuple[Promise, Promise]] = {
    AuditProblem.MISSING: (
        gettext_lazy("A stored file has no object"),
        gettext_lazy("Restore it from a backup; digest and size are in the record."),
    ),
    AuditProblem.ALTERED: (
        gettext_lazy("The bytes are not those stored"),
        gettext_lazy("Keep the damaged copy, restore the object from a backup, open an incident."),
    ),
    AuditProblem.ORPHAN: (
        gettext_lazy("An object that no entry names"),
        gettext_lazy(
            "An upload was cut off before its entry was written: ask for the file again. "
            "The object may be deleted when its retention ends."
        ),
    ),
    AuditProblem.UNDER_WAY: (
        gettext_lazy("An upload that may still be under way"),
        gettext_lazy("Wait: the next audit finds an entry or an orphan."),
    ),
    AuditProblem.STRANGER: (
        gettext_lazy("Something that is no object of this system"),
        gettext_lazy("Find out who put it into the store."),
    ),
    AuditProblem.RETENTION_SHORTER: (
        gettext_lazy("Kept shorter than recorded"),
        gettext_lazy("Extend the retention again and open an incident."),
    ),
    AuditProblem.HOLD_MISSING: (
        gettext_lazy("A legal hold is missing in the store"),
        gettext_lazy("Set the hold again and open an incident."),
    ),
    AuditProblem.LOCK_RECORD_DAMAGED: (
        gettext_lazy("The record of retention is gone"),
        gettext_lazy("Restore the folder «locks» from a backup; the object counts as locked meanwhile."),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One finding as printed: what it is, which object, the detail, the remedy."""

    title: str
    key: str
    digest: str
    detail: str
    remedy: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreAudit:
    """The last audit as a page prints it."""

    row: VaultAudit | None
    badge: Badge
    age: str
    late: bool
    wrong: int
    counts: tuple[tuple[str, int], ...]
    found: tuple[Found, ...]
    more: int


def store_audit() -> StoreAudit:
    """The last audit, or that there was none."""
    row = vault_audit_last()
    late = row is None or timezone.now() - row.ended_at > LATE
    wrong = vault_audit_wrong(row)
    found = tuple(_found(one) for one in row.findings) if row else ()
    met = sum(row.counts.values()) if row else 0
    return StoreAudit(
        row=row,
        badge=_badge(row, late=late),
        age=timesince(row.ended_at, depth=1) if row else "",
        late=late,
        wrong=wrong,
        counts=tuple((str(_WORDS[AuditProblem(name)][0]), number) for name, number in row.counts.items())
        if row
        else (),
        found=found,
        more=met - len(found),
    )


def store_audit_wrong() -> int:
    """How many findings of the last audit need somebody."""
    return vault_audit_wrong(vault_audit_last())


def _badge(row: VaultAudit | None, *, late: bool) -> Badge:
    if row is None:
        return Badge(kind="warn", text=_("not audited yet"))
    if row.error:
        return Badge(kind="bad", text=_("could not be finished"))
    if not row.passed:
        return Badge(kind="bad", text=_("not as recorded"))
    return Badge(kind="warn", text=_("audit is late")) if late else Badge(kind="ok", text=_("as recorded"))


def _found(one: dict[str, str]) -> Found:
    problem = AuditProblem(one["problem"])
    title, remedy = _WORDS[problem]
    return Found(
        title=str(title),
        key=one["key"],
        digest=one["digest"] or "",
        detail=one["detail"],
        remedy=str(remedy),
        tone="idle" if problem is AuditProblem.UNDER_WAY else "bad",
    )
