"""The checks of an RFC 3161 token, with `cryptography` alone: one engine for server, phone and the one-file verifier.

Tests hold it to the verdicts of `rfc3161-client` and `openssl ts -verify`. Certificates in a token may stand in any
order (OpenSSL writes them as they come, though DER would sort the set). Section numbers are those of RFC 3161 unless
another RFC is named.
"""

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from evidence.custody.errors import TimestampError
from evidence.custody.time import der
from evidence.errors import FormatError

MAX_CHAIN: Final = 6
"""Certificates between signer and root; the longest in the European trust lists have three."""

SHA256: Final = "2.16.840.1.101.3.4.2.1"
_HASHES: Final[dict[str, tuple[str, hashes.HashAlgorithm]]] = {
    SHA256: ("sha256", hashes.SHA256()),
    "2.16.840.1.101.3.4.2.2": ("sha384", hashes.SHA384()),
    "2.16.840.1.101.3.4.2.3": ("sha512", hashes.SHA512()),
}
_RSA: Final = "1.2.840.113549.1.1.1"
_RSA_PSS: Final = "1.2.840.113549.1.1.10"
_MGF1: Final = "1.2.840.113549.1.1.8"
_HASH_OF_SIGNATURE: Final = {
    **{f"1.2.840.113549.1.1.{11 + n}": oid for n, oid in enumerate(_HASHES)},
    **{f"1.2.840.10045.4.3.{2 + n}": oid for n, oid in enumerate(_HASHES)},
}
"""shaNNNWithRSAEncryption (RFC 4055) and ecdsa-with-SHANNN (RFC 5758) name their hash themselves."""

_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
_TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE: Final = "1.2.840.113549.1.9.16.2.12"
_SIGNING_CERTIFICATE_V2: Final = "1.2.840.113549.1.9.16.2.47"
_UNDERSTOOD: Final = (x509.BasicConstraints, x509.KeyUsage, x509.ExtendedKeyUsage)
"""Critical extensions that are looked at here; any other one makes a certificate unusable (RFC 5280, 4.2)."""

_CERTIFICATE_ERRORS: Final = (
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What `cryptography` raises beside ValueError when a certificate is odd."""


@dataclass(frozen=True)
class Stated:
    """What a verified token says, and the certificate of who said it."""

    time: datetime
    signer: x509.Certificate
    policy: str
    accuracy: timedelta | None


def verify(token: bytes, digest: bytes, roots: Sequence[x509.Certificate]) -> Stated:
    """Check a TimeStampResp (DER) against a SHA-256 digest and the trusted roots; TimestampError says why not."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd serial numbers; what counts is whether a chain leads to a root
            return _verify(token, digest, roots)
    except InvalidSignature as error:
        raise TimestampError("the timestamp does not verify: its signature does not hold") from error
    except (FormatError, ValueError, TypeError, OverflowError, *_CERTIFICATE_ERRORS) as error:
        raise TimestampError(f"the timestamp does not verify: {error}") from error


def _verify(token: bytes, digest: bytes, roots: Sequence[x509.Certificate]) -> Stated:
    signed = _signed_data(token)
    info = der.read(signed.content).members()
    if info.take().integer() != 1:
        raise TimestampError("the timestamp is of an unknown version")
    policy, imprint = info.take().oid(), info.take().members()
    algorithm, message = imprint.take().members().take().oid(), imprint.take(der.OCTETS).content
    if (algorithm, message) != (SHA256, digest):
        raise TimestampError("the timestamp is over another digest")
    info.take().integer()  # the serial number, which only the authority needs
    time = info.take().time()
    accuracy = _accuracy(info.optional(der.SEQUENCE))
    signer = _check_signature(signed)
    _check_purpose(signer)
    _check_chain(signer, signed.certificates, roots, time)
    return Stated(time, signer, policy, accuracy)


@dataclass(frozen=True)
class _SignedData:
    """The parts of CMS SignedData (RFC 5652, 5.1) that count here."""

    content: bytes
    certificates: tuple[x509.Certificate, ...]
    signer: der.Value


def _signed_data(token: bytes) -> _SignedData:
    response = der.read(token).members()
    if response.take().members().take().integer() != 0:
        raise TimestampError("the authority did not grant the timestamp")
    content = response.take().members()
    response.end()
    if content.take().oid() != _SIGNED_DATA:
        raise TimestampError("the timestamp is not signed")
    data = content.take().members(der.context(0)).take().members()
    data.take().integer()
    data.take(der.SET)
    inner = data.take().members()
    if inner.take().oid() != _TST_INFO:
        raise TimestampError("what is signed is no timestamp")
    stated = inner.take().members(der.context(0)).take(der.OCTETS).content
    embedded = data.optional(der.context(0))
    data.optional(der.context(1))  # revocation lists are not looked at
    signers = data.take().members(der.SET)
    signer = signers.take(der.SEQUENCE)
    signers.end()  # 2.4.2: one signature, the authority's own
    data.end()
    found = [] if embedded is None else embedded.members(der.context(0)).left
    return _SignedData(stated, tuple(x509.load_der_x509_certificate(one.encoded) for one in found), signer)


def _check_signature(signed: _SignedData) -> x509.Certificate:
    """Return the certificate whose key signed (RFC 5652, 5.4 and 5.6)."""
    fields = signed.signer.members()
    fields.take().integer()
    identifier = fields.take().members()
    issuer, serial = identifier.take().encoded, identifier.take().integer()
    name, algorithm = _HASHES.get(fields.take().members().take().oid(), (None, None))
    attributes = fields.take(der.context(0))
    signed_with, signature = fields.take().members(), fields.take(der.OCTETS).content
    signature_algorithm = signed_with.take().oid()
    if name is None or algorithm is None:
        raise TimestampError("the timestamp uses a hash that is not accepted")
    certificate = next(
        (one for one in signed.certificates if (one.issuer.public_bytes(), one.serial_number) == (issuer, serial)), None
    )
    if certificate is None:
        raise TimestampError("the timestamp does not contain its signer's certificate")
    _check_attributes(attributes, hashlib.new(name, signed.content).digest(), certificate)
    message = bytes([der.SET]) + attributes.encoded[1:]  # signed as a plain SET OF, without the tag in the message
    hashed = _HASH_OF_SIGNATURE.get(signature_algorithm)
    if signature_algorithm not in {_RSA, _RSA_PSS} and (hashed is None or _HASHES[hashed][0] != name):
        raise TimestampError("the timestamp's signature algorithm is not accepted")
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        probabilistic = signature_algorithm == _RSA_PSS
        key.verify(signature, message, _pss(signed_with, name) if probabilistic else padding.PKCS1v15(), algorithm)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, message, ec.ECDSA(algorithm))
    else:
        raise TimestampError("the authority's key is neither RSA nor on an elliptic curve")
    return certificate


def _pss(algorithm: der.Members, name: str) -> padding.PSS:
    """Read RSASSA-PSS-params (RFC 4055, 3.1); one hash must serve for message, mask and content."""
    parameters = algorithm.take().members()
    fields = [parameters.optional(der.context(number)) for number in range(4)]
    parameters.end()
    hashed, mask, salt, trailer = (field and field.members(field.tag).take() for field in fields)
    if hashed is None or mask is None or salt is None:
        raise TimestampError("the timestamp's RSA-PSS rests on SHA-1, which is not accepted")
    generator = mask.members()
    named = (hashed, generator.take(), generator.take())
    wanted = {oid for oid, (known, _) in _HASHES.items() if known == name}
    if named[1].oid() != _MGF1 or {named[0].members().take().oid(), named[2].members().take().oid()} != wanted:
        raise TimestampError("the timestamp's RSA-PSS uses another hash than its content")
    if trailer is not None and trailer.integer() != 1:
        raise TimestampError("the timestamp's RSA-PSS has an unknown trailer")
    return padding.PSS(padding.MGF1(_hash_named(name)), salt.integer())


def _hash_named(name: str) -> hashes.HashAlgorithm:
    return next(algorithm for known, algorithm in _HASHES.values() if known == name)


def _check_attributes(attributes: der.Value, digest: bytes, signer: x509.Certificate) -> None:
    """The signed attributes name the content, its hash and the signer's certificate (2.4.2, RFC 5816)."""
    found: dict[str, der.Value] = {}
    for attribute in attributes.members(der.context(0)).left:
        members = attribute.members()
        kind, values = members.take().oid(), members.take().members(der.SET)
        if kind in found:
            raise TimestampError("an attribute stands there twice")
        found[kind] = values.take()
        values.end()
    if _CONTENT_TYPE not in found or found[_CONTENT_TYPE].oid() != _TST_INFO:
        raise TimestampError("the signature is not about a timestamp")
    if _MESSAGE_DIGEST not in found or found[_MESSAGE_DIGEST].of(der.OCTETS).content != digest:
        raise TimestampError("the signature is about another content")
    if _SIGNING_CERTIFICATE_V2 in found:
        first = found[_SIGNING_CERTIFICATE_V2].members().take().members().take().members()
        named = first.optional(der.SEQUENCE)
        algorithm, _ = _HASHES[SHA256] if named is None else _HASHES.get(named.members().take().oid(), ("", None))
    elif _SIGNING_CERTIFICATE in found:
        first = found[_SIGNING_CERTIFICATE].members().take().members().take().members()
        algorithm = "sha1"  # ESSCertID knows no other (RFC 2634, 5.4); the signature itself does not rest on it
    else:
        raise TimestampError("the signature does not name its certificate")
    hashed = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512(), "sha1": hashes.SHA1()}  # noqa: S303 - as above
    if algorithm not in hashed or first.take(der.OCTETS).content != signer.fingerprint(hashed[algorithm]):
        raise TimestampError("the signature names another certificate")


def _check_purpose(signer: x509.Certificate) -> None:
    """Section 2.3: the certificate is for time stamping and says so critically."""
    try:
        usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        raise TimestampError("the signer's certificate is not for time stamping") from None
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise TimestampError("the signer's certificate is not for time stamping alone")


def _check_chain(
    signer: x509.Certificate, others: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], time: datetime
) -> None:
    """Find a way from the signer to a root over certificates of the token, all in force at `time` (RFC 5280, 6.1)."""
    chain = [signer]
    while len(chain) <= MAX_CHAIN:
        _check_in_force(chain[-1], time)
        if any(_issued(root, chain, time) for root in roots):
            return
        above = next((one for one in others if one not in chain and _issued(one, chain, time)), None)
        if above is None:
            raise TimestampError("the signer's certificate does not lead to a trusted root")
        chain.append(above)
    raise TimestampError("the chain of certificates is too long")


def _issued(issuer: x509.Certificate, chain: Sequence[x509.Certificate], time: datetime) -> bool:
    """Whether `issuer` may issue certificates, was in force, and signed the last one of the chain."""
    try:
        chain[-1].verify_directly_issued_by(issuer)
        _check_in_force(issuer, time)
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (ValueError, TypeError, InvalidSignature, TimestampError, x509.ExtensionNotFound, *_CERTIFICATE_ERRORS):
        return False
    below = len(chain) - 1  # authorities between this issuer and the signer
    if not constraints.ca or (constraints.path_length is not None and constraints.path_length < below):
        return False
    try:
        return issuer.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound:
        return True


def _check_in_force(certificate: x509.Certificate, time: datetime) -> None:
    if not certificate.not_valid_before_utc <= time <= certificate.not_valid_after_utc:
        raise TimestampError("a certificate was not in force at the stated time")
    for extension in certificate.extensions:
        if extension.critical and not isinstance(extension.value, _UNDERSTOOD):
            raise TimestampError("a certificate has a critical extension that is not understood here")


def _accuracy(value: der.Value | None) -> timedelta | None:
    if value is None:
        return None
    members = value.members()
    seconds = members.optional(der.INTEGER)
    millis, micros = (members.optional(der.context(number, constructed=False)) for number in (0, 1))
    return timedelta(
        seconds=seconds.integer() if seconds else 0,
        milliseconds=millis.integer(millis.tag) if millis else 0,
        microseconds=micros.integer(micros.tag) if micros else 0,
    )
