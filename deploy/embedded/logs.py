"""Log files that stay small."""

import shutil
from pathlib import Path

LARGEST = 8 * 1024 * 1024
KEPT = 4


def rotate(folder: Path, *, largest: int = LARGEST, kept: int = KEPT) -> None:
    """Copy each log larger than ``largest`` bytes aside and empty it; the oldest of ``kept`` copies goes.

    The writers hold their files open for appending, so the file is emptied, not renamed.
    """
    for log in folder.glob("*.log"):
        if log.stat().st_size <= largest:
            continue
        for number in range(kept - 1, 0, -1):
            older = log.with_suffix(f".log.{number}")
            if older.exists():
                older.replace(log.with_suffix(f".log.{number + 1}"))
        shutil.copyfile(log, log.with_suffix(".log.1"))
        with log.open("rb+") as stream:
            stream.truncate(0)


class Follower:
    """Reads what is added to a log after it was made."""

    __slots__ = ("_log", "_position", "_rest")

    def __init__(self, log: Path) -> None:
        self._log = log
        self._position = log.stat().st_size if log.exists() else 0
        self._rest = b""

    def lines(self) -> list[str]:
        """Whole lines written since the last call."""
        if not self._log.exists():
            return []
        with self._log.open("rb") as stream:
            stream.seek(self._position)
            added = stream.read()
        self._position += len(added)
        *whole, self._rest = (self._rest + added).split(b"\n")
        return [line.decode("utf-8", "replace").rstrip() for line in whole]
