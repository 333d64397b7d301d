"""The leaf: a salted commitment to one event, so that the log itself holds nothing personal.

Destroying the salt together with the event erases what the leaf stood for, while the tree keeps verifying.
"""

import hmac
import secrets
from typing import Final

from evidence.custody.errors import CustodyError

LEAF_VERSION: Final = b"\x01"
"""First byte of every leaf entry; another commitment scheme gets another byte."""

SALT_BYTES: Final = 32
"""As long as the hash, so that a short or guessable event cannot be found by trial."""

LEAF_BYTES: Final = 33
"""One version byte and one HMAC-SHA256."""


def new_salt() -> bytes:
    """Return 32 fresh random bytes, to be kept beside the event and nowhere else."""
    return secrets.token_bytes(SALT_BYTES)


def leaf_entry(salt: bytes, event: bytes) -> bytes:
    """Return the log entry `0x01 || HMAC-SHA256(salt, event)` of 33 bytes.

    Args:
        salt: the 32 bytes of `new_salt`.
        event: the exact stored bytes of the event, never a re-serialised form.

    Raises:
        CustodyError: the salt has another length.
    """
    if len(salt) != SALT_BYTES:
        raise CustodyError(f"a leaf salt has {SALT_BYTES} bytes, this one {len(salt)}")
    return LEAF_VERSION + hmac.digest(salt, event, "sha256")
