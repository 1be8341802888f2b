"""RFC 3161 time stamps: what a token says, over which bytes, and whether its signature holds.

A token is a CMS message (RFC 5652) around a `TSTInfo`. Only what RFC 3161 demands is read, in strict DER. The path from
the authority's certificate to a root the reader trusts is checked for issue, signature and validity at the time stated;
revocation and policies need more than this module and are not judged.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from chain_of_custody.core.der import Der, der_read
from chain_of_custody.core.errors import CoreError

_SIGNED_DATA = "1.2.840.113549.1.7.2"
_TST_INFO = "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE, _SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"
_DIGESTS = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
_HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
_SIGNATURE_DIGESTS = {
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
}
Certificates = Sequence[x509.Certificate]

_PARSER_ERRORS = (UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, x509.InvalidVersion)
_LONGEST_PATH = 8
_DER = serialization.Encoding.DER


class TimestampRefused(CoreError):
    """A time stamp is malformed, was not granted, or its signature does not hold."""

    def __init__(self, message: str, *, reason: str = "timestamp-malformed") -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp:
    """What a token says: when, under which policy, over which digest; and the signed parts for checking."""

    time: datetime
    policy: str
    serial: int
    algorithm: str
    imprint: bytes
    content: bytes
    certificates: tuple[x509.Certificate, ...]
    signer: Der

    def covers(self, data: bytes) -> bool:
        """Whether the imprint is that of these bytes."""
        return hashlib.new(self.algorithm, data).digest() == self.imprint


def timestamp_parse(data: bytes) -> Timestamp:
    """Read a response (`TimeStampResp`, .tsr) or a bare token. Raises `TimestampRefused`."""
    with _reading():
        return _token(_granted(der_read(data)))


def timestamp_signed_by(stamp: Timestamp, others: Iterable[x509.Certificate] = ()) -> x509.Certificate | None:
    """The certificate whose signature the token carries; None when it is neither inside nor among `others`.

    Raises `TimestampRefused` (reason "timestamp-signature-invalid") when the signature or a signed attribute is wrong,
    or the certificate is not one for time stamps.
    """
    with _reading():
        parts = stamp.signer.children()
        candidates = (*stamp.certificates, *others)
        certificate = next((one for one in candidates if _named(parts[1], one)), None)
        if certificate is not None:
            _check_attributes(stamp, parts, certificate)
            _check_use(certificate)
            _check_signature(parts, certificate)
        return certificate


def timestamp_path(
    certificate: x509.Certificate,
    time: datetime,
    between: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
) -> bool:
    """Whether issuers lead from the certificate to a trusted root, all of them valid at that time."""
    with _reading():
        return _leads(certificate, time, between, roots)


def _leads(here: x509.Certificate, time: datetime, between: Certificates, roots: Certificates) -> bool:
    for _ in range(_LONGEST_PATH):
        if not here.not_valid_before_utc <= time <= here.not_valid_after_utc:
            return False
        if here in roots:
            return True
        issuer = next((one for one in (*roots, *between) if one != here and _issued(here, one)), None)
        if issuer is None:
            return False
        here = issuer
    return False


@contextmanager
def _reading() -> Iterator[None]:
    """Whatever a parser says about bytes of others becomes one kind of refusal."""
    try:
        yield
    except TimestampRefused:
        raise
    except (*_PARSER_ERRORS, ValueError, IndexError, TypeError, KeyError) as error:
        raise TimestampRefused(f"not a time stamp of RFC 3161: {error}") from None


def _granted(response: Der) -> Der:
    """The token of a response; a bare token is given back as it is."""
    first = response.children()[0]
    if first.tag == Der.OID:
        return response
    status = first.children()[0].integer()
    if status not in (0, 1):
        raise TimestampRefused(f"the authority refused: status {status}", reason="timestamp-not-granted")
    return response.children()[1]


def _token(token: Der) -> Timestamp:
    kind, wrapped = token.children()
    if kind.oid() != _SIGNED_DATA:
        raise TimestampRefused(f"content of type {kind.oid()}, wanted is signed data")
    _, _, inner, *rest = wrapped.children()[0].children()
    content_type, content = inner.children()
    if content_type.oid() != _TST_INFO:
        raise TimestampRefused(f"signed content of type {content_type.oid()}, wanted is TSTInfo")
    signers = rest[-1].children()
    if len(signers) != 1:
        raise TimestampRefused(f"{len(signers)} signers; RFC 3161 wants one")
    loaded = [one for part in rest if part.tag == 0xA0 for one in part.children()]
    octets = content.children()[0].body
    _, policy, imprint, serial, time, *_ = der_read(octets).children()
    algorithm, digest = imprint.children()
    return Timestamp(
        time=_time(time),
        policy=policy.oid(),
        serial=serial.integer(),
        algorithm=_digest_name(algorithm),
        imprint=digest.body,
        content=octets,
        certificates=tuple(x509.load_der_x509_certificate(one.whole) for one in loaded if one.tag == Der.SEQUENCE),
        signer=signers[0],
    )


def _time(node: Der) -> datetime:
    """GeneralizedTime as RFC 3161 section 2.4.2 restricts it: UTC with Z, a fraction without trailing zeros."""
    text = node.body.decode("ascii")
    if node.tag != Der.GENERALIZED_TIME or not text.endswith("Z"):
        raise TimestampRefused(f"genTime {text!r} is not a time in UTC")
    form = "%Y%m%d%H%M%S.%fZ" if "." in text else "%Y%m%d%H%M%SZ"
    return datetime.strptime(text, form).replace(tzinfo=UTC)


def _digest_name(algorithm: Der) -> str:
    oid = algorithm.children()[0].oid()
    if oid not in _DIGESTS:
        raise TimestampRefused(f"digest {oid}; known are SHA-256, SHA-384 and SHA-512")
    return _DIGESTS[oid]


def _named(sid: Der, certificate: x509.Certificate) -> bool:
    if sid.tag == 0x80:
        try:
            own = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        except x509.ExtensionNotFound:
            return False
        return own.value.digest == sid.body
    issuer, serial = sid.children()
    return issuer.whole == certificate.issuer.public_bytes() and serial.integer() == certificate.serial_number


def _attributes(parts: Sequence[Der]) -> tuple[Der, dict[str, Der]]:
    signed = parts[3]
    if signed.tag != 0xA0:
        raise _wrong("no signed attributes")
    found = {}
    for attribute in signed.children():
        name, values = attribute.children()
        if name.oid() in found or len(values.children()) != 1:
            raise _wrong(f"signed attribute {name.oid()} does not occur once with one value")
        found[name.oid()] = values.children()[0]
    return signed, found


def _check_attributes(stamp: Timestamp, parts: Sequence[Der], certificate: x509.Certificate) -> None:
    _, found = _attributes(parts)
    name = _digest_name(parts[2])
    kind, digest = found.get(_CONTENT_TYPE), found.get(_MESSAGE_DIGEST)
    if kind is None or kind.oid() != _TST_INFO:
        raise _wrong("the signed content type is not TSTInfo")
    if digest is None or digest.body != hashlib.new(name, stamp.content).digest():
        raise _wrong("the signed digest is not that of the content")
    _check_named_certificate(found, certificate)


def _check_named_certificate(found: dict[str, Der], certificate: x509.Certificate) -> None:
    """RFC 5035: the signature names its certificate by digest, so that no other of the same key can take its place."""
    if _SIGNING_CERTIFICATE_V2 in found:
        identity = found[_SIGNING_CERTIFICATE_V2].children()[0].children()[0].children()
        given = identity[0].tag == Der.SEQUENCE
        name, digest = (_digest_name(identity[0]), identity[1]) if given else ("sha256", identity[0])
    elif _SIGNING_CERTIFICATE in found:
        digest = found[_SIGNING_CERTIFICATE].children()[0].children()[0].children()[0]
        name = "sha1"
    else:
        raise _wrong("no signed attribute names the signer's certificate")
    whole = certificate.public_bytes(_DER)
    if digest.body != hashlib.new(name, whole, usedforsecurity=False).digest():
        raise _wrong("the signature names another certificate")


def _check_use(certificate: x509.Certificate) -> None:
    try:
        use = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        raise _wrong("its certificate is not one for time stamps") from None
    if list(use.value) != [ExtendedKeyUsageOID.TIME_STAMPING] or not use.critical:
        raise _wrong("its certificate is not one for time stamps alone (RFC 3161 section 2.3)")


def _check_signature(parts: Sequence[Der], certificate: x509.Certificate) -> None:
    signed, _ = _attributes(parts)
    text = b"\x31" + signed.whole[1:]
    oid = parts[4].children()[0].oid()
    name = _SIGNATURE_DIGESTS.get(oid) or _digest_name(parts[2])
    key, signature = certificate.public_key(), parts[5].body
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, text, padding.PKCS1v15(), _HASHES[name])
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, text, ec.ECDSA(_HASHES[name]))
        else:
            raise _wrong(f"a key of a kind not known here: {type(key).__name__}")
    except InvalidSignature:
        raise _wrong("the signature does not verify") from None


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    try:
        limits = issuer.extensions.get_extension_for_class(x509.BasicConstraints)
    except x509.ExtensionNotFound:
        return False
    return limits.value.ca


def _wrong(message: str) -> TimestampRefused:
    return TimestampRefused(message, reason="timestamp-signature-invalid")
