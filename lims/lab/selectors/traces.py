"""The traces of a run as people look at them: the unedited consensus, what to look at, the edits made."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from analysis.errors import AnalysisError
from analysis.inputs import InputFile
from analysis.species.assembly import Consensus, Edit
from analysis.species.traceview import Noted, columns_of, noted, traces_assemble, traceview_svg
from chain_of_custody.models import StoredFile
from chain_of_custody.vault.services import file_copy
from lims.accounts.actors import Actor
from lims.casework.selectors.access import visible
from lims.common.errors import BadInput, NotFound
from lims.lab.enums import EditState
from lims.lab.models import BaseEdit, EditLayer, Run

TRACE_ROLES = ("trace_forward", "trace_reverse")


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceView:
    """A run's traces laid together, with its edits that were not refused or withdrawn."""

    consensus: Consensus
    edits: tuple[BaseEdit, ...]
    noted: tuple[Noted, ...]
    columns: int
    lead: int

    def drawing(self, first: int, last: int, step: int, key: str) -> str:
        """Columns `first` to `last` as SVG."""
        edits = tuple(map(edit_of, self.edits))
        return traceview_svg(self.consensus, first, last, step=step, edits=edits, key=key)


def has_traces(run: Run, *roles: str) -> bool:
    """Whether the run read traces, so that bases can be looked at; of all the roles given, where any are."""
    found = {row.role for row in run.inputs.all()}
    return found.issuperset(roles) if roles else bool(found.intersection(TRACE_ROLES))


def unedited_run(run: Run) -> Run:
    """The run whose edits a run was computed with; itself where it was computed with none."""
    layer = next((row.file for row in run.inputs.all() if row.role == "edits"), None)
    if layer is None:
        return run
    found = EditLayer.objects.select_related("run__case__agency").filter(file=layer).first()
    return found.run if found else run


def consensus_of(run: Run, only: str = "") -> Consensus:
    """The unedited consensus, from the traces in the store, each checked against its digest.

    With `only`, a role, of the read of that role alone: what is left of it.

    Raises:
        NotFound: the run read no traces.
        BadInput: the traces cannot be laid together.
    """
    rows = [
        row
        for row in run.inputs.select_related("file").order_by("pk")
        if row.role in ((only,) if only else TRACE_ROLES)
    ]
    if not rows:
        raise NotFound(_("This run read no traces."), code="no-traces")
    rows.sort(key=lambda row: TRACE_ROLES.index(row.role))
    with tempfile.TemporaryDirectory(prefix="traces-") as folder:
        files = [_fetched(row.role, row.file, Path(folder)) for row in rows]
        try:
            return traces_assemble(files)
        except AnalysisError as error:
            raise BadInput(str(error), code="unreadable-file") from error


def trace_view(*, run: Run, only: str = "") -> TraceView:
    """The traces of a run already seen, and its edits (none with `only`); raises what `consensus_of` raises."""
    consensus = consensus_of(run, only)
    rows = BaseEdit.objects.filter(run=run, state__in=[EditState.OPEN, EditState.AGREED])
    edits = () if only else tuple(rows.select_related("editor", "reader").order_by("position"))
    columns = columns_of(consensus)
    lead = next((place for place, column in enumerate(columns) if column.position), 0)
    found = noted(consensus, tuple(map(edit_of, edits)))
    return TraceView(consensus=consensus, edits=edits, noted=tuple(found), columns=len(columns), lead=lead)


def edit_of(row: BaseEdit) -> Edit:
    """An edit as the analysis takes it."""
    return Edit(
        position=row.position,
        old=row.old,
        new=row.new,
        reason=row.reason,
        editor=row.editor.name,
        second_reader=row.reader.name if row.reader and row.state == EditState.AGREED else None,
    )


def edit_list(*, actor: Actor, run: Run | None = None) -> QuerySet[BaseEdit]:
    """Edits of runs the actor may see, by position, with those refused and withdrawn."""
    rows = visible(BaseEdit.objects.all(), actor, "run.read", path="run__case__")
    if run is not None:
        rows = rows.filter(run=run)
    return rows.select_related("run__case__agency", "editor", "reader").order_by("run_id", "position", "id")


def edit_get(*, actor: Actor, uuid: UUID) -> BaseEdit:
    """One edit.

    Raises:
        NotFound: none, or not the actor's to see.
    """
    row = edit_list(actor=actor).filter(uuid=uuid).first()
    if row is None:
        raise NotFound(_("There is no such edit, or it is not yours to see."), code="edit-not-found")
    return row


def edits_to_read(*, actor: Actor) -> QuerySet[BaseEdit]:
    """Edits that wait for a second reader: never the person's own."""
    rows = visible(BaseEdit.objects.filter(state=EditState.OPEN), actor, "run.start", path="run__case__")
    return rows.exclude(editor_id=actor.party_id).select_related("run__case", "editor").order_by("id")


def _fetched(role: str, file: StoredFile, folder: Path) -> InputFile:
    path = folder / role
    file_copy(file, path)
    return InputFile(role=role, name=file.name, path=path, sha256=file.digest)
