from __future__ import annotations

import math
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.outcome import Identification
from analysis.species.bases import MASK_OF, reverse_complement
from analysis.species.calibrate import library_calibrate
from analysis.species.calibration import Calibration
from analysis.species.frame import frame_check
from analysis.species.identify import identify
from analysis.species.library import Library, library_build
from analysis.species.records import Record, records_read
from analysis.species.search import nearest
from analysis.species.synthetic import Barcode
from analysis.statistics import binomial_interval
from tests.analysis.species.conftest import held_out, real

Calibrated = tuple[Library, Calibration]


def unseen(individuals: list[Barcode]) -> list[Barcode]:
    return [one for one in individuals if one.accession in held_out(individuals)]


def levenshtein_within(query: str, reference: str) -> int:
    """Fewest edits of `query` against any part of `reference`, by the textbook recurrence (Sellers 1980)."""
    row = [0] * (len(reference) + 1)
    for i, one in enumerate(query, start=1):
        before, row = row, [i]
        for j, other in enumerate(reference, start=1):
            same = bool(MASK_OF[one] & MASK_OF[other])
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (not same)))
    return min(row)


def test_new_individuals_get_their_own_species_or_none(calibrated: Calibrated, individuals: list[Barcode]) -> None:
    named = 0
    for one in unseen(individuals):
        found = identify(*calibrated, one.accession, one.sequence.encode())
        assert found.hits[0].taxon == one.species
        if found.outcome is Identification.SPECIES:
            named += 1
            assert found.taxon == one.species
    assert named >= 8


def test_a_species_whose_records_are_taken_out_is_not_named(
    individuals: list[Barcode], reference_fasta: Path, tmp_path: Path
) -> None:
    every = list(records_read([reference_fasta], locus=None, taxonomy=None))
    kept = [record for record in every if record.species != "Cus albus"]
    library_build(tmp_path / "set", kept, name="s", version="1")
    calibrated = library_calibrate(tmp_path / "set")
    for one in individuals:
        if one.species == "Cus albus":
            found = identify(*calibrated, one.accession, one.sequence.encode(), declared="Cus albus")
            assert found.outcome not in {Identification.SPECIES, Identification.EXCLUDED}
            assert found.declared is not None
            assert found.declared.answer == "not_testable"


def test_edits_equal_the_textbook_recurrence(calibrated: Calibrated, individuals: list[Barcode]) -> None:
    library = calibrated[0]
    query = individuals[4].sequence[100:220]
    query = query[:50] + "R" + query[51:80] + query[82:]
    for near in nearest(library, query.encode())[:6]:
        assert near.edits == levenshtein_within(query, library.sequence(near.sequence).decode())


@settings(max_examples=25, deadline=None)
@given(place=st.integers(0, 9), start=st.integers(0, 400), length=st.integers(60, 250))
def test_the_strand_of_a_query_changes_nothing(
    calibrated: Calibrated, individuals: list[Barcode], place: int, start: int, length: int
) -> None:
    query = unseen(individuals)[place].sequence[start : start + length].encode()
    one = identify(*calibrated, "q", query)
    other = identify(*calibrated, "q", reverse_complement(query))
    assert (one.outcome, one.taxon, one.decision) == (other.outcome, other.taxon, other.decision)
    assert [(hit.accession, hit.edits, hit.overlap) for hit in one.hits] == [
        (hit.accession, hit.edits, hit.overlap) for hit in other.hits
    ]


def test_a_query_that_overhangs_is_compared_over_the_shared_stretch(
    calibrated: Calibrated, individuals: list[Barcode]
) -> None:
    own = individuals[0].sequence
    draw = random.Random(4)
    junk = "".join(draw.choice("ACGT") for _ in range(60))
    found = identify(*calibrated, "q", (junk + own[:400]).encode())
    assert found.hits[0].accession == individuals[0].accession
    assert found.hits[0].edits == 0
    assert found.hits[0].overlap == 400


def test_ties_are_never_hidden(individuals: list[Barcode], tmp_path: Path) -> None:
    """One sequence under 40 accessions of two species: both must be seen, whatever the limit of hits."""
    same = individuals[0].sequence.encode()
    twins = [
        Record(accession=f"T{n:03d}", name=name, species=name, locus="COI", sequence=same)
        for n, name in enumerate(["Aus albus"] * 39 + ["Bus niger"])
    ]
    library, _ = library_build(tmp_path / "set", twins, name="s", version="1")
    found = identify(library, None, "q", same, hits=5)
    assert {hit.taxon for hit in found.hits} == {"Aus albus", "Bus niger"}


def test_without_a_calibration_nothing_is_named(calibrated: Calibrated, individuals: list[Barcode]) -> None:
    found = identify(calibrated[0], None, "q", individuals[0].sequence.encode())
    assert found.outcome is Identification.INCONCLUSIVE
    assert found.decision.reasons[0].code == "not-calibrated"


@pytest.mark.parametrize(
    ("query", "outcome", "code"),
    [
        (b"ACGT" * 10, Identification.NO_RESULT, "too-short"),
        (b"N" * 300, Identification.NO_RESULT, "too-short"),
        (b"", Identification.NO_RESULT, "too-short"),
        (b"ACACACAC" * 40, Identification.INCONCLUSIVE, "nothing-near"),
    ],
)
def test_what_cannot_be_identified_says_why(
    calibrated: Calibrated, query: bytes, outcome: Identification, code: str
) -> None:
    found = identify(*calibrated, "q", query, declared="Aus albus")
    assert (found.outcome, found.decision.reasons[0].code) == (outcome, code)
    assert found.taxon is None


def _mixed(one: str, other: str) -> bytes:
    letters = {mask: letter for letter, mask in MASK_OF.items() if letter != "U"}
    return "".join(letters[MASK_OF[a] | MASK_OF[b]] for a, b in zip(one, other, strict=True)).encode()


@pytest.mark.parametrize("turned", [False, True])
def test_a_mixture_of_two_species_names_both(calibrated: Calibrated, individuals: list[Barcode], turned: bool) -> None:
    new = unseen(individuals)
    for one, other in zip(new, new[3:] + new[:3], strict=True):
        query = _mixed(one.sequence, other.sequence)
        found = identify(*calibrated, "q", reverse_complement(query) if turned else query)
        assert found.outcome is Identification.MIXTURE
        assert set(found.decision.among) == {one.species, other.species}
        assert {hit.taxon for hit in found.hits} >= {one.species, other.species}


def test_codes_that_no_two_species_explain_are_not_a_mixture(
    calibrated: Calibrated, individuals: list[Barcode]
) -> None:
    draw = random.Random(8)
    letters = list(unseen(individuals)[0].sequence)
    for at in draw.sample(range(len(letters)), 60):
        letters[at] = draw.choice([code for code in "RYSWKM" if MASK_OF[code] & MASK_OF[letters[at]]])
    found = identify(*calibrated, "q", "".join(letters).encode())
    assert found.outcome is Identification.INCONCLUSIVE
    assert found.decision.reasons[0].code == "mixed-bases"


@pytest.mark.parametrize("turned", [False, True])
def test_a_chimera_names_both_parents_and_a_whole_sequence_is_none(
    calibrated: Calibrated, individuals: list[Barcode], turned: bool
) -> None:
    new = unseen(individuals)
    for one, other in zip(new, new[3:] + new[:3], strict=True):
        query = (one.sequence[:310] + other.sequence[310:]).encode()
        found = identify(*calibrated, "q", reverse_complement(query) if turned else query)
        assert found.outcome is Identification.MIXTURE
        assert found.decision.reasons[0].code == "chimera"
        assert set(found.decision.among) == {one.species, other.species}
        whole = identify(*calibrated, "q", one.sequence.encode())
        assert whole.outcome is not Identification.MIXTURE


def test_declared_against_found(calibrated: Calibrated, individuals: list[Barcode]) -> None:
    query = individuals[0].sequence.encode()
    answers = {}
    for declared in ("Aus albus", "Dus niger", "Zus ignotus", "Aus ignotus"):
        found = identify(*calibrated, "q", query, declared=declared)
        assert found.declared is not None
        answers[declared] = (found.declared.answer, found.outcome.value, found.taxon)
    assert answers == {
        "Aus albus": ("agrees", "species", "Aus albus"),
        "Dus niger": ("excluded", "excluded", "Aus albus"),
        "Zus ignotus": ("excluded", "excluded", "Aus albus"),
        "Aus ignotus": ("not_testable", "species", "Aus albus"),
    }


def test_a_stop_or_a_shift_is_seen_and_poor_positions_are_not(individuals: list[Barcode]) -> None:
    reference = individuals[0].sequence
    stop = reference[:300] + "TAA" + reference[303:]
    assert frame_check((reference, reference)).state == "passed"
    seen = frame_check((stop, reference))
    assert seen.state == "warning"
    assert seen.value == {"stops": [301], "frame_shifts": []}
    poor = tuple(not 295 < place < 306 for place in range(len(reference)))
    assert frame_check((stop, reference), poor).state == "passed"
    shifted = frame_check((reference[:200] + "-" + reference[201:], reference))
    assert shifted.state == "warning"


def test_exact_binomial_intervals_match_published_ones() -> None:
    """Newcombe 1998 (Stat Med 17:857), table I, exact method: 81/263, 15/148, 0/20, 1/29."""
    published = {
        (81, 263): (0.2527, 0.3676),
        (15, 148): (0.0578, 0.1617),
        (0, 20): (0.0, 0.1684),
        (1, 29): (0.0009, 0.1776),
    }
    for (count, total), (low, high) in published.items():
        found = binomial_interval(count, total)
        assert found == pytest.approx((low, high), abs=5e-5)
    assert binomial_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("total", [1, 2, 7, 40, 333])
def test_beyond_each_end_of_an_interval_lie_two_and_a_half_per_cent(total: int) -> None:
    """What defines the interval: seeing `count` or more (fewer) is as rare as that, summed term by term."""
    for count in sorted({0, 1, total // 3, total - 1, total}):
        low, high = binomial_interval(count, total)
        terms = range(total + 1)
        at_low = [math.comb(total, k) * low**k * (1 - low) ** (total - k) for k in terms]
        at_high = [math.comb(total, k) * high**k * (1 - high) ** (total - k) for k in terms]
        assert low == 0.0 if count == 0 else math.fsum(at_low[count:]) == pytest.approx(0.025, rel=1e-7)
        assert high == 1.0 if count == total else math.fsum(at_high[: count + 1]) == pytest.approx(0.025, rel=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vert_coi_folmer", "vert_cytb_full"])
def test_vertebrates_present_are_named_rightly_and_absent_ones_at_most_at_the_stated_rate(
    name: str, tmp_path: Path
) -> None:
    """A quarter of a real set; 100 of its species are taken out before the set is built and calibrated."""
    every = list(records_read([real("barcodes", f"{name}.fasta")], locus=name, taxonomy=None))
    draw = random.Random(20)
    species = sorted({record.species for record in every if record.verified})
    chosen = set(draw.sample(species, len(species) // 4))
    absent = set(draw.sample(sorted(chosen), 100))
    kept = [record for record in every if record.species in chosen - absent]
    library_build(tmp_path / "set", kept, name=name, version="1")
    calibrated = library_calibrate(tmp_path / "set", sample=600)
    removed = [record for record in every if record.species in absent]
    named = [identify(*calibrated, one.accession, one.sequence).outcome is Identification.SPECIES for one in removed]
    stated = calibrated[1].of(name, 600)
    assert stated is not None
    low, _ = binomial_interval(sum(named), len(named), level=0.99)
    assert low <= stated.species.absent_named.interval[1]
    assert sum(named) / len(named) <= 0.03
    called = 0
    for one in draw.sample(kept, 100):
        found = identify(*calibrated, one.accession, one.sequence)
        assert one.accession in {hit.accession for hit in found.hits if hit.identity == 1.0}
        if found.outcome is Identification.SPECIES:
            called += 1
            assert found.taxon == one.species
    assert called >= 90


def test_bases_a_reference_leaves_open_neither_agree_nor_differ(individuals: list[Barcode], tmp_path: Path) -> None:
    """Two records one substitution away: the one with open bases is less like."""
    bases = individuals[0].sequence
    changed = bases[:200] + ("A" if bases[200] != "A" else "C") + bases[201:]
    opened = changed[:300] + "N" * 10 + changed[310:]
    empty = bases[:80] + "N" * (len(bases) - 80)
    records = [
        Record(accession=name, name=species, species=species, locus="COI", sequence=letters.encode())
        for name, species, letters in (
            ("A", "Aus albus", opened),
            ("B", "Bus niger", changed),
            ("C", "Cus ruber", empty),
        )
    ]
    library, _ = library_build(tmp_path / "set", records, name="s", version="1")
    found = nearest(library, bases.encode())
    assert [library.accession(int(library.records_of(near.sequence)[0])) for near in found] == ["B", "A", "C"]
    assert [near.edits for near in found] == [1, 1, 0]
    assert found[0].identity == 1 - 1 / len(bases)
    assert found[1].identity == 1 - 1 / (len(bases) - 10)


def test_a_gap_in_the_query_is_found_once_and_counted_like_the_textbook(
    calibrated: Calibrated, individuals: list[Barcode]
) -> None:
    bases = individuals[0].sequence
    query = bases[:150] + bases[152:300] + "ACGTA" + bases[300:]
    for near in nearest(calibrated[0], query.encode()):
        reference = calibrated[0].sequence(near.sequence).decode()
        assert near.edits == levenshtein_within(query, f"{reference}")
        if near.counts is not None:
            assert not near.gapless
            assert near.counts[0] == len(query) - 5


def test_a_chimera_of_species_that_share_an_end_names_every_pair(individuals: list[Barcode], tmp_path: Path) -> None:
    """A second species with the same first part explains the chimera as well: both pairs stand there, none is named."""
    one, other = individuals[0], next(item for item in individuals if item.species.split()[0] == "Cus")
    twin = one.sequence[:400] + other.sequence[400:450] + one.sequence[450:]
    records = [
        Record(accession=name, name=species, species=species, locus="COI", sequence=letters.encode())
        for name, species, letters in (
            ("A", "Aus albus", one.sequence), ("B", "Bus niger", twin), ("C", "Cus ruber", other.sequence),
        )
    ]  # fmt: skip
    library, _ = library_build(tmp_path / "set", records, name="s", version="1")
    found = identify(library, None, "q", (one.sequence[:330] + other.sequence[330:]).encode())
    assert found.outcome is Identification.MIXTURE
    assert (found.taxon, found.decision.among) == (None, ("Aus albus", "Bus niger", "Cus ruber"))
