"""The one door to the network, through Bio.Entrez: GenBank records by accession, and accessions by species and locus.

Only the command line comes here; everything else of `analysis` works on files. NCBI's rules are kept: an e-mail address
with every request, at most three requests a second (ten with a key; Bio.Entrez waits), many accessions a request,
tries that fail are repeated after a pause. What is fetched is kept as it came, so that an import can judge it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
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
_HEAD: Final = re.compile(r"^# (\S+ \S+) \| (.+): ([0-9]+) on the server, ([0-9]+) listed$")
_RENAME: Final = "Give another name."
_VERSION: Final = re.compile(rb"^VERSION\s+(\S+)", re.MULTILINE)
_END: Final = b"\n//\n"


_GENES: Final[Mapping[str, tuple[str, ...]]] = {
    "COI": ("COI", "COX1", "CO1", "cytochrome c oxidase subunit I", "cytochrome oxidase subunit I"),
    "cytb": ("cytb", "CYTB", "cob", "cytochrome b"),
    "12S": ("12S", "12S ribosomal RNA", "rrnS"),
    "16S": ("16S", "16S ribosomal RNA", "rrnL"),
    "rbcL": ("rbcL",),
    "matK": ("matK",),
}
"""What records call a locus, in the words NCBI's search finds them by."""
_SPECIES: Final = re.compile(r"^[A-Z][a-zë-]+ [a-zéëïöü-]+$")
_LOCUS: Final = re.compile(r"^[A-Za-z0-9][A-Za-z0-9 -]{0,29}$")
_SHORTEST, _LONGEST = 100, 25_000
"""Bases of the records looked for: a barcode to a whole mitochondrion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What the server has of a species at a locus: how many records, and the accessions of the first of them."""

    species: str
    locus: str
    total: int
    accessions: tuple[str, ...]


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
    _email_check(email)
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


def search(
    pairs: Sequence[tuple[str, str]],
    out: Path,
    *,
    most: int,
    email: str,
    key: str | None = None,
    server: str = SERVER,
    progress: Progress = no_progress,
) -> tuple[Proposed, ...]:
    """Accessions of each species and locus, `most` of each, appended to `out` as a list that `accessions_read` takes.

    A pair that the file tells of is not asked for again, so that a run which broke off goes on. Raises `InputRefused`
    without a usable e-mail address, for a name that is no species or no locus, and where the server cannot be reached.
    """
    _email_check(email)
    pairs_check(pairs)
    known = {(one.species, one.locus): one for one in _searched(out)}
    with _session(email, key, server):
        for done, (species, locus) in enumerate(pairs):
            progress(done / len(pairs), f"{species}, {locus}")
            if (species, locus) not in known:
                found = _looked_for(species, locus, most)
                with out.open("a", encoding="utf-8") as target:
                    target.write(_told(found))
                known[species, locus] = found
    progress(1.0, f"{len(pairs)} searches")
    return tuple(known[pair] for pair in pairs)


def _email_check(email: str) -> None:
    if not _EMAIL.match(email):
        raise InputRefused(f"«{email}» is no e-mail address.", field="email", remedy="NCBI asks for one: give yours.")


def pairs_check(pairs: Sequence[tuple[str, str]]) -> None:
    """Raises `InputRefused` for a name that is no species or no locus: the server would read a command in it."""
    for species, locus in pairs:
        if not _SPECIES.fullmatch(species):
            raise InputRefused(
                f"«{species[:60]}» names no species.", field="species", remedy="Write genus and species."
            )
        if not _LOCUS.fullmatch(locus):
            raise InputRefused(
                f"«{locus[:60]}» is no locus.", field="locus", remedy="Write a name such as COI or trnL."
            )


def _told(found: Proposed) -> str:
    head = f"# {found.species} | {found.locus}: {found.total} on the server, {len(found.accessions)} listed\n"
    return head + "".join(f"{name}\t{found.species}\t{found.locus}\n" for name in found.accessions)


def _searched(out: Path) -> list[Proposed]:
    """What a file of an earlier run tells; a pair whose lines were broken off is cut away."""
    if not out.exists():
        return []
    with text_open(out) as source:
        text = source.read()
    found: list[Proposed] = []
    whole = 0
    for block in re.findall(r"^#[^#]*", text, re.MULTILINE):
        head, *lines = block.splitlines()
        told = _HEAD.match(head)
        if told is None or not block.endswith("\n") or len(lines) != int(told[4]):
            break
        whole += len(block)
        names = tuple(line.split("\t")[0] for line in lines)
        found.append(Proposed(species=told[1], locus=told[2], total=int(told[3]), accessions=names))
    if text and not found and not text.startswith("# "):
        raise InputRefused("The file to write to exists and is no list of a search.", file=out.name, remedy=_RENAME)
    with out.open("r+b") as target:
        target.truncate(len(text[:whole].encode()))
    return found


def _looked_for(species: str, locus: str, most: int) -> Proposed:
    names = _GENES.get(locus, (locus,))
    genes = " OR ".join(f'"{name}"[Gene] OR "{name}"[Title]' for name in names)
    term = f'"{species}"[Organism] AND ({genes}) AND {_SHORTEST}:{_LONGEST}[SLEN]'
    try:
        with (
            _reached(),
            Entrez.esearch(db="nuccore", term=term, idtype="acc", retmax=most, retmode="json") as answer,  # type: ignore[no-untyped-call]
        ):
            content = answer.read()
        told = json.loads(content)["esearchresult"]
        # Chains of structures («pdb|1ABC|A») stand among the records, too; they cannot be fetched as such.
        accessions = tuple(name for name in map(str, told["idlist"]) if _ACCESSION.fullmatch(name))[:most]
        total = int(told["count"])
    except _Unknown as error:
        raise _unreached("it refuses the search") from error
    except (ValueError, KeyError, TypeError) as error:
        raise _unreached(f"it sends {content[:60]!r}, no answer to a search") from error
    return Proposed(species=species, locus=locus, total=total, accessions=accessions)


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
        raise InputRefused("The file to write to exists and is no GenBank file.", file=out.name, remedy=_RENAME)
    whole = content.rfind(_END)
    whole = whole + len(_END) if whole >= 0 else 0
    if whole < len(content):
        with out.open("r+b") as target:
            target.truncate(whole)
    return _versions(content[:whole])


def _asked(accessions: Sequence[str]) -> bytes:
    """The records of some accessions as the server sends them; accessions it does not know are simply not there."""
    try:
        with (
            _reached(),
            Entrez.efetch(db="nuccore", id=",".join(accessions), rettype="gb", retmode="text") as answer,  # type: ignore[no-untyped-call]
        ):
            text = answer.read()
    except _Unknown:
        return b""
    content = (text if isinstance(text, bytes) else text.encode()).replace(b"\r\n", b"\n").strip()
    if not content:
        return b""
    content += b"\n"
    if not content.startswith(b"LOCUS"):
        raise _unreached(f"it sends {content[:60].decode(errors='replace')!r}, no GenBank record")
    if not content.endswith(_END):
        raise _unreached("its answer ends inside a record")
    return content.replace(b"\n//\n\n", _END)


class _Unknown(Exception):
    """NCBI's answer where it knows none of what was asked for: status 400."""


@contextmanager
def _reached() -> Iterator[None]:
    """A refused or failed request as an error of ours."""
    try:
        yield
    except HTTPError as error:
        if error.code == 400:
            raise _Unknown from error
        raise _unreached(f"it answers {error.code} {error.reason}") from error
    except (URLError, HTTPException, TimeoutError, OSError) as error:
        raise _unreached(str(getattr(error, "reason", error)) or type(error).__name__) from error


def _unreached(what: str) -> InputRefused:
    return InputRefused(
        f"The server cannot be asked: {what}.",
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
