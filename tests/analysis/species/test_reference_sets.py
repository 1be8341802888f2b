"""Imports, curation and comparison of reference sets, on records made for the purpose."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest
from Bio import SeqIO
from Bio.Seq import Seq
from Bio.SeqFeature import FeatureLocation, Reference, SeqFeature
from Bio.SeqRecord import SeqRecord

from analysis.__main__ import main
from analysis.errors import InputRefused
from analysis.species.curate import compare, coverage, curate
from analysis.species.imports import import_files, locus_of, records_check
from analysis.species.library import LONGEST, library_build
from analysis.species.locus import locus_assign
from analysis.species.records import Record, records_read, taxonomy_read
from analysis.species.search import nearest
from analysis.species.synthetic import Barcode
from tests.analysis.species.conftest import real


def genbank(path: Path, individual: Barcode) -> None:
    """A two-locus entry as Biopython writes it, COI on the reverse strand, and one entry without a locus."""
    coi = Seq(individual.sequence)
    whole = Seq("ACGTTGCA" * 10) + coi.reverse_complement() + Seq("TTGACCATG" * 20)
    entry = SeqRecord(whole, id="XX000001.2", name="XX000001", description="Aus albus mitochondrion, partial")
    entry.annotations |= {"molecule_type": "DNA", "organism": "Aus albus", "topology": "linear"}
    reference = Reference()
    reference.authors, reference.title, reference.journal = "Doe J", "On worms", "J. Worms 1, 1-2 (2020)"
    entry.annotations["references"] = [reference]
    place = FeatureLocation(80, 80 + len(coi), strand=-1)
    entry.features = [
        SeqFeature(FeatureLocation(0, len(whole), strand=1), type="source", qualifiers={"specimen_voucher": ["MUS:7"]}),
        SeqFeature(place, type="CDS", qualifiers={"gene": ["COX1"]}),
        SeqFeature(FeatureLocation(737, len(whole), strand=1), type="rRNA", qualifiers={"product": ["16S rRNA"]}),
    ]
    other = SeqRecord(Seq("ACGT" * 50), id="XX000002.1", name="XX000002", description="UNVERIFIED: Bus niger")
    other.annotations |= {"molecule_type": "DNA", "organism": "Bus niger"}
    SeqIO.write([entry, other], path, "genbank")


def test_genbank_features_become_records_with_what_vouches_for_them(individuals: list[Barcode], tmp_path: Path) -> None:
    path = tmp_path / "some.gb"
    genbank(path, individuals[0])
    found = import_files([path], locus="COI")
    (record,) = found.records
    assert (record.accession, record.species, record.locus) == ("XX000001.2", "Aus albus", "COI")
    assert record.sequence.decode() == individuals[0].sequence
    assert "voucher=MUS:7" in record.note
    assert "published=J. Worms 1, 1-2 (2020)" in record.note
    assert [(line.accession, line.taken) for line in found.report] == [("XX000001.2", True), ("XX000002.1", False)]
    assert {item.locus for item in import_files([path]).records} == {"COI", "16S"}


def test_a_genbank_record_the_file_breaks_off_in_is_left_out(individuals: list[Barcode], tmp_path: Path) -> None:
    path = tmp_path / "cut.gb"
    genbank(path, individuals[0])
    whole = path.read_text()
    path.write_text(whole[: whole.rindex("acgtacgt")])  # inside the bases of the second record
    found = import_files([path])
    assert [(line.accession, line.reason) for line in found.report if not line.taken] == [
        ("XX000002.1", "the file ends inside this record")
    ]
    assert {record.accession for record in found.records} == {"XX000001.2:16S", "XX000001.2:COI"}


def test_a_set_without_a_usable_record_says_why_of_which(tmp_path: Path) -> None:
    path = tmp_path / "nameless.fasta"
    path.write_text(">A1\nACGT\n>A2\nACGT\n")
    with pytest.raises(InputRefused, match=r"None of 2 records can be used: The header «A1» names no species \(1 of"):
        records_check(import_files([path]))
    path.write_text(f">{'A' * 121}|Aus albus\n{'ACGT' * 40}\n>A2|Aus {'b' * 120}\n{'ACGT' * 40}\n")
    with pytest.raises(InputRefused, match=r"None of 2 .* more than 120 characters \(2 of them\)"):
        records_check(import_files([path]))
    path.write_bytes(">A1|Aus albus\nACGT\n".encode("utf-16"))
    with pytest.raises(InputRefused, match="UTF-16"):
        import_files([path])


def test_a_chromosome_is_no_record_of_a_locus(individuals: list[Barcode], tmp_path: Path) -> None:
    long = _record("LONG", "Aus albus", "ACGT" * (LONGEST // 4) + "A")
    records = [long, _record("S1", "Bus niger", individuals[0].sequence)]
    library, report = library_build(tmp_path / "set", records, name="s", version="1")
    assert report.left_out == (("LONG", f"{LONGEST + 1} bases, more than {LONGEST}: give the locus"),)
    assert library.size == 1
    with pytest.raises(InputRefused, match="LONG: 100001 bases"):
        library_build(tmp_path / "none", [long], name="s", version="1")


def test_bold_rows_are_taken_or_left_out_with_a_reason(individuals: list[Barcode], tmp_path: Path) -> None:
    path = tmp_path / "bold.tsv"
    path.write_text(
        "processid\tmuseumid\tspecies_name\tmarkercode\tnucleotides\tcountry\n"
        f"AB1-01\tMUS 1\tAus albus\tCOI-5P\t{individuals[0].sequence}----\tKenya\n"
        "AB2-01\t\t\tCOI-5P\tACGT\t\n"
        "AB3-01\t\tAus niger\tCOI-5P\tACGTQ\t\n"
        f"AB4-01\t\tBus sp. 1\tCOI-5P\t{individuals[5].sequence}\t\n"
        f"AB1-01\t\tAus albus\tCOI-5P\t{individuals[0].sequence}\t\n"
    )
    found = import_files([path])
    assert [(r.accession, r.verified, r.locus) for r in found.records] == [
        ("AB1-01", True, "COI"),
        ("AB4-01", False, "COI"),
    ]
    assert "country=Kenya" in found.records[0].note
    reasons = [line.reason for line in found.report if not line.taken]
    assert len(reasons) == 3
    assert "no IUPAC" in reasons[1]
    assert reasons[2] == "the same record again; the first is kept"
    assert main(["species", "import", str(path), "--out", str(tmp_path / "in")]) == 0
    assert (tmp_path / "in" / "COI.fasta").read_text().startswith(">AB1-01|Aus albus|voucher=MUS 1; country=Kenya\n")


def test_other_files_are_refused_and_loci_have_many_spellings(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("hello\n")
    with pytest.raises(InputRefused, match="neither FASTA nor GenBank nor a BOLD table"):
        import_files([path])
    assert [locus_of(text) for text in ("COX1", "cytochrome b", "COI-5P", "12S rRNA", "ND2")] == [
        "COI", "cytb", "COI", "12S", None,
    ]  # fmt: skip


def test_synonyms_take_the_accepted_name(individuals: list[Barcode], tmp_path: Path) -> None:
    table, fasta = tmp_path / "t.tsv", tmp_path / "COI.fasta"
    table.write_text("species\taccepted\tgenus\nAus vetus\tAus albus\tAus\nAus albus\t\tAus\n")
    fasta.write_text(f">one|Aus vetus\n{individuals[0].sequence}\n")
    (record,) = import_files([fasta], taxonomy=taxonomy_read(table)).records
    assert (record.name, record.species) == ("Aus vetus", "Aus albus")


def _record(accession: str, name: str, sequence: str, **more: object) -> Record:
    fields: dict[str, object] = {"accession": accession, "name": name, "species": name, "locus": "COI"}
    return Record(**{**fields, "sequence": sequence.encode(), **more})  # type: ignore[arg-type]


def test_planted_faults_are_found_and_nothing_else(individuals: list[Barcode], tmp_path: Path) -> None:
    draw = random.Random(3)
    own = [_record(one.accession, one.species, one.sequence) for one in individuals]
    human = "".join(draw.choice("ACG") for _ in range(657))
    of_bus = next(one for one in individuals if one.species == "Bus niger").sequence
    variant = of_bus[:100] + ("A" if of_bus[100] != "A" else "G") + of_bus[101:]
    shifted = individuals[7].sequence[:200] + individuals[7].sequence[201:]
    planted = [
        _record("OUTLIER", "Aus albus", variant),
        _record("SHARED", "Dus niger", individuals[0].sequence),
        _record("TWICE", individuals[3].species, individuals[3].sequence),
        _record("SHORT", "Cus albus", individuals[20].sequence[:300]),
        _record("SP", "Cus sp. 1", individuals[22].sequence[:640], verified=False),
        _record("HUMAN", "Homo sapiens", human),
        _record("HANDS", "Eus albus", human[:-5] + "ACGAA"),
        _record("SHIFT", individuals[7].species, shifted),
    ]
    library, _ = library_build(tmp_path / "set", [*own, *planted], name="s", version="1")
    found = {(item.code, item.accession) for item in curate(library)}
    expected = {
        ("label-outlier", "OUTLIER"), ("shared-sequence", "SHARED"), ("too-short", "SHORT"), ("unverified-name", "SP"),
        ("contamination", "HANDS"), ("out-of-frame", "SHIFT"), ("duplicate", "TWICE"),
    }  # fmt: skip
    assert expected <= found
    plain = {one.accession for one in individuals} - {individuals[0].accession}
    assert not {(code, name) for code, name in found if name in plain and code not in {"duplicate", "shared-sequence"}}


def test_versions_are_compared_and_coverage_counts_absent_species(individuals: list[Barcode], tmp_path: Path) -> None:
    table = tmp_path / "t.tsv"
    table.write_text("species\tgenus\nAus ruber\tAus\n")
    old = [_record(one.accession, one.species, one.sequence) for one in individuals[:10]]
    shorter = _record(old[9].accession, "Aus niger", old[9].sequence.decode()[:-1])
    new = [*old[1:9], shorter, _record("NEW", "Bus novus", individuals[12].sequence)]
    first, _ = library_build(tmp_path / "a", old, name="s", version="1", taxonomy=taxonomy_read(table))
    second, _ = library_build(tmp_path / "b", new, name="s", version="2")
    changed = compare(first, second)
    assert (changed.added, changed.removed) == (("NEW",), (old[0].accession,))
    assert changed.changed == (old[9].accession,)
    assert coverage(first)[("Aus ruber", "COI")] == 0
    assert coverage(first)[("Aus albus", "COI")] == 5


def test_an_accession_at_several_loci_is_compared_at_each(individuals: list[Barcode], tmp_path: Path) -> None:
    def at(locus: str, sequence: bytes) -> Record:
        return Record(accession="ONE", name="Aus albus", species="Aus albus", locus=locus, sequence=sequence)

    cytb = at("cytb", b"GGCA" * 40)
    first, _ = library_build(tmp_path / "a", [at("COI", b"ACGT" * 40), cytb], name="s", version="1")
    second, _ = library_build(tmp_path / "b", [at("COI", b"ACCT" * 40), cytb], name="s", version="2")
    fewer, _ = library_build(tmp_path / "c", [at("COI", b"ACGT" * 40)], name="s", version="3")
    assert compare(first, second).changed == ("ONE at COI",)
    assert compare(first, fewer).removed == ("ONE at cytb",)
    assert compare(first, fewer).changed == ()


@pytest.mark.parametrize(
    ("qualifiers", "told"),
    [
        ({"country": ["Kenya: Tsavo"]}, "country=Kenya: Tsavo"),
        ({"country": ["Kenya"], "geo_loc_name": ["Kenya: Tsavo"]}, "country=Kenya: Tsavo"),
        ({"bio_material": ["ZOO:12"]}, "voucher=ZOO:12"),
        ({"bio_material": ["ZOO:12"], "specimen_voucher": ["MUS:7"]}, "voucher=MUS:7"),
    ],
)
def test_facts_of_a_genbank_source_have_several_names(
    qualifiers: dict[str, list[str]], told: str, tmp_path: Path
) -> None:
    entry = SeqRecord(Seq("ACGT" * 40), id="XX000003.1", name="XX000003", description="Aus albus")
    entry.annotations |= {"molecule_type": "DNA", "organism": "Aus albus"}
    whole = FeatureLocation(0, 160, strand=1)
    entry.features = [
        SeqFeature(whole, type="source", qualifiers=qualifiers),
        SeqFeature(whole, type="gene", qualifiers={"gene": ["COX1"]}),
    ]
    SeqIO.write([entry], tmp_path / "one.gb", "genbank")
    (record,) = import_files([tmp_path / "one.gb"]).records
    assert told in record.note.split("; ")


def test_the_locus_is_that_of_the_record_a_sequence_lies_beside(individuals: list[Barcode], tmp_path: Path) -> None:
    draw = random.Random(3)
    other = "".join(draw.choice("ACGT") for _ in range(500))
    known = [
        Record(accession=name, name="Aus albus", species="Aus albus", locus=locus, sequence=letters.encode())
        for name, locus, letters in (("K1", "COI", individuals[0].sequence), ("K2", "16S", other))
    ]
    against, _ = library_build(tmp_path / "set", known, name="known", version="1")
    turned = str(Seq(individuals[1].sequence).reverse_complement())
    random_bases = "".join(draw.choice("ACGT") for _ in range(400))
    path = tmp_path / "unsorted.fasta"
    path.write_text(f">A|Aus albus\n{turned}\n>A2|Aus albus\n{other[40:400]}\n>A3|Aus albus\n{random_bases}\n")
    found = import_files([path], against=against)
    assert [(item.accession, item.locus) for item in found.records] == [("A", "COI"), ("A2", "16S")]
    assert found.records[0].sequence == individuals[1].sequence.encode()
    assert [line.reason for line in found.report if not line.taken] == [
        "lies beside no record of the set known: its locus is not known"
    ]
    only = import_files([path], against=against, locus="16S")
    assert [item.accession for item in only.records] == ["A2"]


def test_a_goldfish_named_crucian_carp_is_found_by_curation(tmp_path: Path) -> None:
    """Real data: a curated list struck records of Carassius carassius that are goldfish; one is in this file too."""
    with real("barcodes", "uk_fish_exclusions_suspect_records.csv").open(encoding="utf-8") as source:
        struck = [row for row in csv.DictReader(source) if row["taxon"] == "Carassius carassius"]
    assert any("goldfish" in row["note"] for row in struck)
    path = real("barcodes", "fish_coi_folmer_ward.fasta")
    kept = [record for record in records_read([path], locus="COI", taxonomy=None) if record.species.startswith("C")]
    library, _ = library_build(tmp_path / "set", kept, name="fish", version="1")
    named = [item for item in curate(library) if item.taxon == "Carassius carassius" and item.code == "shared-sequence"]
    assert named
    assert all("Carassius auratus" in item.text for item in named)


@pytest.mark.parametrize(("replaced", "is_assigned"), [(0.2, True), (0.7, False)])
def test_a_record_less_than_seven_tenths_alike_has_no_locus(
    individuals: list[Barcode], tmp_path: Path, replaced: float, is_assigned: bool
) -> None:
    """Behind its first 60 bases, which lead the search there, a share of the bases is others'."""
    draw = random.Random(9)
    known = individuals[0].sequence
    library, _ = library_build(tmp_path / "set", [_record("K1", "Aus albus", known)], name="known", version="1")
    bases = known[:60] + "".join(draw.choice("ACGT") if draw.random() < replaced else base for base in known[60:])
    (near,) = nearest(library, bases.encode())
    assert (near.identity >= 0.7) is is_assigned
    found = locus_assign(library, _record("NEW", "Aus albus", bases))
    assert (not isinstance(found, str)) is is_assigned


@pytest.mark.parametrize(("description", "verified"), [("Aus albus", True), ("UNVERIFIED: Aus albus", False)])
def test_what_the_archive_calls_unverified_supports_no_species(
    description: str, verified: bool, tmp_path: Path
) -> None:
    entry = SeqRecord(Seq("ACGT" * 40), id="XX000004.1", name="XX000004", description=description)
    entry.annotations |= {"molecule_type": "DNA", "organism": "Aus albus"}
    entry.features = [SeqFeature(FeatureLocation(0, 160, strand=1), type="gene", qualifiers={"gene": ["COX1"]})]
    SeqIO.write([entry], tmp_path / "one.gb", "genbank")
    (record,) = import_files([tmp_path / "one.gb"]).records
    assert (record.verified, "flag=UNVERIFIED" in record.note) == (verified, not verified)
