"""Diagnostic sites, from sequences small enough to look at; and what the record says of names and of sureness."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from analysis.species.bases import reverse_complement
from analysis.species.characters import Characters, characters_check, characters_of
from analysis.species.library import Library, library_build
from analysis.species.records import Record, Taxonomy, taxonomy_read
from analysis.species.report import taxonomy_json

BASE = "".join(random.Random(4).choices("ACGT", k=300))
"""The sequence the others are changed from, letter by letter."""


def changed(*places: tuple[int, str], of: str = BASE) -> str:
    """The sequence with letters put at places counted from 1."""
    letters = list(of)
    for place, letter in places:
        assert letters[place - 1] != letter, "a change has to change something"
        letters[place - 1] = letter
    return "".join(letters)


def other(place: int, *, nth: int = 0) -> str:
    """A letter that the base sequence does not have at a place."""
    return [letter for letter in "ACGT" if letter != BASE[place - 1]][nth]


def record(accession: str, species: str, sequence: str) -> Record:
    return Record(
        accession=accession,
        name=species,
        species=species,
        locus="COI",
        sequence=sequence.encode(),
        verified=True,
        note="",
    )


def built(folder: Path, records: list[Record], taxonomy: Taxonomy | None = None) -> Library:
    library, _report = library_build(folder, records, name="small", version="1", taxonomy=taxonomy)
    return library


def found(library: Library, query: str, species: str = "Aus albus") -> Characters:
    number = library.species_number(species)
    assert number is not None
    characters = characters_of(library, query.encode(), number, 0)
    assert characters is not None
    return characters


@pytest.fixture
def genus(tmp_path: Path) -> Library:
    """Aus albus differs at 100 and 150 from both others; at 200 one of the others has its base, at 250 its own vary."""
    niger = changed((100, other(100)), (150, other(150)), (250, other(250)))
    ruber = changed((100, other(100, nth=1)), (150, other(150)), (200, other(200)), (250, other(250)))
    records = [
        record("A1", "Aus albus", BASE),
        record("A2", "Aus albus", changed((250, other(250, nth=1)))),
        record("N1", "Aus niger", niger),
        record("R1", "Aus ruber", ruber),
        record("X1", "Bus unus", changed(*((place, other(place)) for place in range(20, 280, 13)))),
    ]
    return built(tmp_path / "set", records)


def test_only_sites_fixed_inside_and_absent_outside_are_diagnostic(genus: Library) -> None:
    characters = found(genus, BASE)
    assert [site.position for site in characters.sites] == [100, 150]
    first = characters.sites[0]
    assert (first.species, first.query, first.agrees) == (BASE[99], BASE[99], True)
    assert set(first.congeners) == {other(100), other(100, nth=1)}
    assert (characters.own, characters.others, characters.congeners) == (2, 2, ("Aus niger", "Aus ruber"))
    assert characters_check(characters, "Aus albus").state == "passed"


def test_a_query_with_another_base_is_told_and_a_code_is_neither(genus: Library) -> None:
    told = characters_check(found(genus, changed((150, other(150)))), "Aus albus")
    assert (told.state, told.value) == ("warning", [150])
    assert "1 of 2" in told.text
    open_one = found(genus, changed((150, "N")))
    assert [site.agrees for site in open_one.sites] == [True, None]


def test_places_are_those_of_the_query_on_either_strand_and_in_a_piece(genus: Library) -> None:
    turned = found(genus, reverse_complement(BASE.encode()).decode())
    assert [site.position for site in turned.sites] == [300 - 150 + 1, 300 - 100 + 1]
    assert all(site.agrees for site in turned.sites)
    piece = found(genus, BASE[60:190])
    assert [site.position for site in piece.sites] == [40, 90]


def test_a_congener_that_does_not_reach_a_site_leaves_it_undecided(tmp_path: Path) -> None:
    records = [
        record("A1", "Aus albus", BASE),
        record("N1", "Aus niger", changed((100, other(100)), (250, other(250)))),
        record("R1", "Aus ruber", changed((100, other(100)))[:220]),
    ]
    assert [site.position for site in found(built(tmp_path / "set", records), BASE).sites] == [100]


def test_without_congeners_there_is_nothing_to_look_for(genus: Library) -> None:
    number = genus.species_number("Bus unus")
    assert number is not None
    assert characters_of(genus, BASE.encode(), number, 0) is None
    assert characters_check(None, "Bus unus").state == "not_done"
    assert "No species was named" in characters_check(None, None).text


def test_the_set_says_whose_names_it_uses(tmp_path: Path) -> None:
    table = tmp_path / "names.tsv"
    table.write_text("species\taccepted\nAus niger\tAus nigrescens\n")
    taxonomy = taxonomy_read(table)
    records = [record("A1", "Aus albus", BASE)]
    plain = taxonomy_json(built(tmp_path / "plain", records))
    assert (plain["name"], plain["tables"]) == (None, [])
    named = Taxonomy(
        species_of=taxonomy.species_of,
        ranks=taxonomy.ranks,
        accepted=taxonomy.accepted,
        tables=taxonomy.tables,
        name="Invented Checklist, 3rd edition",
    )
    told = taxonomy_json(built(tmp_path / "named", records, named))
    assert told["name"] == "Invented Checklist, 3rd edition"
    tables = told["tables"]
    assert isinstance(tables, list)
    assert isinstance(tables[0], dict)
    assert tables[0]["file"] == "names.tsv"
