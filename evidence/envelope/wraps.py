"""Key wraps: a content key, sealed to one reader and bound to one item.

Suite 1 is a libsodium sealed box (X25519) with the binding hash inside, beside the key. Suite 2 is HPKE with X-Wing
(`evidence.xwing`), with what it is bound to as HPKE's `info`. Either way, a wrap that is replayed for another
item or another reader does not open to a key.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final, Literal

from evidence import canonical, ids, keys, xwing
from evidence.errors import EvidenceError, FormatError

DOMAIN: Final = b"getuige/wrap/v1\x00"
NO_ID: Final = ids.ItemId("0" * 32)
"""Stands for case and item where a shared private key is wrapped (`key.share`)."""

Suite = Literal[2] | None
"""The member `suite` beside a wrap: absent is suite 1, so that what was written before means the same."""


class WrapError(EvidenceError):
    """A wrap does not open, or was made for another item or reader."""


class NotGivenError(WrapError):
    """There is no wrap for this reader."""


@dataclass(frozen=True)
class Reader:
    """Public keys that a content key is wrapped to: X25519 (32 bytes); with X-Wing (1216 bytes) it is in suite 2."""

    box: bytes
    xwing: bytes | None = None

    @property
    def suite(self) -> Suite:
        """The suite that a wrap for this reader is made in."""
        return None if self.xwing is None else 2

    @staticmethod
    def of(identity: keys.Identity, *, hybrid: bool = False) -> "Reader":
        """Return the public keys of an identity, with X-Wing when `hybrid`."""
        return Reader(identity.box_public, xwing.public_of(xwing.seed_of(identity)) if hybrid else None)


@dataclass(frozen=True)
class BoxKeys:
    """Private keys that open wraps: X25519, and the X-Wing seed where there is one (a shared key may have none)."""

    box_seed: bytes = field(repr=False)
    xwing_seed: bytes | None = field(default=None, repr=False)

    @property
    def box_kid(self) -> ids.KeyId:
        """The name of the X25519 key."""
        return keys.Identity(bytes(32), self.box_seed).box_kid

    @staticmethod
    def of(identity: keys.Identity) -> "BoxKeys":
        """Return the opening half of an identity."""
        return BoxKeys(identity.box_seed, xwing.seed_of(identity))


def about(suite: Literal[1, 2], case: str, item: str, reader: bytes) -> bytes:
    """Return what a wrap is tied to: suite, case, item, and 32 bytes that name the reader's key."""
    return DOMAIN + bytes([suite]) + bytes.fromhex(case) + bytes.fromhex(item) + reader


def wrap(content_key: bytes, case: str, item: str, box_public: bytes) -> ids.Base64:
    """Seal `content_key` (32 bytes) to the reader's X25519 key, for this item only: suite 1."""
    bound = _binding(case, item, box_public)
    return ids.Base64(canonical.b64(keys.seal_box(box_public, content_key + bound)))


def wrap_for(content_key: bytes, case: str, item: str, reader: Reader) -> ids.Base64:
    """Seal `content_key` (32 bytes) to a reader in the suite that its keys allow; FormatError for a bad X-Wing key."""
    if reader.xwing is None:
        return wrap(content_key, case, item, reader.box)
    info = about(2, case, item, hashlib.sha256(reader.xwing).digest())
    return ids.Base64(canonical.b64(xwing.seal(reader.xwing, info, content_key)))


def unwrap(wrapped: ids.Base64, case: str, item: str, reader: keys.Identity | BoxKeys, suite: Suite = None) -> bytes:
    """Return the content key; WrapError if the wrap is for another reader, case, item or suite."""
    try:
        sealed = canonical.unb64(wrapped)
        return _open_hybrid(sealed, case, item, reader) if suite == 2 else _open_box(sealed, case, item, reader)  # noqa: PLR2004 - suites have numbers
    except (keys.LockError, FormatError) as error:
        message = "this key does not open the wrap, or it was made for another item"
        raise WrapError(message) from error


def _open_box(sealed: bytes, case: str, item: str, reader: keys.Identity | BoxKeys) -> bytes:
    opened = keys.open_box(reader.box_seed, sealed)
    public = keys.Identity(bytes(32), reader.box_seed).box_public
    if len(opened) != 64 or not hmac.compare_digest(opened[32:], _binding(case, item, public)):  # noqa: PLR2004 - key and binding
        message = "the wrap was made for another item or another reader"
        raise WrapError(message)
    return opened[:32]


def _open_hybrid(sealed: bytes, case: str, item: str, reader: keys.Identity | BoxKeys) -> bytes:
    seed = xwing.seed_of(reader) if isinstance(reader, keys.Identity) else reader.xwing_seed
    if seed is None:
        message = "this reader has no X-Wing key"
        raise WrapError(message)
    info = about(2, case, item, hashlib.sha256(xwing.public_of(seed)).digest())
    opened = xwing.unseal(seed, info, sealed)
    if len(opened) != 32:  # noqa: PLR2004 - a content key
        message = "the wrap holds something else than a key"
        raise WrapError(message)
    return opened


def _binding(case: str, item: str, box_public: bytes) -> bytes:
    return hashlib.sha256(about(1, case, item, box_public)).digest()
