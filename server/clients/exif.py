"""What a photo says about itself (EXIF 2.32), read on the phone before it is sealed: when it was taken, and where.

A claim of the camera, not a fact: it is sealed as *happened* and *position*, beside the server's own *received*. The
file itself is sealed as it is, with its EXIF untouched.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from PIL import ExifTags, Image, UnidentifiedImageError

from evidence.envelope.meta import Position

_DECIMALS: Final = 6
"""A ten-millionth of the equator is 11 cm: finer than any phone knows."""


@dataclass(frozen=True)
class PhotoFacts:
    """`taken` is an EDTF text in the camera's own clock (EXIF may not know the time zone)."""

    taken: str | None = None
    position: Position | None = None


def read(path: Path) -> PhotoFacts:
    """Return what the photo at `path` says; nothing when it is no photo or says nothing."""
    try:
        with Image.open(path) as image:
            exif = image.getexif()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return PhotoFacts()
    details = exif.get_ifd(ExifTags.IFD.Exif)
    taken = _taken(details.get(ExifTags.Base.DateTimeOriginal), details.get(ExifTags.Base.OffsetTimeOriginal))
    return PhotoFacts(taken, _position(dict(exif.get_ifd(ExifTags.IFD.GPSInfo))))


def _taken(said: object, zone: object) -> str | None:
    """Turn `2008:05:30 15:56:01` into `2008-05-30T15:56:01`, with the zone when the camera gave one."""
    try:
        moment = datetime.strptime(str(said), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - EXIF's own clock has no zone
    except ValueError:
        return None
    offset = str(zone) if isinstance(zone, str) and len(zone) == len("+01:00") else ""
    return moment.isoformat() + offset


def _position(gps: dict[int, object]) -> Position | None:
    """Turn degrees, minutes and seconds with their hemispheres into decimal text."""
    latitude = _degrees(gps.get(ExifTags.GPS.GPSLatitude), gps.get(ExifTags.GPS.GPSLatitudeRef), "S")
    longitude = _degrees(gps.get(ExifTags.GPS.GPSLongitude), gps.get(ExifTags.GPS.GPSLongitudeRef), "W")
    if latitude is None or longitude is None:
        return None
    return Position(latitude, longitude)


def _degrees(parts: object, hemisphere: object, negative: str) -> str | None:
    try:
        degrees, minutes, seconds = (float(part) for part in parts)  # type: ignore[attr-defined]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    value = degrees + minutes / 60 + seconds / 3600
    signed = -value if hemisphere == negative else value
    return f"{signed:.{_DECIMALS}f}"
