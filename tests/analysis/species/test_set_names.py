"""Names in a reference set: synonyms, tables that contradict themselves, declared names that the set does not know."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from Bio import SeqIO
from Bio.Seq import Seq
from Bio.SeqFeature import FeatureLocation, SeqFeature
from Bio.SeqRecord import SeqRecord

from analysis.__main__ import main
from analysis.errors import Cancelled, InputRefused
from analysis.outcome import Identification
from analysis.species.calibrate import library_calibrate
from analysis.species.identify import identify
from analysis.species.imports import import_files
from analysis.species.library import library_build, library_open
from analysis.species.records import Taxonomy, records_read, taxonomies_join, taxonomy_read
from analysis.species.synthetic import Barcode

SIXTY = "".join(random.Random(5).choice("ACGT") for _ in range(300))


def table(path: Path, *rows: str, head: str = "id\tspecies\tgenus\tfamily\taccepted") -> Taxonomy:
    path.write_text("\n".join([head, *rows]) + "\n")
    return taxonomy_read(path)


def test_a_synonym_of_a_synonym_is_one_of_the_name_at_the_end(tmp_path: Path) -> None:
    read = table(tmp_path / "t.tsv", "\tAus vetus\tAus\tXidae\tBus medius", "\tBus medius\tBus\t\tCus novus")
    assert read.accepted == {"Aus vetus": "Cus novus", "Bus medius": "Cus novus"}
    # The rows of synonyms give the family, which no other row says, and not the genus they were once in.
    assert read.ranks == {"Cus novus": {"genus": "Cus", "family": "Xidae"}}
    one = table(tmp_path / "one.tsv", "\tAus vetus\tAus\t\tBus medius")
    two = table(tmp_path / "two.tsv", "\tBus medius\tBus\tYidae\tCus novus", "\tCus novus\tCus\tZidae\t")
    joined = taxonomies_join([one, two], "Names of 2026")
    assert (joined.accepted, joined.ranks) == (read.accepted, {"Cus novus": {"genus": "Cus", "family": "Zidae"}})
    assert joined.ranks == taxonomies_join([two, one], "").ranks


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (("\tAus vetus\t\t\tBus medius", "\tBus medius\t\t\tAus vetus"), "lead back to"),
        (("\tAus vetus\t\t\tBus medius", "\tAus vetus\t\t\tCus novus"), "«Aus vetus» stands for «Bus medius» and for"),
        (("x1\tAus albus\t\t\t", "x1\tBus niger\t\t\t"), "«x1» stands for «Aus albus» and for «Bus niger»"),
    ],
    ids=["cycle", "two accepted names", "one identifier, two species"],
)
def test_a_table_that_contradicts_itself_is_refused(rows: tuple[str, str], words: str, tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match=words):
        table(tmp_path / "t.tsv", *rows)
    each = [table(tmp_path / f"{place}.tsv", row) for place, row in enumerate(rows)]
    with pytest.raises(InputRefused, match=words):
        taxonomies_join(each, "")


def test_genbank_and_bold_records_take_the_accepted_name_as_fasta_does(tmp_path: Path) -> None:
    fasta, bold, flat = tmp_path / "COI.fasta", tmp_path / "bold.tsv", tmp_path / "some.gb"
    fasta.write_text(f">F1|Aus vetus\n{SIXTY}\n")
    bold.write_text(f"processid\tspecies_name\tmarkercode\tnucleotides\nB1\tAus vetus\tCOI-5P\t{SIXTY}\n")
    entry = SeqRecord(Seq(SIXTY), id="G1.1", name="G1", description="UNVERIFIED: Aus vetus")
    entry.annotations |= {"molecule_type": "DNA", "organism": "Aus vetus"}
    entry.features = [SeqFeature(FeatureLocation(0, 300, strand=1), type="CDS", qualifiers={"gene": ["COX1"]})]
    SeqIO.write([entry], flat, "genbank")
    names = table(tmp_path / "t.tsv", "\tAus vetus\t\t\tBus novus", "B1\tCus datus\t\t\t")
    found = import_files([fasta, bold, flat], taxonomy=names).records
    assert {record.accession: (record.species, record.verified) for record in found} == {
        "F1": ("Bus novus", True),
        "B1": ("Cus datus", True),  # the table names this very record
        "G1.1": ("Bus novus", False),  # a name does not verify what its source calls unverified
    }


def test_a_synonym_that_was_declared_is_no_other_species(
    reference_fasta: Path, individuals: list[Barcode], tmp_path: Path
) -> None:
    """Papers say «Manis gigantea», the records «Smutsia gigantea»: one animal, two genera, no exclusion."""
    names = table(tmp_path / "t.tsv", "\tXus vetus\tXus\t\tAus albus", "\tYus absens\tYus\t\t")
    records = list(records_read([reference_fasta], locus=None, taxonomy=names))
    library_build(tmp_path / "set", records, name="s", version="1", taxonomy=names)
    calibrated = library_calibrate(tmp_path / "set")
    query = individuals[0].sequence.encode()
    answers = {}
    for declared in ("Xus vetus", "xus vetus", "Yus absens"):
        found = identify(*calibrated, "q", query, declared=declared)
        assert found.declared is not None
        answers[declared] = found.declared.answer, found.outcome
        if declared == "Xus vetus":
            assert found.declared.text.startswith("Xus vetus is Aus albus in the names of the set.")
            assert found.declared.name == "Xus vetus"
    plain = identify(*calibrated, "q", query, declared="Aus albus").declared
    assert plain is not None
    assert plain.name == "Aus albus"
    assert answers == {
        "Xus vetus": ("agrees", Identification.SPECIES),
        "xus vetus": ("agrees", Identification.SPECIES),
        "Yus absens": ("excluded", Identification.EXCLUDED),
    }


def test_synonyms_are_part_of_a_set_and_sets_without_any_stay_as_they_were(
    reference_fasta: Path, tmp_path: Path
) -> None:
    records = list(records_read([reference_fasta], locus=None, taxonomy=None))
    names = table(tmp_path / "t.tsv", "\tXus vetus\t\t\tAus albus")
    library, _ = library_build(tmp_path / "named", records, name="s", version="1", taxonomy=names)
    assert [library.species.accepted(name) for name in ("Xus vetus", "Aus albus", "Zus z")] == [
        "Aus albus", "Aus albus", "Zus z",
    ]  # fmt: skip
    plain, _ = library_build(tmp_path / "plain", records, name="s", version="1")
    assert plain.species.accepted("Xus vetus") == "Xus vetus"
    assert not (tmp_path / "plain" / "synonyms.bin").exists()
    path = tmp_path / "named" / "accepted_names.bin"
    path.write_bytes(path.read_bytes().replace(b"Aus albus", b"Bus albus"))
    with pytest.raises(InputRefused, match="accepted_names"):
        library_open(tmp_path / "named")


def test_of_records_that_contradict_each_other_none_is_kept_in_whatever_order(
    individuals: list[Barcode], tmp_path: Path
) -> None:
    one, two, again, named = tmp_path / "1.fasta", tmp_path / "2.fasta", tmp_path / "3.fasta", tmp_path / "4.fasta"
    one.write_text(f">A1|Aus albus\n{individuals[0].sequence}\n>A2|Aus albus\n{individuals[1].sequence}\n")
    two.write_text(f">A1|Aus albus\n{individuals[2].sequence}\n")
    again.write_text(f">A2|Aus albus\n{individuals[1].sequence}\n")
    named.write_text(f">A1|Bus niger\n{individuals[0].sequence}\n")
    for order in ([one, two, again, named], [named, again, two, one]):
        found = import_files(order, locus="COI")
        assert [record.accession for record in found.records] == ["A2"]
        reasons = {(line.file, line.accession): line.reason for line in found.report if not line.taken}
        contradicted = {reasons[file, "A1"] for file in ("1.fasta", "2.fasta", "4.fasta")}
        assert all("stands for other bases or another species too (" in words for words in contradicted)
        assert "the same record again; the first is kept" in reasons.values()
        assert len(found.report) == 5


def test_a_table_in_latin_1_keeps_its_letters_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = "processid\tspecies_name\tmarkercode\tnucleotides\tcountry\tidentification_provided_by\n"
    row = f"B1\tAus albus\tCOI-5P\t{SIXTY}\tCôte d'Ivoire\tJosé Müller\n"
    path, plain = tmp_path / "latin.tsv", tmp_path / "plain.tsv"
    path.write_bytes((head + row).encode("latin-1"))
    plain.write_text((head + row).replace("B1", "B2"), encoding="utf-8")
    found = import_files([path, plain])
    assert {record.note for record in found.records} == {"identified_by=José Müller; country=Côte d'Ivoire"}
    assert found.legacy == ("latin.tsv",)
    assert main(["species", "import", str(path), "--out", str(tmp_path / "in")]) == 0
    assert "latin.tsv: is no UTF-8" in capsys.readouterr().err


def test_an_import_writes_the_name_of_the_table_and_keeps_the_one_found(tmp_path: Path) -> None:
    fasta = tmp_path / "COI.fasta"
    fasta.write_text(f">F1|Aus vetus|a note\n{SIXTY}\n>F2|Bus novus albus\n{SIXTY}\n")
    table(tmp_path / "t.tsv", "\tAus vetus\t\t\tBus novus")
    arguments = ["species", "import", str(fasta), "--taxonomy", str(tmp_path / "t.tsv"), "--out", str(tmp_path / "in")]
    assert main(arguments) == 0
    heads = [line for line in (tmp_path / "in" / "COI.fasta").read_text().splitlines() if line.startswith(">")]
    assert heads == [">F1|Bus novus|as_found=Aus vetus; a note", ">F2|Bus novus albus|"]


def test_reading_one_large_file_tells_how_far_it_is_and_stops_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.species.imports.TOLD_EVERY", 3)
    fasta = tmp_path / "COI.fasta"
    fasta.write_text("".join(f">F{place}|Aus albus\n{SIXTY}\n" for place in range(7)))
    told: list[str] = []
    import_files([fasta], progress=lambda _share, words: told.append(words))
    assert told == ["COI.fasta", "COI.fasta: 3 records read", "COI.fasta: 6 records read", "7 records"]

    def cancelled(_share: float, words: str) -> None:
        if "records read" in words:
            raise Cancelled("Asked to stop.")

    with pytest.raises(Cancelled):
        import_files([fasta], progress=cancelled)
