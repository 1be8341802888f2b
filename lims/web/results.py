"""A run's outcome as a page prints it: the answer first, then what it rests on, in the method's own words."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.verbal import VerbalScale
from lims.lab.enums import Identification
from lims.web.describing import Badge
from lims.web.methodwords import parameter_words, value_words
from lims.web.numberlines import NumberLine, interval_words, number_line, number_name
from lims.web.outcomes import MORE_KINDS, more_facts, more_tables, more_titles
from lims.web.outcomes.words import RatioLine, ratio_line
from lims.web.parts import Check, Fact, Tone
from lims.web.phrases import Said, said, said_all
from lims.web.shares import equal, identity_text, number_text, p_text, percent, share_text
from lims.web.tables import Table

_STATES: Mapping[str, Any] = {"passed": "ok", "warning": "warn", "failed": "bad", "not_done": "wait"}
_KINDS = {
    "species": "ok",
    "species_group": "ok",
    "genus": "ok",
    "family": "ok",
    "assigned": "ok",
    "excluded": "bad",
    "mixture": "warn",
    "inconclusive": "warn",
    "no_result": "idle",
    "none_of_these": "warn",
    **MORE_KINDS,
}
_TONES: Mapping[str, Tone] = {
    "excluded": "bad",
    "mixture": "warn",
    "inconclusive": "warn",
    "none_of_these": "warn",
    "no_result": "warn",
}
_NAMED = frozenset(("species", "genus", "family", "excluded"))


@dataclass(frozen=True, slots=True, kw_only=True)
class HitLine:
    """One reference near the query."""

    accession: str
    taxon: str
    identity: str
    mismatches: str
    cover: str
    flags: str
    best: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RankLine:
    """One population of the ranking."""

    population: str
    group: str
    score: str
    exclusion: str
    excluded: bool
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultView:
    """One outcome in words."""

    title: str
    taxon: str
    statement: Said
    badge: Badge
    facts: tuple[Fact, ...]
    checks: tuple[Check, ...]
    checks_note: str
    hits: tuple[HitLine, ...]
    hits_note: str
    ranking: tuple[RankLine, ...]
    excluded_note: str
    none_of_these: bool
    groups: tuple[tuple[str, str, bool], ...]
    numbers: tuple[NumberLine, ...]
    rates: tuple[NumberLine, ...]
    reasons: tuple[Said, ...]
    caveats: tuple[Said, ...]
    among: tuple[str, ...]
    propositions: tuple[Said, ...]
    declared: Check | None
    parameters: tuple[tuple[str, str], ...]
    ratio: RatioLine | None
    tables: tuple[Table, ...]


def result_view(
    outcome: Mapping[str, Any], identification: str, name: str, scale: VerbalScale | None = None
) -> ResultView:
    """An outcome as `analysis.outcome.Outcome` writes it, with the identification in the application's one list.

    `scale` gives words to a likelihood ratio.
    """
    finding = outcome.get("finding") or {}
    details = outcome.get("details") or {}
    numbers = tuple(number_line(one) for one in outcome.get("numbers") or ())
    checks = tuple(_check(one) for one in outcome.get("diagnostics") or ())
    ranking = tuple(_rank(one) for one in details.get("ranking") or ())
    names = {name for one in ranking for name in (one.population, one.group)}
    hits = tuple(_hits(details.get("hits") or (), name))
    return ResultView(
        title=_title(identification, name, details),
        taxon=name if identification in _NAMED else "",
        statement=said(str(finding.get("statement", "")), names),
        badge=Badge(kind=_KINDS.get(identification, "plain"), text=str(Identification(identification).label)),
        facts=facts_of(outcome, identification, name),
        checks=tuple(sorted(checks, key=lambda one: ("bad", "warn", "wait", "ok").index(one.state))),
        checks_note=_checks_note(checks),
        hits=hits[:25],
        hits_note=_("%(shown)s of %(all)s") % {"shown": min(25, len(hits)), "all": len(hits)},
        ranking=ranking,
        excluded_note=_excluded_note(ranking),
        none_of_these=identification == Identification.NONE_OF_THESE,
        groups=tuple((g["group"], share_text(g["posterior"]), g["excluded"]) for g in details.get("groups") or ()),
        numbers=tuple(one for one in numbers if not one.rate),
        rates=_rates(details, numbers),
        reasons=tuple(said(str(one.get("text", "")), names) for one in finding.get("reasons") or ()),
        caveats=said_all(outcome.get("caveats"), names),
        among=_left_open(finding.get("among") or (), name),
        propositions=said_all(outcome.get("propositions"), names),
        declared=_declared(details.get("declared")),
        parameters=_parameters(outcome),
        ratio=ratio_line(outcome, scale),
        tables=more_tables(details),
    )


def _left_open(among: Iterable[Any], name: str) -> tuple[str, ...]:
    """What the answer leaves open; nothing where the only one left is the one named."""
    found = tuple(map(str, among))
    return () if found == (name,) else found


def _parameters(outcome: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What the run was told besides files, in words with units, in order of the words."""
    method, given = str(outcome.get("method", "")), outcome.get("parameters") or {}
    return tuple(sorted((str(parameter_words(method, name)), value_words(value)) for name, value in given.items()))


def _title(identification: str, name: str, details: Mapping[str, Any]) -> str:
    declared = details.get("declared")
    if identification == Identification.EXCLUDED and name and isinstance(declared, Mapping):
        return _("%(found)s, not the declared %(declared)s") % {"found": name, "declared": declared.get("name", "")}
    titles = {
        "species_group": _("One of several species: %(name)s"),
        "excluded": _("Not the declared species: %(name)s"),
        "mixture": _("Several species in one: %(name)s"),
        "inconclusive": _("Inconclusive"),
        "no_result": _("No result"),
        "assigned": _("Best explained by %(name)s"),
        "none_of_these": _("None of these populations"),
        **more_titles(),
    }
    return titles.get(identification, "%(name)s") % {"name": name} if name else titles.get(identification, "–")


def facts_of(outcome: Mapping[str, Any], identification: str, name: str) -> tuple[Fact, ...]:
    """The strip below the title: the answer first, how far the next one is, how often this is wrong."""
    details = outcome.get("details") or {}
    facts = more_facts(details)
    if not facts:
        ranked = details.get("ranking")
        facts = _rank_facts(details, identification) if ranked else _hit_facts(details, identification, name)
    rates = _rates(details, [number_line(one) for one in outcome.get("numbers") or ()])
    room = max(0, 5 - len(facts))
    facts += [
        Fact(label=line.name, value=line.value, detail=line.interval or line.definition.text) for line in rates[:room]
    ]
    return tuple(facts) or (Fact(label=_("Answer"), value=str(Identification(identification).label), lead=True),)


def _hit_facts(details: Mapping[str, Any], identification: str, name: str) -> list[Fact]:
    hits = details.get("hits") or []
    if not hits:
        return []
    best = hits[0]
    other = next((hit for hit in hits if hit.get("taxon") != best.get("taxon")), None)
    found = [
        Fact(
            label=_("Nearest reference"),
            value=identity_text(best.get("identity")),
            detail=" · ".join(part for part in (_bases(best), str(best.get("accession", ""))) if part),
            tone=_TONES.get(identification, ""),
            lead=True,
        )
    ]
    if other is not None:
        detail = f"{other.get('taxon', '')} {_bases(other)}".strip()
        found.append(Fact(label=_("Nearest other species"), value=identity_text(other.get("identity")), detail=detail))
    return found


def _rank_facts(details: Mapping[str, Any], identification: str) -> list[Fact]:
    ranking = details["ranking"]
    best, possible = ranking[0], [one for one in ranking if not one["excluded"]]
    second = ranking[1] if len(ranking) > 1 else None
    next_one = (
        _("%(name)s follows with %(score)s") % {"name": second["population"], "score": share_text(second["posterior"])}
        if second
        else ""
    )
    none = identification == Identification.NONE_OF_THESE
    alpha = (details.get("settings") or {}).get("alpha")
    return [
        Fact(
            label=_("Best population"),
            value=_("%(name)s, score %(score)s") % {"name": best["population"], "score": share_text(best["posterior"])},
            detail=next_one,
            tone=_TONES.get(identification, ""),
            lead=True,
        ),
        Fact(
            label=_("None of these?"),
            value=_("yes: all are excluded") if none else _("not indicated"),
            detail=equal(
                _("p = %(p)s for %(name)s (excluded below %(alpha)s)")
                % {"p": p_text(best["exclusion_p"]), "name": best["population"], "alpha": alpha}
            ),
            tone="warn" if none else "",
        ),
        Fact(
            label=_("Still possible"),
            value=_("%(n)s of %(all)s") % {"n": len(possible), "all": len(ranking)},
            detail=", ".join(one["population"] for one in possible[:3]),
        ),
        Fact(
            label=_("Typed"),
            value=_("%(n)s of %(all)s loci") % {"n": details.get("typed_loci"), "all": details.get("loci")},
        ),
    ]


def _rates(details: Mapping[str, Any], numbers: Sequence[NumberLine]) -> tuple[NumberLine, ...]:
    """How often the method is wrong: counts where it gives them, else the shares among its numbers."""
    counted = details.get("error_rates")
    if not isinstance(counted, Mapping) or not counted:
        return tuple(one for one in numbers if one.rate)
    return tuple(_counted(name, counted[name]) for name in sorted(counted, key=_rate_order))


def _rate_order(name: str) -> int:
    order = ("present_species_wrong", "present_species_outside", "absent_species_named", "absent_species_grouped")
    return order.index(name) if name in order else len(order)


def _counted(name: str, rate: Mapping[str, Any]) -> NumberLine:
    interval = rate.get("interval95")
    share = "" if rate.get("rate") is None else percent(rate["rate"])
    words = interval_words([*interval, 0.95], share=True) if interval else ""
    return NumberLine(
        name=number_name(name),
        value=_("%(n)s of %(all)s") % {"n": rate.get("count"), "all": rate.get("total")},
        interval="; ".join(part for part in (share, words) if part),
        definition=said(str(rate.get("definition", ""))),
        rate=True,
    )


def _check(one: Mapping[str, Any]) -> Check:
    value = one.get("value")
    text = said(str(one.get("text") or one.get("code", "")))
    return Check(
        label=text.text,
        lang=text.lang,
        state=_STATES.get(str(one.get("state")), "wait"),
        detail=said(re.sub("[-_]", " ", str(one.get("code", "")))).text,
        value="" if value is None or isinstance(value, dict | list | bool) else number_text(value),
    )


def _checks_note(checks: Sequence[Check]) -> str:
    look = sum(one.state in {"warn", "bad"} for one in checks)
    passed = sum(one.state == "ok" for one in checks)
    return _("%(look)s to look at, %(passed)s passed") % {"look": look, "passed": passed}


def _hits(hits: Sequence[Mapping[str, Any]], name: str) -> list[HitLine]:
    best = hits[0].get("taxon") if hits else None
    return [
        HitLine(
            accession=str(hit.get("accession", "")),
            taxon=str(hit.get("taxon", "")),
            identity=identity_text(hit.get("identity")),
            mismatches=number_text(hit.get("edits")),
            cover=percent(hit["coverage"]) if "coverage" in hit else "–",
            flags=str(hit.get("note") or ""),
            best=hit.get("taxon") == (name or best),
        )
        for hit in hits
    ]


def _bases(hit: Mapping[str, Any]) -> str:
    overlap, edits = hit.get("overlap"), hit.get("edits")
    if not isinstance(overlap, int) or not isinstance(edits, int):
        return ""
    return _("%(n)s of %(all)s bases") % {"n": overlap - edits, "all": overlap}


def _rank(one: Mapping[str, Any]) -> RankLine:
    return RankLine(
        population=str(one["population"]),
        group=str(one.get("group") or ""),
        score=share_text(one["posterior"]),
        exclusion=p_text(one["exclusion_p"]),
        excluded=bool(one["excluded"]),
        samples=int(one.get("samples") or 0),
    )


def _excluded_note(ranking: Sequence[RankLine]) -> str:
    out = sum(one.excluded for one in ranking)
    return ngettext("%(n)s population excluded", "%(n)s populations excluded", out) % {"n": out}


def _declared(found: object) -> Check | None:
    """Declared species against found species: an answer of its own."""
    if not isinstance(found, Mapping):
        return None
    states: Mapping[str, Any] = {"agrees": "ok", "excluded": "bad"}
    words = {
        "agrees": _("agrees"),
        "excluded": _("excluded"),
        "not_resolved": _("not resolved"),
        "not_testable": _("cannot be tested"),
    }
    answer = str(found.get("answer", ""))
    text = said(str(found.get("text", "")))
    return Check(
        label=str(found.get("name", "")),
        state=states.get(answer, "warn"),
        value=words.get(answer, answer),
        detail=text.text,
        lang=text.lang,
    )
