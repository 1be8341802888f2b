"""Tables of the laboratory's work."""

from lims.lab.models.curation import CurationDecision, ReferenceTable
from lims.lab.models.drift import DriftCheck, DriftLine
from lims.lab.models.edits import BaseEdit, EditLayer
from lims.lab.models.fetches import RecordFetch
from lims.lab.models.jobs import JobBase
from lims.lab.models.law import LegalList, LegalListing, LegalName, LegalTaxon
from lims.lab.models.plates import Plate, PlateSample
from lims.lab.models.profiles import Profile
from lims.lab.models.references import ReferenceBuild, ReferenceGrant, ReferenceSet, ReferenceSource
from lims.lab.models.reports import Report, ReportItem, ReportPerson, Review, ReviewPoint
from lims.lab.models.runs import Finding, Run, RunInput, RunOutcome, RunOutput
from lims.lab.models.screens import RunScreen, ScreenSequence
from lims.lab.models.work import Batch, BatchControl, BatchItem, ExaminationRequest, RequestLine

__all__ = [
    "BaseEdit",
    "Batch",
    "BatchControl",
    "BatchItem",
    "CurationDecision",
    "DriftCheck",
    "DriftLine",
    "EditLayer",
    "ExaminationRequest",
    "Finding",
    "JobBase",
    "Plate",
    "PlateSample",
    "RecordFetch",
    "ReferenceBuild",
    "LegalList",
    "LegalListing",
    "LegalName",
    "LegalTaxon",
    "Profile",
    "ReferenceGrant",
    "ReferenceSet",
    "ReferenceSource",
    "ReferenceTable",
    "Report",
    "ReportItem",
    "ReportPerson",
    "RequestLine",
    "Review",
    "ReviewPoint",
    "Run",
    "RunInput",
    "RunOutcome",
    "RunOutput",
    "RunScreen",
    "ScreenSequence",
]
