"""EXIF 2.32 (CIPA DC-008): the two times and the position in its TIFF structure, and nothing that is not there.

The time is a clock time; a zone counts only where the camera wrote one that there is. A position needs both hemispheres
and finite numbers on the globe: 0/0, 191°, a missing or unknown hemisphere, and the point 0,0 in the ocean, which
software writes when it does not know, are no place.
"""

import math
import re
import struct
from collections.abc import Iterator, Mapping
from typing import Final

from evidence import edtf
from evidence.boxes import ReadAt
from evidence.edtf import Edtf
from evidence.envelope.parts import Camera, Position

MAX_ENTRIES: Final = 1000
"""Fields of one directory that are looked at: a camera writes 60."""

MAX_VALUE_BYTES: Final = 128
"""The longest field that is read here is a text of 20 characters."""

DECIMALS: Final = 6
"""A ten-millionth of the equator is 11 cm: finer than any phone knows."""

_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_TIMES: Final = (("DateTimeOriginal", 0x9003, 0x9011), ("DateTimeDigitized", 0x9004, 0x9012))
"""Name, field and the field of its zone. `DateTime` is when software last wrote the file: it is not read."""

_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE, _ACCURACY = 1, 2, 3, 4, 31
_MAX_ACCURACY_M: Final = 100_000

_ASCII, _SHORT, _LONG, _RATIONAL = 2, 3, 4, 5
_SIZES: Final = {_ASCII: 1, _SHORT: 2, _LONG: 4, _RATIONAL: 8}

_MOMENT: Final = re.compile(
    r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.\d+)?\s*(Z|[+-]\d{1,2}:?\d\d)?", re.ASCII
)
_ZONE: Final = re.compile(r"(Z)|([+-])(\d{1,2}):?(\d\d)", re.ASCII)

Fields = Mapping[int, tuple[int, bytes]]
"""Field → its type and its bytes."""


def read(read_at: ReadAt) -> Camera | None:
    """Return what the TIFF structure says, None when it says neither a time nor a place."""
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(read_at(0, 4))
    if order is None:
        return None
    first = _fields(read_at, order, int.from_bytes(read_at(4, 4), "little" if order == "<" else "big"))
    details = _fields(read_at, order, _number(first, _EXIF_IFD, order))
    place = _fields(read_at, order, _number(first, _GPS_IFD, order))
    taken, taken_from = next(_times(details), (None, None))
    position = _position(place, order)
    if taken is None and position is None:
        return None
    return Camera(taken, taken_from, position)


def _fields(read_at: ReadAt, order: str, start: int) -> Fields:
    if start == 0:
        return {}
    count = min(int.from_bytes(read_at(start, 2), "little" if order == "<" else "big"), MAX_ENTRIES)
    table = read_at(start + 2, 12 * count)
    found: dict[int, tuple[int, bytes]] = {}
    for entry in range(len(table) // 12):
        tag, kind, length = struct.unpack(order + "HHI", table[12 * entry : 12 * entry + 8])
        size = length * _SIZES.get(kind, MAX_VALUE_BYTES + 1)
        if size <= MAX_VALUE_BYTES:
            inline = table[12 * entry + 8 : 12 * entry + 12]
            data = inline[:size] if size <= len(inline) else read_at(struct.unpack(order + "I", inline)[0], size)
            if len(data) == size:
                found.setdefault(tag, (kind, data))
    return found


def _number(fields: Fields, tag: int, order: str) -> int:
    kind, data = fields.get(tag, (0, b""))
    form = {_SHORT: "H", _LONG: "I"}.get(kind)
    return int(struct.unpack_from(order + form, data)[0]) if form and data else 0


def _text(fields: Fields, tag: int) -> str:
    kind, data = fields.get(tag, (0, b""))
    return data.partition(b"\x00")[0].decode("ascii", "replace") if kind == _ASCII else ""


def _times(fields: Fields) -> Iterator[tuple[Edtf, str]]:
    for name, tag, zone_tag in _TIMES:
        taken = moment(_text(fields, tag), _text(fields, zone_tag))
        if taken is not None:
            yield taken, name


def moment(said: str, zone: str) -> Edtf | None:
    """Turn `2008:05:30 15:56:01` into `2008-05-30T15:56:01`, with its zone when there is such a zone."""
    match = _MOMENT.fullmatch(said.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second, with_it = match.groups()
    plain = f"{year}-{month}-{day}T{hour}:{minute}:{second}"
    for text in (plain + _spelt(with_it or zone), plain):
        try:
            edtf.parse(text)
        except edtf.TimeError:
            continue
        return Edtf(text)
    return None


def _spelt(zone: str) -> str:
    """Turn `Z`, `-5:00` or `+0200` into the one spelling; blanks and anything else into none."""
    match = _ZONE.fullmatch(zone.strip())
    if match is None:
        return ""
    utc, sign, hours, minutes = match.groups()
    return "Z" if utc else f"{sign}{int(hours):02}:{minutes}"


def _position(fields: Fields, order: str) -> Position | None:
    latitude = _degrees(fields, order, _LATITUDE, _text(fields, _LATITUDE_REF), "NS", 90)
    longitude = _degrees(fields, order, _LONGITUDE, _text(fields, _LONGITUDE_REF), "EW", 180)
    if latitude is None or longitude is None:
        return None
    return position(latitude, longitude, next(iter(_rationals(fields, order, _ACCURACY)), None))


def position(latitude: float, longitude: float, accuracy_m: float | None = None) -> Position | None:
    """Return a place in decimal text; None when it is off the globe, or the point 0,0."""
    on_globe = abs(latitude) <= 90 and abs(longitude) <= 180  # noqa: PLR2004 - false for what is no number
    if not on_globe or (round(latitude, DECIMALS), round(longitude, DECIMALS)) == (0, 0):
        return None
    near = accuracy_m is not None and 0 < accuracy_m <= _MAX_ACCURACY_M
    accuracy = math.ceil(accuracy_m) if near and accuracy_m is not None else None
    return Position(f"{latitude:.{DECIMALS}f}", f"{longitude:.{DECIMALS}f}", accuracy)


def _degrees(fields: Fields, order: str, tag: int, said: str, hemispheres: str, most: int) -> float | None:
    """Return degrees from degrees, minutes and seconds; the second of `hemispheres` is negative."""
    hemisphere = said.strip().upper()
    parts = list(_rationals(fields, order, tag))
    if hemisphere not in tuple(hemispheres) or len(parts) != 3:  # noqa: PLR2004 - degrees, minutes, seconds
        return None
    degrees, minutes, seconds = parts
    value = degrees + minutes / 60 + seconds / 3600
    if not (value <= most and minutes <= 60 and seconds <= 60):  # noqa: PLR2004 - false for what is no number
        return None
    return -value if hemisphere == hemispheres[1] else value


def _rationals(fields: Fields, order: str, tag: int) -> Iterator[float]:
    """Yield the fractions of a field; a denominator of zero is no number."""
    kind, data = fields.get(tag, (0, b""))
    if kind == _RATIONAL:
        for above, below in struct.iter_unpack(order + "II", data):
            yield above / below if below else math.nan
