"""The sensors of the reference device: place and battery. People set them, or a track is replayed."""

import csv
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from device_bridge.errors import SettingsError
from device_bridge.wire.message import MAX_ACCURACY_M, Location

ACCURACY_M: Final = 20
SOURCE: Final = "gps"
FULL: Final = 100


class Senses:
    """The senses of one device; may be changed at any time, from any thread."""

    def __init__(
        self, place: Location | None = None, battery: int | None = None, track: Iterable[Location] = ()
    ) -> None:
        self._lock = threading.Lock()
        self._track: Iterator[Location] = iter(track)
        self._place = place
        self._fixed_at = time.monotonic()
        self._battery = battery

    def locate(self) -> Location | None:
        """Return where the device is: the next place of the track, then the last one, growing older."""
        with self._lock:
            following = next(self._track, None)
            if following is not None:
                self._place, self._fixed_at = following, time.monotonic()
            if self._place is None:
                return None
            return replace(self._place, age_s=(self._place.age_s or 0) + int(time.monotonic() - self._fixed_at))

    def battery(self) -> int | None:
        """Return how full the battery is, per cent; None when the device does not know."""
        return self._battery

    def put(self, place: Location | None) -> None:
        """Move the device, or take its fix away."""
        with self._lock:
            self._place, self._fixed_at = place, time.monotonic()
            self._track = iter(())

    def charge(self, battery: int | None) -> None:
        """Set the battery; SettingsError unless it is 0 to 100 per cent."""
        if battery is not None and not 0 <= battery <= FULL:
            raise SettingsError("a battery is 0 to 100 per cent full")
        self._battery = battery


def place(lat: float, lon: float, accuracy_m: int = ACCURACY_M) -> Location:
    """Return a fix of this moment; SettingsError when it lies outside the earth."""
    if not (abs(lat) <= 90 and abs(lon) <= 180 and 0 <= accuracy_m <= MAX_ACCURACY_M):  # noqa: PLR2004 - the poles
        raise SettingsError("no place on earth: latitude, longitude in degrees, accuracy in metres")
    return Location(lat, lon, accuracy_m, 0, SOURCE)


def read_track(file: Path) -> list[Location]:
    """Return the places in a file: a line each, latitude, longitude and perhaps metres of accuracy (CSV).

    Raises:
        SettingsError: the file cannot be read, or a line is something else.
    """
    try:
        with file.open(newline="", encoding="utf-8") as lines:
            return [_place_of(row) for row in csv.reader(lines) if row]
    except (OSError, ValueError, csv.Error) as error:
        raise SettingsError(f"{file} is no track: a line is latitude, longitude, and perhaps metres") from error


def _place_of(row: list[str]) -> Location:
    lat, lon, *rest = row
    return place(float(lat), float(lon), int(rest[0]) if rest else ACCURACY_M)
