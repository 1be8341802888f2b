"""A versioned table of a laboratory as a frozen reference: one entry of it, signed off before anything uses it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from analysis.canonical import Json
from analysis.errors import InputRefused
from analysis.outcome import Frozen
from analysis.reference import ReferenceSet, freeze_files, open_reference
from analysis.textfile import text_of

E = TypeVar("E", bound=Frozen)
"""What such a table holds; the digest is over everything that a use of it names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedTable(Generic[E]):
    """How one kind of table is frozen and opened.

    `word` says what an entry is called, `table` the file in the frozen set, `read` finds the entries of a text by name,
    and `more` are further facts that the set states about its entry.
    """

    kind: str
    table: str
    word: str
    read: Callable[[str, str], Mapping[str, E]]
    more: Callable[[E], dict[str, Json]]

    def freeze(self, folder: Path, content: bytes, *, file: str, name: str, version: str) -> ReferenceSet:
        """Check a table that holds one entry and freeze it. Raises `InputRefused` as `read` does, and for several."""
        found = self._only(text_of(content, name=file), file)
        facts: dict[str, Json] = {self.word: found.name, f"{self.word}_version": found.version}
        facts |= {**self.more(found), "content_sha256": found.sha256}
        return freeze_files(folder, {self.table: content}, kind=self.kind, name=name, version=version, facts=facts)

    def open(self, folder: Path) -> E:
        """Open a frozen entry; every byte is checked."""
        reference = open_reference(folder, kind=self.kind)
        return self._only(text_of(reference.path(self.table).read_bytes(), name=self.table), self.table)

    def _only(self, text: str, file: str) -> E:
        found = self.read(text, file)
        if len(found) != 1:
            raise InputRefused(
                f"The table holds the {self.word}s {', '.join(sorted(found))}.",
                file=file,
                remedy=f"Propose one {self.word} at a time.",
            )
        return next(iter(found.values()))
