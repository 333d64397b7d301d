"""What the makers of vectors share: people who do not exist, fixed times and ids, and the form of one vector."""

import hashlib
from typing import Any, Final

from evidence import ids, keys

RECORDED: Final = ids.Time("2026-11-21T22:00:00.000Z")
ORIGIN: Final = "getuige.example/log"

Vector = dict[str, Any]


def bytes_of(name: str, size: int = 32) -> bytes:
    """Return `size` (at most 32) bytes that follow from a name."""
    return hashlib.sha256(f"getuige vector: {name}".encode()).digest()[:size]


def id_of(name: str) -> str:
    """Return an identifier that follows from a name."""
    return bytes_of(name, 16).hex()


def identity(name: str) -> keys.Identity:
    """Return the keys of a person who does not exist."""
    return keys.Identity(bytes_of(f"{name}, signs"), bytes_of(f"{name}, opens"))


def seeds(who: keys.Identity) -> dict[str, str]:
    """Return both seeds as a vector gives them."""
    return {"sign_seed": who.sign_seed.hex(), "xwing_seed": who.xwing_seed.hex()}


def gives(name: str, operation: str, given: Vector, result: Vector) -> Vector:
    """Return a vector whose result must come out exactly."""
    return {"name": name, "do": operation, "given": given, "gives": result}


def refused(name: str, operation: str, given: Vector, reason: str) -> Vector:
    """Return a vector that every reader must refuse."""
    return {"name": name, "do": operation, "given": given, "refused": reason}


def flipped(data: bytes, offset: int) -> bytes:
    """Return `data` with one bit changed."""
    changed = bytearray(data)
    changed[offset] ^= 1
    return bytes(changed)


CASE: Final = ids.CaseId(id_of("case"))
ITEM: Final = ids.ItemId(id_of("item"))
PHONE: Final = identity("phone")
READER: Final = identity("reader")
STRANGER: Final = identity("stranger")
SERVER: Final = identity("server")
