"""Genotype profiles of evidence as lists and single rows, and the items of a case that a table names."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from chain_of_custody.models import Item, StoredFile
from lims.accounts.actors import Actor, require
from lims.casework.models import Case, Seizure
from lims.casework.selectors.access import case_scope, visible
from lims.casework.selectors.parts import case_files
from lims.common.errors import BadInput, NotFound
from lims.lab.enums import JobState
from lims.lab.models import Profile, Run, RunOutput

_MOST_TABLES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemOfCase:
    """An item of a case and the seizure it comes from; None where its exhibit has none."""

    item: Item
    seizure: Seizure | None


def profiles_current() -> QuerySet[Profile]:
    """Every profile that no other supersedes, whoever asks."""
    return Profile.objects.filter(superseded_by__isnull=True)


def profiles_by_panel() -> dict[str, list[Profile]]:
    """Every profile ever entered, superseded ones too, by marker panel."""
    found: dict[str, list[Profile]] = {}
    for one in Profile.objects.order_by("pk"):
        found.setdefault(one.panel, []).append(one)
    return found


def profile_list(
    *, actor: Actor, case: Case | None = None, current: bool = True, taxon: str = "", panel: str = ""
) -> QuerySet[Profile]:
    """Profiles of the cases the actor may see the runs of, newest first."""
    rows = visible(
        Profile.objects.select_related("case__agency", "seizure", "item", "entered_by", "run", "superseded_by", "file"),
        actor,
        "run.read",
    )
    if case is not None:
        rows = rows.filter(case=case)
    if current:
        rows = rows.filter(superseded_by__isnull=True)
    if taxon:
        rows = rows.filter(taxon=taxon)
    if panel:
        rows = rows.filter(panel=panel)
    return rows.order_by("-id")


def profile_get(*, actor: Actor, uuid: UUID) -> Profile:
    """One profile.

    Raises:
        NotFound: none, or not the actor's to see.
    """
    rows = profile_list(actor=actor, current=False).select_related("supersedes")
    row = rows.filter(uuid=uuid).first()
    if row is None:
        raise NotFound(_("There is no such profile, or it is not yours to see."), code="profile-not-found")
    return row


def items_by_name(*, case: Case, names: Collection[str]) -> dict[str, ItemOfCase]:
    """The items of the case by reference and by scan code, in capitals, as far as they are among the names."""
    wanted = {name.upper() for name in names}
    rows = Item.objects.filter(Q(exhibit__case=case) | Q(sample__case=case))
    rows = rows.filter(Q(reference__in=wanted) | Q(scan_code__in=wanted))
    found: dict[str, ItemOfCase] = {}
    for row in rows.select_related("exhibit__seizure", "sample__exhibit__seizure"):
        one = ItemOfCase(item=row, seizure=_seizure(row))
        found |= {name: one for name in (row.reference, row.scan_code) if name}
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOffered:
    """A file that may hold genotypes: uploaded for the case, or a file of a finished run."""

    key: str
    words: str
    file: StoredFile
    run: Run | None = None


def tables_offered(*, actor: Actor, case: Case) -> list[TableOffered]:
    """Tables of the case and of its finished runs, newest first, to choose one from.

    Raises:
        NotAllowed: without `file.read` in the case.
    """
    require(actor, "file.read", case_scope(case))
    found = [
        TableOffered(key=str(file.uuid), words=file.name, file=file)
        for file in case_files(case).order_by("-id")[:_MOST_TABLES]
        if _is_table(file)
    ]
    outputs = RunOutput.objects.filter(run__case=case, run__state=JobState.DONE).select_related("run", "file")
    for made in outputs.order_by("-id")[:_MOST_TABLES]:
        if _is_table(made.file):
            words = f"{made.run.reference}: {made.name}"
            found.append(
                TableOffered(key=f"{made.run.uuid}/{made.file.uuid}", words=words, file=made.file, run=made.run)
            )
    return found


def file_of_run(*, run: Run, uuid: UUID) -> StoredFile:
    """A file that a run already seen read or wrote.

    Raises:
        BadInput: none of its.
    """
    row = StoredFile.objects.filter(Q(made_by__run=run) | Q(used_by__run=run), uuid=uuid).first()
    if row is None:
        raise BadInput(_("The run has no such file."), code="unknown-file", field="file", found=str(uuid))
    return row


def _is_table(file: StoredFile) -> bool:
    return file.name.lower().endswith((".csv", ".tsv", ".csv.gz", ".tsv.gz"))


def _seizure(item: Item) -> Seizure | None:
    exhibit = getattr(item, "exhibit", None) or getattr(getattr(item, "sample", None), "exhibit", None)
    seizure: Seizure | None = exhibit.seizure if exhibit is not None else None
    return seizure
