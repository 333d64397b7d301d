"""ML-DSA-44 cosignatures (c2sp.org/tlog-cosignature, *ML-DSA-44 signed message*; FIPS 204).

A machine that forges Ed25519 signatures some day could show a past that no witness of today ever saw. A witness with an
ML-DSA-44 key closes that door; C2SP recommends the type for new deployments.
"""

from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from evidence.custody.errors import KeyFormatError, SignatureError

PUBLIC_KEY_BYTES: Final = 1312
SIGNATURE_BYTES: Final = 2420
"""FIPS 204, table 2."""

_LABEL: Final = b"subtree/v1\n\x00"


def cosigned_message(name: str, origin: str, size: int, root: bytes, seconds: int) -> bytes:
    """Return the `cosigned_message` structure for a checkpoint: the subtree from 0 to `size`.

    Args:
        name: of the cosigner; 1 to 255 bytes.
        origin: of the log; 1 to 255 bytes.
        size: of the tree.
        root: its root hash, 32 bytes.
        seconds: POSIX time of the cosignature.

    Raises:
        SignatureError: a name has another length, so that no such cosignature can exist.
    """
    names = [part.encode() for part in (name, origin)]
    if not all(0 < len(part) <= 255 for part in names):  # noqa: PLR2004 - opaque <1..2^8-1>
        raise SignatureError("an ML-DSA-44 cosignature names a cosigner and a log of 1 to 255 bytes")
    cosigner, log = (bytes([len(part)]) + part for part in names)
    numbers = (0).to_bytes(8, "big") + size.to_bytes(8, "big")
    return _LABEL + cosigner + seconds.to_bytes(8, "big") + log + numbers + root


def public_of(seed: bytes) -> bytes:
    """Return the public key (1312 bytes) of a seed of 32 bytes; KeyFormatError where ML-DSA is not to be had."""
    try:
        return MLDSA44PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw()
    except UnsupportedAlgorithm as error:
        raise KeyFormatError("the cryptography package here does not do ML-DSA-44") from error


def sign(seed: bytes, message: bytes) -> bytes:
    """Return a signature (2420 bytes), hedged: another one each time."""
    return MLDSA44PrivateKey.from_seed_bytes(seed).sign(message)


def verify(public_key: bytes, message: bytes, signature: bytes) -> None:
    """Return when the signature holds.

    Raises:
        SignatureError: it does not, or cannot be checked here.
    """
    try:
        MLDSA44PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature as error:
        raise SignatureError("the ML-DSA-44 signature does not verify") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SignatureError(f"the ML-DSA-44 signature cannot be checked: {error}") from error
