"""``python -m analysis species fetch``: GenBank records by a list of accessions, for a panel of one's own."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.species.entrez import SERVER, accessions_read, fetch
from analysis.species.texts import text_open
from analysis.terminal import progress_bar

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_fetch(questions: Subparsers) -> None:
    """Add the command that fetches records."""
    parser = questions.add_parser("fetch", help="GenBank records by accession: the one command that uses the network")
    parser.add_argument("accessions", type=Path, metavar="ACCESSIONS.txt", help="one accession a line")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.gb", help="continued where it exists")
    parser.add_argument("--email", required=True, help="yours: NCBI asks who is asking")
    parser.add_argument("--key-file", type=Path, metavar="FILE", help="file with an NCBI API key")
    parser.add_argument("--server", default=SERVER, metavar="URL", help="another server of the same interface")
    parser.set_defaults(run=run_fetch)


def run_fetch(parsed: argparse.Namespace) -> int:
    """Fetch what is not there yet; 1 where the server does not have an accession."""
    key = None
    if parsed.key_file:
        with text_open(parsed.key_file) as source:
            key = source.read().strip() or None
    found = fetch(
        accessions_read(parsed.accessions),
        parsed.out,
        email=parsed.email,
        key=key,
        server=parsed.server,
        progress=progress_bar(),
    )
    sys.stdout.write(f"{len(found.came)} records fetched, {len(found.kept)} were there, {len(found.missing)} missing\n")
    for accession in found.missing:
        sys.stdout.write(f"missing {accession}: the server does not have it\n")
    return 1 if found.missing else 0
