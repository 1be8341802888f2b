"""The method «individual.consensus»: role "genotype_runs", one row per typing; no reference."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from analysis.canonical import Json, readable_json
from analysis.errors import InputRefused
from analysis.genotypes.consensus import Consensus, ConsensusRule, LocusRates, consensus
from analysis.genotypes.reader import Layout, TableFormat, read_file
from analysis.genotypes.table import GenotypeTable
from analysis.inputs import Artefact, Progress, RunInputs, RunResult
from analysis.outcome import Diagnostic, Finding, Number, Outcome, Reason
from analysis.registry import Method
from analysis.statistics import binomial_interval

NAME = "individual.consensus"
VERSION = "1.0"
QUESTION = "Which genotype do the repeated typings of this sample support?"
TABLE = "consensus.csv"
CAVEATS = (
    "Rates are of these runs: another extract, another day or another laboratory may err more often.",
    "An allele lost in every run is not seen; a sample typed few times hides it more easily.",
)


def run(inputs: RunInputs, progress: Progress) -> RunResult:
    """Join the typings of each sample by the multi-tube rule, and count what the repeats disagree about.

    The table (role "genotype_runs") has one row per typing; the column `id_column` (default "id") names the sample
    and repeats. Parameters `allele_runs` (default 2), `homozygote_runs` (default 3). Artefacts: consensus.csv (one row
    a sample, as every method reads it), rates.csv, consensus.json. Raises `InputRefused`.
    """
    file = inputs.one("genotype_runs")
    column = inputs.text("id_column") or "id"
    rule = ConsensusRule(allele_runs=inputs.whole("allele_runs", 2), homozygote_runs=inputs.whole("homozygote_runs", 3))
    progress(0.0, "reading")
    layout = Layout(id=column, repeats=True)
    runs = read_file(file, layout, table_format=TableFormat(inputs.text("table_format") or "auto"))
    progress(0.3, "joining")
    found = consensus(runs, column, rule)
    counts = _counts(runs, column)
    if max(counts.values()) < rule.allele_runs:
        raise InputRefused(
            f"No sample stands in {rule.allele_runs} rows or more, so no run can be confirmed by another.",
            file=file.name,
            field=column,
            remedy="Give the repeated typings, one row each, all under the sample's own name.",
        )
    outcomes = tuple(_outcome(found, name, counts[name], rule, inputs) for name in found.table.ids)
    details: list[Json] = [dict(one.details) for one in outcomes]
    content = readable_json({"method": NAME, "version": VERSION, "samples": details})
    return RunResult(
        outcomes=outcomes,
        artefacts=(
            Artefact(name=TABLE, media_type="text/csv", content=table_csv(found.table)),
            Artefact(name="rates.csv", media_type="text/csv", content=_rates_csv(found.rates)),
            Artefact(name="consensus.json", media_type="application/json", content=content),
        ),
    )


def table_csv(table: GenotypeTable) -> bytes:
    """A genotype table as every method reads it: `id`, then two columns per locus, empty where untyped."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["id", *(f"{locus}_{half}" for locus in table.loci for half in (1, 2))])
    for row, name in enumerate(table.ids):
        cells = [table.genotype(row, locus) or ("", "") for locus in range(len(table.loci))]
        writer.writerow([name, *(allele for pair in cells for allele in pair)])
    return out.getvalue().encode()


def _counts(runs: GenotypeTable, column: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in runs.columns[column]:
        found[name] = found.get(name, 0) + 1
    return found


def _outcome(found: Consensus, name: str, runs: int, rule: ConsensusRule, inputs: RunInputs) -> Outcome:
    table = found.table
    row = table.ids.index(name)
    decided = {locus: table.genotype(row, place) for place, locus in enumerate(table.loci)}
    typed = [locus for locus, pair in decided.items() if pair is not None]
    mixed = [locus for sample, locus in found.mixed if sample == name]
    undecided = [locus for locus in table.loci if locus not in typed and locus not in mixed]
    outcome = "mixture" if mixed else "consensus" if typed else "inconclusive"
    return Outcome(
        method=NAME,
        version=VERSION,
        question=QUESTION,
        finding=Finding(
            outcome=outcome,
            subject=None,
            statement=_statement(name, runs, len(typed), len(table.loci), mixed),
            reasons=_reasons(undecided, mixed, rule),
        ),
        numbers=_numbers(found, len(typed), len(table.loci)),
        caveats=CAVEATS,
        diagnostics=_diagnostics(runs, typed, mixed, table, rule),
        inputs=tuple(one.digest for one in inputs.files),
        parameters=dict(inputs.parameters),
        details={
            "id": name,
            "typings": runs,
            "loci": len(table.loci),
            "genotype": {locus: list(pair) for locus, pair in decided.items() if pair is not None},
            "undecided": list(undecided),
            "mixed": list(mixed),
            "rule": {"allele_runs": rule.allele_runs, "homozygote_runs": rule.homozygote_runs},
            "repeat_rates": [_rates_json(one) for one in found.rates],
        },
        seed=inputs.seed,
    )


def _statement(name: str, runs: int, typed: int, loci: int, mixed: Sequence[str]) -> str:
    if mixed:
        return (
            f"{name}: three or more alleles are confirmed at {', '.join(mixed[:8])}: more than one animal, or a mixed "
            "tube. It is not to be compared as one profile."
        )
    if not typed:
        return f"{name}: {runs} typings confirm no genotype at any of {loci} loci."
    return f"{name}: {runs} typings confirm a genotype at {typed} of {loci} loci."


def _reasons(undecided: Sequence[str], mixed: Sequence[str], rule: ConsensusRule) -> tuple[Reason, ...]:
    found = []
    if undecided:
        words = (
            f"Left untyped, for no allele was seen in {rule.allele_runs} runs and no homozygote alone in "
            f"{rule.homozygote_runs}: {', '.join(undecided)}."
        )
        found.append(Reason(code="undecided", text=words))
    if mixed:
        words = f"Three or more alleles, each in {rule.allele_runs} runs: {', '.join(mixed)}."
        found.append(Reason(code="mixed", text=words))
    return tuple(found)


def _numbers(found: Consensus, typed: int, loci: int) -> tuple[Number, ...]:
    heterozygous = sum(one.heterozygous_runs for one in found.rates)
    runs = sum(one.runs for one in found.rates)
    rates = (
        (
            "dropout_rate",
            sum(one.dropouts for one in found.rates),
            heterozygous,
            f"share of {heterozygous} typings of confirmed heterozygotes, over all samples, that showed one allele",
        ),
        (
            "false_allele_rate",
            sum(one.false_alleles for one in found.rates),
            runs,
            f"share of {runs} typings of confirmed genotypes, over all samples, with an allele that is not in them",
        ),
    )
    words = f"loci of {loci} at which the typings confirm a genotype"
    return (
        Number(name="loci_confirmed", value=float(typed), unit="no", definition=words),
        *(
            Number(
                name=name,
                value=float(f"{seen / of:.6g}"),
                unit="1",
                definition=definition,
                interval=(*_rounded(binomial_interval(seen, of)), 0.95),
            )
            for name, seen, of, definition in rates
            if of
        ),
    )


def _diagnostics(
    runs: int, typed: Sequence[str], mixed: Sequence[str], table: GenotypeTable, rule: ConsensusRule
) -> tuple[Diagnostic, ...]:
    return (
        Diagnostic(
            code="typings",
            state="passed" if runs >= rule.homozygote_runs else "warning",
            text=f"{runs} typings; a homozygote needs {rule.homozygote_runs}",
            value=runs,
        ),
        Diagnostic(
            code="loci",
            state="passed" if len(typed) == len(table.loci) else "warning" if typed else "failed",
            text=f"{len(typed)} of {len(table.loci)} loci confirmed",
            value=len(typed),
        ),
        Diagnostic(
            code="mixed",
            state="failed" if mixed else "passed",
            text=f"three or more alleles at {len(mixed)} loci",
            value=len(mixed),
        ),
        *(Diagnostic(code="notice", state="warning", text=words) for words in table.notices),
    )


def _rates_json(one: LocusRates) -> dict[str, Json]:
    return {
        "locus": one.locus,
        "runs": one.runs,
        "heterozygous_runs": one.heterozygous_runs,
        "dropouts": one.dropouts,
        "dropout_interval_95": list(_rounded(one.dropout_interval)) if one.heterozygous_runs else None,
        "false_alleles": one.false_alleles,
        "false_allele_interval_95": list(_rounded(one.false_allele_interval)) if one.runs else None,
        "undecided": one.undecided,
    }


def _rates_csv(rates: Sequence[LocusRates]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["locus", "typings", "heterozygous_typings", "dropouts", "false_alleles", "samples_without_consensus"]
    )
    for one in rates:
        writer.writerow([one.locus, one.runs, one.heterozygous_runs, one.dropouts, one.false_alleles, one.undecided])
    return out.getvalue().encode()


def _rounded(interval: tuple[float, float]) -> tuple[float, float]:
    low, high = (float(f"{end:.6g}") for end in interval)
    return low, high


METHOD = Method(
    name=NAME,
    version=VERSION,
    citation="Multi-tube rule after Taberlet et al. 1996 (Nucleic Acids Res. 24: 3189-3194); rates counted after "
    "Broquet & Petit 2004 (Mol. Ecol. 13: 3601-3608).",
    assumptions=(
        "The typings of a sample are separate amplifications of one extract of one animal.",
        "Errors of one typing do not depend on those of another.",
    ),
    limits=(
        "An allele that failed in every typing leaves a false homozygote.",
        "Rates rest on confirmed genotypes, so that the hardest loci and samples are not among them.",
        "Two animals in one tube are found only where they show three alleles together.",
    ),
    validation="Rates are compared with those that simulated typings were made with; the rule with worked examples.",
    run=run,
)
