"""Files stored by the tests, and where their bytes and entries are."""

import io
from pathlib import Path
from typing import Any

from chain_of_custody.core.entry import entry_parse
from chain_of_custody.models import Entry, StoredFile
from chain_of_custody.services import StreamKey
from chain_of_custody.vault.services import (
    file_store,
)
from tests.chain_of_custody.builders import Person


def store_abc(ada: Person, about: StreamKey, content: bytes = b"abc", **more: Any) -> StoredFile:
    """A small trace, stored."""
    facts = {"name": "trace.ab1", "media_type": "application/x-abif", "role": "trace"} | more
    return file_store(actor=ada.actor, stream=about, source=io.BytesIO(content), **facts)


def last_entry(about: StreamKey) -> Any:
    """The newest entry of the stream, parsed."""
    return entry_parse(bytes(Entry.objects.filter(stream__uuid=about.id).latest("sequence").canonical))


def object_of(vault: Path, digest: str) -> Path:
    """Where the file store keeps these bytes."""
    return vault / "sha256" / digest[:2] / digest
