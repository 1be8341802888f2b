"""Closed lists of links between seizures. Values are written to the ledger and never renamed."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class LinkAct(models.TextChoices):
    """What happened to a link. The link is the sum of its entries; none is ever changed."""

    PROPOSED = "proposed", _("Proposed by a search")
    NOT_FOUND = "not_found", _("No longer found by a search")
    CONFIRMED = "confirmed", _("Confirmed")
    REJECTED = "rejected", _("Rejected")
    MERGED = "merged", _("The two seizures are one")
    SEPARATED = "separated", _("The two seizures are two again")
    RELEASED = "released", _("Released by one side")
    RELEASE_WITHDRAWN = "release_withdrawn", _("Release withdrawn by one side")


class LinkBasis(models.TextChoices):
    """What makes two seizures a link."""

    DIRECT = "direct", _("The same animal in both")
    KIN = "kin", _("More relatives than chance")
    BOTH = "both", _("The same animal, and more relatives than chance")


class LinkStanding(models.TextChoices):
    """What the last review said."""

    UNREVIEWED = "unreviewed", _("Not reviewed")
    CONFIRMED = "confirmed", _("Confirmed")
    REJECTED = "rejected", _("Rejected")


FINDS = frozenset({LinkAct.PROPOSED, LinkAct.NOT_FOUND})
REVIEWS = frozenset({LinkAct.CONFIRMED, LinkAct.REJECTED})
MERGES = frozenset({LinkAct.MERGED, LinkAct.SEPARATED})
RELEASES = frozenset({LinkAct.RELEASED, LinkAct.RELEASE_WITHDRAWN})
