"""The method «origin.isotope»: role "measurements", reference = a frozen isoscape with its calibration."""

from __future__ import annotations

from analysis.canonical import Json, canonical_json, readable_json
from analysis.genotypes.grid import read_delimited
from analysis.inputs import Artefact, Progress, RunInputs, RunResult
from analysis.origin.figures_coverage import Covered, coverage_figure
from analysis.origin.isotope.cli import CAVEATS, answer_json, line_text, value_text
from analysis.origin.isotope.figure import surface_figure, surface_png
from analysis.origin.isotope.quality import calibrated_regions
from analysis.origin.isotope.reference import Isoscape, isoscape_open
from analysis.origin.isotope.scales import ELEMENTS, Measured
from analysis.origin.isotope.surface import grid_of, on_grid, surface_posterior
from analysis.origin.isotope.tables import columns_of, on_scale, values_read
from analysis.origin.numbers import number
from analysis.origin.spatial.countries import Countries, countries_of
from analysis.origin.spatial.regions import Region, geojson
from analysis.origin.spatial.wording import area_text
from analysis.outcome import Diagnostic, Figure, Finding, Number, Outcome, Reason, ReferenceDigest
from analysis.registry import Method
from analysis.textfile import SIZE_LIMIT, text_of

NAME = "origin.isotope"
VERSION = "1.2"
QUESTION = "Where is the isotope value of this tissue at home?"
FIGURES = 20


def run(inputs: RunInputs, progress: Progress) -> RunResult:
    """Place isotope values on an isoscape.

    The table (role "measurements") has the columns id, value and scale, or those named by `id_column`, `value_column`
    and `scale_column`; `deviation_column` names the standard deviations of the values, where there are some.
    A value on another scale is brought to the calibration's over shared standards, or refused. A value that fits no
    place of the isoscape has no region.
    Artefacts: answers.json, calibration.svg, and for the first samples surface-NNNN.svg, surface-NNNN.png and
    regions-NNNN.geojson.
    """
    file = inputs.one("measurements")
    progress(0.0, "reading")
    iso = isoscape_open(inputs.reference_folder("an isoscape with its calibration"))
    text = text_of(file.read(limit=SIZE_LIMIT), name=file.name)
    values = values_read(read_delimited(text, name=file.name), columns_of(inputs, iso.element))
    moves = on_scale(values, iso.scales, iso.scale, file=file.name)
    outcomes, files, countries = [], [_calibration(iso)], countries_of(grid_of(iso.raster))
    for place, (name, value) in enumerate(values.items(), start=1):
        progress(place / (len(values) + 1), f"placing {name}")
        moved = moves[name]
        details = answer_json(name, iso.raster, iso.model, moved, iso.quality, countries)
        found = _regions(iso, moved) if details["outcome"] == "region" else ()
        outcomes.append(_outcome(iso, details, value, moved, found, inputs))
        if place <= FIGURES and found:
            files += _sample_files(iso, name, moved, found, f"{place:04d}", countries)
    answers: list[Json] = [dict(one.details) for one in outcomes]
    content = readable_json({"method": NAME, "version": VERSION, "samples": answers})
    files.append(Artefact(name="answers.json", media_type="application/json", content=content))
    return RunResult(outcomes=tuple(outcomes), artefacts=tuple(files))


def _regions(iso: Isoscape, value: Measured) -> tuple[Region, ...]:
    grid = grid_of(iso.raster)
    return calibrated_regions(grid, on_grid(grid, surface_posterior(iso.raster, [iso.model], [value])), iso.coverage)


def _statement(value: Measured, found: tuple[Region, ...]) -> str:
    quantity, unit, _scale, _range = ELEMENTS[value.element]
    half, wide = found[0], found[-1]
    return (
        f"{quantity} of {value_text(value.element, value.value)} {unit} ({value.scale}) is at home in a region of "
        f"{area_text(wide.area_km2)} at 95 %, {area_text(half.area_km2)} at 50 % (flat prior over the isoscape)."
    )


def _outcome(
    iso: Isoscape,
    details: dict[str, Json],
    given: Measured,
    value: Measured,
    found: tuple[Region, ...],
    inputs: RunInputs,
) -> Outcome:
    reason = str(details["reason"])
    words = f"Inconclusive: {reason}" if reason else _statement(value, found)
    reference = iso.reference
    return Outcome(
        method=NAME,
        version=VERSION,
        question=QUESTION,
        finding=Finding(
            outcome=str(details["outcome"]),
            subject=None,
            statement=words,
            reasons=(Reason(code="fits_nowhere", text=reason),) if reason else (),
        ),
        propositions=("The tissue grew inside the region.", "The tissue grew elsewhere on the isoscape."),
        numbers=_numbers(iso, found, details),
        caveats=CAVEATS,
        diagnostics=_diagnostics(iso, given, value),
        figures=_figures(str(details["id"]), words, found),
        inputs=tuple(one.digest for one in inputs.files),
        reference=ReferenceDigest.of(reference),
        parameters=dict(inputs.parameters),
        details=details,
        seed=inputs.seed,
    )


def _figures(name: str, words: str, found: tuple[Region, ...]) -> tuple[Figure, ...]:
    data: dict[str, Json] = {f"{one.level:g}": number(one.area_km2) for one in found}
    title = f"Isotope surface of {name}"
    one = Figure(name="surface", kind="origin.surface", title=title, description=words, data=data)
    return (one,) if found else ()


def _numbers(iso: Isoscape, found: tuple[Region, ...], details: dict[str, Json]) -> tuple[Number, ...]:
    areas = [
        Number(
            name=f"area_{one.level * 100:g}_flat",
            value=number(one.area_km2),
            unit="km²",
            definition=f"area of the {one.level:.0%} region, which holds {one.share:.1%} of the posterior, flat prior "
            "over the isoscape",
        )
        for one in found
    ]
    held = [
        Number(
            name=f"coverage_rate_{one.level * 100:g}",
            value=number(one.covered / one.animals),
            unit="1",
            definition=f"share of {one.animals} animals of left-out sites inside their {one.level:.0%} region",
            interval=(number(one.interval[0]), number(one.interval[1]), 0.99),
        )
        for one in iso.coverage
        if one.animals
    ]
    words = "share of animals of the best place whose value lies as far from what is expected there"
    fit = Number(name="fit_p", value=float(str(details["fit_p"])), unit="1", definition=words)
    return (*areas, *held, fit)


def _diagnostics(iso: Isoscape, given: Measured, value: Measured) -> tuple[Diagnostic, ...]:
    model = iso.model
    moved = given.scale != value.scale
    low = min(one.value.value for one in iso.known)
    high = max(one.value.value for one in iso.known)
    inside = low <= value.value <= high
    return (
        Diagnostic(
            code="scale",
            state="passed",
            text=f"brought from «{given.scale}» ({given.value:g}) to «{value.scale}»"
            if moved
            else f"measured on the calibration's own scale «{value.scale}»",
            value=number(value.value),
        ),
        Diagnostic(
            code="calibration",
            state="passed",
            text=line_text(model),
            value=number(model.r_squared),
        ),
        Diagnostic(
            code="range_of_known",
            state="passed" if inside else "warning",
            text=f"known animals range from {low:g} to {high:g}"
            + ("" if inside else ": this value lies outside, the line is extended"),
        ),
    )


def _calibration(iso: Isoscape) -> Artefact:
    points = [
        Covered(level=one.level, covered=one.covered, animals=one.animals, interval=one.interval)
        for one in iso.coverage
    ]
    title = "Coverage of isotope regions, whole sites left out"
    drawn = coverage_figure(points, key="calibration", title=title).encode()
    return Artefact(name="calibration.svg", media_type="image/svg+xml", content=drawn)


def _sample_files(
    iso: Isoscape, name: str, value: Measured, found: tuple[Region, ...], place: str, countries: Countries | None
) -> list[Artefact]:
    grid = grid_of(iso.raster)
    key = f"surface-{place}"
    drawn = surface_figure(
        grid,
        found,
        key=key,
        title=f"Isotope surface of {name}",
        words=_statement(value, found),
        countries=countries,
    )
    features: list[Json] = [
        {
            "type": "Feature",
            "properties": {"id": name, "prior": "flat", "level": one.level, "area_km2": number(one.area_km2)},
            "geometry": geojson(grid, one.cells),
        }
        for one in found
        if one.level in (0.5, 0.95)
    ]
    content = canonical_json({"type": "FeatureCollection", "features": features})
    return [
        Artefact(name=f"{key}.svg", media_type="image/svg+xml", content=drawn.encode()),
        Artefact(
            name=f"{key}.png",
            media_type="image/png",
            content=surface_png(grid, found, name=name, countries=countries),
        ),
        Artefact(name=f"regions-{place}.geojson", media_type="application/geo+json", content=content),
    ]


METHOD = Method(
    name=NAME,
    version=VERSION,
    citation="Tissue calibrated to an isoscape and assigned by Bayes' rule per cell, after Ma et al. 2020 (assignR, "
    "Methods Ecol. Evol. 11: 996-1001); scales joined over shared standards after Magozzi et al. 2021 (Methods Ecol. "
    "Evol. 12: 1930-1939).",
    assumptions=(
        "The tissue grew where the animal lived, on local water and food.",
        "Known animals are of the same tissue and were treated alike.",
        "Every km² of the isoscape is as likely beforehand.",
    ),
    limits=(
        "A value fits many places: the region says where it is not excluded.",
        "A value that fits no place (p below 0.01 at the nearest) has no region; one from beyond the edge may fit.",
        "Migration, captivity and feeding break the link to the map.",
        "Values on scales that share no standards are not compared.",
    ),
    validation="Each site of the calibration is left out in turn; how often regions of 50, 75, 90 and 95 % held it "
    "stands beside every answer.",
    run=run,
)
