"""The method «individual.parentage»: is a claimed breeding pair possible? Roles "genotypes" and maybe "claims"."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analysis.canonical import Json, readable_json
from analysis.errors import InputRefused
from analysis.genotypes.table import GenotypeTable
from analysis.individual.claims import COLUMNS, Claim, claim_check, claims_read
from analysis.individual.inputs import Compared, compared, error_model, loci_check
from analysis.individual.kinship import ErrorModel
from analysis.individual.panel import Panel, genotype_numbers, panel_of
from analysis.individual.parentage import ALPHA, ParentageTest, pair_test, parent_test
from analysis.inputs import Artefact, Progress, RunInputs, RunResult
from analysis.outcome import Diagnostic, Finding, Number, Outcome, Reason
from analysis.registry import Method

NAME = "individual.parentage"
VERSION = "1.0"
QUESTION = "Can the young be of the parents that are claimed?"
CAVEATS = (
    "Not excluded is not proven: relatives of the true parents are often not excluded either.",
    "A few contradictions may be dropped or misread alleles or a mutation; how many are to be expected is stated.",
)
_Numbers = npt.NDArray[np.integer]


def run(inputs: RunInputs, progress: Progress) -> RunResult:
    """Test claims of parentage among the animals of one genotype table.

    Claims stand in a table of the role "claims" (columns young, mother, father; one parent may be empty) or in the
    parameters `young`, `mother`, `father`. Further parameters: `id_column`, `alpha` (default 0.001), `dropout`,
    `miscall`, `theta`. The reference gives allele frequencies. Artefacts: parentage.json. Raises `InputRefused`.
    """
    progress(0.0, "reading")
    if inputs.of_role("against"):
        raise InputRefused("A second table was given.", field="against", remedy="Put all animals into one table.")
    given = compared(inputs)
    claims = _claims(inputs)
    panel = panel_of([given.table], frequencies_from=given.frequencies)
    numbers = genotype_numbers(panel, given.table)
    model, alpha = error_model(inputs), inputs.real("alpha", ALPHA)
    outcomes = []
    for place, claim in enumerate(claims):
        progress(place / len(claims), f"testing {claim.young}")
        found = _tests(claim, panel, numbers, given.table, model, alpha)
        outcomes.append(_outcome(claim, found, panel, given, inputs, alpha))
    rows: list[Json] = [dict(one.details) for one in outcomes]
    content = readable_json({"method": NAME, "version": VERSION, "claims": rows})
    return RunResult(
        outcomes=tuple(outcomes),
        artefacts=(Artefact(name="parentage.json", media_type="application/json", content=content),),
    )


def _claims(inputs: RunInputs) -> list[Claim]:
    files = inputs.of_role("claims")
    if files:
        return claims_read(files[0])
    texts = {name: inputs.text(name) or "" for name in COLUMNS}
    claim = Claim(young=texts["young"], mother=texts["mother"], father=texts["father"])
    claim_check(claim)
    return [claim]


def _tests(
    claim: Claim, panel: Panel, numbers: _Numbers, table: GenotypeTable, model: ErrorModel, alpha: float
) -> dict[str, ParentageTest]:
    young = _animal(claim.young, claim, numbers, table)
    parents = {
        kind: _animal(name, claim, numbers, table)
        for kind, name in (("mother", claim.mother), ("father", claim.father))
        if name
    }
    found = {kind: parent_test(panel, young, genotype, model, alpha=alpha) for kind, genotype in parents.items()}
    if len(parents) == 2:
        found["pair"] = pair_test(panel, young, parents["mother"], parents["father"], model, alpha=alpha)
    return found


def _animal(name: str, claim: Claim, numbers: _Numbers, table: GenotypeTable) -> _Numbers:
    if name not in table.ids:
        raise InputRefused(
            f"«{name}» is not in the genotype table.",
            file=table.name,
            row=claim.line,
            remedy="Name the animals as the genotype table does.",
        )
    found: _Numbers = numbers[:, table.ids.index(name)]
    return found


def _outcome(
    claim: Claim, found: dict[str, ParentageTest], panel: Panel, given: Compared, inputs: RunInputs, alpha: float
) -> Outcome:
    excluded = [kind for kind, test in found.items() if test.excluded]
    words = {"pair": "the pair", "mother": f"{claim.mother} as mother", "father": f"{claim.father} as father"}
    reasons = tuple(
        Reason(
            code=f"{kind}_excluded",
            text=f"{words[kind]}: {test.contradictions} of {test.loci} loci cannot be inherited "
            f"({', '.join(test.at[:8])}); a true family shows so many with p = {test.p:.2g}.",
        )
        for kind, test in found.items()
        if test.excluded
    )
    return Outcome(
        method=NAME,
        version=VERSION,
        question=QUESTION,
        finding=Finding(
            outcome="parents_excluded" if excluded else "parents_possible",
            subject=claim.young,
            statement=_statement(claim, found, excluded, words),
            reasons=reasons,
        ),
        propositions=("The young is of the claimed parents.", "The young is of other parents."),
        numbers=tuple(number for kind, test in found.items() for number in _numbers(kind, test, words[kind])),
        caveats=CAVEATS,
        diagnostics=(
            *(_check(words[kind], kind, test) for kind, test in found.items()),
            *loci_check(given, len(panel.loci)),
        ),
        inputs=tuple(one.digest for one in inputs.files),
        reference=given.reference,
        parameters=dict(inputs.parameters),
        details={
            "id": claim.young,
            "mother": claim.mother or None,
            "father": claim.father or None,
            "alpha": alpha,
            "tests": {kind: _json(test) for kind, test in found.items()},
        },
        seed=inputs.seed,
    )


def _statement(claim: Claim, found: dict[str, ParentageTest], excluded: list[str], words: dict[str, str]) -> str:
    if excluded:
        which = " and ".join(words[kind] for kind in excluded)
        return f"Parentage of {claim.young} is excluded for {which}."
    test = found.get("pair") or next(iter(found.values()))
    names = " and ".join(name for name in (claim.mother, claim.father) if name)
    return (
        f"{names} cannot be excluded as parents of {claim.young}: {test.contradictions} of {test.loci} loci "
        "contradict, "
        f"{test.expected:.2g} are expected of a true family by typing errors. Of unrelated claimants {test.power:.1%} "
        "would be excluded."
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
        Number(
            name=f"{kind} power",
            value=float(f"{test.power:.4g}"),
            unit="share",
            definition=f"{words}: unrelated claimants that would be excluded",
        ),
    )


def _check(words: str, kind: str, test: ParentageTest) -> Diagnostic:
    return Diagnostic(
        code=kind,
        state="failed" if test.excluded else "passed",
        text=f"{words}: {test.contradictions} contradictions at {test.loci} loci, {test.expected:.2g} expected",
        value=float(f"{test.p:.4g}"),
    )


def _json(test: ParentageTest) -> dict[str, Json]:
    return {
        "loci": test.loci,
        "contradictions": test.contradictions,
        "at": list(test.at),
        "expected": float(f"{test.expected:.4g}"),
        "p": float(f"{test.p:.4g}"),
        "power": float(f"{test.power:.4g}"),
        "excluded": test.excluded,
    }


METHOD = Method(
    name=NAME,
    version=VERSION,
    citation="Mendelian contradictions counted against the exact number that typing errors make of a true family; "
    "pair and single parents tested apart.",
    assumptions=(
        "Loci are unlinked and inherited by Mendel's rules; mutations are counted among the errors.",
        "Dropout and misreading happen independently, at the stated rates.",
    ),
    limits=(
        "Close relatives of the true parents are often not excluded.",
        "At least eight loci typed in all animals of a claim are needed.",
    ),
    validation="Exceedance probabilities are checked against binomial tables and simulation; true families are "
    "excluded no more often than the stated level.",
    run=run,
)
