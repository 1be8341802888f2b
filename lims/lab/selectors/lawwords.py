"""A ruling in words: what the listing was, what it depends on, or why it cannot be said."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from lims.lab.enums import LegalScheme
from lims.lab.rules.listing import NOT_COVERED, Kind, Why


def ruling_words(ruling: Mapping[str, Any]) -> str:
    """One or two sentences in the present language."""
    kind, cites = ruling["kind"], ruling["scheme"] == LegalScheme.CITES
    if kind == Kind.NO_DATE:
        return _("Not answered: the case records neither a day of the offence nor a seizure.")
    if kind == Kind.UNKNOWN_NAME:
        return _("%(name)s is not a name of %(list)s. That does not say that it is not listed.") % {
            "name": ruling["name_found"],
            "list": _list_words(ruling),
        }
    day = day_words(ruling["asked_on"])
    if kind == Kind.UNKNOWN_AT_DATE:
        return _unknown(ruling, day)
    parts: Sequence[Mapping[str, Any]] = ruling["parts"]
    if kind == Kind.NOT_LISTED:
        return _("Not listed on %(day)s.") % {"day": day} + _covered(ruling)
    if kind == Kind.LISTED:
        words = category_words(parts[0]["categories"], cites)
        since = parts[0].get("since")
        told = (
            _("%(listing)s on %(day)s, since %(since)s.") % {"listing": words, "day": day, "since": day_words(since)}
            if since
            else _("%(listing)s on %(day)s.") % {"listing": words, "day": day}
        )
        return told + _covered(ruling)
    return _conditional(ruling, parts, day, cites) + _covered(ruling)


def category_words(categories: Sequence[str], cites: bool) -> str:
    """«Appendix I», «Appendix I or II», the category of a national list, or «not listed»."""
    if not categories:
        return _("not listed")
    named = [_("not listed") if one == NOT_COVERED else one for one in categories]
    joined = _(" or ").join(named)
    return _("Appendix %(which)s") % {"which": joined} if cites else joined


def day_words(text: str) -> str:
    """A day kept as ISO text, as people write it."""
    return date_format(date.fromisoformat(text), "j M Y") if text else "–"


def part_words(part: Mapping[str, Any], cites: bool) -> str:
    """One branch: «Appendix II for BW, NA»."""
    scope = []
    if part["taxon"]:
        scope.append(part["taxon"])
    if part["populations"] or part["elsewhere"]:
        scope.append(_join(part["populations"], part["elsewhere"], _("every other origin")))
    if part["specimens"] or part["other_specimens"]:
        named = _join(part["specimens"], part["other_specimens"], _("every other specimen"))
        if part["specimens"]:
            scope.append(named)
    words = category_words(part["categories"], cites)
    return _("%(listing)s for %(scope)s") % {"listing": words, "scope": ", ".join(scope)} if scope else words


def _join(named: Sequence[str], rest: bool, words: str) -> str:
    return ", ".join([*named, *([words] if rest else [])])


def _conditional(ruling: Mapping[str, Any], parts: Sequence[Mapping[str, Any]], day: str, cites: bool) -> str:
    branches = "; ".join(part_words(part, cites) for part in parts[:12])
    more = _(" and %(n)s more") % {"n": len(parts) - 12} if len(parts) > 12 else ""
    texts = {
        Why.POPULATION: _("Depends on the country of origin. On %(day)s: %(parts)s."),
        Why.SPECIMEN: _("Depends on the type of specimen. On %(day)s: %(parts)s."),
        Why.POPULATION_AND_SPECIMEN: _(
            "Depends on the country of origin and the type of specimen. On %(day)s: %(parts)s."
        ),
        Why.ANNOTATION: _(
            "%(parts)s on %(day)s: the annotation decides, which the list gives in words only. Read it below."
        ),
        Why.SPECIES: _("Depends on the subspecies. On %(day)s: %(parts)s.")
        if " " in (ruling["name_in_list"] or ruling["name_found"])
        else _("Depends on the species. On %(day)s: %(parts)s."),
        Why.NAMES: _("The name stands for several taxa of the list. On %(day)s: %(parts)s."),
    }
    return texts[Why(ruling["why"])] % {"day": day, "parts": branches + more}


def _unknown(ruling: Mapping[str, Any], day: str) -> str:
    values = {
        "day": day,
        "list": _list_words(ruling),
        "as_of": day_words(ruling["as_of"]),
        "since": day_words(ruling["history_since"]),
        "taxon": ruling["covered_by"],
    }
    texts = {
        Why.NO_HISTORY: _(
            "Listing unknown on %(day)s: %(list)s gives the listings of %(as_of)s and has no history before that day."
        ),
        Why.BEFORE_HISTORY: _("Listing unknown on %(day)s: the history of %(list)s begins on %(since)s."),
        Why.AFTER_STATE: _("Listing unknown on %(day)s: %(list)s ends with %(as_of)s. Import a newer edition."),
        Why.ROW_REFUSED: _("Listing unknown on %(day)s: a row about %(taxon)s in %(list)s could not be read."),
        Why.NAMES: _("Listing unknown on %(day)s: the name stands for several taxa of %(list)s."),
    }
    return texts.get(Why(ruling["why"]), texts[Why.NO_HISTORY]) % values


def _list_words(ruling: Mapping[str, Any]) -> str:
    return f"{ruling['list_name']} {ruling['edition']}"


def _covered(ruling: Mapping[str, Any]) -> str:
    """Whose row decides, where it is not the name's own, and who made a reservation."""
    words = ""
    own = ruling["name_in_list"] or ruling["name_found"]
    if ruling["covered_by"] and ruling["covered_by"] != own:
        words += " " + _("It is listed as part of %(taxon)s.") % {"taxon": ruling["covered_by"]}
    if not ruling["name_in_list"] and ruling["why"] != Why.NAMES:
        words += " " + _("The list does not name %(name)s itself.") % {"name": ruling["name_found"]}
    if ruling["reservations"]:
        words += " " + _("Reservations: %(parties)s.") % {"parties": ", ".join(ruling["reservations"])}
    return words
