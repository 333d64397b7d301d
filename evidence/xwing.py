"""X-Wing and HPKE: what every key is wrapped with, so that a quantum computer of later opens nothing of today.

X-Wing (draft-connolly-cfrg-xwing-kem) joins ML-KEM-768 (FIPS 203) and X25519: it holds while one of them does. HPKE
(RFC 9180, mode Base) around it is `cryptography`'s, with HKDF-SHA256 and ChaCha20-Poly1305: KEM 0x647a, KDF 1, AEAD 3,
the suite that the working group publishes vectors for (`tests/vectors/hpke_xwing.json`).
"""

import hashlib
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519

from evidence.errors import FormatError, LockError

SEED_BYTES: Final = 32
PUBLIC_BYTES: Final = 1216
"""ML-KEM-768 encapsulation key (1184), then X25519 public key (32)."""

ENCAPSULATED_BYTES: Final = 1120
"""What HPKE calls `enc`: ML-KEM-768 ciphertext (1088), then an X25519 public key."""

_MLKEM_PUBLIC_BYTES: Final = 1184
_MLKEM_SEED_BYTES: Final = 64
_SUITE: Final = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)


class PrivateKey:
    """A private key, expanded once from its seed of 32 bytes as the draft says in section 5.2: SHAKE-256, 96 bytes."""

    def __init__(self, seed: bytes) -> None:
        expanded = hashlib.shake_256(seed).digest(_MLKEM_SEED_BYTES + 32)
        lattice = mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_BYTES])
        curve = x25519.X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_BYTES:])
        self._pair = hpke.MLKEM768X25519PrivateKey(lattice, curve)
        self.public = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
        """The public key, 1216 bytes."""

    def unseal(self, info: bytes, sealed: bytes) -> bytes:
        """Open what `seal` made; LockError for another key, other `info` or changed bytes."""
        try:
            return _SUITE.decrypt(sealed, self._pair, info)
        except (InvalidTag, ValueError) as error:
            message = "this key does not open that wrap"
            raise LockError(message) from error


def seal(public: bytes, info: bytes, plaintext: bytes) -> bytes:
    """Seal `plaintext` to a public key, for what `info` says only: `enc`, then ciphertext and tag.

    FormatError if nothing can be sealed to `public`.
    """
    if len(public) != PUBLIC_BYTES:
        message = f"an X-Wing public key has {PUBLIC_BYTES} bytes"
        raise FormatError(message)
    try:
        key = hpke.MLKEM768X25519PublicKey(
            mlkem.MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_PUBLIC_BYTES]),
            x25519.X25519PublicKey.from_public_bytes(public[_MLKEM_PUBLIC_BYTES:]),
        )
        return _SUITE.encrypt(plaintext, key, info)
    except ValueError as error:
        message = "that is no X-Wing public key"
        raise FormatError(message) from error


def check_public(public: bytes) -> None:
    """Refuse a key that nothing can be sealed to, by sealing to it once: FormatError.

    The range of ML-KEM's numbers (FIPS 203, 7.2) is not enough: an X25519 half of low order (RFC 7748, section 6.1)
    passes there, and sealing to it fails.
    """
    seal(public, b"", b"")
