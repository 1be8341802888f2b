from __future__ import annotations

import gzip
import random
import shutil
from pathlib import Path

import pytest

from analysis.errors import InputRefused
from analysis.inputs import InputFile
from analysis.species.calibrate import library_calibrate
from analysis.species.calibration import Calibration, calibration_read
from analysis.species.identify import identify
from analysis.species.library import Library, library_build, library_open
from analysis.species.records import Record, records_read, species_name, taxonomy_read
from analysis.species.synthetic import Barcode
from analysis.species.traces import reads_of


def records(path: Path) -> list[Record]:
    return list(records_read([path], locus=None, taxonomy=None))


def test_the_order_of_records_changes_nothing(reference_fasta: Path, tmp_path: Path) -> None:
    every = records(reference_fasta)
    one, _ = library_build(tmp_path / "a", every, name="s", version="1")
    random.Random(1).shuffle(every)
    other, _ = library_build(tmp_path / "b", every, name="s", version="1")
    assert one.reference.sha256 == other.reference.sha256


@pytest.mark.parametrize(
    "name", ["sequences.bin", "postings.bin", "kmer_keys.npy", "species_names.bin", "accessions.bin", "manifest.json"]
)
def test_one_changed_byte_is_refused(calibrated: tuple[Library, Calibration], tmp_path: Path, name: str) -> None:
    folder = tmp_path / "set"
    shutil.copytree(calibrated[0].reference.folder, folder)
    path = folder / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(InputRefused):
        library_open(folder)


def test_a_changed_calibration_is_refused_and_the_set_stays(
    calibrated: tuple[Library, Calibration], tmp_path: Path
) -> None:
    folder = tmp_path / "set"
    shutil.copytree(calibrated[0].reference.folder, folder)
    path = folder / "calibration.json"
    path.write_text(path.read_text().replace('"usable": true', '"usable": false', 1))
    library = library_open(folder)
    assert library.reference.sha256 == calibrated[0].reference.sha256
    with pytest.raises(InputRefused, match="calibration"):
        calibration_read(library)


def test_the_calibration_of_another_set_is_refused(
    calibrated: tuple[Library, Calibration], reference_fasta: Path, tmp_path: Path
) -> None:
    library, _ = library_build(tmp_path / "set", records(reference_fasta)[:12], name="other", version="1")
    shutil.copy(calibrated[0].reference.folder / "calibration.json", tmp_path / "set")
    with pytest.raises(InputRefused, match="another reference set"):
        calibration_read(library)


def test_calibrating_twice_gives_the_same_hash(calibrated: tuple[Library, Calibration]) -> None:
    _, again = library_calibrate(calibrated[0].reference.folder)
    assert again == calibrated[1]
    assert calibration_read(calibrated[0]) == again


def test_a_set_is_never_built_over_another(calibrated: tuple[Library, Calibration], reference_fasta: Path) -> None:
    with pytest.raises(InputRefused, match="not empty"):
        library_build(calibrated[0].reference.folder, records(reference_fasta), name="s", version="2")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no sequence"),
        ("ACGT\n", "not with"),
        (">A1\nACGT\n", "names no species"),
        (">A1|Aus albus\nACGT\n>A1|Aus albus\nACGA\n", "occurs twice with different content .first in r.fasta, row 1."),
        (">A1|Aus albus\nACJT\n", "'J' at position 3"),
        (">A1|Aus albus\nACGT\n", "No record can be used"),
    ],
)
def test_bad_references_are_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "r.fasta"
    path.write_text(text)
    with pytest.raises(InputRefused, match=said):
        library_build(tmp_path / "set", records_read([path], locus=None, taxonomy=None), name="s", version="1")
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize(
    ("name", "species", "verified"),
    [
        ("Panthera tigris altaica", "Panthera tigris", True),
        ("Manis sp. BOLD:AAA1", "Manis sp. BOLD:AAA1", False),
        ("Carassius auratus x Cyprinus carpio", "Carassius auratus x Cyprinus carpio", False),
        ("Scaphirhynchus cf albus", "Scaphirhynchus cf albus", False),
    ],
)
def test_names_that_leave_the_species_open_are_not_verified(name: str, species: str, verified: bool) -> None:
    assert species_name(name) == (species, verified)


def test_a_taxonomy_names_records_and_absent_species(reference_fasta: Path, tmp_path: Path) -> None:
    every = records(reference_fasta)
    fasta, table = tmp_path / "r.fasta", tmp_path / "t.tsv"
    fasta.write_text("".join(f">{one.accession}\n{one.sequence.decode()}\n" for one in every))
    rows = [f"{one.accession}\t{one.species}\tFamilia{one.species[0]}" for one in every]
    table.write_text("\n".join(["id\tspecies\tfamily", *rows, "\tAus ruber\tFamiliaA", ""]))
    taxonomy = taxonomy_read(table)
    library, report = library_build(
        tmp_path / "set",
        records_read([fasta], locus="COI", taxonomy=taxonomy),
        name="s",
        version="1",
        taxonomy=taxonomy,
    )
    assert report.species_without_record == 1
    members = [library.species[number].name for number in library.species.congeners("Aus")]
    assert members == ["Aus albus", "Aus niger", "Aus ruber"]
    assert library.species[0].family == "FamiliaA"


def test_species_of_the_genus_are_counted_at_each_locus(individuals: list[Barcode], tmp_path: Path) -> None:
    named = [one for one in individuals if one.species.startswith("Aus")]
    rows = [f"{one.accession}\t{one.species}" for one in named]
    table = tmp_path / "t.tsv"
    table.write_text("\n".join(["id\tspecies", *rows, "\tAus ruber", ""]))
    coi, other = tmp_path / "COI.fasta", tmp_path / "cytb.fasta"
    coi.write_text("".join(one.fasta for one in named))
    other.write_text("".join(one.fasta for one in named[:2]).replace(">", ">B"))  # stands for another locus
    taxonomy = taxonomy_read(table)
    read = records_read([coi], locus="COI", taxonomy=None), records_read([other], locus="cytb", taxonomy=None)
    library_build(tmp_path / "set", [*read[0], *read[1]], name="s", version="1", taxonomy=taxonomy)
    found = identify(*library_calibrate(tmp_path / "set"), "query", named[0].sequence.encode())
    assert found.loci == ("COI", "cytb")
    counted = {one.name: (one.records, one.at) for one in found.congeners}
    assert counted == {"Aus albus": (7, (5, 2)), "Aus niger": (5, (5, 0)), "Aus ruber": (0, (0, 0))}


def test_files_as_they_come_are_read(individuals: list[Barcode], tmp_path: Path) -> None:
    """gzip, Windows line ends, lower case, RNA, gaps, one accession at two loci, a record twice, a damaged one."""
    one, two = individuals[0], individuals[9]
    rna = one.sequence.lower().replace("t", "u")
    coi = tmp_path / "COI.fa.gz"
    text = f">A1|{one.species}|note\r\n{rna[:200]}--\r\n{rna[200:]}\r\n>A2|{two.species}\r\n{two.sequence}\r\n"
    coi.write_bytes(gzip.compress(f"\ufeff{text}>A3|Aus albus\r\nACGT__NL__\r\n".encode()))
    cytb = tmp_path / "cytb.fasta"
    cytb.write_text(f">A1|{one.species}|note\n{two.sequence[100:]}\n" * 2)
    left_out: list[tuple[str, str]] = []
    records = list(records_read([coi, cytb], locus=None, taxonomy=None, left_out=left_out))
    library, report = library_build(tmp_path / "set", records, name="s", version="1")
    assert left_out == [
        ("A3", "COI.fa.gz, row 6: The sequence holds 'L' at position 6, which is no IUPAC nucleotide code.")
    ]
    assert (library.loci, library.size, report.left_out) == (["COI", "cytb"], 3, (("A1", "the same record again"),))
    found = library.sequence(int(library.record_sequence[library.record_number("A1", "COI")]))
    assert found == one.sequence.encode()
    assert library.accession(library.record_number("A1", "cytb")) == "A1"
    with pytest.raises(KeyError):
        library.record_number("A2", "cytb")


@pytest.mark.parametrize("content", [b"\x1f\x8bnothing", gzip.compress(b">a|Aus albus\nACGT\n" * 50, mtime=0)[:-9]])
def test_a_damaged_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "r.fasta.gz"
    path.write_bytes(content)
    with pytest.raises(InputRefused, match="damaged"):
        list(records_read([path], locus=None, taxonomy=None))
    with pytest.raises(InputRefused, match="damaged"):
        reads_of(InputFile.from_path("sequence", path))
