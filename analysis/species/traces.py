"""Reading traces and reads: ab1 (ABIF), FASTQ and FASTA, with limits and clear refusals."""

from __future__ import annotations

import io
import struct
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from Bio import SeqIO
from Bio.SeqRecord import SeqRecord

from analysis.errors import InputRefused
from analysis.inputs import InputFile
from analysis.species.bases import clean
from analysis.species.texts import plain_check, unpacked

LIMIT: Final = 64 << 20
LONGEST: Final = 100_000
_ENTRY: Final = struct.Struct(">4sIHHIIII")
_HEADER: Final = 34
_MOST_TAGS: Final = 4096
_ABIF: Final = b"ABIF"
OLDEST: Final = 59
_HIGHEST_SANGER: Final = 95
_HIGHEST_64: Final = 105
Qualities = npt.NDArray[np.int64]
_CHANNELS: Final = ("DATA9", "DATA10", "DATA11", "DATA12")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One read: upper-case bases, one Phred quality a base (10 log10 of 1/error), and for a trace what was measured.

    `channels` maps a base letter to its processed signal; `peaks` (length,) are the scan numbers of the calls;
    `edited` says that the stored calls differ from the basecaller's own (PBAS1 against PBAS2), which a
    raw file must not do silently.
    """

    name: str
    bases: bytes
    qualities: Qualities
    channels: Mapping[str, npt.NDArray[np.int64]] = field(default_factory=dict)
    peaks: npt.NDArray[np.int64] | None = None
    edited: bool = False
    facts: Mapping[str, str] = field(default_factory=dict)

    def part(self, start: int, end: int) -> Read:
        """The bases from `start` to before `end`, with their qualities; the signal is kept whole."""
        peaks = None if self.peaks is None else self.peaks[start:end]
        return Read(
            name=self.name,
            bases=self.bases[start:end],
            qualities=self.qualities[start:end],
            channels=self.channels,
            peaks=peaks,
            edited=self.edited,
            facts=self.facts,
        )


def trace_read(file: InputFile) -> Read:
    """The read of an ab1 file, or the one read of a FASTQ or FASTA file; FASTA gives no qualities.

    Raises `InputRefused` for a file that is none of these, ends early, holds no base calls, more than one read, or, as
    ab1, no quality values.
    """
    content = unpacked(file.read(limit=LIMIT), file=file.name, limit=LIMIT)
    if not content:
        raise InputRefused("The file is empty (0 bytes).", file=file.name, remedy="Fetch it again from the sequencer.")
    if content[:1] in (b"@", b">"):
        return _only_read(file)
    if content[:4] != _ABIF:
        raise InputRefused(
            f"The file begins with {content[:4].decode('latin-1')!r}, not with «ABIF»: it is no trace file.",
            file=file.name,
            remedy="Give the .ab1 file as the sequencer wrote it, or the read as FASTQ.",
        )
    _directory_check(content, file.name)
    record = _record(content, file.name)
    raw = _raw(record)
    bases = clean(str(record.seq), file=file.name) if record.seq else b""
    if not bases:
        raise InputRefused(
            "The trace holds no base calls.", file=file.name, remedy="Run the basecaller, or sequence the sample again."
        )
    qualities = record.letter_annotations.get("phred_quality")
    if not qualities or len(qualities) != len(bases):
        raise InputRefused(
            "The trace holds no quality values for its calls.",
            file=file.name,
            remedy="Run a basecaller that writes them: without qualities no end can be trimmed honestly.",
        )
    return Read(
        name=file.name,
        bases=bases,
        qualities=np.asarray(qualities, np.int64),
        channels=_signals(raw),
        peaks=_peaks(raw, len(bases)),
        edited=_edited(raw),
        facts=_facts(raw),
    )


def _only_read(file: InputFile) -> Read:
    reads = reads_of(file)
    if len(reads) != 1:
        raise InputRefused(
            f"The file holds {len(reads)} reads where one is needed.",
            file=file.name,
            remedy="Give each read in a file of its own, or all as sequences.",
        )
    return replace(reads[0], name=file.name)


def reads_of(file: InputFile, *, empty: bool = False) -> list[Read]:
    """Every read of a FASTA or FASTQ file, gzip allowed; FASTA bases get no quality (an empty array).

    Raises `InputRefused` for a record without bases unless `empty` ones are wanted.
    """
    content = unpacked(file.read(limit=LIMIT), file=file.name, limit=4 * LIMIT)
    if content[:4] == _ABIF:
        raise InputRefused(
            "The file is a trace (ab1), where sequences are needed.",
            file=file.name,
            remedy="Make its consensus first, or hand it in as a trace.",
        )
    text = content.decode("utf-8-sig", errors="replace").lstrip()
    if not text:
        raise InputRefused("The file is empty.", file=file.name, remedy="Give at least one sequence.")
    plain_check(text[:256], file=file.name)
    if text[0] not in ">@":
        raise InputRefused(
            f"The file begins with {text[:20]!r}, neither «>» nor «@».",
            file=file.name,
            remedy="Give sequences in FASTA or FASTQ form.",
        )
    reads = _fasta(text, file.name) if text[0] == ">" else _fastq(text, file.name)
    for read in () if empty else reads:
        if not read.bases:
            raise InputRefused(
                f"The sequence «{read.name}» is empty.", file=file.name, field="sequence", remedy="Remove it."
            )
    return reads


def names_check(names: Iterable[str], *, file: str | None = None) -> None:
    """Raises `InputRefused` where two sequences have one name: their answers could not be told apart afterwards."""
    for name, count in Counter(names).items():
        if count > 1:
            raise InputRefused(
                f"{count} sequences are called «{name}».",
                file=file,
                field="sequence",
                remedy="Give every sequence a name of its own; it ends at the first space of its header.",
            )


def _fasta(text: str, file: str) -> list[Read]:
    """Reads named by the first word of their headers."""
    lines = text.splitlines()
    heads = [row for row, line in enumerate(lines) if line.startswith(">")]
    reads: list[Read] = []
    for row, after in zip(heads, [*heads[1:], len(lines)], strict=True):
        name = (lines[row][1:].split() or ["unnamed"])[0]
        reads.append(_read(name, clean("".join(lines[row + 1 : after]), file=file, row=row + 1), file))
    return reads


def _fastq(text: str, file: str) -> list[Read]:
    try:
        records: list[SeqRecord] = list(SeqIO.parse(io.StringIO(text), "fastq"))  # type: ignore[no-untyped-call]
    except ValueError as error:
        raise InputRefused(
            f"The file cannot be read as FASTQ: {str(error).rstrip('.')}.",
            file=file,
            remedy="It may be cut off or damaged: fetch it again.",
        ) from error
    phreds = [found for record in records if (found := record.letter_annotations["phred_quality"])]
    if phreds:
        scale_check(min(map(min, phreds)) + 33, max(map(max, phreds)) + 33, file=file)
    return [
        _read(str(record.id), clean(str(record.seq), file=file), file, record.letter_annotations["phred_quality"])
        for record in records
    ]


def scale_check(lowest: int, highest: int, *, file: str) -> None:
    """Refuse qualities written with 64 added (Illumina before 1.8, Solexa), which would be read as 31 Phred too good.

    `lowest` and `highest` are the codes of the signs of a whole file: those scales begin at 59 and end at 105 (Cock et
    al. 2010, Nucleic Acids Res 38:1767). Bases called with 33 added end at 95 (Phred 62, the KB basecaller's highest),
    and reads of circular consensus, which go on to 126, hold signs beyond 105.
    """
    if lowest >= OLDEST and _HIGHEST_SANGER < highest <= _HIGHEST_64:
        raise InputRefused(
            f"The signs of the qualities go from {chr(lowest)!r} to {chr(highest)!r}: written with 64 added, not 33.",
            file=file,
            field="qualities",
            remedy="Convert the file to Sanger FASTQ (Phred+33), «vsearch --fastq_convert» for one, and give that.",
        )


def _read(name: str, bases: bytes, file: str, qualities: Sequence[int] = ()) -> Read:
    if len(bases) > LONGEST:
        raise InputRefused(
            f"«{name}» has {len(bases):,} bases; at most {LONGEST:,} are compared.",
            file=file,
            field="sequence",
            remedy="Give the barcode region only.",
        )
    return Read(name=name, bases=bases, qualities=np.asarray(qualities, np.int64))


def _record(content: bytes, name: str) -> SeqRecord:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            record: SeqRecord = SeqIO.read(io.BytesIO(content), "abi")  # type: ignore[no-untyped-call]
    except (ValueError, OSError, KeyError, IndexError, AttributeError, OverflowError, struct.error, EOFError) as error:
        raise InputRefused(
            f"The trace cannot be read: {str(error) or type(error).__name__}.",
            file=name,
            remedy="It is cut off or damaged: fetch it again from the sequencer.",
        ) from error
    return record


def _directory_check(content: bytes, name: str) -> None:
    """Refuse a directory that points outside the file, before a parser believes it.

    Layout: header of version (2 bytes) and one 28-byte entry at offset 6 that names the directory;
    every entry holds tag, number, type, size, count, data size, data offset, handle («ABIF file format», 2009).
    """
    problem = ""
    if len(content) < _HEADER:
        problem = f"it ends after {len(content)} bytes, inside its header"
    else:
        _, _, _, entry, count, _, start, _ = _ENTRY.unpack_from(content, 6)
        if entry != _ENTRY.size or not 0 < count <= _MOST_TAGS or start + count * entry > len(content):
            problem = f"its directory ({count} entries at byte {start}) lies outside its {len(content)} bytes"
        elif any(_outside(content, start + number * entry) for number in range(count)):
            problem = f"parts of its data lie outside its {len(content)} bytes"
    if problem:
        raise InputRefused(
            f"The trace cannot be read: {problem}.",
            file=name,
            remedy="It is cut off or damaged: fetch it again from the sequencer.",
        )


def _outside(content: bytes, at: int) -> bool:
    _, _, _, _, _, size, offset, _ = _ENTRY.unpack_from(content, at)
    return bool(size > 4 and offset + size > len(content))


def _raw(record: SeqRecord) -> Mapping[str, object]:
    annotations: Mapping[str, object] = dict(record.annotations)
    raw = annotations.get("abif_raw")
    return raw if isinstance(raw, dict) else {}


def _signals(raw: Mapping[str, object]) -> dict[str, npt.NDArray[np.int64]]:
    order = raw.get("FWO_1")
    letters = order.decode("ascii", "replace") if isinstance(order, bytes) else ""
    if len(letters) != 4 or set(letters) != set("ACGT"):
        return {}
    found = {letter: raw.get(channel) for letter, channel in zip(letters, _CHANNELS, strict=True)}
    return {letter: np.asarray(data, np.int64) for letter, data in found.items() if isinstance(data, tuple)}


def _peaks(raw: Mapping[str, object], count: int) -> npt.NDArray[np.int64] | None:
    for tag in ("PLOC2", "PLOC1"):
        data = raw.get(tag)
        if isinstance(data, tuple) and len(data) == count:
            return np.asarray(data, np.int64)
    return None


def _edited(raw: Mapping[str, object]) -> bool:
    stored, called = raw.get("PBAS1"), raw.get("PBAS2")
    return isinstance(stored, bytes) and isinstance(called, bytes) and stored.upper() != called.upper()


def _facts(raw: Mapping[str, object]) -> dict[str, str]:
    names = {"SMPL1": "sample", "MCHN1": "instrument", "RUND1": "run_date", "MODL1": "model"}
    return {
        name: value.decode("utf-8", "replace").strip() if isinstance(value, bytes) else str(value)
        for tag, name in names.items()
        if (value := raw.get(tag)) is not None
    }
