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
class Address:
    """Where a patrol drives to: street and number stand by themselves, because they are read aloud first."""

    street: str
    number: str
    postcode: str | None = None
    town: str | None = None


@dataclass(frozen=True)
class CallBack:
    """Whether somebody may call her after a press (or only write), on which number, and how.

    A telephone that rings can tell whoever stands beside her that she pressed.
    """

    may: Literal["yes", "write", "no"]
    number: str | None = None
    how: str | None = None


@dataclass(frozen=True)
class Picture:
    """A small picture inside a description: it is there whenever the words are, and needs no second request."""

    mime: Literal["image/jpeg", "image/png"]
    data: Base64


@dataclass(frozen=True)
class Suspect:
    """How to know him at the door."""

    description: str
    name: str | None = None
    picture: Picture | None = None


@dataclass(frozen=True)
class Arrangement:
    """An Afspraak op Locatie of the police: its number, and until when it holds."""

    number: str
    until: Edtf | None = None


@dataclass(frozen=True)
class Card:
    """What a dispatcher needs to know, sealed to the desk. `orders` are those in force when it was written."""

    name: str
    address: Address
    call_back: CallBack | None = None
    safe_word: str | None = None
    language: str | None = None
    how_to_enter: str | None = None
    key_holders: str | None = None
    household: str | None = None
    children: str | None = None
    suspect: Suspect | None = None
    weapons: str | None = None
    orders: tuple[Order, ...] = ()
    known_places: tuple[KnownPlace, ...] = ()
    aol: Arrangement | None = None
