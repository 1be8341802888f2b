"""Signatures: made, shown, checked by pyHanko's validator, broken by every change."""

import dataclasses
import io
import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import keys, x509
from cryptography import x509 as cx509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils.generic import NumberObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.timestamps import DummyTimeStamper
from pypdf import PdfReader

from lims.documents.credentials import (
    Credentials,
    authority_certificate,
    credentials_create,
    credentials_load,
)
from lims.documents.errors import SigningRefused, TimeStampUnavailable
from lims.documents.geometry import signature_box
from lims.documents.render import receipt_render, report_render
from lims.documents.signature_check import signature_check
from lims.documents.signing import SignatureRequest, document_sign, http_time_stamper
from tests.lims.documents import samples

NAMES = ("Ana Reyes", "Ibrahim Sow", "Mei Tan")


def person(folder: Path, number: int, **changes: object) -> Credentials:
    options: dict[str, object] = {
        "laboratory": "Meridian Wildlife Forensic Laboratory",
        "person_id": f"00000000-0000-0000-0000-00000000000{number}",
        "name": NAMES[number],
        "at": samples.AT,
        **changes,
    }
    return credentials_create(folder, **options)  # type: ignore[arg-type]  # changes are named by the tests


def request(slot: int | None = 0, **changes: object) -> SignatureRequest:
    meaning = samples.SLOTS[slot or 0].meaning
    values: dict[str, object] = {
        "signed_at": samples.AT,
        "role": samples.SLOTS[slot or 0].role,
        "meaning": meaning,
        "place": "Port Meridian",
        "slot": slot,
        "slots": 3 if slot is not None else 0,
        **changes,
    }
    return SignatureRequest(**values)  # type: ignore[arg-type]  # changes are named by the tests


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("signing") / "keys"


@pytest.fixture(scope="module")
def report() -> bytes:
    return report_render(samples.report_data())


@pytest.fixture(scope="module")
def signed(folder: Path, report: bytes) -> bytes:
    pdf = report
    for slot in range(3):
        pdf = document_sign(pdf, request(slot), credentials=person(folder, slot))
    return pdf


def roots(folder: Path) -> list[bytes]:
    return [authority_certificate(folder)]


def test_three_signatures_pass(folder: Path, signed: bytes) -> None:
    checked = signature_check(signed, roots=roots(folder))
    assert checked.verdict == "passed"
    assert checked.reasons == ()
    assert [found.signer for found in checked.signatures] == list(NAMES)
    assert [found.reason for found in checked.signatures] == [slot.meaning for slot in samples.SLOTS]
    assert {found.signed_at for found in checked.signatures} == {samples.AT}
    assert [found.changed_since for found in checked.signatures] == ["signatures", "signatures", "nothing"]
    assert all(found.intact and found.valid and found.trusted for found in checked.signatures)
    assert [found.certificate_fingerprint for found in checked.signatures] == [
        person(folder, number).fingerprint for number in range(3)
    ]


def test_signing_leaves_the_report_bytes_as_they_were(report: bytes, signed: bytes) -> None:
    assert signed.startswith(report)


def test_signatures_are_pades_baseline(signed: bytes) -> None:
    """ETSI EN 319 142-1: sub-filter, the signing certificate's digest signed, no signing-time attribute in the CMS."""
    for signature in PdfFileReader(io.BytesIO(signed)).embedded_signatures:
        assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
        attributes = {attribute["type"].native for attribute in signature.signer_info["signed_attrs"]}
        assert "signing_certificate_v2" in attributes
        assert "message_digest" in attributes
        assert "signing_time" not in attributes


def test_the_signature_shows_name_time_and_meaning_in_its_place(signed: bytes) -> None:
    page = PdfReader(io.BytesIO(signed)).pages[-1]
    widgets = [annotation.get_object() for annotation in page["/Annots"]]
    for slot, widget in enumerate(widget for widget in widgets if widget.get("/FT") == "/Sig"):
        box = signature_box(slot, 3)
        assert [float(edge) for edge in widget["/Rect"]] == pytest.approx(
            [box.left, box.bottom, box.right, box.top], abs=0.6
        )
        stream = widget["/AP"]["/N"]
        imported = next(iter(stream["/Resources"]["/XObject"].values())).get_object()
        fonts = [font.get_object() for font in imported["/Resources"]["/Font"].values()]
        descriptors = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object() for font in fonts]
        assert descriptors
        assert all({"/FontFile2", "/FontFile3"} & set(descriptor) for descriptor in descriptors)


def places_of_names(pdf: bytes) -> dict[str, tuple[float, float]]:
    """Where on the last page each name was set last, in PDF points."""
    places: dict[str, tuple[float, float]] = {}

    def visit(text: str, cm: list[float], tm: list[float], *_: object) -> None:
        for name in NAMES:
            if name.split()[0] in text:
                places[name] = (tm[4] * cm[0] + cm[4], tm[5] * cm[3] + cm[5])

    PdfReader(io.BytesIO(pdf)).pages[-1].extract_text(visitor_text=visit)
    return places


def test_slot_boxes_in_the_page_lie_where_the_signer_puts_signatures() -> None:
    """The slot's printed name starts inside its box, also when the signatures need a page of their own."""
    for pdf, slots in ((report_render(samples.report_data()), 3), (receipt_render(samples.receipt_data()), 2)):
        places = places_of_names(pdf)
        for slot in range(slots):
            box = signature_box(slot, slots)
            x, y = places[NAMES[slot]]
            assert box.left <= x <= box.right
            assert box.bottom <= y <= box.top


def test_any_changed_byte_under_a_signature_fails(folder: Path, signed: bytes) -> None:
    last = PdfFileReader(io.BytesIO(signed)).embedded_signatures[-1]
    first, length, second, rest = (int(value) for value in last.byte_range)
    covered = [*range(first, first + length, length // 14), *range(second, second + rest, rest // 4)]
    for place in covered:
        changed = bytearray(signed)
        changed[place] ^= 0x01
        checked = signature_check(bytes(changed), roots=roots(folder))
        assert checked.verdict == "failed", place
        assert checked.reasons


def test_a_number_that_is_none_any_more_fails(folder: Path, signed: bytes) -> None:
    """A real number of the last revision left with its point alone: the reader itself gives up, the check answers."""
    start = signed[: signed.rindex(b"startxref")].rindex(b"%%EOF")
    number = next(re.finditer(rb"[0-9]+[.][0-9]+", signed[signed.index(b"/Rect", start) :]))
    place = signed.index(b"/Rect", start) + number.start()
    changed = signed[:place] + b".".rjust(len(number.group())) + signed[place + len(number.group()) :]
    checked = signature_check(changed, roots=roots(folder))
    assert checked.verdict == "failed"
    assert checked.reasons[0].startswith("unreadable")


def test_a_changed_signature_value_fails(folder: Path, report: bytes) -> None:
    pdf = document_sign(report, request(), credentials=person(folder, 0))
    (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    gap = int(signature.byte_range[1])
    digits = signature.signer_info["signature"].native.hex().encode()
    place = pdf.lower().index(digits, gap) + len(digits) - 3
    changed = pdf[:place] + (b"0" if pdf[place : place + 1] != b"0" else b"1") + pdf[place + 1 :]
    assert signature_check(changed, roots=roots(folder)).verdict == "failed"


def test_appended_bytes_fail(folder: Path, signed: bytes) -> None:
    checked = signature_check(signed + b"\n%appended\n", roots=roots(folder))
    assert checked.verdict == "failed"
    assert any(reason.startswith("appended") for reason in checked.reasons)


def test_an_update_that_changes_a_page_fails(folder: Path, signed: bytes) -> None:
    writer = IncrementalPdfFileWriter(io.BytesIO(signed))
    page, _ = writer.find_page_for_modification(0)
    page.get_object()["/Rotate"] = NumberObject(180)
    writer.update_container(page.get_object())
    out = io.BytesIO()
    writer.write(out)
    checked = signature_check(out.getvalue(), roots=roots(folder))
    assert checked.verdict == "failed"
    assert any(reason.startswith("extended") for reason in checked.reasons)


def test_without_a_root_nothing_passes(signed: bytes) -> None:
    checked = signature_check(signed)
    assert checked.verdict == "indeterminate"
    assert checked.reasons[0].startswith("no-root")
    assert all(found.trusted is None and found.intact for found in checked.signatures)


def test_another_laboratorys_signature_is_not_trusted(tmp_path: Path, folder: Path, report: bytes) -> None:
    pdf = document_sign(report, request(), credentials=person(tmp_path / "other", 0))
    checked = signature_check(pdf, roots=roots(folder))
    assert checked.verdict == "indeterminate"
    assert checked.signatures[0].trusted is False


def test_certificate_validity_at_a_moment(folder: Path, signed: bytes) -> None:
    later = samples.AT + timedelta(days=365 * 5)
    assert signature_check(signed, roots=roots(folder), moment=later).verdict == "indeterminate"
    assert signature_check(signed, roots=roots(folder), moment=samples.AT).verdict == "passed"


@pytest.mark.parametrize("content", [b"", b"no pdf", b"%PDF-1.7\n%%EOF"])
def test_what_is_no_pdf_fails_or_is_refused(content: bytes, folder: Path) -> None:
    assert signature_check(content).verdict == "failed"
    with pytest.raises(SigningRefused) as caught:
        document_sign(content, request(), credentials=person(folder, 0))
    assert caught.value.code == "not-a-pdf"


def test_an_unsigned_report_is_indeterminate(report: bytes) -> None:
    checked = signature_check(report)
    assert checked.verdict == "indeterminate"
    assert checked.reasons[0].startswith("unsigned")


def test_a_place_is_signed_once(folder: Path, signed: bytes) -> None:
    with pytest.raises(SigningRefused) as caught:
        document_sign(signed, request(1), credentials=person(folder, 1))
    assert caught.value.code == "slot-signed"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"slot": 3, "slots": 3}, "slot"),
        ({"signed_at": datetime(2026, 11, 21)}, "no-zone"),  # noqa: DTZ001 - the case under test
        ({"signed_at": datetime(2036, 1, 1, tzinfo=UTC)}, "certificate-ended"),
    ],
)
def test_impossible_signatures_are_refused(folder: Path, report: bytes, changes: dict[str, object], code: str) -> None:
    impossible = dataclasses.replace(request(), **changes)  # type: ignore[arg-type]  # the cases under test
    with pytest.raises(SigningRefused) as caught:
        document_sign(report, impossible, credentials=person(folder, 0))
    assert caught.value.code == code


def test_signature_without_appearance(folder: Path, report: bytes) -> None:
    pdf = document_sign(report, request(None), credentials=person(folder, 0))
    assert signature_check(pdf, roots=roots(folder)).verdict == "passed"


def test_hostile_names_print_literally(tmp_path: Path, report: bytes) -> None:
    name = '#panic("x") 猫 \u202e"'
    pdf = document_sign(report, request(meaning=name), credentials=person(tmp_path / "keys", 0, name=name))
    checked = signature_check(pdf, roots=roots(tmp_path / "keys"))
    assert checked.verdict == "passed"
    assert checked.signatures[0].signer == name


def test_keys_are_private_and_made_once(tmp_path: Path) -> None:
    home = tmp_path / "keys"
    first = person(home, 0)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    files = sorted(home.iterdir())
    assert [file.name for file in files] == [f"{first.person_id}_0001.pem", "authority.pem"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert person(home, 0) == first
    assert credentials_load(home, first.person_id) == first
    assert b"PRIVATE KEY" not in authority_certificate(home)
    renewed = person(home, 0, at=samples.AT + timedelta(days=365 * 3))
    assert renewed.serial != first.serial
    assert first.file.exists(), "old certificates stay, so that old signatures can be looked up"


def test_a_folder_open_to_others_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(mode=0o755)
    (tmp_path / "keys").chmod(0o755)
    with pytest.raises(SigningRefused) as caught:
        person(tmp_path / "keys", 0)
    assert caught.value.code == "folder-open"


@pytest.mark.parametrize("person_id", ["../authority", "", "a b", "x" * 65])
def test_person_ids_are_no_paths(tmp_path: Path, person_id: str) -> None:
    with pytest.raises(SigningRefused):
        person(tmp_path / "keys", 0, person_id=person_id)
    with pytest.raises(SigningRefused) as caught:
        credentials_load(tmp_path / "keys", person_id)
    assert caught.value.code == "no-credentials"


def test_a_passphrase_is_needed_again(tmp_path: Path, report: bytes) -> None:
    locked = person(tmp_path / "keys", 0, passphrase=b"correct horse")
    with pytest.raises(SigningRefused) as caught:
        document_sign(report, request(), credentials=locked, passphrase=b"wrong")
    assert caught.value.code == "key-closed"
    with pytest.raises(SigningRefused):
        document_sign(report, request(), credentials=locked)
    pdf = document_sign(report, request(), credentials=locked, passphrase=b"correct horse")
    assert signature_check(pdf, roots=roots(tmp_path / "keys")).verdict == "passed"


def test_certificates_are_fit_for_signing_documents_only(tmp_path: Path) -> None:
    pem = person(tmp_path / "keys", 0).file.read_bytes()
    certificate = cx509.load_pem_x509_certificate(pem[pem.index(b"-----BEGIN CERT") :])
    usage = certificate.extensions.get_extension_for_class(cx509.KeyUsage).value
    assert usage.content_commitment
    assert not usage.key_cert_sign
    assert not certificate.extensions.get_extension_for_class(cx509.BasicConstraints).value.ca
    authority = cx509.load_pem_x509_certificate(authority_certificate(tmp_path / "keys"))
    certificate.verify_directly_issued_by(authority)
    assert authority.extensions.get_extension_for_class(cx509.BasicConstraints).value.path_length == 0


def _time_authority() -> tuple[bytes, DummyTimeStamper]:
    """A time-stamping authority for tests, its certificate and pyHanko's local stand-in for the service."""
    key = rsa.generate_private_key(65_537, 2048)  # pyHanko's stand-in signs with RSA only
    name = cx509.Name([cx509.NameAttribute(NameOID.COMMON_NAME, "Test time-stamping authority")])
    certificate = (
        cx509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(samples.AT - timedelta(days=1))
        .not_valid_after(samples.AT + timedelta(days=365))
        .add_extension(cx509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(cx509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(key, hashes.SHA256())
    )
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    stamper = DummyTimeStamper(
        x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER)),
        keys.PrivateKeyInfo.load(der),
        fixed_dt=samples.AT + timedelta(minutes=1),
    )
    return certificate.public_bytes(serialization.Encoding.PEM), stamper


def test_time_stamped_signature(folder: Path, report: bytes) -> None:
    authority, stamper = _time_authority()
    pdf = document_sign(report, request(), credentials=person(folder, 0), time_stamper=stamper)
    (found,) = signature_check(pdf, roots=[*roots(folder), authority]).signatures
    assert found.time_stamped_at == samples.AT + timedelta(minutes=1)
    assert found.signed_at == samples.AT


def test_a_silent_time_authority_leaves_nothing_signed(folder: Path, report: bytes) -> None:
    with pytest.raises(TimeStampUnavailable):
        document_sign(
            report,
            request(),
            credentials=person(folder, 0),
            time_stamper=http_time_stamper("http://127.0.0.1:9/tsa", timeout=2),
        )
