"""Tables of links between seizures."""

from lims.links.models.links import Link, LinkEntry
from lims.links.models.searches import LinkSearch

__all__ = ["Link", "LinkEntry", "LinkSearch"]
