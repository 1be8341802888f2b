"""Small rules of a set: the spread inside a species, the barcode gap, genera of names, synonyms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.outcome import Identification
from analysis.species.decide import Decision
from analysis.species.evidence import by_species
from analysis.species.identify import Gap, _caveats
from analysis.species.library import _genus_of, library_build
from analysis.species.missing import species_held
from analysis.species.records import Record, taxonomy_read
from analysis.species.search import nearest
from analysis.species.synthetic import Design, barcodes
from analysis.species.within import Within, within_largest

PLAIN = b"ACGT" * 25
FOUR = b"TTTTT" + PLAIN[5:]
"""Four bases of a hundred are others: A, C, G and A; the T stays."""
MANY = b"T" * 40 + PLAIN[40:]


def sequences(place: int) -> list[bytes]:
    """32 sequences of one species: the 31st differs much, the one at `place` in four bases, the others not at all."""
    found = [PLAIN] * 32
    found[place], found[30] = FOUR, MANY
    return found


@pytest.mark.parametrize("place", [0, 15, 29])
def test_the_first_thirty_sequences_of_a_species_say_how_it_varies(place: int) -> None:
    assert Within(sequences(place).__getitem__).largest(range(32)) == pytest.approx(0.04)


def test_records_of_one_sequence_are_compared_once_and_a_single_record_says_nothing() -> None:
    inside = Within([PLAIN, FOUR].__getitem__)
    assert inside.largest([0, 0, 0]) == 0.0
    assert inside.largest([0, 0, 1]) == pytest.approx(0.04)
    assert inside.largest([1]) is None


def test_the_spread_is_that_of_a_species_at_a_locus() -> None:
    """Two records of species 0 at locus 0 and one at locus 1, one record of species 1."""
    record_sequence = np.array([0, 1, 2, 2])
    found = within_largest([PLAIN, FOUR, MANY], record_sequence, np.array([0, 0, 0, 1]), np.array([0, 0, 1, 0]))
    assert found[0, 0] == pytest.approx(0.04)
    assert np.isnan([found[0, 1], found[1, 0], found[1, 1]]).all()


@pytest.mark.parametrize(
    ("within", "between", "gap"), [(0.01, 0.04, 0.03), (None, 0.04, None), (0.01, None, None), (0.0, 0.0, 0.0)]
)
def test_the_barcode_gap_needs_both_of_its_distances(
    within: float | None, between: float | None, gap: float | None
) -> None:
    found = Gap(within=within, between=between, records=2).value
    assert found is None if gap is None else found == pytest.approx(gap)


@pytest.mark.parametrize(
    ("name", "genus"),
    [
        ("Aus albus", "Aus"),
        ("Aus sp. 1", "Aus"),
        ("Aus albus x Aus niger", "Aus"),
        ("Aus albus x Bus niger", None),
        ("uncultured fish", None),
    ],
)
def test_the_first_word_is_the_genus_but_of_hybrids_between_genera(name: str, genus: str | None) -> None:
    assert _genus_of(name) == genus


def test_a_name_listed_as_its_own_synonym_counts_once() -> None:
    counted = {("Aus albus", "COI"): 2, ("Aus vetus", "COI"): 1}
    (held,) = species_held(["Aus albus"], counted, synonyms={"Aus albus": {"Aus albus", "Aus vetus"}})
    assert (held.records, held.under) == (3, "Aus vetus")


@pytest.mark.parametrize(
    ("name", "alone", "missing"),
    [("Aus albus", True, "Aus ruber"), ("Aus niger", False, "Aus ruber"), ("Bus albus", True, "")],
)
def test_a_species_of_one_record_and_congeners_without_any_stand_in_the_caveats(
    tmp_path: Path, name: str, alone: bool, missing: str
) -> None:
    table = tmp_path / "taxa.tsv"
    table.write_text("species\tgenus\nAus ruber\tAus\n")
    made = barcodes(["Aus albus", "Aus niger", "Bus albus"], seed=4, design=Design(each=2))
    records = [
        Record(accession=one.accession, name=one.species, species=one.species, locus="COI", sequence=bases)
        for place, one in enumerate(made)
        if place not in {1, 5} and (bases := one.sequence.encode())
    ]
    library, _ = library_build(tmp_path / "set", records, name="s", version="1", taxonomy=taxonomy_read(table))
    query = next(one.sequence for one in made if one.species == name).encode()
    ranked = by_species(library, query, nearest(library, query))
    told = _caveats(library, len(query), Decision(outcome=Identification.SPECIES, taxon=name), ranked, None)
    assert any(text.startswith(f"The set has one record of {name}:") for text in told) is alone
    assert [text for text in told if text.startswith("No reference at COI for")] == (
        [f"No reference at COI for {missing} of the same genus."] if missing else []
    )
