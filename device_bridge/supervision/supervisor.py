"""The supervisor of devices, apart from presses: what was heard, when, and since when something is wrong.

Heartbeats are remembered in memory and written down now and then, a few hundred at a time, so that a storm of them
takes neither the spool's lock nor its disk from a press. A change of a device's state is written at once.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from device_bridge.clock import Step, WallClock
from device_bridge.loops import Loop
from device_bridge.registry import Device, Registry
from device_bridge.spool import devices
from device_bridge.spool.connection import Spool
from device_bridge.spool.devices import MAX_HISTORY_ROWS, NOT_WATCHED, Heard
from device_bridge.spool.reading import Reading
from device_bridge.supervision import rules
from device_bridge.supervision.rules import PROFILE_S, Condition, Reason
from device_bridge.supervision.telemetry import Telemetry
from evidence import ids
from evidence.errors import EvidenceError

LOOK_S: Final = 1.0
ALL_SHARDS: Final = range(256)
"""First bytes of device ids; a bridge watches those whose heartbeats it reads."""

WRITE_EVERY_MS: Final = 60_000
"""After a crash the last sign of life is remembered up to this much too early."""

WRITE_AT_ONCE: Final = 200
"""Rows in one transaction: under a millisecond of the lock that presses need."""

HISTORY_SHOWN: Final = 50
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Standing:
    """How a device stands: since when (Unix milliseconds), and what is wrong (nothing: READY)."""

    reasons: tuple[Reason, ...]
    since_ms: int


class Supervisor:
    """Owns one loop. `look` is what it does each second; tests call it with a clock of their own."""

    def __init__(
        self,
        bridge: str,
        spool: Spool,
        registry: Registry,
        telemetry: Telemetry,
        clock: WallClock,
        shards: range = ALL_SHARDS,
    ) -> None:
        self.bridge = bridge
        self._shards = shards
        self._spool = spool
        self._registry = registry
        self._telemetry = telemetry
        self._clock = clock
        clock.on_step(self.carry)
        self._began_ms = clock.look()
        self._known: dict[ids.DeviceId, Condition] = {}
        self._standing: dict[ids.DeviceId, Standing] = {}
        self._written: dict[ids.DeviceId, int] = {}
        self._others_since_ms: int | None = None
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._unjudged = 0
        self.loop = Loop("supervisor", self._turn_of_loop, first_s=LOOK_S)

    def start(self) -> None:
        """Take up what an earlier process knew, and begin."""
        self.loop.start()

    def stop(self) -> None:
        """End. The newest signs of life, of a minute at most, are not written down: silence is then said later."""
        self.loop.stop()

    @property
    def trouble(self) -> str | None:
        """Say that devices could not be judged; the others were."""
        return f"{self._unjudged} device(s) cannot be judged" if self._unjudged else None

    def devices(self) -> list[dict[str, Any]]:
        """Return every device in use as JSON: how it stands, since when and why; what was heard of it; its history."""
        with self._lock:
            known, standing = dict(self._known), dict(self._standing)
        reading = self._spool.read()
        out = []
        for device in self._mine():
            condition, stands = known.get(device.device), standing.get(device.device)
            sign = self._telemetry.newest(device.device)
            out.append(
                {
                    "device": device.device,
                    "case": device.case,
                    "profile": device.profile,
                    "state": _state(condition, stands),
                    "since": _time(None if stands is None else stands.since_ms),
                    "reasons": [] if stands is None else list(stands.reasons),
                    "heard_at": _time(None if condition is None else condition.heard_ms),
                    "battery": condition and condition.battery,
                    "firmware": sign and sign.message.firmware,
                    "tested_at": _time(None if condition is None else condition.tested_ms),
                    "history": history(reading, device.device),
                }
            )
        return out

    def faults(self) -> int:
        """Return how many devices are not in order."""
        with self._lock:
            return sum(bool(stands.reasons) for stands in self._standing.values())

    def watch_all(self, since_ms: int) -> None:
        """Watch the devices of other bridges as well, from this moment on: before it nobody here could hear them."""
        with self._turn:
            self._others_since_ms = since_ms

    def watch_own(self, now_ms: int) -> None:
        """Leave the devices of other bridges to them; SpoolError when that could not be written down."""
        with self._turn:
            self._others_since_ms = None
            with self._lock:
                left = [name for name in self._standing if not self._is_own(name)]
                for name in left:
                    del self._standing[name]
                for name in [name for name in self._known if not self._is_own(name)]:
                    del self._known[name]
            for part in _parts(left):
                with self._spool.write() as spool:
                    for name in part:
                        devices.add_change(spool, name, now_ms, (NOT_WATCHED,))

    def carry(self, step: Step) -> None:
        """Let every device be silent for as long as it was, after the wall clock was set."""
        with self._turn, self._lock:
            self._telemetry.carry(step)
            self._began_ms += step.ms
            if self._others_since_ms is not None:
                self._others_since_ms += step.ms
            for name, one in self._known.items():
                heard_ms = None if one.heard_ms is None else one.heard_ms + step.ms
                self._known[name] = replace(one, since_ms=one.since_ms + step.ms, heard_ms=heard_ms)
            self._written.clear()

    def look(self, now_ms: int) -> int:
        """Judge every device at `now_ms`; return how many changed."""
        with self._turn:
            return self._look(now_ms)

    def _look(self, now_ms: int) -> int:
        reading = self._spool.read()
        tested, tampered = devices.tests(reading), devices.tampered(reading)
        changed: list[tuple[ids.DeviceId, Standing]] = []
        heard: list[tuple[ids.DeviceId, Condition]] = []
        unjudged = 0
        for device in self._mine():
            name = device.device
            try:
                condition = self._condition(reading, device, now_ms, tested.get(name), name in tampered)
                self._judge(reading, condition, name, now_ms, changed, heard)
            except (ValueError, TypeError, EvidenceError):  # what was written down of it cannot be read
                unjudged += 1
        self._unjudged = unjudged
        self._write(changed, heard)
        return len(changed)

    def _judge(
        self,
        reading: Reading,
        condition: Condition,
        name: ids.DeviceId,
        now_ms: int,
        changed: list[tuple[ids.DeviceId, Standing]],
        heard: list[tuple[ids.DeviceId, Condition]],
    ) -> None:
        since_ms = self._began_ms if self._is_own(name) else self._others_since_ms or now_ms
        if condition.lent and not _can_be_judged(condition, since_ms, now_ms):
            with self._lock:
                self._known[name] = condition
            return
        unwritten_ms = (condition.heard_ms or 0) - self._written.get(name, 0)
        if not condition.lent and (unwritten_ms >= WRITE_EVERY_MS or name not in self._written):
            heard.append((name, condition))
        before = self._standing.get(name) or (None if condition.lent else _stored(reading, name))
        was = () if before is None else before.reasons
        found = rules.reasons(condition, now_ms, since_ms, was)
        stands = before if before is not None and before.reasons == found else Standing(found, now_ms)
        if stands is not before:
            changed.append((name, stands))
        with self._lock:
            self._known[name], self._standing[name] = condition, stands

    def _mine(self) -> list[Device]:
        everyone = self._others_since_ms is not None
        return [one for one in self._registry.devices() if everyone or self._is_own(one.device)]

    def _is_own(self, device: ids.DeviceId) -> bool:
        return int(device[:2], 16) in self._shards

    def _condition(
        self,
        reading: Reading,
        device: Device,
        now_ms: int,
        tested_ms: int | None,
        tampered: bool,  # noqa: FBT001 - private
    ) -> Condition:
        lent = not self._is_own(device.device)
        known = self._known.get(device.device) or (None if lent else _remembered(reading, device))
        began_ms = self._others_since_ms if lent and self._others_since_ms is not None else now_ms
        known = known or Condition(device.profile, began_ms)
        sign = self._telemetry.newest(device.device)
        heard_ms, battery = known.heard_ms, known.battery
        if sign is not None:
            heard_ms, battery = max(round(sign.at * 1000), heard_ms or 0), sign.message.battery
        return Condition(known.profile, known.since_ms, heard_ms, battery, tested_ms, tampered, lent)

    def _write(self, changed: list[tuple[ids.DeviceId, Standing]], heard: list[tuple[ids.DeviceId, Condition]]) -> None:
        for part in _parts(changed):
            with self._spool.write() as spool:
                for name, stands in part:
                    devices.add_change(spool, name, stands.since_ms, stands.reasons)
        for rows in _parts(heard):
            with self._spool.write() as spool:
                for name, one in rows:
                    devices.note_heard(spool, name, Heard(one.since_ms, one.heard_ms, one.battery))
                    devices.note_numbers(spool, name, self._telemetry.numbers(name))
            self._written.update({name: one.heard_ms or 0 for name, one in rows})

    def _turn_of_loop(self) -> float:
        self.look(self._clock.look())
        return LOOK_S


def _state(condition: Condition | None, stands: Standing | None) -> str:
    """Nobody calls a device ready that was not heard yet."""
    if stands is None or condition is None:
        return "unknown"
    if stands.reasons:
        return "fault"
    return "unknown" if condition.heard_ms is None else "ready"


def history(reading: Reading, device: ids.DeviceId) -> list[dict[str, Any]]:
    """Return the newest changes of a device's state, the newest first."""
    changes = devices.changes(reading, device, MAX_HISTORY_ROWS)
    shown = [one for one in changes if one.reasons != (NOT_WATCHED,)][:HISTORY_SHOWN]
    return [
        {"at": _time(one.at_ms), "state": "fault" if one.reasons else "ready", "reasons": list(one.reasons)}
        for one in shown
    ]


def _can_be_judged(known: Condition, since_ms: int, now_ms: int) -> bool:
    """Whether a device of another bridge was heard here since, or was listened to for its whole time."""
    return (known.heard_ms or 0) >= since_ms or now_ms - since_ms > PROFILE_S[known.profile] * 1000


def _stored(reading: Reading, device: ids.DeviceId) -> Standing | None:
    last = next(devices.changes(reading, device, 1), None)
    return None if last is None else Standing(cast("tuple[Reason, ...]", last.reasons), last.at_ms)


def _remembered(reading: Reading, device: Device) -> Condition | None:
    heard = devices.heard(reading, device.device)
    return None if heard is None else Condition(device.profile, heard.since_ms, heard.heard_ms, heard.battery)


def _parts(rows: list[Any]) -> Iterable[list[Any]]:
    return (rows[start : start + WRITE_AT_ONCE] for start in range(0, len(rows), WRITE_AT_ONCE))


def _time(at_ms: int | None) -> ids.Time | None:
    return None if at_ms is None else ids.time_of(_EPOCH + timedelta(milliseconds=at_ms))
