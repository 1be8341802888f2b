"""Findings and, apart from them, opinions. A correction is a new finding that names the old."""

from dataclasses import dataclass
from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.models import Item, StoredFile
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from lims.accounts.actors import Actor, require
from lims.casework.codelists import code_check
from lims.casework.models import Case, ExhibitComponent
from lims.casework.selectors.access import case_scope
from lims.casework.services.belonging import (
    case_pk_check,
    component_of_item_check,
    file_of_case_check,
    item_of_case_check,
)
from lims.casework.services.cases import case_lock
from lims.common.checks import text_clean
from lims.common.errors import BadInput, RuleViolation
from lims.lab.enums import FindingKind, FindingSource, Identification, JobState
from lims.lab.ledger import FINDING
from lims.lab.models import Finding, RunOutcome
from lims.lab.services.blocking import batch_usable_check


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingFacts:
    """What was found, in words and, where it is an identification, as name found, CITES name and national name.

    `origin_country` is the country the specimen came from where that is established, not alleged: split listings
    depend on it.
    """

    text: str
    kind: str = FindingKind.FINDING
    source: str = FindingSource.RUN
    identification: str = ""
    name_found: str = ""
    name_cites: str = ""
    name_national: str = ""
    origin_country: str = ""
    basis: str = ""
    provider: str = ""


def _belongings_check(
    case: Case, item: Item, component: ExhibitComponent | None, outcome: RunOutcome | None, file: StoredFile | None
) -> None:
    """What a finding names is the case's and the item's own, and its run is done."""
    if outcome is not None and (outcome.run.case_id != case.pk or outcome.run.state != JobState.DONE):
        raise RuleViolation(
            _("A finding rests on a finished run of the same case."), code="run-not-done", field="outcome"
        )
    _outcome_check(outcome, item)
    component_of_item_check(component, item)
    file_of_case_check(file, case)


def finding_record(
    *,
    actor: Actor,
    case: Case,
    item: Item,
    facts: FindingFacts,
    component: ExhibitComponent | None = None,
    outcome: RunOutcome | None = None,
    file: StoredFile | None = None,
    replaces: Finding | None = None,
    reason: str = "",
) -> Finding:
    """Record a finding or an opinion about an item; from a run it rests on one of the run's outcomes.

    Raises:
        NotAllowed: without `finding.write`.
        BadInput: no text, a run's finding without outcome, an opinion without its basis; an item, a component, a file,
            an outcome or a finding to replace that belongs to another case or exhibit.
        RuleViolation: the run is not done, its batch is blocked or rejected, or the finding to replace was replaced.
    """
    require(actor, "finding.write", case_scope(case))
    _facts_check(facts, outcome)
    item_of_case_check(item, case, field="item")
    _belongings_check(case, item, component, outcome, file)
    case_pk_check(replaces.case_id if replaces else None, case, field="replaces")
    origin = code_check("country", facts.origin_country.upper(), field="origin_country")
    if replaces is not None:
        reason = text_clean(reason, field="reason", required=True)
    with transaction.atomic():
        case_lock(case)
        finding = Finding.objects.create(
            uuid=uuid4(),
            case=case,
            item=item,
            component=component,
            kind=facts.kind,
            source=facts.source,
            run=outcome.run if outcome else None,
            outcome=outcome,
            file=file,
            identification=facts.identification,
            name_found=facts.name_found.strip()[:160],
            name_cites=facts.name_cites.strip()[:160],
            name_national=facts.name_national.strip()[:160],
            origin_country=origin,
            text=text_clean(facts.text, field="text", required=True, limit=8000),
            basis=text_clean(facts.basis, field="basis", limit=8000),
            provider=text_clean(facts.provider, field="provider", limit=200),
            analyst_id=actor.party_id,
            made_at=timezone.now(),
        )
        drafts = [_draft(finding, "recorded", _values(finding), {"text": finding.text, "basis": finding.basis})]
        if replaces is not None:
            drafts.append(_replace(replaces, finding))
        act_append(actor=actor, drafts=drafts, reason=reason)
    return finding


def _outcome_check(outcome: RunOutcome | None, item: Item) -> None:
    """A run about one item says nothing of another exhibit, and nothing at all while its batch is blocked."""
    if outcome is None:
        return
    batch_usable_check(outcome.run.batch)
    about, wanted = _exhibit_pk(outcome.run.item), _exhibit_pk(item)
    if about is not None and wanted is not None and about != wanted:
        raise BadInput(
            _("%(run)s was about another exhibit than %(item)s.")
            % {"run": outcome.run.reference, "item": item.reference},
            code="other-exhibit",
            field="outcome",
            found=outcome.run.reference,
        )


def _exhibit_pk(item: Item | None) -> int | None:
    """The exhibit an item is or was taken from; None for pools, boxes, and runs over many items."""
    exhibit, sample = getattr(item, "exhibit", None), getattr(item, "sample", None)
    return exhibit.pk if exhibit is not None else sample.exhibit_id if sample is not None else None


def _facts_check(facts: FindingFacts, outcome: RunOutcome | None) -> None:
    if facts.kind not in FindingKind.values or facts.source not in FindingSource.values:
        raise BadInput(_("Choose whether this is a finding or an opinion, and where it comes from."), field="kind")
    if facts.identification and facts.identification not in Identification.values:
        raise BadInput(_("Choose an outcome from the list."), field="identification", found=facts.identification)
    if facts.source == FindingSource.RUN and outcome is None and facts.kind == FindingKind.FINDING:
        raise BadInput(_("Choose the result of the run that this finding rests on."), code="required", field="outcome")
    if facts.kind == FindingKind.OPINION and not facts.basis.strip():
        raise BadInput(_("An opinion states its basis."), code="required", field="basis")
    if facts.source == FindingSource.EXTERNAL and not facts.provider.strip():
        raise BadInput(_("Name the laboratory that provided this result."), code="required", field="provider")


def _replace(old: Finding, new: Finding) -> EntryDraft:
    updated = Finding.objects.filter(pk=old.pk, replaced_by__isnull=True).update(replaced_by=new)
    if not updated:
        raise RuleViolation(_("This finding has been replaced already."), code="already-replaced", field="replaces")
    return _draft(old, "replaced", {"by": str(new.uuid)}, {})


def _values(finding: Finding) -> dict[str, Json]:
    return {
        "case": str(finding.case.uuid),
        "item": str(finding.item.uuid),
        "component": str(finding.component.uuid) if finding.component else None,
        "kind": finding.kind,
        "source": finding.source,
        "run": str(finding.run.uuid) if finding.run else None,
        "identification": finding.identification,
        "name_found": finding.name_found,
        **({"origin_country": finding.origin_country} if finding.origin_country else {}),
    }


def _draft(finding: Finding, verb: str, values: dict[str, Json], committed: dict[str, str]) -> EntryDraft:
    kept: dict[str, Json] = {name: text for name, text in committed.items() if text}
    stream = StreamKey(kind="finding", id=finding.uuid)
    return EntryDraft(stream=stream, schema=FINDING, verb=verb, values=values, committed=kept)
