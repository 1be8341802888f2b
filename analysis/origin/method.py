"""The method «origin.assign»: role "genotypes", reference = a frozen baseline or a genotype table."""

from __future__ import annotations

import csv
import io

from analysis.canonical import Json, canonical_json, readable_json
from analysis.errors import InputRefused
from analysis.genotypes.reader import Layout, format_named, read_file
from analysis.inputs import Artefact, InputFile, Progress, RunInputs, RunResult
from analysis.origin.assign import Assignment, AssignmentRun, OriginOutcome, Settings, assign
from analysis.origin.baseline import Baseline, baseline_open, baseline_read
from analysis.origin.figures import exclusion_figure, ranking_figure
from analysis.origin.numbers import number
from analysis.origin.typing_checks import typing_checks
from analysis.origin.wording import (
    answer_json,
    caveats,
    ranking_json,
    statement,
    validation_json,
)
from analysis.outcome import Diagnostic, Figure, Finding, Number, Outcome, ReferenceDigest
from analysis.registry import Method

NAME = "origin.assign"
VERSION = "1.0"
QUESTION = "From which population of the baseline does the animal come, or from none of them?"

CSV_COLUMNS = (
    "id", "outcome", "rank", "population", "group", "samples",
    "log_likelihood", "posterior", "exclusion_p", "excluded",
)  # fmt: skip


def run(inputs: RunInputs, progress: Progress) -> RunResult:
    """Assign the samples of one genotype table.

    Parameters: `id_column` (default "id") of the samples; for a reference that is a plain table also
    `population_column` (default "population"), `group_column` and `baseline_id_column`; `alpha`,
    `simulations`, `threshold`, `least_typed`, `figures` as in `Settings`; `table_format`. A reference
    folder is a frozen set of kind «origin.baseline». Artefacts: ranking.json, ranking.csv, validation.json
    and, for the first `figures` samples, ranking-NNNN.svg and exclusion-NNNN.svg, NNNN counting from 0001
    in the order of the table. Raises `InputRefused`.
    """
    file = inputs.one("genotypes")
    id_column = inputs.text("id_column") or "id"
    settings = _settings(inputs)
    progress(0.0, "reading")
    baseline = _baseline(inputs, id_column)
    table = read_file(file, Layout(id=id_column), table_format=format_named(inputs.text("table_format")))
    found = assign(baseline, table, settings, progress)
    return RunResult(
        outcomes=tuple(outcome_of(answer, found, file) for answer in found.assignments),
        artefacts=artefacts_of(found),
    )


def outcome_of(answer: Assignment, run: AssignmentRun, file: InputFile) -> Outcome:
    """One answer as the `Outcome` a report is made of."""
    possible = tuple(item.population for item in answer.ranking if not item.excluded)
    return Outcome(
        method=NAME,
        version=VERSION,
        question=QUESTION,
        finding=Finding(
            outcome=answer.outcome.value,
            subject=answer.subject,
            statement=statement(answer, run),
            reasons=answer.reasons,
            among=() if answer.outcome is OriginOutcome.NO_RESULT else possible,
        ),
        propositions=(
            *(f"The animal comes from {name}." for name in run.baseline.populations),
            "The animal comes from a population that is not in the baseline.",
        ),
        numbers=_numbers(answer),
        caveats=caveats(answer, run),
        diagnostics=_diagnostics(answer, run),
        figures=_figures(answer),
        inputs=(file.digest,),
        reference=ReferenceDigest.of(run.baseline),
        parameters={
            "alpha": run.settings.alpha,
            "simulations": run.settings.simulations,
            "threshold": run.settings.threshold,
            "least_typed": run.settings.least_typed,
        },
        details=answer_json(answer, run),
        seed=run.settings.seed,
    )


def artefacts_of(run: AssignmentRun) -> tuple[Artefact, ...]:
    """The files of a run, each the same bytes for the same input."""
    answers: list[Json] = [answer_json(answer, run) for answer in run.assignments]
    validation = validation_json(run.baseline, run.validation)
    files = [
        Artefact(
            name="ranking.json",
            media_type="application/json",
            content=canonical_json({"method": NAME, "version": VERSION, "samples": answers}),
        ),
        Artefact(name="ranking.csv", media_type="text/csv", content=ranking_csv(run).encode()),
        Artefact(name="validation.json", media_type="application/json", content=readable_json(validation)),
    ]
    for place, answer in enumerate(run.assignments[: run.settings.figures], start=1):
        if answer.ranking:
            for kind, draw in (("ranking", ranking_figure), ("exclusion", exclusion_figure)):
                name = f"{kind}-{place:04d}"
                content = draw(answer, key=name).encode()
                files.append(Artefact(name=f"{name}.svg", media_type="image/svg+xml", content=content))
    return tuple(files)


def ranking_csv(run: AssignmentRun) -> str:
    """Every sample and population, best first."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for answer in run.assignments:
        for rank, item in enumerate(answer.ranking, start=1):
            writer.writerow(
                [
                    *(answer.id, answer.outcome.value, rank, item.population, item.group, item.samples),
                    *(f"{item.log_likelihood:.6f}", f"{item.posterior:.6g}", f"{item.exclusion_p:.6g}"),
                    "yes" if item.excluded else "no",
                ]
            )
    return out.getvalue()


def _numbers(answer: Assignment) -> tuple[Number, ...]:
    if not answer.ranking:
        return ()
    best = answer.ranking[0]
    found = [
        Number(
            name="posterior",
            value=number(best.posterior),
            unit="1",
            definition=f"posterior of {best.population}, equal prior weight for each population",
        ),
        Number(
            name="exclusion_p",
            value=number(best.exclusion_p),
            unit="1",
            definition=f"share of genotypes made of {best.population} that fit no better",
        ),
    ]
    for level, band in answer.accuracy.items():
        if band.share.accuracy is not None:
            low, high = band.share.interval
            found.append(
                Number(
                    name=f"leave_one_out_accuracy_{level.value}",
                    value=number(band.share.accuracy),
                    unit="1",
                    definition=f"right to {level.value} among {band.share.animals} baseline animals whose "
                    f"best posterior was {band.low:g} to {band.high:g}",
                    interval=(number(low), number(high), 0.95),
                )
            )
    return tuple(found)


def _diagnostics(answer: Assignment, run: AssignmentRun) -> tuple[Diagnostic, ...]:
    enough = answer.typed_loci >= run.settings.least_typed * answer.loci
    return (
        *typing_checks(answer.typed_loci, answer.loci, answer.unknown_alleles, enough=enough),
        Diagnostic(
            code="duplicate_genotype",
            state="warning" if answer.same_as else "passed",
            text=", ".join(answer.same_as) or "no other sample has exactly this genotype",
        ),
        *(Diagnostic(code="notice", state="warning", text=words) for words in run.notices),
    )


def _figures(answer: Assignment) -> tuple[Figure, ...]:
    if not answer.ranking:
        return ()
    spread: list[Json] = [
        {
            "population": item.population,
            "log_likelihood": round(item.log_likelihood, 6),
            "exclusion_p": number(item.exclusion_p),
            "made_genotypes": None if item.spread is None else [round(value, 6) for value in item.spread],
        }
        for item in answer.ranking
    ]
    return (
        Figure(
            name="ranking",
            kind="origin.ranking",
            title=f"Ranking of populations for {answer.id}",
            description="posterior and exclusion p of each population, best first",
            data=ranking_json(answer),
        ),
        Figure(
            name="exclusion",
            kind="origin.exclusion",
            title=f"Exclusion test for {answer.id}",
            description="log-likelihood of the sample, and 1, 50 and 99 % points of genotypes made of each population",
            data=spread,
        ),
    )


def _baseline(inputs: RunInputs, id_column: str) -> Baseline:
    if inputs.reference is None:
        raise InputRefused("No baseline was given.", field="reference", remedy="Choose reference population data.")
    if inputs.reference.is_dir():
        return baseline_open(inputs.reference)
    return baseline_read(
        InputFile.from_path("reference", inputs.reference),
        id_column=inputs.text("baseline_id_column") or id_column,
        population_column=inputs.text("population_column") or "population",
        group_column=inputs.text("group_column"),
    )


def _settings(inputs: RunInputs) -> Settings:
    default = Settings()
    return Settings(
        alpha=inputs.real("alpha", default.alpha),
        threshold=inputs.real("threshold", default.threshold),
        least_typed=inputs.real("least_typed", default.least_typed),
        simulations=inputs.whole("simulations", default.simulations),
        figures=inputs.whole("figures", default.figures),
        seed=inputs.seed,
    )


METHOD = Method(
    name=NAME,
    version=VERSION,
    citation="Rannala & Mountain 1997 (PNAS 94: 9197-9201), prior 1/K per allele; leave-one-out as in "
    "rubias (Moran & Anderson 2019, Can. J. Fish. Aquat. Sci. 76: 551-560); exclusion by resampled gametes "
    "after Paetkau et al. 2004 (Mol. Ecol. 13: 55-65).",
    assumptions=(
        "Loci are independent within a population and in Hardy-Weinberg proportions.",
        "Baseline animals are a random sample of their population and correctly labelled.",
        "Samples and baseline were typed with the same alleles and bins.",
        "Each population has the same prior weight.",
    ),
    limits=(
        "Names only populations of the baseline; a neighbour of an unsampled origin may stay possible.",
        "Populations with weak differentiation (F_ST below about 0.05) are often confused.",
        "Typing errors and null alleles are not modelled; they push towards exclusion.",
        "A locus typed in no animal of a population is resampled from all populations together.",
    ),
    validation="Reproduces the likelihoods rubias publishes for its chinook data to three digits for ten "
    "reporting units; leave-one-out 87.6 % to reporting unit and 65.6 % to collection (7,301 salmon, 69 "
    "collections, 91 SNPs), 69.6 % for 17 colonies of cats at 9 microsatellites. Exclusion p-values are "
    "uniform in simulation where the origin is in the baseline.",
    run=run,
)
