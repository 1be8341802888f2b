"""A progress bar for people at a terminal; nothing at all for pipes and log files."""

from __future__ import annotations

import shutil
import sys
from typing import TextIO

from analysis.inputs import Progress, no_progress


def progress_bar(stream: TextIO | None = None) -> Progress:
    """A `Progress` that draws on `stream` (standard error) if it is a terminal, else one that is silent."""
    out = sys.stderr if stream is None else stream
    return _Bar(out).show if out.isatty() else no_progress


class _Bar:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last = ""

    def show(self, share: float, words: str) -> None:
        columns = shutil.get_terminal_size().columns
        width = max(10, min(30, columns - 40))
        done = round(width * min(max(share, 0.0), 1.0))
        line = f"[{'#' * done}{'.' * (width - done)}] {share:4.0%} {words}"[: columns - 1]
        if line == self._last:
            return
        self._last = line
        self._stream.write(f"\r\x1b[K{line}" + ("\n" if share >= 1 else ""))
        self._stream.flush()
