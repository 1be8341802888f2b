"""``python -m analysis species|origin …``: files in, tables and JSON out.

Exit codes: 0 done, 1 an input was refused, 2 wrong use.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec

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
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    # Idle threads of the linear algebra library wait by spinning: on small matrices they cost more than they help.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    raise SystemExit(main())
