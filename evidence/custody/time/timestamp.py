"""RFC 3161 timestamps over checkpoints: who can make them, and what a token proves.

The trust anchors come from the verifier's own hands, as PEM root certificates. Certificates inside a token are used
only to build a chain to those roots (`evidence.custody.time.rfc3161`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from cryptography import x509

from evidence.custody.errors import TimestampError
from evidence.custody.time import rfc3161

MAX_TOKEN_BYTES: Final = 64 * 1024
"""Real tokens with a chain of three certificates have 4–8 kB."""

DIGEST_BYTES: Final = 32


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
    stated = rfc3161.verify(token, digest, _load_roots(roots))
    signer = stated.signer
    name, expires = signer.subject.rfc4514_string(), signer.not_valid_after_utc
    return TimestampInfo(stated.time, name, stated.policy, stated.accuracy, expires)


def _load_roots(roots: Sequence[bytes]) -> list[x509.Certificate]:
    try:
        trusted = [certificate for pem in roots for certificate in x509.load_pem_x509_certificates(pem)]
    except ValueError as error:
        raise TimestampError("a trusted root is no PEM certificate") from error
    if not trusted:
        raise TimestampError("without a trusted root no timestamp can be verified")
    return trusted
