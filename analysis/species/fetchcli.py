"""``species fetch`` and ``species search``: GenBank records by accession, and accessions by species, for a panel."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from analysis.errors import InputRefused
from analysis.species.entrez import SERVER, accessions_read, fetch, search
from analysis.species.missing import species_list_read
from analysis.species.texts import text_open
from analysis.terminal import progress_bar

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


MOST: Final = 5
"""Accessions of a species and locus that a search lists."""


def add_fetch(questions: Subparsers) -> None:
    """Add the commands that use the network."""
    parser = questions.add_parser("search", help="accessions of species at a locus, for «fetch»; uses the network")
    parser.add_argument("species", type=Path, metavar="SPECIES.txt", help="one species a line")
    parser.add_argument("--locus", action="append", required=True, metavar="NAME", help="such as COI; may be repeated")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.txt", help="continued where it exists")
    parser.add_argument("--most", type=int, default=MOST, metavar="N", help="accessions of each species and locus")
    _who(parser)
    parser.set_defaults(run=run_search)
    parser = questions.add_parser("fetch", help="GenBank records by accession; uses the network")
    parser.add_argument("accessions", type=Path, metavar="ACCESSIONS.txt", help="one accession a line")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.gb", help="continued where it exists")
    _who(parser)
    parser.set_defaults(run=run_fetch)


def _who(parser: argparse.ArgumentParser) -> None:
    """Who asks which server."""
    parser.add_argument("--email", required=True, help="yours: NCBI asks who is asking")
    parser.add_argument("--key-file", type=Path, metavar="FILE", help="file with an NCBI API key")
    parser.add_argument("--server", default=SERVER, metavar="URL", help="another server of the same interface")


def _key(parsed: argparse.Namespace) -> str | None:
    if not parsed.key_file:
        return None
    with text_open(parsed.key_file) as source:
        return source.read().strip() or None


def run_search(parsed: argparse.Namespace) -> int:
    """Look for what is not listed yet; 1 where the server has nothing of a species at a locus."""
    if parsed.most < 1:
        raise InputRefused("At least one accession must be asked for.", field="--most", remedy="Give 1 or more.")
    species = species_list_read(parsed.species)
    found = search(
        [(name, locus) for name in species for locus in dict.fromkeys(parsed.locus)],
        parsed.out,
        most=parsed.most,
        email=parsed.email,
        key=_key(parsed),
        server=parsed.server,
        progress=progress_bar(),
    )
    none = [one for one in found if not one.total]
    listed = sum(len(one.accessions) for one in found)
    sys.stdout.write(f"{listed} accessions listed in {parsed.out}\n")
    for one in none:
        sys.stdout.write(f"missing {one.species}, {one.locus}: the server has no record\n")
    return 1 if none else 0


def run_fetch(parsed: argparse.Namespace) -> int:
    """Fetch what is not there yet; 1 where the server does not have an accession."""
    found = fetch(
        accessions_read(parsed.accessions),
        parsed.out,
        email=parsed.email,
        key=_key(parsed),
        server=parsed.server,
        progress=progress_bar(),
    )
    sys.stdout.write(f"{len(found.came)} records fetched, {len(found.kept)} were there, {len(found.missing)} missing\n")
    for accession in found.missing:
        sys.stdout.write(f"missing {accession}: the server does not have it\n")
    return 1 if found.missing else 0
