"""Health and alarms as the feed shows them: an alarm as a console reads it, and everything that a press passes."""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from device_bridge.alarm.alarm import Alarm
from device_bridge.causes import Cause, CauseCode
from device_bridge.errors import MessageError
from device_bridge.feed.watchers import Watchers
from device_bridge.journal.forwarder import Forwarder
from device_bridge.loops import Loop
from device_bridge.registry import Registry
from device_bridge.routes import Route
from device_bridge.spool import presses, promises
from device_bridge.spool.connection import Spool
from device_bridge.spool.reading import Reading
from device_bridge.supervision import device_page
from device_bridge.supervision.supervisor import Supervisor
from device_bridge.supervision.telemetry import Telemetry
from device_bridge.wire.message import parse_topic
from device_bridge.wire.reading import verified
from evidence import canonical, ids, schema
from evidence.envelope import container

MIN_FREE_MB: Final = 32
"""Some ten thousand presses; before the disk is full somebody must have made room."""

CLOSED_SHOWN: Final = 100
"""Closed alarms that a console still lists; older ones are in the journal."""


BEHIND_MS: Final = 2 * 3600 * 1000
"""A database that is mended at once catches up within minutes; after two hours somebody must look what holds it up."""

RAW_KEPT_MS: Final = 24 * 3600 * 1000
"""A press's message is destroyed when the journal has its item; after a day somebody must look why it has not."""


def alarm_json(spool: Spool, alarm: Alarm) -> dict[str, Any]:
    """Return one alarm as JSON for consoles: no position, no name; those are sealed inside `item`."""
    claim = alarm.claim
    return {
        "alarm": alarm.alarm,
        "device": alarm.device,
        "case": alarm.case,
        "kind": alarm.kind,
        "state": "closed" if alarm.folded_into else alarm.state,
        "folded_into": alarm.folded_into,
        "raised_at": alarm.raised_at,
        "age_s": alarm.age_s,
        "press": schema.encode(alarm.press),
        "last_press": schema.encode(alarm.last_press),
        "repeats": alarm.repeats,
        "flags": list(alarm.flags),
        "claimed_by": None if claim is None else schema.encode(claim.person),
        "accepted_by": alarm.accepted_by and schema.encode(alarm.accepted_by),
        "closed": alarm.closed and schema.encode(alarm.closed),
        "looked": alarm.looked and {"by": schema.encode(alarm.looked.by), "at": alarm.looked.at},
        "escalation": alarm.escalation and schema.encode(alarm.escalation),
        "revision": alarm.revision or 0,
        "history": schema.encode(alarm.history),
        "routes": schema.encode(alarm.routes),
        "item": _item_json(spool, alarm.alarm),
        "card": alarm.card,
    }


def _item_json(spool: Spool, alarm: ids.AlarmId) -> dict[str, Any] | None:
    stored = spool.read().newest_item(alarm)
    if stored is None:
        return None
    head = container.parse_prefix(stored.container).head
    return {
        "item": stored.item,
        "boot": stored.press.boot,
        "counter": stored.press.counter,
        "head": canonical.b64(stored.container),
        "wraps": [schema.encode(wrap) for wrap in head.wraps],
    }


def _of_presses(reading: Reading) -> list[Cause]:
    """Say what is wrong with presses that were stored: kept too long, not recognised as such, or sealed to nobody."""
    said = []
    oldest_ms = presses.oldest_raw_ms(reading)
    if oldest_ms is not None and time.time_ns() // 1_000_000 - oldest_ms > RAW_KEPT_MS:
        words = "a press of more than a day ago is not in the journal: the bridge keeps its message"
        said.append(Cause("press-kept", words))
    if authentic := reading.authentic_quarantined():
        words = f"{authentic} message(s) that a device signed could not be taken in, and lie in quarantine"
        said.append(Cause("press-quarantined", words))
    if unsealed := presses.unsealed_count(reading):
        words = f"{unsealed} press(es) could be sealed to nobody and are kept at the bridge"
        said.append(Cause("unsealed", words))
    return said


def _behind_ms(reading: Reading) -> int:
    since_ms = reading.waiting_since_ms()
    return 0 if since_ms is None else max(0, time.time_ns() // 1_000_000 - since_ms)


class Worker(Protocol):
    """A part that every press or deadline passes."""

    @property
    def trouble(self) -> str | None:
        """Why it does not do its work now."""
        ...


@dataclass(frozen=True)
class WayIn:
    """The way of presses in: whether each broker is heard, and how what is stored becomes alarms before it is shown."""

    brokers: Callable[[], Mapping[str, bool]]
    catch_up: Callable[[], None]


@dataclass(frozen=True)
class _Counts:
    """What lies in the spool: check-ins, statements and deliveries that wait, and all that is counted by name."""

    awaited: int = 0
    first_due_ms: int | None = None
    statements: int = 0
    behind_ms: int = 0
    deliveries: int = 0
    of: Mapping[str, int] = field(default_factory=dict)


class View:
    """Answers the feed's questions; every method may be called from any thread."""

    def __init__(
        self,
        spool: Spool,
        registry: Registry,
        workers: Callable[[], Sequence[tuple[CauseCode, Worker]]],
        forwarder: Forwarder,
        telemetry: Telemetry,
        supervisor: Supervisor,
        presses: WayIn,
        routes: Sequence[Route],
    ) -> None:
        self.watchers = Watchers()
        self._spool = spool
        self._registry = registry
        self._workers = workers
        self._forwarder = forwarder
        self._telemetry = telemetry
        self._supervisor = supervisor
        self._way_in = presses
        self._routes = routes

    def alarm(self, name: ids.AlarmId) -> dict[str, Any]:
        """Return one alarm; UnknownAlarmError if there is none."""
        return alarm_json(self._spool, self._spool.read().alarm(name))

    def is_devices_own(self, payload: bytes, topic: str) -> bool:
        """Whether a device in use signed these bytes for this topic: it costs a look, and no place in the queue."""
        try:
            verified(payload, self._registry.device(parse_topic(topic).device).sign, topic)
        except MessageError:
            return False
        return True

    def alarms(self) -> list[dict[str, Any]]:
        """Return open alarms and the newest closed ones, newest first, with every press that is stored."""
        self._way_in.catch_up()
        return [alarm_json(self._spool, alarm) for alarm in self._spool.read().newest_alarms(CLOSED_SHOWN)]

    def devices(self) -> list[dict[str, Any]]:
        """Return every device in use and how it stands, for its caseworkers."""
        return self._supervisor.devices()

    def device(self, device: ids.DeviceId) -> dict[str, Any]:
        """Return one device: how it stands (nothing if it is not in use), its silences, tests and presses."""
        reading, now_ms = self._spool.read(), time.time_ns() // 1_000_000
        stands = next((one for one in self._supervisor.devices() if one["device"] == device), None)
        missed = device_page.missed_deadlines(reading, device, now_ms)
        due_ms = device_page.due_test_ms(reading, device)
        return {
            "device": stands,
            "test_due": None if due_ms is None else ids.time_of_ms(due_ms),
            "missed": [{"since": ids.time_of_ms(one["since_ms"]), "seconds": one["for_ms"] // 1000} for one in missed],
            "presses": device_page.presses(reading, device),
        }

    def health(self) -> dict[str, Any]:
        """Return what works and what does not. `ok` is false as soon as a press could go unheard or unseen."""
        workers = self._workers()
        brokers = [{"name": name, "connected": connected} for name, connected in self._way_in.brokers().items()]
        routes = [{"route": route.name, "trouble": route.watch.trouble} for route in self._routes]
        causes = [
            *(Cause("broker-away", str(one["name"])) for one in brokers if not one["connected"]),
            *(Cause(code, worker.trouble) for code, worker in workers if worker.trouble),
            *(Cause("route-away", f"{one['route']}: {one['trouble']}") for one in routes if one["trouble"]),
            *([] if self.watchers.on_shift else [Cause("nobody-watches")]),
        ]
        counts = self._counts(causes)
        return {
            "bridge": self._supervisor.bridge,
            "ok": not causes,
            "ready": not any(isinstance(worker, Loop) and worker.ended for _, worker in workers),
            "troubles": [cause.english for cause in causes],
            "causes": [cause.to_json() for cause in causes],
            "watching": {"consoles": self.watchers.consoles, "on_shift": list(self.watchers.on_shift)},
            "brokers": brokers,
            "routes": routes,
            "journal": {
                "trouble": self._forwarder.trouble,
                "waiting": counts.statements,
                "behind_s": counts.behind_ms // 1000,
                "refused": counts.of.get("statements.refused", 0),
            },
            "outbox_waiting": counts.deliveries,
            "check_ins": {
                "awaited": counts.awaited,
                "first_at": None if counts.first_due_ms is None else ids.time_of_ms(counts.first_due_ms),
            },
            "devices": {"enrolled": self._registry.device_count, "fault": self._supervisor.faults()},
            "heartbeats": {
                "read": self._telemetry.read,
                "skipped": self._telemetry.skipped,
                "refused": self._telemetry.refused,
                "ahead": self._telemetry.ahead,
            },
            "positions": self._telemetry.positions.outcomes,
            "counters": dict(counts.of),
        }

    def _counts(self, causes: list[Cause]) -> _Counts:
        """Count what lies in the spool, and add what is wrong with it to `causes`: health is told without it too."""
        try:
            free_mb = shutil.disk_usage(self._spool.path.parent).free // 1_000_000
            if free_mb < MIN_FREE_MB:
                causes.append(Cause("disk-low", str(free_mb)))
            reading = self._spool.read()
            counters = reading.counters()
            causes += _of_presses(reading)
            awaited, behind_ms = promises.awaited(reading), _behind_ms(reading)
            waiting = reading.waiting_statements_count()
            counts = _Counts(*awaited, waiting, behind_ms, reading.waiting_deliveries_count(), counters)
        except Exception as error:  # noqa: BLE001 - whatever the disk says, health answers
            causes.append(Cause("spool-unreadable", f"the spool cannot be read: {type(error).__name__}"))
            return _Counts()
        if counts.behind_ms > BEHIND_MS:
            words = f"{counts.statements} statement(s), the oldest for {counts.behind_ms // 3_600_000} h"
            causes.append(Cause("journal-behind", words))
        if refused := counters.get("statements.refused", 0):
            causes.append(Cause("journal-refused", f"the journal refused {refused} statement(s)"))
        return counts
