"""A press as a value: what is kept of it in clear, without its place.

It holds everything that a decision needs (`device_bridge.intake.decide`), so that a press can be decided anew when its
bytes are gone.
"""

from dataclasses import dataclass, replace
from typing import Final, Literal

from device_bridge.alarm.alarm import Received
from device_bridge.wire.codes import Verdict
from device_bridge.wire.message import DeviceMessage, Kind, PressId
from evidence import ids

LATE_AFTER_MS: Final = 30_000
"""A press is late when it was made this long before it arrived: it was kept while there was no network."""

Said = Literal["press", "cancel", "duress", "tamper", "test", "check-in"]
_SAID: Final[dict[Kind, Said]] = {
    Kind.CANCEL: "cancel",
    Kind.DURESS: "duress",
    Kind.TAMPER: "tamper",
    Kind.TEST: "test",
    Kind.CHECK_IN: "check-in",
}
"""Whatever else is said on the lane of alarms is a press."""


@dataclass(frozen=True)
class Sign:
    """A life sign of a device: its start, how long it had been running, and when it came (Unix milliseconds)."""

    boot: int
    up_ms: int
    at_ms: int


@dataclass(frozen=True)
class Pressed:
    """One press: its identity and number, what was odd about it by itself, and when and how it came.

    `code` says of a cancel or check-in what was typed, `wait_s` of a check-in how long it asks, `cose_sha256` which
    bytes are kept as evidence.
    """

    identity: ids.Sha256
    cose_sha256: ids.Sha256
    device: ids.DeviceId
    boot: int
    counter: int
    kind: Said
    flags: tuple[str, ...]
    received_ms: int
    received_at: ids.Time
    broker: str
    age_s: int | None = None
    code: Literal["none", "right", "wrong", "duress"] | None = None
    wait_s: int | None = None
    tells_people: bool | None = None
    """Whether a check-in names people of her own who are told as well."""
    up_ms: int | None = None
    """How long its device had been running."""

    @property
    def number(self) -> PressId:
        """Its boot and counter, which downlinks name."""
        return PressId(self.boot, self.counter)

    @property
    def made_ms(self) -> int:
        """When its device made it (Unix milliseconds): when it came, if the device's clock is unsure."""
        return self.received_ms - 1000 * (self.age_s or 0)

    @property
    def is_promise(self) -> bool:
        """Whether an alarm is opened when its moment passes."""
        return bool(self.wait_s) and self.code != "duress"

    @property
    def is_typed(self) -> bool:
        """Whether a code belongs to it, and somebody may look on while it is typed: its answers never tell which."""
        return self.kind in ("cancel", "check-in")


def pressed(
    identity: ids.Sha256, cose_sha256: ids.Sha256, message: DeviceMessage, received: Received, code: Verdict | None
) -> Pressed:
    """Return what is kept of a message that arrived; `code` is the verdict on a code that was typed."""
    return Pressed(
        identity=identity,
        cose_sha256=cose_sha256,
        device=message.device,
        boot=message.press.boot,
        counter=message.press.counter,
        kind=_SAID.get(message.kind, "press"),
        flags=_flags(message, received),
        received_ms=received.at_ms,
        received_at=received.at,
        broker=received.broker,
        age_s=_age_s(message, received),
        code=None if code is None else code.value,
        wait_s=message.wait_s,
        tells_people=None if message.tell is None else True,
        up_ms=message.uptime_ms,
    )


def checked(press: Pressed, sign: Sign | None) -> Pressed:
    """Return a press without its age when that cannot be, by how long its device says that it has been running.

    Since a life sign of the same start came, as much time passed at the device as its `up` grew; the rest is how long
    the press was under way. A clock that was set by a recording dates it hours away from that.
    """
    if sign is None or press.age_s is None or press.up_ms is None or press.boot != sign.boot:
        return press
    under_way_ms = (press.received_ms - sign.at_ms) - (press.up_ms - sign.up_ms)
    if abs(1000 * press.age_s - max(0, under_way_ms)) < LATE_AFTER_MS:
        return press
    return replace(press, age_s=None, flags=tuple(sorted({*press.flags, "clock-unsure"} - {"late"})))


def _age_s(message: DeviceMessage, received: Received) -> int | None:
    """Return how long before its arrival the button was pushed, in seconds; None if its clock is unsure."""
    if message.wall_ms is None or message.sync == 0:
        return None
    return max(0, (received.at_ms - message.wall_ms) // 1000)


def _flags(message: DeviceMessage, received: Received) -> tuple[str, ...]:
    """Return what is odd about a press by itself, sorted; it is let in all the same."""
    flags = set()
    if message.odd:
        flags.add("content-odd")
    if message.wall_ms is None or message.sync == 0:
        flags.add("clock-unsure")
    elif received.at_ms - message.wall_ms >= LATE_AFTER_MS:
        flags.add("late")
    elif message.wall_ms - received.at_ms >= LATE_AFTER_MS:
        flags.add("clock-ahead")
    if message.kind is Kind.DURESS:
        flags.add("duress")
    return tuple(sorted(flags))
