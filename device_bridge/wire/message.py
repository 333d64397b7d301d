"""Messages of devices and answers to them, as typed values (`docs/formats/device.md`).

How what a device said is read is in `device_bridge.wire.reading`.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NewType

import cbor2

from device_bridge.errors import MessageError
from device_bridge.wire import cose, values
from evidence import ids, keys
from evidence.errors import FormatError

MAX_FIRMWARE_CHARACTERS: Final = 32
MAX_SOURCE_CHARACTERS: Final = 16
MAX_LOCATION_AGE_S: Final = 10 * 366 * 86_400
MAX_ACCURACY_M: Final = 41_000_000
"""Worse than the circumference of the earth is not an accuracy."""

BridgeName = NewType("BridgeName", str)
CODE_BYTES: Final = 32
MIN_WAIT_S: Final = 60
MAX_WAIT_S: Final = 86_400
"""Of a check-in: a day; for longer she can promise again."""

MAX_NOTE_CHARACTERS: Final = 200
MAX_TELL_BYTES: Final = 400
"""Sealed addresses of five people, and room in the message for a place and a note."""
REFUSED_NAME_BYTES: Final = 8
_ID_BYTES: Final = 16
_PRESS_PARTS: Final = 2


class Kind(StrEnum):
    """What a device's message is about."""

    PRESS = "press"
    CANCEL = "cancel"
    DURESS = "duress"
    TAMPER = "tamper"
    TEST = "test"
    CHECK_IN = "check-in"
    """A promise to say before a moment that all is well; when that moment passes, an alarm is raised."""
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
    accuracy_m: int | None
    age_s: int | None
    source: str


@dataclass(frozen=True, slots=True)
class DeviceMessage:
    """One message of a device, as it was signed."""

    device: ids.DeviceId
    press: PressId
    uptime_ms: int | None
    wall_ms: int | None
    sync: int
    kind: Kind
    battery: int | None
    firmware: str | None
    location: Location | None
    code: bytes | None = None
    """Of a cancel or a check-in: what was typed, as 32 bytes that only the bridge can judge
    (`device_bridge.wire.codes`); empty for what is no code at all."""

    wait_s: int | None = None
    """Of a check-in: seconds from its making until it is overdue; 0 ends what was promised."""

    note: str | None = None
    """Of a check-in: where she goes, for whoever has to look for her."""

    tell: bytes | None = None
    """Of a check-in: addresses of her own people, sealed to the bridge's box."""

    odd: bool = False
    """Whether a member was missing or could not be read."""

    def to_payload(self) -> bytes:
        """Return the CBOR map of `docs/formats/device.md`, deterministically encoded."""
        where = self.location
        position = where and [where.lat, where.lon, where.accuracy_m, where.age_s, where.source]
        members = {
            "v": values.VERSION,
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
            **({} if self.wait_s is None else {"wait": self.wait_s}),
            **({} if self.note is None else {"note": self.note}),
            **({} if self.tell is None else {"tell": self.tell}),
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
            "v": values.VERSION,
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
        members = {"v": values.VERSION, "of": self.of, "why": self.why.value, "time": self.time_ms}
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
        members = {"v": values.VERSION, "bridge": self.bridge, "online": self.online, "time": self.time_ms}
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
        return Refusal(of, values.choice(Why, members["why"]), values.unsigned(members["time"]))
    press = members["press"]
    if not isinstance(press, list) or len(press) != _PRESS_PARTS:
        raise MessageError("press must be boot and counter")
    return Downlink(
        PressId(values.unsigned(press[0]), values.unsigned(press[1])),
        values.choice(Told, members["state"]),
        values.unsigned(members["time"]),
        values.unsigned(members["hb"]),
    )


def open_notice(data: bytes, public: bytes, topic: str) -> ServiceNotice:
    """Verify and read a bridge's retained notice; MessageError otherwise."""
    signed = cose.parse(data)
    signed.verify(public, topic)
    members = _members(signed.payload, {"v", "bridge", "online", "time"})
    bridge, online = values.text(members["bridge"], MAX_FIRMWARE_CHARACTERS), members["online"]
    if not isinstance(online, bool) or topic != service_topic(BridgeName(bridge)):
        raise MessageError("the notice does not fit its topic")
    return ServiceNotice(BridgeName(bridge), online, values.unsigned(members["time"]))


def _members(payload: bytes, names: set[str]) -> dict[str, Any]:
    """Return the members of a map that has these at least; what is not known is not read."""
    value = cose.decode(payload)
    if not isinstance(value, dict) or not value.keys() >= names:
        raise MessageError("the map lacks members of version 1")
    values.version(value["v"])
    return value


def _downlink_members(payload: bytes) -> dict[str, Any]:
    """Read what a device is told: a refusal has `of` and `why`, everything else `press` and `state`."""
    value = cose.decode(payload)
    if isinstance(value, dict) and "why" in value:
        return _members(payload, {"v", "of", "why", "time"})
    return _members(payload, {"v", "press", "state", "time", "hb"})
