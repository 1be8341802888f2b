"""Whether the species named is a group of its own in the tree: what is passed, and what warns."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.species.library import library_build
from analysis.species.placement import _judged, place
from analysis.species.records import Record
from analysis.species.search import nearest
from analysis.species.synthetic import Barcode


@pytest.mark.parametrize(
    ("records", "with_query", "without", "state"),
    [
        (3, 0.7, 0.7, "passed"),
        (3, 0.699, 1.0, "warning"),
        (3, None, 1.0, "warning"),
        (2, 1.0, 0.699, "warning"),
        (2, 1.0, None, "warning"),
        (1, 0.7, 1.0, "passed"),
    ],
)
def test_seven_tenths_of_the_replicates_make_a_group_with_and_without_the_query(
    records: int, with_query: float | None, without: float | None, state: str
) -> None:
    found = _judged("Aus albus", records, with_query, without)
    assert (found.state, found.value) == (state, {"with_query": with_query, "without": without})


@pytest.mark.parametrize(("records", "is_placed"), [(3, False), (4, True)])
def test_four_neighbours_make_a_tree(records: int, is_placed: bool, individuals: list[Barcode], tmp_path: Path) -> None:
    held = [
        Record(accession=one.accession, name=one.species, species=one.species, locus="COI", sequence=bases)
        for one, bases in ((one, one.sequence.encode()) for one in individuals[1 : records + 1])
    ]
    library, _ = library_build(tmp_path / "set", held, name="few", version="1")
    query = individuals[0].sequence.encode()
    found = place(library, query, nearest(library, query), None, seed=1, replicates=10)
    assert (found is not None) is is_placed
