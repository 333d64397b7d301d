"""Header fields that both upload dialects read: whole numbers and SHA-256 digests.

Sources: RFC 9530 (Content-Digest, Repr-Digest), RFC 9651 (Item, Integer, Boolean, Byte Sequence).
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Final

from server.problems import ProblemError, general

MAX_NUMBER_DIGITS: Final = 15
"""An Integer of RFC 9651 has at most 15 digits; ours never come near."""

MAX_DIGEST_CHARS: Final = 1024
"""A SHA-256 in base64 has 44 characters; a client may add a few other algorithms."""

SHA256_BYTES: Final = 32
_MEMBER: Final = re.compile(r"^sha-256=:([A-Za-z0-9+/=]*):$")


def whole_number(headers: Mapping[str, str], name: str) -> int:
    """Read a header that must be a whole number, zero or more; MALFORMED otherwise."""
    value = headers.get(name, "")
    if not (value.isascii() and value.isdigit() and len(value) <= MAX_NUMBER_DIGITS):
        raise ProblemError(general.MALFORMED, reason=f"{name} must be a whole number, zero or more")
    return int(value)


def sha256_of(headers: Mapping[str, str], name: str) -> bytes | None:
    """Read the sha-256 of a digest field (RFC 9530, 2 and 3); None without the field, MALFORMED without a sha-256."""
    value = headers.get(name)
    if value is None:
        return None
    found = [match[1] for part in value[:MAX_DIGEST_CHARS].split(",") if (match := _MEMBER.match(part.strip()))]
    if len(found) == 1:
        try:
            digest = base64.b64decode(found[0], validate=True)
        except (ValueError, binascii.Error):
            digest = b""
        if len(digest) == SHA256_BYTES:
            return digest
    raise ProblemError(general.MALFORMED, reason=f"{name} must hold one sha-256 (RFC 9530)")
