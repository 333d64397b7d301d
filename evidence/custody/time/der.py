"""A reader of DER (ITU-T X.690): just what a time stamp token needs, and nothing that has two spellings.

Writing is done with `cryptography.hazmat.asn1` (`evidence.custody.time.cms`); that module cannot read a set in any
other than sorted order nor a field of any type that may be absent, and real tokens hold both.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from evidence.errors import FormatError

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
OCTETS: Final = 0x04
OID: Final = 0x06
GENERALIZED_TIME: Final = 0x18
SEQUENCE: Final = 0x30
SET: Final = 0x31

_LONG: Final = 0x80
_MAX_LENGTH_BYTES: Final = 4
"""Lengths of up to 4 GiB: more than any limit on what is read here."""

_TIME: Final = re.compile(r"(\d{14})(?:\.(\d{0,8}[1-9]))?Z", re.ASCII)


class DerError(FormatError):
    """The bytes are not DER, or not of the expected type."""


def context(number: int, *, constructed: bool = True) -> int:
    """Return the tag byte of a context-specific tag below 31."""
    return 0x80 | (0x20 if constructed else 0) | number


@dataclass(frozen=True)
class Value:
    """One encoded value: its tag byte, its content, and the whole encoding."""

    tag: int
    content: bytes
    encoded: bytes

    def of(self, tag: int) -> "Value":
        """Return this value if it bears `tag`; DerError otherwise."""
        if self.tag != tag:
            raise DerError(f"expected tag {tag:#04x}, found {self.tag:#04x}")
        return self

    def members(self, tag: int = SEQUENCE) -> "Members":
        """Return what this constructed value holds, in order."""
        return Members(list(_values(self.of(tag).content)))

    def integer(self, tag: int = INTEGER) -> int:
        """Return a whole number; DerError for a longer spelling than needed."""
        data = self.of(tag).content
        if not data or (len(data) > 1 and data[0] in {0, 0xFF} and (data[0] >> 7) == (data[1] >> 7)):
            raise DerError("an integer is spelled too long")
        return int.from_bytes(data, signed=True)

    def oid(self) -> str:
        """Return an object identifier as dotted numbers."""
        numbers, number = [], 0
        data = self.of(OID).content
        if not data or data[-1] & _LONG:
            raise DerError("an object identifier ends in the middle of a number")
        for byte in data:
            if number == 0 and byte == _LONG:
                raise DerError("a number of an object identifier is spelled too long")
            number = number << 7 | byte & 0x7F
            if not byte & _LONG:
                numbers.append(number)
                number = 0
        first = min(numbers[0] // 40, 2)
        return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))

    def time(self) -> datetime:
        """Return a GeneralizedTime as RFC 3161 wants it: UTC, seconds, and a fraction without trailing zeros."""
        match = _TIME.fullmatch(self.of(GENERALIZED_TIME).content.decode("ascii", "replace"))
        if match is None:
            raise DerError("a time is not of the form 20261121220000Z")
        try:
            whole = datetime.strptime(match[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError as error:
            raise DerError("that day or hour does not exist") from error
        return whole.replace(microsecond=int(f"{match[2] or 0:0<6}"[:6]))


@dataclass
class Members:
    """The values inside a constructed value; taken from the front, one by one."""

    left: list[Value]

    def take(self, tag: int | None = None) -> Value:
        """Take the next value; DerError if there is none, or it bears another tag than `tag`."""
        if not self.left:
            raise DerError("something is missing")
        value = self.left.pop(0)
        return value if tag is None else value.of(tag)

    def optional(self, tag: int) -> Value | None:
        """Take the next value if it bears `tag`."""
        return self.left.pop(0) if self.left and self.left[0].tag == tag else None

    def end(self) -> None:
        """DerError if anything is left."""
        if self.left:
            raise DerError("there is more than there should be")


def read(data: bytes) -> Value:
    """Return the one value that `data` is; DerError if something follows."""
    members = Members(list(_values(data)))
    value = members.take()
    members.end()
    return value


def _values(data: bytes) -> Iterator[Value]:
    offset = 0
    while offset < len(data):
        start, (size, offset) = offset, _length(data, offset + 1)
        if data[start] & 0x1F == 0x1F or offset + size > len(data):  # noqa: PLR2004 - X.690 8.1.2.4: a long tag
            raise DerError("a tag is too long, or a value is cut off")
        yield Value(data[start], data[offset : offset + size], data[start : offset + size])
        offset += size


def _length(data: bytes, offset: int) -> tuple[int, int]:
    """Return the length that stands at `offset`, and where the content starts (X.690 sections 8.1.3 and 10.1)."""
    if offset >= len(data):
        raise DerError("a value is cut off")
    first = data[offset]
    if first < _LONG:
        return first, offset + 1
    count = first & 0x7F
    digits = data[offset + 1 : offset + 1 + count]
    size = int.from_bytes(digits)
    if not 0 < count <= _MAX_LENGTH_BYTES or len(digits) < count or digits[0] == 0 or size < _LONG:
        raise DerError("a length is open, cut off or spelled too long")
    return size, offset + 1 + count
