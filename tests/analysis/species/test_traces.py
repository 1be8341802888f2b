from __future__ import annotations

import io
import re
from datetime import date
from pathlib import Path

import edlib
import numpy as np
import pytest
from Bio import SeqIO

from analysis.errors import InputRefused
from analysis.inputs import InputFile
from analysis.species.abif import Trace, abif_bytes, trace_synthesise
from analysis.species.alignment import align
from analysis.species.assembly import Consensus, assemble, single, trimmed
from analysis.species.bases import reverse_complement
from analysis.species.chromatogram import chromatogram_svg
from analysis.species.peaks import double_peaks
from analysis.species.records import fasta_iterate
from analysis.species.synthetic import Barcode
from analysis.species.traces import Read, reads_of, trace_read
from analysis.species.traceview import columns_of, traceview_svg
from tests.analysis.species.conftest import real

DAY = date(2026, 3, 4)
PAIRS = ["ACHLO006-09", "ACHLO007-09", "ACHLO040-09", "ACHLO041-09", "RBNII384-13", "RBNII395-13", "RBNII396-13"]
PAIRS.append("RBNII397-13")


def written(folder: Path, name: str, trace: Trace) -> InputFile:
    path = folder / name
    path.write_bytes(abif_bytes(trace))
    return InputFile.from_path("trace_forward", path)


def pair(folder: Path, forward: str, reverse: str, seed: int = 3) -> Consensus:
    turned = reverse_complement(reverse.encode()).decode()
    one = written(folder, "F.ab1", trace_synthesise(forward, sample="F", seed=seed, run_on=DAY))
    other = written(folder, "R.ab1", trace_synthesise(turned, sample="R", seed=seed + 1, run_on=DAY))
    return assemble(trace_read(one), trace_read(other))


def test_biopython_reads_what_our_writer_writes(individuals: list[Barcode]) -> None:
    trace = trace_synthesise(individuals[0].sequence, sample="S-1", seed=5, run_on=DAY)
    record = SeqIO.read(io.BytesIO(abif_bytes(trace)), "abi")
    assert str(record.seq) == trace.bases
    assert record.letter_annotations["phred_quality"] == trace.qualities.tolist()
    raw = record.annotations["abif_raw"]
    assert raw["FWO_1"] == b"GATC"
    assert raw["DATA9"] == tuple(trace.signals["G"].tolist())
    assert list(raw["PLOC2"]) == trace.peaks.tolist()
    assert record.annotations["run_start"].startswith("2026-03-04")
    assert b"SYNTHETIC" in raw["CMNT1"]


def test_the_same_seed_writes_the_same_file(individuals: list[Barcode]) -> None:
    one, other = (
        abif_bytes(trace_synthesise(individuals[0].sequence, sample="S", seed=5, run_on=DAY)) for _ in range(2)
    )
    assert one == other


def test_a_synthetic_pair_gives_its_sequence_back(individuals: list[Barcode], tmp_path: Path) -> None:
    truth = individuals[0].sequence
    consensus = pair(tmp_path, truth, truth)
    found = edlib.align(consensus.bases, truth.encode(), mode="HW")
    assert found["editDistance"] == 0
    assert len(consensus.bases) > 0.95 * len(truth)
    assert not consensus.suspect_pair


def test_reads_given_as_fastq_give_the_consensus_of_their_traces(individuals: list[Barcode], tmp_path: Path) -> None:
    truth = individuals[0].sequence
    from_traces = pair(tmp_path, truth, truth)
    reads = []
    for way in ("F", "R"):
        record = SeqIO.read(tmp_path / f"{way}.ab1", "abi")
        SeqIO.write(record, tmp_path / f"{way}.fastq", "fastq")
        reads.append(trace_read(InputFile.from_path("trace_forward", tmp_path / f"{way}.fastq")))
    found = assemble(*reads)
    assert (found.bases, found.qualities.tolist()) == (from_traces.bases, from_traces.qualities.tolist())
    assert [one.read.name for one in found.reads] == ["F.fastq", "R.fastq"]
    assert chromatogram_svg(found) is None


def test_a_read_without_qualities_stands_alone_and_a_file_of_two_reads_is_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "r.fasta"
    path.write_text(">a\n" + "ACGTTGCA" * 20 + "\n")
    read = trace_read(InputFile.from_path("trace_forward", path))
    assert single(read).bases == b"ACGTTGCA" * 20
    with pytest.raises(InputRefused, match="no qualities"):
        assemble(read, read)
    path.write_text(">a\nACGT\n>b\nACGT\n")
    with pytest.raises(InputRefused, match="holds 2 reads"):
        trace_read(InputFile.from_path("trace_forward", path))


def test_a_pair_of_two_specimens_is_flagged_or_refused(individuals: list[Barcode], tmp_path: Path) -> None:
    congeners = individuals[0].sequence, individuals[5].sequence
    assert pair(tmp_path, *congeners).suspect_pair
    with pytest.raises(InputRefused, match="overlap by"):
        pair(tmp_path, individuals[0].sequence, "".join(reversed(individuals[30].sequence)))


def test_every_disagreement_names_both_calls_and_both_qualities(individuals: list[Barcode], tmp_path: Path) -> None:
    consensus = pair(tmp_path, individuals[0].sequence, individuals[5].sequence)
    forward, reverse = consensus.reads[0].read, consensus.reads[1].read
    firm = [item for item in consensus.disagreements if "-" not in (item.forward, item.reverse)]
    assert firm
    for item in firm:
        assert chr(forward.bases[item.forward_base - 1]) == item.forward
        assert int(forward.qualities[item.forward_base - 1]) == item.forward_quality
        assert reverse_complement(reverse.bases[item.reverse_base - 1 : item.reverse_base]).decode() == item.reverse
        assert int(reverse.qualities[item.reverse_base - 1]) == item.reverse_quality
        assert chr(consensus.bases[item.position - 1]) == item.consensus


def test_second_peaks_are_seen_at_mixed_positions(individuals: list[Barcode], tmp_path: Path) -> None:
    sequence = list(individuals[0].sequence)
    for at in (200, 300, 400):
        sequence[at] = {"A": "R", "G": "R", "C": "Y", "T": "Y"}[sequence[at]]
    trace = trace_synthesise("".join(sequence), sample="M", seed=8, run_on=DAY, error=0.0)
    called = "".join({"R": "A", "Y": "C"}.get(base, base) for base in trace.bases)
    mixed = Trace(
        bases=called,
        qualities=np.full(len(called), 40),
        peaks=trace.peaks,
        signals=trace.signals,
        sample="M",
        run_on=DAY,
    )
    read = trace_read(written(tmp_path, "M.ab1", mixed))
    assert {201, 301, 401} <= {peak.position for peak in double_peaks(trimmed(read))}


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_cut_off_trace_is_refused(individuals: list[Barcode], tmp_path: Path, share: float) -> None:
    whole = abif_bytes(trace_synthesise(individuals[0].sequence, sample="S", seed=5, run_on=DAY))
    path = tmp_path / "cut.ab1"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(InputRefused) as refused:
        trace_read(InputFile.from_path("trace_forward", path))
    assert refused.value.file == "cut.ab1"
    assert refused.value.remedy


def test_a_directory_that_claims_millions_of_entries_is_refused_at_once(
    individuals: list[Barcode], tmp_path: Path
) -> None:
    content = bytearray(abif_bytes(trace_synthesise(individuals[0].sequence, sample="S", seed=5, run_on=DAY)))
    content[18:22] = (2**31 - 1).to_bytes(4, "big")
    path = tmp_path / "huge.ab1"
    path.write_bytes(bytes(content))
    with pytest.raises(InputRefused, match="directory"):
        trace_read(InputFile.from_path("trace_forward", path))


@pytest.mark.parametrize(("content", "said"), [("", "empty"), ("hello", "neither"), (">a\n>b\nACGT\n", "empty")])
def test_sequence_files_without_sequences_are_refused(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "q.fasta"
    path.write_text(content)
    with pytest.raises(InputRefused, match=said):
        reads_of(InputFile.from_path("sequence", path))


def test_fastq_qualities_are_read(tmp_path: Path) -> None:
    path = tmp_path / "q.fastq"
    path.write_text("@r\nACGT\n+\nI5+!\n")
    assert reads_of(InputFile.from_path("sequence", path))[0].qualities.tolist() == [40, 20, 10, 0]


def test_the_chromatogram_says_what_it_shows(individuals: list[Barcode], tmp_path: Path) -> None:
    consensus = pair(tmp_path, individuals[0].sequence, individuals[0].sequence)
    drawing = chromatogram_svg(consensus)
    assert drawing is not None
    assert drawing == chromatogram_svg(consensus)
    for said in ("<title", "<desc", 'class="tr tr-a"', 'class="trimmed"', "Forward read F.ab1", "b-g"):
        assert said in drawing
    assert drawing.count('class="mono') == sum(len(kept.read.bases) for kept in consensus.reads)
    assert drawing.count('class="mark"') == 2 * len(consensus.disagreements)


def read_real(pair_name: str, side: str) -> InputFile:
    return InputFile.from_path("trace", real("traces", "allolobophora_coi", f"Achl_{pair_name}_{side}.ab1"))


@pytest.mark.parametrize("name", PAIRS)
def test_earthworm_pairs_agree_with_the_published_contigs(name: str) -> None:
    contigs = {h: s for _, h, s in fasta_iterate(real("traces", "allolobophora_coi", "published_contigs.fasta"))}
    consensus = assemble(trace_read(read_real(name, "1_F")), trace_read(read_real(name, "2_R")))
    assert not consensus.suspect_pair
    assert len(consensus.bases) >= 600
    published = contigs.get(f"Achl_{name}")
    if published is not None:
        aligned = align(consensus.bases, published.encode())
        assert aligned.columns >= 600
        assert aligned.identity >= 0.996


def test_a_real_swapped_pair_is_flagged() -> None:
    forward = trace_read(read_real("ACHLO040-09", "1_F"))
    assert assemble(forward, trace_read(read_real("ACHLO041-09", "2_R"))).suspect_pair
    with pytest.raises(InputRefused, match="swapped"):
        assemble(forward, trace_read(read_real("ACHLO006-09", "2_R")))


@pytest.mark.parametrize("name", ["310", "3100", "3730", "A6_1-DB3", "empty", "no_smpl1", "nonascii_encoding"])
def test_odd_instrument_files_give_biopythons_bases(name: str) -> None:
    path = real("traces", "instruments", f"{name}.ab1")
    with path.open("rb") as source:
        record = SeqIO.read(source, "abi")
    raw = record.annotations["abif_raw"]
    read = trace_read(InputFile.from_path("trace", path))
    assert read.bases.decode() == str(record.seq).upper()
    assert read.edited == (raw["PBAS1"].upper() != raw["PBAS2"].upper())


def test_a_fake_trace_is_refused_with_what_it_begins_with() -> None:
    with pytest.raises(InputRefused, match="begins with 'This'"):
        trace_read(InputFile.from_path("trace", real("traces", "instruments", "fake.ab1")))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (">a\nACGT\n".encode("utf-16"), "UTF-16"),
        (b"@r1\nACGT\n+\nII\n", r"differs for r1 \(4 and 2\)\.$"),
        (b"%PDF-1.4\n", "begins with '%PDF-1.4"),
    ],
    ids=["utf-16", "qualities", "pdf"],
)
def test_files_of_sequences_that_are_none_are_named_in_plain_words(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "q.fasta"
    path.write_bytes(content)
    with pytest.raises(InputRefused) as refused:
        reads_of(InputFile.from_path("sequence", path))
    assert re.search(said, refused.value.message)
    trace = tmp_path / "q.ab1"
    trace.write_bytes(b"%PDF-1.4\n")
    with pytest.raises(InputRefused, match="begins with '%PDF', not with «ABIF»"):
        trace_read(InputFile.from_path("trace_forward", trace))


def test_a_read_of_which_nothing_is_kept_is_drawn_whole() -> None:
    """An analyst wants to see why a read was no good, not an empty figure."""
    read = Read(name="poor", bases=b"ACGT" * 20, qualities=np.full(80, 2, np.int64))
    consensus = single(read)
    assert consensus.bases == b""
    columns = columns_of(consensus)
    assert [(one.position, one.forward, one.reverse) for one in columns] == [(0, place, 0) for place in range(1, 81)]
    drawn = traceview_svg(consensus, 1, 80)
    assert drawn.count('class="trimmed"') == 80
    assert ">Read poor</text>" in drawn
