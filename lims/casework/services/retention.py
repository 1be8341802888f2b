"""How long the files of cases are kept: a short horizon that a daily job prolongs, and the legal hold of a case."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from django.db.models import Q, QuerySet

from chain_of_custody.core.actor import Actor
from chain_of_custody.errors import CustodyError
from chain_of_custody.models import StoredFile
from chain_of_custody.vault.services import (
    legal_hold_clear,
    legal_hold_set,
    retention_extend_open_cases,
    store_current,
)
from lims.accounts.services import system_actor
from lims.casework.enums import CaseState
from lims.casework.models import Case, Container, Discrepancy, Exhibit, Intake, Sample

log = logging.getLogger(__name__)
_BATCH = 100


class HoldAct(Protocol):
    """Setting or clearing the legal hold of one file."""

    def __call__(self, *, actor: Actor, file: StoredFile, reason: str) -> StoredFile:
        """Set or clear it, in the store and in the ledger."""


FilesOfCases = Callable[[QuerySet[Case]], Q]
"""Which stored files belong to the cases, as a condition on `StoredFile`."""

FILES_OF_CASES: list[FilesOfCases] = []
"""Apps above this one, whose files (results, reports, packs) live in streams of their own, add theirs."""


def retention_extend_open() -> int:
    """Extend the retention of every file about a case that is open or held; returns how many were extended."""
    report = retention_extend_open_cases(actor=system_actor(), files=files_kept())
    return len(report.extended)


def files_kept() -> Iterator[UUID]:
    """Every file of a case that is open, or closed and under legal hold; drafts of reports expire."""
    cases = Case.objects.filter(Q(state=CaseState.OPEN) | Q(legal_hold=True)).order_by()
    rows = StoredFile.objects.filter(files_about(cases)).exclude(role="draft")
    return rows.order_by("id").values_list("uuid", flat=True).iterator(chunk_size=500)


def files_about(cases: QuerySet[Case]) -> Q:
    """Which stored files belong to the cases: their own and those of their items, intakes, runs, reports and packs."""
    about = Q(stream__kind="case", stream__uuid__in=cases.values("uuid"))
    for items in (
        Exhibit.objects.filter(case__in=cases).values("item__uuid"),
        Sample.objects.filter(case__in=cases).values("item__uuid"),
        Container.objects.filter(case__in=cases).values("item__uuid"),
    ):
        about |= Q(stream__kind="item", stream__uuid__in=items)
    about |= Q(stream__kind="intake", stream__uuid__in=Intake.objects.filter(case__in=cases).values("uuid"))
    about |= Q(stream__kind="discrepancy", stream__uuid__in=Discrepancy.objects.filter(case__in=cases).values("uuid"))
    for files_of_cases in FILES_OF_CASES:
        about |= files_of_cases(cases)
    return about


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldsSettled:
    """What settling did: files now held, files no longer held, and what failed and why."""

    held: tuple[UUID, ...]
    cleared: tuple[UUID, ...]
    failed: tuple[tuple[UUID, str], ...]


def holds_settle() -> HoldsSettled:
    """Give each file in the evidence store the legal hold of its cases, and take it where none of them is held.

    Drafts are held as well: under a hold nothing may be lost. A file that several cases rest on (a reference set) stays
    held while one of them is. Run after each change of a hold and by the clock, so that a file stored into a held case
    follows within minutes. One file that fails does not stop the others.

    Raises:
        StoreUnreachable: the store does not answer at the start.
    """
    held_cases = Case.objects.filter(legal_hold=True).order_by()
    held = StoredFile.objects.filter(files_about(held_cases))
    missing = held.filter(legal_hold=False)
    left = StoredFile.objects.filter(legal_hold=True).exclude(pk__in=held.values("pk"))
    if not missing.exists() and not left.exists():
        return HoldsSettled(held=(), cleared=(), failed=())
    store_current().check()
    done, wrong = _settle(missing, legal_hold_set, "A case this file belongs to is under legal hold")
    undone, wrong_too = _settle(left, legal_hold_clear, "No case this file belongs to is under legal hold")
    for uuid, why in (*wrong, *wrong_too):
        log.error("The legal hold of file %s was not settled: %s", uuid, why)
    return HoldsSettled(held=done, cleared=undone, failed=(*wrong, *wrong_too))


def _settle(
    files: QuerySet[StoredFile], act: HoldAct, reason: str
) -> tuple[tuple[UUID, ...], tuple[tuple[UUID, str], ...]]:
    """Each batch is asked for anew, so that a hold set or lifted meanwhile is seen."""
    done: list[UUID] = []
    failed: list[tuple[UUID, str]] = []
    last = 0
    while batch := list(files.filter(pk__gt=last).order_by("id")[:_BATCH]):
        last = batch[-1].pk
        for file in batch:
            try:
                act(actor=system_actor(), file=file, reason=reason)
                done.append(file.uuid)
            except CustodyError as error:
                failed.append((file.uuid, error.message))
    return tuple(done), tuple(failed)
