"""The method «origin.combined»: genotypes and isotope values of the same animals, placed on one map.

Roles "genotypes" and "measurements"; reference = population data with coordinates, second reference = an isoscape.
"""

from __future__ import annotations

from collections.abc import Sequence

from analysis.canonical import Json, canonical_json, readable_json
from analysis.errors import InputRefused
from analysis.genotypes.grid import read_delimited
from analysis.genotypes.reader import Layout, format_named, read_file
from analysis.inputs import Artefact, Progress, RunInputs, RunResult
from analysis.origin.combined import Combined, caveats, combined, combined_json, statement
from analysis.origin.isotope.calibration import POOR_FIT
from analysis.origin.isotope.figure import surface_figure, surface_png
from analysis.origin.isotope.reference import Isoscape, isoscape_open
from analysis.origin.isotope.scales import Measured
from analysis.origin.isotope.tables import columns_of, on_scale, values_read
from analysis.origin.numbers import number
from analysis.origin.spatial.locate import MapRun, locate
from analysis.origin.spatial.method import model_of
from analysis.origin.spatial.model import MapModel
from analysis.origin.spatial.priors import Prior
from analysis.origin.spatial.regions import geojson
from analysis.origin.spatial.wording import squares_text
from analysis.outcome import Diagnostic, Figure, Finding, Number, Outcome, Reason, ReferenceDigest
from analysis.registry import Method
from analysis.textfile import SIZE_LIMIT, text_of

NAME = "origin.combined"
VERSION = "1.3"
QUESTION = "Where do genotype and isotope value together say the animal is from?"
FIGURES = 20
LEAST_OVERLAP = 0.05
LEGEND = "genotype and isotope value together, flat prior; inner region 50 %, outer 95 %"


def run(inputs: RunInputs, progress: Progress) -> RunResult:
    """Multiply the genetic and the isotopic posterior of every sample that has both.

    Parameters: `independent` (needed: why nothing but the place makes the two go together), `id_column` (default
    "id", of both tables), `value_column` ("value"), `scale_column` ("scale"), `deviation_column`,
    `table_format`, `calibrated`, `generalise_km` as in origin.map. An optional file of the role "range_map" confines
    the map. Artefacts: answers.json and, for the first samples, combined-NNNN.svg, combined-NNNN.png,
    regions-NNNN.geojson. Raises `InputRefused`.
    """
    why = inputs.text("independent")
    if why is None:
        raise InputRefused(
            "No reason for independence is given.",
            field="independent",
            remedy="Say why nothing but the place joins genotype and isotope value, or compute the two apart.",
        )
    genotypes = inputs.one("genotypes")
    progress(0.0, "reading")
    iso = isoscape_open(inputs.second_folder("an isoscape with its calibration"))
    values = _values(inputs, iso)
    model = model_of(inputs, progress)
    layout = Layout(id=inputs.text("id_column") or "id")
    table = read_file(genotypes, layout, table_format=format_named(inputs.text("table_format")))
    placed = locate(model, table, progress=progress)
    found = combined(placed, iso.raster, iso.model, values)
    notices = _notices(placed, values, found)
    outcomes = tuple(_outcome(one, model, iso, why, notices, inputs) for one in found)
    answers: list[Json] = [dict(one.details) for one in outcomes]
    content = readable_json({"method": NAME, "version": VERSION, "samples": answers})
    files = [Artefact(name="answers.json", media_type="application/json", content=content)]
    for place, one in enumerate(found[:FIGURES], start=1):
        files += _sample_files(one, model, f"{place:04d}")
    return RunResult(outcomes=outcomes, artefacts=tuple(files))


def _values(inputs: RunInputs, iso: Isoscape) -> dict[str, Measured]:
    file = inputs.one("measurements")
    text = text_of(file.read(limit=SIZE_LIMIT), name=file.name)
    read = values_read(read_delimited(text, name=file.name), columns_of(inputs, iso.element))
    return on_scale(read, iso.scales, iso.scale, file=file.name)


def _notices(placed: MapRun, values: dict[str, Measured], found: Sequence[Combined]) -> tuple[str, ...]:
    """What stands in one table alone or has no place on the map; it is not answered, and that is said."""
    both = {one.id for one in found}
    left = sorted({one.id for one in placed.samples} ^ set(values) | ({one.id for one in placed.samples} - both))
    if not left:
        return ()
    return (f"Not answered, for they lack a genotype with a place or an isotope value: {', '.join(left[:20])}.",)


def _outcome(
    one: Combined, model: MapModel, iso: Isoscape, why: str, notices: Sequence[str], inputs: RunInputs
) -> Outcome:
    words = statement(one)
    return Outcome(
        method=NAME,
        version=VERSION,
        question=QUESTION,
        finding=Finding(
            outcome="region" if one.regions else "disagreement", subject=None, statement=words, reasons=_reasons(one)
        ),
        propositions=(
            "The animal comes from inside the region.",
            "The animal comes from elsewhere on the map.",
            "The animal comes from a place outside the map.",
        ),
        numbers=_numbers(one, model, iso),
        caveats=_caveats(model, why),
        diagnostics=_diagnostics(one, notices),
        figures=_figures(one, words),
        inputs=tuple(file.digest for file in inputs.files),
        reference=ReferenceDigest.of(model.baseline),
        parameters=dict(inputs.parameters),
        details={
            **combined_json(one, model, why),
            "isoscape": {
                "name": iso.reference.name,
                "version": iso.reference.version,
                "sha256": iso.reference.sha256,
            },
        },
        seed=inputs.seed,
    )


def _caveats(model: MapModel, why: str) -> tuple[str, ...]:
    squares = (squares_text(model.squares_km),) if model.squares_km else ()
    return (f"Taken as independent: {why}", *caveats(model), *squares)


def _reasons(one: Combined) -> tuple[Reason, ...]:
    if one.isotope_p < POOR_FIT:
        return (Reason(code="fits_nowhere", text="The isotope value is at home nowhere on the isoscape."),)
    if one.overlap >= LEAST_OVERLAP:
        return ()
    words = (
        f"{one.overlap:.1%} of the isotopic posterior lies in the genetic 95 % region: one of the two may be wrong, or "
        "the animal did not grow up where it was born."
    )
    return (Reason(code="surfaces_disagree", text=words),)


def _numbers(one: Combined, model: MapModel, iso: Isoscape) -> tuple[Number, ...]:
    found = [
        Number(
            name=f"area_{region.level * 100:g}_flat",
            value=number(region.area_km2),
            unit="km²",
            definition=f"area of the combined {region.level:.0%} region, which holds {region.share:.1%} of the joint "
            "posterior, flat prior",
        )
        for region in one.regions
    ]
    wide = one.genetic.by_prior[Prior.FLAT].regions[-1]
    words = "area of the 95 % region of the genotype alone, flat prior"
    found.append(Number(name="genetic_area_95", value=number(wide.area_km2), unit="km²", definition=words))
    words = "share of the isotopic posterior on the map that lies in the genetic 95 % region"
    found.append(Number(name="overlap", value=number(one.overlap), unit="1", definition=words))
    return (*found, *_coverage(model, iso))


def _coverage(model: MapModel, iso: Isoscape) -> list[Number]:
    """How often each surface alone held the true place; of the two together nobody has measured it."""
    rates = []
    one = None if model.calibration is None else model.calibration.left_out[Prior.FLAT]
    if one is not None and one.animals:
        rates.append(("genotype", one.covered, one.animals, (*one.interval, 0.95)))
    rates += [
        ("isotope value", held.covered, held.animals, (*held.interval, 0.99))
        for held in iso.coverage
        if held.level == 0.95 and held.animals
    ]
    return [
        Number(
            name=f"coverage_rate_95_{kind.partition(' ')[0]}",
            value=number(covered / animals),
            unit="1",
            definition=f"{kind} alone: share of {animals} animals of left-out sites inside their 95 % region",
            interval=(number(low), number(high), level),
        )
        for kind, covered, animals, (low, high, level) in rates
    ]


def _diagnostics(one: Combined, notices: Sequence[str]) -> tuple[Diagnostic, ...]:
    agree = one.overlap >= LEAST_OVERLAP
    return (
        Diagnostic(
            code="surfaces_agree",
            state="passed" if agree else "failed" if not one.regions else "warning",
            text=f"{one.overlap:.1%} of the isotopic posterior lies in the genetic 95 % region",
            value=number(one.overlap),
        ),
        Diagnostic(
            code="typed_loci",
            state="passed",
            text=f"{one.genetic.typed_loci} of {one.genetic.loci} loci typed",
            value=one.genetic.typed_loci,
        ),
        Diagnostic(
            code="scale",
            state="passed",
            text=f"isotope value {one.value.value:g} on the calibration's scale «{one.value.scale}»",
            value=number(one.value.value),
        ),
        _reach(one),
        *(Diagnostic(code="notice", state="warning", text=words) for words in notices),
    )


def _reach(one: Combined) -> Diagnostic:
    """How combined regions did with animals taken out, or that they were not calibrated."""
    if one.reach is None:
        return Diagnostic(code="coverage", state="not_done", text="regions were not calibrated", value=None)
    held = one.reach.held
    low, high = held.interval
    text = (
        f"combined 95 % regions held {held.covered} of {held.animals} ({low:.0%} to {high:.0%}) left-out animals with "
        "tissue values drawn for their places"
    )
    return Diagnostic(code="coverage", state="passed", text=text, value=held.covered)


def _figures(one: Combined, words: str) -> tuple[Figure, ...]:
    if not one.regions:
        return ()
    data: dict[str, Json] = {f"{region.level:g}": number(region.area_km2) for region in one.regions}
    title = f"Genotype and isotope value of {one.id} together"
    return (Figure(name="combined", kind="origin.surface", title=title, description=words, data=data),)


def _sample_files(one: Combined, model: MapModel, place: str) -> list[Artefact]:
    if not one.regions:
        return []
    key = f"combined-{place}"
    drawn = surface_figure(
        model.grid,
        one.regions,
        key=key,
        title=f"Genotype and isotope value of {one.id} together",
        words=statement(one),
        countries=model.countries,
        legend=LEGEND,
    )
    features: list[Json] = [
        {
            "type": "Feature",
            "properties": {
                "id": one.id,
                "prior": Prior.FLAT.value,
                "level": region.level,
                "area_km2": number(region.area_km2),
            },
            "geometry": geojson(model.grid, region.cells),
        }
        for region in one.regions
    ]
    picture = surface_png(model.grid, one.regions, name=one.id, countries=model.countries, legend=LEGEND)
    content = canonical_json({"type": "FeatureCollection", "features": features})
    return [
        Artefact(name=f"{key}.svg", media_type="image/svg+xml", content=drawn.encode()),
        Artefact(name=f"{key}.png", media_type="image/png", content=picture),
        Artefact(name=f"regions-{place}.geojson", media_type="application/geo+json", content=content),
    ]


METHOD = Method(
    name=NAME,
    version=VERSION,
    citation="Product of the posterior of origin.map (after Wasser et al. 2004, PNAS 101: 14847-14852) and of "
    "origin.isotope (after Ma et al. 2020, Methods Ecol. Evol. 11: 996-1001) on the cells of the map.",
    assumptions=(
        "Given the place, genotype and isotope value are independent; the analyst says why.",
        "The tissue grew where the animal was born and lived.",
        "Every km² of the map is as likely beforehand.",
    ),
    limits=(
        (
            "Joint regions were tried on made animals only, where those of 50 % held the place in 48 to 53 % of cases "
            "outside sampled sites and in 46 to 73 % at sampled ones."
        ),
        "Where independence fails the region is too small.",
        "Places without isoscape data are lost.",
    ),
    validation="The product is checked cell by cell against a computation by hand; each surface is calibrated by "
    "leaving whole sites out of the reference in use, joint regions by the same animals with drawn tissue values, and "
    "the coverage stands beside every answer.",
    run=run,
)
