"""The map's answers in words and in JSON values: one place for page, report and command line."""

from __future__ import annotations

from analysis.canonical import Json
from analysis.origin.numbers import number, posterior_text
from analysis.origin.spatial.calibration import Calibration, Held
from analysis.origin.spatial.countries import countries_json, countries_text, source_json
from analysis.origin.spatial.locate import LeftOut, Located, LocatedSample, MapOutcome, MapRun
from analysis.origin.spatial.model import MapModel
from analysis.origin.spatial.priors import Prior
from analysis.origin.spatial.regions import LEVELS, Place, Region, geojson

PRIOR_WORDS = {
    Prior.FLAT: "flat prior: every km² of the map is as likely beforehand",
    Prior.DENSITY: "sampling-density prior: places are as likely beforehand as they were densely sampled",
}
POOR_FIT = 0.01
_RANGE = "The answer is confined to the map's frame; an origin outside it cannot be shown."
_BORDERS = (
    "A country inside a region is where the animal may come from, as the neighbouring ones are; borders are those of "
    "Natural Earth and say nothing about sovereignty."
)
_INDEPENDENCE = (
    "The map supposes that allele frequencies change gradually; behind a barrier or after a transport of animals they "
    "may not."
)


def statement(answer: LocatedSample) -> str:
    """The finding in a sentence; the region is the answer, the point only its middle."""
    if answer.outcome is MapOutcome.NO_RESULT:
        return f"No result: {answer.reasons[0].text}"
    flat = answer.by_prior[Prior.FLAT]
    half, wide = flat.regions
    lead = "" if answer.outcome is MapOutcome.REGION else f"Inconclusive: {answer.reasons[0].text} "
    return (
        f"{lead}The 95 % region has {area_text(wide.area_km2)}, the 50 % region {area_text(half.area_km2)}, around "
        f"{place_text(flat.point)} (flat prior)."
    )


def caveats(answer: LocatedSample, model: MapModel) -> tuple[str, ...]:
    """What the map does not say."""
    said = [_RANGE, _INDEPENDENCE]
    said.append(_BORDERS if model.countries is not None else "No country borders were at hand.")
    if not model.grid.restricted:
        said.append("No range map was given: the region may include sea or places where the species does not live.")
    if model.squares_km:
        said.append(squares_text(model.squares_km))
    if answer.left_out is LeftOut.ANIMAL:
        said.append("The sample is itself in the baseline; it was taken out of its site.")
    if answer.left_out is LeftOut.POPULATION:
        said.append("All animals of the sample's own population were taken out: this is a validation, not an answer.")
    if answer.fit_p is not None and answer.fit_p < POOR_FIT:
        said.append(
            f"Even at the most probable place so rare a genotype is expected of few animals (p = {answer.fit_p:.2g}): "
            "an origin outside the map, another species, or typing errors?"
        )
    if answer.agrees is False:
        said.append(
            "The discrete answer lies outside the 95 % region of the map: the two methods disagree, and neither "
            "should be relied on alone."
        )
    if answer.by_prior:
        said.append(_width_text(answer.by_prior[Prior.FLAT].regions[-1].share, model.calibration))
    return tuple(said)


def squares_text(km: float) -> str:
    """What squares do to an answer."""
    return (
        f"Places of reference animals are the middles of squares of {km:g} km, in the computation too: no place is "
        f"known better than to about {km / 2:.3g} km."
    )


def answer_json(answer: LocatedSample, model: MapModel) -> dict[str, Json]:
    """The values of one answer, a line of `origin map --format jsonl`.

    `point` and `regions` at the top are those of the flat prior; `priors` holds both.
    """
    priors: dict[str, Json] = {prior.value: _located(found, model) for prior, found in answer.by_prior.items()}
    flat = priors.get(Prior.FLAT.value)
    head = flat if isinstance(flat, dict) else {"point": None, "regions": {}}
    return {
        "id": answer.id,
        "outcome": answer.outcome.value,
        "statement": statement(answer),
        "prior": Prior.FLAT.value,
        "point": head["point"],
        "regions": head["regions"],
        "priors": priors,
        "fit_p": None if answer.fit_p is None else number(answer.fit_p),
        "discrete": _discrete(answer),
        "typed_loci": answer.typed_loci,
        "loci": answer.loci,
        "unknown_alleles": answer.unknown_alleles,
        "left_out": answer.left_out.value,
        "reasons": [{"code": reason.code, "text": reason.text} for reason in answer.reasons],
        "caveats": list(caveats(answer, model)),
        "baseline": {"name": model.baseline.name, "sha256": model.baseline.sha256},
        "borders": None if model.countries is None else source_json(model.countries.borders),
    }


def model_json(model: MapModel) -> dict[str, Json]:
    """What was fitted, and how its regions were calibrated."""
    covariance, calibration = model.field.covariance, model.calibration
    return {
        "sites": len(model.sites.latitudes),
        "animals": len(model.baseline.table),
        "loci": len(model.baseline.table.loci),
        "cells": len(model.grid.areas),
        "cell_degrees": [number(model.grid.height), number(model.grid.width)],
        "range_map": model.grid.restricted,
        "squares_km": model.squares_km,
        "covariance": {
            "sill": number(covariance.sill),
            "reach_km": number(covariance.reach),
            "power": number(covariance.power),
            "nugget": number(covariance.nugget),
        },
        "error": model.tables.error,
        "calibration": None if calibration is None else calibration_json(calibration),
    }


def calibration_json(calibration: Calibration) -> dict[str, Json]:
    """By prior: how often 95 % regions held the place of animals taken out, and what a cell needs to lie in a region
    of each level."""
    return {
        "power": calibration.power,
        "priors": {
            prior.value: {
                "population_out": _held(calibration.left_out[prior]),
                "animal_out": _held(calibration.alone[prior]),
                "floors": {
                    f"{level:g}": {"sampled": number(floor.sampled), "elsewhere": number(floor.elsewhere)}
                    for level, floor in zip(LEVELS, calibration.floors[prior], strict=True)
                },
            }
            for prior in Prior
        },
    }


def readable(run: MapRun) -> list[str]:
    """The readable form: the fit, then for each sample both priors and the discrete answer side by side."""
    model = run.model
    covariance = model.field.covariance
    head = (
        f"baseline {model.baseline.name}, {len(model.baseline.table)} animals at {len(model.sites.latitudes)} sites, "
        f"sha256 {model.baseline.sha256}"
    )
    fitted = (
        f"covariance of logits: sill {covariance.sill:.2g}, reach {covariance.reach:.3g} km, "
        f"power {covariance.power:g}, site deviation {covariance.nugget:.2g}"
    )
    lines = [
        head,
        fitted,
        *_calibration_lines(model),
        *(f"note: {words}" for words in run.notices),
    ]
    for answer in run.samples:
        lines += ["", f"{answer.id}: {statement(answer)}"]
        for prior, found in answer.by_prior.items():
            lines += [_prior_line(prior, found), *_country_lines(found, model)]
        if answer.discrete is not None:
            lines.append(
                f"  discrete: {answer.discrete.population} (posterior {posterior_text(answer.discrete.posterior)}), "
                f"{place_text(answer.discrete.place)}, {answer.apart_km:.0f} km from the flat prior's middle, "
                f"{'inside' if answer.agrees else 'OUTSIDE'} its 95 % region"
            )
        lines += [f"  caveat: {words}" for words in caveats(answer, model)]
    return lines


def _calibration_lines(model: MapModel) -> list[str]:
    calibration = model.calibration
    if calibration is None:
        return ["regions not calibrated"]
    return [f"{prior.value} prior: {coverage_text(calibration, prior)}" for prior in Prior]


def coverage_text(calibration: Calibration, prior: Prior) -> str:
    """How the 95 % regions did with baseline animals, with Wilson's 95 % intervals."""
    left, alone = calibration.left_out[prior], calibration.alone[prior]
    return (
        f"95 % regions held {_held_text(left)} animals whose population was left out and {_held_text(alone)} left out "
        "alone"
    )


def _held_text(held: Held) -> str:
    """«570 of 600 (93.0% to 96.5%)»."""
    low, high = held.interval
    return f"{held.covered} of {held.animals} ({low:.1%} to {high:.1%})" if held.animals else "0 of 0"


def _width_text(share: float, calibration: Calibration | None) -> str:
    if calibration is None:
        return f"The 95 % region holds {share:.1%} of the posterior; how often such regions are right was not measured."
    return (
        f"The 95 % region holds {share:.1%} of the posterior. How much it must hold was read from baseline animals "
        f"taken out and placed again: {coverage_text(calibration, Prior.FLAT)} (95 % intervals)."
    )


def _held(held: Held) -> dict[str, Json]:
    return {
        "animals": held.animals,
        "covered_95": held.covered,
        "covered_95_before": held.plain,
        "interval_95": [number(end) for end in held.interval] if held.animals else None,
    }


def area_text(area: float) -> str:
    """An area with three digits, as a person reads it."""
    round_ = float(f"{area:.3g}")
    return f"{round_:,.0f} km²" if round_ >= 100 else f"{round_:g} km²"


def place_text(place: Place) -> str:
    """A place with two decimals of a degree."""
    north = "N" if place.latitude >= 0 else "S"
    east = "E" if place.longitude >= 0 else "W"
    return f"{abs(place.latitude):.2f}° {north}, {abs(place.longitude):.2f}° {east}"


def _prior_line(prior: Prior, found: Located) -> str:
    half, wide = found.regions
    return (
        f"  {prior.value}: middle {place_text(found.point)}; 50 % region {area_text(half.area_km2)}, "
        f"95 % region {area_text(wide.area_km2)} ({PRIOR_WORDS[prior]})"
    )


def _country_lines(found: Located, model: MapModel) -> list[str]:
    if model.countries is None:
        return []
    words = countries_text(model.countries.inside(model.grid, found.regions[-1], found.share))
    return [f"    countries in the 95 % region, with their share of the posterior: {words}"]


def _located(found: Located, model: MapModel) -> dict[str, Json]:
    return {
        "point": place_json(found.point),
        "regions": {f"{region.level:g}": _region(region, found, model) for region in found.regions},
    }


def place_json(place: Place) -> dict[str, Json]:
    """A place to six decimals of a degree (0.1 m)."""
    return {"latitude": round(place.latitude, 6), "longitude": round(place.longitude, 6)}


def _region(region: Region, found: Located, model: MapModel) -> dict[str, Json]:
    values: dict[str, Json] = {
        "area_km2": number(region.area_km2),
        "posterior_share": number(region.share),
        "geojson": geojson(model.grid, region.cells),
    }
    if model.countries is not None:
        values["countries"] = countries_json(model.countries.inside(model.grid, region, found.share))
    return values


def _discrete(answer: LocatedSample) -> dict[str, Json] | None:
    found = answer.discrete
    if found is None:
        return None
    return {
        "population": found.population,
        "posterior": number(found.posterior),
        "point": place_json(found.place),
        "apart_km": None if answer.apart_km is None else number(answer.apart_km),
        "inside_95": answer.agrees,
    }
