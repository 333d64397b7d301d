"""Messages of devices and answers to them: typed values and their strict parsers (`docs/formats/device.md`).

A press fails open: everything inside an authentic message that only makes it odd (clock, counter) is left to
the caller to flag. What cannot be read at all is a MessageError and nothing else.
"""

import hashlib
import math
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NewType, TypeVar

import cbor2

from device_bridge.errors import MessageError
from device_bridge.wire import cose
from evidence import ids, keys
from evidence.errors import FormatError

VERSION: Final = 1
MAX_FIRMWARE_CHARACTERS: Final = 32
MAX_SOURCE_CHARACTERS: Final = 16
MAX_UNSIGNED: Final = 2**53 - 1
"""What JSON and JavaScript hold exactly; a counter that counts presses never comes near."""

MAX_LOCATION_AGE_S: Final = 10 * 366 * 86_400
MAX_ACCURACY_M: Final = 41_000_000
"""Worse than the circumference of the earth is not an accuracy."""

BridgeName = NewType("BridgeName", str)
CODE_BYTES: Final = 32
REFUSED_NAME_BYTES: Final = 8
_ID_BYTES: Final = 16
_LOCATION_PARTS: Final = 5
_PRESS_PARTS: Final = 2


class Kind(StrEnum):
    """What a device's message is about."""

    PRESS = "press"
    CANCEL = "cancel"
    DURESS = "duress"
    TAMPER = "tamper"
    TEST = "test"
    HEARTBEAT = "heartbeat"
    POSITION = "position"
    """Where the device is, while its alarm is open; also a sign of life."""


LIFE_SIGNS: Final = frozenset({Kind.HEARTBEAT, Kind.POSITION})
"""What is said on the lane of telemetry, and nowhere else."""


class Told(StrEnum):
    """What a device is told about a press; *stored* is said after a durable commit, never before.

    *call-112* says that nobody accepted within a minute: whoever holds the device should telephone.
    """

    STORED = "stored"
    CALL_112 = "call-112"
    ACCEPTED = "accepted"
    DISPATCHED = "dispatched"
    CLOSED = "closed"


class Why(StrEnum):
    """The reason for which a bridge takes nothing of what a device sent."""

    NOT_IN_USE = "not-in-use"
    """No device of this id is enrolled here: not yet, or no longer."""
    SIGNATURE = "signature"
    """The signature is not this device's, or was made for another topic."""
    UNREADABLE = "unreadable"
    """The bytes are no COSE_Sign1 of this format, or too many."""
    WRONG_LANE = "wrong-lane"
    """A sign of life on the lane of presses, or the other way round."""


class Lane(StrEnum):
    """The last part of an upward topic: alarms have a lane of their own."""

    ALARM = "a"
    TELEMETRY = "t"


@dataclass(frozen=True, slots=True, order=True)
class PressId:
    """Names one push of one device: how often it booted, and its counter (which never goes back)."""

    boot: int
    counter: int


@dataclass(frozen=True, slots=True)
class Location:
    """Where the device was: WGS 84 degrees, accuracy in metres, age of the fix in seconds, its source."""

    lat: float
    lon: float
    accuracy_m: int
    age_s: int
    source: str


@dataclass(frozen=True, slots=True)
class DeviceMessage:
    """One message of a device, as it was signed."""

    device: ids.DeviceId
    press: PressId
    uptime_ms: int
    wall_ms: int | None
    sync: int
    kind: Kind
    battery: int | None
    firmware: str
    location: Location | None
    code: bytes | None = None
    """Of a cancel: what was typed, as 32 bytes that only the bridge can judge (`device_bridge.wire.codes`)."""

    def to_payload(self) -> bytes:
        """Return the CBOR map of `docs/formats/device.md`, deterministically encoded."""
        where = self.location
        position = where and [where.lat, where.lon, where.accuracy_m, where.age_s, where.source]
        members = {
            "v": VERSION,
            "id": bytes.fromhex(self.device),
            "boot": self.press.boot,
            "ctr": self.press.counter,
            "up": self.uptime_ms,
            "wall": self.wall_ms,
            "sync": self.sync,
            "kind": self.kind.value,
            "bat": self.battery,
            "fw": self.firmware,
            "loc": position,
            **({} if self.code is None else {"code": self.code}),
        }
        return cbor2.dumps(members, canonical=True)


@dataclass(frozen=True, slots=True)
class Downlink:
    """What the bridge tells a device about one press: the state, our time, and how often to say it lives."""

    press: PressId
    state: Told
    time_ms: int
    heartbeat_s: int

    def to_payload(self) -> bytes:
        """Return the CBOR map of `docs/formats/device.md`, deterministically encoded."""
        members = {
            "v": VERSION,
            "press": [self.press.boot, self.press.counter],
            "state": self.state.value,
            "time": self.time_ms,
            "hb": self.heartbeat_s,
        }
        return cbor2.dumps(members, canonical=True)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the bridge tells a device about bytes of which it takes nothing: which ones, and why."""

    of: bytes
    """The first eight bytes of the SHA-256 of what arrived: a press id may not be readable in it."""
    why: Why
    time_ms: int

    def to_payload(self) -> bytes:
        """Return the CBOR map of `docs/formats/device.md`, deterministically encoded."""
        members = {"v": VERSION, "of": self.of, "why": self.why.value, "time": self.time_ms}
        return cbor2.dumps(members, canonical=True)


def name_of_refused(data: bytes) -> bytes:
    """Return the eight bytes by which a refusal names what arrived."""
    return hashlib.sha256(data).digest()[:REFUSED_NAME_BYTES]


@dataclass(frozen=True, slots=True)
class ServiceNotice:
    """A bridge says that it listens, or its broker says for it that it no longer does (retained)."""

    bridge: BridgeName
    online: bool
    time_ms: int

    def to_payload(self) -> bytes:
        """Return the CBOR map of `docs/formats/device.md`, deterministically encoded."""
        members = {"v": VERSION, "bridge": self.bridge, "online": self.online, "time": self.time_ms}
        return cbor2.dumps(members, canonical=True)


@dataclass(frozen=True, slots=True)
class UpTopic:
    """`up/{shard}/{device}/{lane}`; the shard is the first byte of the device id."""

    device: ids.DeviceId
    lane: Lane

    def __str__(self) -> str:
        return f"up/{self.device[:2]}/{self.device}/{self.lane}"


def down_topic(device: ids.DeviceId) -> str:
    """Return the topic on which `device` is told things."""
    return f"dn/{device}"


def service_topic(bridge: BridgeName) -> str:
    """Return the topic on which a bridge says whether it listens."""
    return f"svc/bridge/{bridge}"


def parse_topic(topic: str) -> UpTopic:
    """Read an upward topic; MessageError if it is another one or its shard is not the device's."""
    parts = topic.split("/")
    match parts:
        case ["up", shard, device, "a" | "t" as lane]:
            try:
                parsed = UpTopic(ids.DeviceId(ids.hex_text(device, _ID_BYTES)), Lane(lane))
            except FormatError as error:
                raise MessageError("the topic names no device") from error
            if shard == device[:2]:
                return parsed
    raise MessageError("not a topic on which devices speak")


def seal(message: DeviceMessage, who: keys.SigningKey, topic: str) -> bytes:
    """Sign `message` for `topic`: the bytes that a device sends, and repeats, unchanged."""
    return cose.sign1(who, message.to_payload(), topic)


def open_device_message(data: bytes, public: bytes, topic: str) -> DeviceMessage:
    """Verify and read what a device sent on `topic`; MessageError when anything does not fit."""
    addressed = parse_topic(topic)
    signed = cose.parse(data)
    signed.verify(public, topic)
    message = parse_payload(signed.payload)
    if message.device != addressed.device:
        raise MessageError("the message is of another device than its topic")
    if (message.kind in LIFE_SIGNS) != (addressed.lane is Lane.TELEMETRY):
        raise MessageError("signs of life belong on the telemetry lane, and nothing else does")
    return message


def open_downlink(data: bytes, public: bytes, topic: str) -> Downlink:
    """Verify and read what was said about a press that was taken; MessageError for anything else."""
    said = open_told(data, public, topic)
    if isinstance(said, Refusal):
        raise MessageError(f"the bridge refused it: {said.why}")
    return said


def open_told(data: bytes, public: bytes, topic: str) -> Downlink | Refusal:
    """Verify and read what the bridge whose key is `public` said on `topic`; MessageError otherwise."""
    signed = cose.parse(data)
    signed.verify(public, topic)
    members = _downlink_members(signed.payload)
    if "why" in members:
        of = members["of"]
        if not isinstance(of, bytes) or len(of) != REFUSED_NAME_BYTES:
            raise MessageError(f"of must be {REFUSED_NAME_BYTES} bytes")
        return Refusal(of, _choice(Why, members["why"]), _unsigned(members["time"]))
    press = members["press"]
    if not isinstance(press, list) or len(press) != _PRESS_PARTS:
        raise MessageError("press must be boot and counter")
    return Downlink(
        PressId(_unsigned(press[0]), _unsigned(press[1])),
        _choice(Told, members["state"]),
        _unsigned(members["time"]),
        _unsigned(members["hb"]),
    )


def open_notice(data: bytes, public: bytes, topic: str) -> ServiceNotice:
    """Verify and read a bridge's retained notice; MessageError otherwise."""
    signed = cose.parse(data)
    signed.verify(public, topic)
    members = _members(signed.payload, {"v", "bridge", "online", "time"})
    bridge, online = _text(members["bridge"], MAX_FIRMWARE_CHARACTERS), members["online"]
    if not isinstance(online, bool) or topic != service_topic(BridgeName(bridge)):
        raise MessageError("the notice does not fit its topic")
    return ServiceNotice(BridgeName(bridge), online, _unsigned(members["time"]))


def parse_payload(payload: bytes) -> DeviceMessage:
    """Read the CBOR map inside a device's message; MessageError if it is not one."""
    names = {"v", "id", "boot", "ctr", "up", "wall", "sync", "kind", "bat", "fw", "loc"}
    members = _members(payload, names, optional={"code"})
    device = members["id"]
    if not isinstance(device, bytes) or len(device) != _ID_BYTES:
        raise MessageError("id must be 16 bytes")
    kind = _choice(Kind, members["kind"])
    if kind is Kind.POSITION and members["loc"] is None:
        raise MessageError("a position must say where")
    return DeviceMessage(
        device=ids.DeviceId(device.hex()),
        press=PressId(_unsigned(members["boot"]), _unsigned(members["ctr"])),
        uptime_ms=_unsigned(members["up"]),
        wall_ms=None if members["wall"] is None else _unsigned(members["wall"]),
        sync=_unsigned(members["sync"], 2),
        kind=kind,
        battery=None if members["bat"] is None else _unsigned(members["bat"], 100),
        firmware=_text(members["fw"], MAX_FIRMWARE_CHARACTERS),
        location=None if members["loc"] is None else _location(members["loc"]),
        code=_code(members["code"], kind) if "code" in members else None,
    )


def _members(payload: bytes, names: set[str], optional: AbstractSet[str] = frozenset()) -> dict[str, Any]:
    value = cose.decode(payload)
    if not isinstance(value, dict) or value.keys() - optional != names:
        raise MessageError("the map has not exactly the members of version 1")
    if value["v"] != VERSION or isinstance(value["v"], bool):
        raise MessageError("this version is not known here")
    return value


def _downlink_members(payload: bytes) -> dict[str, Any]:
    """Read what a device is told: a refusal has `of` and `why`, everything else `press` and `state`."""
    value = cose.decode(payload)
    if isinstance(value, dict) and "why" in value:
        return _members(payload, {"v", "of", "why", "time"}, optional={"ext"})
    return _members(payload, {"v", "press", "state", "time", "hb"}, optional={"ext"})


def _location(value: object) -> Location:
    if not isinstance(value, list) or len(value) != _LOCATION_PARTS:
        raise MessageError("loc must be latitude, longitude, accuracy, age and source")
    lat, lon, accuracy, age, source = value
    return Location(
        _degrees(lat, 90),
        _degrees(lon, 180),
        _unsigned(accuracy, MAX_ACCURACY_M),
        _unsigned(age, MAX_LOCATION_AGE_S),
        _text(source, MAX_SOURCE_CHARACTERS),
    )


def _code(value: object, kind: Kind) -> bytes:
    if kind is not Kind.CANCEL or not isinstance(value, bytes) or len(value) != CODE_BYTES:
        raise MessageError("a code is 32 bytes, and only a cancel has one")
    return value


def _degrees(value: object, limit: int) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MessageError("a coordinate must be a number")
    if not math.isfinite(value) or abs(value) > limit:
        raise MessageError("a coordinate lies outside the earth")
    return float(value)


def _unsigned(value: object, limit: int = MAX_UNSIGNED) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= limit:
        raise MessageError(f"expected a whole number from 0 to {limit}")
    return value


def _text(value: object, limit: int) -> str:
    if not isinstance(value, str) or len(value) > limit or not value.isprintable():
        raise MessageError(f"expected printable text of at most {limit} characters")
    return value


Choice = TypeVar("Choice", bound=StrEnum)


def _choice(kind: type[Choice], value: object) -> Choice:
    if not isinstance(value, str) or value not in kind._value2member_map_:
        raise MessageError(f"unknown {kind.__name__.lower()}")
    return kind(value)
