"""What belongs into a pack: reports asked for, every run of the case with its files, photographs, custody streams."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from uuid import UUID

from django.db.models import Q

from chain_of_custody.core.entry import StreamKey
from chain_of_custody.models import Item, StoredFile
from lims.casework.models import Case, Intake, Photograph
from lims.casework.selectors.parts import case_files
from lims.disclosure.models import DisclosurePack, EvidenceRequest, WithheldItem
from lims.disclosure.rules import fields_closed
from lims.disclosure.selectors.leaks import fields_said, reports_telling, values_closed
from lims.lab.enums import JobState, ReportState
from lims.lab.models import Batch, ExaminationRequest, ReferenceSet, Report, Run, RunInput, RunOutput

REFERENCE_LIMIT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Included:
    """A stored file and where it stands in the pack."""

    path: str
    file: StoredFile
    description: str
    renamed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PackContents:
    """Everything a pack is made of; `fields` are the committed ledger fields that stay closed."""

    files: tuple[Included, ...]
    items: tuple[Item, ...]
    streams: tuple[StreamKey, ...]
    withheld: tuple[WithheldItem, ...]
    fields: frozenset[str]
    earlier: tuple[str, ...]
    telling: tuple[tuple[str, ...], ...] = ()
    """Reports that say what is withheld, each with the fields: such a pack is not built."""


def pack_contents(pack: DisclosurePack) -> PackContents:
    """Gather the contents of a pack in a fixed order, without what the schedule withholds."""
    case = pack.case
    withheld = tuple(WithheldItem.objects.filter(request=pack.request).order_by("pk"))
    hidden = {line.subject for line in withheld if line.kind == "file"}
    reports = _reports(pack.request)
    runs = list(Run.objects.filter(case=case).select_related("reference_set__file", "second_set__file").order_by("pk"))
    streams, fields = tuple(_streams(case, reports, runs)), fields_closed({one.field for one in withheld if one.field})
    items = tuple(_items(case))
    values = values_closed([*streams, *_item_streams(items)], fields - {"name"})
    every = [_unnamed(one, values, number) for number, one in enumerate(_files(case, reports, runs), start=1)]
    if any(one.renamed for one in every):
        fields |= {"name"}  # the ledger keeps the names of files closed too
    earlier = DisclosurePack.objects.filter(case=case, state=JobState.DONE, pk__lt=pack.pk).order_by("pk")
    return PackContents(
        files=tuple(one for one in _unique(every) if one.file.uuid not in hidden),
        items=items,
        streams=streams,
        withheld=withheld,
        fields=fields,
        telling=tuple((one.number, *said) for one, said in reports_telling(reports, values, hidden)),
        earlier=tuple(earlier.values_list("reference", flat=True)),
    )


def request_telling(
    request: EvidenceRequest, fields: frozenset[str], hidden: set[UUID | None]
) -> list[tuple[Report, list[str]]]:
    """Reports of a request that would say what these fields withhold, unless their file is withheld too."""
    case, reports = request.case, _reports(request)
    runs = list(Run.objects.filter(case=case).order_by("pk"))
    streams = [*_streams(case, reports, runs), *_item_streams(_items(case))]
    return reports_telling(reports, values_closed(streams, fields), hidden)


def files_withholdable(request: EvidenceRequest) -> set[UUID]:
    """Files that a schedule can name: those that a pack of the request would hold, and all others of the case."""
    runs = list(
        Run.objects.filter(case=request.case).select_related("reference_set__file", "second_set__file").order_by("pk")
    )
    packed = {one.file.uuid for one in _files(request.case, _reports(request), runs)}
    return packed | set(case_files(request.case).values_list("uuid", flat=True))


def _files(case: Case, reports: list[Report], runs: list[Run]) -> list[Included]:
    return [*_report_files(reports), *_run_files(runs), *_photographs(case)]


def _reports(request: EvidenceRequest) -> list[Report]:
    asked = list(request.reports.select_related("signed_file", "draft_file").order_by("pk"))
    issued = Q(state__in=[ReportState.ISSUED, ReportState.REPLACED])
    return asked or list(
        Report.objects.filter(issued, case=request.case).select_related("signed_file", "draft_file").order_by("pk")
    )


def _report_files(reports: list[Report]) -> Iterator[Included]:
    for report in reports:
        if report.signed_file is not None:
            yield Included(path=f"data/report/{report.number}.pdf", file=report.signed_file, description=report.title)


def _run_files(runs: list[Run]) -> Iterator[Included]:
    known = {run.pk: run for run in runs}
    for given in RunInput.objects.filter(run__in=known).select_related("file").order_by("run_id", "pk"):
        run = known[given.run_id]
        yield Included(
            path=f"data/raw/{run.reference}/{given.role}-{_safe(given.file.name)}",
            file=given.file,
            description=f"{run.method} {given.role}",
        )
    for made in RunOutput.objects.filter(run__in=known).select_related("file").order_by("run_id", "name"):
        run = known[made.run_id]
        yield Included(
            path=f"data/results/{run.reference}/{_safe(made.name)}", file=made.file, description=f"{run.method} result"
        )
    for used in _references(runs):
        yield Included(
            path=f"data/reference/{_safe(used.archive.name)}",
            file=used.archive,
            description=f"{used.name} {used.edition}",
        )


def _references(runs: list[Run]) -> list[ReferenceSet]:
    """References the runs used, where small enough to travel and not restricted (places of rare animals do not
    travel); the others are named by digest in the results."""
    used = {one.pk: one for run in runs for one in run.sets}
    return [one for one in used.values() if not one.restricted and one.archive.size <= REFERENCE_LIMIT]


def _photographs(case: Case) -> Iterator[Included]:
    rows = Photograph.objects.filter(Q(intake__case=case) | Q(item__exhibit__case=case) | Q(item__sample__case=case))
    for number, row in enumerate(rows.select_related("file").order_by("pk"), start=1):
        path = f"data/photographs/{number:04d}-{_safe(row.file.name)}"
        yield Included(path=path, file=row.file, description=row.caption)


def _items(case: Case) -> list[Item]:
    mine = Q(exhibit__case=case) | Q(sample__case=case) | Q(container_of__case=case)
    return list(Item.objects.filter(mine).order_by("pk"))


def _item_streams(items: Iterable[Item]) -> list[StreamKey]:
    return [StreamKey(kind="item", id=item.uuid) for item in items]


def _unnamed(one: Included, values: dict[str, str], number: int) -> Included:
    """A file under a neutral name where its own, or what is said of it, holds a withheld value."""
    path = PurePosixPath(one.path)
    if path.parts[1] == "report" or not fields_said(f"{one.file.name}\n{one.description}\n{one.path}", values):
        return one
    neutral = path.with_name(f"name-withheld-{number:04d}{path.suffix}")
    return Included(path=str(neutral), file=one.file, description="name withheld", renamed=True)


def _streams(case: Case, reports: list[Report], runs: list[Run]) -> Iterator[StreamKey]:
    yield StreamKey(kind="case", id=case.uuid)
    for kind, ids in (
        ("seizure", case.seizures.values_list("uuid", flat=True)),
        ("intake", Intake.objects.filter(case=case).values_list("uuid", flat=True)),
        ("discrepancy", case.discrepancies.values_list("uuid", flat=True)),
        ("request", ExaminationRequest.objects.filter(case=case).values_list("uuid", flat=True)),
        ("finding", case.findings.values_list("uuid", flat=True)),
        ("batch", _batches(case, runs)),
        ("run", [run.uuid for run in runs]),
        ("report", [report.uuid for report in reports]),
    ):
        yield from (StreamKey(kind=kind, id=one) for one in ids)


def _batches(case: Case, runs: list[Run]) -> list[UUID]:
    """Batches the case's items or runs went through: their controls are disclosed, failed ones too."""
    mine = Q(items__item__exhibit__case=case) | Q(items__item__sample__case=case) | Q(runs__in=[run.pk for run in runs])
    return list(Batch.objects.filter(mine).distinct().order_by("pk").values_list("uuid", flat=True))


def _safe(name: str) -> str:
    """A file name that every system takes: letters, digits, dot, dash, underscore."""
    base = PurePosixPath(name.replace("\\", "/")).name
    return (
        "".join(sign if sign.isascii() and (sign.isalnum() or sign in "._-") else "_" for sign in base)[:120] or "file"
    )


def _unique(files: list[Included]) -> Iterator[Included]:
    """Each path once: a second file of the same name gets a number."""
    taken: set[str] = set()
    for one in files:
        path, number = one.path, 1
        while path.casefold() in taken:
            number += 1
            stem, dot, ending = one.path.rpartition(".")
            path = f"{stem}-{number}.{ending}" if dot else f"{one.path}-{number}"
        taken.add(path.casefold())
        yield one if path == one.path else replace(one, path=path)
