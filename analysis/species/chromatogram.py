"""The chromatogram as SVG: classes, not colours, so that a page's dark mode and its print follow.

Classes as in the application's stylesheet: `tr tr-a … tr-t` curves, `b-a … b-t` letters, `q-bar` qualities,
`trimmed` what was cut off, `mark` disagreements and mixed positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

import numpy as np

from analysis.species.assembly import Consensus, Trimmed

_STEP: Final = 14
_HEIGHT: Final = 150
_BASELINE: Final = 116
_TALLEST: Final = 96
_POINTS: Final = 6
_QUALITY_SCALE: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    title: str
    kept: Trimmed
    marks: tuple[int, ...]


def chromatogram_svg(consensus: Consensus) -> str | None:
    """One panel for each read as stored, or None when no read has a signal.

    The same consensus gives the same text.
    """
    panels = _panels(consensus)
    if not panels:
        return None
    width = max(len(panel.kept.read.bases) for panel in panels) * _STEP + 2 * _STEP
    height = _HEIGHT * len(panels) + 16 * len(panels)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
            'role="img" aria-labelledby="chromatogram-t chromatogram-d">'
        ),
        f'<title id="chromatogram-t">{escape(_title(panels))}</title>',
        f'<desc id="chromatogram-d">{escape(_description(panels))}</desc>',
    ]
    for number, panel in enumerate(panels):
        parts.append(f'<g transform="translate(0 {number * (_HEIGHT + 16)})">')
        parts.extend(_panel(panel))
        parts.append("</g>")
    return "\n".join([*parts, "</svg>", ""])


def _panels(consensus: Consensus) -> list[_Panel]:
    names = ("Forward read", "Reverse read") if len(consensus.reads) == 2 else ("Read",)
    positions = (
        tuple(item.forward_base for item in consensus.disagreements),
        tuple(item.reverse_base for item in consensus.disagreements),
    )
    return [
        _Panel(title=f"{name} {kept.read.name}", kept=kept, marks=marks)
        for name, kept, marks in zip(names, consensus.reads, positions, strict=False)
        if kept.read.channels and kept.read.peaks is not None and len(kept.read.channels) == 4
    ]


def _title(panels: Sequence[_Panel]) -> str:
    return "Chromatogram: " + "; ".join(panel.title for panel in panels)


def _description(panels: Sequence[_Panel]) -> str:
    said = []
    for panel in panels:
        kept, count = panel.kept, len(panel.kept.read.bases)
        said.append(
            f"{panel.title}: {count} bases, {kept.start} trimmed at the start and {count - kept.end} at the end"
            + (f", reads disagree at {', '.join(map(str, panel.marks))}" if panel.marks else "")
        )
    return "; ".join(said) + ". The bases and qualities stand in the table of bases."


def _panel(panel: _Panel) -> list[str]:
    read = panel.kept.read
    count = len(read.bases)
    parts = [f'<text class="tiny" x="4" y="10">{escape(panel.title)}</text>', _quality_bars(panel)]
    parts.extend(_curves(panel))
    parts.extend(_letters(read.bases.decode()))
    for start, end in ((0, panel.kept.start), (panel.kept.end, count)):
        if end > start:
            parts.append(f'<path class="trimmed" d="{_box(_left(start), 14, (end - start) * _STEP, _HEIGHT - 16)}"/>')
    parts.extend(f'<path class="mark" d="{_box(_left(at - 1), 14, _STEP, _HEIGHT - 16)}"/>' for at in panel.marks)
    return parts


def _left(base: int) -> int:
    return _STEP // 2 + base * _STEP


def _box(x: int, y: int, width: int, height: int) -> str:
    return f"M{x} {y}h{width}v{height}h-{width}z"


def _quality_bars(panel: _Panel) -> str:
    bars = []
    for base, quality in enumerate(panel.kept.read.qualities):
        tall = round(int(quality) * _QUALITY_SCALE)
        if tall:
            bars.append(f"M{_left(base) + 2} {_BASELINE}v-{tall}h{_STEP - 4}v{tall}z")
    return f'<path class="q-bar" d="{"".join(bars)}"/>'


def _curves(panel: _Panel) -> list[str]:
    """Signals drawn on a scale where called peaks are evenly spaced, heights against the 99th percentile."""
    read = panel.kept.read
    if read.peaks is None:
        return []
    places = np.linspace(0, len(read.bases), len(read.bases) * _POINTS + 1)
    centres = _STEP / 2 + (np.arange(len(read.bases)) + 0.5) * _STEP
    scans = np.interp(places * _STEP + _STEP / 2, centres, read.peaks.astype(float))
    top = max(float(np.percentile(np.concatenate(list(read.channels.values())), 99.5)), 1.0)
    across = np.rint(places * _STEP + _STEP / 2).astype(int).tolist()
    drawn = []
    for letter in "ACGT":
        signal = read.channels[letter].astype(float)
        heights = np.clip(np.interp(scans, np.arange(len(signal)), signal) / top, 0.0, 1.1) * _TALLEST
        down = np.rint(_BASELINE - heights).astype(int).tolist()
        points = "L".join([f"{x} {y}" for x, y in zip(across, down, strict=True)])
        drawn.append(f'<path class="tr tr-{letter.lower()}" d="M{points}"/>')
    return drawn


def _letters(bases: str) -> list[str]:
    drawn = []
    for base, letter in enumerate(bases):
        x = _left(base) + _STEP // 2
        kind = f" b-{letter.lower()}" if letter in "ACGT" else ""
        drawn.append(f'<text class="mono{kind}" x="{x}" y="132" text-anchor="middle">{letter}</text>')
        if (base + 1) % 10 == 0:
            drawn.append(f'<text class="tiny" x="{x}" y="146" text-anchor="middle">{base + 1}</text>')
    return drawn
