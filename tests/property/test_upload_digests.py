"""Proves that digests kept while a file arrives are those of the whole file, however it was cut, container or not."""

import hashlib
import io
from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from evidence import ids, keys
from evidence.envelope import container, sealing
from server.uploads.digests import MAX_START_BYTES, Digests
from tests.support.incidents import photo


@cache
def film() -> bytes:
    """Return a container with content, longer than what is kept of a beginning."""
    author = keys.Identity.generate()
    file = sealing.Content.of_bytes(bytes(2 * MAX_START_BYTES), "opname.bin", "application/octet-stream")
    case, out = ids.CaseId(ids.new_id()), io.BytesIO()
    prepared = sealing.prepare(author, case, photo("Voordeur", kind="video"), [author.xwing_public], file)
    sealing.write(prepared, file, out)
    return out.getvalue()


def taken_in(data: bytes, cuts: list[int]) -> Digests:
    digests, at = Digests(), 0
    for end in [*sorted(cuts), len(data)]:
        before, digests = digests, digests.copy()
        digests.update(memoryview(data)[at:end])
        before.update(b"what was cut off again")
        at = end
    return digests


@given(cuts=st.lists(st.integers(0, 90_000), max_size=6))
def test_a_container(cuts: list[int]) -> None:
    data = film()
    begins = container.parse_prefix(data).size
    digests = taken_in(data, [min(cut, len(data)) for cut in cuts])
    assert (digests.size, digests.begins) == (len(data), begins)
    assert digests.whole.digest() == hashlib.sha256(data).digest()
    assert digests.content.digest() == hashlib.sha256(data[begins:]).digest()


@given(
    data=st.one_of(
        st.binary(max_size=200),
        st.binary(max_size=200).map(lambda rest: container.MAGIC + rest),
        st.binary(max_size=200).map(container.frame),
    ),
    cuts=st.lists(st.integers(0, 200), max_size=6),
)
def test_anything_else(data: bytes, cuts: list[int]) -> None:
    digests = taken_in(data, [min(cut, len(data)) for cut in cuts])
    assert digests.begins is None
    assert digests.whole.digest() == hashlib.sha256(data).digest()


def test_of_a_beginning_that_tells_nothing_little_is_kept() -> None:
    head = container.MAGIC + container.MAX_HEAD_BYTES.to_bytes(container.LENGTH_BYTES)
    digests = taken_in(head + bytes(container.MAX_HEAD_BYTES - 1), [MAX_START_BYTES // 2, MAX_START_BYTES])
    assert digests.start is None
    assert digests.begins is None
