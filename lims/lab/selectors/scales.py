"""The verbal scale that held at a moment: the newest that was approved before it."""

from datetime import datetime

from analysis.verbal import Band, VerbalScale
from lims.lab.enums import ReferenceKind, ReferenceState
from lims.lab.models import ReferenceSet

_SIGNED = (ReferenceState.APPROVED, ReferenceState.RETIRED)


def scale_on(moment: datetime) -> tuple[ReferenceSet, VerbalScale] | None:
    """The laboratory's scale at a moment, with the set it was signed off as; None where it had none.

    A finding keeps the scale of its day, also after the scale was retired, so that a report says the same whenever its
    data are gathered.
    """
    rows = ReferenceSet.objects.filter(kind=ReferenceKind.SCALE, state__in=_SIGNED, approved_at__lte=moment)
    row = rows.order_by("-approved_at", "-pk").first()
    return None if row is None else (row, scale_of(row))


def scale_now() -> VerbalScale | None:
    """The laboratory's scale as it holds now: approved and not retired."""
    rows = ReferenceSet.objects.filter(kind=ReferenceKind.SCALE, state=ReferenceState.APPROVED)
    row = rows.order_by("-approved_at", "-pk").first()
    return None if row is None else scale_of(row)


def scale_of(reference: ReferenceSet) -> VerbalScale:
    """The scale that a set of its kind holds."""
    checks = reference.checks
    return VerbalScale(
        name=str(checks["scale"]),
        version=str(checks["scale_version"]),
        source=str(checks["source"]),
        bands=tuple(Band(start=float(start), words=str(words)) for start, words in checks["bands"]),
    )
