"""What a report says was found: findings with their ratios, results, error rates, scales, and the law beside them."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from analysis.verbal import VerbalScale, bound_text, verbal
from lims.documents.data import report as doc
from lims.lab.enums import Identification, LegalScheme
from lims.lab.models import Finding, ReferenceSet
from lims.lab.selectors.law import Ruling
from lims.lab.selectors.scales import scale_on

_RATES = ("rate", "accuracy", "error", "wrong", "absent", "named")
_BARE = ("1", "no", "log10")
"""Units of plain numbers and counts, which are not printed."""


def finding(one: Finding) -> doc.Finding:
    """A finding with its names, its ratio and the two propositions."""
    about = f"{one.item.reference}{'/' + one.component.label if one.component else ''}"
    return doc.Finding(
        items=(about,),
        text=one.text,
        taxon=one.name_found,
        outcome=one.get_identification_display() if one.identification else "",
        name_in_cites=one.name_cites,
        name_in_law=one.name_national,
        **_ratio(one),
    )


def _ratio(one: Finding) -> dict[str, Any]:
    """Number, the two propositions, and the words of the scale that held when the finding was made."""
    found = one.outcome.summary.get("likelihood_ratio") if one.outcome else None
    if not found:
        return {}
    log10, scale = float(found["log10"]), scale_on(one.made_at)
    number = f"{float(f'{10**log10:.3g}'):,.15g}" if abs(log10) < 6 else f"10^{log10:.1f}"
    words = verbal(log10, scale[1]) if scale else None
    return {
        "propositions": (str(found["numerator"]), str(found["denominator"])),
        "likelihood_ratio": number,
        "verbal": f"{words.words} ({words.scale} {words.version})" if words else "",
    }


def scales(findings: Iterable[Finding]) -> tuple[doc.VerbalScaleUsed, ...]:
    """The scales whose words stand beside a ratio, with their bounds."""
    used = {}
    for one in findings:
        if one.outcome and one.outcome.summary.get("likelihood_ratio") and (found := scale_on(one.made_at)):
            used[found[0].pk] = found
    return tuple(_scale(row, scale) for _pk, (row, scale) in sorted(used.items()))


def _scale(row: ReferenceSet, scale: VerbalScale) -> doc.VerbalScaleUsed:
    ends = [*(bound_text(band.start) for band in scale.bands[1:]), ""]
    approved = timezone.localtime(row.approved_at).date().isoformat() if row.approved_at else ""
    return doc.VerbalScaleUsed(
        name=scale.name,
        version=scale.version,
        source=scale.source,
        digest=scale.sha256,
        bands=tuple((bound_text(band.start), end, band.words) for band, end in zip(scale.bands, ends, strict=True)),
        signed_off=f"{row.approved_by.name}, {approved}" if row.approved_by else "",
    )


def legal(one: Finding, ruling: Ruling) -> doc.LegalStatus:
    """What a list of the law says of the name found, and on which day it was asked."""
    cites = ruling.scheme == LegalScheme.CITES
    because = {"offence": _("day of the offence"), "seizure": _("day of the seizure; no day of the offence recorded")}
    return doc.LegalStatus(
        items=(one.item.reference,),
        law="CITES" if cites else f"{ruling.jurisdiction}: {ruling.list_name}",
        name_found=ruling.name_found if one.identification == Identification.MIXTURE else one.name_found,
        statement=ruling.statement,
        asked_on=date.fromisoformat(ruling.asked_on) if ruling.asked_on else None,
        asked_because=because.get(ruling.asked_because, ""),
        source=_("%(name)s %(edition)s, as of %(day)s")
        % {"name": ruling.list_name, "edition": ruling.edition, "day": ruling.as_of},
        digest=ruling.digest,
        name_in_list=ruling.name_in_list,
        name_in_law=ruling.name_in_law,
        annotations=tuple(dict.fromkeys(note for part in ruling.parts for note in part["annotations"])),
    )


def results(one: Finding) -> list[doc.Result]:
    """The numbers of a finding that are no error rates."""
    if one.outcome is None:
        return []
    return [
        doc.Result(
            items=(one.item.reference,),
            name=str(number["name"]),
            value=_value(number["value"]),
            unit=str(number["unit"]) if number["unit"] not in _BARE else "",
            interval=_interval(number.get("interval")),
            method=one.run.method if one.run else "",
            definition=str(number["definition"]),
        )
        for number in one.outcome.summary.get("numbers", [])
        if not _is_rate(number)
    ]


def _value(value: float) -> str:
    return f"{value:.4g}"


def _interval(interval: list[float] | None) -> str:
    if not interval:
        return ""
    low, high, level = interval
    return f"{low:.3g}–{high:.3g} ({level:.0%})"


def error_rates(one: Finding) -> list[doc.ErrorRate]:
    """How often the method errs, as seen in validation."""
    if one.outcome is None:
        return []
    method = one.run.method if one.run else ""
    return [
        doc.ErrorRate(
            method=method,
            statement=f"{rate['definition']}: {_value(rate['value'])}, interval {_interval(rate['interval'])}",
        )
        for rate in one.outcome.summary.get("numbers", [])
        if _is_rate(rate)
    ]


def _is_rate(number: dict[str, Any]) -> bool:
    """Rates seen in validation: numbers with an interval that are named as such; others are results."""
    return bool(number.get("interval")) and any(word in str(number["name"]) for word in _RATES)


def caveats(findings: Iterable[Finding]) -> tuple[str, ...]:
    """What the outcomes themselves say they do not say, each once."""
    said = (str(words) for one in findings if one.outcome for words in one.outcome.summary.get("caveats", []))
    return tuple(dict.fromkeys(said))
