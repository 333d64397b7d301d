"""Sign-in challenges that the server need not remember: 32 bytes that only it can make, for one handle, for a while.

`expiry (4 bytes) ‖ nonce (12) ‖ HMAC-SHA256(key, context ‖ handle ‖ expiry ‖ nonce)[:16]`. An outsider who asks for a
million challenges fills no table; only a challenge that was answered rightly is written down, as spent.
"""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime
from typing import Final

from evidence import ids
from evidence.keys import Kdf

CHALLENGE_BYTES: Final = 32
LIFETIME_S: Final = 300
"""Argon2id on an old phone takes seconds, typing a phrase of six words up to minutes."""

AUTH_CONTEXT: Final = b"getuige/sign-in/auth/v1\0"
SESSION_CONTEXT: Final = b"getuige/sign-in/session/v1\0"
"""What stands before a challenge when it is signed, so that the two signatures are never each other."""

_MADE: Final = b"getuige/challenge/v1\0"
_SALT: Final = b"getuige/no-such-handle/v1\0"
_CLEAR_BYTES: Final = 16
_EXPIRY_BYTES: Final = 4


def make(key: bytes, handle: str, now: float) -> bytes:
    """Return a fresh challenge for `handle`; `now` in seconds since 1970."""
    clear = (int(now) + LIFETIME_S).to_bytes(_EXPIRY_BYTES) + secrets.token_bytes(_CLEAR_BYTES - _EXPIRY_BYTES)
    return clear + _tag(key, handle, clear)


def check(key: bytes, handle: str, challenge: bytes, now: float) -> ids.Time | None:
    """Return when a challenge that we made for `handle` expires; None when it is not ours, or has expired."""
    if len(challenge) != CHALLENGE_BYTES:
        return None
    clear, tag = challenge[:_CLEAR_BYTES], challenge[_CLEAR_BYTES:]
    expires = int.from_bytes(clear[:_EXPIRY_BYTES])
    if not hmac.compare_digest(_tag(key, handle, clear), tag) or expires < now:
        return None
    return ids.time_of(datetime.fromtimestamp(expires, UTC))


def no_such_handle(key: bytes, handle: str) -> Kdf:
    """Return what an unknown handle is told: the same every time, and like any other."""
    salt = hmac.digest(key, _SALT + handle.encode(), hashlib.sha256)[:16]
    usual = Kdf.fresh()
    return Kdf("argon2id13", usual.opslimit, usual.memlimit, salt.hex())


def _tag(key: bytes, handle: str, clear: bytes) -> bytes:
    return hmac.digest(key, _MADE + handle.encode() + b"\0" + clear, hashlib.sha256)[: CHALLENGE_BYTES - _CLEAR_BYTES]
