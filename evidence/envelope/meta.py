"""Descriptions of items: each sealed as a small message of its own, so that a timeline opens without media.

Four times are kept apart: `happened` and `discovered` (`evidence.edtf`, may be vague), `recorded` (the phone's clock)
and, outside this sealed part, `received` (the server's). What a camera says stands apart from all four: nobody told it.
Coordinates are text: signed bytes hold no floating point.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from evidence import canonical, edtf, schema
from evidence.edtf import Edtf
from evidence.errors import FormatError
from evidence.ids import AlarmId, Base64, DeviceId, ItemId, Sha256, Time

Kind = Literal["incident", "photo", "sound", "video", "file", "alarm", "order", "card", "assessment"]
Severity = Literal[0, 1, 2, 3, 4]
"""How bad it was: 0 no choice, 1 a nuisance, 2 serious, 3 very serious, 4 danger to life."""

Source = Literal["victim", "sensor", "camera", "witness", "police", "caseworker"]


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


@dataclass(frozen=True)
class Order:
    """A huisverbod, contactverbod or gebiedsverbod: first and last day (`YYYY-MM-DD`) and its number."""

    kind: Literal["huisverbod", "contactverbod", "gebiedsverbod"]
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


@dataclass(frozen=True)
class Meta:
    """One item as its owner described it. `kind` is in here: the server does not know what an item is."""

    v: Literal[1]
    kind: Kind
    source: Source
    recorded: Time
    title: str
    text: str = ""
    happened: Edtf | None = None
    discovered: Edtf | None = None
    conduct: tuple[str, ...] | None = None
    severity: Severity | None = None
    impact: str | None = None
    place: str | None = None
    position: Position | None = None
    about: ItemId | None = None
    file: File | None = None
    camera: Camera | None = None
    order: Order | None = None
    alarm: Alarm | None = None
    card: Card | None = None


def parse(plain: bytes) -> Meta:
    """Read a description's JSON. FormatError names the member that is of another form, or says that it is spelt so.

    Only the canonical spelling is read: the page reads no other, and two readers must not see two things.
    """
    return schema.decode(Meta, canonical.decode_exact(plain))


def to_bytes(meta: Meta) -> bytes:
    """Return a description as it is sealed, canonical JSON, after its reader's own rules.

    What a reader would refuse is refused here, while the person who wrote it can still mend it: FormatError names the
    member. A time that cannot be is refused too, though a reader opens it and shows it as it was told.
    """
    for member, told in _times(meta):
        try:
            edtf.parse(told)
        except edtf.TimeError as error:
            message = f"Meta.{member}: no time that can be: {error}"
            raise FormatError(message) from error
    plain = canonical.encode(schema.encode(meta))
    parse(plain)
    return plain


def _times(meta: Meta) -> Iterator[tuple[str, Edtf]]:
    order, camera = meta.order, meta.camera
    told = {
        "happened": meta.happened,
        "discovered": meta.discovered,
        "order.valid_from": order.valid_from if order else None,
        "order.until": order.until if order else None,
        "camera.taken": camera.taken if camera else None,
    }
    yield from ((member, time) for member, time in told.items() if time is not None)
