"""A development TSA: real RFC 3161 tokens from a key in this process, which prove nothing to anyone else.

Production refuses it by name (`development`, `name`). It exists so that the whole path, from stamp to verification
with OpenSSL, runs on a machine without a network.
"""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from evidence import keyfile
from evidence.custody.errors import TimestampError
from evidence.custody.time import cms

CERTIFICATE_LIFE: Final = timedelta(days=3650)
"""Long enough that a development folder keeps verifying; a real TSA's certificate is shorter-lived."""

BACKDATE: Final = timedelta(minutes=5)
"""So that a machine whose clock is put right by seconds finds the certificate valid."""

SERIAL_BYTES: Final = 16
"""Random, so that no counter file is needed, and positive (RFC 3161 allows up to 160 bits)."""


class DevelopmentTsa:
    """Stamps digests with a TSA key below a root of its own."""

    development = True
    name = "development TSA"

    def __init__(
        self,
        root_pem: bytes,
        certificate: x509.Certificate,
        key: ec.EllipticCurvePrivateKey,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.root_pem = root_pem
        self._certificate = certificate
        self._key = key
        self._clock = clock

    @classmethod
    def create(
        cls, clock: Callable[[], datetime] = lambda: datetime.now(UTC), life: timedelta = CERTIFICATE_LIFE
    ) -> "DevelopmentTsa":
        """Return a TSA with fresh keys, whose certificate lives for `life`; the root's key is forgotten at once."""
        return cls._from_pem(_generate(clock(), life), clock)

    @classmethod
    def in_folder(cls, folder: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> "DevelopmentTsa":
        """Return the TSA that lives in `folder`, made on first use, so that its root stays the same.

        Raises:
            TimestampError: the folder holds something else.
            KeyFileError: the file can be neither read nor made.
        """
        path = folder / "development-tsa.pem"
        return cls._from_pem(keyfile.load_or_create(path, lambda: _generate(clock())), clock)

    @classmethod
    def _from_pem(cls, pem: bytes, clock: Callable[[], datetime]) -> "DevelopmentTsa":
        try:
            certificate, root = x509.load_pem_x509_certificates(pem)
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError) as error:
            raise TimestampError("this is not a development TSA") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TimestampError("this is not a development TSA")
        return cls(root.public_bytes(serialization.Encoding.PEM), certificate, key, clock)

    def stamp(self, digest: bytes) -> bytes:
        """Return a TimeStampResp (DER) over a SHA-256 digest, with the time of this machine's clock.

        Raises:
            TimestampError: the digest has not 32 bytes.
        """
        if len(digest) != hashes.SHA256.digest_size:
            raise TimestampError("a development TSA stamps SHA-256 digests")
        serial_number = int.from_bytes(secrets.token_bytes(SERIAL_BYTES), "big") >> 1
        return cms.timestamp_response(
            digest, self._clock().astimezone(UTC), serial_number, self._certificate, self._key
        )


def _generate(now: datetime, life: timedelta = CERTIFICATE_LIFE) -> bytes:
    """Return a TSA as PEM: its private key, its certificate, and the certificate of its root."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    certificates = (_tsa_certificate(key, root_key, now, life), _root_certificate(root_key, now))
    return private + b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(
    subject: str, key: ec.EllipticCurvePrivateKey, now: datetime, life: timedelta = CERTIFICATE_LIFE
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name("Getuige development root"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _root_certificate(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    return (
        _builder("Getuige development root", key, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )


def _tsa_certificate(
    key: ec.EllipticCurvePrivateKey, root_key: ec.EllipticCurvePrivateKey, now: datetime, life: timedelta
) -> x509.Certificate:
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    return (
        _builder("Getuige development TSA", key, now, life)
        .add_extension(issuer, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        # RFC 3161 section 2.3: this one purpose, and critical.
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(root_key, hashes.SHA256())
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
