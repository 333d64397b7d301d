"""Rings as a server sees them: names in clear, and bytes that it cannot read."""

import os

from evidence import ids
from evidence.envelope import cobblestone, rings


def ring(number: int, *items: ids.ItemId) -> bytes:
    """Return a ring of these items."""
    names = b"".join(bytes.fromhex(item) for item in sorted(items))
    sealed = os.urandom(cobblestone.ciphertext_size(rings.KEY_BYTES * len(items)))
    return rings.MAGIC + number.to_bytes(8) + len(items).to_bytes(4) + names + sealed
