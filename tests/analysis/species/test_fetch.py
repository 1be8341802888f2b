"""Fetching by accession against a server of our own on loopback, which answers as NCBI's efetch does."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from Bio import Entrez, SeqIO

from analysis.__main__ import main
from analysis.errors import InputRefused
from analysis.species.entrez import accessions_read, fetch, search
from analysis.species.imports import import_files
from analysis.species.library import library_build
from analysis.species.missing import species_held
from analysis.species.records import Record
from tests.analysis.species.ncbi import KNOWN, Server, serving
from tests.conftest import ROOT


@pytest.fixture
def ncbi(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    # No waiting between requests and tries: the pauses are Bio.Entrez's own and take no part in what is tested.
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    with serving() as server:
        yield server


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


def test_accessions_are_looked_for_by_species_and_locus_and_can_be_fetched(ncbi: Server, tmp_path: Path) -> None:
    out = tmp_path / "found.txt"
    found = search(
        [("Aus albus", "COI"), ("Nobody knows", "COI")],
        out,
        most=3,
        email="lab@example.org",
        key="k1",
        server=ncbi.address,
    )
    assert [(one.species, one.total, one.accessions) for one in found] == [
        ("Aus albus", 1, ("AB100001.1",)),
        ("Nobody knows", 0, ()),
    ]
    first = ncbi.asked[0]
    assert (first["path"], first["db"], first["retmax"]) == ("/entrez/eutils/esearch.fcgi", "nuccore", "3")
    assert (first["email"], first["tool"], first["api_key"]) == ("lab@example.org", "spoor", "k1")
    assert first["term"].startswith('"Aus albus"[Organism] AND (')
    assert '"COX1"[Gene]' in first["term"]
    assert accessions_read(out) == ["AB100001.1"]


def test_chains_of_structures_are_not_listed(ncbi: Server, tmp_path: Path) -> None:
    told = {"count": "3", "idlist": ["pdb|1ABC|A", "AB100001.1\n", "AB100002.1"]}
    ncbi.answers = [(200, json.dumps({"esearchresult": told}))]
    (found,) = search([("Aus albus", "COI")], tmp_path / "f.txt", most=5, email="lab@example.org", server=ncbi.address)
    assert (found.total, found.accessions) == (3, ("AB100002.1",))


def test_a_search_that_broke_off_goes_on_and_keeps_nothing_half(ncbi: Server, tmp_path: Path) -> None:
    out = tmp_path / "found.txt"
    pairs = [(f"Aus {word}", "COI") for word in ("albus", "niger", "ruber")]
    ncbi.answers = [(200, "<html>")]
    with pytest.raises(InputRefused, match="no answer to a search"):
        search(pairs[:1], out, most=1, email="lab@example.org", server=ncbi.address)
    assert not out.exists()
    search(pairs[:2], out, most=1, email="lab@example.org", server=ncbi.address)
    whole = out.read_text()
    out.write_text(whole[:-12])  # in the middle of the second pair's accession
    ncbi.asked.clear()
    found = search(pairs, out, most=1, email="lab@example.org", server=ncbi.address)
    assert [one["term"].split('"')[1] for one in ncbi.asked] == ["Aus niger", "Aus ruber"]
    assert [one.accessions for one in found] == [("AB100001.1",), ("AB100002.1",), ("AB100003.1",)]
    assert out.read_text().startswith(whole)
    strange = tmp_path / "strange.txt"
    strange.write_text("AB100001\n")
    with pytest.raises(InputRefused, match="no list of a search"):
        search(pairs, strange, most=1, email="lab@example.org", server=ncbi.address)
    assert strange.read_text() == "AB100001\n"


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        (('Aus albus"[Organism] OR "x', "COI"), "names no species"),
        (("Aus", "COI"), "names no species"),
        (("Aus albus\n", "COI"), "names no species"),
        (("Aus albus", 'COI"[Gene] OR all[filter]'), "is no locus"),
    ],
    ids=["species", "genus", "line", "locus"],
)
def test_what_a_search_would_read_as_a_command_is_refused(
    pair: tuple[str, str], said: str, ncbi: Server, tmp_path: Path
) -> None:
    with pytest.raises(InputRefused, match=said):
        search([pair], tmp_path / "f.txt", most=1, email="lab@example.org", server=ncbi.address)
    assert not ncbi.asked


def test_the_commands_list_what_a_set_lacks_and_what_the_server_has(
    ncbi: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = Record(accession="A1", name="Aus albus", species="Aus albus", locus="COI", sequence=b"ACGTTGCA" * 20)
    library_build(tmp_path / "set", [own], name="s", version="1")
    wanted = tmp_path / "wanted.txt"
    wanted.write_text("species\nAus albus\nAus niger ater  # a subspecies\nPhantasma nullum\n")
    assert main(["species", "missing", str(tmp_path / "set"), "--species", str(wanted)]) == 0
    assert capsys.readouterr().out.splitlines() == ["species\tlocus", "Aus niger\tCOI", "Phantasma nullum\tCOI"]
    out = tmp_path / "found.txt"
    command = ["species", "search", str(wanted), "--locus", "COI", "--out", str(out), "--server", ncbi.address]
    assert main([*command, "--email", "lab@example.org"]) == 1
    assert "missing Phantasma nullum, COI: the server has no record" in capsys.readouterr().out
    assert accessions_read(out) == ["AB100001.1", "AB100002.1"]
    wanted.write_text("Aus\n")
    assert main([*command, "--email", "lab@example.org"]) == 1
    assert "wanted.txt" in (told := capsys.readouterr().err)
    assert "names no species" in told


def test_records_under_a_synonym_of_the_list_count() -> None:
    counted = {("Felis leo", "COI"): 2, ("Panthera onca", "COI"): 0, ("Panthera onca", "cytb"): 1}
    held = species_held(["Panthera leo", "Panthera onca"], counted, synonyms={"Panthera leo": {"Felis leo"}})
    assert [(one.species, one.locus, one.records, one.under) for one in held] == [
        ("Panthera leo", "COI", 2, "Felis leo"),
        ("Panthera leo", "cytb", 0, ""),
        ("Panthera onca", "COI", 0, ""),
        ("Panthera onca", "cytb", 1, ""),
    ]
