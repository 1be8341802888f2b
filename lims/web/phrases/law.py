"""Sentences on rows and files of lists of the law that could not be read."""

from django.utils.translation import gettext_noop as _

PHRASES: tuple[str, ...] = (
    _("no scientific name"),
    _("a name longer than %(most)s signs"),
    _("is not ADDITION, DELETION, RESERVATION or RESERVATION_WITHDRAWAL"),
    _("is empty: every row of a history names what was listed or deleted"),
    _("is empty: every row of a history has its day"),
    _("is not made of I, II, III and NC"),
    _("is not a %(said)s"),
    _("country code"),
    _("CITES term"),
    _("is not a day written as 2019-11-26 or 26/11/2019"),
    _("is before %(day)s, when there was no such law"),
    _("is not after %(day)s, when the row took effect"),
    _("This is not a CSV: %(why)s."),
    _("The file has more than %(most)s rows. Split it by kingdom."),
    _("No row of this file holds a listing."),
    _("No row of this file holds a listing. Row %(n)s, %(column)s: %(said)s"),
    _("Line %(n)s is not UTF-8. Save the file as «CSV UTF-8»."),
    _(
        "The first row names no column %(column)s. Choose the CSV of Species+ or of the Checklist of CITES "
        "Species, or the layout of docs/law.md."
    ),
)
