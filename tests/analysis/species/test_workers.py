"""Many workers give the lines of one, share one copy of a set, and shortcuts find what the definitions say."""

from __future__ import annotations

import mmap
import random
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from analysis.canonical import canonical_json
from analysis.inputs import InputFile
from analysis.outcome import Diagnostic
from analysis.species import packing
from analysis.species.abif import abif_bytes, trace_synthesise
from analysis.species.assembly import trimmed
from analysis.species.bases import reverse_complement
from analysis.species.calibration import Calibration
from analysis.species.distance import _path, edits_located, edits_within, path_located, path_within
from analysis.species.identify import Asked, identify, identify_each
from analysis.species.library import Library
from analysis.species.peaks import double_peaks
from analysis.species.report import identified_json, identified_line
from analysis.species.synthetic import Barcode
from analysis.species.traces import trace_read
from tests.analysis.species.conftest import held_out

ROOT = Path(__file__).resolve().parents[3]
Calibrated = tuple[Library, Calibration]


def changed(sequence: str, seed: int) -> str:
    """Substitutions, codes, losses and gains, one to twenty of them."""
    draw = random.Random(seed)
    bases = list(sequence)
    for _ in range(draw.randrange(1, 21)):
        at = draw.randrange(len(bases))
        bases[at] = draw.choice([*"ACGTRYN", "", bases[at] + draw.choice("ACGT")])
    return "".join(bases)


def queries(individuals: list[Barcode]) -> list[str]:
    """New individuals, whole, turned, in part, changed and joined."""
    unseen = [one.sequence for one in individuals if one.accession in held_out(individuals)]
    texts = [*unseen, *(reverse_complement(one.encode()).decode() for one in unseen[:3])]
    texts += [one[150:300] for one in unseen[:3]] + [changed(one, seed) for seed, one in enumerate(unseen)]
    texts += [unseen[0][:300] + unseen[6][300:], "ACGT" * 100, "ACG"]
    return [f">q{number}\n{text}\n" for number, text in enumerate(texts)]


def identified(folder: Path, files: list[Path]) -> list[list[bytes]]:
    """The JSON lines of every file, each computed by a process of its own, all at once."""
    command = [sys.executable, "-m", "analysis", "species", "identify", "--format", "jsonl", "--reference", str(folder)]
    workers = [subprocess.Popen([*command, str(path)], cwd=ROOT, stdout=subprocess.PIPE) for path in files]
    written = [worker.communicate()[0].splitlines() for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * len(files)
    return written


def test_one_worker_or_many_give_the_same_lines(
    calibrated: Calibrated, individuals: list[Barcode], tmp_path: Path
) -> None:
    texts = queries(individuals)
    shares = [texts, texts[0::3], texts[1::3], texts[2::3][::-1]]
    files = [tmp_path / f"{number}.fasta" for number in range(len(shares))]
    for path, share in zip(files, shares, strict=True):
        path.write_text("".join(share))

    alone, first, second, third = identified(calibrated[0].reference.folder, files)

    assert len(alone) == len(texts)
    assert alone[0::3] == first
    assert alone[1::3] == second
    assert alone[2::3] == third[::-1]


def test_sequences_searched_together_get_the_answers_they_get_alone(
    calibrated: Calibrated, individuals: list[Barcode], monkeypatch: pytest.MonkeyPatch
) -> None:
    sequences = [text.split()[1].encode() for text in queries(individuals)]
    asked = [Asked(name=f"q{number}", bases=bases) for number, bases in enumerate(sequences)]
    alone = [identified_line(identify(*calibrated, one.name, one.bases)) for one in asked]

    assert [identified_line(item) for item in identify_each(*calibrated, asked)] == alone
    monkeypatch.setattr("analysis.species.identify.TOGETHER", 5)
    assert [identified_line(item) for item in identify_each(*calibrated, asked[::-1])] == alone[::-1]


def test_a_line_is_the_canonical_json_of_its_values(calibrated: Calibrated, individuals: list[Barcode]) -> None:
    for number, text in enumerate(queries(individuals)):
        for calibration in (calibrated[1], None):
            name = f'q{number} "{{}}" \\ é'
            item = identify(calibrated[0], calibration, name, text.split()[1].encode(), declared="Aus albus")
            odd = '{0} "\\\x01, ü'
            item = replace(
                item,
                hits=tuple(hit._replace(note=odd, taxon="A, b") for hit in item.hits),
                congeners=tuple(one._replace(name='A "{0}", b', at=(1, 2)) for one in item.congeners),
                nearest_species=tuple((odd, far + 1e-7) for _, far in item.nearest_species),
                caveats=(*item.caveats, odd),
                diagnostics=(
                    *item.diagnostics,
                    Diagnostic(code=odd, state=odd, text=odd, value={"z": [1.5, odd], "a": None}),
                ),
                loci=(odd, "b"),
                locus=odd,
            )
            assert identified_line(item) == canonical_json(identified_json(item))


def owner(array: npt.NDArray[np.generic]) -> object:
    """What an array's memory belongs to in the end."""
    base: object = array
    while isinstance(base, np.ndarray | memoryview):
        base = base.obj if isinstance(base, memoryview) else base.base
    return base


@pytest.mark.parametrize("name", ["keys", "offsets", "postings", "sequences"])
def test_what_is_large_in_a_set_is_mapped_and_never_copied(
    calibrated: Calibrated, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(packing, "LARGE", 0)
    library = Library(calibrated[0].reference)
    array = library.sequences.starts if name == "sequences" else getattr(library.index, name)
    assert isinstance(owner(array), mmap.mmap)
    assert not array.flags.writeable


def test_a_small_set_that_is_cut_short_under_a_process_goes_on_as_it_was_read(
    calibrated: Calibrated, individuals: list[Barcode], tmp_path: Path
) -> None:
    """What is mapped of a file that is cut short ends the process (SIGBUS), so it has one of its own here."""
    folder = tmp_path / "set"
    shutil.copytree(calibrated[0].reference.folder, folder)
    code = (
        "import sys; from pathlib import Path; from analysis.species.library import library_open;"
        "from analysis.species.identify import identify; folder = Path(sys.argv[1]); library = library_open(folder);"
        "[path.write_bytes(b'') for path in folder.iterdir() if path.suffix in {'.bin', '.npy'}];"
        "print(identify(library, None, 'q', sys.argv[2].encode()).hits[0].taxon)"
    )
    words = [sys.executable, "-c", code, str(folder), individuals[4].sequence]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, individuals[4].species)


@pytest.mark.parametrize("seed", range(12))
def test_rows_spell_both_sequences_and_differ_in_the_fewest_edits(individuals: list[Barcode], seed: int) -> None:
    inner = changed(individuals[seed].sequence[100:400], seed).encode()
    outer = individuals[seed].sequence[80:430].encode()
    edits, last = edits_located(inner, outer, -1)

    assert edits == edits_within(inner, outer)
    assert edits == 0 or path_within(inner, outer, edits - 1) is None
    # Found from the known end, and kept under the two sequences alone: so asked for before it is found without.
    within = path_within(inner, outer, edits, last)
    _path.cache_clear()
    one, other, begins = path_located(inner, outer)

    assert within == (one.decode(), other.decode())
    spelt = other.replace(b"-", b"")
    assert one.replace(b"-", b"") == inner
    assert outer[begins : begins + len(spelt)] == spelt
    columns = zip(one.decode(), other.decode(), strict=True)
    assert sum(edits_within(a.encode(), b.encode()) if "-" not in (a, b) else 1 for a, b in columns) == edits


def test_second_peaks_are_those_of_the_definition(individuals: list[Barcode], tmp_path: Path) -> None:
    path = tmp_path / "S.ab1"
    trace = trace_synthesise(individuals[0].sequence[:80], sample="S", seed=3, run_on=date(2026, 1, 2))
    path.write_bytes(abif_bytes(trace))
    read = trace_read(InputFile.from_path("trace_forward", path))
    draw = np.random.Generator(np.random.PCG64(2))
    length = 30
    signals = {letter: draw.integers(-20, 100, length) for letter in "ACGT"}
    scans = np.sort(draw.integers(0, length + 3, len(read.bases)))
    kept = replace(trimmed(read), read=replace(read, channels=signals, peaks=scans), start=0, end=len(read.bases))

    expected = []
    for at, scan in enumerate(scans.tolist()):
        around = [place for place in (scan - 1, scan, scan + 1) if 0 <= place < length]
        tall = sorted(max([0, *(int(signal[place]) for place in around)]) for signal in signals.values())
        if read.qualities[at] >= 20 and tall[3] > 0 and tall[2] > 0.25 * tall[3]:
            expected.append((at + 1, round(tall[2] / tall[3], 3)))

    assert expected
    assert [(peak.position, peak.ratio) for peak in double_peaks(kept, ratio=0.25, quality=20)] == expected
