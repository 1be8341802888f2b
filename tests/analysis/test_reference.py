"""Frozen sets whose files are hashed in pieces: every byte counts, and sets hashed whole are read as before."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from analysis.errors import InputRefused
from analysis.reference import FORMAT, FORMAT_PIECES, MANIFEST, PIECE, ReferenceSet, freeze_files, open_reference

FILES = {"large": bytes(range(256)) * 3, "small": b"ACGT", "empty": b"", "exact": b"G" * 200}
SMALL_PIECE = 100


def frozen(folder: Path) -> ReferenceSet:
    return freeze_files(folder, FILES, kind="test", name="set", version="1", facts={})


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.reference.PIECE", SMALL_PIECE)


def test_a_large_file_is_listed_by_the_hashes_of_its_pieces(tmp_path: Path, pieces: None) -> None:
    manifest = json.loads(frozen(tmp_path / "set").path(MANIFEST).read_bytes())

    listed = {entry["path"]: entry for entry in manifest["files"]}
    assert manifest["format"] == FORMAT_PIECES
    for name, content in FILES.items():
        parts = [content[start : start + SMALL_PIECE] for start in range(0, len(content) or 1, SMALL_PIECE)]
        digests = [hashlib.sha256(part).hexdigest() for part in parts]
        assert listed[name].get("pieces", [listed[name].get("sha256")]) == digests


@pytest.mark.parametrize("place", [0, 99, 100, 399, 400, 767])
def test_one_changed_byte_in_any_piece_is_refused_by_its_file(tmp_path: Path, pieces: None, place: int) -> None:
    path = frozen(tmp_path / "set").path("large")
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(1, 1))

    with pytest.raises(InputRefused, match="is not what was frozen") as refused:
        open_reference(tmp_path / "set", kind="test")
    assert refused.value.file == "large"
    assert place < SMALL_PIECE or f"from byte {place // SMALL_PIECE * SMALL_PIECE + 1}" in str(refused.value)


def test_pieces_that_changed_places_are_refused(tmp_path: Path, pieces: None) -> None:
    path = frozen(tmp_path / "set").path("large")
    content = path.read_bytes()
    path.write_bytes(content[100:200] + content[:100] + content[200:])
    os.utime(path, ns=(1, 1))

    with pytest.raises(InputRefused, match="is not what was frozen"):
        open_reference(tmp_path / "set", kind="test")


def test_a_manifest_with_a_piece_too_few_is_refused(tmp_path: Path, pieces: None) -> None:
    path = frozen(tmp_path / "set").path(MANIFEST)
    body = json.loads(path.read_bytes())
    del body["sha256"]
    body["files"][2]["pieces"].pop()
    assert body["files"][2]["path"] == "large"
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    path.write_text(json.dumps({**body, "sha256": hashlib.sha256(text.encode()).hexdigest()}))

    with pytest.raises(InputRefused, match="lists 7 pieces of large, which has 8"):
        open_reference(tmp_path / "set", kind="test")


def test_a_set_hashed_whole_is_read_though_its_files_are_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = frozen(tmp_path / "set")
    assert json.loads(before.path(MANIFEST).read_bytes())["format"] == FORMAT
    assert max(map(len, FILES.values())) < PIECE

    monkeypatch.setattr("analysis.reference.PIECE", SMALL_PIECE)
    assert open_reference(tmp_path / "set", kind="test") == before

    path = before.path("large")
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    os.utime(path, ns=(1, 1))
    with pytest.raises(InputRefused, match="its digest is"):
        open_reference(tmp_path / "set", kind="test")
