"""The method «individual.kin»: a screen for relatives. One outcome for the whole screen: no pair is evidence alone."""

from __future__ import annotations

import csv
import io
import math

from analysis.canonical import Json, readable_json
from analysis.individual.cli import comparison_json
from analysis.individual.compare import Comparer, ComparisonRun, Power
from analysis.individual.inputs import Compared, compared, error_model, loci_check
from analysis.individual.panel import RESOLVED
from analysis.inputs import Artefact, Progress, RunInputs, RunResult
from analysis.outcome import Diagnostic, Finding, Number, Outcome
from analysis.registry import Method

NAME = "individual.kin"
VERSION = "1.0"
QUESTION = "Are there relatives among these animals, and which relationships can the panel tell at all?"
CAVEATS = (
    "A single pair is never evidence of kinship: among many pairs, unrelated ones reach high ratios by chance.",
    "Half siblings stand for all relatives of the second degree.",
    "Kin pairs count as evidence of a link only added up over two seizures, against what chance gives.",
)
RELATIONSHIP_WORDS = {
    "identity": "the same animal",
    "parent_offspring": "parent and offspring",
    "full_siblings": "full siblings",
    "half_siblings": "half siblings",
}
MOST_SHOWN = 500


def run(inputs: RunInputs, progress: Progress) -> RunResult:
    """Compare all pairs, or a table with another, for every relationship.

    Parameters: `id_column`, `least_lr` (default 1000), `least_shared` (default 0.8), `theta`, `dropout`, `miscall`,
    `frequencies_of`, `table_format`. Artefacts: kin.json, kin.csv (every pair that reached the ratio, with
    the interval of each). Raises `InputRefused`.
    """
    progress(0.0, "reading")
    given = compared(inputs)
    comparer = Comparer(given.table, given.against, model=error_model(inputs), frequencies_from=given.frequencies)
    least = inputs.real("least_lr", 1000.0)
    found = comparer.kin(least_lr=least, least_shared=inputs.real("least_shared", 0.8), progress=progress)
    details = _details(found, given, least, inputs.one("genotypes").name)
    content = readable_json({"method": NAME, "version": VERSION, **details, "pairs": _pairs(found)})
    files = (
        Artefact(name="kin.json", media_type="application/json", content=content),
        Artefact(name="kin.csv", media_type="text/csv", content=_csv(found).encode()),
    )
    return RunResult(outcomes=(_outcome(found, given, inputs, least, details),), artefacts=files)


def _outcome(run: ComparisonRun, given: Compared, inputs: RunInputs, least: float, details: dict[str, Json]) -> Outcome:
    return Outcome(
        method=NAME,
        version=VERSION,
        question=QUESTION,
        finding=Finding(outcome="kin_screen", subject=None, statement=_statement(run, given, least)),
        propositions=("The two animals of a pair stand in this relationship.", "They are unrelated."),
        numbers=_numbers(run, least),
        caveats=CAVEATS,
        diagnostics=(*(_power_check(one) for one in run.power), *loci_check(given, len(run.panel.loci))),
        inputs=tuple(one.digest for one in inputs.files),
        reference=given.reference,
        parameters=dict(inputs.parameters),
        details={**details, "pairs": _pairs(run)[:MOST_SHOWN]},
        seed=inputs.seed,
    )


def _statement(run: ComparisonRun, given: Compared, least: float) -> str:
    by_chance = run.pairs_compared / least
    told = [RELATIONSHIP_WORDS[one.relationship] for one in run.power if one.detected >= RESOLVED]
    not_told = [RELATIONSHIP_WORDS[one.relationship] for one in run.power if one.detected < RESOLVED]
    panel = f"The panel tells {', '.join(told)}" if told else "The panel tells no relationship"
    missed = f"; it does not resolve {', '.join(not_told)}." if not_told else "."
    return (
        f"{len(run.comparisons):,} of {run.pairs_compared:,} pairs reach a likelihood ratio of {least:g} for some "
        f"relationship against unrelated; were all unrelated, at most {by_chance:.2g} pairs per relationship would be "
        f"expected. No single pair is evidence of kinship. {panel}{missed}"
    )


def _numbers(run: ComparisonRun, least: float) -> tuple[Number, ...]:
    return (
        Number(
            name="pairs_compared", value=float(run.pairs_compared), unit="no", definition="pairs of animals compared"
        ),
        Number(
            name="pairs_found",
            value=float(len(run.comparisons)),
            unit="no",
            definition=f"pairs whose ratio reaches {least:g} for at least one relationship",
        ),
        Number(
            name="chance_finds_at_most",
            value=float(f"{run.pairs_compared / least:.6g}"),
            unit="no",
            definition="upper bound of unrelated pairs that reach the ratio, per relationship (Markov's inequality)",
        ),
        *(
            Number(
                name=f"detected {one.relationship}",
                value=float(f"{one.detected:.4g}"),
                unit="share",
                definition=f"true pairs ({RELATIONSHIP_WORDS[one.relationship]}) expected to reach the ratio, every "
                "locus typed",
            )
            for one in run.power
        ),
    )


def _power_check(one: Power) -> Diagnostic:
    good = one.detected >= RESOLVED
    words = RELATIONSHIP_WORDS[one.relationship]
    return Diagnostic(
        code=f"power_{one.relationship}",
        state="passed" if good else "warning",
        text=f"{words}: {one.detected:.0%} of true pairs would be found"
        + ("" if good else "; not resolved by this panel"),
        value=float(f"{one.detected:.4g}"),
    )


def _details(run: ComparisonRun, given: Compared, least: float, name: str) -> dict[str, Json]:
    return {
        "id": name,
        "search": given.size_words,
        "least_lr": least,
        "loci": len(run.panel.loci),
        "pairs_compared": run.pairs_compared,
        "power": [
            {
                "relationship": one.relationship,
                "words": RELATIONSHIP_WORDS[one.relationship],
                "mean_log10_lr": float(f"{one.mean:.4g}"),
                "deviation": float(f"{one.deviation:.4g}"),
                "unrelated_mean": float(f"{one.unrelated_mean:.4g}"),
                "detected": float(f"{one.detected:.4g}"),
                "resolved": one.detected >= RESOLVED,
            }
            for one in run.power
        ],
    }


def _pairs(run: ComparisonRun) -> list[Json]:
    return [comparison_json(one, run) for one in run.comparisons]


def _csv(run: ComparisonRun) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = list(RELATIONSHIP_WORDS)
    ends = [f"log10_lr_{name}_{end}_95" for name in names for end in ("low", "high")]
    writer.writerow(["a", "b", "shared_loci", "matching_loci", *(f"log10_lr_{name}" for name in names), *ends])
    for one in run.comparisons:
        ratios = [one.log10_lr[name] for name in names]
        # A ratio of 0 has no interval.
        intervals = [end for name in names for end in one.log10_interval.get(name, (-math.inf, -math.inf))]
        cells = ["" if value == -math.inf else f"{value:.4f}" for value in (*ratios, *intervals)]
        writer.writerow([one.a, one.b, one.shared_loci, one.matching_loci, *cells])
    return out.getvalue()


METHOD = Method(
    name=NAME,
    version=VERSION,
    citation="Likelihood ratios over identity states (Cotterman coefficients) with θ after Balding & Nichols 1994, "
    "dropout and misread alleles; joint probabilities summed over the draws themselves, so that they add to 1.",
    assumptions=(
        "Loci are independent and unlinked; animals are not inbred.",
        "Allele frequencies of the reference data are those of the animals in question.",
        "Dropout and misreading happen independently, at the stated rates.",
    ),
    limits=(
        "What the panel does not resolve stands in every result; a missed relative is no proof of none.",
        "Relationships beyond the second degree are not looked for.",
        "A pair is a lead for the laboratory, never a finding of its own.",
    ),
    validation="Tables add to 1 and E[LR | unrelated] = 1 to 1e-6 for every relationship; a small locus is enumerated "
    "over all pairs of genotypes.",
    run=run,
)
