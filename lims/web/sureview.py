"""How sure the nearest species is, its diagnostic sites, whose names are used: as the page of a result prints them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from lims.web.shares import percent

MOST_SITES = 60
NO_TABLE: Mapping[str, Any] = {"name": None, "tables": ()}


@dataclass(frozen=True, slots=True, kw_only=True)
class SureView:
    """The confidence of an answer: number, definition, how many others were as sure, what it was learnt from.

    `asked` is the confidence a name needs: None where results older than that rule do not say, "" where none is enough.
    """

    taxon: str
    value: str
    asked: str | None
    step: str
    present: str
    absent: str
    learnt: str
    definition: str
    named: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteLine:
    """A diagnostic site: place, the species' base, congeners' bases, the sample's base and whether it is the same."""

    position: int
    species: str
    congeners: str
    query: str
    same: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CharactersView:
    """Diagnostic sites of the species named, and what they were found among."""

    taxon: str
    sites: tuple[SiteLine, ...]
    more: int
    same: int
    total: int
    among: str
    congeners: tuple[str, ...]


def sure_view(details: Mapping[str, Any]) -> SureView | None:
    """How sure the nearest species is; None where the method gave no such number."""
    counted = details.get("as_sure")
    nearest = details.get("nearest_species") or ()
    if details.get("confidence") is None or not counted or not nearest:
        return None
    return SureView(
        taxon=str(nearest[0]["taxon"]),
        value=_thousandths(details["confidence"]),
        asked=_asked(details),
        step=f"{float(counted['step']):g}",
        present=_rate(counted["present"]),
        absent=_rate(counted["absent"]),
        learnt=_learnt(details.get("learnt_from") or {}),
        definition=str((details.get("definitions") or {}).get("confidence", "")),
        named=(details.get("found") or {}).get("outcome") == "species",
    )


def _thousandths(value: Any) -> str:
    """Rounded down, so that none looks as if it reached what it does not."""
    return f"{math.floor(1000 * float(value) + 1e-9) / 1000:.3f}"


def _asked(details: Mapping[str, Any]) -> str | None:
    if "confidence_asked" not in details:
        return None
    return "" if details["confidence_asked"] is None else _thousandths(details["confidence_asked"])


def _rate(one: Mapping[str, Any]) -> str:
    low, high = one["interval95"]
    words = {"n": one["count"], "all": one["total"], "low": percent(low), "high": percent(high)}
    return _("%(n)s of %(all)s (95 %% interval %(low)s to %(high)s)") % words


def _learnt(found: Mapping[str, Any]) -> str:
    if not found:
        return ""
    words = {"locus": found["locus"], "present": found["present"], "absent": found["absent"]}
    if not found["length"]:
        return _("%(locus)s at its whole length; counted on %(present)s present and %(absent)s absent species") % words
    words["bases"] = found["length"]
    return _("%(locus)s, %(bases)s bases or more; counted on %(present)s present and %(absent)s absent species") % words


def characters_view(details: Mapping[str, Any]) -> CharactersView | None:
    """The diagnostic sites; None where no species was named or no congener is there."""
    found = details.get("characters")
    if not found:
        return None
    lines = tuple(
        SiteLine(
            position=one["position"],
            species=one["species"],
            congeners=", ".join(one["congeners"]),
            query=one["query"],
            same=one["query"] == one["species"],
        )
        for one in found["sites"]
    )
    among = _("%(own)s sequences of the species, %(others)s of %(species)s congeners at %(locus)s") % {
        "own": found["sequences"],
        "others": found["congener_sequences"],
        "species": len(found["congeners"]),
        "locus": found["locus"],
    }
    if found["congeners_left"]:
        among += "; " + _("%(n)s more congeners were too many to compare") % {"n": found["congeners_left"]}
    return CharactersView(
        taxon=str(found["species"]),
        sites=lines[:MOST_SITES],
        more=max(0, len(lines) - MOST_SITES),
        same=sum(one.same for one in lines),
        total=len(lines),
        among=among,
        congeners=tuple(map(str, found["congeners"])),
    )


def taxonomy_words(details: Mapping[str, Any]) -> str:
    """Whose names the set uses, with the tables they came from; empty for a result from before they were kept."""
    found = details.get("taxonomy")
    if not found:
        return ""
    tables = ", ".join(f"{one['file']} ({one['sha256'][:12]}…)" for one in found["tables"])
    if not tables:
        return _("as the records give them; the set was built without a table of names")
    if found["name"]:
        return f"{found['name']}: {tables}"
    return _("table of names without authority or edition: %(tables)s") % {"tables": tables}
