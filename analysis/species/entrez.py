"""The one door to the network: GenBank records by accession, through Bio.Entrez.

Only the command line comes here; everything else of `analysis` works on files. NCBI's rules are kept: an e-mail address
with every request, at most three requests a second (ten with a key; Bio.Entrez waits), many accessions a request,
tries that fail are repeated after a pause. What is fetched is kept as it came, so that an import can judge it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from Bio import Entrez

from analysis.errors import InputRefused
from analysis.inputs import Progress, no_progress
from analysis.species.texts import text_open

SERVER: Final = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/"
TOOL: Final = "spoor"
BATCH: Final = 100
TIMEOUT: Final = 60.0
_ACCESSION: Final = re.compile(r"^[A-Z]{1,6}_?[0-9]{5,12}(\.[0-9]+)?$")
_EMAIL: Final = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
_VERSION: Final = re.compile(rb"^VERSION\s+(\S+)", re.MULTILINE)
_END: Final = b"\n//\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What a run brought: accessions already there, those that came, and those the server does not have."""

    kept: tuple[str, ...]
    came: tuple[str, ...]
    missing: tuple[str, ...]


def accessions_read(path: Path) -> list[str]:
    """Accessions of a list, one a line (first column), each once, in order; «#» begins a comment.

    Raises `InputRefused` for what is no accession and for an empty list.
    """
    found: dict[str, None] = {}
    with text_open(path) as source:
        for row, line in enumerate(source, start=1):
            words = line.partition("#")[0].split()
            if not words or (row == 1 and words[0].lower() in {"accession", "id"}):
                continue
            accession = words[0].upper()
            if not _ACCESSION.match(accession):
                raise InputRefused(
                    f"«{words[0][:40]}» is no accession.",
                    file=path.name,
                    row=row,
                    field="accession",
                    remedy="Write one accession a line, such as NC_000845 or AY851612.1.",
                )
            found[accession] = None
    if not found:
        raise InputRefused("The list names no accession.", file=path.name, remedy="Write one accession a line.")
    return list(found)


def fetch(
    accessions: Sequence[str],
    out: Path,
    *,
    email: str,
    key: str | None = None,
    server: str = SERVER,
    batch: int = BATCH,
    progress: Progress = no_progress,
) -> Fetched:
    """Append the GenBank records of `accessions` to `out`; what the file already holds is not asked for again.

    A record the file holds in part, from a run that was broken off, is fetched anew. Raises `InputRefused` without a
    usable e-mail address, for a file that is no GenBank file, and where the server cannot be reached or sends
    something else; what was fetched before stays.
    """
    if not _EMAIL.match(email):
        raise InputRefused(f"«{email}» is no e-mail address.", field="email", remedy="NCBI asks for one: give yours.")
    have = _held(out)
    kept = [accession for accession in accessions if _is_among(accession, have)]
    wanted = [accession for accession in accessions if not _is_among(accession, have)]
    came: set[str] = set()
    with _session(email, key, server):
        for start in range(0, len(wanted), batch):
            progress(start / len(wanted), f"{start} of {len(wanted)} accessions asked for")
            content = _asked(wanted[start : start + batch])
            with out.open("ab") as target:
                target.write(content)
            came |= _versions(content)
    progress(1.0, f"{len(came)} records fetched")
    return Fetched(
        kept=tuple(kept),
        came=tuple(sorted(came)),
        missing=tuple(accession for accession in wanted if not _is_among(accession, came)),
    )


def _versions(content: bytes) -> set[str]:
    return {found.decode() for found in _VERSION.findall(content)}


def _is_among(accession: str, versions: set[str]) -> bool:
    """Whether an accession, with or without version, is among accessions with versions."""
    return accession in versions or ("." not in accession and any(v.partition(".")[0] == accession for v in versions))


def _held(out: Path) -> set[str]:
    """Accessions of the whole records of a file; a record that was broken off at its end is cut away."""
    if not out.exists():
        return set()
    try:
        content = out.read_bytes()
    except OSError as error:
        raise InputRefused(f"The file cannot be read: {error.strerror}.", file=out.name) from error
    if content and not content.startswith(b"LOCUS"):
        raise InputRefused(
            "The file to write to exists and is no GenBank file.", file=out.name, remedy="Give another name."
        )
    whole = content.rfind(_END)
    whole = whole + len(_END) if whole >= 0 else 0
    if whole < len(content):
        with out.open("r+b") as target:
            target.truncate(whole)
    return _versions(content[:whole])


def _asked(accessions: Sequence[str]) -> bytes:
    """The records of some accessions as the server sends them; accessions it does not know are simply not there."""
    try:
        with Entrez.efetch(db="nuccore", id=",".join(accessions), rettype="gb", retmode="text") as answer:  # type: ignore[no-untyped-call]
            text = answer.read()
    except HTTPError as error:
        if error.code == 400:  # NCBI's answer where it knows none of them
            return b""
        raise _unreached(f"it answers {error.code} {error.reason}") from error
    except (URLError, HTTPException, TimeoutError, OSError) as error:
        raise _unreached(str(getattr(error, "reason", error)) or type(error).__name__) from error
    content = (text if isinstance(text, bytes) else text.encode()).replace(b"\r\n", b"\n").strip()
    if not content:
        return b""
    content += b"\n"
    if not content.startswith(b"LOCUS"):
        raise _unreached(f"it sends {content[:60].decode(errors='replace')!r}, no GenBank record")
    if not content.endswith(_END):
        raise _unreached("its answer ends inside a record")
    return content.replace(b"\n//\n\n", _END)


def _unreached(what: str) -> InputRefused:
    return InputRefused(
        f"The records cannot be fetched: {what}.",
        remedy="Run the same command again later: what was fetched is kept.",
    )


@contextmanager
def _session(email: str, key: str | None, server: str) -> Iterator[None]:
    """Bio.Entrez set up for one run: who asks, and requests that end after a minute, sent to `server`."""
    entrez: Any = Entrez  # its settings are module attributes that begin as None
    before = (entrez.email, entrez.tool, entrez.api_key, entrez.urlopen)

    def opened(request: Request) -> Any:
        address = request.full_url.replace(SERVER, server if server.endswith("/") else f"{server}/", 1)
        return urlopen(Request(address, data=request.data, headers=dict(request.headers)), timeout=TIMEOUT)  # noqa: S310 – the address is NCBI's or the one given

    entrez.email, entrez.tool, entrez.api_key, entrez.urlopen = email, TOOL, key, opened
    try:
        yield
    finally:
        entrez.email, entrez.tool, entrez.api_key, entrez.urlopen = before
