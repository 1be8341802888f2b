"""The laboratory's signing certificates: one local certificate authority, one certificate per person.

Made at first use in a folder of mode 0700; each file holds key and certificate in PEM, mode 0600, and
appears whole or not at all. Keys are ECDSA on P-256. The authority certifies identity inside this
laboratory only: it is no qualified trust service (eIDAS), and there is no revocation list, so a person who
leaves loses the credentials file and the validity ends by date.
"""

import os
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID, ObjectIdentifier

from lims.documents.errors import SigningRefused

AUTHORITY_YEARS = 15
PERSON_DAYS = 3 * 365
_DOCUMENT_SIGNING = ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336
_PERSON_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_EARLIER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """One person's key and certificate in `file`; `authority` is the laboratory's certificate alone, PEM."""

    person_id: str
    name: str
    file: Path
    authority: bytes
    serial: str
    fingerprint: str
    valid_until: datetime


def credentials_create(
    folder: Path,
    *,
    laboratory: str,
    person_id: str,
    name: str,
    at: datetime,
    passphrase: bytes | None = None,
) -> Credentials:
    """The person's credentials, made if there are none valid at `at`; the authority is made with the first.

    Args:
        folder: kept for this purpose only; created with mode 0700.
        person_id: stable and unique, such as the party's UUID; letters, digits and hyphens.
        name: as shown in the certificate and in signatures.
        at: time with zone from which a new certificate is valid.
        passphrase: encrypts the person's key; needed again for each signature.

    Raises:
        SigningRefused: a person id of another form, a time without zone, or a folder open to others.
    """
    if not _PERSON_ID.fullmatch(person_id):
        message = f"«{person_id}» cannot name a credentials file: use letters, digits and hyphens."
        raise SigningRefused(message, code="person-id", found=person_id)
    if at.utcoffset() is None:
        message = f"The time {at.isoformat()} has no zone."
        raise SigningRefused(message, code="no-zone", found=at.isoformat())
    _folder_private(folder)
    authority_file = folder / "authority.pem"
    if not authority_file.exists():
        _write_once(authority_file, _authority(laboratory, at))
    newest = _newest(folder, person_id)
    if newest:
        found = _read(newest, folder, person_id)
        if found.name == name and at + timedelta(days=1) < found.valid_until:
            return found
    number = int(newest.stem.rsplit("_", 1)[1]) + 1 if newest else 1
    target = folder / f"{person_id}_{number:04}.pem"
    _write_once(target, _person(authority_file.read_bytes(), laboratory, person_id, name, at, passphrase))
    return _read(target, folder, person_id)


def credentials_load(folder: Path, person_id: str) -> Credentials:
    """The newest credentials of a person. Raises SigningRefused when there are none."""
    newest = _newest(folder, person_id) if _PERSON_ID.fullmatch(person_id) else None
    if newest is None:
        message = f"There are no signing credentials for {person_id}. Create them in the person's account first."
        raise SigningRefused(message, code="no-credentials", found=person_id)
    return _read(newest, folder, person_id)


def authority_certificate(folder: Path) -> bytes:
    """The laboratory's certificate (PEM, public), to give away and to pin. Raises SigningRefused before first use."""
    file = folder / "authority.pem"
    if not file.exists():
        message = "The laboratory has no signing authority yet: it is made with the first person's credentials."
        raise SigningRefused(message, code="no-authority")
    return _certificate(file.read_bytes()).public_bytes(serialization.Encoding.PEM)


def _authority(laboratory: str, at: datetime) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(laboratory, f"{laboratory} signing authority", "")
    builder = (
        _builder(name, name, key.public_key(), at, timedelta(days=365 * AUTHORITY_YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certify=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return _pem(key, builder.sign(key, hashes.SHA256()), None)


def _person(
    authority: bytes, laboratory: str, person_id: str, name: str, at: datetime, passphrase: bytes | None
) -> bytes:
    issuer, issuer_key = _certificate(authority), _private_key(authority)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(laboratory, name, person_id)
    lifetime = min(timedelta(days=PERSON_DAYS), issuer.not_valid_after_utc - at)
    public = issuer_key.public_key()
    builder = (
        _builder(subject, issuer.subject, key.public_key(), at, lifetime)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certify=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([_DOCUMENT_SIGNING]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
    )
    return _pem(key, builder.sign(issuer_key, hashes.SHA256()), passphrase)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, at: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    begin = at.astimezone(UTC) - _EARLIER
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + lifetime)
    )


def _name(laboratory: str, common: str, serial: str) -> x509.Name:
    attributes = [
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, laboratory[:64]),
        x509.NameAttribute(NameOID.COMMON_NAME, common[:64]),
    ]
    if serial:
        attributes.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, serial))
    return x509.Name(attributes)


def _usage(*, certify: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certify,
        content_commitment=not certify,
        key_cert_sign=certify,
        crl_sign=certify,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, passphrase: bytes | None) -> bytes:
    protection: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        protection = serialization.BestAvailableEncryption(passphrase)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection
    ) + certificate.public_bytes(serialization.Encoding.PEM)


def _certificate(pem: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem[pem.index(b"-----BEGIN CERTIFICATE") :])


def _private_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        message = "The laboratory's signing key is not of the expected kind (ECDSA). Restore it from the backup."
        raise SigningRefused(message, code="authority-key")
    return key


def _read(file: Path, folder: Path, person_id: str) -> Credentials:
    certificate = _certificate(file.read_bytes())
    (common,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return Credentials(
        person_id=person_id,
        name=str(common.value),
        file=file,
        authority=authority_certificate(folder),
        serial=f"{certificate.serial_number:X}",
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        valid_until=certificate.not_valid_after_utc,
    )


def _newest(folder: Path, person_id: str) -> Path | None:
    return max(folder.glob(f"{person_id}_[0-9][0-9][0-9][0-9].pem"), default=None)


def _folder_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = folder.stat().st_mode & 0o777
    if mode & 0o077:
        message = f"The folder for signing keys is open to others (mode {mode:o}). Close it: chmod 700 {folder}"
        raise SigningRefused(message, code="folder-open", found=f"{mode:o}")


def _write_once(target: Path, content: bytes) -> None:
    """Write a whole file of mode 0600 under `target`, unless another process was first: then theirs stays."""
    draft = target.with_name(f".{secrets.token_hex(8)}.part")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(draft, target)
        except FileExistsError:
            return
    finally:
        draft.unlink()
