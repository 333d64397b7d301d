"""The one rule by which Getuige believes an Ed25519 signature (RFC 8032, section 5.1.7; `docs/formats/keys.md`).

Libraries differ where the RFC leaves room: on keys and R of small order, on encodings that are not canonical, on
whether the equation is multiplied by eight. So this is asked before the library is, and whatever library then checks
the equation says the same about every signature. The browser's counterpart is `server/web/static/core/ed25519.js`.
"""

import functools
from typing import Final

from nacl import bindings, signing
from nacl.exceptions import CryptoError

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64

_P: Final = 2**255 - 19
_L: Final = 2**252 + 27742317777372353535851937790883648493
"""The order of the base point (RFC 8032, section 5.1)."""

_Y8: Final = 2707385501144840649318225287225658788936804267575313519463743609750303402022
_SMALL_ORDER: Final = frozenset({0, 1, _P - 1, _Y8, _P - _Y8})
"""The y of the eight points whose order divides 8: of order 4, 1, 2, and twice of order 8, with either sign of x."""


def holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` (64 bytes) over `message` is by the key `public` (32 bytes), as every verifier decides it.

    1. S < L (RFC 8032, 5.1.7, step 1).
    2. R is a canonical encoding (5.1.3, step 1) of a point that is not of small order.
    3. The key is a canonical encoding of a point of the prime-order subgroup other than the neutral one.
    4. [S]B = R + [k]A, without the factor 8 (5.1.7, step 3, "sufficient, but not required").
    """
    if len(public) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    if int.from_bytes(signature[KEY_BYTES:], "little") >= _L or not _is_large_order(signature[:KEY_BYTES]):
        return False
    if not is_key(public):
        return False
    try:
        signing.VerifyKey(public).verify(message, signature)
    except CryptoError:
        return False
    return True


@functools.lru_cache(maxsize=4096)
def is_key(public: bytes) -> bool:
    """Whether a signature by these 32 bytes can hold at all; asked once a key, for it costs as much as a signature."""
    return _is_large_order(public) and bindings.crypto_core_ed25519_is_valid_point(public)


def _is_large_order(point: bytes) -> bool:
    y = int.from_bytes(point, "little") & (2**255 - 1)
    return y < _P and y not in _SMALL_ORDER
