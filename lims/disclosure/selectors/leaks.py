"""What a schedule withholds in the ledger and a pack would still say: in a report's words or in a file's name.

A redacted copy must be redacted in its text and in its names (domain: redaction at export). What is inside raw and
result files is not searched; the schedule in the pack says so.
"""

import json
from collections.abc import Iterable, Iterator
from uuid import UUID

from chain_of_custody.core.entry import StreamKey
from chain_of_custody.models import Commitment
from lims.lab.models import Report
from lims.lab.selectors.report_data import report_words

SHORTEST = 4
"""A value of fewer signs (a number of pieces, a box) stands in too many texts by accident to be looked for."""


def values_closed(streams: Iterable[StreamKey], fields: frozenset[str]) -> dict[str, str]:
    """The withheld values of these streams, case-folded, each with the field it stands in."""
    if not fields:
        return {}
    rows = Commitment.objects.filter(
        entry__stream__uuid__in=[one.id for one in streams], field__in=fields, value__isnull=False
    )
    found: dict[str, str] = {}
    for field, value in rows.order_by("pk").values_list("field", "value").iterator():
        for text in _texts(json.loads(bytes(value or b"null"))):
            if len(text) >= SHORTEST:
                found[text.casefold()] = field
    return found


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value.strip()
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def fields_said(text: str, values: dict[str, str]) -> list[str]:
    """The withheld fields whose value stands in a text."""
    folded = text.casefold()
    return sorted({field for value, field in values.items() if value in folded})


def reports_telling(
    reports: Iterable[Report], values: dict[str, str], hidden: set[UUID | None]
) -> list[tuple[Report, list[str]]]:
    """Reports whose signed file is disclosed and says a withheld value, with the fields."""
    disclosed = [one for one in reports if one.signed_file is not None and one.signed_file.uuid not in hidden]
    told = [(one, fields_said(_words(one), values)) for one in disclosed] if values else []
    return [(one, fields) for one, fields in told if fields]


def _words(report: Report) -> str:
    """The report's JSON with its escapes undone, so that names with accents are found."""
    return report_words(report).replace('\\"', '"')
