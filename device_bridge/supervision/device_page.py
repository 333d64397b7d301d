"""One device as its caseworker sees it: what was wrong and how long, its tests and its presses.

From the spool of this bridge alone, so it reaches back as far as that does; a press's position is sealed and not here.
"""

from typing import Any, Final

from device_bridge.alarm.alarm import Alarm
from device_bridge.spool import devices
from device_bridge.spool.devices import MAX_HISTORY_ROWS
from device_bridge.spool.reading import Reading
from device_bridge.supervision.rules import TEST_EVERY_MS
from evidence import ids

PRESSES_SHOWN: Final = 50


def presses(reading: Reading, device: ids.DeviceId) -> list[dict[str, Any]]:
    """Return the newest alarms of a device, newest first: kind, moments, how often it was pressed, how it ended."""
    return [_press(alarm) for alarm in reading.alarms_of(device, PRESSES_SHOWN) if alarm.folded_into is None]


def missed_deadlines(reading: Reading, device: ids.DeviceId, now_ms: int) -> list[dict[str, int]]:
    """Return the silences of a device, newest first: since when and for how long (milliseconds; the last may go on)."""
    found: list[dict[str, int]] = []
    since: int | None = None
    for change in reversed(list(devices.changes(reading, device, MAX_HISTORY_ROWS))):
        silent = "silent" in change.reasons
        if silent and since is None:
            since = change.at_ms
        elif not silent and since is not None:
            found.append({"since_ms": since, "for_ms": change.at_ms - since})
            since = None
    if since is not None:
        found.append({"since_ms": since, "for_ms": max(0, now_ms - since)})
    return found[::-1]


def due_test_ms(reading: Reading, device: ids.DeviceId) -> int | None:
    """Return when a device must be tested next (Unix milliseconds); None while nothing is known of it."""
    known = devices.heard(reading, device)
    last = devices.tests(reading).get(device, None if known is None else known.since_ms)
    return None if last is None else last + TEST_EVERY_MS


def _press(alarm: Alarm) -> dict[str, Any]:
    accepted = next((entry.at for entry in alarm.history if entry.what == "accepted"), None)
    return {
        "alarm": alarm.alarm,
        "kind": alarm.kind,
        "raised_at": alarm.raised_at,
        "repeats": alarm.repeats,
        "flags": list(alarm.flags),
        "state": alarm.state,
        "accepted_at": accepted,
        "reason": None if alarm.closed is None else alarm.closed.reason,
    }
