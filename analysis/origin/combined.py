"""Genetic and isotopic surface together, where nothing but the place makes them go together.

The product of the two posteriors (both from equal weight per km²) is the posterior of both only if, given the place,
genotype and tissue value are independent: the tissue grew where the animal was born and lived, and neither was used to
choose the other's reference. That is a judgement of the analyst; it is asked for in words and printed with the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.canonical import Json
from analysis.errors import InputRefused
from analysis.origin.combined_floors import VALUES, Reach, reach_of
from analysis.origin.isotope.calibration import POOR_FIT, TissueModel
from analysis.origin.isotope.raster import Raster
from analysis.origin.isotope.scales import Measured
from analysis.origin.isotope.surface import combine, surface_posterior
from analysis.origin.numbers import number
from analysis.origin.spatial.countries import countries_json, countries_text
from analysis.origin.spatial.geography import Floats
from analysis.origin.spatial.locate import LocatedSample, MapRun
from analysis.origin.spatial.model import MapModel
from analysis.origin.spatial.priors import Prior
from analysis.origin.spatial.regions import LEVELS, Place, Region, geojson, geometric_median, regions
from analysis.origin.spatial.wording import area_text, place_json, place_text

DRAWN = (
    "Combined regions reach as far as left-out animals need whose tissue values were drawn, not measured: an error of "
    "the isoscape does not show in them."
)
CAVEATS = (
    "The combined region rests on the stated independence; where that fails it is too small.",
    "Combined regions were tried on made animals only; on real ones the coverage of each surface alone was measured.",
    "Cells of the map without isoscape data are lost to the combination.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Combined:
    """A sample under both kinds of evidence.

    `overlap`: how much of the isotopic posterior, of what lies on the map, is inside the genetic 95 % region; a small
    value is a disagreement. `point` and `regions` are of the product, and missing where the two share no place.
    `reach`: what decided which cells lie in the regions, None without calibration: the posterior alone.
    `isotope_p`: how often an animal of the isoscape's best place has so odd a value; no product below `POOR_FIT`.
    """

    id: str
    genetic: LocatedSample
    value: Measured
    overlap: float
    share: Floats | None
    point: Place | None
    regions: tuple[Region, ...]
    isotope_p: float = 1.0
    reach: Reach | None = None


def combined(run: MapRun, raster: Raster, tissue: TissueModel, values: Mapping[str, Measured]) -> tuple[Combined, ...]:
    """Every sample that has a place on the map and a value, in the order of the genotypes.

    Raises `InputRefused` where no sample has both.
    """
    asked = [answer for answer in run.samples if answer.by_prior and answer.id in values]
    reaches = {
        deviation: reach_of(run.model, raster, tissue, deviation)
        for deviation in sorted({values[answer.id].deviation for answer in asked})
    }
    found = tuple(
        _combined(answer, run.model, raster, tissue, values[answer.id], reaches[values[answer.id].deviation])
        for answer in asked
    )
    if not found:
        raise InputRefused(
            "No sample has both a genotype with a place and an isotope value.",
            field="id",
            remedy="Name the samples alike in both tables.",
        )
    return found


def combined_json(one: Combined, model: MapModel, why: str) -> dict[str, Json]:
    """The values of one sample."""
    return {
        "id": one.id,
        "outcome": "region" if one.regions else "disagreement",
        "statement": statement(one),
        "independence": why,
        "prior": Prior.FLAT.value,
        "point": None if one.point is None else place_json(one.point),
        "regions": {f"{region.level:g}": _region(one, region, model) for region in one.regions},
        "overlap": number(one.overlap),
        "isotope_fit_p": number(one.isotope_p),
        "genetic_regions": {
            f"{region.level:g}": {"area_km2": number(region.area_km2)}
            for region in one.genetic.by_prior[Prior.FLAT].regions
        },
        "isotope": {"element": one.value.element, "value": number(one.value.value), "scale": one.value.scale},
        "calibration": None if one.reach is None else _reach_json(one.reach),
        "caveats": list(caveats(model)),
    }


def caveats(model: MapModel) -> tuple[str, ...]:
    """What the method does not say, and what its regions rest on."""
    return CAVEATS if model.calibration is None else (*CAVEATS, DRAWN)


def _reach_json(reach: Reach) -> dict[str, Json]:
    """What decided how far regions reach, and how those of 95 % did with animals whose site was out."""
    return {
        "values_drawn": VALUES,
        "floors": {
            f"{level:g}": {"sampled": number(floor.sampled), "elsewhere": number(floor.elsewhere)}
            for level, floor in zip(LEVELS, reach.floors, strict=True)
        },
        "population_out": {
            "animals": reach.held.animals,
            "covered": reach.held.covered,
            "covered_uncalibrated": reach.held.plain,
            "interval_95": [number(end) for end in reach.held.interval],
        },
    }


def statement(one: Combined) -> str:
    """The finding in a sentence."""
    if one.isotope_p < POOR_FIT:
        return (
            "Disagreement: the isotope value is at home nowhere on the isoscape "
            f"(p = {one.isotope_p:.2g} at the nearest place), so there is nothing to multiply; the genotype's answer "
            "stands alone."
        )
    if one.point is None:
        return "Disagreement: genetic and isotopic surface share no place; they are to be reported apart."
    half, wide = one.regions
    lead = "" if one.overlap >= 0.05 else "The two hardly agree. "
    if one.reach is not None:
        return (
            f"{lead}Together, the 95 % region has {area_text(wide.area_km2)}, the 50 % region "
            f"{area_text(half.area_km2)}, around {place_text(one.point)} (flat prior)."
        )
    return (
        f"{lead}Together, 95 % of the posterior lies in a region of {area_text(wide.area_km2)}, 50 % in "
        f"{area_text(half.area_km2)} around {place_text(one.point)} (flat prior)."
    )


def readable(found: tuple[Combined, ...], model: MapModel, why: str) -> list[str]:
    """The readable form."""
    lines = [f"taken as independent: {why}"]
    for one in found:
        alone = area_text(one.genetic.by_prior[Prior.FLAT].regions[-1].area_km2)
        held = f"{one.overlap:.0%} of the isotopic posterior in it"
        lines += ["", f"{one.id}: {statement(one)}", f"  genetic 95 % region alone {alone}; {held}"]
        if model.countries is not None and one.share is not None:
            words = countries_text(model.countries.inside(model.grid, one.regions[-1], one.share))
            lines.append(f"  countries in the 95 % region: {words}")
    return [*lines, "", *(f"caveat: {words}" for words in caveats(model))]


def _combined(
    answer: LocatedSample,
    model: MapModel,
    raster: Raster,
    tissue: TissueModel,
    value: Measured,
    reach: Reach | None,
) -> Combined:
    genetic = answer.by_prior[Prior.FLAT]
    fit = tissue.fit(raster.bands[0], value)
    if fit < POOR_FIT:
        return Combined(
            id=answer.id, genetic=answer, value=value, overlap=0.0, share=None, point=None, regions=(), isotope_p=fit
        )
    surface = surface_posterior(raster, [tissue], [value])
    flat = model.grid.areas / model.grid.areas.sum()
    try:
        isotopic = combine(model.grid, flat, raster, surface)
        overlap = float(isotopic[genetic.regions[-1].cells].sum())
        share: Floats | None = combine(model.grid, genetic.share, raster, surface)
    except InputRefused:
        share, overlap = None, 0.0
    if share is None or not np.isfinite(share).all():
        return Combined(id=answer.id, genetic=answer, value=value, overlap=overlap, share=None, point=None, regions=())
    return Combined(
        id=answer.id,
        genetic=answer,
        value=value,
        overlap=overlap,
        share=share,
        point=geometric_median(model.grid, model.vectors, share),
        regions=regions(model.grid, share, floors=None if reach is None else reach.of(model, answer.without)),
        reach=reach,
        isotope_p=fit,
    )


def _region(one: Combined, region: Region, model: MapModel) -> dict[str, Json]:
    values: dict[str, Json] = {
        "area_km2": number(region.area_km2),
        "share": number(region.share),
        "geojson": geojson(model.grid, region.cells),
    }
    if model.countries is not None and one.share is not None:
        values["countries"] = countries_json(model.countries.inside(model.grid, region, one.share))
    return values
