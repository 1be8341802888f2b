"""The maps of a report: regions of origin as the run drew them, with prior, areas and the digest of the file."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chain_of_custody.models import StoredFile
from lims.documents.data import report as doc
from lims.lab.models import Finding
from lims.lab.selectors.results import LARGEST_FIGURE, run_output, run_output_content


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """A kind of map: what its numbers end in, and its prior in words."""

    prior: str
    words: Promise | str


_MAPS: Mapping[str, _Drawn] = {
    "map": _Drawn(prior="flat", words=gettext_lazy("flat prior (every km² as likely beforehand)")),
    "map-density": _Drawn(prior="density", words=gettext_lazy("sampling-density prior (places as they were sampled)")),
    "surface": _Drawn(prior="flat", words=gettext_lazy("flat prior over the isoscape")),
    "combined": _Drawn(prior="flat", words=gettext_lazy("flat prior (every km² as likely beforehand)")),
}
"""Figures that go into a report, by the name of their file without its number."""
_AREA = re.compile(r"area_(?P<level>50|95)_(?P<prior>flat|density)")


def report_figures(findings: Iterable[Finding], *, drawn: bool) -> tuple[doc.Figure, ...]:
    """The maps of these findings; `drawn` False leaves the drawings out, for caption and text name them by digest.

    Raises:
        DigestMismatch: a stored drawing is not what the run wrote.
    """
    seen: set[int] = set()
    found = []
    for one in findings:
        if one.outcome is None or one.run is None or one.outcome.pk in seen:
            continue
        seen.add(one.outcome.pk)
        found += [_figure(one, kind, file, drawn=drawn) for kind, file in _files(one)]
    return tuple(found)


def _files(one: Finding) -> list[tuple[str, StoredFile]]:
    assert one.run is not None and one.outcome is not None  # noqa: S101, PT018 - chosen by `report_figures`
    named = {kind: run_output(run=one.run, name=f"{kind}-{one.outcome.number:04d}.svg") for kind in _MAPS}
    return [(kind, file) for kind, file in named.items() if file is not None and file.size <= LARGEST_FIGURE]


def _figure(one: Finding, kind: str, file: StoredFile, *, drawn: bool) -> doc.Figure:
    assert one.run is not None and one.outcome is not None  # noqa: S101, PT018 - chosen by `report_figures`
    summary = one.outcome.summary
    caption = _("Origin of %(item)s: %(prior)s; %(areas)s. Run %(run)s, SHA-256 of the drawing %(digest)s.") % {
        "item": one.item.reference,
        "prior": _MAPS[kind].words,
        "areas": _areas(summary, _MAPS[kind].prior),
        "run": one.run.reference,
        "digest": file.digest,
    }
    return doc.Figure(
        svg=run_output_content(file).decode() if drawn else "",
        caption=caption,
        alternative=str(summary.get("statement", "")),
    )


def _areas(summary: Mapping[str, Any], prior: str) -> str:
    areas = {}
    for number in summary.get("numbers", []):
        named = _AREA.fullmatch(str(number["name"]))
        if named and named["prior"] == prior:
            areas[named["level"]] = f"{float(number['value']):,.0f} km²"
    return ", ".join(
        _("%(level)s %% region %(area)s") % {"level": level, "area": area} for level, area in sorted(areas.items())
    )
