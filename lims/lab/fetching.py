"""The one place of the application that lets a job out to the network: records by accession, accessions by species.

It is off until the laboratory names the e-mail address that NCBI asks for (`SPOOR_NCBI_EMAIL`). Accessions of public
records, names of species and loci go out, with that address; nothing of a case does.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from analysis.errors import InputRefused
from analysis.inputs import Progress
from analysis.species.entrez import BATCH, accessions_read, fetch, pairs_check, search
from lims.lab.models import RecordFetch

_LOCUS = re.compile(r"^LOCUS\s+\S+\s+([0-9]+) bp", re.MULTILINE)
_VERSION = re.compile(r"^VERSION\s+(\S+)", re.MULTILINE)
_ORGANISM = re.compile(r"^\s+ORGANISM\s+(.+)$", re.MULTILINE)
_END = "\n//\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedRecords:
    """What came: the file as the server sent it, and a row for each accession asked for."""

    content: bytes
    report: list[dict[str, Any]]


def accessions_of(text: str, *, scratch: Path) -> list[str]:
    """The accessions of a pasted or uploaded list, each once.

    Raises:
        InputRefused: a line is no accession (naming it), or there is none.
    """
    path = scratch / "accessions.txt"
    path.write_text(text, encoding="utf-8")
    return accessions_read(path)


def wanted_check(pairs: Sequence[tuple[str, str]]) -> None:
    """Whether a search can be asked for these species and loci.

    Raises:
        InputRefused: one is no two-word species, or no plain name of a locus.
    """
    pairs_check(pairs)


def partial_path(row: RecordFetch) -> Path:
    """Where what came so far is kept until the fetch is done; of this host."""
    return Path(settings.SPOOR_HOME) / "fetches" / f"{row.uuid}.{'txt' if row.wanted else 'gb'}"


def fetch_compute(row: RecordFetch, progress: Progress) -> FetchedRecords:
    """Fetch what is not there yet, going on where an earlier attempt stopped.

    Raises:
        InputRefused: the server cannot be reached or sends something else; what came is kept.
        Cancelled: what `progress` raises.
    """
    path = partial_path(row)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if row.wanted:
        return _searched(row, path, progress)
    found = fetch(
        row.accessions,
        path,
        email=settings.SPOOR_NCBI_EMAIL,
        key=_key(),
        server=settings.SPOOR_NCBI_SERVER,
        batch=BATCH,
        progress=progress,
    )
    content = path.read_bytes() if path.exists() else b""
    return FetchedRecords(content=content, report=_report(row.accessions, content.decode(), frozenset(found.kept)))


def _searched(row: RecordFetch, path: Path, progress: Progress) -> FetchedRecords:
    """Accessions of each species and locus that is wanted; no record."""
    found = search(
        [(species, locus) for species, locus in row.wanted],
        path,
        most=row.most,
        email=settings.SPOOR_NCBI_EMAIL,
        key=_key(),
        server=settings.SPOOR_NCBI_SERVER,
        progress=progress,
    )
    report = [
        {
            "species": one.species,
            "locus": one.locus,
            "state": "found" if one.total else "none",
            "total": one.total,
            "accessions": list(one.accessions),
        }
        for one in found
    ]
    return FetchedRecords(content=b"", report=report)


def _key() -> str | None:
    """The laboratory's NCBI key, from its file.

    Raises:
        InputRefused: the file is not there.
    """
    if not settings.SPOOR_NCBI_KEY_FILE:
        return None
    try:
        return Path(settings.SPOOR_NCBI_KEY_FILE).read_text(encoding="utf-8").strip() or None
    except OSError as error:
        raise InputRefused(
            f"The file with the NCBI key cannot be read: {error.strerror}.",
            file=settings.SPOOR_NCBI_KEY_FILE,
            remedy="Ask the administrator to check SPOOR_NCBI_KEY_FILE.",
        ) from error


def _report(asked: list[str], text: str, kept: frozenset[str]) -> list[dict[str, Any]]:
    """A row for each accession: came, was there from an earlier attempt, or is not known to the server."""
    records = [_record(piece) for piece in text.split(_END) if piece.strip()]
    versions = {one["version"]: one for one in records}
    plain = {version.partition(".")[0]: one for version, one in versions.items()}
    rows = []
    for accession in asked:
        one = versions.get(accession) or ({} if "." in accession else plain.get(accession, {}))
        state = "missing" if not one else "kept" if accession in kept else "came"
        rows.append({"accession": accession, "state": state, **one})
    return rows


def _record(text: str) -> dict[str, Any]:
    version, organism, length = _VERSION.search(text), _ORGANISM.search(text), _LOCUS.search(text)
    return {
        "version": version[1] if version else "",
        "organism": organism[1].strip() if organism else "",
        "bases": int(length[1]) if length else 0,
    }
