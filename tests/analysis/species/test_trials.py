"""The trials a set is calibrated by: which records, at which lengths, and what each of them says."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.inputs import no_progress
from analysis.species.calibrate import _lengths_of, _trials, trial_of
from analysis.species.choosing import tried
from analysis.species.library import Library, library_build
from analysis.species.records import Record
from analysis.species.search import LeftOut, nearest
from analysis.species.synthetic import Design, barcodes
from analysis.species.within import Within


def by_genus(folder: Path, *, each: int, length: int = 500) -> Library:
    """Six species of three genera at one locus, whole records of one length."""
    made = barcodes([f"{genus} {name}" for genus in ("Aus", "Bus", "Cus") for name in ("albus", "niger")], seed=7,
                    design=Design(each=each, length=length, within=0.01))  # fmt: skip
    records = [
        Record(accession=one.accession, name=one.species, species=one.species, locus="COI", sequence=bases)
        for one, bases in ((one, one.sequence.encode()) for one in made)
    ]
    return library_build(folder, records, name="s", version="1")[0]


@pytest.mark.parametrize(
    ("length", "lengths"), [(500, [450, 300, 200, 150, 100, 60]), (640, [576, 400, 300, 200, 150, 100, 60]), (80, [72])]
)
def test_a_locus_is_calibrated_at_nine_tenths_of_its_length_and_at_lengths_well_below(
    length: int, lengths: list[int], tmp_path: Path
) -> None:
    assert _lengths_of(by_genus(tmp_path / "set", each=1, length=length), 0) == lengths


def test_one_record_of_each_species_is_tried_before_the_second_of_any(tmp_path: Path) -> None:
    library = by_genus(tmp_path / "set", each=4)
    few = [one.species for one in _trials(library, 0, 0, 6, no_progress)]
    assert sorted(few) == list(range(6))
    more = [one.species for one in _trials(library, 0, 0, 9, no_progress)]
    assert more[:6] == few
    assert len({one.record for one in _trials(library, 0, 0, 24, no_progress)}) == 24


@pytest.mark.parametrize("length", [60, 150])
def test_a_fragment_has_as_many_bases_as_the_rule_it_is_tried_for(length: int, tmp_path: Path) -> None:
    """Every distance is a number of edits in that many bases: times the length it is whole."""
    library = by_genus(tmp_path / "set", each=3)
    distances = [d for one in _trials(library, 0, length, 18, no_progress) for d, _species in one.with_own]
    assert len({round(distance * length) for distance in distances}) > 5
    assert [distance * length for distance in distances] == pytest.approx([round(d * length) for d in distances])


def test_a_species_of_one_record_has_none_left_when_it_is_taken_out(tmp_path: Path) -> None:
    single, several = by_genus(tmp_path / "one", each=1), by_genus(tmp_path / "two", each=2)
    for library, is_left in ((single, False), (several, True)):
        one = tried(library, trial_of(library, 0, 0), Within(library.sequence))
        assert (one.left_out is not None) is is_left
        assert one.hidden is not None
        assert all(species != one.species for _, species in one.hidden.pairs)


def test_a_sequence_is_hidden_when_all_of_its_records_are_left_out(tmp_path: Path) -> None:
    """One sequence under two names: leaving out one name's record leaves the other's to be found."""
    one, other = (
        made.sequence.encode() for made in barcodes(["Aus albus", "Bus niger"], seed=3, design=Design(each=1))
    )
    rows = (("A1", "Aus albus", one), ("A2", "Aus niger", one), ("B1", "Bus niger", other))
    records = [
        Record(accession=accession, name=name, species=name, locus="COI", sequence=bases)
        for accession, name, bases in rows
    ]
    library, _ = library_build(tmp_path / "set", records, name="s", version="1")
    first, second = (library.record_number(accession) for accession in ("A1", "A2"))
    shared = int(library.record_sequence[first])

    def found(*left_out: int) -> bool:
        hidden = LeftOut(records=frozenset(left_out))
        return any(near.sequence == shared for near in nearest(library, one, out=hidden))

    assert (found(), found(first), found(second), found(first, second)) == (True, True, True, False)
    names = [library.species_number(name) for name in ("Aus albus", "Aus niger")]
    hidden = LeftOut(species=frozenset(number for number in names if number is not None))
    assert all(near.sequence != shared for near in nearest(library, one, out=hidden))
