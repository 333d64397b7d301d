"""Metadata of a film: QuickTime's (QuickTime File Format, *Metadata*) and Android's place in it.

Apple's `com.apple.quicktime.creationdate` is a clock time with its zone. The creation time of `mvhd` is not read:
cameras write either UTC or their own clock into it, and nothing says which.
"""

import re
from collections.abc import Iterator
from typing import Final

from evidence.boxes import ReadAt, boxes, inside
from evidence.edtf import Edtf
from evidence.envelope.parts import Camera, Position
from server.clients.camera import exif

CREATION_DATE: Final = "com.apple.quicktime.creationdate"
_LOCATION: Final = "com.apple.quicktime.location.ISO6709"

MAX_VALUE_BYTES: Final = 256
"""Names and values that are read here have 40 characters at most."""

_PLACE: Final = re.compile(rb"([+-]\d{2}(?:\.\d+)?)([+-]\d{3}(?:\.\d+)?)(?:[+-]\d+(?:\.\d+)?)?(?:CRS\w+)?/?", re.ASCII)
"""Degrees as decimals (ISO 6709, annex H), with or without a height."""


def read(read_at: ReadAt) -> Camera | None:
    """Return what a film or sound of boxes says, None when it says neither a time nor a place."""
    said = dict(_metadata(read_at))
    taken = _moment(said.get(CREATION_DATE, b""))
    position = _place(said.get(_LOCATION, b"")) or _place(_written_by_android(read_at))
    if taken is None and position is None:
        return None
    return Camera(taken, CREATION_DATE if taken else None, position)


def _moment(said: bytes) -> Edtf | None:
    return exif.moment(said.decode("ascii", "replace"), "")


def _place(said: bytes) -> Position | None:
    match = _PLACE.fullmatch(said.strip())
    return exif.position(float(match[1]), float(match[2])) if match else None


def _metadata(read_at: ReadAt) -> Iterator[tuple[str, bytes]]:
    """Yield names and values: `keys` holds the names, `ilst` a box for each with its number as type."""
    for meta in (*inside(read_at, (b"moov", b"meta")), *inside(read_at, (b"moov", b"udta", b"meta"))):
        # In QuickTime this box has no version before its content; in MP4 it has four bytes.
        full = read_at(meta.start + 4, 4) not in {b"hdlr", b"keys", b"ilst"}
        known = {box.kind: box for box in boxes(read_at, meta.start + 4 * full, meta.end)}
        keys, values = known.get(b"keys"), known.get(b"ilst")
        if keys is None or values is None:
            continue
        names = [_value(read_at, box.start, box.end) for box in boxes(read_at, keys.start + 8, keys.end)]
        for item in boxes(read_at, values.start, values.end):
            number = int.from_bytes(item.kind)
            data = next((box for box in boxes(read_at, item.start, item.end) if box.kind == b"data"), None)
            if data is not None and 1 <= number <= len(names):
                yield names[number - 1].decode("utf-8", "replace"), _value(read_at, data.start + 8, data.end)


def _written_by_android(read_at: ReadAt) -> bytes:
    """Return the text of `©xyz` in the user data: a length and a language before it."""
    box = next(inside(read_at, (b"moov", b"udta", b"\xa9xyz")), None)
    return b"" if box is None else _value(read_at, box.start + 4, box.end)


def _value(read_at: ReadAt, start: int, end: int) -> bytes:
    return read_at(start, max(0, min(end - start, MAX_VALUE_BYTES)))
