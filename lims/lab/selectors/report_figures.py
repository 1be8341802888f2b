"""The figures of a report: regions of origin and pedigrees as the run drew them, with the digest of the file."""

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
"""Maps that go into a report, by the name of their file without its number."""
_PEDIGREE = "pedigree"
"""The drawing of a run about parents, one for all its outcomes."""
_AREA = re.compile(r"area_(?P<level>50|95)_(?P<prior>flat|density)")


def report_figures(findings: Iterable[Finding], *, drawn: bool) -> tuple[doc.Figure, ...]:
    """The drawings of these findings, each once; `drawn` False leaves them out, for captions name them by digest.

    Raises:
        DigestMismatch: a stored drawing is not what the run wrote.
    """
    seen: set[int] = set()
    found = []
    for one in findings:
        if one.outcome is None or one.run is None:
            continue
        for kind, file in _files(one):
            if file.pk not in seen:
                seen.add(file.pk)
                found.append(_figure(one, kind, file, drawn=drawn))
    return tuple(found)


def _files(one: Finding) -> list[tuple[str, StoredFile]]:
    assert one.run is not None and one.outcome is not None  # noqa: S101, PT018 - chosen by `report_figures`
    named = {kind: run_output(run=one.run, name=f"{kind}-{one.outcome.number:04d}.svg") for kind in _MAPS}
    named[_PEDIGREE] = run_output(run=one.run, name=f"{_PEDIGREE}.svg")
    return [(kind, file) for kind, file in named.items() if file is not None and file.size <= LARGEST_FIGURE]


def _figure(one: Finding, kind: str, file: StoredFile, *, drawn: bool) -> doc.Figure:
    assert one.run is not None and one.outcome is not None  # noqa: S101, PT018 - chosen by `report_figures`
    return doc.Figure(
        svg=run_output_content(file).decode() if drawn else "",
        caption=_pedigree_caption(one, file) if kind == _PEDIGREE else _map_caption(one, kind, file),
        alternative=str(one.outcome.summary.get("statement", "")),
    )


def _pedigree_caption(one: Finding, file: StoredFile) -> str:
    assert one.run is not None  # noqa: S101 - chosen by `report_figures`
    return _(
        "Claimed pedigree of %(item)s. Squares are fathers, circles mothers, diamonds neither; a broken frame: not "
        "typed. Lines drawn through: not excluded; broken and crossed out: excluded; dotted with a question mark: not "
        "tested. Run %(run)s, SHA-256 of the drawing %(digest)s."
    ) % {"item": one.item.reference, "run": one.run.reference, "digest": file.digest}


def _map_caption(one: Finding, kind: str, file: StoredFile) -> str:
    assert one.run is not None and one.outcome is not None  # noqa: S101, PT018 - chosen by `report_figures`
    return _("Origin of %(item)s: %(prior)s; %(areas)s. Run %(run)s, SHA-256 of the drawing %(digest)s.") % {
        "item": one.item.reference,
        "prior": _MAPS[kind].words,
        "areas": _areas(one.outcome.summary, _MAPS[kind].prior),
        "run": one.run.reference,
        "digest": file.digest,
    }


def _areas(summary: Mapping[str, Any], prior: str) -> str:
    areas = {}
    for number in summary.get("numbers", []):
        named = _AREA.fullmatch(str(number["name"]))
        if named and named["prior"] == prior:
            areas[named["level"]] = f"{float(number['value']):,.0f} km²"
    return ", ".join(
        _("%(level)s %% region %(area)s") % {"level": level, "area": area} for level, area in sorted(areas.items())
    )
