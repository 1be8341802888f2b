"""A short record beside a longer one: weighed on its own stretch, said aloud, never passed over in silence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analysis.outcome import Identification
from analysis.species.calibrate import library_calibrate
from analysis.species.calibration import Calibration
from analysis.species.evidence import by_species
from analysis.species.identify import Identified, identify
from analysis.species.library import Library, library_build
from analysis.species.records import Record
from analysis.species.search import nearest
from analysis.species.synthetic import Barcode, Design, barcodes

SHORT, LONG = "Fus minor", "Fus maior"
STRETCH = slice(200, 400)


def changed(bases: str, places: range) -> str:
    """The sequence with another base at every place."""
    letters = list(bases)
    for at in places:
        letters[at] = {"A": "G", "G": "A", "C": "T", "T": "C"}[letters[at]]
    return "".join(letters)


@pytest.fixture(scope="module")
def animal() -> Barcode:
    return barcodes([SHORT], seed=5, design=Design(each=1))[0]


@pytest.fixture(scope="module")
def calibration(animal: Barcode, tmp_path_factory: pytest.TempPathFactory) -> Calibration:
    """A rule that would name the long record's species, were it alone: within 1 %, 0.3 % nearer than any other.

    The confidence asked for is so low that the distances alone decide.
    """
    folder = tmp_path_factory.mktemp("calibrated") / "set"
    library_build(folder, others(), name="s", version="1")
    made = library_calibrate(folder)[1]
    rule = replace(made.loci[0].species, distance=0.01, gap=0.003, confidence=0.001, group_confidence=0.001)
    loci = tuple(replace(local, species=rule) for local in made.loci)
    return replace(made, loci=loci)


def others() -> list[Record]:
    made = barcodes([f"Genus{place} albus" for place in range(40)], seed=6, design=Design(each=1))
    return [reference(one.species, one.sequence, one.accession) for one in made]


def reference(species: str, bases: str, accession: str) -> Record:
    return Record(accession=accession, name=species, species=species, locus="COI", sequence=bases.encode())


def built(folder: Path, animal: Barcode, differences: range, stretch: slice | None = STRETCH) -> Library:
    """A whole record that differs from the animal, and a stretch of the animal's own species unless that is None."""
    pair = [
        reference(LONG, changed(animal.sequence, differences), "whole"),
        *([reference(SHORT, animal.sequence[stretch], "part")] if stretch else []),
    ]
    return library_build(folder, pair, name="s", version="1")[0]


def caveats_on_short(found: Identified) -> list[str]:
    return [text for text in found.caveats if text.startswith(f"{SHORT} stands in the set with a record that covers")]


def test_a_short_record_that_differs_less_on_its_stretch_is_nearest(
    animal: Barcode, calibration: Calibration, tmp_path: Path
) -> None:
    """Three differences of 658, all on the 200 bases that the short record covers and matches."""
    library = built(tmp_path / "set", animal, range(250, 253))
    found = identify(library, calibration, "q", animal.sequence.encode())
    assert found.taxon == SHORT
    assert found.calibration is not None
    assert found.calibration.length == 200
    assert (found.hits[0].taxon, found.hits[0].identity, found.hits[0].overlap) == (SHORT, 1.0, 200)
    assert [name for name, _ in found.nearest_species[:2]] == [SHORT, LONG]
    assert found.nearest_species[0][1] == 0.0
    (said,) = caveats_on_short(found)
    assert "covers 200 of the" in said
    assert "fits there better than the nearest record of Fus maior (0.46%" in said


def test_a_short_record_is_never_nearer_than_its_stretch_can_tell(animal: Barcode, tmp_path: Path) -> None:
    """The long one differs by 20 elsewhere and by one here: 1/200 is all the short one is nearer by."""
    library = built(tmp_path / "set", animal, range(396, 425, 4))
    bases = animal.sequence.encode()
    first, second = by_species(library, bases, nearest(library, bases))[:2]
    assert [library.species[item.species].name for item in (first, second)] == [SHORT, LONG]
    assert second.distance == pytest.approx(8 / len(bases))
    assert first.distance == pytest.approx(8 / len(bases) - 1 / 200)


def test_a_short_record_that_fits_as_well_forbids_the_longer_ones_name(
    animal: Barcode, calibration: Calibration, tmp_path: Path
) -> None:
    """The differences lie where the short record says nothing: the species are not told apart."""
    alone = identify(
        built(tmp_path / "alone", animal, range(500, 503), None), calibration, "q", animal.sequence.encode()
    )
    assert (alone.outcome, alone.taxon) == (Identification.SPECIES, LONG)
    library = built(tmp_path / "set", animal, range(500, 503))
    for query in (animal.sequence, animal.sequence[:450] + "A" + animal.sequence[450:]):
        found = identify(library, calibration, "q", query.encode())
        assert found.outcome is Identification.SPECIES_GROUP
        assert found.decision.among == (LONG, SHORT)
        assert "absent_species_grouped" in {rate.name for rate in found.error_rates}
        (said,) = caveats_on_short(found)
        assert "fits there as well as the nearest record of Fus maior" in said


def test_a_short_record_that_differs_more_on_its_stretch_changes_nothing(
    animal: Barcode, calibration: Calibration, tmp_path: Path
) -> None:
    """The query is of the long record: the short one differs at three of its 200 bases."""
    library = built(tmp_path / "set", animal, range(250, 253))
    found = identify(library, calibration, "q", changed(animal.sequence, range(250, 253)).encode())
    assert found.taxon == LONG
    assert found.outcome is Identification.SPECIES
    assert not caveats_on_short(found)


def test_a_very_short_record_is_not_weighed(animal: Barcode, calibration: Calibration, tmp_path: Path) -> None:
    """99 bases are too few to stand against a whole record, 100 are enough."""
    for bases, weighed in ((99, False), (100, True)):
        library = built(tmp_path / f"{bases}", animal, range(250, 253), slice(200, 200 + bases))
        found = identify(library, calibration, "q", animal.sequence.encode())
        assert bool(caveats_on_short(found)) is weighed


def test_the_long_record_of_a_species_outweighs_its_own_short_one(animal: Barcode, tmp_path: Path) -> None:
    """A stretch of the same species does not shorten what the call rests on."""
    records = [
        reference(LONG, changed(animal.sequence, range(250, 253)), "whole"),
        reference(LONG, animal.sequence[STRETCH], "part"),
    ]
    library, _ = library_build(tmp_path / "own", records, name="s", version="1")
    bases = animal.sequence.encode()
    (only,) = by_species(library, bases, nearest(library, bases))
    assert not only.short
    assert library.accession(only.record) == "whole"
