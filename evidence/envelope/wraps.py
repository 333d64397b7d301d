"""Key wraps: a content key, sealed to one reader and bound to one item.

A wrap is HPKE with X-Wing (`evidence.xwing`), with what it is bound to as HPKE's `info`: a wrap that is replayed for
another item or another reader does not open to a key. Its suite has number 2, in the wrap and in what it is bound to,
so that another one can come.
"""

import hashlib
from typing import Final

from evidence import canonical, ids, keys, xwing
from evidence.errors import EvidenceError, FormatError, LockError

SUITE: Final = 2
"""HPKE with X-Wing, HKDF-SHA256 and ChaCha20-Poly1305."""

DOMAIN: Final = b"getuige/wrap/v1\x00" + bytes([SUITE])
NO_ID: Final = ids.ItemId("0" * 32)
"""Stands for case and item where a shared private key is wrapped (`key.share`)."""

KEY_BYTES: Final = 32
"""Of what a wrap holds: a content key, or the seed of a shared one."""


class WrapError(EvidenceError):
    """A wrap does not open, or was made for another item or reader."""


class NotGivenError(WrapError):
    """There is no wrap for this reader."""


class ReaderError(FormatError):
    """Nothing can be wrapped to any of the readers: their keys are bad."""


def wrap(content_key: bytes, case: str, item: str, reader: bytes) -> ids.Base64:
    """Seal `content_key` (32 bytes) to a reader's X-Wing key, for this item only; FormatError for a bad key."""
    return ids.Base64(canonical.b64(xwing.seal(reader, _about(case, item, reader), content_key)))


def unwrap(wrapped: ids.Base64, case: str, item: str, reader: keys.OpeningKey) -> bytes:
    """Return the content key; WrapError if the wrap is for another reader, case or item."""
    try:
        opened = reader.unseal(_about(case, item, reader.xwing_public), canonical.unb64(wrapped))
    except (LockError, FormatError) as error:
        message = "this key does not open the wrap, or it was made for another item"
        raise WrapError(message) from error
    if len(opened) != KEY_BYTES:
        message = "the wrap holds something else than a key"
        raise WrapError(message)
    return opened


def _about(case: str, item: str, reader: bytes) -> bytes:
    """Return what a wrap is tied to: suite, case, item, and the reader's key."""
    return DOMAIN + bytes.fromhex(case) + bytes.fromhex(item) + hashlib.sha256(reader).digest()
