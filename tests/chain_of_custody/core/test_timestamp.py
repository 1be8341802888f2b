"""RFC 3161 time stamps: real tokens of other authorities, and tokens made here by another program's encoder."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from asn1crypto import keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from chain_of_custody.core.__main__ import main
from chain_of_custody.core.checkpoint import checkpoint_sign
from chain_of_custody.core.der import DerRefused, der_read
from chain_of_custody.core.timestamp import (
    TimestampRefused,
    timestamp_parse,
    timestamp_path,
    timestamp_signed_by,
)
from chain_of_custody.core.verify import Report, Stamp, Status, verify_file
from tests.chain_of_custody.core.builders import LOG_KEY, full_export, reasons, small_log

TOKENS = Path(__file__).parents[4] / "shared" / "data" / "custody" / "tsa_rfc3161"
NOTE = checkpoint_sign(small_log().checkpoint(), LOG_KEY)
MOMENT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


Key = rsa.RSAPrivateKey


def certificate(name: str, key: Key, issuer: str, signer: Key, *, ca: bool) -> x509.Certificate:
    named = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, issuer)]
    made = (
        x509.CertificateBuilder()
        .subject_name(named[0])
        .issuer_name(named[1])
        .public_key(key.public_key())
        .serial_number(sum(name.encode()))
        .not_valid_before(MOMENT - timedelta(days=10))
        .not_valid_after(MOMENT + timedelta(days=10))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if not ca:
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return made.sign(signer, hashes.SHA256())


ROOT_KEY, TSA_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
ROOT = certificate("Test root", ROOT_KEY, "Test root", ROOT_KEY, ca=True)
TSA = certificate("Test authority", TSA_KEY, "Test root", ROOT_KEY, ca=False)


def token(data: bytes, *, embed: bool = True) -> bytes:
    """A token by pyHanko's test authority, an encoder that is not ours."""
    der = TSA_KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    store = SimpleCertificateStore()
    if embed:
        store.register(asn1_x509.Certificate.load(ROOT.public_bytes(Encoding.DER)))
    stamper = DummyTimeStamper(
        tsa_cert=asn1_x509.Certificate.load(TSA.public_bytes(Encoding.DER)),
        tsa_key=keys.PrivateKeyInfo.load(der),
        certs_to_embed=store,
        fixed_dt=MOMENT,
    )
    _nonce, request = stamper.request_cms(sha256(data).digest(), "sha256")
    made: bytes = stamper.request_tsa_response(request)["time_stamp_token"].dump()
    return made


TOKEN = token(NOTE)


def judged(folder: Path, data: bytes, *authorities: x509.Certificate) -> Report:
    path = folder / "log.jsonl"
    path.write_bytes(full_export())
    return verify_file(path, pinned=(LOG_KEY.verifier,), stamp=Stamp(data=data, authorities=authorities))


def test_a_token_over_the_checkpoint_passes_with_the_authority_given(tmp_path: Path) -> None:
    report = judged(tmp_path, TOKEN, ROOT)
    assert report.status is Status.PASSED, report.lines()
    assert report.steps[-1].detail.startswith("2026-03-02T12:00:00+00:00")


def test_without_a_trusted_authority_nothing_is_proved(tmp_path: Path) -> None:
    assert reasons(judged(tmp_path, TOKEN)) == {"timestamp-not-pinned"}
    other = certificate("Other root", TSA_KEY, "Other root", TSA_KEY, ca=True)
    assert reasons(judged(tmp_path, TOKEN, other)) == {"timestamp-not-pinned"}
    twin = certificate("Test root", TSA_KEY, "Test root", TSA_KEY, ca=True)
    assert reasons(judged(tmp_path, TOKEN, twin)) == {"timestamp-not-pinned"}


def test_a_token_over_something_else(tmp_path: Path) -> None:
    assert reasons(judged(tmp_path, token(NOTE + b"\n"), ROOT)) == {"timestamp-of-other-data"}


def test_an_authority_that_may_not_issue_is_no_issuer() -> None:
    stamp = timestamp_parse(TOKEN)
    flat = certificate("Test root", ROOT_KEY, "Test root", ROOT_KEY, ca=False)
    assert timestamp_path(TSA, stamp.time, (), (ROOT,))
    assert not timestamp_path(TSA, stamp.time, (), (flat,))
    assert not timestamp_path(TSA, stamp.time + timedelta(days=11), (), (ROOT,))


@given(st.integers(0, 8 * len(TOKEN) - 1))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_flipped_bit_anywhere_is_noticed_or_changes_nothing_that_is_signed(tmp_path: Path, place: int) -> None:
    """Bits of the certificates that ride along and of unsigned parts may turn without harm; what is said may not."""
    changed = bytearray(TOKEN)
    changed[place >> 3] ^= 1 << (place & 7)
    report = judged(tmp_path, bytes(changed), ROOT)
    if report.status is Status.PASSED:
        stamp, sound = timestamp_parse(bytes(changed)), timestamp_parse(TOKEN)
        assert (stamp.content, stamp.time, stamp.imprint) == (sound.content, sound.time, sound.imprint)


@pytest.mark.parametrize("data", [b"", b"0", b"\x30\x80\x00\x00", b"\x30\x03\x02\x01\x00", TOKEN[:-1], TOKEN + b"\0"])
def test_what_is_no_time_stamp(data: bytes) -> None:
    with pytest.raises(TimestampRefused):
        timestamp_parse(data)


def test_a_refusal_is_no_time_stamp() -> None:
    """TimeStampResp with PKIStatus 2 (rejection) and no token: SEQUENCE { SEQUENCE { INTEGER 2 } }."""
    with pytest.raises(TimestampRefused, match="status 2") as refused:
        timestamp_parse(bytes.fromhex("30053003020102"))
    assert refused.value.reason == "timestamp-not-granted"


@pytest.mark.parametrize("data", ["0281017f", "02820001ff", "1f0100", "0481", "30810100"])
def test_lengths_not_in_their_shortest_form(data: str) -> None:
    with pytest.raises(DerRefused):
        der_read(bytes.fromhex(data))


def test_object_identifiers_of_x690() -> None:
    """X.690 section 8.19.5: 2.100.3 is 06 03 81 34 03."""
    assert der_read(bytes.fromhex("0603813403")).oid() == "2.100.3"
    assert der_read(bytes.fromhex("06062a864886f70d")).oid() == "1.2.840.113549"


def test_the_command_takes_a_time_stamp(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, stamp, authority = tmp_path / "log.jsonl", tmp_path / "c.tsr", tmp_path / "tsa.pem"
    log.write_bytes(full_export())
    stamp.write_bytes(TOKEN)
    authority.write_bytes(ROOT.public_bytes(Encoding.PEM))
    command = ["verify", str(log), "--key", str(LOG_KEY.verifier), "--timestamp", str(stamp)]
    assert main([*command, "--tsa", str(authority)]) == 0
    assert main(command) == 2
    stamp.write_bytes(TOKEN[:-1])
    assert main(command) == 1
    assert "timestamp-malformed" in capsys.readouterr().out


needs_tokens = pytest.mark.skipif(not TOKENS.is_dir(), reason="the shared folder of published tokens is absent")


@needs_tokens
def test_published_tokens_say_what_their_list_says() -> None:
    rows = [line.split("\t") for line in (TOKENS / "tokens.tsv").read_text().splitlines()[1:]]
    signed = (TOKENS / "bundle.txt.signature.bin").read_bytes()
    for name, _, _, policy, digest, time, _, prefix, _ in rows:
        stamp = timestamp_parse((TOKENS / name).read_bytes())
        assert (stamp.policy, stamp.algorithm) == (policy, digest)
        assert stamp.imprint.hex().startswith(prefix.rstrip("."))
        assert stamp.time == datetime.strptime(time, "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)
        assert stamp.covers(signed) is (name == "bundle.txt.sigstore.0.tsr"), name
    assert len(rows) == 11


@needs_tokens
def test_published_tokens_are_signed_under_the_published_authority() -> None:
    chain = x509.load_pem_x509_certificates((TOKENS / "chain.pem").read_bytes())
    stamp = timestamp_parse((TOKENS / "bundle.txt.sigstore.0.tsr").read_bytes())
    signer = timestamp_signed_by(stamp, chain)
    assert signer == chain[0]
    assert timestamp_path(signer, stamp.time, stamp.certificates + tuple(chain), chain[-1:])
    other = timestamp_parse((TOKENS / "bundle.txt.late_timestamp.sigstore.0.tsr").read_bytes())
    found = timestamp_signed_by(other, chain)
    assert found is not None
    assert not timestamp_path(found, other.time, other.certificates, chain)


@needs_tokens
def test_a_published_token_without_its_certificate_leaves_doubt() -> None:
    stamp = timestamp_parse((TOKENS / "issue1482-timestamp-with-no-cert").read_bytes())
    assert stamp.covers((TOKENS / "issue1482-message").read_bytes())
    assert timestamp_signed_by(stamp) is None
