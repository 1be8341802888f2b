"""The contamination screen of a run in words: against what, how many, since when, and what was alike."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from lims.accounts.actors import Actor
from lims.lab.models import Run
from lims.lab.selectors.screens import Alike, Screened, run_screened
from lims.web.shares import percent

MOST_SHOWN = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLine:
    """One group of the list: what it is, how many sequences, the first and the last day they were added."""

    words: str
    number: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AlikeLine:
    """A sequence that is alike: its group, how alike, its run and item for those who may see them."""

    words: str
    identity: str
    name: str
    run: str
    item: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenView:
    """What the card prints."""

    drawn_at: datetime
    since: datetime
    batches: str
    loci: str
    groups: tuple[GroupLine, ...]
    total: int
    cut_at: int | None
    samples_without: int
    controls_without: int
    alike: tuple[AlikeLine, ...]
    alike_more: int
    later: int
    later_alike: tuple[AlikeLine, ...]


def screen_view(actor: Actor, run: Run, outcome: Mapping[str, Any], number: int) -> ScreenView | None:
    """The screen of an outcome; None for a run without a list."""
    checks = {str(one.get("code")): one for one in outcome.get("diagnostics") or ()}
    told = checks.get("contamination", {}).get("value") or ()
    found = run_screened(actor=actor, run=run, number=number, alike=told)
    return None if found is None else _view(found)


def _view(found: Screened) -> ScreenView:
    content = found.content
    return ScreenView(
        drawn_at=datetime.fromisoformat(content["drawn_at"]),
        since=datetime.fromisoformat(content["earlier_since"]),
        batches=", ".join(content["batches"]),
        loci=", ".join(content["loci"]),
        groups=tuple(_groups(content["sequences"])),
        total=len(content["sequences"]),
        cut_at=content["earlier_cut_at"],
        samples_without=content["samples_without"],
        controls_without=content["controls_without"],
        alike=tuple(_line(one) for one in found.alike[:MOST_SHOWN]),
        alike_more=max(0, len(found.alike) - MOST_SHOWN),
        later=found.later,
        later_alike=tuple(_line(one) for one in found.later_alike[:MOST_SHOWN]),
    )


def _groups(entries: list[dict[str, Any]]) -> list[GroupLine]:
    counted = Counter(one["group"] for one in entries)
    lines = []
    for group, words in group_words().items():
        days = sorted(datetime.fromisoformat(one["added_at"]) for one in entries if one["group"] == group)
        if days:
            lines.append(GroupLine(words=words, number=counted[group], first=days[0], last=days[-1]))
    return lines


def group_words() -> dict[str, str]:
    """The groups of the list in words."""
    return {
        "handed_in": _("Handed in with the item's files"),
        "batch_own": _("Other samples of the same batch and case"),
        "batch_other": _("Samples of other cases of the same batch"),
        "negative": _("Negative controls of the batch"),
        "positive": _("Positive controls of the batch"),
        "staff": _("Staff"),
        "earlier": _("Earlier runs"),
    }


def _line(one: Alike) -> AlikeLine:
    run = one.run
    return AlikeLine(
        words=group_words()[one.group],
        identity=percent(one.identity),
        name=one.name,
        run=run.reference if run else "",
        item=run.item.reference if run and run.item else "",
        href=reverse("web:run", args=[run.reference]) if run else "",
    )
