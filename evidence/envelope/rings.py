"""Rings of opened keys: what a reader opened once, sealed under a key of their own, so that the next time is quick.

A ring is a cache and never an authority (`docs/formats/ring.md`). Whoever keeps it sees which items it holds keys of,
and nothing else, so that it can be destroyed with any of them.
"""

import itertools
from dataclasses import dataclass
from typing import Final

from evidence import ids
from evidence.envelope import cobblestone
from evidence.errors import FormatError

MAGIC: Final = b"getuige-ring-1\n"
MEDIA_TYPE: Final = "application/vnd.getuige.ring.v1"
KEY_BYTES: Final = 32
ID_BYTES: Final = 16
MAX_KEYS: Final = 20_000
"""Ten years with five items a day. A case with more has the others opened by their wraps."""

_START: Final = len(MAGIC) + 8 + 4


@dataclass(frozen=True, slots=True)
class Ring:
    """What stands in clear on a ring: its number, and the items whose keys are in it, in order."""

    number: int
    items: tuple[ids.ItemId, ...]


def parse(data: bytes) -> Ring:
    """Read what stands in clear; FormatError for any other form."""
    if not data.startswith(MAGIC) or len(data) < _START:
        raise FormatError("this is no ring")
    number, count = int.from_bytes(data[len(MAGIC) : _START - 4]), int.from_bytes(data[_START - 4 : _START])
    end = _START + ID_BYTES * count
    if not 1 <= count <= MAX_KEYS or len(data) != end + cobblestone.ciphertext_size(KEY_BYTES * count):
        raise FormatError("a ring has keys for 1 to 20,000 items, and one sealed message with them")
    names = [data[start : start + ID_BYTES].hex() for start in range(_START, end, ID_BYTES)]
    if any(left >= right for left, right in itertools.pairwise(names)):
        raise FormatError("the items of a ring stand in order, each once")
    return Ring(number, tuple(map(ids.ItemId, names)))
