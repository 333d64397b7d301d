"""Boxes of ISO/IEC 14496-12, of which films, sounds and HEIC photos are made: where each begins and ends, and no more.

Total: bytes of any kind give some boxes or none. Nothing is read but the headers that are asked for.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

ReadAt = Callable[[int, int], bytes]
"""Returns up to `size` bytes from `offset` of a file."""

MAX_BOXES: Final = 128
"""Boxes looked at on one level: a phone writes a dozen, a photo has one for each of its tiles' properties at most."""

FARTHEST: Final = 2**52
"""No file is that long, and JavaScript still counts to here."""

_HEADER, _WIDE_HEADER = 8, 16


@dataclass(frozen=True)
class Box:
    """One box: its type, and where its content begins and ends."""

    kind: bytes
    start: int
    end: int


def boxes(read_at: ReadAt, start: int = 0, end: int = FARTHEST) -> Iterator[Box]:
    """Yield the boxes between two offsets, at most `MAX_BOXES`; it ends where the bytes are no boxes any more."""
    for _ in range(MAX_BOXES):
        header = read_at(start, min(_WIDE_HEADER, end - start))
        if len(header) < _HEADER:
            return
        size, kind = struct.unpack(">I4s", header[:_HEADER])
        length = _HEADER
        if size == 1 and len(header) == _WIDE_HEADER:
            size, length = struct.unpack(">Q", header[_HEADER:])[0], _WIDE_HEADER
        if size == 0:  # until the end
            size = end - start
        if size < length or start + size > FARTHEST:
            return
        yield Box(kind, start + length, min(start + size, end))
        start += size
        if start >= end:
            return


def inside(read_at: ReadAt, path: tuple[bytes, ...], start: int = 0, end: int = FARTHEST) -> Iterator[Box]:
    """Yield the boxes that a path of types leads to, such as `moov`, `trak`, `mdia`, `hdlr`."""
    for box in boxes(read_at, start, end):
        if box.kind == path[0]:
            if len(path) == 1:
                yield box
            else:
                yield from inside(read_at, path[1:], box.start, box.end)
