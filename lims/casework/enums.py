"""Closed lists of casework; their values are never renamed. Open lists (CITES codes…) are data: `codes/`."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CaseKind(models.TextChoices):
    """What a case is for; only casework is evidence."""

    CASEWORK = "casework", _("Casework")
    PROFICIENCY = "proficiency", _("Proficiency test")
    VALIDATION = "validation", _("Validation")
    TRAINING = "training", _("Training")


class CaseState(models.TextChoices):
    """Whether work goes on."""

    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")


class ReferenceScheme(models.TextChoices):
    """Whose number an external reference is."""

    POLICE = "police", _("Police")
    COURT = "court", _("Court")
    CUSTOMS = "customs", _("Customs")
    OFFICER_MARK = "officer_mark", _("Officer's mark")
    PERMIT = "permit", _("Permit")
    BARCODE = "barcode", _("Agency barcode")
    OTHER = "other", _("Other")


class AssignmentRole(models.TextChoices):
    """In which role somebody outside the laboratory is assigned to a case."""

    INVESTIGATOR = "investigator", _("Investigator")
    PROSECUTOR = "prosecutor", _("Prosecutor")


class ExhibitKind(models.TextChoices):
    """What an exhibit is."""

    SPECIMEN = "specimen", _("Specimen or part")
    LOT = "lot", _("Lot of like pieces")
    MIXED = "mixed", _("Mixed bag")
    LIVE_ANIMAL = "live_animal", _("Live animal")
    WEAPON = "weapon", _("Weapon")
    VEHICLE = "vehicle", _("Vehicle")
    DOCUMENT = "document", _("Document or device")
    OTHER = "other", _("Other")


class SampleKind(models.TextChoices):
    """What a sample is, from tissue to plate well (domain: exhibit to consensus)."""

    TISSUE = "tissue", _("Tissue")
    POWDER = "powder", _("Powder")
    SWAB = "swab", _("Swab")
    ALIQUOT = "aliquot", _("Aliquot")
    EXTRACT = "extract", _("DNA extract")
    PCR_PRODUCT = "pcr_product", _("PCR product")
    POOL = "pool", _("Pool")


class Unit(models.TextChoices):
    """Units in which the laboratory weighs, measures and counts."""

    KILOGRAM = "kg", "kg"
    GRAM = "g", "g"
    MILLIGRAM = "mg", "mg"
    MICROGRAM = "ug", "µg"
    LITRE = "l", "L"
    MILLILITRE = "ml", "mL"
    MICROLITRE = "ul", "µL"
    NUMBER = "no", _("pieces")
    SQUARE_METRE = "m2", "m²"
    CUBIC_METRE = "m3", "m³"


class StepKind(models.TextChoices):
    """Why an amount changed."""

    INITIAL = "initial", _("first weighing")
    TAKEN = "taken", _("taken for a sub-sample")
    CONSUMED = "consumed", _("consumed")
    WASTE = "waste", _("waste")
    REWEIGHED = "reweighed", _("weighed again")
    RECEIVED = "received", _("received from a parent")


class ContainerKind(models.TextChoices):
    """What holds items."""

    BAG = "bag", _("Bag")
    CRATE = "crate", _("Crate")
    SHIPPING = "shipping", _("Shipping container")
    BOX = "box", _("Freezer box")
    PLATE = "plate", _("Plate")
    TRAY = "tray", _("Tray")
    OTHER = "other", _("Other")


class LocationKind(models.TextChoices):
    """What kind of place holds evidence."""

    EVIDENCE_ROOM = "evidence_room", _("Evidence room")
    FREEZER = "freezer", _("Freezer")
    FRIDGE = "fridge", _("Refrigerator")
    CABINET = "cabinet", _("Cabinet")
    BENCH = "bench", _("Bench")
    QUARANTINE = "quarantine", _("Quarantine or rescue centre")
    YARD = "yard", _("Yard")


class IntakeState(models.TextChoices):
    """Two stages: closed containers tonight, items later."""

    RECEIVED = "received", _("Received closed")
    ITEMISING = "itemising", _("Being itemised")
    COMPLETE = "complete", _("Itemised")


class DiscrepancyKind(models.TextChoices):
    """What differs between what was stated and what was found."""

    SEAL = "seal", _("Seal")
    COUNT = "count", _("Count")
    WEIGHT = "weight", _("Weight")
    CONDITION = "condition", _("Condition")
    OTHER = "other", _("Other")


class DiscrepancyState(models.TextChoices):
    """A difference is recorded, countersigned by a second person, and at last explained; it never blocks for ever."""

    RECORDED = "recorded", _("Recorded")
    COUNTERSIGNED = "countersigned", _("Countersigned")
    EXPLAINED = "explained", _("Explained")


class SamplingRule(models.TextChoices):
    """How pieces of a lot are chosen."""

    ALL = "all", _("Every piece")
    RANDOM = "random", _("Random draw")
    JUDGEMENT = "judgement", _("Chosen by judgement")


class LiveEventKind(models.TextChoices):
    """What happens to a live animal in custody."""

    EXAMINED = "examined", _("Examined")
    PLACED = "placed", _("Placed")
    DIED = "died", _("Died in custody")
    BORN = "born", _("Born in custody")
    ESCAPED = "escaped", _("Escaped")
    RELEASED = "released", _("Released")


class LabelState(models.TextChoices):
    """A code is reserved before its thing exists, live while it names one, void afterwards."""

    RESERVED = "reserved", _("Reserved")
    LIVE = "live", _("Live")
    VOID = "void", _("Void")


class SubmissionState(models.TextChoices):
    """An exhibit submission form."""

    SUBMITTED = "submitted", _("Announced")
    RECEIVED = "received", _("Received")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class ScanState(models.TextChoices):
    """A scan session."""

    OPEN = "open", _("Open")
    DONE = "done", _("Acted on")
    DISCARDED = "discarded", _("Discarded")
