"""Searches for links: ordered over frozen profiles, computed by a job, their finds entered as proposals."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from analysis.individual.linksearch import METHOD, VERSION
from chain_of_custody.core.canonical import Json
from chain_of_custody.models import StoredFile
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from chain_of_custody.vault.services import file_store
from lims.accounts.actors import Actor, require
from lims.accounts.services import system_actor
from lims.casework.enums import CaseKind
from lims.casework.models import Seizure
from lims.casework.services.numbering import number_next
from lims.common.bell import ring
from lims.common.checks import text_clean
from lims.common.errors import BadInput, RuleViolation
from lims.lab.enums import JobState, ReferenceKind, ReferenceState
from lims.lab.models import Profile, ReferenceSet
from lims.lab.selectors.profiles import profiles_current
from lims.lab.selectors.referenceaccess import reference_usable_by
from lims.lab.services.jobs import job_cancel, job_finish, job_take
from lims.lab.services.runchecks import region_check
from lims.links.execution import Found, inputs_digest
from lims.links.ledger import SEARCH
from lims.links.models import LinkSearch
from lims.links.rules.history import units_of
from lims.links.rules.ruling import DEFAULT, rule_named
from lims.links.selectors.merges import merges_standing
from lims.links.selectors.rules import rule_sets
from lims.links.services.finding import finds_enter

TASK = "lims.links.search_execute"


def search_order(
    *,
    actor: Actor,
    seizures: Sequence[Seizure] = (),
    frequencies: ReferenceSet | None = None,
    frequencies_taxon: str = "",
    frequencies_of: str = "",
    theta: float | None = None,
    rule: str = "",
    rule_set: ReferenceSet | None = None,
    seed: int = 1,
) -> LinkSearch:
    """Freeze the profiles that count now and queue their comparison.

    Without `seizures` every seizure of the laboratory's casework takes part; tests and training never meet casework.
    `frequencies` are approved reference population data of one species, `frequencies_of` a population or group of them
    whose animals alone count, `theta` replaces the rule's. The thresholds are
    those of `rule_set`, a table of the laboratory that a second person signed off; without one the newest such table,
    and where there is none, or `rule` names it, the program's.

    Raises:
        NotAllowed: without `link.search`.
        BadInput: fewer than two seizures with profiles, cases of several kinds, theta outside 0 to 1, no such rule, no
            such region of the frequencies or one with too few animals.
        RuleViolation: the reference is not approved, or restricted and not the actor's to use.
    """
    require(actor, "link.search")
    chosen = _rule_chosen(actor, rule, rule_set)
    taxon = _frequencies_check(actor, frequencies, frequencies_taxon)
    region = text_clean(frequencies_of, field="frequencies_of", limit=120, required=False)
    region_check(frequencies, region)
    if theta is not None and not 0 <= theta < 1:
        raise BadInput(_("Give theta from 0 to below 1."), code="out-of-range", field="theta", found=theta)
    asked = _Asked(
        rule=chosen, frequencies=frequencies, frequencies_taxon=taxon, frequencies_of=region, theta=theta, seed=seed
    )
    profiles = _profiles(seizures)
    with transaction.atomic():
        search = _search_create(actor, asked, profiles)
        search.seizures.set(seizures)
        search.profiles.set(profiles)
        act_append(actor=actor, drafts=[_draft(search, "ordered", _ordered(search, profiles=len(profiles)))])
        ring(TASK, search.pk)
    return search


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """Thresholds by name, version and digest; `signed` is the set they were signed off as."""

    name: str
    version: str
    sha256: str
    signed: ReferenceSet | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """How profiles are to be compared, checked."""

    rule: _Rule
    frequencies: ReferenceSet | None
    frequencies_taxon: str
    frequencies_of: str
    theta: float | None
    seed: int


def _search_create(actor: Actor, asked: _Asked, profiles: list[Profile]) -> LinkSearch:
    year = timezone.localdate().year
    units = _units(profiles)
    return LinkSearch.objects.create(
        reference=f"LS-{year}-{number_next(f'link-search-{year}'):06d}",
        ordered_by_id=actor.party_id,
        units=units,
        method=METHOD,
        method_version=VERSION,
        rule=asked.rule.name,
        rule_version=asked.rule.version,
        rule_sha256=asked.rule.sha256,
        rule_set=asked.rule.signed,
        inputs_sha256=inputs_digest(profiles, units),
        frequencies=asked.frequencies,
        frequencies_taxon=asked.frequencies_taxon,
        frequencies_of=asked.frequencies_of,
        theta=asked.theta,
        seed=asked.seed,
    )


def _units(profiles: Sequence[Profile]) -> dict[str, int]:
    """For each seizure of the profiles the one it counts for, merges followed.

    Raises:
        BadInput: fewer than two are left to compare.
    """
    units = {str(pk): unit for pk, unit in units_of(merges_standing(), [row.seizure_id for row in profiles]).items()}
    if len(set(units.values())) < 2:
        raise BadInput(
            _("Fewer than two seizures have profiles. Enter profiles first, or choose other seizures."),
            code="nothing-to-compare",
            field="seizures",
        )
    return units


def _rule_chosen(actor: Actor, rule: str, rule_set: ReferenceSet | None) -> _Rule:
    sets = rule_sets(actor=actor)
    if rule_set is None and not rule:
        rule_set = sets[0] if sets else None
    if rule_set is None:
        known = rule_named(rule or DEFAULT)
        return _Rule(name=known.name, version=known.version, sha256=known.sha256)
    if rule_set not in sets:
        raise RuleViolation(
            _("%(name)s is no approved table of thresholds.") % {"name": str(rule_set)},
            code="not-approved",
            field="rule",
        )
    checks = rule_set.checks
    return _Rule(name=checks["rule"], version=checks["rule_version"], sha256=checks["sha256"], signed=rule_set)


def _ordered(search: LinkSearch, *, profiles: int) -> dict[str, Json]:
    values: dict[str, Json] = {
        "reference": search.reference,
        "method": search.method,
        "method_version": search.method_version,
        "rule": search.rule,
        "rule_version": search.rule_version,
        "rule_sha256": search.rule_sha256,
        "rule_set": search.rule_set.digest if search.rule_set else None,
        "inputs": search.inputs_sha256,
        "profiles": profiles,
        "seizures": len(set(search.units.values())),
        "frequencies": search.frequencies.digest if search.frequencies else None,
        "theta": None if search.theta is None else repr(search.theta),
        "seed": search.seed,
    }
    return values | ({"frequencies_of": search.frequencies_of} if search.frequencies_of else {})


def search_start(*, pk: int, worker: str) -> LinkSearch | None:
    """Take the search for this worker; None when somebody else has it or it is over."""
    return job_take(jobs=LinkSearch.objects, pk=pk, worker=worker)


def search_finish(*, search: LinkSearch, found: Found) -> None:
    """Keep the result and enter every find as a proposal, once, in one transaction.

    Raises:
        LeaseLost: another worker has the search now; nothing was written.
    """
    actor = system_actor()
    with transaction.atomic():
        job_finish(jobs=LinkSearch.objects, job=search, state=JobState.DONE, summary=found.summary)
        stored = _result_store(actor, search, found.content)
        LinkSearch.objects.filter(pk=search.pk).update(result=stored)
        values: dict[str, Json] = {
            "attempt": search.attempt,
            "result": stored.digest,
            "seizure_pairs": int(found.summary["seizure_pairs"]),
            "links": int(found.summary["links"]),
        }
        act_append(actor=actor, drafts=[_draft(search, "finished", values), *finds_enter(search=search, found=found)])


def search_fail(*, search: LinkSearch, error: str, state: str = JobState.FAILED) -> None:
    """End the search without a result, with the reason."""
    with transaction.atomic():
        job_finish(jobs=LinkSearch.objects, job=search, state=state, error=error)
        verb = "cancelled" if state == JobState.CANCELLED else "failed"
        act_append(
            actor=system_actor(), drafts=[_draft(search, verb, {"attempt": search.attempt}, {"error": error[:2000]})]
        )


def search_give_up(search: LinkSearch) -> None:
    """A search whose workers died three times is failed; ordered again it starts afresh."""
    error = _("The worker stopped %(n)s times in the middle of this search.") % {"n": search.attempt}
    search_fail(search=search, error=error)


def search_cancel(*, actor: Actor, search: LinkSearch) -> None:
    """Ask a search to stop. One that waits is cancelled at once, one that runs at its next step.

    Raises:
        NotAllowed: without `link.search`.
        RuleViolation: it is over.
    """
    require(actor, "link.search")
    with transaction.atomic():
        row = job_cancel(
            jobs=LinkSearch.objects, job=search, over=RuleViolation(_("This search is over."), code="over")
        )
        if row is not None:
            act_append(actor=actor, drafts=[_draft(row, "cancelled", {"attempt": row.attempt})])


def _frequencies_check(actor: Actor, reference: ReferenceSet | None, taxon: str) -> str:
    taxon = text_clean(taxon, field="frequencies_taxon", limit=120, required=reference is not None)
    if reference is not None and (reference.kind != ReferenceKind.ORIGIN or reference.state != ReferenceState.APPROVED):
        raise RuleViolation(
            _("%(name)s is not approved reference population data.") % {"name": str(reference)},
            code="not-approved",
            field="frequencies",
        )
    if reference is not None and not reference_usable_by(actor=actor, reference=reference):
        raise RuleViolation(
            _("%(name)s is restricted. Ask quality for a grant.") % {"name": str(reference)},
            code="not-granted",
            field="frequencies",
        )
    return taxon if reference is not None else ""


def _profiles(seizures: Sequence[Seizure]) -> list[Profile]:
    rows = profiles_current().select_related("case")
    if not seizures:
        return list(rows.filter(case__kind=CaseKind.CASEWORK).order_by("pk"))
    found = list(rows.filter(seizure__in=[one.pk for one in seizures]).order_by("pk"))
    if len({row.case.kind for row in found}) > 1:
        raise BadInput(
            _("Casework is never compared with tests or training. Choose seizures of one kind of case."),
            code="mixed-kinds",
            field="seizures",
        )
    return found


def _result_store(actor: Actor, search: LinkSearch, content: bytes) -> StoredFile:
    return file_store(
        actor=actor,
        stream=StreamKey(kind="link_search", id=search.uuid),
        source=io.BytesIO(content),
        name=f"{search.reference}.json",
        media_type="application/json",
        role="result",
        limit=settings.SPOOR_UPLOAD_LIMIT,
    )


def _draft(
    search: LinkSearch, verb: str, values: dict[str, Json], committed: dict[str, Json] | None = None
) -> EntryDraft:
    stream = StreamKey(kind="link_search", id=search.uuid)
    return EntryDraft(stream=stream, schema=SEARCH, verb=verb, values=values, committed=committed or {})
