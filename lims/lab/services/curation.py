"""Decisions on records of a proposed set, and the edition that is built without what they leave out."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.services import act_append
from chain_of_custody.vault.services import store_current
from lims.accounts.actors import Actor, require
from lims.common.checks import text_clean
from lims.common.errors import BadInput, RuleViolation
from lims.lab.enums import CurationChoice, ReferenceState
from lims.lab.models import CurationDecision, ReferenceSet
from lims.lab.selectors.curation import decisions_of, table_rows
from lims.lab.services.references import reference_draft, reference_propose

_IN_MEMORY = 8 << 20


def curation_decide(
    *, actor: Actor, reference: ReferenceSet, accession: str, choice: str, reason: str
) -> CurationDecision:
    """Keep or leave out a record of a proposed set, with the reason. The set itself never changes.

    Raises:
        NotAllowed: without `reference.manage`.
        BadInput: no such record, no choice, no reason.
        RuleViolation: the set is not waiting for approval.
    """
    require(actor, "reference.manage")
    if choice not in CurationChoice.values:
        raise BadInput(_("Choose whether it is kept."), code="unknown-choice", field="choice", found=choice)
    reason = text_clean(reason, field="reason", required=True, limit=300)
    known = {row["accession"] for row in table_rows(actor=actor, reference=reference, name="records")}
    if accession not in known:
        raise BadInput(
            _("The set has no record «%(found)s».") % {"found": accession},
            code="unknown-record",
            field="accession",
            found=accession,
        )
    with transaction.atomic():
        row = ReferenceSet.objects.select_for_update(no_key=True).get(pk=reference.pk)
        if row.state != ReferenceState.PROPOSED:
            raise RuleViolation(_("This reference is not waiting for approval."), code="wrong-state")
        made = CurationDecision.objects.create(
            reference=row,
            accession=accession,
            choice=choice,
            reason=reason,
            decided_by_id=actor.party_id,
            decided_at=timezone.now(),
        )
        values: dict[str, Json] = {"record": accession, "choice": choice}
        act_append(actor=actor, drafts=[reference_draft(row, "curated", values)], reason=reason)
    return made


def reference_curated(*, actor: Actor, reference: ReferenceSet, edition: str) -> ReferenceSet:
    """Propose the next edition from the same files, without the records that were decided to be left out.

    Raises:
        NotAllowed: without `reference.manage`.
        RuleViolation: nothing is to be left out.
        BadInput: the edition exists.
    """
    require(actor, "reference.manage")
    out = {
        row.accession: row.reason for row in decisions_of(reference).values() if row.choice == CurationChoice.EXCLUDE
    }
    if not out:
        raise RuleViolation(_("No record is to be left out of this set."), code="nothing-excluded")
    before = reference.parameters.get("exclude") or {}
    exclude: dict[str, Json] = {**before, **out}
    with _sources(reference) as files:
        return reference_propose(
            actor=actor,
            kind=reference.kind,
            name=reference.name,
            edition=edition,
            files=files,
            parameters={**reference.parameters, "exclude": exclude},
            provenance=reference.provenance,
            synthetic=reference.synthetic,
        )


@contextmanager
def _sources(reference: ReferenceSet) -> Iterator[list[tuple[str, BinaryIO]]]:
    """The source files of a set, read from the store and checked against their digests."""
    with ExitStack() as stack:
        files: list[tuple[str, BinaryIO]] = []
        for row in reference.sources.select_related("file").order_by("pk"):
            copy = stack.enter_context(tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))
            with store_current().open(row.file.digest, version=row.file.store_version) as chunks:
                for chunk in chunks:
                    copy.write(chunk)
            copy.seek(0)
            files.append((row.file.name, copy))  # type: ignore[arg-type]  # reads and seeks like any file
        yield files
