"""Shares of a rescue key: its seed, split so that two give it back, each sealed to one colleague and for one place.

A share is sealed as a wrap is (HPKE with X-Wing, suite 2), bound to its case, its rescue key, its number and its
reader: it opens nowhere else, and is no wrap of an item. What two shares give is the key only when its public half is
the one that her list names.
"""

import hashlib
import hmac
from typing import Final

from evidence import canonical, ids, keys, shamir, xwing
from evidence.envelope import wraps
from evidence.errors import EvidenceError, FormatError, LockError
from evidence.shamir import Share

DOMAIN: Final = b"getuige/rescue-share/v1\x00" + bytes([wraps.SUITE])


class ShareError(EvidenceError):
    """A share does not open, or two do not give the key that they are of."""


def split(rescue: keys.OpeningKey, needed: int, count: int) -> tuple[Share, ...]:
    """Return `count` shares of a rescue key, of which `needed` give it back; FormatError as `shamir.split`."""
    return shamir.split(rescue.xwing_seed, needed, count)


def seal(share: Share, case: ids.CaseId, rescue: ids.KeyId, reader: bytes) -> ids.Base64:
    """Seal a share to a colleague's X-Wing key (1216 bytes); FormatError for a bad key."""
    return ids.Base64(canonical.b64(xwing.seal(reader, _about(share.number, case, rescue, reader), share.value)))


def unseal(sealed: ids.Base64, number: int, case: ids.CaseId, rescue: ids.KeyId, reader: keys.OpeningKey) -> Share:
    """Return a share; ShareError if it is another one's, of another case or key, or was changed."""
    try:
        value = reader.unseal(_about(number, case, rescue, reader.xwing_public), canonical.unb64(sealed))
    except (LockError, FormatError) as error:
        message = "this key does not open that share, or it is of another rescue key"
        raise ShareError(message) from error
    return Share(number, value)


def combine(shares: tuple[Share, ...], public: bytes) -> keys.OpeningKey:
    """Return the rescue key that shares give, when it is the one with this public key; ShareError otherwise."""
    try:
        seed = shamir.combine(shares)
    except FormatError as error:
        raise ShareError(str(error)) from error
    if len(seed) != xwing.SEED_BYTES or not hmac.compare_digest(keys.OpeningKey(seed).xwing_public, public):
        message = "these shares do not give the rescue key that her list names: one of them is wrong"
        raise ShareError(message)
    return keys.OpeningKey(seed)


def _about(number: int, case: str, rescue: str, reader: bytes) -> bytes:
    """Return what a share is tied to: suite, case, rescue key, number, and the reader's key."""
    place = bytes.fromhex(case) + bytes.fromhex(rescue) + bytes([number])
    return DOMAIN + place + hashlib.sha256(reader).digest()
