"""What can go wrong while a document is made or signed."""

from lims.common.errors import BadInput, DomainError, RuleViolation, Unavailable


class DocumentRefused(BadInput):
    """The data cannot be printed as they are (a time without zone, an attachment that is no text, …)."""

    default_code = "document-refused"


class DocumentFailed(DomainError):
    """The typesetter refused a template: a fault of this program, not of the data."""

    default_code = "document-failed"


class SigningRefused(RuleViolation):
    """A signature cannot be made: credentials, slot or document do not fit."""

    default_code = "signing-refused"


class TimeStampUnavailable(Unavailable):
    """The time-stamping authority did not answer; nothing was signed."""

    default_code = "time-stamp-unavailable"
