"""What custody and its ledger refuse. They know no HTTP; the application maps `code` to a problem type."""


class CustodyError(Exception):
    """A rule of custody stands against the act.

    `code` is stable and machine-readable; `field` names the argument at fault where one is; `found` is the value
    met and `remedy` the next thing to do. Nothing has been written when it is raised inside a transaction.
    """

    code = "custody"

    def __init__(
        self,
        message: str,
        code: str | None = None,
        field: str | None = None,
        *,
        found: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.field = field
        self.found = found
        self.remedy = remedy


class BadInput(CustodyError):
    """A value is missing, malformed or contradicts another."""

    code = "bad-input"


class NotFound(CustodyError):
    """Nothing has the identifier given."""

    code = "not-found"


class NotCustodian(CustodyError):
    """A physical act on an item outside the actor's custody."""

    code = "not-custodian"


class NotYourHalf(CustodyError):
    """One side of a hand-over tried to write the other side's half."""

    code = "not-your-half"


class ItemSealed(CustodyError):
    """The item, or the container it is in, is under seal."""

    code = "item-sealed"


class ItemFinal(CustodyError):
    """The item was consumed, returned or disposed of: nothing follows."""

    code = "item-final"


class HandOverNeeded(CustodyError):
    """Custody would pass to somebody else, who has to receive it."""

    code = "hand-over-needed"


class AlreadyOffered(CustodyError):
    """The item waits in an open hand-over."""

    code = "already-offered"


class Conflict(CustodyError):
    """Something else happened first."""

    code = "conflict"


class HandOverClosed(Conflict):
    """The hand-over, or the item's line in it, was settled before."""

    code = "hand-over-closed"


class PermitRequired(CustodyError):
    """A transfer across a border without its permit particulars."""

    code = "permit-required"


class BadTime(CustodyError):
    """The claimed time lies in the future or before the item's previous act."""

    code = "bad-time"


class SealTaken(Conflict):
    """A seal number that is in use on another item."""

    code = "seal-taken"


class LedgerError(Exception):
    """The ledger was used wrongly: a mistake of the program, not of its user."""


class UnknownSchema(LedgerError):
    """A payload whose schema, verb or value names were never declared."""


class EntryTooLarge(BadInput):
    """An entry beyond 32 KB."""

    code = "entry-too-large"


class SequencerRefused(Exception):
    """The sequencer will not sign: the log it sees does not extend what it signed before."""
