"""A server on loopback that answers as NCBI's efetch and esearch do, with five invented records."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

RECORD = """LOCUS       {name}                  60 bp    DNA     linear   VRT 01-JAN-2020
DEFINITION  {organism} cytochrome c oxidase subunit I (COX1) gene, partial cds; mitochondrial.
ACCESSION   {name}
VERSION     {name}.1
SOURCE      mitochondrion {organism}
  ORGANISM  {organism}
            Eukaryota; Metazoa.
FEATURES             Location/Qualifiers
     source          1..60
                     /organism="{organism}"
                     /specimen_voucher="MUS 1"
     CDS             1..60
                     /gene="COX1"
ORIGIN
        1 acgtacgtac gtacgtacgt acgtacgtac gtacgtacgt acgtacgtac gtacgtacgt
//
"""
KNOWN = {f"AB10000{n}": RECORD.format(name=f"AB10000{n}", organism=f"Aus {word}") for n, word in
         enumerate(("albus", "niger", "ruber", "flavus", "viridis"), start=1)}  # fmt: skip


@dataclass
class Server:
    """What was asked, and answers that stand in for NCBI's."""

    address: str
    asked: list[dict[str, str]] = field(default_factory=list)
    answers: list[tuple[int, str]] = field(default_factory=list)
    """Given first, in order, before the real ones."""


def searched(given: dict[str, str]) -> str:
    """What esearch answers in JSON: how many records of the organism, and the first of them."""
    found = [f"{name}.1" for name, text in KNOWN.items() if f'"{organism_of(text)}"[Organism]' in given["term"]]
    return json.dumps({"esearchresult": {"count": str(len(found)), "idlist": found[: int(given["retmax"])]}})


def organism_of(text: str) -> str:
    """The organism of a record."""
    return text.partition("ORGANISM  ")[2].partition("\n")[0]


@contextmanager
def serving() -> Iterator[Server]:
    """The server, until the block ends."""
    server = Server(address="")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(urlsplit(self.path).query)

        def do_POST(self) -> None:
            self.answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def answer(self, query: str) -> None:
            given = {key: values[0] for key, values in parse_qs(query).items()}
            server.asked.append(given | {"path": urlsplit(self.path).path})
            if "term" in given:
                self.tell(*(server.answers.pop(0) if server.answers else (200, searched(given))))
                return
            ids = [name.partition(".")[0] for name in given["id"].split(",")]
            status, text = 200, "\n".join(KNOWN[name] for name in ids if name in KNOWN)
            if server.answers:
                status, text = server.answers.pop(0)
            self.tell(status, text)

        def tell(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/plain")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_args: Any) -> None:
            """Nothing to the test's output."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.address = f"http://127.0.0.1:{http.server_port}/entrez/eutils/"
    thread = threading.Thread(target=http.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
