"""Numbers and ratios as results print them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.verbal import VerbalScale, verbal
from lims.web.phrases import Said, said
from lims.web.shares import percent

Details = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioLine:
    """A likelihood ratio with the two statements it compares, and words for it where a scale is approved."""

    ratio: str
    first: Said
    second: Said
    words: str
    scale: str


def ratio_line(outcome: Mapping[str, Any], scale: VerbalScale | None) -> RatioLine | None:
    """The likelihood ratio of an outcome in number and words; None where it has none."""
    found = outcome.get("likelihood_ratio")
    if not found:
        return None
    log10 = float(found["log10"])
    words, named = "", ""
    if scale is not None:
        graded = verbal(log10, scale)
        words, named = graded.words, f"{graded.scale} {graded.version}"
    return RatioLine(
        ratio=ratio_text(log10),
        first=said(str(found["numerator"])),
        second=said(str(found["denominator"])),
        words=words,
        scale=named,
    )


def ratio_text(log10: float) -> str:
    """A ratio as it is read: plain up to a million, then as a power of ten."""
    return f"{float(f'{10**log10:.3g}'):,.15g}" if abs(log10) < 6 else f"10^{log10:.1f}"


def ratio_of(log10: Any) -> str:
    """A ratio of which log10 may be missing: then it is 0."""
    return "0" if log10 is None else ratio_text(float(log10))


def interval_text(ends: Sequence[float]) -> str:
    """The ends of an interval of shares."""
    return f"{percent(ends[0])}–{percent(ends[1])}"
