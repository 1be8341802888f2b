"""Disclosure packs: what is written, that common programs read it, and that nothing in it can be changed."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chain_of_custody.core.archive import Archive, Member, directory
from chain_of_custody.core.bag import DirectoryTree, bag_check
from chain_of_custody.core.errors import PackRefused
from chain_of_custody.core.note import note_sign
from chain_of_custody.core.pack import CUSTODY_PATH, Source, pack_write, signed_text
from chain_of_custody.core.verify import Status
from tests.chain_of_custody.core.builders import (
    LOG_KEY,
    OTHER_KEY,
    full_export,
    item_export,
    pack_bytes,
    reasons,
    verify_bytes,
)
from tests.chain_of_custody.core.tampering_packs import (
    NAME,
    PACK,
    bag_mended,
    commented,
    duplicated,
    encrypted,
    files,
    written,
    zipped,
)


def test_other_programs_read_the_archive_and_the_bag(tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(PACK)) as archive:
        archive.extractall(tmp_path)
    assert bag_check(DirectoryTree(tmp_path / NAME)) == []
    assert (tmp_path / NAME / "data" / "raw" / "trace.ab1").read_bytes() == b"ABIF synthetic"
    info = (tmp_path / NAME / "bag-info.txt").read_text().splitlines()
    size = sum(path.stat().st_size for path in (tmp_path / NAME / "data").rglob("*") if path.is_file())
    assert info == [
        "Bagging-Date: 2026-03-02",
        "External-Identifier: DP-2026-0001",
        f"Payload-Oxum: {size}.4",
        f"Spoor-Signing-Key: {LOG_KEY.verifier}",
    ]


def test_the_same_bytes_from_any_kind_of_source(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"x" * 3_000_000)
    sources: list[Source] = [path, path.read_bytes(), (b"x" * 1000 for _ in range(3000))]
    packs = {pack_bytes({"data/raw/x": source}) for source in sources}
    assert len(packs) == 1


def test_a_pack_can_follow_other_bytes_in_its_file() -> None:
    out = io.BytesIO(b"")
    out.write(b"before")
    pack_write(out, reference=NAME, files={CUSTODY_PATH: b""}.items(), signer=LOG_KEY)
    assert out.getvalue()[6:10] == b"PK\x03\x04"
    Archive(io.BytesIO(out.getvalue()[6:]))


@pytest.mark.parametrize(
    "path",
    ["data/../x", "report.pdf", "/data/x", "data/a\\b", "data/e\u0301", "data/a\nb", "DATA/x", "data/Raw/Trace.AB1"],
)
def test_paths_a_pack_refuses(path: str) -> None:
    with pytest.raises(PackRefused):
        pack_bytes({path: b""})


def test_a_pack_needs_the_custody_history_and_a_plain_reference() -> None:
    with pytest.raises(PackRefused, match="custody"):
        pack_write(io.BytesIO(), reference=NAME, files=[("data/x", b"")], signer=LOG_KEY)
    with pytest.raises(PackRefused, match="reference"):
        pack_write(io.BytesIO(), reference="a/b", files=[(CUSTODY_PATH, b"")], signer=LOG_KEY)
    for info in ({"Payload-Oxum": "1.1"}, {"Label": "two\nlines"}, {"": "x"}):
        with pytest.raises(PackRefused, match="label"):
            pack_write(io.BytesIO(), reference=NAME, files=[(CUSTODY_PATH, b"")], signer=LOG_KEY, info=info)


def _where(folder: Path, data: bytes, reason: str) -> dict:
    report = verify_bytes(folder, data, LOG_KEY)
    assert report.status is Status.FAILED
    return next(dict(f.where) for step in report.steps for f in step.findings if f.reason == reason)


def test_an_altered_file_is_named(tmp_path: Path) -> None:
    content = files()
    content[f"{NAME}/data/report/R-1.pdf"] += b"!"
    assert _where(tmp_path, written(content), "digest-mismatch") == {"file": "data/report/R-1.pdf"}


def test_an_altered_file_with_its_manifest_bag_mended(tmp_path: Path) -> None:
    content = files()
    content[f"{NAME}/data/schedule-withheld.json"] = b"{}"
    content = bag_mended(content)
    assert reasons(verify_bytes(tmp_path, written(content), LOG_KEY)) >= {"signature-invalid"}


def test_mending_is_faithful(tmp_path: Path) -> None:
    assert written(bag_mended(files())) == PACK


def test_a_forged_pack_signed_again_fails_or_is_not_pinned(tmp_path: Path) -> None:
    """The forger can sign the pack with a key of his own; the key the reader trusts is not among the signers."""
    forged = pack_bytes({"data/report/R-1.pdf": b"another"}, signer=OTHER_KEY)
    report = verify_bytes(tmp_path, forged, LOG_KEY)
    assert (report.status, reasons(report)) == (Status.INDETERMINATE, {"signer-not-pinned"})


def test_the_signature_of_another_pack(tmp_path: Path) -> None:
    content = files()
    tagmanifest = content[f"{NAME}/tagmanifest-sha256.txt"]
    content[f"{NAME}/signature.txt"] = note_sign(signed_text("DP-2026-0002", tagmanifest), LOG_KEY)
    assert _where(tmp_path, written(content), "signature-invalid") == {"file": "signature.txt"}


def test_a_pack_renamed(tmp_path: Path) -> None:
    content = {name.replace(NAME, "DP-2026-0009"): data for name, data in files().items()}
    found = reasons(verify_bytes(tmp_path, written(content), LOG_KEY))
    assert found == {"bag-info-mismatch", "signature-invalid", "end-not-signed"}


@pytest.mark.parametrize("name", ["data/added.txt", "added.txt", "fetch.txt"])
def test_a_file_added(tmp_path: Path, name: str) -> None:
    content = files() | {f"{NAME}/{name}": b"http://127.0.0.1/ 1 data/x\n"}
    ordered = dict(sorted(content.items(), key=lambda pair: ("/data/" not in pair[0], pair[0].encode())))
    for attempt in (content, ordered):
        report = verify_bytes(tmp_path, written(attempt), LOG_KEY)
        assert report.status is Status.FAILED
        assert reasons(report) & {"unlisted", "archive-strange"}


@pytest.mark.parametrize("name", ["signature.txt", "bagit.txt", "tagmanifest-sha256.txt", "bag-info.txt"])
def test_a_tag_file_removed(tmp_path: Path, name: str) -> None:
    content = files()
    del content[f"{NAME}/{name}"]
    assert _where(tmp_path, written(content), "file-missing") == {"file": name}


def test_a_payload_file_removed(tmp_path: Path) -> None:
    content = files()
    del content[f"{NAME}/data/raw/trace.ab1"]
    assert _where(tmp_path, written(content), "file-missing") == {"file": "data/raw/trace.ab1"}


def test_a_pack_without_custody_history(tmp_path: Path) -> None:
    content = files()
    del content[f"{NAME}/{CUSTODY_PATH}"]
    content = bag_mended(content)
    content[f"{NAME}/signature.txt"] = note_sign(signed_text(NAME, content[f"{NAME}/tagmanifest-sha256.txt"]), LOG_KEY)
    assert reasons(verify_bytes(tmp_path, written(content), LOG_KEY)) == {"custody-missing", "not-reached"}


def test_a_manifest_beyond_the_limit_is_not_read(tmp_path: Path) -> None:
    content = files()
    content[f"{NAME}/manifest-sha256.txt"] += b"\n" * (1 << 24)
    assert _where(tmp_path, written(content), "pack-malformed") == {"file": "manifest-sha256.txt"}


def test_a_sound_pack_around_a_broken_history(tmp_path: Path) -> None:
    broken = item_export(signer=None).replace(b'"index":3', b'"index":4')
    assert reasons(verify_bytes(tmp_path, pack_bytes(custody=broken), LOG_KEY)) >= {"proof-invalid", "digest-mismatch"}


def test_a_pack_may_hold_a_full_history(tmp_path: Path) -> None:
    assert verify_bytes(tmp_path, pack_bytes(custody=full_export()), LOG_KEY).status is Status.PASSED


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: b"before" + PACK, "not-canonical"),
        (lambda: PACK + b"after", "archive-malformed"),
        (lambda: PACK[:-1], "archive-malformed"),
        (lambda: PACK[:1000], "archive-malformed"),
        (lambda: b"PK", "archive-malformed"),
        (commented, "archive-malformed"),
        (duplicated, "archive-strange"),
        (encrypted, "archive-strange"),
        (lambda: zipped(zipfile.ZIP_DEFLATED), "archive-strange"),
        (lambda: zipped(zipfile.ZIP_STORED), "archive-strange"),
        (lambda: written({f"{NAME}/../../x": b""}), "path-unsafe"),
        (lambda: written({f"{NAME}/data/a\\b": b""}), "path-unsafe"),
        (lambda: written(files() | {"other/x": b""}), "archive-strange"),
        (lambda: written(files() | {f"{NAME}/DATA/report/r-1.pdf": b""}), "archive-strange"),
        (lambda: written({}), "archive-strange"),
        (lambda: written(dict(reversed(files().items()))), "archive-strange"),
    ],
)
def test_strange_archives(tmp_path: Path, make: Callable[[], bytes], reason: str) -> None:
    report = verify_bytes(tmp_path, make(), LOG_KEY)
    assert report.status is Status.FAILED
    assert reason in reasons(report)


@given(place=st.integers(min_value=0))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_flipped_bit_anywhere_in_a_pack_never_passes(tmp_path: Path, place: int) -> None:
    data = bytearray(PACK)
    place %= 8 * len(data)
    data[place >> 3] ^= 1 << (place & 7)
    assert verify_bytes(tmp_path, bytes(data), LOG_KEY).status is not Status.PASSED


def test_headers_of_files_beyond_four_gigabytes() -> None:
    """APPNOTE 4.3.9 and 4.5.3: the central record moves size and offset to the ZIP64 field, and only then."""
    large = Member(name="a", size=5 << 30, crc=1, offset=0)
    after = Member(name="b", size=1, crc=2, offset=large.end)
    tail = directory([large, after])
    read = zipfile.ZipFile(_Sparse({0: large.header, large.end: after.header, after.end: tail}, after.end + len(tail)))
    assert [(i.filename, i.file_size, i.header_offset) for i in read.infolist()] == [
        ("a", 5 << 30, 0),
        ("b", 1, large.end),
    ]
    archive = Archive(_Sparse({0: large.header, large.end: after.header, after.end: tail}, after.end + len(tail)))
    assert list(archive.members.values()) == [large, after]


class _Sparse(io.RawIOBase):
    """A huge file of zeros with a few pieces in it."""

    def __init__(self, pieces: dict[int, bytes], size: int) -> None:
        self._pieces, self._size, self._at = pieces, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._at + size, self._size)
        data = bytearray(end - self._at)
        for start, piece in self._pieces.items():
            for place in range(max(start, self._at), min(start + len(piece), end)):
                data[place - self._at] = piece[place - start]
        self._at = end
        return bytes(data)
