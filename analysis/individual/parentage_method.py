"""The method «individual.parentage»: can claimed parents, a claimed pedigree, be? Roles "genotypes" and "claims"."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from analysis.canonical import Json, readable_json
from analysis.errors import InputRefused
from analysis.individual.claims import COLUMNS, Claim, claim_check, claims_read
from analysis.individual.inputs import Compared, compared, error_model, loci_check
from analysis.individual.panel import Panel
from analysis.individual.parentage import ALPHA, ParentageTest
from analysis.individual.pedigree import Link, PedigreeTest, not_resolved, pedigree_of
from analysis.individual.pedigree_figure import pedigree_svg
from analysis.individual.pedigree_wording import (
    CAVEATS,
    WHO_WORDS,
    alike_words,
    parents_words,
    pedigree_json,
    said_words,
)
from analysis.inputs import Artefact, Progress, RunInputs, RunResult
from analysis.outcome import Diagnostic, Finding, Number, Outcome, Reason
from analysis.registry import Method

NAME = "individual.parentage"
VERSION = "2.1"
QUESTION = "Can the young be of the parents that are claimed?"
PEDIGREE_QUESTION = "Can the claimed pedigree be true as a whole?"
CSV_COLUMNS = (
    *("young", "mother", "father", "answer", "test", "loci", "contradictions", "expected", "p", "alpha"),
    *("power_unrelated", "broken", "claimed_generation", "supported_generation"),
)
_Line = dict[str, Json]


def run(inputs: RunInputs, progress: Progress) -> RunResult:
    """Test claims of parentage among the animals of one genotype table, as one pedigree.

    Claims stand in a table of the role "claims" (columns young, mother, father, or offspring, dam, sire; one parent may
    be empty; maybe untyped) or in the parameters `young`, `mother`, `father`. Further parameters: `id_column`, `alpha`
    (default 0.001, shared by all tests), `dropout`, `miscall`, `theta`, `frequencies_of`. The reference gives allele
    frequencies. With more than one claim the first outcome is about the pedigree, the others about a claim each, in
    the order of the table. Artefacts: parentage.json, parentage.csv, pedigree.svg. Raises `InputRefused`.
    """
    progress(0.0, "reading")
    if inputs.of_role("against"):
        raise InputRefused("A second table was given.", field="against", remedy="Put all animals into one table.")
    given = compared(inputs)
    claims, file = _claims(inputs)
    found, panel = pedigree_of(
        given.table,
        claims,
        frequencies=given.frequencies,
        model=error_model(inputs),
        alpha=inputs.real("alpha", ALPHA),
        file=file,
        progress=progress,
    )
    lines = pedigree_json(found)
    outcomes = [
        _claim_outcome(link, line, found, panel, given, inputs) for link, line in zip(found.links, lines, strict=True)
    ]
    summary = _summary(found, panel)
    if len(claims) > 1:
        outcomes.insert(0, _pedigree_outcome(found, lines, summary, panel, given, inputs, file))
    rows: list[Json] = [*lines]
    content = readable_json({"method": NAME, "version": VERSION, "pedigree": summary, "claims": rows})
    files = (
        Artefact(name="parentage.json", media_type="application/json", content=content),
        Artefact(name="parentage.csv", media_type="text/csv", content=_csv(lines).encode()),
        Artefact(name="pedigree.svg", media_type="image/svg+xml", content=pedigree_svg(found).encode()),
    )
    return RunResult(outcomes=tuple(outcomes), artefacts=files)


def _claims(inputs: RunInputs) -> tuple[list[Claim], str]:
    files = inputs.of_role("claims")
    texts = {name: inputs.text(name) or "" for name in COLUMNS}
    if files and any(texts.values()):
        field = next(name for name in COLUMNS if texts[name])
        raise InputRefused(
            "A table of claims and a single claim were given.",
            field=field,
            remedy="Give one of them: put the claim into the table, or leave the table away.",
        )
    if files:
        file = inputs.one("claims")
        return claims_read(file), file.name
    if not any(texts.values()):
        raise InputRefused(
            "No claim was given.",
            field="young",
            remedy="Give a table in the role «claims», or name a young animal and its mother, its father or both.",
        )
    claim = Claim(young=texts["young"], mother=texts["mother"], father=texts["father"])
    claim_check(claim)
    return [claim], ""


def _pedigree_outcome(
    found: PedigreeTest,
    lines: list[_Line],
    summary: _Line,
    panel: Panel,
    given: Compared,
    inputs: RunInputs,
    file: str,
) -> Outcome:
    rows: list[Json] = [*lines]
    return Outcome(
        method=NAME,
        version=VERSION,
        question=PEDIGREE_QUESTION,
        finding=Finding(
            outcome="pedigree_excluded" if found.excluded else "pedigree_possible",
            subject=None,
            statement=_pedigree_statement(found),
            reasons=tuple(_reason(link) for link in found.links if link.excluded),
        ),
        propositions=("Every claim of the pedigree is true.", "At least one claim is not."),
        numbers=_pedigree_numbers(found),
        caveats=(*CAVEATS, *_open_caveats(found)),
        diagnostics=(
            _tested_check(found),
            *_resolution_checks(found.not_resolved),
            *_alike_checks(found.links),
            *loci_check(given, len(panel.loci)),
        ),
        inputs=tuple(one.digest for one in inputs.files),
        reference=given.reference,
        parameters=dict(inputs.parameters),
        details={"id": file, "pedigree": summary, "claims": rows},
        seed=inputs.seed,
    )


def _summary(found: PedigreeTest, panel: Panel) -> _Line:
    missed: dict[str, Json] = {who: float(f"{power:.4g}") for who, power in found.not_resolved.items()}
    return {
        "excluded": found.excluded,
        "first": None if found.first is None else found.first.claim.young,
        "first_row": None if found.first is None else found.first.claim.line,
        "claims": len(found.links),
        "claims_tested": found.tested,
        "claims_excluded": sum(link.excluded for link in found.links),
        "tests": found.tests,
        "alpha": found.alpha,
        "alpha_each": float(f"{found.alpha_each:.6g}"),
        "loci": len(panel.loci),
        "not_resolved": missed,
    }


def _pedigree_statement(found: PedigreeTest) -> str:
    first = found.first
    out = sum(link.excluded for link in found.links)
    budget = (
        f"{found.tested} of {len(found.links)} claims could be tested, in {found.tests} tests at "
        f"{found.alpha_each:.2g} each, so that a wholly true pedigree is excluded with a probability of at most "
        f"{found.alpha:g}."
    )
    if first is not None:
        return (
            f"The claimed pedigree is excluded: {out} of {len(found.links)} claims cannot be true. It breaks first at "
            f"{first.claim.young} ({parents_words(first)}). {budget}"
        )
    return f"The claimed pedigree is not excluded, which does not prove it. {budget}"


def _reason(link: Link) -> Reason:
    return Reason(code="claim_excluded", text=f"{link.claim.young} ({parents_words(link)}): {said_words(link)}.")


def _pedigree_numbers(found: PedigreeTest) -> tuple[Number, ...]:
    powers = [test.power for link in found.links for test in link.tests.values()]
    supported = [one.supported for one in found.descents]
    return (
        _count("claims", len(found.links), "claims of the pedigree"),
        _count("claims_tested", found.tested, "claims whose animals are typed, wholly or for one parent"),
        _count("claims_excluded", sum(link.excluded for link in found.links), "claims that cannot be true"),
        _count("tests", found.tests, "tests that share the level: one for a pair, one for a parent alone"),
        Number(
            name="alpha_each",
            value=float(f"{found.alpha_each:.4g}"),
            unit="1",
            definition=f"level of each test: {found.alpha:g} for the whole pedigree, divided by the number of tests",
        ),
        Number(
            name="least_power",
            value=float(f"{min(powers):.4g}"),
            unit="share",
            definition="unrelated claimants that would be excluded, in the weakest of the tests",
        ),
        _count("generations_supported", max(supported), "most generations in captivity that the tests carry"),
    )


def _count(name: str, value: int, definition: str) -> Number:
    return Number(name=name, value=float(value), unit="no", definition=definition)


def _open_caveats(found: PedigreeTest) -> tuple[str, ...]:
    untyped = list(dict.fromkeys(name for link in found.links if not link.whole for name in link.untyped))
    if not untyped:
        return ()
    more = f" and {len(untyped) - 20} more" if len(untyped) > 20 else ""
    return (f"Not typed, so that claims about them are not or only partly tested: {', '.join(untyped[:20])}{more}.",)


def _tested_check(found: PedigreeTest) -> Diagnostic:
    whole = sum(link.whole for link in found.links)
    return Diagnostic(
        code="claims_tested",
        state="passed" if whole == len(found.links) else "warning",
        text=f"{whole} of {len(found.links)} claims wholly tested, {found.tested - whole} for one parent only",
        value=whole,
    )


def _resolution_checks(missed: Mapping[str, float]) -> tuple[Diagnostic, ...]:
    if not missed:
        text = "every false claim looked at would be excluded in 80 % of cases or more"
        return (Diagnostic(code="resolution", state="passed", text=text),)
    return tuple(
        Diagnostic(
            code=f"resolution_{who}",
            state="warning",
            text=f"not resolved by this panel: {WHO_WORDS[who]} would be excluded in {power:.0%} of cases only",
            value=float(f"{power:.4g}"),
        )
        for who, power in missed.items()
    )


def _alike_checks(links: tuple[Link, ...]) -> tuple[Diagnostic, ...]:
    return tuple(
        Diagnostic(code="same_genotype", state="warning", text=words) for link in links for words in alike_words(link)
    )


def _claim_outcome(
    link: Link, line: _Line, found: PedigreeTest, panel: Panel, given: Compared, inputs: RunInputs
) -> Outcome:
    claim = link.claim
    answer = "inconclusive" if not link.tests else "parents_excluded" if link.excluded else "parents_possible"
    words = {"pair": "the pair", "mother": f"{claim.mother} as mother", "father": f"{claim.father} as father"}
    return Outcome(
        method=NAME,
        version=VERSION,
        question=QUESTION,
        finding=Finding(
            outcome=answer, subject=claim.young, statement=_statement(link, words), reasons=_reasons(link, words)
        ),
        propositions=("The young is of the claimed parents.", "The young is of other parents."),
        numbers=tuple(number for kind, test in link.tests.items() for number in _numbers(kind, test, words[kind])),
        caveats=CAVEATS,
        diagnostics=(
            *(_check(words[kind], kind, test) for kind, test in link.tests.items()),
            *_resolution_checks(not_resolved([*link.tests.values()]) if link.tests else {}),
            *_alike_checks((link,)),
            *loci_check(given, len(panel.loci)),
        ),
        inputs=tuple(one.digest for one in inputs.files),
        reference=given.reference,
        parameters=dict(inputs.parameters),
        details={
            "id": claim.young,
            "mother": claim.mother or None,
            "father": claim.father or None,
            "alpha": line["alpha"],
            "tests": line["tests"],
            "claim": line,
        },
        seed=inputs.seed,
    )


def _statement(link: Link, words: Mapping[str, str]) -> str:
    claim = link.claim
    if not link.tests:
        return f"The claim about {claim.young} could not be tested: {_why(link)}."
    if link.excluded:
        tested = " and ".join(words[kind] for kind, test in link.tests.items() if test.excluded)
        alone = [words[kind] for kind, test in link.apart.items() if test.excluded]
        single = f" Alone, {' and '.join(alone)} cannot be." if alone else ""
        return f"Parentage of {claim.young} is excluded for {tested}.{single}"
    named = [name for kind, name in claim.parents if "pair" in link.tests or kind in link.tests]
    rest = "" if link.whole else " The other claimed parent was not tested."
    each = len(link.tests) > 1
    counts = "; ".join(
        f"{f'{words[kind]}, alone: ' if each else ''}{test.contradictions} of {test.loci} loci contradict, "
        f"{test.expected:.2g} are expected of a true family by typing errors, and {test.power:.1%} of "
        "unrelated claimants would be excluded"
        for kind, test in link.tests.items()
    )
    return (
        f"{' and '.join(named)} cannot be excluded as {'parents' if len(named) > 1 else 'parent'} of {claim.young}: "
        f"{counts}.{rest}"
    )


def _why(link: Link) -> str:
    return f"{', '.join(link.untyped)} not typed" if link.untyped else "too few loci typed together"


def _reasons(link: Link, words: Mapping[str, str]) -> tuple[Reason, ...]:
    return tuple(
        Reason(
            code=f"{kind}_excluded",
            text=f"{words[kind]}: {test.contradictions} of {test.loci} loci cannot be inherited "
            f"({', '.join(test.at[:8])}); a true family shows so many with p = {test.p:.2g}.",
        )
        for kind, test in {**link.tests, **link.apart}.items()
        if test.excluded
    )


def _numbers(kind: str, test: ParentageTest, words: str) -> tuple[Number, ...]:
    return (
        Number(
            name=f"{kind} contradictions",
            value=float(test.contradictions),
            unit="no",
            definition=f"{words}: loci of {test.loci} that cannot be inherited",
        ),
        Number(
            name=f"{kind} p",
            value=float(f"{test.p:.4g}"),
            unit="1",
            definition=f"{words}: how often a true family shows as many contradictions under the error model",
        ),
        *(
            Number(
                name=f"{kind} power" if who == "unrelated" else f"{kind} power {who}",
                value=float(f"{power:.4g}"),
                unit="share",
                definition=f"{words}: {WHO_WORDS[who]}, claimed instead, that would be excluded",
            )
            for who, power in test.powers.items()
        ),
    )


def _check(words: str, kind: str, test: ParentageTest) -> Diagnostic:
    return Diagnostic(
        code=kind,
        state="failed" if test.excluded else "passed",
        text=f"{words}: {test.contradictions} contradictions at {test.loci} loci, {test.expected:.2g} expected",
        value=float(f"{test.p:.4g}"),
    )


def _csv(lines: list[_Line]) -> str:
    """A row per test; a claim that was not tested has one without numbers."""
    out = io.StringIO()
    writer = csv.DictWriter(out, CSV_COLUMNS, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    for line in lines:
        answer = "not tested" if not line["tested"] else "excluded" if line["excluded"] else "not excluded"
        broken = line["broken"]
        common = {**line, "answer": answer, "broken": ";".join(map(str, broken)) if isinstance(broken, list) else ""}
        tests = line["tests"]
        for kind, test in (tests if isinstance(tests, dict) and tests else {"": {}}).items():
            values = test if isinstance(test, dict) else {}
            writer.writerow({**common, **values, "test": kind, "power_unrelated": values.get("power")})
    return out.getvalue()


METHOD = Method(
    name=NAME,
    version=VERSION,
    citation="Mendelian contradictions counted against the exact number that typing errors make of a true family; the "
    "tests of a pedigree share one level (Bonferroni).",
    assumptions=(
        "Loci are unlinked and inherited by Mendel's rules; mutations are counted among the errors.",
        "Dropout and misreading happen independently, at the stated rates.",
        "Animals that are said not to be parents are drawn from the population of the allele frequencies.",
    ),
    limits=(
        "Close relatives of the true parents are often not excluded; how often is stated.",
        "At least eight loci typed in all animals of a claim are needed; a parent typed otherwise is tested alone.",
        "Which of parent and young is the older is not tested.",
    ),
    validation="Chances of contradictions are checked against an enumeration of whole families, exceedance "
    "probabilities against all outcomes, powers against simulated siblings; true pedigrees are excluded no more often "
    "than the stated level.",
    run=run,
)
