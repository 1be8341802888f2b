"""Sequences joined from two species: with a gap on the way, and short ones."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from analysis.species.bases import reverse_complement
from analysis.species.library import Library, library_build
from analysis.species.mixture import Mixture, chimera_resolve, double_peaks_resolve
from analysis.species.records import Record
from analysis.species.search import nearest

COUNT = 12


def related(ancestor: str, share: float, draw: random.Random) -> str:
    """A copy with about `share` of its bases changed."""
    letters = list(ancestor)
    for place in draw.sample(range(len(letters)), round(share * len(letters))):
        letters[place] = draw.choice([base for base in "ACGT" if base != letters[place]])
    return "".join(letters)


def species_of(length: int, seed: int) -> dict[str, str]:
    """A dozen species that differ from one ancestor at 12 % of their bases, so at about 22 % from each other."""
    draw = random.Random(seed)
    ancestor = "".join(draw.choices("ACGT", k=length))
    return {f"Genus{n} species": related(ancestor, 0.12, draw) for n in range(COUNT)}


def library_of(folder: Path, sequences: dict[str, str]) -> Library:
    records = [
        Record(accession=f"R{number:02}", name=name, species=name, verified=True, locus="X", sequence=bases.encode())
        for number, (name, bases) in enumerate(sequences.items())
    ]
    return library_build(folder / "set", records, name="s", version="1", sampling=1)[0]


def resolved(library: Library, query: str) -> Mixture | None:
    return chimera_resolve(library, query.encode(), nearest(library, query.encode()))


def names(library: Library, mixture: Mixture | None) -> list[tuple[str, str]]:
    return [(library.species[one].name, library.species[other].name) for one, other in mixture.pairs] if mixture else []


@pytest.mark.parametrize("turned", [False, True])
def test_a_base_too_many_and_one_too_few_hide_no_chimera(tmp_path: Path, turned: bool) -> None:
    sequences = species_of(650, 3)
    one, other = sequences["Genus2 species"], sequences["Genus7 species"]
    library = library_of(tmp_path, sequences)
    # A base is missing in the first part beyond its end third, one is doubled in the second before its own.
    query = one[:250] + one[251:300] + other[300:400] + other[399:]
    expected = ("Genus2 species", "Genus7 species")
    if turned:
        query, expected = reverse_complement(query.encode()).decode(), expected[::-1]
    found = resolved(library, query)
    assert names(library, found) == [expected]
    assert found is not None
    assert found.unexplained == 2


def test_parts_of_a_short_locus_are_told_apart(tmp_path: Path) -> None:
    sequences = species_of(170, 4)
    library = library_of(tmp_path, sequences)
    draw = random.Random(8)
    seen = 0
    for _ in range(10):
        first, second = draw.sample(sorted(sequences), 2)
        cut = draw.randint(60, 110)
        seen += names(library, resolved(library, sequences[first][:cut] + sequences[second][cut:])) == [(first, second)]
    assert seen >= 9


@pytest.mark.parametrize("length", [170, 650])
def test_a_relative_of_no_species_of_the_set_is_no_chimera(tmp_path: Path, length: int) -> None:
    sequences = species_of(length, 5)
    library = library_of(tmp_path, sequences)
    draw = random.Random(9)
    for name, share in zip(sorted(sequences), (0.0, 0.002, 0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08), strict=False):
        assert resolved(library, related(sequences[name], share, draw)) is None


@pytest.mark.parametrize(
    ("length", "differing", "error", "told"),
    [(170, 3, False, True), (170, 2, False, False), (170, 4, True, False), (400, 4, False, False)],
)
def test_little_is_enough_in_a_short_locus_where_nothing_is_left_over(
    tmp_path: Path, length: int, differing: int, error: bool, told: bool
) -> None:
    """Two species differ at some bases of the first part and at twenty of the second."""
    one = "".join(random.Random(12).choices("ACGT", k=length))
    places = [*range(8, 8 + 11 * differing, 11), *range(80, 160, 4)]
    other = "".join({"A": "C", "C": "A", "G": "T", "T": "G"}[b] if n in places else b for n, b in enumerate(one))
    library = library_of(tmp_path, {"Genus1 species": one, "Genus2 species": other})
    query = other[:60] + one[60:]
    if error:
        query = query[:120] + {"A": "G", "G": "A", "C": "T", "T": "C"}[query[120]] + query[121:]
    assert bool(names(library, resolved(library, query))) is told


@pytest.mark.parametrize(("differing", "told"), [(4, False), (5, True)])
def test_four_bases_are_too_little_where_a_third_species_is_nearest(tmp_path: Path, differing: int, told: bool) -> None:
    """A sequence that two parts of other species make up to the last base, and that a third one differs little from."""
    query = "".join(random.Random(13).choices("ACGT", k=170))

    def with_changes(places: range | list[int]) -> str:
        return "".join(
            {"A": "C", "C": "A", "G": "T", "T": "G"}[base] if place in places else base
            for place, base in enumerate(query)
        )

    third = with_changes([20, 50, 100, 120, 140][:differing])
    library = library_of(
        tmp_path,
        {
            "Genus1 species": with_changes(range(90, 165, 3)),
            "Genus2 species": with_changes(range(5, 75, 3)),
            "Genus3 species": third,
        },
    )
    assert bool(names(library, resolved(library, query))) is told


def test_a_gap_that_suits_the_point_of_joining_hides_nothing(tmp_path: Path) -> None:
    """Unrelated parents: aligned as a whole either record takes a base of the other's part along."""
    draw = random.Random(21)
    named = 0
    sequences = {f"Genus{n} species": "".join(draw.choices("ACGT", k=170)) for n in range(12)}
    library = library_of(tmp_path, sequences)
    for _ in range(30):
        first, second = draw.sample(sorted(sequences), 2)
        cut = draw.randint(60, 110)
        found = resolved(library, sequences[first][:cut] + sequences[second][cut:])
        named += names(library, found) == [(first, second)] and found is not None and found.unexplained == 0
    assert named == 30


def test_a_record_of_one_parent_like_the_other_hides_no_chimera(tmp_path: Path) -> None:
    """A species with an odd record near the other parent is nearest at both ends; joined they leave much over."""
    sequences = species_of(170, 6)
    one, other = sequences["Genus2 species"], sequences["Genus7 species"]
    odd = related(other[:110], 0.3, random.Random(3)) + other[110:]
    records = [(name, bases) for name, bases in sequences.items()] + [("Genus2 species", odd)]
    library = library_build(
        tmp_path / "set",
        [
            Record(accession=f"R{n:02}", name=name, species=name, verified=True, locus="X", sequence=bases.encode())
            for n, (name, bases) in enumerate(records)
        ],
        name="s",
        version="1",
        sampling=1,
    )[0]
    assert names(library, resolved(library, one[:80] + other[80:])) == [("Genus2 species", "Genus7 species")]


def test_two_records_of_one_species_are_no_chimera(tmp_path: Path) -> None:
    """What two individuals of one species make up is that species, though two others join as well."""
    first, second = ("".join(random.Random(seed).choices("ACGT", k=170)) for seed in (31, 32))
    third, fourth = (related(bases, 0.2, random.Random(33)) for bases in (first, second))
    rows = [
        ("Genus1 species", first),
        ("Genus1 species", second),
        ("Genus2 species", first[:90] + third[90:]),
        ("Genus3 species", fourth[:80] + second[80:]),
    ]
    query = first[:85] + second[85:]
    for number, (left_out, told) in enumerate(((None, False), ("Genus1 species", True))):
        records = [
            Record(accession=f"R{n}", name=name, species=name, verified=True, locus="X", sequence=bases.encode())
            for n, (name, bases) in enumerate(rows)
            if name != left_out
        ]
        library = library_build(tmp_path / str(number), records, name="s", version="1", sampling=1)[0]
        assert bool(names(library, resolved(library, query))) is told


def test_every_species_that_holds_a_part_is_named(tmp_path: Path) -> None:
    """Thirty species share the first part to the last base: more than a search lists."""
    draw = random.Random(41)
    shared, tail = "".join(draw.choices("ACGT", k=85)), "".join(draw.choices("ACGT", k=85))
    sequences = {f"Genus{n} species": shared + "".join(draw.choices("ACGT", k=85)) for n in range(30)}
    sequences["Other species"] = "".join(draw.choices("ACGT", k=85)) + tail
    found = names(library := library_of(tmp_path, sequences), resolved(library, shared + tail))
    assert sorted(found) == sorted((name, "Other species") for name in sequences if name != "Other species")


def test_two_species_out_of_step_are_named_where_most_letters_are_codes(tmp_path: Path) -> None:
    """No 14 letters in a row are plain enough to be looked up; a small set is compared whole."""
    draw = random.Random(51)
    sequences = {f"Genus{n} species": "".join(draw.choices("ACGT", k=200)) for n in range(20)}
    library = library_of(tmp_path, sequences)
    code = {
        frozenset(bases): letter for letter, bases in zip("RYSWKM", ("AG", "CT", "CG", "AT", "GT", "AC"), strict=True)
    }
    pairs = zip(sequences["Genus4 species"], sequences["Genus9 species"], strict=True)
    mixed = "".join(one if one == other else code[frozenset((one, other))] for one, other in pairs)
    found = double_peaks_resolve(library, mixed.encode())
    assert names(library, found) == [("Genus4 species", "Genus9 species")]
