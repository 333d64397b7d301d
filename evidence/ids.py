"""Typed names for the values that travel through Getuige, and their strict parsers.

Identifiers are 16 random bytes written as 32 lower-case hexadecimal characters; digests and public keys
are 32 bytes written as 64. One spelling only: two texts that differ name two things.
"""

import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final, NewType

from evidence.errors import FormatError

CaseId = NewType("CaseId", str)
ItemId = NewType("ItemId", str)
DeviceId = NewType("DeviceId", str)
AlarmId = NewType("AlarmId", str)
TeamId = NewType("TeamId", str)
GrantId = NewType("GrantId", str)
ExportId = NewType("ExportId", str)
DisclosureId = NewType("DisclosureId", str)
HoldId = NewType("HoldId", str)
ErasureId = NewType("ErasureId", str)
ShiftId = NewType("ShiftId", str)
SubjectId = NewType("SubjectId", str)
KeyId = NewType("KeyId", str)
"""First 16 bytes of a SHA-256 over a purpose byte and a public key (`evidence.keys`)."""

Sha256 = NewType("Sha256", str)
PublicKey = NewType("PublicKey", str)
Commitment = NewType("Commitment", str)
LeafHex = NewType("LeafHex", str)
"""A custody log entry, 33 bytes: `0x01` and an HMAC-SHA256."""

Base64 = NewType("Base64", str)
"""Standard alphabet, with padding, no line breaks (RFC 4648 section 4)."""

Time = NewType("Time", str)
"""UTC to the millisecond, `YYYY-MM-DDTHH:MM:SS.mmmZ`: sorts as text, one spelling per instant."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HEX: Final = {size: re.compile(f"[0-9a-f]{{{2 * size}}}") for size in (16, 32, 33)}
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def hex_text(value: object, size: int) -> str:
    """Return `value` if it is exactly `size` bytes in lower-case hexadecimal; else FormatError."""
    if isinstance(value, str) and _HEX[size].fullmatch(value):
        return value
    message = f"expected {size} bytes as lower-case hexadecimal"
    raise FormatError(message)


def new_id() -> str:
    """Return a fresh random identifier: 16 bytes from the operating system, as hexadecimal."""
    return secrets.token_hex(16)


def time_of(moment: datetime) -> Time:
    """Write an aware `moment` in the one spelling that Getuige uses (milliseconds, cut off, UTC)."""
    if moment.tzinfo is None:
        message = "a moment without a time zone is ambiguous"
        raise FormatError(message)
    return Time(moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"))


def time_of_ms(at_ms: int) -> Time:
    """Write Unix milliseconds in the same spelling."""
    return time_of(_EPOCH + timedelta(milliseconds=at_ms))


def now() -> Time:
    """Return this machine's idea of the present."""
    return time_of(datetime.now(UTC))


def moment_of(value: object) -> datetime:
    """Read a `Time` back into an aware datetime; FormatError for any other spelling."""
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        message = "expected a time such as 2026-11-21T22:00:00.000Z"
        raise FormatError(message)
    try:
        return datetime.fromisoformat(value)
    except ValueError as error:
        message = "that day or hour does not exist"
        raise FormatError(message) from error
