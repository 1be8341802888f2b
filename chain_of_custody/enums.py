"""The closed lists of custody. Values are written to the ledger and never renamed."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class PartyKind(TextChoices):
    """Who or what can hold evidence."""

    PERSON = "person", _("Person")
    ORGANISATION = "organisation", _("Organisation")
    COURIER = "courier", _("Courier")
    LOCATION = "location", _("Location")
    SYSTEM = "system", _("System")


class ItemKind(TextChoices):
    """What can be held."""

    EXHIBIT = "exhibit", _("Exhibit")
    SAMPLE = "sample", _("Sample")
    CONTAINER = "container", _("Container")
    PLATE = "plate", _("Plate")


CARRIERS = frozenset({ItemKind.CONTAINER, ItemKind.PLATE})
"""Kinds of item that other items can be inside."""


class ItemState(TextChoices):
    """Where an item is in its custody life. The last three are final."""

    HELD = "held", _("Held")
    OFFERED = "offered", _("Offered")
    CONSUMED = "consumed", _("Consumed")
    RETURNED = "returned", _("Returned")
    DISPOSED = "disposed", _("Disposed of")


class Verb(TextChoices):
    """The acts of custody, as the ledger names them."""

    CREATED = "created", _("Taken into custody")
    OFFERED = "offered", _("Released, waiting for the receiver")
    RECEIVED = "received", _("Received")
    REFUSED = "refused", _("Refused by the receiver")
    WITHDRAWN = "withdrawn", _("Withdrawn by the giver")
    MOVED = "moved", _("Moved")
    SEALED = "sealed", _("Seal applied")
    OPENED = "opened", _("Seal opened")
    CONSUMED = "consumed", _("Consumed")
    RETURNED = "returned", _("Returned")
    DISPOSED = "disposed", _("Disposed of")
    REASSIGNED = "reassigned", _("Reassigned by order")
    STATED_EARLIER = "stated_earlier", _("Earlier custody, stated, not witnessed")
    BACK_ENTERED = "back_entered", _("Entered from a paper form")


class HandOverState(TextChoices):
    """A hand-over is open while any of its lines is offered; then it is named after what became of them."""

    OPEN = "open", _("Waiting for the receiver")
    RECEIVED = "received", _("Received")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    MIXED = "mixed", _("Partly received")


class LineState(TextChoices):
    """What became of one item of a hand-over."""

    OFFERED = "offered", _("Offered")
    RECEIVED = "received", _("Received")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Purpose(TextChoices):
    """Why an item changes hands (the purposes custody forms of wildlife laboratories ask for)."""

    EXAMINATION = "examination", _("Examination")
    STORAGE = "storage", _("Storage")
    TRANSPORT = "transport", _("Transport")
    COURT = "court", _("Court")
    RETURN = "return", _("Return")
    DESTRUCTION = "destruction", _("Destruction")
    DEFENCE_EXPERT = "defence_expert", _("Defence expert")


class SealState(TextChoices):
    """How a seal was found."""

    INTACT = "intact", _("Intact")
    INTACT_RESEALED = "intact_resealed", _("Intact, resealed")
    BROKEN = "broken", _("Broken")
    ABSENT = "absent", _("Absent")
    NOT_TAMPER_EVIDENT = "not_tamper_evident", _("Not tamper-evident")


class DisposalMethod(TextChoices):
    """How an item leaves for good without going back to anyone."""

    DESTROYED = "destroyed", _("Destroyed")
    STOCKPILE = "stockpile", _("Government stockpile")
    REFERENCE_COLLECTION = "reference_collection", _("Training or reference collection")
    RESCUE_CENTRE = "rescue_centre", _("Rescue centre or zoo")
    EXPORT_COUNTRY = "export_country", _("Returned to the country of export")
    DIED = "died", _("Died; carcass disposed of")


class CitesPurpose(TextChoices):
    """Purpose codes of CITES permits (Res. Conf. 12.3)."""

    BREEDING = "B", _("Breeding in captivity or artificial propagation")
    EDUCATIONAL = "E", _("Educational")
    GARDEN = "G", _("Botanical garden")
    HUNTING = "H", _("Hunting trophy")
    ENFORCEMENT = "L", _("Law enforcement, judicial or forensic")
    MEDICAL = "M", _("Medical")
    REINTRODUCTION = "N", _("Reintroduction into the wild")
    PERSONAL = "P", _("Personal")
    CIRCUS = "Q", _("Circus or travelling exhibition")
    SCIENTIFIC = "S", _("Scientific")
    COMMERCIAL = "T", _("Commercial")
    ZOO = "Z", _("Zoo")


class CitesSource(TextChoices):
    """Source codes of CITES permits (Res. Conf. 12.3)."""

    WILD = "W", _("Wild")
    MARINE = "X", _("Marine environment not under the jurisdiction of any State")
    RANCHED = "R", _("Ranched")
    REGISTERED = "D", _("Appendix I, bred or propagated commercially")
    ARTIFICIAL = "A", _("Artificially propagated")
    ASSISTED = "Y", _("Assisted production")
    CAPTIVE = "C", _("Bred in captivity")
    BORN_CAPTIVE = "F", _("Born in captivity")
    UNKNOWN = "U", _("Unknown")
    CONFISCATED = "I", _("Confiscated or seized")
    PRE_CONVENTION = "O", _("Pre-Convention")


class CheckKind(TextChoices):
    """How much of the ledger a verification reads."""

    FULL = "full", _("Whole ledger")
    INCREMENTAL = "incremental", _("What came since")


class CheckState(TextChoices):
    """How a verification stands."""

    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    PASSED = "passed", _("Passed")
    FAILED = "failed", _("Failed")
