"""Tables of casework."""

from lims.casework.models.cases import Case, CaseAssignment, ExternalReference, ReferenceCounter, Seizure
from lims.casework.models.intake import (
    Discrepancy,
    Intake,
    IntakeContainer,
    Label,
    LabelPrint,
    Photograph,
    ScanLine,
    ScanSession,
    Submission,
    SubmissionLine,
)
from lims.casework.models.items import (
    Container,
    Exhibit,
    ExhibitComponent,
    LiveEvent,
    Location,
    Quantity,
    QuantityStep,
    Sample,
    SampleParent,
    SamplingPlan,
)
from lims.casework.models.laboratory import Laboratory

__all__ = [
    "Case",
    "CaseAssignment",
    "Container",
    "Discrepancy",
    "Exhibit",
    "ExhibitComponent",
    "ExternalReference",
    "Intake",
    "IntakeContainer",
    "Label",
    "LabelPrint",
    "Laboratory",
    "LiveEvent",
    "Location",
    "Photograph",
    "Quantity",
    "QuantityStep",
    "ReferenceCounter",
    "Sample",
    "SampleParent",
    "SamplingPlan",
    "ScanLine",
    "ScanSession",
    "Seizure",
    "Submission",
    "SubmissionLine",
]
