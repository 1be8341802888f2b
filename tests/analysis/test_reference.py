"""Frozen sets with large files: every byte counts, and sets of earlier formats are read as before."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from analysis.errors import InputRefused
from analysis.reference import (
    FORMAT,
    FORMAT_LARGE,
    FORMAT_PIECES,
    LARGE,
    MANIFEST,
    ReferenceSet,
    freeze_files,
    open_reference,
)

ROOT = Path(__file__).resolve().parents[2]
VECTOR = bytes(place % 251 for place in range(1024))
VECTOR_BLAKE3 = "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"
"""The input of 1,024 bytes among the published vectors of BLAKE3 (github.com/BLAKE3-team/BLAKE3), and its hash."""
FILES = {"large": VECTOR, "small": b"ACGT", "empty": b"", "exact": b"G" * 200}
SMALL_PIECE = 100


def frozen(folder: Path) -> ReferenceSet:
    return freeze_files(folder, FILES, kind="test", name="set", version="1", facts={})


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of more than 200 bytes are large, and pieces of the former format are of 100."""
    monkeypatch.setattr("analysis.reference.LARGE", 200)
    monkeypatch.setattr("analysis.reference.PIECE", SMALL_PIECE)


def manifest_of(reference: ReferenceSet) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(reference.path(MANIFEST).read_bytes())
    return read


def sealed(path: Path, body: dict[str, Any]) -> None:
    """Write a manifest with the hash of its content, as whoever forged one would."""
    body = {name: value for name, value in body.items() if name != "sha256"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    path.write_text(json.dumps({**body, "sha256": hashlib.sha256(text.encode()).hexdigest()}))


def in_pieces(folder: Path) -> ReferenceSet:
    """The set as the former format wrote it: the SHA-256 of each 100 bytes of a larger file."""
    path = frozen(folder).path(MANIFEST)
    body = json.loads(path.read_bytes())
    body["format"] = FORMAT_PIECES
    for entry in body["files"]:
        content = FILES[entry["path"]]
        if len(content) > SMALL_PIECE:
            parts = [content[start : start + SMALL_PIECE] for start in range(0, len(content), SMALL_PIECE)]
            entry.pop("blake3", None)
            del entry["sha256"]
            entry["pieces"] = [hashlib.sha256(part).hexdigest() for part in parts]
    sealed(path, body)
    return open_reference(folder, kind="test")


def changed_at(path: Path, place: int) -> None:
    """Change one bit of one byte, and see to it that the file is told from its former state."""
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(1, 1))


def test_every_file_has_its_sha256_and_a_large_one_its_blake3_too(tmp_path: Path, small: None) -> None:
    manifest = manifest_of(frozen(tmp_path / "set"))

    listed = {entry["path"]: entry for entry in manifest["files"]}
    assert manifest["format"] == FORMAT_LARGE
    assert {name: entry["sha256"] for name, entry in listed.items()} == {
        name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()
    }
    assert {name: entry["blake3"] for name, entry in listed.items() if "blake3" in entry} == {"large": VECTOR_BLAKE3}


def test_a_set_without_a_large_file_is_frozen_as_before(tmp_path: Path) -> None:
    manifest = manifest_of(frozen(tmp_path / "set"))

    assert max(map(len, FILES.values())) <= LARGE
    assert manifest["format"] == FORMAT
    assert all(set(entry) == {"path", "size", "sha256"} for entry in manifest["files"])


@pytest.mark.parametrize("place", [0, 1, 511, 1022, 1023])
def test_one_changed_byte_of_a_large_file_is_refused_by_its_name(tmp_path: Path, small: None, place: int) -> None:
    changed_at(frozen(tmp_path / "set").path("large"), place)

    with pytest.raises(InputRefused, match=r"its digest is .* the manifest states 42214739f095a406") as refused:
        open_reference(tmp_path / "set", kind="test")
    assert refused.value.file == "large"


def test_one_changed_byte_of_a_small_file_beside_a_large_one_is_refused(tmp_path: Path, small: None) -> None:
    changed_at(frozen(tmp_path / "set").path("exact"), 150)

    with pytest.raises(InputRefused, match="is not what was frozen") as refused:
        open_reference(tmp_path / "set", kind="test")
    assert refused.value.file == "exact"


@pytest.mark.parametrize("name", ["sha256", "blake3"])
def test_the_hash_of_the_set_seals_both_hashes_of_a_large_file(tmp_path: Path, small: None, name: str) -> None:
    path = frozen(tmp_path / "set").path(MANIFEST)
    body = json.loads(path.read_bytes())
    entry = next(entry for entry in body["files"] if entry["path"] == "large")
    entry[name] = "0" * 64
    path.write_text(json.dumps(body))

    with pytest.raises(InputRefused, match="its content hashes to"):
        open_reference(tmp_path / "set", kind="test")


@pytest.mark.parametrize("processors", [1, 2, 7])
def test_how_many_processors_hash_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processors: int
) -> None:
    content = VECTOR * 2048
    large = {"one": content, "other": content[:-1]}
    first = freeze_files(tmp_path / "first", large, kind="test", name="set", version="1", facts={})
    monkeypatch.setattr("analysis.reference._processors", lambda: processors)
    second = freeze_files(tmp_path / "second", large, kind="test", name="set", version="1", facts={})

    assert manifest_of(first)["format"] == FORMAT_LARGE
    assert second.sha256 == first.sha256
    changed_at(second.path("other"), len(content) - 2)
    with pytest.raises(InputRefused, match="is not what was frozen"):
        open_reference(tmp_path / "second", kind="test")


_FORKS = """
import os, sys
from pathlib import Path
from analysis.reference import _digest_of, open_reference
open_reference(Path(sys.argv[1]), kind="test")
child = os.fork()
if not child:
    _digest_of.cache_clear()
    open_reference(Path(sys.argv[1]), kind="test")
    os._exit(0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_process_that_opened_a_set_may_fork_and_its_child_opens_it_too(tmp_path: Path) -> None:
    """Threads do not live on in a child; one that waited for those of its parent would wait for ever."""
    freeze_files(tmp_path / "set", {"large": VECTOR * 2048}, kind="test", name="set", version="1", facts={})

    ran = subprocess.run([sys.executable, "-c", _FORKS, tmp_path / "set"], cwd=ROOT, check=False, timeout=300)
    assert ran.returncode == 0


@pytest.mark.parametrize("place", [0, 99, 100, 399, 400, 1023])
def test_one_changed_byte_in_any_piece_of_the_former_format_is_refused(tmp_path: Path, small: None, place: int) -> None:
    changed_at(in_pieces(tmp_path / "set").path("large"), place)

    with pytest.raises(InputRefused, match="is not what was frozen") as refused:
        open_reference(tmp_path / "set", kind="test")
    assert refused.value.file == "large"
    begins = place // SMALL_PIECE * SMALL_PIECE + 1
    assert place < SMALL_PIECE or f"from byte {begins:,} on" in str(refused.value)


def test_pieces_that_changed_places_are_refused(tmp_path: Path, small: None) -> None:
    path = in_pieces(tmp_path / "set").path("large")
    content = path.read_bytes()
    path.write_bytes(content[100:200] + content[:100] + content[200:])
    os.utime(path, ns=(1, 1))

    with pytest.raises(InputRefused, match="is not what was frozen"):
        open_reference(tmp_path / "set", kind="test")


def test_a_manifest_with_a_piece_too_few_is_refused(tmp_path: Path, small: None) -> None:
    path = in_pieces(tmp_path / "set").path(MANIFEST)
    body = json.loads(path.read_bytes())
    large = next(entry for entry in body["files"] if entry["path"] == "large")
    large["pieces"].pop()
    sealed(path, body)

    with pytest.raises(InputRefused, match="lists 10 pieces of large, which has 11"):
        open_reference(tmp_path / "set", kind="test")


def test_a_set_of_the_first_format_is_read_though_its_files_are_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = frozen(tmp_path / "set")
    assert manifest_of(before)["format"] == FORMAT

    monkeypatch.setattr("analysis.reference.LARGE", 200)
    assert open_reference(tmp_path / "set", kind="test") == before

    changed_at(before.path("large"), 1023)
    with pytest.raises(InputRefused, match="its digest is"):
        open_reference(tmp_path / "set", kind="test")


def test_a_large_file_that_is_cut_short_while_it_is_read_is_refused(
    tmp_path: Path, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read, never mapped: a map of what is gone ends the process."""
    path = frozen(tmp_path / "set").path("large")
    before = path.stat()

    class Cutting:
        """Cuts the file when the first bytes come; a disk that fills up or a copy that stops does so."""

        def __init__(self) -> None:
            self.left = hashlib.sha256()

        def update(self, data: memoryview) -> None:
            os.truncate(path, 100)
            self.left.update(data)

        def hexdigest(self) -> str:
            return self.left.hexdigest()

    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))  # another state of the file: it is hashed again
    monkeypatch.setattr("analysis.reference._BLOCK", 64)
    monkeypatch.setattr("analysis.reference._hasher", lambda _hashed: Cutting())
    with pytest.raises(InputRefused, match="not what was frozen"):
        open_reference(tmp_path / "set", kind="test")


def test_a_file_in_place_of_a_folder_is_no_set(tmp_path: Path) -> None:
    (tmp_path / "file").write_text(">a\nACGT\n")
    with pytest.raises(InputRefused, match="No reference set here"):
        open_reference(tmp_path / "file", kind="test")
