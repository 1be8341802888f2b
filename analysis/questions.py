"""Questions of the command line whose code is loaded when they are asked: who wants a map need not wait for what an
isotope needs."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

Fill = Callable[[argparse.ArgumentParser], None]


class LaterParser(argparse.ArgumentParser):
    """A parser that gets its arguments from `fill`, «module:function», when it is first to parse something."""

    def __init__(self, *, fill: str = "", **more: Any) -> None:
        super().__init__(**more)
        self._fill = fill

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does, the arguments added first."""
        if self._fill:
            module, _, name = self._fill.partition(":")
            self._fill = ""
            fill: Fill = getattr(import_module(module), name)
            fill(self)
        return super().parse_known_args(args, namespace)


def add_questions(subparsers: Subparsers, command: str, words: str, questions: Mapping[str, tuple[str, str]]) -> None:
    """Add a command with its questions: by name what each asks, and the «module:function» that adds its arguments."""
    parser = subparsers.add_parser(command, help=words)
    later = parser.add_subparsers(dest="question", required=True, metavar="QUESTION", parser_class=LaterParser)
    for name, (asked, fill) in questions.items():
        later.add_parser(name, help=asked, fill=fill)
