"""Decisions on records of a proposed set, and the edition that is built without what they leave out."""

import tempfile
from collections.abc import Container, Iterator, Sequence
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
from lims.common.errors import BadInput, DomainError, ManyErrors, RuleViolation
from lims.lab.enums import CurationChoice, ReferenceState
from lims.lab.models import CurationDecision, ReferenceSet
from lims.lab.selectors.curation import accessions_known, decisions_of, decisions_on
from lims.lab.services.references import reference_draft, reference_propose

MOST_AT_ONCE = 2_000
"""Records decided on in one act."""

_IN_MEMORY = 8 << 20


def curation_decide(
    *,
    actor: Actor,
    reference: ReferenceSet,
    accession: str,
    choice: str,
    reason: str,
    known: Container[str] | None = None,
    after: int | None = None,
) -> CurationDecision:
    """Keep or leave out a record of a proposed set, with the reason. The set itself never changes.

    Args:
        actor: who decides.
        reference: the set.
        accession: the record.
        choice: a `CurationChoice`.
        reason: why.
        known: the set's records, where the caller decides on many and has read them once (`accessions_known`).
        after: how many decisions on this record the decider has seen; None says that this does not matter.

    Raises:
        NotAllowed: without `reference.manage`.
        BadInput: no such record, no choice, no reason.
        RuleViolation: the set is not waiting for approval, or somebody else decided on the record meanwhile.
    """
    require(actor, "reference.manage")
    known = accessions_known(actor=actor, reference=reference) if known is None else known
    return _decide(actor, reference, [_known(accession, known)], choice, reason, after)[0]


def curation_decide_many(
    *, actor: Actor, reference: ReferenceSet, accessions: Sequence[str], choice: str, reason: str
) -> list[CurationDecision]:
    """One choice and one reason for many records, in one act: all or none; each keeps its own decision and entry.

    Raises:
        NotAllowed: without `reference.manage`.
        BadInput, ManyErrors: no record, too many, each that the set does not have, no choice, no reason.
        RuleViolation: the set is not waiting for approval.
    """
    require(actor, "reference.manage")
    wanted = list(dict.fromkeys(accessions))
    if not wanted:
        raise BadInput(_("Choose at least one record."), code="required", field="accession")
    if len(wanted) > MOST_AT_ONCE:
        words = _("At most %(limit)s records can be decided on at once.") % {"limit": MOST_AT_ONCE}
        raise BadInput(words, code="too-many", field="accession", found=str(len(wanted)))
    known = accessions_known(actor=actor, reference=reference)
    strange: list[DomainError] = [_no_record(one) for one in wanted if one not in known]
    if strange:
        raise ManyErrors(strange)
    return _decide(actor, reference, wanted, choice, reason)


def _decide(
    actor: Actor,
    reference: ReferenceSet,
    accessions: Sequence[str],
    choice: str,
    reason: str,
    after: int | None = None,
) -> list[CurationDecision]:
    if choice not in CurationChoice.values:
        raise BadInput(_("Choose whether it is kept."), code="unknown-choice", field="choice", found=choice)
    reason = text_clean(reason, field="reason", required=True, limit=300)
    with transaction.atomic():
        row = ReferenceSet.objects.select_for_update(no_key=True).get(pk=reference.pk)
        if row.state != ReferenceState.PROPOSED:
            raise RuleViolation(_("This reference is not waiting for approval."), code="wrong-state")
        if after is not None:
            _not_meanwhile(row, accessions[0], after)
        made = [
            CurationDecision(
                reference=row,
                accession=one,
                choice=choice,
                reason=reason,
                decided_by_id=actor.party_id,
                decided_at=timezone.now(),
            )
            for one in accessions
        ]
        CurationDecision.objects.bulk_create(made)
        drafts = [reference_draft(row, "curated", {"record": one, "choice": choice}) for one in accessions]
        act_append(actor=actor, drafts=drafts, reason=reason)
    return made


def _not_meanwhile(reference: ReferenceSet, accession: str, after: int) -> None:
    """Nobody decided on the record since the decider looked at it."""
    found = decisions_on(reference, accession)
    if len(found) > after:
        last = found[-1]
        raise RuleViolation(
            _("%(who)s decided on this record meanwhile: %(choice)s, «%(why)s». Look at it again.")
            % {"who": last.decided_by.name, "choice": last.get_choice_display(), "why": last.reason},
            code="decided-meanwhile",
            field="accession",
            found=accession,
        )


def _known(accession: str, known: Container[str]) -> str:
    if accession not in known:
        raise _no_record(accession)
    return accession


def _no_record(accession: str) -> BadInput:
    words = _("The set has no record «%(found)s».") % {"found": accession}
    return BadInput(words, code="unknown-record", field="accession", found=accession)


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
            restricted=reference.restricted,
            coarse_km=reference.coarse_km,
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
