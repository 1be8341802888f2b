"""The digest-checking reader, file names, and addresses of stores."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain_of_custody.errors import BadInput
from chain_of_custody.vault.address import S3Address, s3_address_of
from chain_of_custody.vault.errors import DigestMismatch, FileRefused, StoreMisconfigured
from chain_of_custody.vault.minio_store.bucket import retention_of
from chain_of_custody.vault.names import UNKNOWN_MEDIA_TYPE, file_name_clean, media_type_clean, role_check
from chain_of_custody.vault.objects import RetentionMode, VerifiedReader, digest_of_key, object_key
from chain_of_custody.vault.store import store_from_url

PIECES = st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=10)


def reader(pieces: list[bytes], *, promised: bytes | None = None) -> VerifiedReader:
    content = b"".join(pieces) if promised is None else promised
    return VerifiedReader(iter(pieces), digest=hashlib.sha256(content).hexdigest(), size=len(content))


def received(source: VerifiedReader) -> tuple[bytes, bool]:
    got = b""
    try:
        for piece in source:
            got += piece
    except DigestMismatch:
        return got, False
    return got, True


class TestReader:
    @given(pieces=PIECES)
    def test_gives_what_was_stored(self, pieces: list[bytes]) -> None:
        assert received(reader(pieces)) == (b"".join(pieces), True)

    @given(pieces=PIECES, sizes=st.lists(st.integers(0, 30), max_size=20))
    def test_reads_in_any_sizes(self, pieces: list[bytes], sizes: list[int]) -> None:
        source, whole = reader(pieces), b"".join(pieces)
        got = b""
        for size in sizes:
            part = source.read(size)
            assert part == whole[len(got) : len(got) + size]
            got += part
        assert got + source.read() == whole
        assert source.read(5) == b""

    @given(pieces=PIECES, data=st.data())
    def test_never_hands_out_a_complete_false_file(self, pieces: list[bytes], data: st.DataObject) -> None:
        stored = b"".join(pieces)
        promised = data.draw(st.binary(max_size=len(stored) + 5).filter(lambda other: other != stored))
        got, whole = received(reader(pieces, promised=promised))
        assert whole is False
        assert len(got) < max(len(promised), len(stored))

    def test_longer_object_is_given_up_early(self) -> None:
        taken = 0

        def endless() -> Iterator[bytes]:
            nonlocal taken
            while True:
                taken += 1
                yield b"x" * 10

        with pytest.raises(DigestMismatch, match="longer than its 25 bytes"):
            list(VerifiedReader(endless(), digest="0" * 64, size=25))
        assert taken == 3


class TestNames:
    @pytest.mark.parametrize(
        ("given_name", "kept"),
        [
            ("trace.ab1", "trace.ab1"),
            ("/home/ada/runs/trace.ab1", "trace.ab1"),
            ("C:\\runs\\trace.ab1", "trace.ab1"),
            ("../../etc/passwd", "passwd"),
            ("évidence – 象牙.jpg", "évidence – 象牙.jpg"),
            ("e\u0301vidence.jpg", "évidence.jpg"),
            ("photo\u202egpj.exe", "photogpj.exe"),
            ("a\x00b\nc\td.txt", "ab c d.txt"),
            ('what? "this" <is>|it*.txt', "what_ _this_ _is__it_.txt"),
            (".hidden", "hidden"),
            ("trailing. . ", "trailing"),
            ("x" * 300 + ".fastq", "x" * 249 + ".fastq"),
            ("y" * 300, "y" * 255),
        ],
    )
    def test_cleaned(self, given_name: str, kept: str) -> None:
        assert file_name_clean(given_name) == kept

    @pytest.mark.parametrize("name", ["", " ", "..", "/", "a/", "\u200b", "\x00"])
    def test_nothing_left(self, name: str) -> None:
        with pytest.raises(BadInput, match="no usable name"):
            file_name_clean(name)

    @given(name=st.text(max_size=400))
    def test_clean_names_stay_and_fit(self, name: str) -> None:
        try:
            kept = file_name_clean(name)
        except BadInput:
            return
        assert 0 < len(kept) <= 255
        assert not set(kept) & set('/\\<>:"|?*\x00\n\r')
        assert file_name_clean(kept) == kept

    @pytest.mark.parametrize(
        ("said", "kept"),
        [
            ("image/JPEG", "image/jpeg"),
            ("text/csv; charset=utf-8", "text/csv"),
            ("application/vnd.ms-excel", "application/vnd.ms-excel"),
            ("", UNKNOWN_MEDIA_TYPE),
            ("nonsense", UNKNOWN_MEDIA_TYPE),
            ("text/html\r\nX-Evil: 1", UNKNOWN_MEDIA_TYPE),
        ],
    )
    def test_media_types(self, said: str, kept: str) -> None:
        assert media_type_clean(said) == kept

    @pytest.mark.parametrize("role", ["", "Trace", "two words", "1st", "x" * 41])
    def test_roles(self, role: str) -> None:
        assert role_check("raw_trace") == "raw_trace"
        with pytest.raises(BadInput):
            role_check(role)


class TestKeys:
    def test_round_trip(self) -> None:
        digest = hashlib.sha256(b"x").hexdigest()
        assert digest_of_key(object_key(digest)) == digest

    @pytest.mark.parametrize("key", ["", "x", "sha256/aa/" + "b" * 64, "other/bb/" + "b" * 64, "sha256/BB/" + "B" * 64])
    def test_strangers(self, key: str) -> None:
        assert digest_of_key(key) is None

    @pytest.mark.parametrize("digest", ["", "../../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
    def test_digests_from_outside(self, digest: str) -> None:
        with pytest.raises(FileRefused):
            object_key(digest)


class TestAddress:
    def test_bucket_with_everything(self) -> None:
        url = (
            "s3+https://key%2F1:se%40cret@store.example:9000/evidence?region=eu-west-1&sse=kms&sse_key=k1&spool=/spool"
        )
        address = s3_address_of(urlsplit(url))
        assert (address.endpoint, address.secure, address.bucket) == ("store.example:9000", True, "evidence")
        assert (address.access_key, address.secret_key) == ("key/1", "se@cret")
        assert (address.region, address.sse, address.sse_key, str(address.spool)) == (
            "eu-west-1",
            "kms",
            "k1",
            "/spool",
        )
        assert "se@cret" not in repr(address)

    def test_plain_bucket(self) -> None:
        address = s3_address_of(urlsplit("s3+http://k:s@127.0.0.1:9000/evidence"))
        assert address == S3Address(
            endpoint="127.0.0.1:9000", secure=False, access_key="k", secret_key="s", bucket="evidence"
        )
        store = store_from_url("s3+http://k:hidden@127.0.0.1:9000/evidence")
        assert store.name == "S3 Object Lock, bucket evidence at 127.0.0.1:9000"

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "/var/vault",
            "ftp://host/vault",
            "file://host/vault",
            "file:vault",
            "s3+https://host/bucket",
            "s3+https://key:hunter2@host/",
            "s3+https://key:hunter2@host/a/b",
            "s3+https://key:hunter2@host/bucket?lock=no",
            "s3+https://key:hunter2@host/bucket?sse=kms",
            "s3+https://key:hunter2@host/bucket?sse=rot13",
        ],
    )
    def test_refused_without_the_secret(self, url: str) -> None:
        with pytest.raises(StoreMisconfigured) as caught:
            store_from_url(url)
        assert caught.value.field == "SPOOR_STORE_URL"
        assert "hunter2" not in f"{caught.value} {caught.value.found} {caught.value.remedy}"


class TestRetentionHeaders:
    @pytest.mark.parametrize(
        "text", ["2026-07-01T12:00:05.123456789Z", "2026-07-01T12:00:05.123456Z", "2026-07-01T14:00:05.123456+02:00"]
    )
    def test_dates_of_any_precision(self, text: str) -> None:
        headers = {"x-amz-object-lock-mode": "COMPLIANCE", "x-amz-object-lock-retain-until-date": text}
        found = retention_of(SimpleNamespace(metadata=headers))  # type: ignore[arg-type]  # only the headers are read
        assert found is not None
        assert found.mode is RetentionMode.COMPLIANCE
        assert found.until == datetime(2026, 7, 1, 12, 0, 5, 123456, tzinfo=UTC)

    def test_object_without_lock(self) -> None:
        assert retention_of(SimpleNamespace(metadata={})) is None  # type: ignore[arg-type]  # as above
