"""Proves that a server reads the names on a ring, and refuses whatever is none."""

import random

import pytest

from evidence import ids
from evidence.envelope import rings
from evidence.errors import FormatError
from tests.support.ring_bytes import ring

ITEMS = [ids.ItemId(ids.new_id()) for _ in range(5)]


def test_a_ring_names_its_items_in_order() -> None:
    assert rings.parse(ring(3, *ITEMS)) == rings.Ring(3, tuple(sorted(ITEMS)))


def test_hostile_bytes_are_no_ring() -> None:
    whole, chance = ring(3, *ITEMS), random.Random(9)
    for end in range(len(whole)):
        with pytest.raises(FormatError):
            rings.parse(whole[:end])
    for _ in range(300):
        changed = bytearray(whole)
        changed[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        try:
            found = rings.parse(bytes(changed))
        except FormatError:
            continue
        assert list(found.items) == sorted(set(found.items))


def test_nothing_twice_nothing_at_all_and_not_too_many() -> None:
    names = b"".join(bytes.fromhex(item) for item in sorted(ITEMS))
    start = len(rings.MAGIC) + 12
    twice = ring(3, *ITEMS).replace(names, names[:16] + names[:16] + names[32:])
    for odd in (twice, ring(1), b"", rings.MAGIC, ring(3, *ITEMS)[:start], ring(3, *ITEMS) + b"\0"):
        with pytest.raises(FormatError):
            rings.parse(odd)
    with pytest.raises(FormatError):
        rings.parse(rings.MAGIC + bytes(8) + (rings.MAX_KEYS + 1).to_bytes(4) + bytes(1000))
