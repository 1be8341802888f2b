"""Fetching by accession against a server of our own on loopback, which answers as NCBI's efetch does."""

from __future__ import annotations

import ast
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from Bio import Entrez, SeqIO

from analysis.__main__ import main
from analysis.errors import InputRefused
from analysis.species.entrez import accessions_read, fetch
from analysis.species.imports import import_files
from tests.conftest import ROOT

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


@pytest.fixture
def ncbi(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    # No waiting between requests and tries: the pauses are Bio.Entrez's own and take no part in what is tested.
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    server = Server(address="")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(urlsplit(self.path).query)

        def do_POST(self) -> None:
            self.answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def answer(self, query: str) -> None:
            given = {key: values[0] for key, values in parse_qs(query).items()}
            server.asked.append(given | {"path": urlsplit(self.path).path})
            ids = [name.partition(".")[0] for name in given["id"].split(",")]
            status, text = 200, "\n".join(KNOWN[name] for name in ids if name in KNOWN)
            if server.answers:
                status, text = server.answers.pop(0)
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
    yield server
    http.shutdown()
    thread.join()
    http.server_close()


def test_records_come_in_batches_with_who_is_asking(ncbi: Server, tmp_path: Path) -> None:
    out = tmp_path / "panel.gb"
    found = fetch(sorted(KNOWN), out, email="lab@example.org", key="k1", server=ncbi.address, batch=2)
    assert found.came == tuple(f"{name}.1" for name in sorted(KNOWN))
    assert [asked["id"].count(",") + 1 for asked in ncbi.asked] == [2, 2, 1]
    assert {(asked["email"], asked["tool"], asked["api_key"], asked["path"]) for asked in ncbi.asked} == {
        ("lab@example.org", "spoor", "k1", "/entrez/eutils/efetch.fcgi")
    }
    assert [record.id for record in SeqIO.parse(out, "genbank")] == list(found.came)
    assert Entrez.email is None
    taken = import_files([out])
    assert {(record.species, record.locus) for record in taken.records} >= {
        ("Aus albus", "COI"),
        ("Aus viridis", "COI"),
    }


def test_a_run_that_broke_off_goes_on_where_it_stopped(ncbi: Server, tmp_path: Path) -> None:
    out = tmp_path / "panel.gb"
    names = sorted(KNOWN)
    fetch(names[:2], out, email="lab@example.org", server=ncbi.address)
    with out.open("a") as target:
        target.write(KNOWN[names[2]][:200])
    ncbi.asked.clear()
    found = fetch(names, out, email="lab@example.org", server=ncbi.address)
    assert (found.kept, ncbi.asked[0]["id"]) == (tuple(names[:2]), ",".join(names[2:]))
    assert [record.id for record in SeqIO.parse(out, "genbank")] == [f"{name}.1" for name in names]
    ncbi.asked.clear()
    assert fetch(names, out, email="lab@example.org", server=ncbi.address).came == ()
    assert not ncbi.asked


def test_a_busy_server_is_asked_again_and_a_broken_answer_is_not_kept(ncbi: Server, tmp_path: Path) -> None:
    out = tmp_path / "panel.gb"
    names = sorted(KNOWN)
    ncbi.answers = [(429, "API rate limit exceeded")]
    assert len(fetch(names[:1], out, email="lab@example.org", server=ncbi.address).came) == 1
    before = out.read_bytes()
    for answer, said in (
        ((200, KNOWN[names[1]][:-30]), "ends inside a record"),
        ((200, "<html>"), "no GenBank record"),
    ):
        ncbi.answers = [answer]
        with pytest.raises(InputRefused, match=said):
            fetch(names[1:2], out, email="lab@example.org", server=ncbi.address)
        assert out.read_bytes() == before


def test_the_command_names_what_is_missing(ncbi: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text("accession\nAB100001.1\n# a comment\nZZ999999\tnot there\nab100002\n")
    command = ["species", "fetch", str(listed), "--out", str(tmp_path / "p.gb"), "--server", ncbi.address]
    assert main([*command, "--email", "lab@example.org"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "2 records fetched, 0 were there, 1 missing",
        "missing ZZ999999: the server does not have it",
    ]
    assert main([*command, "--email", "nobody"]) == 1
    assert "no e-mail address" in capsys.readouterr().err
    (tmp_path / "p.gb").write_text("mine")
    assert main([*command, "--email", "lab@example.org"]) == 1
    assert (tmp_path / "p.gb").read_text() == "mine"


@pytest.mark.parametrize(("text", "said"), [("", "names no accession"), ("AB100001\nhello world\n", "row 2")])
def test_lists_that_are_none_are_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "list.txt"
    path.write_text(text)
    with pytest.raises(InputRefused) as refused:
        accessions_read(path)
    assert said in str(refused.value)


def test_only_one_module_of_the_analyses_goes_out() -> None:
    going = set()
    for path in (ROOT / "analysis").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            if any(name.startswith(("Bio.Entrez", "urllib", "http", "socket")) for name in names):
                going.add(path.name)
    assert going == {"entrez.py"}
