"""What lists of the law say of a name, as pages print it: a badge, a sentence, its branches, the list it comes from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from lims.casework.codelists import code_label
from lims.lab.enums import LegalScheme
from lims.lab.rules.listing import Kind
from lims.lab.selectors.law import Ruling
from lims.lab.selectors.lawwords import category_words, day_words, part_words
from lims.web.describing import Badge

_BADGES: Mapping[str, str] = {
    Kind.LISTED: "info",
    Kind.NOT_LISTED: "idle",
    Kind.CONDITIONAL: "warn",
    Kind.UNKNOWN_AT_DATE: "warn",
    Kind.UNKNOWN_NAME: "warn",
    Kind.NO_DATE: "warn",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RulingView:
    """One list's answer."""

    law: str
    badge: Badge
    statement: str
    names: tuple[tuple[str, str], ...]
    branches: tuple[str, ...]
    annotations: tuple[str, ...]
    asked: str
    source: str
    href: str
    synthetic: bool


def ruling_views(found: Iterable[Ruling]) -> list[RulingView]:
    """Answers of several lists, as given."""
    return [_view(one) for one in found]


def _view(one: Ruling) -> RulingView:
    cites = one.scheme == LegalScheme.CITES
    because = {"offence": _("day of the offence"), "seizure": _("day of the seizure; no day of the offence recorded")}
    asked = _("%(day)s, %(why)s") % {
        "day": day_words(one.asked_on),
        "why": because.get(one.asked_because, _("as asked")),
    }
    return RulingView(
        law=_("CITES") if cites else f"{code_label('country', one.jurisdiction)}: {one.list_name}",
        badge=Badge(kind=_BADGES[one.kind], text=_short(one, cites)),
        statement=one.statement,
        names=_names(one),
        branches=tuple(part_words(part, cites) for part in one.parts) if len(one.parts) > 1 else (),
        annotations=tuple(dict.fromkeys(note for part in one.parts for note in part["annotations"])),
        asked=asked if one.asked_on else "",
        source=_("%(list)s %(edition)s, as of %(day)s")
        % {"list": one.list_name, "edition": one.edition, "day": day_words(one.as_of)},
        href=reverse("web:law", args=[one.list_uuid]),
        synthetic=one.synthetic,
    )


def _short(one: Ruling, cites: bool) -> str:
    if one.kind == Kind.LISTED:
        return category_words(one.categories, cites)
    words = {
        Kind.NOT_LISTED: _("not listed"),
        Kind.CONDITIONAL: _("depends"),
        Kind.UNKNOWN_AT_DATE: _("unknown on that day"),
        Kind.UNKNOWN_NAME: _("name not in the list"),
        Kind.NO_DATE: _("no day to ask for"),
    }
    return words[Kind(one.kind)]


def _names(one: Ruling) -> tuple[tuple[str, str], ...]:
    """The name three ways: as found, as the list has it, as the law calls it."""
    rows = ((_("As found"), one.name_found), (_("In the list"), one.name_in_list), (_("In law"), one.name_in_law))
    return tuple((label, name) for label, name in rows if name)
