"""Which candidates are compared: the nearest one must not be lost for sharing few k-mers or for a gap."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from analysis.species.bases import reverse_complement
from analysis.species.library import Library, library_build
from analysis.species.records import Record
from analysis.species.search import nearest, rows_of

OTHER = {"A": "C", "C": "G", "G": "T", "T": "A"}
"""Another base for each."""


def changed(bases: str, places: Sequence[int]) -> str:
    """The bases with another one at each of these places."""
    letters = list(bases)
    for place in places:
        letters[place] = OTHER[letters[place]]
    return "".join(letters)


def library_of(folder: Path, sequences: dict[str, str]) -> Library:
    records = [
        Record(accession=f"R{number:03}", name=name, species=name, verified=True, locus="X", sequence=bases.encode())
        for number, (name, bases) in enumerate(sequences.items())
    ]
    return library_build(folder / "set", records, name="s", version="1", sampling=1)[0]


def nearest_species(library: Library, query: str) -> tuple[str, int]:
    best = nearest(library, query.encode())[0]
    return library.species[int(library.sequence_species[best.sequence])].name, best.edits


@pytest.mark.parametrize("turned", [False, True])
def test_a_fragment_far_from_all_finds_the_nearest_behind_many_that_share_more(tmp_path: Path, turned: bool) -> None:
    draw = random.Random(5)
    query = "".join(draw.choices("ACGT", k=150))
    # Twelve differences leave one stretch of 18 bases alike, five 14-mers at most; every decoy keeps 30 bases, 17 of
    # them, and differs from the query at each third of the other 120.
    true = changed(query, [*range(6, 60, 12), *range(79, 150, 10)])
    decoys = {f"Decoy species{n}": changed(query, [*range(n % 3, 40, 3), *range(70 + n % 3, 150, 3)]) for n in range(3)}
    decoys |= {
        f"Decoy other{n}": changed(decoys[f"Decoy species{n % 3}"], draw.sample(range(70, 150), 4)) for n in range(40)
    }
    library = library_of(tmp_path, {**decoys, "True species": true})
    assert nearest_species(library, reverse_complement(query.encode()).decode() if turned else query) == (
        "True species",
        sum(one != other for one, other in zip(query, true, strict=True)),
    )


def test_a_gap_near_the_end_hides_no_nearest_species(tmp_path: Path) -> None:
    draw = random.Random(6)
    query = "".join(draw.choices("ACGT", k=150))
    flank = "".join(draw.choices("ACGT", k=30))
    # One base is missing twelve before the end: laid without gaps the tail differs at more places than any decoy.
    true = flank + query[:138] + query[139:] + flank[:6]
    decoys = {f"Decoy species{n}": flank + changed(query, draw.sample(range(150), 7)) + flank for n in range(40)}
    assert sum(one != other for one, other in zip(query, true[30:], strict=False)) > 7
    assert nearest_species(library_of(tmp_path, {**decoys, "True species": true}), query) == ("True species", 1)


def test_a_gap_hides_no_nearest_species_where_all_are_far(tmp_path: Path) -> None:
    draw = random.Random(7)
    query = "".join(draw.choices("ACGT", k=150))
    # Fifteen differences and a missing base; laid without the gap most of the last 35 bases differ as well.
    true = changed(query, [*range(15, 95, 8), *range(105, 150, 10)])
    true = true[:115] + true[116:]
    decoys = {f"Decoy species{n}": changed(query, [*range(n % 4, 60, 4), *range(90 + n % 4, 150, 4)]) for n in range(4)}
    decoys |= {
        f"Decoy other{n}": changed(decoys[f"Decoy species{n % 4}"], draw.sample(range(90, 150), 4)) for n in range(30)
    }
    assert nearest_species(library_of(tmp_path, {**decoys, "True species": true}), query) == ("True species", 15)


def test_a_gap_longer_than_the_margin_has_its_edits_and_its_rows(tmp_path: Path) -> None:
    draw = random.Random(8)
    bases = "".join(draw.choices("ACGT", k=900))
    # The query lacks 45 bases of both references. Laid in the columns of the first the second, which begins 20 bases
    # later, reaches further on than a margin of 40 bases behind where its beginning lies.
    query, places = bases[:200] + bases[245:], [60, 140, *range(300, 880, 80)]
    second = changed(bases, places)[20:]
    library = library_of(tmp_path, {"First species": bases, "Second species": second})
    near = next(item for item in nearest(library, query.encode()) if library.sequence(item.sequence) == second.encode())
    assert (near.edits, near.overlap) == (45 + len(places), len(query) - 20)
    one, other = rows_of(library, near, query.encode())
    assert (one.replace("-", ""), other.replace("-", "")) == (query[20:], second)
    assert sum(a != b for a, b in zip(one, other, strict=True)) == near.edits
