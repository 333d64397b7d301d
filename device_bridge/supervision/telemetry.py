"""Life signs of devices, heartbeats and positions: taken apart from presses, so that no storm can delay one.

Only the newest of each device waits to be read, and only so many are read in each tenth of a second. What
is dropped that way is counted; it says nothing that the newest does not say. Where a device is, is not kept here.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import structlog

from device_bridge.alarm import numbers
from device_bridge.alarm.press import Sign
from device_bridge.clock import Step
from device_bridge.errors import MessageError
from device_bridge.loops import Loop
from device_bridge.mqtt.connection import Connection, Delivered
from device_bridge.registry import Registry
from device_bridge.spool.devices import Numbers
from device_bridge.supervision.positions import Positions
from device_bridge.wire.message import DeviceMessage, Kind, PressId, parse_topic
from device_bridge.wire.reading import read_life_sign, verified
from evidence import ids

log = structlog.get_logger()

MAX_PER_TICK: Final = 200
TICK_S: Final = 0.1
"""Two thousand life signs a second are read, at most a quarter of one core; 10,000 devices at 60 s need 170."""

IDLE_S: Final = 5.0
"""While nothing comes; what comes wakes by itself."""

MAX_WAITING: Final = 100_000
"""Devices whose newest heartbeat waits; strangers' topics must not eat the memory."""


@dataclass(frozen=True, slots=True)
class LifeSign:
    """The newest life sign of one device, without its position, and when it arrived (Unix seconds)."""

    message: DeviceMessage
    at: float


class Telemetry:
    """Owns the reading loop. `on_life_sign` is called on it for every device that says it lives."""

    def __init__(
        self,
        registry: Registry,
        on_life_sign: Callable[[DeviceMessage], None],
        positions: Positions,
        remembered: Callable[[ids.DeviceId], Numbers],
    ) -> None:
        self.read = 0
        self.skipped = 0
        self.refused = 0
        self.ahead = 0
        """Life signs whose number lies far ahead: a fault of the device, or somebody who has its key."""
        self._registry = registry
        self._on_life_sign = on_life_sign
        self.positions = positions
        self._remembered = remembered
        self._numbers: dict[ids.DeviceId, Numbers] = {}
        self._waiting: dict[str, bytes] = {}
        self._newest: dict[ids.DeviceId, LifeSign] = {}
        self._lock = threading.Lock()
        self.loop = Loop("telemetry", self._turn)

    def start(self) -> None:
        """Start reading."""
        self.loop.start()

    def stop(self) -> None:
        """Stop reading; what waits is dropped."""
        self.loop.stop()

    def take(self, _connection: Connection, delivered: Delivered) -> None:
        """Keep a heartbeat until it is read (called on the network thread); a newer one takes its place."""
        with self._lock:
            first, known = not self._waiting, delivered.topic in self._waiting
            if known or len(self._waiting) >= MAX_WAITING:
                self.skipped += 1
            if known or len(self._waiting) < MAX_WAITING:
                self._waiting[delivered.topic] = delivered.payload
        if first:
            self.loop.wake()

    def newest(self, device: ids.DeviceId) -> LifeSign | None:
        """Return the newest heartbeat of a device, None if there was none since the bridge started."""
        return self._newest.get(device)

    def sign(self, device: ids.DeviceId) -> Sign | None:
        """Return the newest heartbeat as presses are held to it; None when it does not say how long its device ran."""
        newest = self._newest.get(device)
        if newest is None or newest.message.uptime_ms is None:
            return None
        return Sign(newest.message.press.boot, newest.message.uptime_ms, round(newest.at * 1000))

    def _turn(self) -> float:
        if not self._waiting:
            return IDLE_S
        self.loop.pause(TICK_S)  # of a position the press that it follows is taken in meanwhile
        with self._lock:
            topics = list(self._waiting)[:MAX_PER_TICK]
            batch = [(topic, self._waiting.pop(topic)) for topic in topics]
        for topic, payload in batch:
            try:
                self._read(topic, payload)
            except Exception as error:  # noqa: BLE001 - one odd life sign costs no other device's
                log.error("life-sign-not-read", error=type(error).__name__)  # noqa: TRY400 - no traceback with data
        return 0.0

    def numbers(self, device: ids.DeviceId) -> Numbers:
        """Return the newest numbers of a device, also from before this bridge started."""
        return self._numbers.get(device) or self._remembered(device)

    def carry(self, step: Step) -> None:
        """Let every life sign be as old as it was, after the wall clock was set."""
        for name, sign in list(self._newest.items()):
            if not step.stamped_after(round(sign.at * 1000)):
                self._newest[name] = replace(sign, at=sign.at + step.ms / 1000)

    def _note_number(self, device: ids.DeviceId, press: PressId) -> bool:
        """Remember the newest number; False for one that is not newer. One far ahead silences none of the others."""
        known = self.numbers(device)
        if numbers.is_ahead(press, known.newest):
            if known.ahead is not None and press <= known.ahead:
                return False
            self.ahead += 1
            log.warning("number-far-ahead", boot=press.boot)
            self._numbers[device] = replace(known, ahead=press)
            return True
        if known.newest is not None and press <= known.newest:
            return False
        self._numbers[device] = replace(known, newest=press)
        return True

    def _read(self, topic: str, payload: bytes) -> None:
        try:
            device = self._registry.device(parse_topic(topic).device)
            signed = verified(payload, device.sign, topic)
            message = read_life_sign(signed.payload, signed.device)
        except MessageError:
            self.refused += 1
            return
        ahead = numbers.is_ahead(message.press, self.numbers(device.device).newest)
        if not self._note_number(device.device, message.press):
            self.refused += 1
            return
        self._newest[device.device] = LifeSign(replace(message, location=None), time.time())
        self.read += 1
        self._on_life_sign(message)
        if message.kind is Kind.POSITION:
            self.positions.take(message, payload, signed.signed, ahead=ahead)
