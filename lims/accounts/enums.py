"""Code lists of the accounts app. Values written to the ledger are never renamed."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class RoleName(models.TextChoices):
    """The roles of `roles.Role`, with the names people see."""

    CUSTODIAN = "custodian", _("Evidence custodian")
    TECHNICIAN = "technician", _("Technician")
    ANALYST = "analyst", _("Analyst")
    REVIEWER = "reviewer", _("Reviewer")
    MANAGER = "manager", _("Laboratory manager")
    INVESTIGATOR = "investigator", _("Investigator")
    PROSECUTOR = "prosecutor", _("Prosecutor")
    AUTHORITY = "authority", _("CITES Management Authority officer")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")
    INSTRUMENT = "instrument", _("Instrument")


class GrantScope(models.TextChoices):
    """How far a role reaches. Case scope is a dated assignment and lives in `casework`."""

    LAB = "lab", _("whole laboratory")
    AGENCY = "agency", _("one agency's cases")


class AccessKind(models.TextChoices):
    """What the access log records."""

    VIEW = "view", _("viewed")
    REASON = "reason", _("stated a reason")
    REFUSED = "refused", _("refused")
    SIGN_IN = "sign_in", _("signed in")
    SIGN_IN_FAILED = "sign_in_failed", _("sign-in failed")
    DOWNLOAD = "download", _("downloaded")
