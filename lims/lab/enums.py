"""Closed lists of the laboratory's work. Values are written to the ledger and never renamed."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class JobState(models.TextChoices):
    """Where a job stands. The row is the truth; the broker only rings."""

    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class Question(models.TextChoices):
    """What a customer asks about an item."""

    SPECIES = "species", _("Which species?")
    ORIGIN = "origin", _("Where from?")
    INDIVIDUAL = "individual", _("Which individual?")
    AGE = "age", _("How old?")
    MORPHOLOGY = "morphology", _("Morphology")
    OTHER = "other", _("Other")


class RequestState(models.TextChoices):
    """An examination request, through contract review (ISO/IEC 17025 7.1)."""

    SUBMITTED = "submitted", _("Waiting for contract review")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    DONE = "done", _("Reported")


class BatchKind(models.TextChoices):
    """A bench step done for several items at once."""

    EXTRACTION = "extraction", _("DNA extraction")
    PCR = "pcr", _("PCR")
    SEQUENCING = "sequencing", _("Sequencing")
    GENOTYPING = "genotyping", _("Genotyping")


class BatchState(models.TextChoices):
    """A failed control blocks its batch until quality records a disposition."""

    OPEN = "open", _("Open")
    BLOCKED = "blocked", _("Blocked by a control")
    RELEASED = "released", _("Released")
    REJECTED = "rejected", _("Rejected")


class ScreenKind(models.TextChoices):
    """Where a sequence that runs are screened against comes from."""

    RUN = "run", _("A finished run")
    CONTROL = "control", _("A control of a batch")
    STAFF = "staff", _("A member of staff")


class ControlKind(models.TextChoices):
    """Controls of a batch (domain: extraction blank, no-template, positive of a distinct species, sequencing)."""

    REAGENT_BLANK = "reagent_blank", _("Reagent blank")
    NO_TEMPLATE = "no_template", _("No-template control")
    POSITIVE = "positive", _("Positive control")
    SEQUENCING = "sequencing", _("Sequencing control")


class ControlOutcome(models.TextChoices):
    """How a control came out."""

    PENDING = "pending", _("Not read yet")
    PASSED = "passed", _("Passed")
    FAILED = "failed", _("Failed")


class ReferenceKind(models.TextChoices):
    """What a frozen reference answers."""

    SPECIES = "species", _("Reference sequences")
    ORIGIN = "origin", _("Reference population data")
    ISOSCAPE = "isoscape", _("Isoscape with known animals")
    HAPLOTYPES = "haplotypes", _("Haplotypes by region")
    PROFILES = "profiles", _("Known profiles")
    PANEL = "panel", _("Marker panel")
    CURVE = "curve", _("Calibration curve")
    TRAINING = "training", _("Training set, wild or captive")
    SCALE = "scale", _("Verbal scale")
    LINK_RULE = "link_rule", _("Thresholds of links")


class ReferenceRight(models.TextChoices):
    """What a grant on a restricted reference allows."""

    USE = "use", _("See it and use it; coordinates as squares")
    COORDINATES = "coordinates", _("See exact coordinates too")


class ReferenceState(models.TextChoices):
    """From draft through its build to approval. It is used only while approved; once built it never changes."""

    DRAFT = "draft", _("Being built")
    NOT_BUILT = "not_built", _("Could not be built")
    PROPOSED = "proposed", _("Proposed")
    APPROVED = "approved", _("Approved")
    RETIRED = "retired", _("Retired")


class FindingKind(models.TextChoices):
    """Findings and opinions are kept apart (ISO/IEC 17025 7.8.7)."""

    FINDING = "finding", _("Finding")
    OPINION = "opinion", _("Opinion")


class FindingSource(models.TextChoices):
    """Where a finding comes from."""

    RUN = "run", _("Analysis run")
    MORPHOLOGY = "morphology", _("Morphology")
    EXTERNAL = "external", _("Another laboratory")
    PROGRAM = "program", _("Desktop program")


class Identification(models.TextChoices):
    """Identification outcomes: one list everywhere."""

    SPECIES = "species", _("Species")
    SPECIES_GROUP = "species_group", _("Species group")
    GENUS = "genus", _("Genus")
    FAMILY = "family", _("Family")
    EXCLUDED = "excluded", _("Not the declared species")
    MIXTURE = "mixture", _("Mixture")
    INCONCLUSIVE = "inconclusive", _("Inconclusive")
    NO_RESULT = "no_result", _("No result")
    ASSIGNED = "assigned", _("Assigned")
    NONE_OF_THESE = "none_of_these", _("None of these populations")
    REGION = "region", _("Region on the map")
    DISAGREEMENT = "disagreement", _("Surfaces disagree")
    SHARES = "shares", _("Shares of populations")
    HAPLOTYPE_SEEN = "haplotype_seen", _("Haplotype seen")
    HAPLOTYPE_NOT_SEEN = "haplotype_not_seen", _("Haplotype not seen")
    CONSENSUS = "consensus", _("Consensus genotype")
    MATCH = "match", _("Same profile found")
    NO_MATCH = "no_match", _("Found in no other profile")
    KIN_SCREEN = "kin_screen", _("Screen for relatives")
    PEDIGREE_POSSIBLE = "pedigree_possible", _("Pedigree not excluded")
    PEDIGREE_EXCLUDED = "pedigree_excluded", _("Pedigree excluded")
    PARENTS_POSSIBLE = "parents_possible", _("Parents not excluded")
    PARENTS_EXCLUDED = "parents_excluded", _("Parents excluded")
    DATED = "dated", _("Dated")
    KEEPING = "keeping", _("Wild or captive")
    OUT_OF_DOMAIN = "out_of_domain", _("Unlike the training set")


class ReportState(models.TextChoices):
    """From draft to court."""

    DRAFT = "draft", _("Draft")
    TECHNICAL_REVIEW = "technical_review", _("In technical review")
    ADMINISTRATIVE_REVIEW = "administrative_review", _("In administrative review")
    REVIEWED = "reviewed", _("Reviewed, to be signed")
    ISSUED = "issued", _("Issued")
    REPLACED = "replaced", _("Replaced by a newer report")
    WITHDRAWN = "withdrawn", _("Withdrawn draft")


class Side(models.TextChoices):
    """On which side of a report a person stands; nobody stands on both."""

    WORK = "work", _("Author or analyst")
    REVIEW = "review", _("Reviewer")


class ReviewKind(models.TextChoices):
    """Two reviews with different questions."""

    TECHNICAL = "technical", _("Technical review")
    ADMINISTRATIVE = "administrative", _("Administrative review")


class ReviewDecision(models.TextChoices):
    """How a review ended."""

    OPEN = "open", _("Open")
    AGREED = "agreed", _("Agreed")
    SENT_BACK = "sent_back", _("Sent back")
    DISAGREED = "disagreed", _("Disagreed")


class LegalScheme(models.TextChoices):
    """Which law a list of listings belongs to."""

    CITES = "cites", _("CITES Appendices")
    NATIONAL = "national", _("National law")


class NameKind(models.TextChoices):
    """How a name stands in a list of listings."""

    ACCEPTED = "accepted", _("Accepted name")
    SYNONYM = "synonym", _("Synonym")


class DriftKind(models.TextChoices):
    """What a new edition does to an answer."""

    CHANGED = "changed", _("Would be another answer")
    NOT_COMPUTED = "not_computed", _("Could not be computed again")


class DriftDecision(models.TextChoices):
    """What follows from a change."""

    OPEN = "open", _("Not decided")
    EXAMINE = "examine", _("The case is examined again")
    NOTHING = "nothing", _("Nothing follows")


class CurationChoice(models.TextChoices):
    """What becomes of a record that was looked at."""

    KEEP = "keep", _("Keep")
    EXCLUDE = "exclude", _("Leave out")


class EditState(models.TextChoices):
    """An edit of a base, through its second reader."""

    OPEN = "open", _("Waiting for a second reader")
    AGREED = "agreed", _("Agreed")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")
