"""The page's ring of opened keys: what it seals it opens, for that case and reader; the server reads its names."""

import base64
import os
import random

import pytest

from evidence import ids
from evidence.envelope import rings
from tests.support.node_peer import CASE, ask, b64

pytestmark = pytest.mark.need("node")

KEY, READER = b64(os.urandom(32)), ids.new_id()
KEYS = {ids.new_id(): b64(os.urandom(32)) for _ in range(600)}


def sealed(number: int = 7) -> bytes:
    made = ask("seal_ring", key=KEY, kase=CASE, reader=READER, number=number, keys=KEYS)
    return base64.b64decode(made["ring"])


def test_a_ring_opens_for_its_case_and_reader_and_for_no_other() -> None:
    ring = sealed()
    assert rings.parse(ring) == rings.Ring(7, tuple(sorted(map(ids.ItemId, KEYS))))
    opened = ask("open_ring", key=KEY, kase=CASE, reader=READER, bytes=b64(ring))
    assert opened == {"number": 7, "keys": KEYS}
    for other in ({"kase": ids.new_id()}, {"reader": ids.new_id()}, {"key": b64(bytes(32))}):
        asked = {"key": KEY, "kase": CASE, "reader": READER, **other}
        assert ask("open_ring", bytes=b64(ring), **asked)["error"] == "LockError"


def test_a_ring_that_was_changed_anywhere_is_not_opened() -> None:
    """Its number and the names of its items too, although they are not sealed."""
    ring, chance = sealed(), random.Random(5)
    places = [*range(len(rings.MAGIC) + 40), *(chance.randrange(len(ring)) for _ in range(20))]
    for place in places:
        changed = bytearray(ring)
        changed[place] ^= 1 << chance.randrange(8)
        answer = ask("open_ring", key=KEY, kase=CASE, reader=READER, bytes=b64(bytes(changed)))
        assert answer["error"] in {"FormatError", "LockError"}, place
    for end in (0, 5, len(rings.MAGIC), 40, len(ring) - 1):
        answer = ask("open_ring", key=KEY, kase=CASE, reader=READER, bytes=b64(ring[:end]))
        assert answer["error"] in {"FormatError", "LockError"}, end
