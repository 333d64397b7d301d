"""RFC 3161 timestamps over checkpoints: who can make them, and what a token proves.

The trust anchors come from the verifier's own hands, as PEM root certificates. Certificates inside a token are used
only to build a chain to those roots: `rfc3161-client` trusts whatever it is given as *intermediates* like a root, so
it is given none. Where that package is not installed (the verifier as one file), `evidence.custody.time.rfc3161`
checks.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

from cryptography import x509

from evidence.custody.errors import TimestampError
from evidence.custody.time import rfc3161

CLIENT_INSTALLED = find_spec("rfc3161_client") is not None
if TYPE_CHECKING or CLIENT_INSTALLED:
    import rfc3161_client

MAX_TOKEN_BYTES = 64 * 1024
"""Real tokens with a chain of three certificates have 4–8 kB."""

SHA256_OID = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")
DIGEST_BYTES = 32


class TimestampAuthority(Protocol):
    """Something that stamps digests: a client of a TSA, or the development one."""

    @property
    def name(self) -> str:
        """The name by which settings and refusals speak of it."""

    @property
    def development(self) -> bool:
        """True for a stand-in that production must refuse."""

    def stamp(self, digest: bytes) -> bytes:
        """Return a TimeStampResp (DER) over a SHA-256 digest; `TimestampError` when there is none to be had."""


@dataclass(frozen=True)
class TimestampInfo:
    """What a verified token says: the digest existed at `time` (UTC), give or take `accuracy` (None: not stated).

    `expires` is the end of the signing certificate (UTC): later, somebody may know a key that signed such tokens.
    """

    time: datetime
    tsa_name: str
    policy: str
    accuracy: timedelta | None
    expires: datetime

    @property
    def latest(self) -> datetime:
        """By when the digest existed: the stated time plus the stated accuracy."""
        return self.time + (self.accuracy or timedelta())


def verify_token(token: bytes, digest: bytes, roots: Sequence[bytes]) -> TimestampInfo:
    """Check a timestamp against a digest and the pinned roots.

    Args:
        token: a TimeStampResp (DER), as `TimestampAuthority.stamp` returns it.
        digest: the SHA-256 digest that must have been stamped.
        roots: the trusted root certificates, as PEM; each may hold several.

    Returns:
        Time, the TSA certificate's subject (RFC 4514), policy OID and accuracy. Certificates need to be valid at the
        stated time only; revocation is not looked up.

    Raises:
        TimestampError: the token is malformed, is over another digest, does not chain to a root, or its signer is no
            TSA (RFC 3161 section 2.3).
    """
    if len(token) > MAX_TOKEN_BYTES:
        raise TimestampError(f"a timestamp has at most {MAX_TOKEN_BYTES} bytes")
    if len(digest) != DIGEST_BYTES:
        raise TimestampError("timestamps are over SHA-256 digests")
    trusted = _load_roots(roots)
    if not CLIENT_INSTALLED:
        stated = rfc3161.verify(token, digest, trusted)
        signer = stated.signer
        name, expires = signer.subject.rfc4514_string(), signer.not_valid_after_utc
        return TimestampInfo(stated.time, name, stated.policy, stated.accuracy, expires)
    return _by_client(token, digest, trusted)


def _by_client(token: bytes, digest: bytes, trusted: list[x509.Certificate]) -> TimestampInfo:
    try:
        response = rfc3161_client.decode_timestamp_response(token)
        info = response.tst_info
        imprint = info.message_imprint
        if imprint.hash_algorithm != SHA256_OID or not hmac.compare_digest(imprint.message, digest):
            raise TimestampError("the timestamp is over another digest")
        rfc3161_client.VerifierBuilder(roots=trusted).build().verify(response, digest)
        signer = _signer(response.signed_data)
        return TimestampInfo(
            time=_utc(info.gen_time),
            tsa_name=signer.subject.rfc4514_string(),
            policy=info.policy.dotted_string,
            accuracy=_accuracy(info.accuracy),
            expires=signer.not_valid_after_utc,
        )
    except (rfc3161_client.VerificationError, ValueError, OverflowError) as error:
        raise TimestampError(f"the timestamp does not verify: {error}") from error


def _load_roots(roots: Sequence[bytes]) -> list[x509.Certificate]:
    try:
        trusted = [certificate for pem in roots for certificate in x509.load_pem_x509_certificates(pem)]
    except ValueError as error:
        raise TimestampError("a trusted root is no PEM certificate") from error
    if not trusted:
        raise TimestampError("without a trusted root no timestamp can be verified")
    return trusted


def _signer(signed: "rfc3161_client.SignedData") -> x509.Certificate:
    (signer,) = signed.signer_infos
    for der in signed.certificates:
        certificate = x509.load_der_x509_certificate(der)
        if (certificate.issuer, certificate.serial_number) == (signer.issuer, signer.serial_number):
            return certificate
    raise TimestampError("the timestamp does not contain its signer's certificate")


def _utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _accuracy(accuracy: "rfc3161_client.Accuracy | None") -> timedelta | None:
    if accuracy is None:
        return None
    return timedelta(
        seconds=accuracy.seconds or 0,
        milliseconds=accuracy.millis or 0,
        microseconds=accuracy.micros or 0,
    )
