"""The question of every rule that names a key to wrap or to seal to."""

import hashlib

from evidence import canonical, ids, keys, xwing
from evidence.errors import FormatError
from evidence.statements.errors import refuse


def check_xwing(public: ids.Base64) -> None:
    """Refuse a key that nobody could wrap to: it would be found out when an item is needed."""
    try:
        xwing.check_public(canonical.unb64(public))
    except FormatError:
        refuse("xwing", "nothing can be wrapped to that X-Wing key")


def check_box(public: ids.PublicKey) -> None:
    """Refuse a box that nobody could seal the codes of an alarm device to."""
    try:
        keys.seal_box(bytes.fromhex(public), b"")
    except FormatError:
        refuse("box", "nothing can be sealed to that box key")


def opening_kid(public: ids.Base64 | None) -> ids.KeyId | None:
    """Return the name of an X-Wing key."""
    return None if public is None else keys.opening_kid(canonical.unb64(public))


def sha256(public: ids.Base64 | None) -> ids.Sha256 | None:
    """Return what a list says of an X-Wing key."""
    return None if public is None else ids.Sha256(hashlib.sha256(canonical.unb64(public)).hexdigest())
