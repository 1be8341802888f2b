"""The method «individual.match»: role "genotypes", and a set of known profiles or a second table to compare with."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.canonical import Json, readable_json
from analysis.genotypes.table import MISSING, GenotypeTable
from analysis.individual.compare import Comparer, Comparison, ComparisonRun
from analysis.individual.inputs import Compared, compared, error_model, loci_check
from analysis.individual.panel import genotype_numbers
from analysis.individual.probability import (
    match_probability,
    probability_of_identity,
    probability_of_identity_siblings,
)
from analysis.inputs import Artefact, Progress, RunInputs, RunResult
from analysis.outcome import Diagnostic, Finding, LikelihoodRatio, Number, Outcome, Reason
from analysis.registry import Method

NAME = "individual.match"
VERSION = "1.0"
QUESTION = "Is this the same animal as one seen before?"
DRAWS = 400
CAVEATS = (
    "A likelihood ratio compares two statements; it is not the probability that either is true.",
    (
        "Full siblings share many alleles: the probability of identity of siblings is the cautious "
        "bound where relatives may be among the animals."
    ),
    "Not found means not found among the profiles searched.",
)
CSV_COLUMNS = (
    *("a", "b", "shared_loci", "matching_loci", "log10_lr_identity", "match_probability", "low", "high"),
    *("log10_lr_identity_low_95", "log10_lr_identity_high_95"),
)
"""`low` and `high` are the 95 % interval of the match probability; intervals hold the finite sample of frequencies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A pair with the interval of its match probability."""

    pair: Comparison
    interval: tuple[float, float]


def run(inputs: RunInputs, progress: Progress) -> RunResult:
    """Look for every profile of a table among others.

    Parameters: `id_column` (default "id"), `least_match` and `least_shared` (default 0.85), `theta`, `dropout`,
    `miscall`, `frequencies_of`, `table_format`. Artefacts: matches.json, matches.csv. Raises `InputRefused`.
    """
    progress(0.0, "reading")
    given = compared(inputs)
    comparer = Comparer(given.table, given.against, model=error_model(inputs), frequencies_from=given.frequencies)
    least_shared = inputs.real("least_shared", 0.85)
    found = comparer.match(least_match=inputs.real("least_match", 0.85), least_shared=least_shared, progress=progress)
    pairs = [_Found(pair=one, interval=_interval(one, found, given, inputs.seed)) for one in found.comparisons]
    by_animal: dict[str, list[_Found]] = {name: [] for name in given.table.ids}
    for one in pairs:
        by_animal[one.pair.a].append(one)
        if given.against is None:
            by_animal[one.pair.b].append(_turned(one))
    typed = (genotype_numbers(found.panel, given.table) != MISSING).sum(axis=0).tolist()
    outcomes = tuple(
        _outcome(name, by_animal[name], int(count), found, given, inputs, least_shared)
        for name, count in zip(given.table.ids, typed, strict=True)
    )
    rows: list[Json] = [dict(one.details) for one in outcomes]
    content = readable_json({"method": NAME, "version": VERSION, "panel": _panel_json(found), "samples": rows})
    files = (
        Artefact(name="matches.json", media_type="application/json", content=content),
        Artefact(name="matches.csv", media_type="text/csv", content=_csv(pairs).encode()),
    )
    return RunResult(outcomes=outcomes, artefacts=files)


def _outcome(
    name: str,
    pairs: Sequence[_Found],
    typed: int,
    run: ComparisonRun,
    given: Compared,
    inputs: RunInputs,
    least_shared: float,
) -> Outcome:
    enough = typed >= least_shared * len(run.panel.loci)
    best = pairs[0] if pairs else None
    outcome = "match" if best else "no_match" if enough else "inconclusive"
    return Outcome(
        method=NAME,
        version=VERSION,
        question=QUESTION,
        finding=Finding(
            outcome=outcome,
            subject=best.pair.b if best else None,
            statement=_statement(name, best, len(pairs), typed, run, given, enough=enough),
            reasons=_reasons(best, enough, typed, run),
            among=tuple(one.pair.b for one in pairs) if len(pairs) > 1 else (),
        ),
        propositions=(
            "Both profiles are of one animal.",
            "They are of two unrelated animals of the reference population.",
        ),
        numbers=_numbers(best, run, given),
        likelihood_ratio=_ratio(best),
        caveats=CAVEATS,
        diagnostics=_diagnostics(typed, run, given, enough=enough),
        inputs=tuple(one.digest for one in inputs.files),
        reference=given.reference,
        parameters=dict(inputs.parameters),
        details={
            "id": name,
            "outcome": outcome,
            "pairs": [_pair_json(one) for one in pairs],
            "panel": _panel_json(run),
            "search": given.size_words,
        },
        seed=inputs.seed,
    )


def _diagnostics(typed: int, run: ComparisonRun, given: Compared, *, enough: bool) -> tuple[Diagnostic, ...]:
    loci = len(run.panel.loci)
    state = "passed" if enough else "failed"
    words = f"{typed} of {loci} shared loci typed"
    return (Diagnostic(code="typed_loci", state=state, text=words, value=typed), *loci_check(given, loci))


def _statement(
    name: str, best: _Found | None, count: int, typed: int, run: ComparisonRun, given: Compared, *, enough: bool
) -> str:
    loci = len(run.panel.loci)
    if best is None and not enough:
        return f"{name} is typed at {typed} of {loci} loci: too few to say whether it was seen before."
    if best is None:
        return f"{name} was found in no other profile. {given.size_words}"
    pair = best.pair
    more = f" ({count - 1} more profiles agree as well)" if count > 1 else ""
    low, high = best.interval
    return (
        f"{name} and {pair.b}{more} agree at {pair.matching_loci} of {pair.shared_loci} loci. The findings are "
        f"{_times(pair.log10_lr['identity'])} times as probable if both are one animal as if they are two unrelated "
        f"ones; the probability that an unrelated animal matches is {pair.match_probability:.2g} ({low:.1g} to "
        f"{high:.1g}). {given.size_words}"
    )


def _reasons(best: _Found | None, enough: bool, typed: int, run: ComparisonRun) -> tuple[Reason, ...]:
    if best is None and not enough:
        return (Reason(code="few_loci", text=f"Only {typed} of {len(run.panel.loci)} shared loci are typed."),)
    if best is not None and best.pair.matching_loci < best.pair.shared_loci:
        apart = best.pair.shared_loci - best.pair.matching_loci
        words = f"{apart} loci differ; the error model counts them as dropout or misread alleles."
        return (Reason(code="differences", text=words),)
    return ()


def _numbers(best: _Found | None, run: ComparisonRun, given: Compared) -> tuple[Number, ...]:
    frequencies = run.panel.frequencies
    searched = len(given.table) - 1 if given.against is None else len(given.against)
    found = [
        Number(
            name="profiles_searched",
            value=float(searched),
            unit="no",
            definition="how many profiles this one was compared with",
        )
    ]
    if best is not None:
        found += _pair_numbers(best, run, given, searched)
    return (
        *found,
        Number(
            name="probability_of_identity",
            value=_three(probability_of_identity(frequencies)),
            unit="1",
            definition="two random unrelated animals share a genotype at every locus of the panel",
        ),
        Number(
            name="probability_of_identity_siblings",
            value=_three(probability_of_identity_siblings(frequencies)),
            unit="1",
            definition="two full siblings share a genotype at every locus of the panel: the cautious bound",
        ),
    )


def _pair_numbers(best: _Found, run: ComparisonRun, given: Compared, searched: int) -> list[Number]:
    low, high = best.interval
    value = best.pair.match_probability
    return [
        Number(
            name="match_probability",
            value=_three(value),
            unit="1",
            definition=f"θ-corrected probability (θ {run.model.theta:g}) that an unrelated animal of "
            f"«{given.source}» shows this genotype; interval over the finite sample of allele frequencies",
            interval=(_three(low), _three(high), 0.95),
        ),
        Number(
            name="chance_matches",
            value=_three(value * searched),
            unit="no",
            definition="matches to be expected by chance among the profiles searched, were all unrelated",
            interval=(_three(low * searched), _three(high * searched), 0.95),
        ),
        Number(
            name="log10_lr_identity",
            value=_three(best.pair.log10_lr["identity"]),
            unit="log10",
            definition="log10 of the likelihood ratio, one animal against two unrelated, with the error model; "
            "interval over the finite sample of allele frequencies",
            interval=_log10_interval(best.pair),
        ),
    ]


def _log10_interval(pair: Comparison) -> tuple[float, float, float] | None:
    if "identity" not in pair.log10_interval:
        return None
    low, high = pair.log10_interval["identity"]
    return _three(low), _three(high), 0.95


def _ratio(best: _Found | None) -> LikelihoodRatio | None:
    if best is None:
        return None
    return LikelihoodRatio(
        log10=_three(best.pair.log10_lr["identity"]),
        numerator="Both profiles are of one animal.",
        denominator="They are of two unrelated animals of the reference population.",
        definition="product over loci of the probabilities of the two genotypes under both statements, with θ, dropout "
        "and misread alleles",
    )


def _interval(pair: Comparison, run: ComparisonRun, given: Compared, seed: int) -> tuple[float, float]:
    """95 % interval of the match probability: frequencies drawn from their posterior (Dirichlet, prior 1/K)."""
    random = np.random.Generator(np.random.PCG64([seed, *pair.a.encode(), 0, *pair.b.encode()]))
    products = np.ones(DRAWS)
    table, other = given.table, given.table if given.against is None else given.against
    rows = table.ids.index(pair.a), other.ids.index(pair.b)
    for place, locus in enumerate(run.panel.loci):
        mine, theirs = (_genotype(one, row, locus) for one, row in zip((table, other), rows, strict=True))
        if mine is None or mine != theirs:
            continue
        weights = run.panel.frequencies[place] * (_copies(given.frequencies, locus) + 1)
        at = [run.panel.alleles[place].index(allele) for allele in mine]
        drawn = random.dirichlet(weights + 1e-9, DRAWS)
        theta, same = run.model.theta, at[0] == at[1]
        products *= np.array(
            [match_probability(float(p[at[0]]), float(p[at[1]]), same=same, theta=theta) for p in drawn]
        )
    low, high = np.quantile(products, [0.025, 0.975]).tolist()
    return float(low), float(high)


def _genotype(table: GenotypeTable, row: int, locus: str) -> tuple[str, str] | None:
    found = table.genotype(row, table.loci.index(locus))
    return None if found is None else (min(found), max(found))


def _copies(table: GenotypeTable, locus: str) -> int:
    return int((table.codes[table.loci.index(locus)] != MISSING).sum())


def _turned(one: _Found) -> _Found:
    pair = one.pair
    turned = Comparison(
        a=pair.b,
        b=pair.a,
        shared_loci=pair.shared_loci,
        matching_loci=pair.matching_loci,
        log10_lr=pair.log10_lr,
        log10_interval=pair.log10_interval,
        match_probability=pair.match_probability,
        match_interval=pair.match_interval,
    )
    return _Found(pair=turned, interval=one.interval)


def _pair_json(one: _Found) -> dict[str, Json]:
    pair = one.pair
    return {
        "with": pair.b,
        "shared_loci": pair.shared_loci,
        "matching_loci": pair.matching_loci,
        "log10_lr": {name: _log(value) for name, value in pair.log10_lr.items()},
        "log10_lr_interval_95": {
            name: [_three(low), _three(high)] for name, (low, high) in pair.log10_interval.items()
        },
        "match_probability": _three(pair.match_probability),
        "interval_95": [_three(end) for end in one.interval],
    }


def _panel_json(run: ComparisonRun) -> dict[str, Json]:
    return {
        "loci": len(run.panel.loci),
        "pairs_compared": run.pairs_compared,
        "theta": run.model.theta,
        "dropout": run.model.dropout,
        "miscall": run.model.miscall,
    }


def _csv(pairs: Sequence[_Found]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for one in pairs:
        pair = one.pair
        writer.writerow(
            [
                *(pair.a, pair.b, pair.shared_loci, pair.matching_loci, _log(pair.log10_lr["identity"])),
                *(f"{value:.4g}" for value in (pair.match_probability, *one.interval)),
                *(_log(value) for value in pair.log10_interval.get("identity", ())),
            ]
        )
    return out.getvalue()


def _times(log10: float) -> str:
    if log10 == float("-inf"):
        return "0"
    return f"{float(f'{10**log10:.3g}'):,.15g}" if log10 < 6 else f"10^{log10:.1f}"


def _log(value: float) -> float | None:
    return None if value == float("-inf") else round(value, 6)


def _three(value: float) -> float:
    return float(f"{value:.6g}") if value != float("-inf") else -300.0


METHOD = Method(
    name=NAME,
    version=VERSION,
    citation="Match probability of NRC II (1996) formula 4.10 after Balding & Nichols 1994 (Forensic Sci. Int. 64: "
    "125-140); probability of identity after Paetkau & Strobeck 1994 and, of siblings, Evett & Weir 1998; likelihood "
    "ratio with dropout and misread alleles.",
    assumptions=(
        "Loci are independent; the population's substructure is held by θ.",
        "Allele frequencies of the reference data are those of the animals in question.",
        "Dropout and misreading happen independently, at the stated rates.",
    ),
    limits=(
        "Relatives are not unrelated: where they may be among the animals, siblings are the bound that counts.",
        "A profile that is not among those searched cannot be found.",
        "Tables must be typed with one panel and the same bins.",
    ),
    validation="All 33 duplicate pairs of the published chinook data are found at 94 % agreement, 46 at 85 %; formulae "
    "are checked against published worked values.",
    run=run,
)
