"""What names a genus, what a record too short is, and what a declared species is answered: limits to the letter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analysis.outcome import Identification
from analysis.species.calibration import Calibration
from analysis.species.curate import _length
from analysis.species.decide import Decision
from analysis.species.declared import declared_compare
from analysis.species.evidence import by_species
from analysis.species.library import Library, library_build
from analysis.species.partial import is_short
from analysis.species.records import Record
from analysis.species.rules import names_rank
from analysis.species.search import Near, nearest
from analysis.species.synthetic import Barcode, Design, barcodes


@pytest.mark.parametrize(
    ("ranked", "named"),
    [
        ([(0.05, "Aus")], True),
        ([(0.051, "Aus")], False),
        ([(0.01, "Aus"), (0.02, "Bus")], True),
        ([(0.01, "Aus"), (0.019, "Bus")], False),
        ([(0.01, "? Aus albus"), (0.3, "Bus")], False),
        ([], False),
    ],
)
def test_a_genus_is_named_within_its_distance_and_a_gap_nearer_than_any_other(
    ranked: list[tuple[float, str]], named: bool
) -> None:
    assert names_rank(ranked, 0.05, 0.01) is named


def test_of_two_genera_equally_near_none_is_named_whatever_gap_is_asked_for() -> None:
    assert not names_rank([(0.01, "Aus"), (0.01, "Bus")], 0.05, 0.0)


def test_a_record_that_covers_half_is_not_short() -> None:
    half = Near(0, edits=0, overlap=300, reverse=False, offset=0, start=0, end=300, gapless=True)
    assert not is_short(half, 600)
    assert is_short(half, 601)


def test_three_quarters_of_the_locus_are_long_enough() -> None:
    assert not list(_length(75, 100.0))
    assert [code for code, _ in _length(74, 100.0)] == ["too-short"]


@pytest.mark.parametrize(
    ("own", "other", "answer"),
    [
        (0.06, 0.02, "excluded"),
        (0.05, 0.02, "not_resolved"),
        (0.06, 0.07, "not_resolved"),
        (0.06, 0.06, "not_resolved"),
    ],
)
def test_a_declared_species_is_excluded_beyond_its_distance_where_another_is_nearer(
    calibrated: tuple[Library, Calibration], individuals: list[Barcode], own: float, other: float, answer: str
) -> None:
    library, calibration = calibrated
    local = replace(calibration.loci[0], exclusion_distance=0.05)
    query = individuals[0].sequence.encode()
    found = by_species(library, query, nearest(library, query))[0]
    declared, beside = (library.species_number(name) for name in ("Aus albus", "Bus niger"))
    assert declared is not None
    assert beside is not None
    ranked = sorted([found._replace(species=beside, distance=other), found._replace(species=declared, distance=own)],
                    key=lambda one: one.distance)  # fmt: skip
    nothing = Decision(outcome=Identification.INCONCLUSIVE, taxon=None)
    assert declared_compare(library, query, "Aus_albus", nothing, ranked, local).answer == answer


def test_each_species_stands_by_the_nearest_of_its_records(tmp_path: Path) -> None:
    """Distances counted base by base: these sequences are of one length and differ by substitutions alone."""
    made = barcodes(["Aus albus", "Aus niger", "Bus albus"], seed=8, design=Design(within=0.02, each=6))
    records = [
        Record(accession=one.accession, name=one.species, species=one.species, locus="COI", sequence=bases)
        for one, bases in ((one, one.sequence.encode()) for one in made[1:])
    ]
    library, _ = library_build(tmp_path / "set", records, name="s", version="1")
    query = made[0].sequence.encode()
    counted: dict[str, float] = {}
    for record in records:
        differ = sum(a != b for a, b in zip(query, record.sequence, strict=True)) / len(query)
        counted[record.species] = min(differ, counted.get(record.species, 1.0))
    ranked = by_species(library, query, nearest(library, query))
    found = {library.species[one.species].name: one.distance for one in ranked}
    assert list(found) == ["Aus albus", "Aus niger", "Bus albus"]
    assert found == pytest.approx(counted)
