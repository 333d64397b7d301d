"""Places of the EXIF block (a TIFF structure) in JPEG, PNG, WebP and HEIF, by their own specifications.

Only headers are read, so the size of the picture does not matter: a photo of 200 megapixels is as quick as a small one.
"""

import struct
from typing import Final

from evidence.boxes import FARTHEST, Box, ReadAt, boxes

MAX_PIECES: Final = 256
"""Segments or chunks looked at before the EXIF block: cameras write it among the first five."""

MAX_INDEX_BYTES: Final = 256 * 1024
"""Of a HEIC's index of items, what is read: an iPhone's has 50 tiles and 3 kB."""

_EXIF: Final = b"Exif\x00\x00"
_START_OF_SCAN, _APP1 = 0xDA, 0xE1


def nothing(_offset: int, _size: int) -> bytes:
    """Read from an empty block."""
    return b""


def part(read_at: ReadAt, start: int, size: int) -> ReadAt:
    """Return a way to read `size` bytes from `start` as a file of their own."""
    return lambda offset, wanted: read_at(start + offset, max(0, min(wanted, size - offset)))


def in_jpeg(read_at: ReadAt) -> ReadAt:
    """Find the APP1 segment of EXIF 2.32, 4.7.2."""
    offset = 2
    for _ in range(MAX_PIECES):
        head = read_at(offset, 10)
        if len(head) < 4 or head[0] != 0xFF or head[1] == _START_OF_SCAN:  # noqa: PLR2004 - a marker and its length
            break
        size = struct.unpack(">H", head[2:4])[0]
        if head[1] == _APP1 and head[4:10] == _EXIF:
            return part(read_at, offset + 10, size - 8)
        offset += 2 + size
    return nothing


def in_png(read_at: ReadAt) -> ReadAt:
    """Find the eXIf chunk (PNG 3rd edition, 11.3.3.5)."""
    offset = 8
    for _ in range(MAX_PIECES):
        head = read_at(offset, 8)
        if len(head) < 8:  # noqa: PLR2004 - length and type
            break
        size, kind = struct.unpack(">I4s", head)
        if kind == b"eXIf":
            return part(read_at, offset + 8, size)
        offset += 12 + size
    return nothing


def in_webp(read_at: ReadAt) -> ReadAt:
    """Find the EXIF chunk (RFC 9649, 2.7.1.5); some writers put JPEG's marker before it."""
    offset = 12
    for _ in range(MAX_PIECES):
        head = read_at(offset, 8)
        if len(head) < 8:  # noqa: PLR2004 - type and length
            break
        kind, size = struct.unpack("<4sI", head)
        if kind == b"EXIF":
            skip = 6 if read_at(offset + 8, 6) == _EXIF else 0
            return part(read_at, offset + 8 + skip, size - skip)
        offset += 8 + size + size % 2
    return nothing


def in_heif(read_at: ReadAt) -> ReadAt:
    """Find the item of type `Exif` (ISO/IEC 23008-12, annex A.2.1): its block begins after a length of four bytes."""
    for meta in boxes(read_at):
        if meta.kind != b"meta":
            continue
        known = {box.kind: box for box in boxes(read_at, meta.start + 4, meta.end)}
        index, places = known.get(b"iinf"), known.get(b"iloc")
        if index is None or places is None:
            break
        item = _exif_item(read_at, index)
        place = None if item is None else _places(_content(read_at, places)).get(item)
        if place is None:
            break
        start, size = place
        skip = int.from_bytes(read_at(start, 4)) + 4
        return part(read_at, start + skip, size - skip)
    return nothing


def _content(read_at: ReadAt, box: Box) -> bytes:
    return read_at(box.start, min(box.end - box.start, MAX_INDEX_BYTES))


def _exif_item(read_at: ReadAt, index: Box) -> int | None:
    """Return the number of the item whose entry (`infe`, version 2 or 3) is of type `Exif`."""
    short = read_at(index.start, 1) == b"\x00"
    for entry in boxes(read_at, index.start + (6 if short else 8), index.end):
        data = read_at(entry.start, 14)
        wide = 4 if data[:1] == b"\x03" else 2
        if entry.kind == b"infe" and data[4 + wide + 2 : 4 + wide + 6] == b"Exif":
            return int.from_bytes(data[4 : 4 + wide])
    return None


def _places(data: bytes) -> dict[int, tuple[int, int]]:
    """Read `iloc` (14496-12, 8.11.3): item → where its first extent lies in the file, and its size in bytes."""
    version, sizes = data[0], data[4:6]
    offset_size, length_size, base_size = sizes[0] >> 4, sizes[0] & 15, sizes[1] >> 4
    index_size = sizes[1] & 15 if version else 0
    wide = 4 if version == 2 else 2  # noqa: PLR2004 - since version 2 items have numbers of 32 bits
    at = 6

    def take(size: int) -> int:
        nonlocal at
        if at + size > len(data):
            raise struct.error
        at += size
        return int.from_bytes(data[at - size : at])

    found: dict[int, tuple[int, int]] = {}
    for _ in range(take(wide)):
        item = take(wide)
        method = take(2) & 15 if version else 0
        reference, base = take(2), take(base_size)
        extents = []
        for _ in range(take(2)):
            take(index_size)
            extents.append((base + take(offset_size), take(length_size)))
        in_this_file = method == 0 and reference == 0
        if in_this_file and extents and extents[0][0] < FARTHEST:
            found.setdefault(item, extents[0])
    return found
