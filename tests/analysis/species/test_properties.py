"""What must change no answer: the order of records, how a file spells its bases, and the strand of a query."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from analysis.species.bases import clean, reverse_complement
from analysis.species.identify import Asked, Identified, identify_each
from analysis.species.library import Library, library_build
from analysis.species.records import records_read

LENGTH = 170
CODE = {frozenset(pair): letter for letter, pair in zip("RYSWKM", ("AG", "CT", "CG", "AT", "GT", "AC"), strict=True)}

Row = tuple[str, str, str]
"""Accession, name and bases."""


def changed(bases: str, count: int, draw: random.Random) -> str:
    """A copy in which up to `count` bases are others."""
    letters = list(bases)
    for place in draw.sample(range(len(letters)), count):
        letters[place] = draw.choice("ACGT")
    return "".join(letters)


def spelt(bases: str, draw: random.Random) -> str:
    """One of the ways in which files hold the same bases."""
    ways = (
        bases,
        bases.lower(),
        bases.replace("T", "U"),
        bases[:40] + "-" * 7 + bases[40:],
        "".join(draw.choice((base, base.lower())) for base in bases),
    )
    return draw.choice(ways)


def blurred(bases: str, draw: random.Random) -> str:
    """Other contents that occur: unsettled runs, codes, the other strand, records shorter than a k-mer or a barcode."""
    ways = (
        bases[:50] + "N" * draw.randint(5, 60) + bases[110:],
        "".join(draw.choice(("R", "Y", base)) if draw.random() < 0.05 else base for base in bases),
        reverse_complement(bases.encode()).decode(),
        bases[: draw.choice((5, 13, 59, 60, 80))],
    )
    return draw.choice(ways) if draw.random() < 0.3 else bases


def made(draw: random.Random) -> tuple[list[Row], list[str]]:
    """Records of six genera, species that share sequences, records under two names; and plain sequences of them."""
    root = "".join(draw.choices("ACGT", k=LENGTH))
    rows: list[Row] = []
    plain: list[str] = []
    for genus in "abcdef":
        ancestor = changed(root, 20, draw)
        for species in "abc":
            typical = changed(ancestor, draw.choice((0, 3, 20)), draw)
            for _ in range(draw.randint(1, 4)):
                shared = bool(plain) and draw.random() < 0.2
                bases = draw.choice(plain) if shared else changed(typical, draw.choice((0, 0, 1, 4)), draw)
                plain.append(bases)
                rows.append((f"A{len(rows):03}", f"Genus{genus} species{species}", blurred(bases, draw)))
    again = [(accession, f"{name} subspecies", bases) for accession, name, bases in draw.sample(rows, 6)]
    return [*rows, *again, *((f"B{n:03}", "Genusa speciesa", plain[0]) for n in range(40))], plain


def queries_of(plain: Sequence[str], draw: random.Random) -> list[bytes]:
    """Records, damaged ones, and two templates joined at a point or letter by letter."""
    texts = [blurred(draw.choice(plain), draw) for _ in range(6)]
    texts += [changed(draw.choice(plain), count, draw) for count in (1, 3, 8, 30)]
    for _ in range(6):
        one, other = draw.sample(plain, 2)
        cut = draw.randint(55, 115)
        texts.append(one[:cut] + other[cut:])
        texts.append("".join(a if a == b else CODE[frozenset((a, b))] for a, b in zip(one, other, strict=True)))
    return [clean(text, file="q", row=1) for text in texts if len(text) >= 60]


def built(folder: Path, rows: Sequence[Row], ending: str) -> Library:
    """The set of a file whose lines end so."""
    folder.mkdir()
    path = folder / "COI.fasta"
    path.write_bytes("".join(f">{one}|{name}{ending}{bases}{ending}" for one, name, bases in rows).encode())
    records = records_read([path], locus=None, taxonomy=None)
    return library_build(folder / "set", records, name="s", version="1", sampling=1)[0]


def answers(library: Library, queries: Sequence[bytes]) -> list[Identified]:
    return list(identify_each(library, None, [Asked(name="q", bases=query) for query in queries]))


def told(found: Identified) -> tuple[object, ...]:
    """What an answer says of the sequence, whichever strand it was read from."""
    hits = [(hit.accession, hit.taxon, hit.identity, hit.edits, hit.overlap) for hit in found.hits]
    return found.outcome, sorted(found.decision.among), hits, found.nearest_species


@pytest.mark.parametrize("seed", [1, 2, 62, 67, 68, 103])
def test_order_and_spelling_of_records_and_strand_of_queries_change_nothing(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    rows, plain = made(draw)
    first = built(tmp_path / "first", rows, "\n")
    other = [(accession, name, spelt(bases, draw)) for accession, name, bases in draw.sample(rows, len(rows))]
    second = built(tmp_path / "second", other, "\r\n")
    assert second.reference.sha256 == first.reference.sha256
    queries = queries_of(plain, draw)
    once = answers(first, queries)
    assert answers(second, queries) == once
    turned = answers(first, [reverse_complement(query) for query in queries])
    assert [told(found) for found in turned] == [told(found) for found in once]
    assert sum(found.outcome.value == "mixture" for found in once) >= 4


def test_a_chimera_read_from_the_other_strand_is_the_same_turned(tmp_path: Path) -> None:
    draw = random.Random(9)
    bases = {name: "".join(draw.choices("ACGT", k=LENGTH)) for name in ("Genusa speciesa", "Genusb speciesb")}
    library = built(tmp_path / "one", [(name[:6], name, text) for name, text in bases.items()], "\n")
    one, other = bases.values()
    query = (one[:70] + other[70:]).encode()
    found, turned = answers(library, [query, reverse_complement(query)])
    assert found.taxon == "Genusa speciesa + Genusb speciesb"
    assert turned.taxon == "Genusb speciesb + Genusa speciesa"
    assert [hit.accession for hit in found.hits] == [hit.accession for hit in turned.hits]
