"""Closed lists of disclosure. Values are written to the ledger and never renamed."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class EvidenceRequestState(models.TextChoices):
    """A prosecutor's request for evidence."""

    REQUESTED = "requested", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")
    DELIVERED = "delivered", _("Delivered")


class DeliveryWay(models.TextChoices):
    """How a pack reached its recipient."""

    SIGN_IN = "sign_in", _("Through sign-in")
    CODE = "code", _("With a one-time code")
    USB = "usb", _("On a USB stick, with signed receipt")
