"""A dispatch: what a route is told of an alarm, account, code and position; never a name or an address.

It rests in the outbox sealed to the bridge's own box key, because it holds a position.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from device_bridge.alarm.alarm import Alarm
from device_bridge.alarm.press import Pressed
from device_bridge.alarm.sealing import degrees
from device_bridge.alarm.step import Remaining
from device_bridge.wire.message import DeviceMessage, Location
from evidence import canonical, ids, keys, schema
from evidence.errors import LockError
from evidence.statements.bodies import AlarmKind

MAX_PEOPLE: Final = 5
MAX_ADDRESS: Final = 100
"""Characters of a telephone number or an address: whoever has her device must not have our service call the world."""


@dataclass(frozen=True)
class Dispatch:
    """One alarm as its routes see it."""

    alarm: ids.AlarmId
    device: ids.DeviceId
    kind: AlarmKind
    raised_at: ids.Time
    location: Location | None
    duress_at: ids.Time | None = None
    """When duress was added to an alarm that was raised without."""

    withdrawn_at: ids.Time | None = None
    """When a dispatcher closed it as no emergency; only routes that hear withdrawals get that."""

    tell: tuple[str, ...] = ()
    """Addresses of her own people, whom the person on call's service is to tell."""

    given: tuple[str, ...] = ()
    """Names of the messages about this alarm that the route's receiver has; known when it is sent, never stored."""

    accounts: Mapping[str, str] = field(default_factory=dict)
    """The account of the device at each centre that gave it one; known when it is sent, as above."""

    round: int = 0
    """How often everybody was told again because nobody accepted; known when it is sent, as above."""

    def to_bytes(self) -> bytes:
        """Return the plain document; the caller seals it before it touches a disk."""
        where = self.location
        position = None
        if where is not None:
            position = _Position(degrees(where.lat), degrees(where.lon), where.source, where.accuracy_m, where.age_s)
        document = _Document(
            1,
            self.alarm,
            self.device,
            self.kind,
            self.raised_at,
            position,
            self.duress_at,
            self.withdrawn_at,
            self.tell or None,
        )
        return canonical.encode(schema.encode(document))

    @staticmethod
    def open(sealed: bytes, bridge: keys.BridgeIdentity) -> "Dispatch":
        """Open what the outbox holds; LockError or FormatError when it is not the bridge's own."""
        document = schema.decode(_Document, canonical.decode_exact(bridge.open_box(sealed)))
        where = document.position
        location = None
        if where is not None:
            location = Location(float(where.lat), float(where.lon), where.accuracy_m, where.age_s, where.source)
        return Dispatch(
            document.alarm,
            document.device,
            document.kind,
            document.raised_at,
            location,
            document.duress_at,
            document.withdrawn_at,
            document.tell or (),
        )


def of_press(
    pressed: Pressed, alarm: Alarm, remaining: Remaining, said: DeviceMessage | None, bridge: keys.BridgeIdentity
) -> Dispatch:
    """Return what routes are told when this press opened an alarm, made it duress, or brought a newer place.

    Where she was when she checked in is older by now.
    """
    place = None if said is None else said.location
    duress_at = pressed.received_at if remaining.sends and remaining.says == "repeat" else None
    if place is not None and place.age_s is not None and remaining.kind == "overdue":
        since = ids.moment_of(alarm.raised_at) - ids.moment_of(pressed.received_at)
        place = replace(place, age_s=place.age_s + max(0, round(since.total_seconds())))
    tell = () if said is None or remaining.kind != "overdue" else _people(said, bridge)
    return Dispatch(alarm.alarm, alarm.device, remaining.kind, alarm.raised_at, place, duress_at, tell=tell)


def _people(said: DeviceMessage, bridge: keys.BridgeIdentity) -> tuple[str, ...]:
    """Return the addresses of her own people; what cannot be read names nobody, and the desk has it anyway."""
    if said.tell is None:
        return ()
    try:
        lines = bridge.open_box(said.tell).decode().splitlines()
    except (LockError, ValueError):
        return ()
    return tuple(one for one in lines if one and len(one) <= MAX_ADDRESS and one.isprintable())[:MAX_PEOPLE]


@dataclass(frozen=True)
class _Position:
    lat: str
    lon: str
    source: str
    accuracy_m: int | None = None
    age_s: int | None = None


@dataclass(frozen=True)
class _Document:
    v: Literal[1]
    alarm: ids.AlarmId
    device: ids.DeviceId
    kind: AlarmKind
    raised_at: ids.Time
    position: _Position | None = None
    duress_at: ids.Time | None = None
    withdrawn_at: ids.Time | None = None
    tell: tuple[str, ...] | None = None
