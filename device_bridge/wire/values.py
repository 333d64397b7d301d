"""Values inside messages, read strictly: each returns the typed value, or raises MessageError."""

import math
from enum import StrEnum
from typing import Final, TypeVar

from device_bridge.errors import MessageError

VERSION: Final = 1
MAX_UNSIGNED: Final = 2**53 - 1
"""What JSON and JavaScript hold exactly; a counter that counts presses never comes near."""


def version(value: object) -> int:
    """Return the version of the format that is spoken here."""
    if value != VERSION or isinstance(value, bool):
        raise MessageError("this version is not known here")
    return VERSION


def degrees(value: object, limit: int) -> float:
    """Return degrees between plus and minus `limit`."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MessageError("a coordinate must be a number")
    if not math.isfinite(value) or abs(value) > limit:
        raise MessageError("a coordinate lies outside the earth")
    return float(value)


def unsigned(value: object, limit: int = MAX_UNSIGNED) -> int:
    """Return a whole number from zero to `limit`."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= limit:
        raise MessageError(f"expected a whole number from 0 to {limit}")
    return value


def text(value: object, limit: int) -> str:
    """Return printable text of at most `limit` characters."""
    if not isinstance(value, str) or len(value) > limit or not value.isprintable():
        raise MessageError(f"expected printable text of at most {limit} characters")
    return value


Choice = TypeVar("Choice", bound=StrEnum)


def choice(kind: type[Choice], value: object) -> Choice:
    """Return the member of `kind` that is spelled so."""
    if not isinstance(value, str) or value not in kind._value2member_map_:
        raise MessageError(f"unknown {kind.__name__.lower()}")
    return kind(value)
