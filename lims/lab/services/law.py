"""Lists of listings: a file proposed, read by a job row by row, approved by a second person, never changed."""

import io
from collections.abc import Sequence
from datetime import date
from uuid import uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from chain_of_custody.vault.services import file_store
from lims.accounts.actors import Actor, require
from lims.accounts.services import system_actor
from lims.casework.codelists import code_check
from lims.common.bell import ring
from lims.common.checks import text_clean
from lims.common.errors import BadInput, NotAllowed, RuleViolation
from lims.lab.enums import JobState, LegalScheme, NameKind, ReferenceState
from lims.lab.ledger import LAW
from lims.lab.models import LegalList, LegalListing, LegalName, LegalTaxon
from lims.lab.rules.listing_csv import Parsed, TaxonRows
from lims.lab.services.jobs import job_finish, job_take

TASK = "lims.lab.law_import"
_AT_ONCE = 4000
_MOST_REPORTED = 1000
LARGEST = 200 * 1024 * 1024


def _law_of(scheme: str, jurisdiction: str, as_of: date) -> str:
    """The country of a list of national law, none for CITES; refused with a day to come."""
    if scheme not in LegalScheme.values:
        raise BadInput(_("Choose which law the list belongs to."), code="unknown-scheme", field="scheme", found=scheme)
    jurisdiction = code_check(
        "country", jurisdiction.upper(), field="jurisdiction", required=scheme == LegalScheme.NATIONAL
    )
    if scheme == LegalScheme.CITES and jurisdiction:
        raise BadInput(_("The CITES Appendices hold for every Party: leave the country empty."), field="jurisdiction")
    if as_of > timezone.localdate():
        raise BadInput(_("This day is to come. Give the day whose law the file holds."), field="as_of")
    return jurisdiction


def law_propose(
    *,
    actor: Actor,
    scheme: str,
    name: str,
    edition: str,
    as_of: date,
    source: tuple[str, bytes],
    provenance: str,
    jurisdiction: str = "",
    synthetic: bool = False,
) -> LegalList:
    """Keep a checklist's file and queue its reading; `as_of` is the day whose law the file gives.

    Raises:
        NotAllowed: without `reference.manage`.
        BadInput: an unknown scheme or country, a day to come, a file too large, an edition that exists.
    """
    require(actor, "reference.manage")
    jurisdiction = _law_of(scheme, jurisdiction, as_of)
    size = len(source[1])
    if size > LARGEST:
        raise BadInput(_("The file holds more than 200 MB. Split it by kingdom."), field="file", found=size)
    name = text_clean(name, field="name", required=True, limit=120)
    edition = text_clean(edition, field="edition", required=True, limit=40)
    provenance = text_clean(provenance, field="provenance", required=True)
    row = LegalList(
        uuid=uuid4(),
        scheme=scheme,
        jurisdiction=jurisdiction,
        name=name,
        edition=edition,
        as_of=as_of,
        provenance=provenance,
        synthetic=synthetic,
        added_by_id=actor.party_id,
        added_at=timezone.now(),
    )
    _take_in(actor, row, source)
    return row


def law_start(*, pk: int, worker: str) -> LegalList | None:
    """Take the list for this worker; None when somebody else has it or it is over."""
    return job_take(jobs=LegalList.objects, pk=pk, worker=worker)


def law_finish(*, row: LegalList, parsed: Parsed) -> None:
    """Write everything that was read, once, in one transaction.

    Raises:
        LeaseLost: another worker has the list now; nothing was written.
    """
    listings = sum(len(taxon.listings) for taxon in parsed.taxa)
    report = {
        "rows": parsed.rows,
        "unlisted": parsed.unlisted,
        "refused": [
            {"row": one.row, "column": one.column, "found": one.found, "why": one.why, "name": one.name}
            for one in parsed.refused[:_MOST_REPORTED]
        ],
    }
    with transaction.atomic():
        job_finish(
            jobs=LegalList.objects,
            job=row,
            state=JobState.DONE,
            history_since=parsed.history_since,
            taxa_count=len(parsed.taxa),
            listing_count=listings,
            refused_count=len(parsed.refused),
            report=report,
        )
        _write(row, parsed.taxa)
        values: dict[str, Json] = {
            "file": row.file.digest,
            "taxa": len(parsed.taxa),
            "listings": listings,
            "refused": len(parsed.refused),
            "history_since": parsed.history_since.isoformat() if parsed.history_since else None,
        }
        act_append(actor=system_actor(), drafts=[_draft(row, "imported", values)])


def law_fail(*, row: LegalList, error: str, state: str = JobState.FAILED) -> None:
    """End the reading without rows, with the reason; the edition may be proposed again."""
    with transaction.atomic():
        job_finish(jobs=LegalList.objects, job=row, state=state, error=error)
        verb = "cancelled" if state == JobState.CANCELLED else "failed"
        act_append(actor=system_actor(), drafts=[_draft(row, verb, {"attempt": row.attempt})], reason=error[:500])


def law_give_up(row: LegalList) -> None:
    """A list whose workers died three times is failed."""
    law_fail(row=row, error=_("The worker stopped %(n)s times in the middle of this file.") % {"n": row.attempt})


def law_approve(*, actor: Actor, row: LegalList, note: str) -> LegalList:
    """Let answers rest on this list. The newest approved edition of a list answers; older ones stay readable.

    Raises:
        NotAllowed: without `quality.manage`, or by the person who proposed it.
        RuleViolation: it is not read yet, or is not waiting for approval.
    """
    require(actor, "quality.manage")
    note = text_clean(note, field="note", required=True)
    with transaction.atomic():
        locked = LegalList.objects.select_for_update(no_key=True, of=("self",)).get(pk=row.pk)
        if locked.added_by_id == actor.party_id:
            raise NotAllowed(_("You proposed this list. A second person approves it."), code="own-work")
        if locked.state != JobState.DONE or locked.standing != ReferenceState.PROPOSED:
            raise RuleViolation(_("This list is not waiting for approval."), code="wrong-state")
        locked.standing, locked.approved_by_id = ReferenceState.APPROVED, actor.party_id
        locked.approved_at = timezone.now()
        locked.save(update_fields=["standing", "approved_by", "approved_at"])
        act_append(actor=actor, drafts=[_draft(locked, "approved", {"file": locked.file.digest})], reason=note)
    return locked


def law_retire(*, actor: Actor, row: LegalList, reason: str) -> LegalList:
    """Take a list out of use; reports that rest on it keep what they say.

    Raises:
        NotAllowed: without `quality.manage`.
        RuleViolation: it is retired already.
    """
    require(actor, "quality.manage")
    reason = text_clean(reason, field="reason", required=True)
    with transaction.atomic():
        locked = LegalList.objects.select_for_update(no_key=True, of=("self",)).get(pk=row.pk)
        if locked.standing == ReferenceState.RETIRED:
            raise RuleViolation(_("This list is retired already."), code="wrong-state")
        locked.standing = ReferenceState.RETIRED
        locked.save(update_fields=["standing"])
        act_append(actor=actor, drafts=[_draft(locked, "retired", {"file": locked.file.digest})], reason=reason)
    return locked


def _take_in(actor: Actor, row: LegalList, source: tuple[str, bytes]) -> None:
    """The file, the list and the job that reads it, in one transaction: an edition that exists leaves no file."""
    name, content = source
    same = LegalList.objects.filter(scheme=row.scheme, jurisdiction=row.jurisdiction, name=row.name)
    if same.filter(edition=row.edition).exclude(state__in=[JobState.FAILED, JobState.CANCELLED]).exists():
        raise _taken(row)
    with transaction.atomic():
        row.file = file_store(
            actor=actor,
            stream=StreamKey(kind="law", id=row.uuid),
            source=io.BytesIO(content),
            name=name,
            media_type="text/csv",
            role="law_list",
            limit=settings.SPOOR_UPLOAD_LIMIT,
        )
        _insert(row)
        values: dict[str, Json] = {
            "scheme": row.scheme,
            "jurisdiction": row.jurisdiction,
            "name": row.name,
            "edition": row.edition,
            "as_of": row.as_of.isoformat(),
            "file": row.file.digest,
        }
        act_append(actor=actor, drafts=[_draft(row, "proposed", values)])
        ring(TASK, row.pk)


def _insert(row: LegalList) -> None:
    """The database decides who was first where two propose the same edition at the same moment."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if "legal_list_edition_once" not in str(error):
            raise
        raise _taken(row) from error


def _taken(row: LegalList) -> BadInput:
    return BadInput(
        _("%(name)s %(edition)s exists. A list never changes: choose a new edition.")
        % {"name": row.name, "edition": row.edition},
        code="taken",
        field="edition",
        found=row.edition,
    )


def _draft(row: LegalList, verb: str, values: dict[str, Json]) -> EntryDraft:
    return EntryDraft(stream=StreamKey(kind="law", id=row.uuid), schema=LAW, verb=verb, values=values)


def _write(row: LegalList, taxa: Sequence[TaxonRows]) -> None:
    for start in range(0, len(taxa), _AT_ONCE):
        piece = taxa[start : start + _AT_ONCE]
        made = LegalTaxon.objects.bulk_create([_taxon(row, one) for one in piece])
        LegalName.objects.bulk_create(
            [
                LegalName(list=row, name=name, taxon=taxon, kind=kind)
                for taxon, one in zip(made, piece, strict=True)
                for name, kind in _names(one)
            ]
        )
        LegalListing.objects.bulk_create(
            [
                LegalListing(
                    taxon=taxon,
                    row=number,
                    category=one.category,
                    change=one.change,
                    effective_on=one.effective_on,
                    ended_on=one.ended_on,
                    party=one.party,
                    populations=sorted(one.populations),
                    populations_except=sorted(one.populations_except),
                    specimens=sorted(one.specimens),
                    specimens_except=sorted(one.specimens_except),
                    annotation=one.annotation,
                )
                for taxon, rows in zip(made, piece, strict=True)
                for number, one in rows.listings
            ]
        )


def _taxon(row: LegalList, one: TaxonRows) -> LegalTaxon:
    return LegalTaxon(
        list=row,
        key=one.key,
        name=one.name,
        rank=one.rank,
        class_name=one.class_name,
        order=one.order,
        family=one.family,
        author=one.author,
        national_name=one.national_name,
        incomplete=one.incomplete,
    )


def _names(one: TaxonRows) -> list[tuple[str, str]]:
    return [(one.name, NameKind.ACCEPTED), *((name, NameKind.SYNONYM) for name in one.synonyms)]
