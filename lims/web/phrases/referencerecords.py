"""Sentences of curation, and of records left out when a set of species was built."""

from django.utils.translation import gettext_noop as _

PHRASES: tuple[str, ...] = (
    _("excluded: %(reason)s"),
    _("«%(name)s» settles no species; it can support none."),
    _("%(n)s bases; the locus has %(m)s (median)."),
    _("No single reading frame is open where the locus has one: an indel or a nuclear copy."),
    _("The bases of %(names)s."),
    _("The very bases of %(names)s."),
    _("%(at)s from %(name)s, %(gap)s from its own species."),
    _("%(at)s from %(name)s; no other record of its own species is near."),
    _("%(at)s from %(name)s, which is of another genus."),
    _("%(n)s bases, fewer than %(least)s"),
    _("%(n)s bases, more than %(most)s: give the locus"),
    _("the same record again"),
    _("lies beside no record of the set %(name)s: its locus is not known"),
    _("lies beside records of %(locus)s"),
    _("accession or name has more than %(most)s characters"),
    _("the same record again; the first is kept"),
    _("the accession stands for other bases or another species too (%(file)s, %(n)s): none is kept"),
    _("the file ends inside this record"),
    _("names no organism"),
    _("holds no bases"),
    _("no feature of the locus wanted (loci found: none that is known)"),
    _("no feature of the locus wanted (loci found: %(names)s)"),
    _("names no record or no species"),
    _("the marker is not stated"),
    _("the marker is %(locus)s"),
)
