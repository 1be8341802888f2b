"""An isoscape with the animals that calibrate it: a frozen reference set of kind «origin.isoscape»."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from analysis.canonical import Json
from analysis.errors import InputRefused
from analysis.genotypes.grid import read_delimited
from analysis.origin.isotope.calibration import Known, TissueModel, tissue_fit
from analysis.origin.isotope.quality import Coverage, Quality, quality
from analysis.origin.isotope.raster import Raster, raster_read
from analysis.origin.isotope.scales import ELEMENTS, Scale
from analysis.origin.isotope.tables import SCALE_COLUMNS, Columns, harmonised, known_read, scales_read
from analysis.reference import ReferenceSet, freeze_files, open_reference
from analysis.textfile import text_of

KIND = "origin.isoscape"
RASTER, KNOWN, SCALES = "isoscape.tif", "known.csv", "scales.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Isoscape:
    """Everything a value is compared with: raster, animals of known origin on one scale, scales, fitted line and how
    good regions of left-out sites were."""

    reference: ReferenceSet
    raster: Raster
    element: str
    scale: str
    scales: tuple[Scale, ...]
    known: tuple[Known, ...]
    model: TissueModel
    quality: Quality

    @property
    def coverage(self) -> tuple[Coverage, ...]:
        """How often regions held animals of left-out sites, by level."""
        return self.quality.coverage


def isoscape_freeze(
    folder: Path, files: Mapping[str, bytes], *, element: str, scale: str | None, name: str, version: str
) -> ReferenceSet:
    """Check and freeze one GeoTIFF and one table of known animals, and a table of scales where there is one.

    The files are told apart by their endings and heads. Raises `InputRefused` for files that are missing or doubled,
    and as reading and fitting them do: nothing that cannot be used is frozen.
    """
    parts = _parts(files)
    if element not in ELEMENTS:
        raise InputRefused(f"«{element}» is no element here.", field="element", remedy=f"Choose {', '.join(ELEMENTS)}.")
    named = {part: file for part, (file, _content) in parts.items()}
    contents = {part: content for part, (_file, content) in parts.items()}
    raster, known, _scales, to = _read(contents, named, element, scale)
    model = tissue_fit(raster, known)
    facts: dict[str, Json] = {
        "element": element,
        "scale": to,
        "animals": model.animals,
        "sites": model.sites,
        "source_files": dict(sorted(named.items())),
    }
    return freeze_files(folder, contents, kind=KIND, name=name, version=version, facts=facts)


def isoscape_open(folder: Path) -> Isoscape:
    """Open a frozen isoscape, fit its line and leave each site out once."""
    reference = open_reference(folder, kind=KIND)
    element, to = str(reference.facts["element"]), str(reference.facts["scale"])
    present = [part for part in (RASTER, KNOWN, SCALES) if reference.path(part).is_file()]
    contents = {part: reference.path(part).read_bytes() for part in present}
    raster, known, scales, _to = _read(contents, {part: part for part in present}, element, to)
    return Isoscape(
        reference=reference,
        raster=raster,
        element=element,
        scale=to,
        scales=tuple(scales),
        known=tuple(known),
        model=tissue_fit(raster, known),
        quality=quality(raster, known),
    )


def _parts(files: Mapping[str, bytes]) -> dict[str, tuple[str, bytes]]:
    parts: dict[str, tuple[str, bytes]] = {}
    for file, content in files.items():
        if file.lower().endswith((".tif", ".tiff")):
            part = RASTER
        else:
            head = text_of(content, name=file).splitlines()[0]
            part = SCALES if set(SCALE_COLUMNS) <= set(head.replace(";", ",").replace("\t", ",").split(",")) else KNOWN
        if part in parts:
            raise InputRefused(
                f"«{parts[part][0]}» and «{file}» are both the same part of an isoscape.",
                file=file,
                remedy="Give one GeoTIFF (.tif), one table of known animals and at most one of scales.",
            )
        parts[part] = (file, content)
    for part, what in ((RASTER, "GeoTIFF (.tif)"), (KNOWN, "table of animals of known origin")):
        if part not in parts:
            raise InputRefused(f"The {what} is missing.", field="files", remedy="Give it with the others.")
    return parts


def _read(
    contents: Mapping[str, bytes], named: Mapping[str, str], element: str, scale: str | None
) -> tuple[Raster, list[Known], list[Scale], str]:
    raster = raster_read(contents[RASTER], name=named[RASTER])
    scales = []
    if SCALES in contents:
        text = text_of(contents[SCALES], name=named[SCALES])
        scales = scales_read(read_delimited(text, name=named[SCALES]))
    cells = read_delimited(text_of(contents[KNOWN], name=named[KNOWN]), name=named[KNOWN])
    known = known_read(cells, Columns(element=element))
    if not known:
        raise InputRefused("The table holds no values.", file=named[KNOWN], remedy="Give animals of known origin.")
    to = scale or known[0].value.scale
    return raster, [harmonised(one, scales, to) for one in known], scales, to
