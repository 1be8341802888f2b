"""From an exception of the domain to what a person reads: a status, a heading and words.

The only table in the pages that knows both. Services never learn of HTTP.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from chain_of_custody import errors as custody
from lims.common import errors as domain

REFUSALS = (domain.DomainError, custody.CustodyError)
Refusal = domain.DomainError | custody.CustodyError

_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (domain.NotFound, 404),
    (custody.NotFound, 404),
    (domain.NotAllowed, 403),
    (domain.Conflict, 409),
    (custody.Conflict, 409),
    (domain.Unavailable, 503),
)

HEADINGS = {
    400: _("This request cannot be read"),
    403: _("This is not for you to do"),
    404: _("There is no such page"),
    405: _("This address does not take that request"),
    409: _("Someone else was first"),
    413: _("This is more than one request may carry"),
    422: _("This cannot be done so"),
    500: _("Something broke on our side"),
    503: _("A part of the system cannot serve now"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One line of an error summary.

    Attributes:
        message: what is wrong and the value found.
        label: the field's label, empty when it is about the whole form.
        anchor: the id of the control to go to.
        remedy: what to do next, when the message does not say it.
    """

    message: str
    label: str = ""
    anchor: str = ""
    remedy: str = ""


def status_of(error: Exception) -> int:
    """The HTTP status of a domain exception; 422 for what a person can mend in the form."""
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return status
    return 422


def parts_of(error: Refusal) -> Iterator[Refusal]:
    """The single errors of a `ManyErrors`, or the error itself."""
    if isinstance(error, domain.ManyErrors):
        yield from error
    else:
        yield error


def words_of(error: Refusal) -> str:
    """Message and remedy in one line, as sentences: messages of custody begin small and have no full stop."""
    sentence = error.message[:1].upper() + error.message[1:]
    if sentence and sentence[-1] not in ".!?…:»":
        sentence += "."
    return f"{sentence} {error.remedy}" if error.remedy else sentence
