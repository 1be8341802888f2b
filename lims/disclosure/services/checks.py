"""The verifier run on a pack as it stands in the store, with the laboratory's own keys."""

import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.core.errors import CoreError
from chain_of_custody.core.note import VerifierKey
from chain_of_custody.core.verify import Report, verify_file
from chain_of_custody.vault.services import file_open
from lims.accounts.actors import Actor, require
from lims.casework.selectors.access import case_scope
from lims.common.errors import NotFound
from lims.disclosure.models import DisclosurePack
from lims.lab.enums import JobState

KEPT_SECONDS = 3600
LARGEST = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class PackCheck:
    """What the verifier said about a pack, and when it was asked."""

    report: Report
    at: datetime


def own_keys() -> tuple[VerifierKey, ...]:
    """The public keys of this laboratory's log and packs, as it gives them away; no secret key is read."""
    return (*_parsed(Path(settings.SPOOR_LOG_VKEY_FILE)), *own_pack_keys())


def own_pack_keys() -> tuple[VerifierKey, ...]:
    """The key of this laboratory that signs packs: it counts for packs whatever it is named."""
    return _parsed(Path(settings.SPOOR_PACK_VKEY_FILE))


def _parsed(path: Path) -> tuple[VerifierKey, ...]:
    text = _text(path)
    return (VerifierKey.parse(text),) if text else ()


def pack_check(*, actor: Actor, pack: DisclosurePack, again: bool = False) -> PackCheck | None:
    """Verify the built archive; the answer for the same bytes is kept for an hour. None while there is no archive.

    Archives over 512 MB are not read for a page: the command line of the verifier does that.

    Raises:
        NotAllowed: without `pack.read` in the case.
        ObjectMissing: the store has lost the archive.
    """
    require(actor, "pack.read", case_scope(pack.case))
    if pack.file is None or pack.state != JobState.DONE or pack.file.size > LARGEST:
        return None
    key = f"pack_check:{pack.file.digest}"
    known = None if again else cache.get(key)
    if isinstance(known, PackCheck):
        return known
    check = PackCheck(report=_verified(actor, pack), at=timezone.now())
    cache.set(key, check, KEPT_SECONDS)
    return check


def _verified(actor: Actor, pack: DisclosurePack) -> Report:
    assert pack.file is not None  # noqa: S101 - asked by `pack_check`
    with tempfile.TemporaryDirectory(prefix="check-") as folder:
        path = Path(folder) / pack.file.name
        with file_open(actor=actor, file=pack.file) as chunks, path.open("wb") as target:
            for chunk in chunks:
                target.write(chunk)
        return verify_file(path, pinned=own_keys(), packs=own_pack_keys())


def signature_content(*, actor: Actor, pack: DisclosurePack) -> bytes:
    """The detached signature over the archive, checked against its digest.

    Raises:
        NotAllowed: without `pack.read` in the case.
        NotFound: the pack is not built yet.
    """
    require(actor, "pack.read", case_scope(pack.case))
    if pack.signature_file is None:
        raise NotFound(_("%(pack)s is not built yet.") % {"pack": pack.reference}, code="pack-not-built")
    with file_open(actor=actor, file=pack.signature_file) as chunks:
        return b"".join(chunks)


def keys_read(lines: str) -> tuple[VerifierKey, ...]:
    """Keys as a person pasted them, one a line.

    Raises:
        CoreError: a line that is no key.
    """
    return tuple(VerifierKey.parse(line.strip()) for line in lines.splitlines() if line.strip())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


__all__ = ["CoreError", "PackCheck", "keys_read", "own_keys", "own_pack_keys", "pack_check", "signature_content"]
