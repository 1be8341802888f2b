"""Domain exceptions. They know no HTTP; `lims.api.problems` and `lims.web.forms` translate them.

Every error says what is wrong, the value found, and what to do next.
"""

from collections.abc import Iterator


class DomainError(Exception):
    """Something a person can mend.

    Args:
        message: what is wrong and what to do, one or two sentences, translatable.
        code: stable machine word, kebab case.
        field: the input field it is about, as the service names it.
        found: the value found.
        remedy: what to do next, when it is not in the message.
        row: zero-based index in a bulk call.
    """

    default_code = "refused"

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        field: str | None = None,
        found: object = None,
        remedy: str | None = None,
        row: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.field = field
        self.found = found
        self.remedy = remedy
        self.row = row


class BadInput(DomainError):
    """A value has the wrong shape, unit, range or format."""

    default_code = "bad-input"


class RuleViolation(DomainError):
    """The values are well formed, but a rule of the field refuses the act."""

    default_code = "rule-violation"


class NotAllowed(DomainError):
    """The actor's roles do not include the capability for this scope."""

    default_code = "not-allowed"


class NotFound(DomainError):
    """It does not exist, or the actor may not know that it does."""

    default_code = "not-found"


class Conflict(DomainError):
    """Another act came first."""

    default_code = "conflict"


class StaleVersion(Conflict):
    """The row was changed since it was read (HTTP 412 over the API)."""

    default_code = "stale-version"


class Unavailable(DomainError):
    """A part of the system (store, broker, disk) cannot serve now; nothing was written."""

    default_code = "unavailable"


class ManyErrors(DomainError):
    """Several errors of one input, all of them, not the first only."""

    default_code = "bad-input"

    def __init__(self, errors: list[DomainError]) -> None:
        super().__init__(f"{len(errors)} values need correction.", code="bad-input")
        self.errors = errors

    def __iter__(self) -> Iterator[DomainError]:
        return iter(self.errors)
