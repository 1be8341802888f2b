"""What a reviewer goes through, as data: the points of technical and administrative review.

After ISO 21043-5 clause 6 and ISO/IEC 17025 7.8 [M]; a laboratory signs its own list off.
"""

from django.utils.translation import gettext_lazy as _

TECHNICAL = (
    ("raw_data", _("Raw files are those of the items, and were read")),
    ("controls", _("Controls of every batch passed, or their failure is disclosed")),
    ("results", _("Results follow from the raw data; the run's reference set fits the question")),
    ("findings", _("Findings say no more than the results; opinions stand apart with their basis")),
    ("limits", _("Limits, error rates and what was not examined are stated")),
)
ADMINISTRATIVE = (
    ("items", _("Items, references and dates agree with the case record")),
    ("custody", _("Custody is complete; every discrepancy is recorded")),
    ("request", _("The report answers the question that was asked")),
    ("text", _("Names, numbers, language and page count are right")),
)
