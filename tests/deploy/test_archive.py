"""The sealed archive: what was sealed opens, and nothing else does."""

import io
import os
from pathlib import Path

import pytest

from deploy.archive import CHUNK, Opening, Sealing, archive_facts
from deploy.embedded.errors import DeployError

PASSPHRASE = "otter lantern seven maps"


def sealed(path: Path, data: bytes) -> None:
    with path.open("wb") as out:
        sealing = Sealing(out, PASSPHRASE, {"made_at": "2026-03-04"})
        sealing.write(data)
        sealing.finish()


def opened(path: Path, passphrase: str = PASSPHRASE) -> bytes:
    with path.open("rb") as source:
        opening = Opening(source, passphrase, path.name)
        data = io.BufferedReader(opening).read()
        opening.rest()
        return data


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5])
def test_what_was_sealed_opens(tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    sealed(tmp_path / "a", data)
    assert opened(tmp_path / "a") == data
    assert archive_facts(tmp_path / "a")["made_at"] == "2026-03-04"
    assert size < 100 or data[:100] not in (tmp_path / "a").read_bytes()


def pieces(whole: bytes) -> tuple[bytes, list[bytes]]:
    """Header and sealed chunks with their lengths, read by hand from the format."""
    end = whole.index(b"\n") + 1
    rest, found = whole[end:], []
    while rest:
        size = 4 + int.from_bytes(rest[:4])
        found.append(rest[:size])
        rest = rest[size:]
    return whole[:end], found


def test_no_chunk_is_changed_dropped_swapped_repeated_or_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "a"
    sealed(path, os.urandom(3 * CHUNK + 5))
    head, chunks = pieces(path.read_bytes())
    assert len(chunks) == 4
    flipped = chunks[1][:50] + bytes([chunks[1][50] ^ 1]) + chunks[1][51:]
    for bad in (
        [chunks[0], flipped, *chunks[2:]],
        [chunks[0], *chunks[2:]],
        [chunks[1], chunks[0], *chunks[2:]],
        [chunks[0], chunks[0], *chunks[1:]],
        chunks[:3],
        [*chunks[:3], chunks[3][:-1]],
        [*chunks, b"x"],
        [],
    ):
        path.write_bytes(head + b"".join(bad))
        with pytest.raises(DeployError):
            opened(path)
    path.write_bytes(head.replace(b"2026-03-04", b"2027-03-04") + b"".join(chunks))
    with pytest.raises(DeployError):
        opened(path)


def test_another_passphrase_or_file_is_refused_in_words(tmp_path: Path) -> None:
    sealed(tmp_path / "a", b"evidence")
    with pytest.raises(DeployError, match="passphrase"):
        opened(tmp_path / "a", "another one, as long")
    (tmp_path / "b").write_text("no backup at all")
    with pytest.raises(DeployError, match="no backup of Spoor"):
        opened(tmp_path / "b")
    with pytest.raises(DeployError, match="12 or more"), (tmp_path / "c").open("wb") as out:
        Sealing(out, "short", {})
