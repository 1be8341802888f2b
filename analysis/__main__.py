"""``python -m analysis species|origin …``: files in, tables and JSON out.

Exit codes: 0 done, 1 an input was refused, 2 wrong use.
"""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from analysis.errors import AnalysisError

COMMANDS = ("species", "origin", "individual", "age", "captivity")


def parser_build(question: str | None = None) -> argparse.ArgumentParser:
    """The parser with one sub-parser per question; each package's `cli.add_parser` adds its own.

    With a `question` only that one's package is loaded: placing an animal on a map needs no sequence library.
    """
    parser = argparse.ArgumentParser(
        prog="python -m analysis",
        description="Wildlife-forensic analyses on plain files.",
        epilog="Exit codes: 0 done, 1 an input was refused, 2 wrong use.",
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="QUESTION")
    for command in COMMANDS if question not in COMMANDS else (question,):
        module = f"analysis.{command}.cli"
        if find_spec(module) is not None:
            import_module(module).add_parser(subparsers)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, run, and turn refusals into exit code 1 with one clear line on standard error."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    _streams_check()
    parsed = parser_build(words[0] if words else None).parse_args(words)
    run: Callable[[argparse.Namespace], int] = parsed.run
    try:
        return run(parsed)
    except AnalysisError as error:
        print(f"refused: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader closed its end (`… | head`); leaving stdout open would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        # Nobody's input is wrong, but nothing can be done: a full disk, a folder that may not be written to.
        place = f"{error.filename}: " if error.filename else ""
        print(f"refused: {place}It cannot be read or written: {error.strerror or error}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


def _streams_check() -> None:
    """Signs that the terminal's encoding lacks are written as escapes; a closed stream swallows what is said there."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  (open until the end)
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _stop(_signal: int, _frame: object) -> None:
    raise SystemExit(128 + signal.SIGTERM)


if __name__ == "__main__":
    # Asked to end, scratch folders are cleared as after Ctrl-C.
    signal.signal(signal.SIGTERM, _stop)
    # Idle threads of the linear algebra library wait by spinning: on small matrices they cost more than they help.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    raise SystemExit(main())
