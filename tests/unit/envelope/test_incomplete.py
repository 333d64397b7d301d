"""An item that was cut anywhere: what arrived whole opens to the beginning of the original, and nothing else opens.

The page, another reader of such items, is in `tests/browser/test_clips.py`; the journey in `tests/e2e/`.
"""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence import ids, keys
from evidence.envelope import cobblestone, container, opening, sealing
from evidence.errors import EvidenceError
from evidence.statements import bodies
from tests.support.incidents import photo

PHONE, HER = keys.Identity.generate(), keys.Identity.generate()
CASE = ids.CaseId("c0" * 16)
STEP = cobblestone.SEALED_CHUNK_BYTES
SIZES = (0, 1, 16_383, 16_384, 40_000, 65_536)


def sealed(size: int) -> tuple[bytes, bytes, bodies.ItemSeal]:
    plain = bytes(number % 251 for number in range(size))
    content = sealing.Content.of_bytes(plain, "film.mp4", "video/mp4")
    prepared = sealing.prepare(PHONE, CASE, photo(), [HER.xwing_public], content)
    out = io.BytesIO()
    body = sealing.write(prepared, content, out)
    return plain, out.getvalue(), body


ITEMS = {size: sealed(size) for size in SIZES}


def opened(start: bytes, *pieces: bytes) -> bytes:
    """Open what arrived, in the pieces in which it is read."""
    prefix = container.parse_prefix(start)
    key = opening.content_key(prefix, HER)
    meta = opening.open_meta(prefix, key)
    return b"".join(opening.open_begun(prefix, key, meta, [start[prefix.size :], *pieces]))


@given(size=st.sampled_from(SIZES), share=st.floats(0, 1), at=st.floats(0, 1))
def test_a_cut_item_opens_to_the_beginning_of_the_original(size: int, share: float, at: float) -> None:
    plain, whole, _ = ITEMS[size]
    start = container.parse_prefix(whole).size
    cut = start + int(share * (len(whole) - start))
    middle = start + int(at * (cut - start))
    found = opened(whole[:middle], whole[middle:cut])
    assert plain.startswith(found)
    here = cut - start - cobblestone.HEADER_BYTES
    assert len(found) == (size if cut == len(whole) else min(size, max(0, here) // STEP * cobblestone.CHUNK_BYTES))


@given(size=st.sampled_from(SIZES[2:]), share=st.floats(0.5, 1), where=st.floats(0, 1))
def test_a_changed_byte_of_a_whole_chunk_opens_nothing_from_there_on(size: int, share: float, where: float) -> None:
    plain, whole, _ = ITEMS[size]
    start = container.parse_prefix(whole).size
    cut = start + int(share * (len(whole) - start))
    honest = opened(whole[:cut])
    changed = bytearray(whole[:cut])
    offset = start + int(where * (cut - start - 1))
    changed[offset] ^= 0x10
    try:
        found = opened(bytes(changed))
    except EvidenceError:
        return
    assert found == honest, "only a byte of the chunk that is left out anyway may differ"
    assert plain.startswith(found)


def test_what_is_announced_is_this_head_of_this_author() -> None:
    _, whole, body = ITEMS[40_000]
    prefix = container.parse_prefix(whole)
    good = bodies.ItemOpen(body.item, body.head)
    container.check_begun(prefix, CASE, PHONE.kid, good)
    for case, by, announced in (
        (ids.CaseId("0f" * 16), PHONE.kid, good),
        (CASE, HER.kid, good),
        (CASE, PHONE.kid, bodies.ItemOpen(ids.ItemId("0f" * 16), body.head)),
        (CASE, PHONE.kid, bodies.ItemOpen(body.item, bodies.Blob(ids.Sha256("0f" * 32), body.head.size))),
    ):
        with pytest.raises(container.TamperedError):
            container.check_begun(prefix, case, by, announced)
