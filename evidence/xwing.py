"""X-Wing and HPKE: what suite 2 wraps keys with, so that a quantum computer of later opens nothing of today.

X-Wing (draft-connolly-cfrg-xwing-kem) joins ML-KEM-768 (FIPS 203) and X25519: it holds while one of them does. HPKE
(RFC 9180, mode Base) around it is `cryptography`'s, with HKDF-SHA256 and ChaCha20-Poly1305: KEM 0x647a, KDF 1, AEAD 3,
the suite that the working group publishes vectors for (`tests/vectors/hpke_xwing.json`).

The private key is a seed of 32 bytes. It comes from *both* seeds of an identity: the X25519 seed alone is what a
quantum computer finds from the public key, and would take suite 2 down with suite 1; the Ed25519 seed is behind a hash.
"""

import hashlib
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from evidence import keys
from evidence.errors import FormatError

SEED_BYTES: Final = 32
PUBLIC_BYTES: Final = 1216
"""ML-KEM-768 encapsulation key (1184), then X25519 public key (32)."""

ENCAPSULATED_BYTES: Final = 1120
"""What HPKE calls `enc`: ML-KEM-768 ciphertext (1088), then an X25519 public key."""

_MLKEM_PUBLIC_BYTES: Final = 1184
_MLKEM_SEED_BYTES: Final = 64
_SEED_INFO: Final = b"getuige/xwing-seed/v1"
_SUITE: Final = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)


def seed_of(identity: keys.Identity) -> bytes:
    """Return the X-Wing seed of an identity: HKDF-SHA256 of both its seeds, no salt."""
    derive = HKDF(algorithm=hashes.SHA256(), length=SEED_BYTES, salt=None, info=_SEED_INFO)
    return derive.derive(identity.sign_seed + identity.box_seed)


def public_of(seed: bytes) -> bytes:
    """Return the public key of a seed, 1216 bytes."""
    lattice, curve = _private(seed)
    return lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()


def seal(public: bytes, info: bytes, plaintext: bytes) -> bytes:
    """Seal `plaintext` to a public key, for what `info` says only: `enc`, then ciphertext and tag.

    FormatError if `public` is no X-Wing public key.
    """
    return _SUITE.encrypt(plaintext, _public(public), info)


def unseal(seed: bytes, info: bytes, sealed: bytes) -> bytes:
    """Open what `seal` made; keys.LockError for another key, other `info` or changed bytes."""
    try:
        return _SUITE.decrypt(sealed, hpke.MLKEM768X25519PrivateKey(*_private(seed)), info)
    except (InvalidTag, ValueError) as error:
        message = "this key does not open that wrap"
        raise keys.LockError(message) from error


def check_public(public: bytes) -> None:
    """Refuse what is no X-Wing public key: its length, and that ML-KEM's numbers are in range (FIPS 203, 7.2)."""
    _public(public)


def _public(public: bytes) -> hpke.MLKEM768X25519PublicKey:
    if len(public) != PUBLIC_BYTES:
        message = f"an X-Wing public key has {PUBLIC_BYTES} bytes"
        raise FormatError(message)
    try:
        return hpke.MLKEM768X25519PublicKey(
            mlkem.MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_PUBLIC_BYTES]),
            x25519.X25519PublicKey.from_public_bytes(public[_MLKEM_PUBLIC_BYTES:]),
        )
    except ValueError as error:
        message = "that is no X-Wing public key"
        raise FormatError(message) from error


def _private(seed: bytes) -> tuple[mlkem.MLKEM768PrivateKey, x25519.X25519PrivateKey]:
    """Expand the seed as the draft says in section 5.2: SHAKE-256, 96 bytes."""
    expanded = hashlib.shake_256(seed).digest(_MLKEM_SEED_BYTES + 32)
    return (
        mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_BYTES]),
        x25519.X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_BYTES:]),
    )
