"""Which committed fields of the ledger a schedule can close, and which of them close together."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from lims.common.errors import RuleViolation

PLACE = frozenset({"place", "place.name", "place.latitude", "place.longitude", "place.uncertainty_m"})
"""A place is closed whole: its name without its coordinates would be no secret."""

PERSONS = frozenset(
    {
        "actor.name",
        "custodian.name",
        "from.name",
        "holder",
        "inventory_by.names",
        "recipient",
        "recipient.name",
        "to.name",
        "witness.name",
    }
)
"""Names of persons in acts. Who acts in one entry receives in the next: one name is closed only where all are."""

ALONE = frozenset(
    {
        "actor.organisation",
        "authority",
        "basis",
        "changed",
        "condition",
        "description",
        "documents",
        "error",
        "explanation",
        "found",
        "hazards",
        "mark",
        "name",
        "note",
        "operation",
        "parameters",
        "position_on_item",
        "reason",
        "receipt",
        "seizure_reference",
        "stated",
        "statement",
        "text",
        "title",
        "transport",
    }
)
"""Fields that say something by themselves; `name` is the name of a stored file."""

FIELDS = PLACE | PERSONS | ALONE


def fields_closed(named: set[str]) -> frozenset[str]:
    """Every field that stays closed when these are withheld."""
    closed = set(named)
    for family in (PLACE, PERSONS):
        if closed & family:
            closed |= family
    return frozenset(closed)


def report_tells(number: str, fields: Sequence[str]) -> RuleViolation:
    """The refusal of a schedule that closes in the ledger what a disclosed report says."""
    return RuleViolation(
        _(
            "%(report)s says what the schedule withholds (%(fields)s). Withhold the report's file too, or issue a "
            "redacted report that replaces it and disclose that one."
        )
        % {"report": number, "fields": ", ".join(fields)},
        code="report-tells",
        field="withheld",
        found=number,
    )
