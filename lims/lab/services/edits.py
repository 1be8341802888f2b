"""Edits of bases: proposed with a reason, read by a second person, frozen into a layer for another run."""

import io
import json
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from analysis.errors import AnalysisError
from analysis.species.assembly import Edit
from analysis.species.traceview import edit_check
from chain_of_custody.core.canonical import Json
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from lims.accounts.actors import Actor, require
from lims.casework.models import Case
from lims.casework.selectors.access import case_scope
from lims.casework.services.files import case_file_store, item_file_store
from lims.common.checks import text_clean
from lims.common.errors import BadInput, NotAllowed, RuleViolation
from lims.lab.enums import EditState, JobState
from lims.lab.ledger import EDIT
from lims.lab.models import BaseEdit, EditLayer, Run
from lims.lab.selectors.traces import consensus_of, edit_of
from lims.lab.services.runs import run_queue

MEDIA_TYPE = "application/json"


def edit_propose(*, actor: Actor, run: Run, position: int, old: str, new: str, reason: str) -> BaseEdit:
    """Propose to read one base otherwise; the traces and the run's result stay as they are.

    `position` counts bases of the unedited consensus from 1; `old` is what stands there (empty to insert before it),
    `new` what is to stand there (empty to take it out).

    Raises:
        NotAllowed: without `run.start` in the case.
        RuleViolation: the run is not finished, or was computed with edits itself.
        BadInput: the edit does not fit the consensus, there is one at this position, or no reason.
    """
    require(actor, "run.start", case_scope(_case(run)))
    if run.state != JobState.DONE:
        raise RuleViolation(_("Only bases of a finished run are edited."), code="not-done", field="run")
    if run.inputs.filter(role="edits").exists():
        raise RuleViolation(
            _("%(run)s was computed with edits. Edit the run that it rests on.") % {"run": run.reference},
            code="edited-run",
            field="run",
        )
    reason = text_clean(reason, field="reason", required=True, limit=300)
    old, new = old.strip().upper(), new.strip().upper()
    edit = Edit(position=position, old=old, new=new, reason=reason, editor="editor")
    try:
        edit_check(consensus_of(run), edit)
    except AnalysisError as error:
        raise BadInput(str(error), code="bad-edit", field=error.field or "position") from error
    with transaction.atomic():
        row = _insert(actor, run, edit)
        values: dict[str, Json] = {"edit": str(row.uuid), "position": position, "old": old, "new": new}
        act_append(actor=actor, drafts=[_draft(run, "proposed", values)], reason=reason)
    return row


def edit_read(*, actor: Actor, edit: BaseEdit, agree: bool, note: str = "") -> BaseEdit:
    """Read an edit a second time: agree, or refuse with a reason.

    Raises:
        NotAllowed: without `run.start` in the case, or by the editor.
        BadInput: refused without a reason.
        RuleViolation: it waits for nobody.
    """
    require(actor, "run.start", case_scope(_case(edit.run)))
    note = text_clean(note, field="note", required=not agree, limit=300)
    with transaction.atomic():
        row = _locked(edit)
        if row.editor_id == actor.party_id:
            raise NotAllowed(_("You made this edit. A second person reads it."), code="own-work")
        row.state = EditState.AGREED if agree else EditState.REFUSED
        _close(actor, row, note)
    return row


def edit_withdraw(*, actor: Actor, edit: BaseEdit, note: str) -> BaseEdit:
    """Take back one's own edit that nobody has read yet.

    Raises:
        NotAllowed: it is another person's.
        RuleViolation: it was read already.
    """
    require(actor, "run.start", case_scope(_case(edit.run)))
    note = text_clean(note, field="note", required=True, limit=300)
    with transaction.atomic():
        row = _locked(edit)
        if row.editor_id != actor.party_id:
            raise NotAllowed(_("This edit is another person's."), code="not-yours")
        row.state = EditState.WITHDRAWN
        _close(actor, row, note)
    return row


def edits_compute(*, actor: Actor, run: Run) -> Run:
    """Freeze the agreed edits of a run into a file and queue a run over the same traces with them.

    Raises:
        NotAllowed: without `run.start` and `file.upload` in the case.
        RuleViolation: no edit is agreed, or one waits for its second reader.
    """
    case = _case(run)
    require(actor, "run.start", case_scope(case))
    rows = list(run.edits.select_related("editor", "reader").order_by("position"))
    if any(row.state == EditState.OPEN for row in rows):
        raise RuleViolation(_("An edit waits for its second reader."), code="edit-open")
    agreed = [row for row in rows if row.state == EditState.AGREED]
    if not agreed:
        raise RuleViolation(_("No edit of this run is agreed."), code="no-edit")
    layer = _layer(actor, run, case, agreed)
    inputs = [(row.role, row.file) for row in run.inputs.select_related("file").order_by("pk")]
    return run_queue(
        actor=actor,
        case=case,
        method=run.method,
        inputs=[*inputs, ("edits", layer.file)],
        item=run.item,
        component=run.component,
        batch=run.batch,
        reference=run.reference_set,
        parameters=run.parameters,
        seed=run.seed,
    )


def _layer(actor: Actor, run: Run, case: Case, agreed: list[BaseEdit]) -> EditLayer:
    rows = [
        {
            "position": edit.position,
            "old": edit.old,
            "new": edit.new,
            "reason": edit.reason,
            "editor": edit.editor,
            "second_reader": edit.second_reader,
        }
        for edit in map(edit_of, agreed)
    ]
    content = io.BytesIO(json.dumps(rows, ensure_ascii=False, indent=1).encode())
    name = f"{run.reference}-edits.json"
    if run.item is not None:
        file = item_file_store(
            actor=actor, item=run.item, source=content, name=name, media_type=MEDIA_TYPE, role="edits"
        )
    else:
        file = case_file_store(actor=actor, case=case, source=content, name=name, media_type=MEDIA_TYPE, role="edits")
    with transaction.atomic():
        layer, made = EditLayer.objects.get_or_create(
            file=file, defaults={"run": run, "made_by_id": actor.party_id, "made_at": timezone.now()}
        )
        if made:
            values: dict[str, Json] = {"file": file.digest, "edits": [str(row.uuid) for row in agreed]}
            act_append(actor=actor, drafts=[_draft(run, "layered", values)])
    return layer


def _insert(actor: Actor, run: Run, edit: Edit) -> BaseEdit:
    try:
        with transaction.atomic():
            return BaseEdit.objects.create(
                uuid=uuid4(),
                run=run,
                position=edit.position,
                old=edit.old,
                new=edit.new,
                reason=edit.reason,
                editor_id=actor.party_id,
                made_at=timezone.now(),
            )
    except IntegrityError as error:
        if "base_edit_once" not in str(error):
            raise
        raise BadInput(
            _("There is an edit at position %(n)s already.") % {"n": edit.position}, code="taken", field="position"
        ) from error


def _locked(edit: BaseEdit) -> BaseEdit:
    rows = BaseEdit.objects.select_for_update(no_key=True, of=("self",)).select_related("run")
    row = rows.get(pk=edit.pk)
    if row.state != EditState.OPEN:
        raise RuleViolation(_("This edit waits for nobody."), code="edit-closed")
    return row


def _close(actor: Actor, row: BaseEdit, note: str) -> None:
    row.reader_id, row.read_at, row.note = actor.party_id, timezone.now(), note
    row.save(update_fields=["state", "reader", "read_at", "note"])
    act_append(actor=actor, drafts=[_draft(row.run, row.state, {"edit": str(row.uuid)})], reason=note)


def _case(run: Run) -> Case:
    return Case.objects.select_related("agency").get(pk=run.case_id)


def _draft(run: Run, verb: str, values: dict[str, Json]) -> EntryDraft:
    return EntryDraft(stream=StreamKey(kind="run", id=run.uuid), schema=EDIT, verb=verb, values=values)
