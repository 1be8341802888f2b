"""Values of options on the command line: a wrong one is wrong use (exit code 2), told in plain words."""

from __future__ import annotations

import argparse


def positive(text: str) -> int:
    """A whole number of 1 or more."""
    return _whole(text, least=1)


def natural(text: str) -> int:
    """A whole number of 0 or more."""
    return _whole(text, least=0)


def _whole(text: str, *, least: int) -> int:
    try:
        value = int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from error
    if value < least:
        raise argparse.ArgumentTypeError(f"{value} is not {least} or more")
    return value


def one_word(text: str) -> str:
    """A name that stays whole in the header of a FASTA file, where a name ends at the first space."""
    if not text or word_of(text) != text:
        raise argparse.ArgumentTypeError(f"{text!r} is not one word of visible signs without «>»")
    return text


def one_line(text: str) -> str:
    """A text that can stand in a line of a table."""
    if not text.strip() or not text.isprintable():
        raise argparse.ArgumentTypeError(f"{text!r} is empty or holds signs that cannot be shown")
    return text


def word_of(text: str) -> str:
    """A text (a file's name, say) as one word: «_» for spaces, line ends, «>» and what cannot be shown."""
    return "".join("_" if sign == ">" or sign.isspace() or not sign.isprintable() else sign for sign in text)
