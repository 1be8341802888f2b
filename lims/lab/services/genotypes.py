"""Genotype tables taken in: looked at cell by cell, kept as handed in and as a plain table that methods read."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from django.utils.translation import gettext as _

from analysis.errors import AnalysisError
from analysis.genotypes.inspection import Inspection, inspect
from analysis.genotypes.panels import panel_open
from analysis.genotypes.reader import Layout, TableFormat
from analysis.textfile import SIZE_LIMIT
from chain_of_custody.models import Item, StoredFile
from lims.accounts.actors import Actor, require
from lims.casework.selectors.access import case_scope
from lims.casework.selectors.cases import item_case
from lims.casework.services.files import item_file_store
from lims.common.errors import BadInput, DomainError, ManyErrors, RuleViolation
from lims.lab.enums import ReferenceKind, ReferenceState
from lims.lab.execution import reference_folder
from lims.lab.models import ReferenceSet
from lims.lab.selectors.referenceaccess import reference_usable_by

MOST_TOLD = 200
SOURCE_ROLE = "genotypes_source"


@dataclass(frozen=True, slots=True, kw_only=True)
class GenotypeFile:
    """A file of genotypes and what its columns are: the animals' names, columns that are no loci, the form.

    `repeats`: rows of one name are repeated typings of one sample, to be joined; without it a name stands once.
    """

    name: str
    source: BinaryIO
    id_column: str = "id"
    ignored: Sequence[str] = ()
    table_format: str = TableFormat.AUTO.value
    repeats: bool = False


def genotypes_look(*, actor: Actor, item: Item, file: GenotypeFile, panel: ReferenceSet | None = None) -> Inspection:
    """What is in a file, and every cell that cannot be read; nothing is kept.

    Raises:
        NotAllowed: without `file.upload` in the case.
        BadInput: the file as a whole cannot be read, naming row, column and what to do.
        RuleViolation: the item belongs to no case, or the panel is not approved or not the actor's to use.
    """
    case = item_case(item)
    if case is None:
        raise RuleViolation(_("Files belong to items of a case."), code="no-case", field="item")
    require(actor, "file.upload", case_scope(case))
    try:
        return inspect(
            _content(file),
            name=file.name,
            layout=Layout(id=file.id_column, ignored=tuple(file.ignored), repeats=file.repeats),
            table_format=_format(file.table_format),
            panel=None if panel is None else panel_open(reference_folder(_usable(actor, panel))),
        )
    except AnalysisError as error:
        words = _("File %(why)s") % {"why": str(error)}
        raise BadInput(words, code="unreadable-file", field="file", found=file.name) from error


def genotypes_import(
    *, actor: Actor, item: Item, file: GenotypeFile, panel: ReferenceSet | None = None
) -> tuple[StoredFile, StoredFile]:
    """Keep a file as it was handed in, and the plain table made of it: names, and two columns of alleles per locus.

    Raises:
        ManyErrors: cells that cannot be read, each with row, column, what it holds and what to do; nothing is kept.
        NotAllowed, BadInput, RuleViolation: as `genotypes_look`.
    """
    found = genotypes_look(actor=actor, item=item, file=file, panel=panel)
    if found.problems:
        raise ManyErrors(_told(found))
    source, stem = _content(file), file.name.rsplit(".", 1)[0][:80]
    kept = item_file_store(
        actor=actor, item=item, source=io.BytesIO(source), name=file.name, media_type="text/plain", role=SOURCE_ROLE
    )
    table = item_file_store(
        actor=actor,
        item=item,
        source=io.BytesIO(found.table),
        name=f"{stem}-{'binned' if panel else 'table'}.csv",
        media_type="text/csv",
        role="genotype_runs" if file.repeats else "genotypes",
    )
    return kept, table


def _told(found: Inspection) -> list[DomainError]:
    told: list[DomainError] = [
        BadInput(
            _("Row %(row)s, %(column)s: «%(cell)s». %(remedy)s")
            % {"row": one.row, "column": one.column, "cell": one.cell, "remedy": one.remedy},
            code="bad-cell",
            field="file",
            found=one.cell,
            row=one.row,
        )
        for one in found.problems[:MOST_TOLD]
    ]
    rest = len(found.problems) - MOST_TOLD
    if rest > 0:
        told.append(BadInput(_("%(n)s more cells cannot be read.") % {"n": rest}, code="more-cells", field="file"))
    return told


def _content(file: GenotypeFile) -> bytes:
    file.source.seek(0)
    content = file.source.read(SIZE_LIMIT + 1)
    if len(content) > SIZE_LIMIT:
        raise BadInput(_("The file is too large. Split it."), code="too-large", field="file", found=file.name)
    return content


def _format(value: str) -> TableFormat:
    try:
        return TableFormat(value or TableFormat.AUTO)
    except ValueError as error:
        raise BadInput(
            _("«%(found)s» is no table format. Use one of %(formats)s.")
            % {"found": value, "formats": ", ".join(TableFormat)},
            code="unknown-format",
            field="table_format",
            found=value,
        ) from error


def _usable(actor: Actor, panel: ReferenceSet) -> ReferenceSet:
    good = panel.kind == ReferenceKind.PANEL and panel.state == ReferenceState.APPROVED
    if not good or not reference_usable_by(actor=actor, reference=panel):
        raise RuleViolation(_("Choose an approved marker panel."), code="no-panel", field="panel")
    return panel
