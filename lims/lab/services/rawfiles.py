"""Raw files of an item: read once before they are kept, so that a damaged one is refused while the tube is at hand."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext as _

from analysis.age.cutoffs import cutoffs
from analysis.errors import AnalysisError, InputRefused
from analysis.genotypes.reader import Layout, read_file
from analysis.individual.claims import claims_read
from analysis.inputs import InputFile
from analysis.origin.spatial.geography import range_rings
from analysis.species.amplicon_reads import fastq_iterate
from analysis.species.traces import names_check, reads_of, trace_read
from analysis.tables import rows_read
from analysis.textfile import text_of
from chain_of_custody.models import Item, StoredFile
from lims.accounts.actors import Actor, require
from lims.casework.models import Case
from lims.casework.selectors.access import case_scope
from lims.casework.selectors.cases import item_case
from lims.casework.services.files import item_file_store, upload_complete, upload_finish
from lims.common.errors import BadInput, DomainError, ManyErrors, RuleViolation

MEDIA_TYPES = {
    "genotypes": "text/csv",
    "genotype_runs": "text/csv",
    "sequence": "text/x-fasta",
    "screen": "text/x-fasta",
    "measurements": "text/csv",
    "claims": "text/csv",
    "cutoffs": "text/csv",
    "range_map": "application/geo+json",
}
READ_WHOLE = 64 << 20
"""Bytes up to which amplicon reads are read through before they are kept; of larger files the beginning is."""

_BEGINNING = 20_000
_TABLE = 64 << 20
_TRACE = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class RawFile:
    """A file as handed in: its role in an analysis, name, bytes; for a table, the column that names the samples."""

    role: str
    name: str
    source: BinaryIO
    id_column: str = "id"


def raw_files_store(*, actor: Actor, item: Item, files: Sequence[RawFile]) -> list[StoredFile]:
    """Check every file as its analysis would read it, then store all of them; none when one is refused.

    Raises:
        NotAllowed: without `file.upload` in the case.
        RuleViolation: the item belongs to no case.
        BadInput, ManyErrors: no file, an unknown role, or what is wrong with each file, its row and what to do.
    """
    case = item_case(item)
    if case is None:
        raise RuleViolation(_("Files belong to items of a case."), code="no-case", field="item")
    require(actor, "file.upload", case_scope(case))
    if not files:
        raise BadInput(_("Choose at least one file."), code="required", field="files")
    problems = [problem for file in files if (problem := _problem(file)) is not None]
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise ManyErrors(problems)
    return [
        item_file_store(
            actor=actor,
            item=item,
            source=file.source,
            name=file.name,
            media_type=MEDIA_TYPES.get(file.role, _TRACE),
            role=file.role,
        )
        for file in files
    ]


def raw_file_store(*, actor: Actor, item: Item, file: RawFile, media_type: str) -> StoredFile:
    """Store one file of any role; of a role that an analysis reads, only when it can be read.

    Raises:
        NotAllowed: without `file.upload` in the case.
        RuleViolation: the item belongs to no case.
        BadInput: what is wrong with the file, its row and what to do; `field` is «file».
    """
    case = item_case(item)
    if case is None:
        raise RuleViolation(_("Files belong to items of a case."), code="no-case", field="item")
    require(actor, "file.upload", case_scope(case))
    if file.role in _CHECKS and (problem := _problem(file, field="file")) is not None:
        raise problem
    return item_file_store(
        actor=actor, item=item, source=file.source, name=file.name, media_type=media_type, role=file.role
    )


def raw_upload_finish(
    *,
    actor: Actor,
    upload: str,
    role: str,
    case: Case | None = None,
    item: Item | None = None,
    id_column: str = "id",
) -> StoredFile:
    """Store what a resumable upload gathered; of an item and in a role that an analysis reads, only when it can.

    A refused upload stays as it was sent, to be discarded or to expire; nothing of it is kept as evidence.

    Raises:
        NotAllowed: without `file.upload` in the case.
        RuleViolation: the item belongs to no case.
        BadInput: what is wrong with the file, its row and what to do; `field` is «upload».
        CustodyError: bytes are missing, or they are not those declared; the upload stays.
    """
    if item is not None and role in _CHECKS:
        about = item_case(item)
        if about is None:
            raise RuleViolation(_("Files belong to items of a case."), code="no-case", field="item")
        require(actor, "file.upload", case_scope(about))
        with upload_complete(actor=actor, upload=upload) as (session, path):
            problem = _unreadable(path, role=role, name=session.name, id_column=id_column, field="upload")
        if problem is not None:
            raise problem
    return upload_finish(actor=actor, upload=upload, role=role, case=case, item=item)


def _problem(file: RawFile, *, field: str = "") -> DomainError | None:
    if file.role not in _CHECKS:
        return BadInput(
            _("«%(found)s» is not a kind of raw file.") % {"found": file.role}, code="unknown-role", field=file.role
        )
    with tempfile.TemporaryDirectory(prefix="raw-") as folder:
        path = Path(folder) / "file"
        with path.open("wb") as target:
            shutil.copyfileobj(file.source, target)
        file.source.seek(0)
        return _unreadable(path, role=file.role, name=file.name, id_column=file.id_column, field=field or file.role)


def _unreadable(path: Path, *, role: str, name: str, id_column: str, field: str) -> BadInput | None:
    """What keeps the analysis of this role from reading the file, None where it can."""
    with path.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    try:
        _CHECKS[role](InputFile(role=role, name=name, path=path, sha256=digest), id_column)
    except AnalysisError as error:
        remedy = error.remedy or ""
        words = _("File %(why)s") % {"why": str(error).removesuffix(remedy).rstrip()}
        return BadInput(words, code="unreadable-file", field=field, found=name, remedy=remedy or None)
    return None


def _trace(given: InputFile, _id_column: str) -> None:
    trace_read(given)


def _screen(given: InputFile, _id_column: str) -> None:
    reads_of(given)


def _sequence(given: InputFile, _id_column: str) -> None:
    names_check((read.name for read in reads_of(given)), file=given.name)


def _genotypes(given: InputFile, id_column: str) -> None:
    read_file(given, Layout(id=id_column))


def _genotype_runs(given: InputFile, id_column: str) -> None:
    read_file(given, Layout(id=id_column, repeats=True))


def _blank(given: InputFile, _id_column: str) -> None:
    """A blank may hold no read at all: that is what it is for."""
    if given.path.stat().st_size:
        for _read in fastq_iterate(given.path, name=given.name):
            pass


def _amplicons(given: InputFile, _id_column: str) -> None:
    whole = given.path.stat().st_size <= READ_WHOLE
    reads = fastq_iterate(given.path, name=given.name)
    if next(reads, None) is None:
        raise InputRefused("The file holds no read.", file=given.name, remedy="Check that it is the right file.")
    for _read in reads if whole else islice(reads, _BEGINNING):
        pass


def _measurements(given: InputFile, id_column: str) -> None:
    """Which columns it needs is a matter of the method; that it is a table with a name per row is not."""
    rows_read(given.read(limit=_TABLE), name=given.name, needed=(id_column,))


def _claims(given: InputFile, _id_column: str) -> None:
    claims_read(given)


def _cutoffs(given: InputFile, _id_column: str) -> None:
    cutoffs(text_of(given.read(limit=_TABLE), name=given.name), name=given.name)


def _range_map(given: InputFile, _id_column: str) -> None:
    range_rings(given.read(limit=_TABLE), given.name)


_CHECKS: dict[str, Callable[[InputFile, str], None]] = {
    "trace_forward": _trace,
    "trace_reverse": _trace,
    "sequence": _sequence,
    "screen": _screen,
    "amplicons": _amplicons,
    "blank": _blank,
    "positive": _amplicons,
    "genotypes": _genotypes,
    "genotype_runs": _genotype_runs,
    "measurements": _measurements,
    "claims": _claims,
    "cutoffs": _cutoffs,
    "range_map": _range_map,
}
