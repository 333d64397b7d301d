"""The reader of what devices said: verify, then read leniently or strictly, by the lane.

On the lane of alarms an authentic message fails open: a field that cannot be read is null and the message is `odd`, a
member that is not known is ignored, and what names no kind is a press. Whoever wrote the bytes had her device, and
nobody presses a button to say nothing. Everything else that cannot be read is a MessageError and nothing else.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from device_bridge.errors import MessageError
from device_bridge.wire import cose, values
from device_bridge.wire.message import (
    CODE_BYTES,
    LIFE_SIGNS,
    MAX_ACCURACY_M,
    MAX_FIRMWARE_CHARACTERS,
    MAX_LOCATION_AGE_S,
    MAX_NOTE_CHARACTERS,
    MAX_SOURCE_CHARACTERS,
    MAX_TELL_BYTES,
    MAX_WAIT_S,
    MIN_WAIT_S,
    DeviceMessage,
    Kind,
    Lane,
    Location,
    PressId,
    parse_topic,
)
from evidence import ids

_LOCATION_PARTS: Final = 5
_TYPED: Final = frozenset({Kind.CANCEL, Kind.CHECK_IN})
"""What a code may come with."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What a device signed, verified: its lane, the payload, and the bytes that the signature is over."""

    device: ids.DeviceId
    lane: Lane
    payload: bytes
    signed: bytes

    def read(self) -> DeviceMessage:
        """Read the payload. MessageError on the lane of telemetry only: what is said on the other always counts."""
        if self.lane is Lane.TELEMETRY:
            return read_life_sign(self.payload, self.device)
        return read_press(self.payload, self.device)


def verified(data: bytes, public: bytes, topic: str) -> Signed:
    """Verify what a device sent on `topic`; MessageError when the bytes are not its own."""
    addressed = parse_topic(topic)
    envelope = cose.parse(data)
    return Signed(addressed.device, addressed.lane, envelope.payload, envelope.verify(public, topic))


def open_device_message(data: bytes, public: bytes, topic: str) -> DeviceMessage:
    """Verify and read what a device sent on `topic`; MessageError when it is not its own, or says nothing there."""
    return verified(data, public, topic).read()


def read_press(payload: bytes, device: ids.DeviceId) -> DeviceMessage:
    """Read what `device` signed for the lane of alarms; whatever it is, it is at least a press. Never raises.

    A check-in whose deadline or number cannot be read is a press: nobody would know when she is overdue.
    """
    fields = _fields(payload)
    kind = fields.take("kind", _kind_of_alarm, Kind.PRESS)
    code = None
    if "code" in fields.members and kind in _TYPED:
        code = fields.take("code", _code, b"")
    if kind is not Kind.CHECK_IN:
        return _message(fields, device, kind, code)
    wait_s = fields.take("wait", _wait_s, None)
    note = fields.take("note", _note, None) if "note" in fields.members else None
    tell = fields.take("tell", _tell, None) if "tell" in fields.members else None
    said = _message(fields, device, kind, code)
    if wait_s is None or fields.unread & {"boot", "ctr"}:
        return replace(said, kind=Kind.PRESS, code=None)
    return replace(said, wait_s=wait_s, note=note, tell=tell)


def read_life_sign(payload: bytes, device: ids.DeviceId) -> DeviceMessage:
    """Read what `device` signed for the lane of telemetry; MessageError unless it is a life sign with a number.

    Without a place that can be read a position is a heartbeat.
    """
    fields = _fields(payload)
    kind = fields.take("kind", lambda value: values.choice(Kind, value), None)
    if kind not in LIFE_SIGNS or kind is None:
        raise MessageError("signs of life belong on the telemetry lane, and nothing else does")
    said = _message(fields, device, kind, None)
    if fields.unread & {"id", "boot", "ctr"}:
        raise MessageError("a sign of life must say whose it is and bear a number")
    return replace(said, kind=Kind.HEARTBEAT) if said.location is None else said


def _message(fields: "_Fields", device: ids.DeviceId, kind: Kind, code: bytes | None) -> DeviceMessage:
    fields.take("v", values.version, None)
    fields.take("id", lambda value: _own_id(value, device), None)
    return DeviceMessage(
        device=device,
        press=PressId(fields.take("boot", values.unsigned, 0), fields.take("ctr", values.unsigned, 0)),
        uptime_ms=fields.take("up", values.unsigned, None),
        wall_ms=fields.take("wall", _or_null(values.unsigned), None),
        sync=fields.take("sync", lambda value: values.unsigned(value, 2), 0),
        kind=kind,
        battery=fields.take("bat", _or_null(lambda value: values.unsigned(value, 100)), None),
        firmware=fields.take("fw", lambda value: values.text(value, MAX_FIRMWARE_CHARACTERS), None),
        location=_location(fields),
        code=code,
        odd=bool(fields.unread),
    )


Value = TypeVar("Value")
Default = TypeVar("Default")


class _Fields:
    """Members read one by one; `unread` names those that were not there or could not be read."""

    def __init__(self, members: Mapping[Any, Any] | list[Any]) -> None:
        self.unread: set[object] = set()
        self.members = members if isinstance(members, Mapping) else dict(enumerate(members))

    def take(self, name: object, read: Callable[[Any], Value], default: Default) -> Value | Default:
        """Return member `name`, or `default` when it is missing or `read` refuses it."""
        try:
            return read(self.members[name])
        except (MessageError, KeyError):
            self.unread.add(name)
            return default


def _fields(payload: bytes) -> _Fields:
    """Return the members of a payload; none when it is no map."""
    try:
        members = cose.decode(payload)
    except MessageError:
        members = None
    return _Fields(members if isinstance(members, dict) else {})


def _location(fields: _Fields) -> Location | None:
    """Read where the device was: a place with odd particulars is a place all the same."""
    value = fields.members.get("loc")
    if value is None and "loc" in fields.members:
        return None
    place = _Fields(value if isinstance(value, list) else [])
    lat = place.take(0, lambda part: values.degrees(part, 90), None)
    lon = place.take(1, lambda part: values.degrees(part, 180), None)
    accuracy_m = place.take(2, lambda part: _rounded_up(part, MAX_ACCURACY_M), None)
    age_s = place.take(3, lambda part: _rounded_up(part, MAX_LOCATION_AGE_S), None)
    source = place.take(4, lambda part: values.text(part, MAX_SOURCE_CHARACTERS), "")
    if place.unread or len(place.members) != _LOCATION_PARTS:
        fields.unread.add("loc")
    return None if lat is None or lon is None else Location(lat, lon, accuracy_m, age_s, source)


def _rounded_up(value: object, limit: int) -> int:
    """A fraction is rounded up: a place must not look better than it was said to be."""
    return values.unsigned(math.ceil(value) if isinstance(value, float) and math.isfinite(value) else value, limit)


def _or_null(read: Callable[[Any], Value]) -> Callable[[Any], Value | None]:
    return lambda value: None if value is None else read(value)


def _own_id(value: object, device: ids.DeviceId) -> ids.DeviceId:
    if value != bytes.fromhex(device):
        raise MessageError("the message names another device than its topic, whose key signed it")
    return device


def _kind_of_alarm(value: object) -> Kind:
    kind = values.choice(Kind, value)
    if kind in LIFE_SIGNS:
        raise MessageError("signs of life belong on the telemetry lane")
    return kind


def _wait_s(value: object) -> int:
    wait_s = values.unsigned(value, MAX_WAIT_S)
    if 0 < wait_s < MIN_WAIT_S:
        raise MessageError(f"a check-in waits for {MIN_WAIT_S} seconds or more")
    return wait_s


def _note(value: object) -> str:
    return values.text(value, MAX_NOTE_CHARACTERS)


def _tell(value: object) -> bytes:
    if not isinstance(value, bytes) or len(value) > MAX_TELL_BYTES:
        raise MessageError(f"sealed addresses are at most {MAX_TELL_BYTES} bytes")
    return value


def _code(value: object) -> bytes:
    if not isinstance(value, bytes) or len(value) != CODE_BYTES:
        raise MessageError("a code is 32 bytes")
    return value
