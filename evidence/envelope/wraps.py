"""Key wraps: a content key, sealed to one reader and bound to one item.

The binding hash travels inside the sealed box, so a wrap that is replayed for another item or another reader
opens to something that says what it was for, and is refused.
"""

import hashlib
import hmac
from typing import Final

from evidence import canonical, ids, keys
from evidence.errors import EvidenceError

SUITE: Final = b"\x01"
NO_ID: Final = ids.ItemId("0" * 32)
"""Stands for case and item where a shared private key is wrapped (`key.share`)."""


class WrapError(EvidenceError):
    """A wrap does not open, or was made for another item or another reader."""


def binding(case: str, item: str, box_public: bytes) -> bytes:
    """Return the 32 bytes that tie a wrap to suite, case, item and reader."""
    about = b"getuige/wrap/v1\x00" + SUITE + bytes.fromhex(case) + bytes.fromhex(item) + box_public
    return hashlib.sha256(about).digest()


def wrap(content_key: bytes, case: str, item: str, box_public: bytes) -> ids.Base64:
    """Seal `content_key` (32 bytes) to the reader's X25519 key, for this item only."""
    return ids.Base64(canonical.b64(keys.seal_box(box_public, content_key + binding(case, item, box_public))))


def unwrap(wrapped: ids.Base64, case: str, item: str, reader: keys.Identity) -> bytes:
    """Return the content key; WrapError if the wrap is for another reader, case or item."""
    try:
        opened = reader.open_box(canonical.unb64(wrapped))
    except keys.LockError as error:
        message = "this key does not open the wrap"
        raise WrapError(message) from error
    if len(opened) != 64 or not hmac.compare_digest(opened[32:], binding(case, item, reader.box_public)):  # noqa: PLR2004 - key and binding
        message = "the wrap was made for another item or another reader"
        raise WrapError(message)
    return opened[:32]
