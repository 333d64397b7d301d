"""RFC 3161 responses as DER: the token that a TSA signs, written down with `cryptography.hazmat.asn1`.

The modules are those of RFC 3161 (TSTInfo, TimeStampResp), RFC 5652 (CMS SignedData) and RFC 5816
(signingCertificateV2), with only the fields that our development TSA fills in. Reading foreign tokens is the work of
`evidence.custody.time.timestamp`.
"""

import hashlib
from datetime import datetime
from typing import Annotated, Final

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

ACCURACY_S: Final = 1
"""Whole seconds are stated, so that is how far a stated time may be off."""

POLICY: Final = x509.ObjectIdentifier("1.3.6.1.4.1.32473.1.1")
"""In the arc that RFC 5612 keeps for examples: nobody can mistake it for a real time-stamping policy."""

_GRANTED: Final = 0
_SHA256: Final = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")
_ECDSA_SHA256: Final = x509.ObjectIdentifier("1.2.840.10045.4.3.2")
_SIGNED_DATA: Final = x509.ObjectIdentifier("1.2.840.113549.1.7.2")
_TST_INFO: Final = x509.ObjectIdentifier("1.2.840.113549.1.9.16.1.4")
_CONTENT_TYPE: Final = x509.ObjectIdentifier("1.2.840.113549.1.9.3")
_MESSAGE_DIGEST: Final = x509.ObjectIdentifier("1.2.840.113549.1.9.4")
_SIGNING_CERTIFICATE_V2: Final = x509.ObjectIdentifier("1.2.840.113549.1.9.16.2.47")


@asn1.sequence
class _Algorithm:
    algorithm: x509.ObjectIdentifier


@asn1.sequence
class _Imprint:
    hash_algorithm: _Algorithm
    hashed_message: bytes


@asn1.sequence
class _Accuracy:
    seconds: int


@asn1.sequence
class _TstInfo:
    version: int
    policy: x509.ObjectIdentifier
    message_imprint: _Imprint
    serial_number: int
    gen_time: asn1.GeneralizedTime
    accuracy: _Accuracy


@asn1.sequence
class _Attribute:
    type: x509.ObjectIdentifier
    values: asn1.SetOf[asn1.TLV]


@asn1.sequence
class _EssCertId:
    cert_hash: bytes  # SHA-256, the default algorithm of RFC 5816, which DER leaves out


@asn1.sequence
class _SigningCertificate:
    certs: list[_EssCertId]


@asn1.sequence
class _IssuerAndSerial:
    issuer: asn1.TLV
    serial_number: int


@asn1.sequence
class _SignerInfo:
    version: int
    sid: _IssuerAndSerial
    digest_algorithm: _Algorithm
    signed_attributes: Annotated[asn1.SetOf[_Attribute], asn1.Implicit(0)]
    signature_algorithm: _Algorithm
    signature: bytes


@asn1.sequence
class _Content:
    type: x509.ObjectIdentifier
    content: Annotated[bytes, asn1.Explicit(0)]


@asn1.sequence
class _SignedData:
    version: int
    digest_algorithms: asn1.SetOf[_Algorithm]
    content: _Content
    certificates: Annotated[asn1.SetOf[asn1.TLV], asn1.Implicit(0)]
    signer_infos: asn1.SetOf[_SignerInfo]


@asn1.sequence
class _Token:
    type: x509.ObjectIdentifier
    content: Annotated[_SignedData, asn1.Explicit(0)]


@asn1.sequence
class _Status:
    status: int


@asn1.sequence
class _Response:
    status: _Status
    token: _Token


def timestamp_response(
    digest: bytes,
    time: datetime,
    serial_number: int,
    certificate: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
) -> bytes:
    """Return a granted TimeStampResp (DER) that binds a SHA-256 digest to `time` (aware; whole seconds are kept)."""
    info = asn1.encode_der(
        _TstInfo(
            version=1,
            policy=POLICY,
            message_imprint=_Imprint(hash_algorithm=_Algorithm(algorithm=_SHA256), hashed_message=digest),
            serial_number=serial_number,
            gen_time=asn1.GeneralizedTime(time.replace(microsecond=0)),
            accuracy=_Accuracy(seconds=ACCURACY_S),
        )
    )
    token = _Token(type=_SIGNED_DATA, content=_signed_data(info, certificate, key))
    return asn1.encode_der(_Response(status=_Status(status=_GRANTED), token=token))


def _signed_data(info: bytes, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> _SignedData:
    der = certificate.public_bytes(serialization.Encoding.DER)
    certificate_id = _SigningCertificate(certs=[_EssCertId(cert_hash=hashlib.sha256(der).digest())])
    attributes = asn1.SetOf(
        [
            _attribute(_CONTENT_TYPE, asn1.encode_der(_TST_INFO)),
            _attribute(_MESSAGE_DIGEST, asn1.encode_der(hashlib.sha256(info).digest())),
            _attribute(_SIGNING_CERTIFICATE_V2, asn1.encode_der(certificate_id)),
        ]
    )
    signer = _SignerInfo(
        version=1,
        sid=_IssuerAndSerial(issuer=_tlv(certificate.issuer.public_bytes()), serial_number=certificate.serial_number),
        digest_algorithm=_Algorithm(algorithm=_SHA256),
        signed_attributes=attributes,
        signature_algorithm=_Algorithm(algorithm=_ECDSA_SHA256),
        # RFC 5652 section 5.4: signed as a plain SET OF, not with the [0] tag that it bears in the message.
        signature=key.sign(asn1.encode_der(attributes), ec.ECDSA(hashes.SHA256())),
    )
    return _SignedData(
        version=3,
        digest_algorithms=asn1.SetOf([_Algorithm(algorithm=_SHA256)]),
        content=_Content(type=_TST_INFO, content=info),
        certificates=asn1.SetOf([_tlv(der)]),
        signer_infos=asn1.SetOf([signer]),
    )


def _tlv(der: bytes) -> asn1.TLV:
    return asn1.decode_der(asn1.TLV, der)


def _attribute(kind: x509.ObjectIdentifier, value: bytes) -> _Attribute:
    return _Attribute(type=kind, values=asn1.SetOf([_tlv(value)]))
