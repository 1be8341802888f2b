"""What can go wrong while starting or stopping, said so that the reader knows what to do next."""

from pathlib import Path


class DeployError(Exception):
    """A start or stop that cannot go on: what is wrong, and the remedy."""

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n  What to do: {self.remedy}"


class FolderUnreachable(DeployError):
    """A folder cannot be entered or written by the account that needs it."""


class DiskFull(DeployError):
    """Too little free space to start safely."""


class PortTaken(DeployError):
    """Another program listens on the address Spoor wants."""


class AlreadyRunning(DeployError):
    """Another supervisor holds this home."""


class RestoreUnfinished(DeployError):
    """The home is being restored, or its restore was cut off."""


class PartFailed(DeployError):
    """A part ended, or did not get ready in time."""


class ProgramMissing(DeployError):
    """A server program is not on this machine."""


def log_tail(path: Path, lines: int = 12) -> str:
    """The last lines of a log file, indented for a message; empty when there is no log."""
    try:
        with path.open("rb") as stream:
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - 16_384))
            text = stream.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])
