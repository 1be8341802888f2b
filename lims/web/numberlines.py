"""Numbers of an outcome with unit, interval and definition, as a page prints them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from analysis.origin.spatial.wording import area_text
from lims.web.phrases import Said, said
from lims.web.shares import chance, identity_text, percent, share_text

_BARE = frozenset(("1", "", "no", "log10"))
"""Units of plain numbers and counts, which are not printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberLine:
    """A number with its unit, interval and definition."""

    name: str
    value: str
    interval: str
    definition: Said
    rate: bool


def number_line(one: Mapping[str, Any]) -> NumberLine:
    """A number of an outcome; shares are printed as percent with their interval."""
    name, unit = str(one["name"]), str(one.get("unit") or "")
    rate = any(word in name for word in ("rate", "accuracy", "error", "wrong", "absent", "named"))
    share = (rate and unit in {"1", ""}) or unit.startswith("share")
    plain = f"{_plain(one['value'])}{'' if unit in _BARE else f' {said(unit)}'}"
    plain = share_text(one["value"]) if name == "posterior" else plain
    plain = area_text(float(one["value"])) if unit == "km²" else plain
    value = identity_text(one["value"]) if share and not rate else percent(one["value"]) if share else plain
    value = chance(one["value"]) if name.startswith(("range ", "formed after ")) else value
    return NumberLine(
        name=number_name(name),
        value=value,
        interval=interval_words(one.get("interval"), share=share),
        definition=said(str(one.get("definition", ""))),
        rate=rate,
    )


def _plain(value: Any) -> str:
    """A whole number with all its figures, any other with four."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{float(value):.4g}"


def interval_words(interval: Sequence[float] | None, *, share: bool) -> str:
    """An interval with its level, empty where there is none."""
    if not interval:
        return ""
    low, high, level = interval
    words = (percent(low), percent(high)) if share else (f"{low:.3g}", f"{high:.3g}")
    return _("%(low)s to %(high)s (%(level)s interval)") % {"low": words[0], "high": words[1], "level": f"{level:.0%}"}


def number_name(name: str) -> str:
    """What a number is called on a page."""
    known = {
        "posterior": _("Score of the best"),
        "exclusion_p": _("Exclusion p of the best"),
        "leave_one_out_accuracy_population": _("Right on known animals, to population"),
        "leave_one_out_accuracy_group": _("Right on known animals, to group"),
        "match_probability": _("Match probability"),
        "log10_lr_identity": _("Likelihood ratio, one animal, as power of ten"),
        "profiles_searched": _("Profiles searched"),
        "chance_matches": _("Matches by chance"),
        "probability_of_identity": _("Probability of identity, unrelated"),
        "probability_of_identity_siblings": _("Probability of identity, siblings"),
        "coverage_rate_95": _("95 % regions that held the site"),
        "fit_p": _("Fit at the most probable place, p"),
        "distance_to_discrete": _("Distance to the discrete answer"),
        "domain_p": _("As far from the training set, p"),
        "cross_validated_accuracy": _("Right when left out"),
        "claims": _("Claims of the pedigree"),
        "claims_tested": _("Claims tested"),
        "claims_excluded": _("Claims that cannot be true"),
        "tests": _("Tests that share the level"),
        "alpha_each": _("Level of each test"),
        "least_power": _("Unrelated claimants excluded, weakest test"),
        "generations_supported": _("Generations in captivity that are supported"),
        "identity": _("Identity"),
        "coverage": _("Cover"),
        "k2p": _("Kimura distance"),
        "share": _("Share of the reads"),
        "reads": _("Reads"),
        "reads_kept": _("Reads kept"),
        "reads_total": _("Reads in the file"),
        "barcode_gap": _("Gap to the nearest species"),
        "confidence": _("How sure the species is, 0 to 1 (no probability)"),
    }
    return known.get(name) or _species_rates().get(name) or _levelled(name)


def _species_rates() -> dict[str, str]:
    """Rates of naming species, alone and as a group."""
    return {
        "present_species_as_sure": _("Present species as sure"),
        "absent_species_as_sure": _("Absent species as sure"),
        "present_species_wrong": _("Wrong on known samples"),
        "present_species_named": _("Named on known samples"),
        "absent_species_named": _("Named though absent from the set"),
        "present_species_outside": _("Known samples given a group without their species"),
        "present_species_grouped": _("Known samples given a group"),
        "absent_species_grouped": _("Given a group though absent from the set"),
    }


def _levelled(name: str) -> str:
    """Names that carry the level of a region; any other as the method calls it."""
    kind, _line, rest = name.replace("coverage_rate_", "coverage_").partition("_")
    level = rest.partition("_")[0]
    if level.isdigit() and kind == "coverage":
        return _("%(level)s %% regions that held the site") % {"level": level}
    if level.isdigit() and kind == "area":
        priors = {"flat": _("flat prior"), "density": _("sampling-density prior")}
        prior = priors.get(rest.partition("_")[2], rest.partition("_")[2])
        return _("Area of the %(level)s %% region, %(prior)s") % {"level": level, "prior": prior}
    return name.replace("_", " ").capitalize()
