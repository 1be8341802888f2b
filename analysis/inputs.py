"""What a method is given and what it hands back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from analysis.canonical import Json
from analysis.errors import InputRefused
from analysis.outcome import InputDigest, Outcome

Progress = Callable[[float, str], None]
"""Called with the share done (0–1) and a few words; may raise `analysis.errors.Cancelled`."""

_BLOCK = 1 << 20


def no_progress(_share: float, _words: str) -> None:
    """A `Progress` for callers that do not watch."""


def digest_file(path: Path) -> str:
    """SHA-256 of a file in constant memory, lower-case hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while block := source.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """A file given to a method. `role` is one of the method's documented roles."""

    role: str
    name: str
    path: Path
    sha256: str

    @classmethod
    def from_path(cls, role: str, path: Path) -> InputFile:
        """Take a file as it lies on disk; raises `InputRefused` where it cannot be read."""
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise InputRefused(
                "It is a pipe or a device, which can be read once only.",
                file=path.name,
                remedy="Write it to a file and name that.",
            )
        try:
            return cls(role=role, name=_shown(path.name), path=path, sha256=digest_file(path))
        except OSError as error:
            raise _unreadable(_shown(path.name), error) from error

    def read(self, *, limit: int) -> bytes:
        """The bytes of the file, checked against `sha256`.

        Raises `InputRefused` when the file is larger than `limit` bytes, cannot be read, or is not
        the file whose digest was taken.
        """
        try:
            with self.path.open("rb") as source:
                content = source.read(limit + 1)
        except OSError as error:
            raise _unreadable(self.name, error) from error
        if len(content) > limit:
            raise InputRefused(
                f"The file is larger than the {limit:,} bytes this method reads.",
                file=self.name,
                remedy="Split it, or check that it is the right file.",
            )
        found = hashlib.sha256(content).hexdigest()
        if found != self.sha256:
            raise InputRefused(
                f"The file's digest is {found[:16]}…, not the {self.sha256[:16]}… that was recorded.",
                file=self.name,
                remedy="The file changed since it was recorded; fetch the original again.",
            )
        return content

    @property
    def digest(self) -> InputDigest:
        """What an outcome keeps of this file."""
        return InputDigest(role=self.role, name=self.name, sha256=self.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInputs:
    """Everything a run may look at: files, parameters, the reference set's folder or file, the seed.

    `second_reference` is for a method that joins two kinds of reference.
    """

    files: tuple[InputFile, ...]
    parameters: Mapping[str, Json] = field(default_factory=dict)
    reference: Path | None = None
    second_reference: Path | None = None
    seed: int = 0

    def of_role(self, role: str) -> tuple[InputFile, ...]:
        """The files of one role, in the order given."""
        return tuple(file for file in self.files if file.role == role)

    def one(self, role: str) -> InputFile:
        """The only file of a role; raises `InputRefused` for none or several."""
        found = self.of_role(role)
        if len(found) != 1:
            raise InputRefused(
                f"Expected one file with the role «{role}», found {len(found)}.",
                field="files",
                remedy="Give exactly one.",
            )
        return found[0]

    def text(self, name: str) -> str | None:
        """A text parameter, stripped; `None` where absent or empty. Raises `InputRefused` for other types."""
        value = self.parameters.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise InputRefused(f"The parameter is {value!r}, not a text.", field=name, remedy="Give a text.")
        return value.strip() or None

    def real(self, name: str, default: float) -> float:
        """A number parameter. Raises `InputRefused` for other types."""
        value = self.parameters.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputRefused(f"The parameter is {value!r}.", field=name, remedy="Give a number.")
        return float(value)

    def whole(self, name: str, default: int) -> int:
        """A whole-number parameter. Raises `InputRefused` for other types."""
        value = self.parameters.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            raise InputRefused(f"The parameter is {value!r}.", field=name, remedy="Give a whole number.")
        return value

    def names(self, name: str) -> tuple[str, ...]:
        """A list of names, or one text with commas between them; empty where absent."""
        value = self.parameters.get(name)
        if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
            return tuple(str(one).strip() for one in value if str(one).strip())
        text = self.text(name)
        return tuple(part.strip() for part in text.split(",") if part.strip()) if text else ()

    def reference_folder(self, what: str) -> Path:
        """The folder of the frozen reference set; raises `InputRefused` where none was given."""
        return _folder(self.reference, "reference", what)

    def second_folder(self, what: str) -> Path:
        """The folder of the second reference set; raises `InputRefused` where none was given."""
        return _folder(self.second_reference, "second_reference", what)


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """A file a method made, for the vault or the disk."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """Outcomes (one per question answered) and the files that go with them."""

    outcomes: tuple[Outcome, ...]
    artefacts: tuple[Artefact, ...] = ()


def _folder(place: Path | None, field: str, what: str) -> Path:
    if place is None or not place.is_dir():
        raise InputRefused("No reference set was given.", field=field, remedy=f"Choose {what}.")
    return place


def _shown(name: str) -> str:
    """A file's name as text: bytes of it that are no UTF-8 as «?», since no result could be written with them."""
    return name.encode("utf-8", "replace").decode()


def _unreadable(name: str, error: OSError) -> InputRefused:
    return InputRefused(
        f"The file cannot be read: {error.strerror or error}.",
        file=name,
        remedy="Check the path and its permissions.",
    )
