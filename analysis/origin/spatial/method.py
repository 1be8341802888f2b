"""The method «origin.map»: role "genotypes", reference = a frozen baseline whose animals have coordinates."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from analysis.canonical import Json, canonical_json, readable_json
from analysis.errors import InputRefused
from analysis.genotypes.reader import Layout, format_named, read_file
from analysis.inputs import Artefact, InputFile, Progress, RunInputs, RunResult
from analysis.origin.baseline import KIND, baseline_open
from analysis.origin.figures_coverage import Covered, coverage_figure
from analysis.origin.numbers import number
from analysis.origin.spatial.figure import map_figure
from analysis.origin.spatial.locate import LocatedSample, MapOutcome, MapRun, locate
from analysis.origin.spatial.model import MapModel, model_build
from analysis.origin.spatial.picture import map_png
from analysis.origin.spatial.priors import Prior
from analysis.origin.spatial.regions import geojson
from analysis.origin.spatial.sites import coordinates_of
from analysis.origin.spatial.wording import (
    PRIOR_WORDS,
    answer_json,
    caveats,
    coverage_text,
    model_json,
    place_json,
    statement,
)
from analysis.origin.typing_checks import typing_checks
from analysis.outcome import Diagnostic, Figure, Finding, Number, Outcome, ReferenceDigest
from analysis.reference import open_reference
from analysis.registry import Method

NAME = "origin.map"
VERSION = "1.2"
QUESTION = "Where on the map does the animal come from?"
RANGE_LIMIT = 64 << 20
FIGURES = 20

CSV_COLUMNS = (
    "id", "outcome", "prior", "level", "area_km2", "middle_latitude", "middle_longitude", "typed_loci", "fit_p",
    "discrete_population", "discrete_posterior", "discrete_inside_95",
)  # fmt: skip


def run(inputs: RunInputs, progress: Progress) -> RunResult:
    """Place the samples of one genotype table on the map.

    Parameters: `id_column` (default "id"), `table_format`, `figures` (samples that get maps), `calibrated` (default
    true), `generalise_km`: squares of this size stand for sampled places. An optional file of the
    role "range_map" is a GeoJSON of where the species lives. Artefacts: answers.json, regions.csv, model.json,
    calibration.svg and, for the first samples, map-NNNN.svg and .png (flat prior), map-density-NNNN.svg and
    regions-NNNN.geojson, NNNN counting from 0001. Raises `InputRefused`.
    """
    file = inputs.one("genotypes")
    progress(0.0, "reading")
    model = model_of(inputs, progress)
    layout = Layout(id=inputs.text("id_column") or "id")
    table = read_file(file, layout, table_format=format_named(inputs.text("table_format")))
    found = locate(model, table, progress=progress)
    outcomes = tuple(outcome_of(answer, found, file, inputs) for answer in found.samples)
    return RunResult(outcomes=outcomes, artefacts=artefacts_of(found, inputs.whole("figures", FIGURES)))


def outcome_of(answer: LocatedSample, run: MapRun, file: InputFile, inputs: RunInputs) -> Outcome:
    """One answer as the `Outcome` a report is made of; a region, never a bare point."""
    model = run.model
    return Outcome(
        method=NAME,
        version=VERSION,
        question=QUESTION,
        finding=Finding(
            outcome=answer.outcome.value,
            subject=None,
            statement=statement(answer),
            reasons=answer.reasons,
        ),
        propositions=(
            "The animal comes from inside the region.",
            "The animal comes from elsewhere on the map.",
            "The animal comes from a place outside the map.",
        ),
        numbers=_numbers(answer, model),
        caveats=caveats(answer, model),
        diagnostics=_diagnostics(answer, run),
        figures=_figures(answer),
        inputs=tuple(one.digest for one in inputs.files) or (file.digest,),
        reference=ReferenceDigest.of(model.baseline),
        parameters=dict(inputs.parameters),
        details={**answer_json(answer, model), "model": model_json(model), "prior_words": _prior_words()},
        seed=inputs.seed,
    )


def artefacts_of(run: MapRun, figures: int) -> tuple[Artefact, ...]:
    """The files of a run, each the same bytes for the same input."""
    model = run.model
    answers: list[Json] = [answer_json(answer, model) for answer in run.samples]
    files = [
        Artefact(
            name="answers.json",
            media_type="application/json",
            content=canonical_json({"method": NAME, "version": VERSION, "samples": answers}),
        ),
        Artefact(name="regions.csv", media_type="text/csv", content=regions_csv(run.samples).encode()),
        Artefact(name="model.json", media_type="application/json", content=readable_json(model_json(model))),
        *_calibration(model),
    ]
    for place, answer in enumerate(run.samples[:figures], start=1):
        if answer.by_prior:
            files += _sample_files(model, answer, f"{place:04d}")
    return tuple(files)


def regions_csv(samples: Sequence[LocatedSample]) -> str:
    """Every sample, prior and level."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for answer in samples:
        for prior, found in answer.by_prior.items():
            for region in found.regions:
                discrete = answer.discrete
                writer.writerow(
                    [
                        *(answer.id, answer.outcome.value, prior.value, f"{region.level:g}"),
                        f"{region.area_km2:.6g}",
                        *(f"{found.point.latitude:.4f}", f"{found.point.longitude:.4f}", answer.typed_loci),
                        "" if answer.fit_p is None else f"{answer.fit_p:.4g}",
                        *(("", "") if discrete is None else (discrete.population, f"{discrete.posterior:.6g}")),
                        {None: "", True: "yes", False: "no"}[answer.agrees],
                    ]
                )
    return out.getvalue()


def model_of(inputs: RunInputs, progress: Progress) -> MapModel:
    """The map of the run's reference, confined to its range map where one was given. Raises `InputRefused`."""
    folder = inputs.reference_folder("reference population data with coordinates")
    reference = open_reference(folder, kind=KIND)
    facts = reference.facts
    columns = [str(facts.get(name) or "") for name in ("latitude_column", "longitude_column")]
    if not all(columns):
        raise InputRefused(
            "This reference population data has no coordinates.",
            file=f"{reference.name} {reference.version}",
            field="reference",
            remedy="Choose one that names its columns of latitude and longitude, or ask for the populations only.",
        )
    baseline = baseline_open(folder)
    ranges = inputs.of_role("range_map")
    return model_build(
        baseline,
        coordinates_of(baseline, latitude_column=columns[0], longitude_column=columns[1]),
        range_map=ranges[0].read(limit=RANGE_LIMIT) if ranges else None,
        range_name=ranges[0].name if ranges else "",
        calibrated=inputs.parameters.get("calibrated") is not False,
        squares_km=inputs.real("generalise_km", 0.0),
        progress=progress,
    )


def _numbers(answer: LocatedSample, model: MapModel) -> tuple[Number, ...]:
    if not answer.by_prior:
        return ()
    found = [
        Number(
            name=f"area_{region.level * 100:g}_{prior.value}",
            value=number(region.area_km2),
            unit="km²",
            definition=f"area of the {region.level:.0%} region, which holds {region.share:.1%} of the posterior; "
            f"{PRIOR_WORDS[prior]}",
        )
        for prior, located in answer.by_prior.items()
        for region in located.regions
    ]
    if answer.fit_p is not None:
        words = "share of animals of the most probable cell whose genotype fits no better"
        found.append(Number(name="fit_p", value=number(answer.fit_p), unit="1", definition=words))
    if answer.apart_km is not None and answer.discrete is not None:
        words = f"from the middle under the flat prior to where {answer.discrete.population} was sampled"
        found.append(Number(name="distance_to_discrete", value=number(answer.apart_km), unit="km", definition=words))
    held = None if model.calibration is None else model.calibration.left_out[Prior.FLAT]
    if held is not None and held.animals:
        low, high = held.interval
        found.append(
            Number(
                name="coverage_rate_95",
                value=number(held.covered / held.animals),
                unit="1",
                definition=f"share of {held.animals} baseline animals whose population was left out and that lay in "
                "their 95 % region (flat prior)",
                interval=(number(low), number(high), 0.95),
            )
        )
    return tuple(found)


def _diagnostics(answer: LocatedSample, run: MapRun) -> tuple[Diagnostic, ...]:
    calibration, restricted = run.model.calibration, run.model.grid.restricted
    few = {"few_loci", "untyped"} & {reason.code for reason in answer.reasons}
    checks = [
        *typing_checks(answer.typed_loci, answer.loci, answer.unknown_alleles, enough=not few),
        Diagnostic(
            code="methods_agree",
            state={None: "not_done", True: "passed", False: "warning"}[answer.agrees],
            text="the discrete answer lies inside the 95 % region of the map"
            if answer.agrees
            else "the discrete answer lies outside the 95 % region of the map"
            if answer.agrees is False
            else "map and discrete answer could not be compared",
        ),
        Diagnostic(
            code="range_map",
            state="passed" if restricted else "warning",
            text="confined to the range map" if restricted else "no range map was given: the frame holds the region",
        ),
        Diagnostic(
            code="coverage",
            state="not_done" if calibration is None else "passed",
            text="regions were not calibrated" if calibration is None else coverage_text(calibration, Prior.FLAT),
        ),
    ]
    return (*checks, *(Diagnostic(code="notice", state="warning", text=words) for words in run.notices))


def _figures(answer: LocatedSample) -> tuple[Figure, ...]:
    data: dict[str, Json] = {
        prior.value: {
            "middle": place_json(found.point),
            "area_km2": {f"{region.level:g}": number(region.area_km2) for region in found.regions},
        }
        for prior, found in answer.by_prior.items()
    }
    words = "Regions of 50 and 95 % under both priors, beside the place of the best population."
    title = f"Map of origin for {answer.id}"
    return (Figure(name="map", kind="origin.map", title=title, description=words, data=data),) if data else ()


def _calibration(model: MapModel) -> list[Artefact]:
    if model.calibration is None:
        return []
    one = model.calibration.left_out[Prior.FLAT]
    if not one.animals:
        return []
    point = Covered(level=0.95, covered=one.covered, animals=one.animals, interval=one.interval)
    title = "Coverage of the map's regions, whole populations left out"
    content = coverage_figure([point], key="calibration", title=title).encode()
    return [Artefact(name="calibration.svg", media_type="image/svg+xml", content=content)]


def _sample_files(model: MapModel, answer: LocatedSample, place: str) -> list[Artefact]:
    drawings = [("map", Prior.FLAT), ("map-density", Prior.DENSITY)]
    files = [
        Artefact(
            name=f"{kind}-{place}.svg",
            media_type="image/svg+xml",
            content=map_figure(model, answer, key=f"{kind}-{place}", prior=prior).encode(),
        )
        for kind, prior in drawings
    ]
    files.append(Artefact(name=f"map-{place}.png", media_type="image/png", content=map_png(model, answer)))
    features: list[Json] = [
        {
            "type": "Feature",
            "properties": {
                "id": answer.id,
                "prior": prior.value,
                "level": region.level,
                "area_km2": number(region.area_km2),
            },
            "geometry": geojson(model.grid, region.cells),
        }
        for prior, found in answer.by_prior.items()
        for region in found.regions
    ]
    content = canonical_json({"type": "FeatureCollection", "features": features})
    return [*files, Artefact(name=f"regions-{place}.geojson", media_type="application/geo+json", content=content)]


def _prior_words() -> dict[str, Json]:
    return {prior.value: PRIOR_WORDS[prior] for prior in Prior}


METHOD = Method(
    name=NAME,
    version=VERSION,
    citation="Smoothed assignment on a grid after Wasser et al. 2004 (PNAS 101: 14847-14852), with a Gaussian process "
    "of allele frequencies fitted by Laplace's approximation (Rasmussen & Williams 2006).",
    assumptions=(
        "Allele frequencies change gradually over the map.",
        "Loci are independent given the place, and in Hardy-Weinberg proportions.",
        "Reference animals were sampled where the table says and are a fair sample of that place.",
        "Flat prior: every km² of the map is as likely beforehand; density prior: places as they were sampled.",
    ),
    limits=(
        "Shows only places inside the map's frame or range map; an origin outside cannot be shown.",
        "A barrier, or animals moved by people, breaks the gradual change the map rests on.",
        "A region is an answer, its middle is not: an animal may come from anywhere inside.",
    ),
    validation="95 % regions are calibrated by leaving whole sites out of the reference data in use; how many of them "
    "held the true site stands beside every answer.",
    run=run,
)

__all__ = ["METHOD", "MapOutcome", "run"]
