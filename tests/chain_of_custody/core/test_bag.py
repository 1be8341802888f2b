"""BagIt: the conformance suite's verdicts, and bags of our own."""

import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from chain_of_custody.core.bag import DirectoryTree, bag_check, path_decode, path_encode, path_fault

SUITE = Path(__file__).parents[4] / "shared" / "data" / "custody" / "bagit_conformance"


def _suite(kind: str) -> list[Path]:
    return sorted(path for path in SUITE.glob(f"v*/{kind}/*") if path.is_dir())


needs_suite = pytest.mark.skipif(not SUITE.is_dir(), reason="the shared folder of the conformance suite is absent")


@needs_suite
def test_the_suite_is_whole() -> None:
    counts = {kind: len(_suite(kind)) for kind in ("valid", "warning", "invalid", "linux-only")}
    assert min(counts.values()) >= 6, counts


# Copies of the suite lose these files on their way (a file system that ignores case, a tool that skips system files);
# then the bag is incomplete and must be found so, naming the file.
OFTEN_LOST = {"duplicate-file-with-different-case": "data/HELLO.txt", "special-system-files": "data/.DS_Store"}


@needs_suite
@pytest.mark.parametrize("path", [*_suite("valid"), *_suite("warning")], ids=lambda path: "/".join(path.parts[-3:]))
def test_valid_bags_of_the_suite(path: Path) -> None:
    lost = OFTEN_LOST.get(path.name)
    missing = {lost} if lost and not (path / lost).exists() else set()
    assert {(fault.reason, fault.path) for fault in bag_check(DirectoryTree(path))} == {
        ("file-missing", name) for name in missing
    }


@needs_suite
@pytest.mark.parametrize(
    "path", [*_suite("invalid"), *_suite("linux-only")], ids=lambda path: "/".join(path.parts[-3:])
)
def test_invalid_bags_of_the_suite(path: Path) -> None:
    assert bag_check(DirectoryTree(path)) != []


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    """The example of RFC 8493 section 4.1 in spirit: two files, one manifest, one tag manifest."""
    root = tmp_path / "bag"
    (root / "data" / "sub").mkdir(parents=True)
    (root / "data" / "a.txt").write_bytes(b"a")
    (root / "data" / "sub" / "b%.txt").write_bytes(b"b")
    (root / "bagit.txt").write_bytes(b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    lines = f"{sha256(b'a').hexdigest()}  data/a.txt\n{sha256(b'b').hexdigest()}  data/sub/b%25.txt\n"
    (root / "manifest-sha256.txt").write_text(lines)
    digest = sha256(lines.encode()).hexdigest()
    (root / "tagmanifest-sha256.txt").write_text(f"{digest}  manifest-sha256.txt\n")
    return root


def _reasons(bag: Path) -> set[tuple[str, str | None]]:
    return {(fault.reason, fault.path) for fault in bag_check(DirectoryTree(bag))}


def test_a_sound_bag(bag: Path) -> None:
    assert bag_check(DirectoryTree(bag)) == []


def test_a_changed_file_is_named(bag: Path) -> None:
    (bag / "data" / "a.txt").write_bytes(b"A")
    assert _reasons(bag) == {("digest-mismatch", "data/a.txt")}


def test_a_missing_file_is_named(bag: Path) -> None:
    (bag / "data" / "a.txt").unlink()
    assert _reasons(bag) == {("file-missing", "data/a.txt")}


def test_a_file_nobody_listed_is_named(bag: Path) -> None:
    (bag / "data" / "c.txt").write_bytes(b"c")
    assert _reasons(bag) == {("unlisted", "data/c.txt")}


def test_a_changed_manifest_is_named(bag: Path) -> None:
    with (bag / "manifest-sha256.txt").open("a") as file:
        file.write("\n")
    assert _reasons(bag) == {("digest-mismatch", "manifest-sha256.txt")}


def test_a_folder_that_is_no_bag(tmp_path: Path) -> None:
    assert _reasons(tmp_path) == {("declaration-missing", "bagit.txt")}


def test_a_second_manifest_must_list_everything_too(bag: Path) -> None:
    (bag / "manifest-md5.txt").write_text("0cc175b9c0f1b6a831c399e269772661  data/a.txt\n")
    assert ("unlisted", "data/sub/b%.txt") in _reasons(bag)
    shutil.rmtree(bag)


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../x", "data/../../x", "data//x", "./x", "~/x", "C:/x", "data\\x", "data/x\n", ""]
)
def test_paths_that_leave_the_bag(path: str) -> None:
    assert path_fault(path) is not None


def test_paths_in_manifests_are_encoded() -> None:
    """RFC 8493 section 2.1.3."""
    assert path_encode("a%b\r\n") == "a%25b%0D%0A"
    assert path_decode("a%25b%0d%0A", (1, 0)) == "a%b\r\n"
