"""Any byte of a long recording opens without the rest, sealing resumes anywhere, and memory stays flat.

Every offset around a chunk border is tried; what is resumed is byte for byte what would have come; a changed file is
refused before a single chunk is sealed under nonces that were used before.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence import ids, keys
from evidence.envelope import cobblestone, container, opening, sealing
from evidence.envelope.meta import Meta
from evidence.errors import FormatError
from tests.support.incidents import photo
from tests.support.sizes import examples

PHONE, HER = keys.Identity.generate(), keys.Identity.generate()
CASE = ids.CaseId("c0" * 16)
CHUNK = cobblestone.CHUNK_BYTES
DATA = bytes(index * 7 % 251 for index in range(5 * CHUNK + 1234))
ROOT = Path(__file__).parents[3]
GROWTH_MIB = 24
"""What sealing and opening 256 MiB may take beyond what 8 MiB took: allocators round up, a leak would take all."""


@dataclass
class Item:
    """A sealed item, and what was asked of its container."""

    prepared: sealing.Prepared
    content: sealing.Content
    raw: bytes
    asked: list[tuple[int, int]] = field(default_factory=list)

    @property
    def prefix(self) -> container.Prefix:
        return container.parse_prefix(self.raw)

    @property
    def meta(self) -> Meta:
        return opening.open_meta(self.prefix, self.prepared.content_key)

    def read_at(self, offset: int, size: int) -> bytes:
        self.asked.append((offset, size))
        return self.raw[offset : offset + size]

    def range(self, first: int, last: int, read: Callable[[int, int], bytes] | None = None) -> bytes:
        prefix, key = self.prefix, self.prepared.content_key
        return b"".join(opening.open_range(prefix, key, self.meta, read or self.read_at, first, last))


def sealed(data: bytes = DATA) -> Item:
    content = sealing.Content.of_bytes(data, "opname.bin", "application/octet-stream")
    prepared = sealing.prepare(PHONE, CASE, photo(), [HER.xwing_public], content)
    return Item(prepared, content, b"".join(prepared.stream(content)))


ITEM = sealed()


@settings(max_examples=examples(60))
@given(st.data())
def test_any_range_opens(data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(DATA) - 1))
    last = data.draw(st.integers(first, len(DATA) - 1))
    assert ITEM.range(first, last) == DATA[first : last + 1]


@pytest.mark.parametrize("edge", [CHUNK, 2 * CHUNK, 5 * CHUNK, len(DATA)])
def test_ranges_around_the_edge_of_a_chunk(edge: int) -> None:
    for first in range(edge - 2, min(edge + 2, len(DATA))):
        for last in range(first, min(first + 3, len(DATA))):
            assert ITEM.range(first, last) == DATA[first : last + 1]


def test_only_the_chunks_that_are_needed_are_read() -> None:
    item = sealed()
    assert item.range(3 * CHUNK + 5, 3 * CHUNK + 6) == DATA[3 * CHUNK + 5 : 3 * CHUNK + 7]
    start = item.prefix.size
    step = cobblestone.SEALED_CHUNK_BYTES
    assert item.asked == [(start, cobblestone.HEADER_BYTES), (start + cobblestone.HEADER_BYTES + 3 * step, step)]


def test_a_range_outside_the_file_is_refused() -> None:
    for first, last in ((-1, 3), (5, 4), (0, len(DATA)), (len(DATA), len(DATA))):
        with pytest.raises(FormatError):
            ITEM.range(first, last)


def test_changed_moved_and_missing_chunks_do_not_open() -> None:
    step = cobblestone.SEALED_CHUNK_BYTES

    def flipped(offset: int, size: int) -> bytes:
        data = bytearray(ITEM.raw[offset : offset + size])
        data[-1] ^= 1
        return bytes(data)

    def moved(offset: int, size: int) -> bytes:
        shift = step if size == step else 0
        return ITEM.raw[offset + shift : offset + shift + size]

    def missing(offset: int, size: int) -> bytes:
        return ITEM.raw[offset : offset + size][: size - (size == step)]

    for wrong in (flipped, moved, missing):
        with pytest.raises(cobblestone.OpenError):
            ITEM.range(CHUNK, CHUNK + 5, wrong)


def test_a_description_that_gives_another_size_is_refused() -> None:
    other = sealed(DATA[: 2 * CHUNK])
    with pytest.raises(container.TamperedError):
        list(opening.open_range(ITEM.prefix, ITEM.prepared.content_key, other.meta, ITEM.read_at, 0, 1))


@settings(max_examples=examples(60))
@given(st.integers(0, len(ITEM.raw)))
def test_sealing_resumes_at_any_byte(offset: int) -> None:
    assert b"".join(ITEM.prepared.stream(ITEM.content, offset=offset)) == ITEM.raw[offset:]


def test_sealing_resumes_around_every_edge(tmp_path: Path) -> None:
    path = tmp_path / "opname.bin"
    path.write_bytes(DATA)
    begin, step = ITEM.prefix.size, cobblestone.SEALED_CHUNK_BYTES
    edges = [0, begin, begin + 56, begin + 56 + step, begin + 56 + 5 * step, len(ITEM.raw)]
    sources = [
        ITEM.content,
        sealing.Content.of_file(path, "application/octet-stream"),
        sealing.Content(
            "opname.bin", "application/octet-stream", lambda: iter([DATA[:9], DATA[9:70_000], DATA[70_000:]])
        ),
    ]
    for content in sources:
        for offset in {edge + delta for edge in edges for delta in (-1, 0, 1)}:
            if 0 <= offset <= len(ITEM.raw):
                assert b"".join(ITEM.prepared.stream(content, offset=offset)) == ITEM.raw[offset:], offset


def test_resuming_inside_the_padding_gives_the_same_zeros() -> None:
    item = sealed(bytes(40 * CHUNK + 1))
    assert cobblestone.plaintext_size(len(item.raw) - item.prefix.size) > 40 * CHUNK + 1
    for offset in (len(item.raw) - 17, len(item.raw) - cobblestone.TAG_BYTES, len(item.raw) - 1):
        assert b"".join(item.prepared.stream(item.content, offset=offset)) == item.raw[offset:]


def test_a_changed_file_is_refused_before_anything_is_sealed() -> None:
    changed = sealing.Content.of_bytes(b"x" + DATA[1:], "opname.bin", "application/octet-stream")
    pieces: Iterator[bytes] = ITEM.prepared.stream(changed, offset=ITEM.prefix.size + 60)
    with pytest.raises(sealing.ChangedError):
        next(pieces)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_sizes_convert_both_ways(size: int) -> None:
    message = cobblestone.ciphertext_size(size)
    assert cobblestone.plaintext_size(message) == size
    with pytest.raises(cobblestone.OpenError):
        cobblestone.plaintext_size(cobblestone.HEADER_BYTES + cobblestone.SEALED_CHUNK_BYTES + 3)


def test_memory_stays_flat() -> None:
    """Measured in a process of its own: seal and open 8 MiB, then 256 MiB, and compare the peaks."""
    child = [sys.executable, "-m", "tests.unit.envelope.flat_memory_child"]
    peaks = [int(subprocess.check_output([*child, str(mib)], cwd=ROOT)) for mib in (8, 256)]
    assert peaks[1] - peaks[0] < GROWTH_MIB * 1024, peaks
