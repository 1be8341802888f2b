"""Results about the map, isotopes, mixtures and haplotypes, ready to print."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from analysis.origin.isotope.cli import value_text
from analysis.origin.spatial.wording import area_text
from lims.web.outcomes.words import Details, interval_text
from lims.web.parts import Fact
from lims.web.shares import equal, p_text, percent
from lims.web.tables import Table


def _area(region: Mapping[str, Any]) -> str:
    return area_text(float(region["area_km2"]))


def _place(point: Mapping[str, Any] | None) -> str:
    if not point:
        return "–"
    return f"{float(point['latitude']):.2f}°, {float(point['longitude']):.2f}°"


def _prior_word(prior: str) -> str:
    return {"flat": _("flat prior"), "density": _("sampling-density prior")}.get(prior, prior)


def map_facts(details: Details) -> list[Fact]:
    """The strip of a map."""
    priors = details["priors"]
    if not priors:
        return []
    flat, density = priors.get("flat"), priors.get("density")
    facts = [
        Fact(
            label=_("95 % region, flat prior"),
            value=_area(flat["regions"]["0.95"]),
            detail=_("%(area)s for 50 %%") % {"area": _area(flat["regions"]["0.5"])},
            lead=True,
        )
    ]
    if density:
        facts.append(
            Fact(
                label=_("95 % region, density prior"),
                value=_area(density["regions"]["0.95"]),
                detail=_("%(area)s for 50 %%") % {"area": _area(density["regions"]["0.5"])},
            )
        )
    discrete = details.get("discrete")
    if discrete:
        inside = discrete.get("inside_95")
        facts.append(
            Fact(
                label=_("Discrete answer"),
                value=str(discrete["population"]),
                detail=_("inside the 95 % region") if inside else _("outside the 95 % region"),
                tone="" if inside else "warn",
            )
        )
    facts.append(
        Fact(
            label=_("Typed"),
            value=_("%(n)s of %(all)s loci") % {"n": details.get("typed_loci"), "all": details.get("loci")},
        )
    )
    return facts


def map_tables(details: Details) -> list[Table]:
    """Regions of both priors, and the discrete answer."""
    rows = []
    for prior, found in details["priors"].items():
        for level, region in sorted(found["regions"].items()):
            place = _place(found["point"])
            rows.append((_prior_word(prior), f"{float(level):.0%}", _area(region), place, _countries(region)))
    discrete = details.get("discrete")
    if discrete:
        score = percent(discrete["posterior"])
        rows.append(
            (
                _("Discrete: %(name)s") % {"name": discrete["population"]},
                score,
                "–",
                _place(discrete["point"]),
                "–",
            )
        )
    if not rows:
        return []
    head = (
        (_("Prior"), False),
        (_("Holds"), True),
        (_("Area"), True),
        (_("Middle"), False),
        (_("Countries inside"), False),
    )
    note = _("The middle of a region is no answer: the animal may come from anywhere inside.")
    return [
        Table(title=_("Regions under both priors, and the discrete answer"), head=head, rows=tuple(rows), note=note)
    ]


def _country(one: Any) -> str:
    return str(one.get("name") or one.get("country") or one.get("code")) if isinstance(one, Mapping) else str(one)


def combined_facts(details: Details) -> list[Fact]:
    """The strip of genotype and isotope value together."""
    regions, genetic = details["regions"], details["genetic_regions"]
    overlap = float(details["overlap"])
    together = (
        Fact(
            label=_("95 % region, both together"),
            value=_area(regions["0.95"]),
            detail=_("%(area)s for 50 %%") % {"area": _area(regions["0.5"])},
            lead=True,
        )
        if regions
        else Fact(label=_("Region"), value=_("none"), detail=_("the two share no place"), tone="warn", lead=True)
    )
    return [
        together,
        Fact(label=_("95 % region, genotype alone"), value=_area(genetic["0.95"])),
        Fact(
            label=_("Isotopes inside the genetic region"),
            value=percent(overlap),
            tone="" if overlap >= 0.05 else "warn",
        ),
    ]


def combined_tables(details: Details) -> list[Table]:
    """Regions of both together beside those of the genotype alone, and what independence rests on."""
    rows = [
        (_("Both together"), f"{float(level):.0%}", _area(region), _countries(region))
        for level, region in sorted(details["regions"].items())
    ]
    rows += [
        (_("Genotype alone"), f"{float(level):.0%}", _area(region), "–")
        for level, region in sorted(details["genetic_regions"].items())
    ]
    head = ((_("Evidence"), False), (_("Holds"), True), (_("Area"), True), (_("Countries inside"), False))
    note = _("Taken as independent: %(why)s") % {"why": details["independence"]}
    return [Table(title=_("Regions, flat prior"), head=head, rows=tuple(rows), note=note)]


def _countries(region: Mapping[str, Any]) -> str:
    return ", ".join(_country(one) for one in region.get("countries") or ()) or "–"


def isotope_facts(details: Details) -> list[Fact]:
    """The strip of an isotope surface."""
    regions = details["regions"]
    region = (
        Fact(
            label=_("95 % region"),
            value=_area(regions["0.95"]),
            detail=_("%(area)s for 50 %%") % {"area": _area(regions["0.5"])},
            lead=True,
        )
        if regions
        else Fact(label=_("Region"), value=_("none"), detail=_("the value fits no place"), tone="warn", lead=True)
    )
    value = value_text(str(details["element"]), float(details["value"]))
    facts = [region, Fact(label=_("Value"), value=value, detail=str(details["scale"]))]
    if "fit_p" in details:
        facts.append(Fact(label=_("As odd at the best place"), value=equal(f"p = {p_text(details['fit_p'])}")))
    return facts


def isotope_tables(details: Details) -> list[Table]:
    """Regions of an isotope surface."""
    held = {f"{float(one['level']):g}": one for one in details.get("coverage") or ()}
    rows = []
    for level, region in sorted(details["regions"].items()):
        one = held.get(level)
        seen = f"{one['covered']} / {one['animals']}" if one else "–"
        rows.append((f"{float(level):.0%}", _area(region), seen))
    head = ((_("Region of"), False), (_("Area"), True), (_("Held the true site, left out"), True))
    return [Table(title=_("Regions, flat prior over the isoscape"), head=head, rows=tuple(rows))]


def mixture_facts(details: Details) -> list[Fact]:
    """The strip of a mixture."""
    best = details["groups"][0]
    return [
        Fact(
            label=_("Largest share"),
            value=f"{best['group']}, {percent(best['share'])}",
            detail=interval_text(best["interval_95"]),
            lead=True,
        ),
        Fact(label=_("Animals"), value=str(details["animals"])),
        Fact(label=_("Left out, untyped"), value=str(details["untyped"])),
    ]


def mixture_tables(details: Details) -> list[Table]:
    """Shares by group and by population."""
    found = []
    kinds = (("groups", "group", _("Shares by group")), ("populations", "population", _("Shares by population")))
    for key, name, title in kinds:
        rows = tuple(
            (str(one[name]), percent(one["share"]), interval_text(one["interval_95"]))
            for one in details[key]
            if one["interval_95"][1] > 0.0005
        )
        head = ((_("Population"), False), (_("Share"), True), (_("95 % interval"), True))
        found.append(Table(title=title, head=head, rows=rows, folded=key == "populations"))
    return found


def haplotype_tables(details: Details) -> list[Table]:
    """Where a haplotype was seen."""
    rows = tuple(
        (
            str(one["region"]),
            f"{one['seen']} / {one['animals']}",
            interval_text(one["interval_95"]),
            f"{one['sites_seen']} / {one['sites']}",
        )
        for one in details["regions"]
    )
    head = (
        (_("Region"), False),
        (_("Seen in animals"), True),
        (_("95 % interval of the share"), True),
        (_("Sites"), True),
    )
    return [Table(title=_("Regions of the reference"), head=head, rows=rows)]
