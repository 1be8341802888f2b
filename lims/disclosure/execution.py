"""Composing a disclosure pack: reads only. Files stream from the vault into one signed BagIt archive."""

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from analysis.inputs import Progress
from chain_of_custody.core.canonical import Json
from chain_of_custody.core.checkpoint import checkpoint_open
from chain_of_custody.core.export import export_chunks
from chain_of_custody.core.note import SignerKey, note_sign
from chain_of_custody.core.pack import CUSTODY_PATH, Source, pack_write
from chain_of_custody.core.page import verifier_files
from chain_of_custody.models import StoredFile
from chain_of_custody.selectors import Export, export_open
from chain_of_custody.vault.services import store_current
from lims.casework.selectors.laboratory import laboratory_get
from lims.common.errors import Unavailable
from lims.disclosure.certificates import certificates_render
from lims.disclosure.models import DisclosurePack
from lims.disclosure.rules import report_tells
from lims.disclosure.selectors.contents import PackContents, pack_contents
from lims.documents.data.disclosure import PackFile, PackIndexData, WithheldMaterial
from lims.documents.data.parts import Contact
from lims.documents.render import pack_index_render
from lims.lab.selectors.marks import document_marks
from lims.lab.selectors.report_data import laboratory

_WAIT_SECONDS = 60
ARCHIVE_NOTE = "spoor-pack-archive/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """One payload file: path in the pack, bytes, SHA-256."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltPack:
    """The archive on disk and what is recorded of it."""

    path: Path
    signature: bytes
    contents: tuple[Packed, ...]
    tagmanifest: str
    checkpoint_size: int


def pack_compose(pack: DisclosurePack, folder: Path, progress: Progress) -> BuiltPack:
    """Write the pack of a request into `folder`.

    Raises:
        Unavailable: the log has not taken in the case's last acts within a minute.
        DigestMismatch: a stored file is not what was handed in; the pack is not made.
        PackRefused: a path that no pack may hold.
    """
    signer = _signer()
    contents = pack_contents(pack)
    if contents.telling:
        number, *fields = contents.telling[0]
        raise report_tells(number, fields)
    progress(0.05, "waiting for the log")
    export = _settled_export(contents, progress)
    progress(0.2, "custody history")
    custody = folder / "custody.jsonl"
    with custody.open("wb") as target:
        # The end of the history is signed with the pack's key, so the file names that key beside the log's.
        header = replace(export.header, keys=(*export.header.keys, signer.verifier))
        for chunk in export_chunks(header, export.rows, signer=signer):
            target.write(chunk)
    files: list[tuple[str, Source]] = [(one.path, _stream(one.file)) for one in contents.files]
    files += [(CUSTODY_PATH, custody), ("data/schedule-withheld.json", _schedule(contents))]
    files += [*_verifier(), *_certificates(pack, contents)]
    files.append(("data/index.pdf", _index(pack, contents)))
    progress(0.4, "writing the archive")
    archive = folder / f"{pack.reference}.zip"
    with archive.open("wb") as out:
        summary = pack_write(out, reference=pack.reference, files=files, signer=signer, info=_info(pack))
    digest = _digest(archive)
    progress(0.95, "signing")
    note = note_sign(f"{ARCHIVE_NOTE}\n{pack.reference}\n{digest}\n", signer)
    return BuiltPack(
        path=archive,
        signature=note,
        contents=tuple(_listed(contents, custody)),
        tagmanifest=summary.tagmanifest,
        checkpoint_size=checkpoint_open(export.header.checkpoint, *export.header.keys)[0].size,
    )


def _settled_export(contents: PackContents, progress: Progress) -> Export:
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        export = export_open(
            items=contents.items, others=contents.streams, reveal=lambda field: field not in contents.fields
        )
        if not export.waiting:
            return export
        if time.monotonic() > deadline:
            raise Unavailable(
                "The log has not taken in the last acts yet. Check the sequencer, then order the pack again."
            )
        progress(0.1, "waiting for the log")
        time.sleep(0.5)


def _signer() -> SignerKey:
    path = Path(settings.SPOOR_PACK_KEY_FILE)
    try:
        return SignerKey.parse(path.read_text(encoding="ascii").strip())
    except OSError as error:
        raise Unavailable(
            f"The key that signs packs cannot be read ({error.strerror}). Set SPOOR_PACK_KEY_FILE."
        ) from error


def _stream(file: StoredFile) -> Iterator[bytes]:
    with store_current().open(file.digest, version=file.store_version) as chunks:
        yield from chunks


def _schedule(contents: PackContents) -> bytes:
    lines: list[Json] = [
        {
            "kind": line.kind,
            "field": line.field,
            "subject": str(line.subject) if line.subject else None,
            "description": line.description,
            "rule": line.rule,
            "decided_by": line.decided_by,
        }
        for line in contents.withheld
    ]
    body: dict[str, Json] = {"withheld": lines, "note": _SEARCHED} if lines else {"withheld": lines}
    return json.dumps(body, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


_SEARCHED = (
    "Reports and names of files were searched for the withheld values; a file whose name held one stands here as "
    "name-withheld. What is inside raw and result files and photographs was not searched."
)


def _verifier() -> list[tuple[str, Source]]:
    """The verifier twice: as one page without network, and as source for `python -m chain_of_custody.core verify`."""
    files: list[tuple[str, Source]] = [(f"data/verifier/{path}", data) for path, data in verifier_files()]
    return [*files, ("data/verifier/README.txt", _VERIFIER_README)]


_VERIFIER_README = b"""How to check this pack without the laboratory
=============================================

In a browser: open verify.html (from this folder, or a copy you got elsewhere), paste the two keys,
drop the pack on the page. It needs no network and no installation.

With Python 3.11 or newer and the package "cryptography" (pip install cryptography):
unpack the archive, open a terminal in this folder (verifier) and run

    python -m chain_of_custody.core verify PATH/TO/THE/PACK.zip --key LOG-KEY --key PACK-KEY

The two keys are published by the laboratory; ask for them on another way than the pack.
Without --key the program can only say that the pack agrees with itself.
Exit code 0: passed, 2: cannot tell, 1: failed, with the file or entry that fails.
You may take the same program from the project's public source instead of this copy.
"""


def _certificates(pack: DisclosurePack, contents: PackContents) -> list[tuple[str, Source]]:
    return [(f"data/certificates/{name}.pdf", pdf) for name, pdf in certificates_render(pack, contents)]


def _index(pack: DisclosurePack, contents: PackContents) -> bytes:
    request = pack.request
    data = PackIndexData(
        language="en",
        number=pack.reference,
        released_at=timezone.localtime(),
        released_by="" if "actor.name" in contents.fields else pack.ordered_by.name,
        laboratory=laboratory(),
        recipient=Contact(name=request.requested_by.party.name),
        marks=document_marks(synthetic=pack.case.synthetic),
        case_reference=pack.case.reference,
        request_reference=request.reference,
        legal_basis=request.legal_basis,
        scope=request.scope,
        files=tuple(
            PackFile(path=one.path, size=one.file.size, sha256=one.file.digest, description=one.description)
            for one in contents.files
        ),
        withheld=tuple(
            WithheldMaterial(
                reference=line.field or str(line.subject or ""),
                description=line.description,
                ground=line.rule,
                decided_by=line.decided_by,
            )
            for line in contents.withheld
        ),
        earlier_packs=contents.earlier,
        verification=("python -m chain_of_custody.core verify PACK.zip --key LOG-KEY --key PACK-KEY",),
    )
    return pack_index_render(data)


def _info(pack: DisclosurePack) -> dict[str, str]:
    store = store_current()
    return {
        "Source-Organization": laboratory_get().name or "Spoor",
        "Bagging-Date": timezone.localdate().isoformat(),
        "External-Description": f"Disclosure pack for {pack.request.reference}"
        + (" - SYNTHETIC, not evidence" if pack.case.synthetic else ""),
        "Spoor-Evidence-Store": store.name,
    }


def _listed(contents: PackContents, custody: Path) -> Sequence[Packed]:
    rows = [Packed(path=one.path, size=one.file.size, sha256=one.file.digest) for one in contents.files]
    rows.append(Packed(path=CUSTODY_PATH, size=custody.stat().st_size, sha256=_digest(custody)))
    return sorted(rows, key=lambda row: row.path)


def _digest(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
