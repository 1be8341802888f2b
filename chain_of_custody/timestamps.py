"""RFC 3161 time stamps over checkpoints: the request, and what is checked in the answer before it is believed.

A token bounds from outside when a checkpoint existed at the latest. Checked: status, the SHA-256 imprint, the nonce,
the signed attributes (RFC 5652 section 5.4) with message digest and signing certificate (RFC 5816), the signature, that
the certificate is for time stamping alone (RFC 3161 section 2.3) and was valid then, and that it or one above it is
among those trusted. Revocation is not checked; that needs the authority's lists of a later day.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from asn1crypto import algos, cms, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_GRANTED = ("granted", "granted_with_mods")


class StampRefused(Exception):
    """An authority's answer is not a time stamp of what was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A checked token: its DER bytes, the time it states (UTC), and who signed it."""

    token: bytes
    at: datetime
    authority: str


def nonce_new() -> int:
    """A nonce for one request: 64 random bits."""
    return secrets.randbits(64)


def stamp_request(data: bytes, nonce: int) -> bytes:
    """A request for a time stamp over the SHA-256 of `data` (RFC 3161 section 2.4.1), DER, certificates wanted."""
    imprint = {
        "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
        "hashed_message": sha256(data).digest(),
    }
    request = tsp.TimeStampReq({"version": "v1", "message_imprint": imprint, "nonce": nonce, "cert_req": True})
    return bytes(request.dump())


def stamp_read(answer: bytes, data: bytes, nonce: int, trusted: Sequence[x509.Certificate]) -> Stamp:
    """The token of an authority's answer. Raises `StampRefused` saying what does not hold."""
    try:
        response = tsp.TimeStampResp.load(answer, strict=True)
        status = response["status"]["status"].native
        if status not in _GRANTED:
            raise StampRefused(f"the authority answered {status}: {response['status']['status_string'].native}")
        token = bytes(response["time_stamp_token"].dump())
    except (ValueError, TypeError, KeyError) as error:
        raise StampRefused(f"the answer is not a time stamp response: {error}") from error
    return stamp_verify(token, data, trusted, nonce=nonce)


def stamp_verify(token: bytes, data: bytes, trusted: Sequence[x509.Certificate], *, nonce: int | None = None) -> Stamp:
    """A token that was kept, checked again against what it stamps. Raises `StampRefused`."""
    try:
        return _verified(token, data, trusted, nonce)
    except (ValueError, TypeError, KeyError, IndexError, UnsupportedAlgorithm) as error:
        raise StampRefused(f"the token cannot be read: {error}") from error


def _verified(token: bytes, data: bytes, trusted: Sequence[x509.Certificate], nonce: int | None) -> Stamp:
    content = cms.ContentInfo.load(token, strict=True)
    signed = content["content"]
    info: Any = signed["encap_content_info"]["content"].parsed
    imprint = info["message_imprint"]
    if (
        imprint["hash_algorithm"]["algorithm"].native != "sha256"
        or imprint["hashed_message"].native != sha256(data).digest()
    ):
        raise StampRefused("the token is over other bytes")
    if nonce is not None and info["nonce"].native != nonce:
        raise StampRefused("the token answers another request (nonce)")
    signer = signed["signer_infos"][0]
    certificates = [
        x509.load_der_x509_certificate(one.chosen.dump())
        for one in signed["certificates"]
        if isinstance(one.chosen, asn1_x509.Certificate)
    ]
    own = _certificate(signer, certificates)
    _signature_check(signer, bytes(signed["encap_content_info"]["content"].contents), own)
    at: datetime = info["gen_time"].native
    _trust_check(own, certificates, trusted, at)
    return Stamp(token=token, at=at, authority=own.subject.rfc4514_string())


def _certificate(signer: Any, certificates: Sequence[x509.Certificate]) -> x509.Certificate:
    named = signer["sid"].chosen
    if isinstance(named, cms.IssuerAndSerialNumber):
        serial = named["serial_number"].native
        for one in certificates:
            if one.serial_number == serial and one.issuer.public_bytes() == named["issuer"].dump():
                return one
    raise StampRefused("the token does not hold the certificate it was signed with")


def _signature_check(signer: Any, content: bytes, own: x509.Certificate) -> None:
    attributes = {one["type"].native: one["values"][0].native for one in signer["signed_attrs"]}
    name = signer["digest_algorithm"]["algorithm"].native
    if name not in _HASHES:
        raise StampRefused(f"digest {name} is not accepted")
    digest = hashes.Hash(_HASHES[name])
    digest.update(content)
    if attributes.get("content_type") != "tst_info" or attributes.get("message_digest") != digest.finalize():
        raise StampRefused("the signed attributes are not those of this time stamp")
    if not _names(attributes, own):
        raise StampRefused("the signed attributes do not name the certificate (RFC 5816)")
    signature = signer["signature"].native
    signed = signer["signed_attrs"].untag().dump()
    key = own.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), _HASHES[name])
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(_HASHES[name]))
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, signed)
        else:
            raise StampRefused("the authority's kind of key is not known here")
    except InvalidSignature as error:
        raise StampRefused("the authority's signature does not verify") from error


def _names(attributes: dict[str, Any], own: x509.Certificate) -> bool:
    """Whether the signing-certificate attribute, of either version, names the certificate by its hash."""
    newer, older = attributes.get("signing_certificate_v2"), attributes.get("signing_certificate")
    if newer is not None:
        first = newer["certs"][0]
        name = first["hash_algorithm"]["algorithm"]
        return name in _HASHES and bool(first["cert_hash"] == own.fingerprint(_HASHES[name]))
    # SHA-1 by the older standard; it names a certificate that the signature itself proves.
    return older is not None and bool(older["certs"][0]["cert_hash"] == own.fingerprint(hashes.SHA1()))  # noqa: S303


def _trust_check(
    own: x509.Certificate, others: Sequence[x509.Certificate], trusted: Sequence[x509.Certificate], at: datetime
) -> None:
    try:
        usage = own.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        raise StampRefused("the certificate is not one for time stamping") from None
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise StampRefused("the certificate is not one for time stamping alone")
    here, seen = own, 0
    while seen < 5:
        if not here.not_valid_before_utc <= at <= here.not_valid_after_utc:
            raise StampRefused(f"certificate {here.subject.rfc4514_string()} was not valid at {at.isoformat()}")
        if here in trusted:
            return
        above = next((one for one in (*trusted, *others) if one is not here and _issued(here, one)), None)
        if above is None:
            break
        here, seen = above, seen + 1
    raise StampRefused("the authority's certificate is not issued by one that is trusted here")


def _issued(certificate: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
