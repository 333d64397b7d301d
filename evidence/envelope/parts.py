"""Parts of descriptions (`evidence.envelope.meta`). Coordinates are text: signed bytes hold no floating point."""

from dataclasses import dataclass
from typing import Literal

from evidence.edtf import Edtf
from evidence.ids import AlarmId, Base64, DeviceId, Sha256, Time


@dataclass(frozen=True)
class Position:
    """WGS 84 degrees as decimal text, accuracy in metres."""

    lat: str
    lon: str
    accuracy_m: int | None = None


@dataclass(frozen=True)
class File:
    """The sealed content: its name, MIME type, true size in bytes and SHA-256 before padding."""

    name: str
    mime: str
    size: int
    sha256: Sha256


@dataclass(frozen=True)
class Camera:
    """What a photo, film or sound says about itself: a claim of whatever made it, whose clock may be years off.

    `taken` is the clock time that it names, with a zone where it names one, and `taken_from` the field that it was
    read from (such as `DateTimeOriginal` of EXIF 2.32, or `com.apple.quicktime.creationdate`).
    """

    taken: Edtf | None = None
    taken_from: str | None = None
    position: Position | None = None


OrderKind = Literal["huisverbod", "contactverbod", "gebiedsverbod"]


@dataclass(frozen=True)
class Order:
    """A huisverbod, contactverbod or gebiedsverbod: first and last day (`YYYY-MM-DD`) and its number."""

    kind: OrderKind
    valid_from: Edtf
    until: Edtf
    number: str | None = None


@dataclass(frozen=True)
class Alarm:
    """A press, with the device's signed message exactly as received (`cose`)."""

    alarm: AlarmId
    device: DeviceId
    boot: int
    counter: int
    kind: str
    cose: Base64
    pressed_at: Time | None = None
    age_s: int | None = None
    source: str | None = None


@dataclass(frozen=True)
class KnownPlace:
    """A place that helps a dispatcher find her."""

    label: str
    lat: str
    lon: str


@dataclass(frozen=True)
class Card:
    """What a dispatcher needs to know, sealed to the desk."""

    name: str
    address: str
    how_to_enter: str | None = None
    weapons: str | None = None
    children: str | None = None
    known_places: tuple[KnownPlace, ...] | None = None
