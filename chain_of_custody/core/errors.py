"""What the custody core can refuse. Every message says what is wrong and what was found."""


class CoreError(ValueError):
    """Root of all refusals of this package: the input does not follow the published format."""


class NotCanonical(CoreError):
    """A value or text has no RFC 8785 form, or is not in it."""


class EntryRefused(CoreError):
    """Bytes or fields do not make a ledger entry."""


class ProofRefused(CoreError):
    """A Merkle proof was asked for a position that the tree does not have."""


class KeyRefused(CoreError):
    """A verifier or signer key text is malformed."""


class NoteRefused(CoreError):
    """A signed note is malformed, or a known key's signature on it does not verify."""


class NoteUnverified(NoteRefused):
    """The note is well formed but carries no signature by a known key."""


class CheckpointRefused(CoreError):
    """The text of a note is not a tree-head checkpoint."""


class ExportRefused(CoreError):
    """An export file departs from `spoor-export/1`; `line` counts from 1 where one line is to blame."""

    def __init__(self, message: str, *, line: int | None = None, reason: str = "export-malformed") -> None:
        super().__init__(message if line is None else f"line {line}: {message}")
        self.line = line
        self.reason = reason


class PackRefused(CoreError):
    """A disclosure pack departs from its format; `path` names the file inside it where one is to blame."""

    def __init__(self, message: str, *, path: str | None = None, reason: str = "pack-malformed") -> None:
        super().__init__(message if path is None else f"{path}: {message}")
        self.path = path
        self.reason = reason


class CustodyBroken(CoreError):
    """A custody entry cannot follow the state its predecessors left."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason
