"""Pure work of searches: frozen profiles in, evidence per pair of seizures out. Nothing here writes to the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.canonical import canonical_json, jsonable, sha256_hex
from analysis.genotypes.table import GenotypeTable
from analysis.individual.linkrule_set import LINK_RULES
from analysis.individual.linkrules import LinkRule
from analysis.individual.linksearch import (
    CITATION,
    METHOD,
    VERSION,
    GroupResult,
    LinkProfile,
    LinkSearchResult,
    SeizurePair,
    link_search,
)
from analysis.individual.regions import region_of
from analysis.inputs import Progress
from analysis.origin.baseline import baseline_open
from lims.common.errors import BadInput
from lims.lab.execution import reference_folder
from lims.lab.models import Profile
from lims.links.models import LinkSearch
from lims.links.rules.ruling import rule_named

Key = tuple[int, int, str, str]
"""First and second seizure, species, panel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """A link as a search found it: its key, what makes it one, its numbers and the digest over them."""

    key: Key
    basis: str
    evidence: dict[str, Any]
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Everything a search answers: links, the keys of all pairs compared, counts over the whole, the whole as bytes."""

    finds: tuple[Find, ...]
    compared: frozenset[Key]
    summary: dict[str, Any]
    content: bytes


def search_compute(search: LinkSearch, progress: Progress) -> Found:
    """Compare the search's profiles under its rule.

    Raises:
        AnalysisError: nothing can be compared, or a table of frequencies cannot be used.
        Cancelled: what `progress` raises.
        BadInput: the rule is another one now.
    """
    rule = _rule(search)
    if rule.sha256 != search.rule_sha256:
        raise BadInput("The rule of this search was changed meanwhile. Order the search again.", code="rule-changed")
    rows = list(search.profiles.select_related("seizure").order_by("pk"))
    profiles = [_profile(row, search.units) for row in rows]
    result = link_search(
        profiles,
        rule,
        reference=_frequencies(search),
        theta=search.theta,
        seed=search.seed,
        progress=progress,
    )
    groups = {(group.taxon, group.panel): group for group in result.groups}
    units = _members(rows, search.units)
    finds = [
        _find(pair, groups[pair.taxon, pair.panel], result, rule, units) for pair in result.pairs if pair.evidence.shown
    ]
    return Found(
        finds=tuple(finds),
        compared=frozenset(_key(pair) for pair in result.pairs),
        summary=_summary(result, rule),
        content=canonical_json(_whole(search, result, rule, units)),
    )


def inputs_digest(rows: list[Profile], units: Mapping[str, int]) -> str:
    """SHA-256 over the profiles compared and the seizures they count for: what a repeated search must share."""
    return sha256_hex(canonical_json(sorted([str(row.uuid), row.digest, _unit(row, units)] for row in rows)))


def _unit(row: Profile, units: Mapping[str, int]) -> str:
    return f"{units.get(str(row.seizure_id), row.seizure_id):012d}"


def _profile(row: Profile, units: Mapping[str, int]) -> LinkProfile:
    return LinkProfile(
        id=str(row.uuid),
        seizure=_unit(row, units),
        taxon=row.taxon,
        panel=row.panel,
        genotype={locus: (pair[0], pair[1]) for locus, pair in row.loci.items()},
    )


def _members(rows: list[Profile], units: Mapping[str, int]) -> dict[str, list[str]]:
    """The seizures behind each unit, by UUID."""
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(_unit(row, units), set()).add(str(row.seizure.uuid))
    return {unit: sorted(members) for unit, members in found.items()}


def _rule(search: LinkSearch) -> LinkRule:
    """The laboratory's own thresholds where the search was ordered under them, else those of the program."""
    return rule_named(search.rule) if search.rule_set is None else LINK_RULES.open(reference_folder(search.rule_set))


def _frequencies(search: LinkSearch) -> dict[str, GenotypeTable]:
    if search.frequencies is None:
        return {}
    table = baseline_open(reference_folder(search.frequencies)).table
    if search.frequencies_of:
        given = search.frequencies.parameters
        columns = [str(given[key]) for key in ("population_column", "group_column") if given.get(key)]
        table = region_of(table, columns, search.frequencies_of, field="frequencies_of")
    return {search.frequencies_taxon: table}


def _key(pair: SeizurePair) -> Key:
    return int(pair.first), int(pair.second), pair.taxon, pair.panel


def _find(
    pair: SeizurePair,
    group: GroupResult,
    result: LinkSearchResult,
    rule: LinkRule,
    units: Mapping[str, list[str]],
) -> Find:
    found = pair.evidence
    evidence: dict[str, Any] = {
        "method": METHOD,
        "method_version": VERSION,
        "rule": rule.name,
        "rule_version": rule.version,
        "rule_sha256": rule.sha256,
        "taxon": pair.taxon,
        "panel": pair.panel,
        "loci": pair.loci,
        "theta": group.theta,
        "frequencies": group.frequencies,
        "seizures": [units[pair.first], units[pair.second]],
        "animals": list(pair.animals),
        "pairs_compared": found.pairs_compared,
        "seizure_pairs": result.seizure_pairs,
        "direct": found.direct,
        "direct_expected": found.direct_expected,
        "direct_log10": group.direct_log10,
        "siblings_as_one": max((one.direct_siblings for one in group.rates), default=0.0),
        "matches": [jsonable(match) for match in pair.matches],
        "bins": list(rule.bins),
        "observed": list(found.observed),
        "expected": list(found.expected),
        "p": found.p,
        "p_bound": rule.budget / result.seizure_pairs,
        "similarity": found.similarity,
    }
    return Find(key=_key(pair), basis=found.basis, evidence=evidence, sha256=sha256_hex(canonical_json(evidence)))


def _summary(result: LinkSearchResult, rule: LinkRule) -> dict[str, Any]:
    return {
        "seizure_pairs": result.seizure_pairs,
        "budget": rule.budget,
        "links": sum(one.evidence.shown for one in result.pairs),
        "bins": list(rule.bins),
        "groups": [_group(group, rule) for group in result.groups],
    }


def _group(group: GroupResult, rule: LinkRule) -> dict[str, Any]:
    most = group.rates[-1] if group.rates else None
    return {
        "taxon": group.taxon,
        "panel": group.panel,
        "loci": len(group.loci),
        "theta": group.theta,
        "frequencies": group.frequencies,
        "profiles": group.profiles,
        "animals": group.animals,
        "left_out": [list(one) for one in group.left_out],
        "merged": [list(one) for one in group.merged],
        "pairs_compared": group.pairs_compared,
        "direct_log10": group.direct_log10,
        "observed": list(group.observed),
        "expected": list(group.expected),
        "direct": group.direct,
        "direct_expected": group.direct_expected,
        "rates": list(most.kin) if most else [],
        "rate_errors": list(most.kin_error) if most else [],
        "rates_at": most.shared if most else 0,
        "found": most.found if most else 0.0,
        "siblings": most.direct_siblings if most else 0.0,
        "published": list(rule.published_of(group.taxon)),
        "notices": list(group.notices),
    }


def _whole(
    search: LinkSearch, result: LinkSearchResult, rule: LinkRule, units: Mapping[str, list[str]]
) -> dict[str, Any]:
    """The result file. Pairs of seizures are named by the UUIDs of their seizures; pairs of relatives not at all."""
    return {
        "search": str(search.uuid),
        "method": METHOD,
        "version": VERSION,
        "citation": CITATION,
        "rule": {"name": rule.name, "version": rule.version, "sha256": rule.sha256, "values": list(rule.sources)},
        "inputs": search.inputs_sha256,
        "seed": search.seed,
        "groups": [jsonable(group) for group in result.groups],
        "pairs": [
            {
                "seizures": [units[pair.first], units[pair.second]],
                "taxon": pair.taxon,
                "panel": pair.panel,
                "animals": list(pair.animals),
                "evidence": jsonable(pair.evidence),
                "matches": [jsonable(match) for match in pair.matches],
            }
            for pair in result.pairs
        ],
    }
